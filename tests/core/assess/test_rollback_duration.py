"""How long a rollback usually takes: by the service's own, and said only where there was one."""

from dataclasses import replace

import pytest

from tests.core.worlds import hear, incident_of, put, reach, web
from watchdog.core.assess.rollback_duration import usual_rollback_seconds
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Phase


def rollback(took: float, **changes: object) -> Deploy:
    """Return a deploy of a rollback that was live so long after it was asked for."""
    made = Deploy("dep-1", "deactivated", "rollback", created_at=1000.0, finished_at=1000.0 + took)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("deploys", "seconds"),
    [
        ((), None),
        ((rollback(40.0, trigger="new_commit"), rollback(40.0, status="canceled")), None),
        ((rollback(40.0, created_at=0.0), rollback(40.0, finished_at=None)), None),
        ((rollback(40.0),), 40.0),
        ((rollback(-1.0),), 0.0),
        ((rollback(40.0), rollback(70.0)), 70.0),
        (tuple(map(rollback, (30.0, 600.0, 35.0, 45.0, 40.0, 900.0))), 45.0),
        (tuple(map(rollback, (30.0, 600.0, 35.0, 45.0, 40.0, 20.0))), 45.0),
    ],
)
def test_most_of_the_newest_were_live_by_then(deploys: tuple[Deploy, ...], seconds: float | None) -> None:
    """One that took very long, and older ones than the newest five, do not count; nor what was never live."""
    assert usual_rollback_seconds(deploys) == seconds


def test_it_is_recorded_as_the_rollback_is_sent() -> None:
    """With the moment at which people are paged, which is that of the answer, then that of the deploy."""
    world = reach(Phase.PINNING)
    put(world, deploys=(*web(world).deploys, rollback(40.0)))
    hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
    sent = incident_of(world).rollback
    assert (sent.expected_at, sent.overdue_at) == (world.now + 40.0, world.now + 300.0)

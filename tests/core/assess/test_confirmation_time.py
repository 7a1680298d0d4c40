"""The moment that is named for a page is that of the page: played through the core."""

from dataclasses import replace

from tests.core.scenes import NOW, a_service, failing
from tests.core.world import FOREVER, Fault, make_policy
from tests.core.worlds import bad_world, incident_of, web
from tests.support.effect_readers import lines
from watchdog.core.assess.confirmation_time import next_confirmation
from watchdog.domain.checks import Check
from watchdog.domain.incidents import Phase


def test_a_rollback_that_does_not_help_is_paged_at_the_moment_that_was_named() -> None:
    """Named as soon as the failure goes on; the page comes with the next failed probe, before the proof is overdue."""
    world = bad_world(faults=[Fault(64.0, FOREVER)]).run(200.0)
    assert web(world).phase is Phase.PAGED
    again = bad_world(faults=[Fault(64.0, FOREVER)]).run(140.0)
    restored, overdue_at = incident_of(again).rollback.restored_at, incident_of(again).rollback.overdue_at
    assert web(again).phase is Phase.VERIFYING and restored is not None and overdue_at is not None
    named = next_confirmation(web(again), again.policy, again.now)
    paged_at = next(note.at for note in world.notes if note.text.startswith("the rollback did not help"))
    assert named is not None and named[0] == "home" and 0.0 <= paged_at - named[1] <= 2.0 and paged_at < overdue_at
    assert len(lines(world.notes, "HUMAN")) == 1


def test_the_first_of_all_that_fail_is_named_and_time_without_a_probe_counts_not() -> None:
    """In the watch window 40 s. Healthy, or a signal that the policy no longer has: there is no such moment."""
    home, api = failing(seconds=30.0, unseen_seconds=15.0), failing("api", "latency", seconds=10.0)
    for checks, named in (
        ({"home": home, "api": api}, ("home", NOW + 25.0)),
        ({"home": home, "api": replace(api, run_started_at=NOW - 16.0)}, ("api", NOW + 24.0)),
        ({"home": Check("home", "http")}, None),
        ({"gone": failing("gone")}, None),
    ):
        assert next_confirmation(a_service(checks=checks), make_policy(), NOW) == named

"""The moment that is named for a page is that of the page: played through the core."""

from tests.core.world import FOREVER, Fault
from tests.core.worlds import bad_world, incident_of, web
from tests.support.effect_readers import lines
from watchdog.core.assess.confirmation_time import next_confirmation
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


def test_without_a_failing_check_there_is_no_such_moment() -> None:
    """Healthy, or a signal that the policy no longer has."""
    world = bad_world().run(50.0)
    assert next_confirmation(web(world), world.policy, world.now) is None

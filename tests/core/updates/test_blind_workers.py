"""Workers that are blind: one page stands for all of them, and ends with the last."""

import pytest

from tests.core.scenes import NOW
from tests.core.world import CONTROL, World, make_policy
from tests.core.worlds import hear, share
from tests.support.effect_readers import notices, tell_of
from watchdog.core.updates.blind_workers import with_older_page
from watchdog.domain import events as e
from watchdog.domain.incidents import State
from watchdog.domain.integrations import Failing, Integration, Standing
from watchdog.domain.readings import Bad, Good

OTHER = Failing(NOW - 60.0, "failing", "dark")
THIS = Failing(NOW, "failing", "0 of 2 control targets answer")


def goes_blind(world: World) -> list[str]:
    """Let the worker be blind for long enough to page; return what it told."""
    dark = [e.ControlChecked(NOW, target, Bad("timed out")) for target in CONTROL]
    return [kind for event in (*dark, e.TimePassed(NOW + 30.0)) for kind in notices(hear(world, event))]


def sees(world: World, seconds: float) -> list[str]:
    return notices(hear(world, e.ControlChecked(NOW + seconds, CONTROL[0], Good())))


@pytest.mark.parametrize(("others", "told"), [({}, ["self_alert", "resolved"]), ({"sight/other": OTHER}, [])])
def test_one_page_stands_for_all_that_are_blind(others: dict[str, Failing], told: list[str]) -> None:
    """Of another worker, or of this one before a restart: a blind worker that crashes again and again rings once."""
    world = share(World(make_policy(), []), worker="this", failing=others)
    kinds = goes_blind(world)
    before = world.state
    assert before.failing == {**others, "sight/this": THIS} and before.blind_notified
    assert hear(world, e.TimePassed(NOW + 31.0)) == () and world.state is before, "nothing new is to be written"
    assert [*kinds, *sees(world, 32.0)] == told and world.state.failing == others


def test_who_is_listed_again_as_its_save_failed_ends_the_page_that_no_other_could() -> None:
    """Each of two left the list, and left the end to the other one: the second saw the first still on it.

    The end counts once its save succeeds: until then another worker may bring the page, or join it, by the stored list.
    """
    world = share(World(make_policy(), []), worker="this", failing={"sight/other": OTHER})
    assert goes_blind(world) == sees(world, 32.0) == []
    for seconds in (34.0, 36.0):
        share(world, failing={"sight/this": THIS})  # read again: the other one sees as well, and the save here failed
        assert sees(world, seconds) == ["resolved"] and not world.state.failing
    before = world.state
    assert sees(world, 36.0) == [] and world.state.failing is before.failing, "nothing new is to be written"


def test_who_is_listed_again_and_is_blind_at_once_pages_anew() -> None:
    """The last blindness is over, whoever read of its end."""
    world = share(World(make_policy(), []), worker="this")
    assert goes_blind(world) == ["self_alert"] and sees(world, 32.0) == ["resolved"]
    share(world, failing={"sight/this": THIS})
    dark = [e.ControlChecked(NOW + 40.0, target, Bad("timed out")) for target in CONTROL]
    told = [notices(hear(world, event)) for event in (*dark, e.TimePassed(NOW + 70.0))]
    assert [kind for one in told for kind in one] == ["resolved", "self_alert"] and "sight/this" in world.state.failing


def test_who_was_taken_off_the_list_as_dead_ends_nothing() -> None:
    """Who took it off ended the page; whoever brings the page later ends it again: see `daemon/outbox/own_pages.py`."""
    world = share(World(make_policy(), []), worker="this")
    assert goes_blind(world) == ["self_alert"]
    share(world, failing={})
    assert sees(world, 32.0) == [] and not world.state.blind_notified and world.state.blind_since is None


def test_the_page_of_workers_that_died_blind_is_over_with_the_last_of_them() -> None:
    """While one of them lives, and is blind, the page stands."""
    world = share(World(make_policy(), []), failing={"sight/one": OTHER, "sight/two": OTHER})
    one, two = (e.IntegrationJudged(NOW, Integration("sight", name, Standing.UNTRIED, NOW)) for name in ("one", "two"))
    assert hear(world, one) == () and world.state.failing == {"sight/two": OTHER}
    notice = tell_of(hear(world, two)).notice
    assert notice.resolves and notice.incident == "blind" and not world.state.failing
    assert notice.title == "watchdog: the worker that was blind is gone"
    assert notice.lines == ("Its services are judged again, by the workers that run.",)


@pytest.mark.parametrize("since", [None, NOW])
def test_what_an_older_version_paged_is_entered_as_of_a_dead_worker(since: float | None) -> None:
    """It saved only that it did, once for the holder of the fleet's lease; what is entered already has its own end."""
    older = Failing(since or 0.0, "failing", "an older version paged that")
    assert with_older_page(State(), State(blind_since=since, blind_notified=True)) == State(failing={"sight/": older})
    for saved in (
        State(blind_since=since),
        State(blind_since=since, blind_notified=True, failing={"sight/one": OTHER}),
    ):
        assert with_older_page(State(), saved) == State()

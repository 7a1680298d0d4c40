"""Workers that are blind: one page stands for all of them, and ends with the last."""

from collections.abc import Mapping

import pytest

from tests.core.scenes import NOW, a_state, step
from tests.core.world import CONTROL, make_policy
from tests.support.effect_readers import notices, tell_of
from watchdog.core.updates.blind_workers import with_older_page
from watchdog.domain import events as e
from watchdog.domain.effects import Effect
from watchdog.domain.incidents import State
from watchdog.domain.integrations import Failing, Integration, Standing
from watchdog.domain.notices import NoticeKind
from watchdog.domain.readings import Bad, Good

OTHER = Failing(NOW - 60.0, "failing", "dark")
THIS = Failing(NOW, "failing", "0 of 2 control targets answer")


def turns(state: State, *events: e.Event) -> tuple[State, list[Effect]]:
    """Return what becomes of a state, and all that it sends."""
    sent: list[Effect] = []
    for event in events:
        state, effects = step(state, event, make_policy())
        sent += effects
    return state, sent


@pytest.mark.parametrize(("others", "pages"), [({}, ["self_alert"]), ({"sight/other": OTHER}, [])])
def test_one_page_stands_for_all_that_are_blind(others: Mapping[str, Failing], pages: list[str]) -> None:
    """Of another worker, or of this one before a restart: a blind worker that crashes again and again rings once.

    The end is that of the last of them.
    """
    dark = [e.ControlChecked(NOW, target, Bad("timed out")) for target in CONTROL]
    state, sent = turns(a_state(failing=others, worker="this"), *dark, e.TimePassed(NOW + 30.0))
    assert notices(sent) == pages and state.blind_told and state.failing == {**others, "sight/this": THIS}
    later, sent = turns(state, e.TimePassed(NOW + 31.0))
    assert later is state and notices(sent) == [], "nothing new, and nothing to be written"
    state, sent = turns(state, e.ControlChecked(NOW + 32.0, CONTROL[0], Good()))
    assert notices(sent) == ([] if others else ["resolved"]) and state.failing == others


def test_the_page_of_workers_that_died_blind_is_over_with_the_last_of_them() -> None:
    """While one of them lives, and is blind, the page stands."""
    one, two = (e.IntegrationJudged(NOW, Integration("sight", name, Standing.UNTRIED, NOW)) for name in ("one", "two"))
    state, sent = turns(a_state(failing={"sight/one": OTHER, "sight/two": OTHER}), one)
    assert notices(sent) == [] and state.failing == {"sight/two": OTHER}
    state, sent = turns(state, two)
    notice = tell_of(sent).notice
    assert (notice.kind, notice.incident) == (NoticeKind.RESOLVED, "blind") and not state.failing
    assert notice.title == "watchdog: the worker that was blind is gone"
    assert notice.lines == ("Its services are judged again, by the workers that run.",)


@pytest.mark.parametrize(
    ("saved", "entered"),
    [
        (State(blind_since=NOW), {}),
        (State(blind_told=True, blind_since=NOW), {"sight/": Failing(NOW, "failing", "an older version paged that")}),
        (State(blind_told=True, blind_since=NOW, failing={"sight/one": OTHER}), {}),
    ],
)
def test_what_an_older_version_paged_is_entered_as_of_a_dead_worker(saved: State, entered: dict[str, Failing]) -> None:
    """It saved only that it did, once for the holder of the fleet's lease; what is entered already has its own end."""
    assert with_older_page(State(), saved) == State(failing=entered)

"""After an upgrade: nothing unasked until the past was decided again; then it is said, and the modes count again."""

from dataclasses import replace

from tests.core.scenes import NOW, step
from tests.core.world import make_policy
from tests.support.effect_readers import lines, tell_of
from watchdog.core.assess.suppression import UPGRADE
from watchdog.domain import events as e
from watchdog.domain.effects import WakeAt
from watchdog.domain.incidents import State
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Suppression

TITLE = "watchdog 2 decides 3 past incidents as watchdog 1 did"
POLICY = replace(make_policy(), alerts=("chat",))
HOLD = Suppression("hold-1", None, UPGRADE, "watchdog 2 first decides again", NOW, NOW + 2000.0)


def test_its_hold_ends_with_it_and_no_other() -> None:
    """One that a person put goes on, also of the same name: two have it where the store was not read at the start."""
    over = e.PastDecidedAgain(NOW + 9.0, TITLE, ("Decided again: 9 events.",), ("hold-1",))
    after, effects = step(State(holds=(HOLD, replace(HOLD, by="ann"))), over, POLICY)
    assert after.holds == (replace(HOLD, by="ann"),)
    told = tell_of(effects)
    assert told.channels == ("chat",) and not told.notice.wakes
    assert (told.notice.title, told.notice.lines) == (TITLE, ("Decided again: 9 events.",))
    assert (told.notice.kind, told.notice.incident) == (NoticeKind.UPDATED, "upgrade")
    assert lines(effects, "NOTIFIED") == [f"chat (info): {TITLE}"]


def test_where_something_is_other_people_may_look_first() -> None:
    """The hold ends some time after they were told; one of another worker goes on as it was."""
    over = e.PastDecidedAgain(NOW + 9.0, TITLE, (), ("hold-2",), NOW + 900.0)
    after, effects = step(State(holds=(HOLD, replace(HOLD, name="hold-2"))), over, POLICY)
    assert after.holds == (HOLD, replace(HOLD, name="hold-2", ends_at=NOW + 900.0))
    assert WakeAt(NOW + 900.0) in effects


def test_without_a_channel_for_alerts_it_stands_in_the_record() -> None:
    """Nobody is configured; the story has it."""
    _, effects = step(State(), e.PastDecidedAgain(NOW, TITLE, ()), replace(POLICY, alerts=()))
    assert lines(effects, "NOTIFIED") == [f"no channel configured (info): {TITLE}"]

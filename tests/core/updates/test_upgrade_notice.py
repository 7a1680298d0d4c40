"""After an upgrade: nothing unasked until the past was decided again; then it is said, and the modes count again."""

from dataclasses import replace

from tests.core.scenes import NOW, step
from tests.core.world import make_policy
from tests.support.effect_readers import lines
from watchdog.core.assess.suppression import UPGRADE
from watchdog.domain import events as e
from watchdog.domain.effects import Tell, WakeAt
from watchdog.domain.incidents import State
from watchdog.domain.notices import NoticeKind

TITLE = "watchdog 2 decides 3 past incidents as watchdog 1 did"
POLICY = replace(make_policy(), alerts=("chat",))


def test_its_hold_ends_with_it_and_no_other() -> None:
    """A hold that a person put on the fleet goes on."""
    held, _ = step(State(), e.Held(NOW, UPGRADE, NOW + 2000.0, "watchdog 2 first decides again"), POLICY)
    held, _ = step(held, e.Held(NOW, "ann", NOW + 9000.0, "launch"), POLICY)
    over = e.PastDecidedAgain(NOW + 9.0, TITLE, ("Decided again: 9 events.",), ("hold-1",))
    after, effects = step(held, over, POLICY)
    assert [one.by for one in after.holds] == ["ann"]
    (told,) = [effect for effect in effects if isinstance(effect, Tell)]
    assert told.channels == ("chat",) and not told.notice.wakes
    assert (told.notice.title, told.notice.lines) == (TITLE, ("Decided again: 9 events.",))
    assert (told.notice.kind, told.notice.incident) == (NoticeKind.UPDATED, "upgrade")
    assert lines(effects, "TOLD") == [f"chat (info): {TITLE}"]


def test_a_hold_of_a_person_with_the_same_name_goes_on() -> None:
    """Two are called hold-1 where the store could not be read at the start."""
    held, _ = step(State(), e.Held(NOW, "ann", NOW + 9000.0, "launch"), POLICY)
    after, _ = step(held, e.PastDecidedAgain(NOW + 9.0, TITLE, (), ("hold-1",)), POLICY)
    assert [one.by for one in after.holds] == ["ann"]


def test_where_something_is_other_people_may_look_first() -> None:
    """The hold ends some time after they were told; one of another worker goes on as it was."""
    held, _ = step(State(), e.Held(NOW, UPGRADE, NOW + 2000.0, "watchdog 2 first decides again"), POLICY)
    held, _ = step(held, e.Held(NOW, UPGRADE, NOW + 2000.0, "watchdog 2 first decides again"), POLICY)
    after, effects = step(held, e.PastDecidedAgain(NOW + 9.0, TITLE, (), ("hold-2",), NOW + 900.0), POLICY)
    assert [(one.name, one.ends_at) for one in after.holds] == [("hold-1", NOW + 2000.0), ("hold-2", NOW + 900.0)]
    assert WakeAt(NOW + 900.0) in effects


def test_without_a_channel_for_alerts_it_stands_in_the_record() -> None:
    """Nobody is configured; the story has it."""
    _, effects = step(State(), e.PastDecidedAgain(NOW, TITLE, ()), replace(POLICY, alerts=()))
    assert lines(effects, "TOLD") == [f"no channel configured (info): {TITLE}"]

"""Overdue drills: told once, waking no one, with the command that cures it."""

from dataclasses import replace

import pytest

from tests.core.scenes import NOW, a_service, a_state, step
from tests.core.world import make_policy
from tests.support.effect_readers import lines, tell_of
from watchdog.core.updates.drill_reminders import LABEL, UNCLEAN, name
from watchdog.domain.drills.drill import DueDrill
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.events import DrillFellDue
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import Policy, Suppression
from watchdog.domain.severity import Severity
from watchdog.domain.units import DAY_SECONDS

LAST = NOW - 41 * DAY_SECONDS
DUE = DrillFellDue(NOW, "web", LAST, 30 * DAY_SECONDS, unclean=False, channels=("chat", "mail"))
SILENCE = Suppression("silence-1", "web", "ann", "moving", NOW - 60.0, NOW + 60.0)
HOLD = "Hold it: watchdog drill web"


def hear(event: DrillFellDue, policy: Policy | None = None, phase: Phase = Phase.CALM) -> tuple[Effect, ...]:
    """Return the notes and notices that come of an event; it changes nothing else."""
    before = a_state(a_service(phase=phase))
    after, effects = step(before, event, policy or make_policy())
    assert after.services["web"].phase is phase and after.services["web"].incident == before.services["web"].incident
    return tuple(effect for effect in effects if isinstance(effect, (Note, Tell)))


@pytest.mark.parametrize(
    ("event", "title", "said"),
    [
        (DUE, "web: last drill 41 days ago (due every 30 days)", (HOLD,)),
        (replace(DUE, last_at=None), "web: no drill yet (due every 30 days)", (HOLD,)),
        (
            replace(DUE, unclean=True),
            "web: last drill 41 days ago (due every 30 days)",
            (UNCLEAN, "Clean up first: watchdog drill web --clean", HOLD),
        ),
    ],
)
def test_people_are_told_with_the_command_and_it_is_written_down(
    event: DrillFellDue, title: str, said: tuple[str, ...]
) -> None:
    """Waking nobody; the note has the name of the overdue time, by which the next look finds it."""
    effects, key = hear(event), name(DueDrill("web", event.last_at))
    told = tell_of(effects)
    assert told.channels == ("chat", "mail") and (told.notice.title, told.notice.lines) == (title, said)
    assert (told.notice.service, told.notice.incident, told.notice.severity) == ("web", key, Severity.LOW)
    assert told.notice.news and not told.notice.wakes and not told.notice.resolves
    assert lines(effects, LABEL) == ["web (overdue; sent to chat, mail)"]
    assert [one.incident for one in effects if isinstance(one, Note) and one.label == LABEL] == [key]


def test_each_overdue_time_has_its_own_name() -> None:
    assert len({name(DueDrill(*one)) for one in (("web", None), ("web", LAST), ("web", NOW), ("api", LAST))}) == 4


@pytest.mark.parametrize(
    ("silence", "told"),
    [
        (SILENCE, False),
        (replace(SILENCE, service=None), False),
        (replace(SILENCE, ends_at=NOW), True),
        (replace(SILENCE, service="shop"), True),
    ],
)
def test_a_silence_puts_it_off(silence: Suppression, told: bool) -> None:
    """Nothing is written either: it is asked for again. So it is where no channel is left."""
    assert bool(hear(DUE, make_policy(silences=(silence,)))) is told
    assert hear(replace(DUE, channels=())) == ()

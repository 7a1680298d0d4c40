"""Reminders: told once to those who were told of the incident, in whatever phase the service is; never a page."""

from dataclasses import replace

import pytest

from tests.core.scenes import NOW, a_service, a_state, step
from tests.core.world import make_policy
from tests.support.effect_readers import tell_of
from watchdog.core.updates.follow_up_reminders import LABEL, SHOWN_MAX, reminded
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.events import FollowUpsFellDue
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.policy import Policy, Suppression
from watchdog.domain.severity import Severity

DUE = FollowUpsFellDue(
    NOW, "web", "web-1", Severity.CRITICAL, ("chat", "mail"), ("docs", "own-1"), ("Update the docs", "Raise the pool")
)
SILENCE = Suppression("silence-1", "web", "ann", "moving", NOW - 60.0, NOW + 60.0)


def hear(event: FollowUpsFellDue, policy: Policy | None = None) -> tuple[Effect, ...]:
    """Return the notes and notices that come of an event; it changes nothing else."""
    after, effects = step(a_state(a_service(phase=Phase.CALM)), event, policy or make_policy())
    assert after.services["web"].incident is None and after.services["web"].phase is Phase.CALM
    return tuple(effect for effect in effects if isinstance(effect, (Note, Tell)))


def test_people_are_told_what_is_overdue_and_nobody_is_woken() -> None:
    """Under a name of its own, so that the incident stays over wherever it was told; and it is written down."""
    title, severity = "web: 2 follow-ups of web-1 overdue", Severity.CRITICAL
    words = ("Update the docs", "Raise the pool", "All of them: watchdog incident checklist web-1")
    assert hear(DUE) == (
        Note(NOW, "web", "web-1", LABEL, "docs, own-1 (overdue; sent to chat, mail)", ("docs", "own-1")),
        Tell(Notice(NOW, "web-1/follow-ups", "web", severity, NoticeKind.UPDATED, title, words), ("chat", "mail")),
    )
    one = tell_of(hear(replace(DUE, items=("docs",), lines=("Update the docs",))))
    assert one.notice.title == "web: 1 follow-up of web-1 overdue"
    assert hear(replace(DUE, channels=())) == (), "an incident that was only noted"


def test_a_long_list_is_counted() -> None:
    """A message has so many lines; the note names each, or it would be told again."""
    items = tuple(f"own-{n}" for n in range(SHOWN_MAX + 3))
    effects = hear(replace(DUE, items=items, lines=items))
    shown = tell_of(effects).notice.lines
    assert shown[SHOWN_MAX - 1 :] == (items[SHOWN_MAX - 1], "and 3 more", shown[-1])
    assert reminded(one for one in effects if isinstance(one, Note)) == set(items)
    exact = tell_of(hear(replace(DUE, items=items[:SHOWN_MAX], lines=items[:SHOWN_MAX])))
    assert len(exact.notice.lines) == SHOWN_MAX + 1


@pytest.mark.parametrize(
    ("silence", "told"),
    [
        (SILENCE, False),
        (replace(SILENCE, service=None), False),
        (replace(SILENCE, ends_at=NOW), True),
        (replace(SILENCE, service="shop"), True),
        (replace(SILENCE, signal="home"), True),
        (replace(SILENCE, severity=Severity.LOW), True),
        (replace(SILENCE, severity=Severity.CRITICAL), False),
    ],
)
def test_a_silence_puts_it_off(silence: Suppression, told: bool) -> None:
    """Nothing is written either: it is asked for again."""
    assert bool(hear(DUE, policy=make_policy(silences=(silence,)))) is told


def test_what_was_told_is_known_by_the_notes() -> None:
    """Of all reminders together, and by nothing else."""
    first, second = hear(DUE), hear(replace(DUE, items=("lessons",), lines=("x",)))
    other = Note(NOW, "web", "web-1", "NOTIFIED", "chat (info): lessons, docs (x)", ("lessons",))
    written = [one for one in (*first, other, *second) if isinstance(one, Note)]
    assert reminded(written) == {"docs", "own-1", "lessons"} and reminded([other]) == set()

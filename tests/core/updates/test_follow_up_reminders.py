"""Reminders: told once to those who were told of the incident, in whatever phase the service is; never a page."""

from dataclasses import replace

import pytest

from tests.core.scenes import NOW, a_service, a_state, step
from tests.core.world import make_policy
from watchdog.core.updates.follow_up_reminders import LABEL, SHOWN_MAX, reminded
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.events import FollowUpsFellDue
from watchdog.domain.incidents import Phase, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.policy import Policy, Suppression
from watchdog.domain.severity import Severity

DUE = FollowUpsFellDue(
    NOW, "web", "web-1", Severity.CRITICAL, ("chat", "mail"), ("docs", "own-1"), ("Update the docs", "Raise the pool")
)
SILENCE = Suppression("silence-1", "web", "ann", "moving", NOW - 60.0, NOW + 60.0)


def hear(event: FollowUpsFellDue, state: State | None = None, policy: Policy | None = None) -> tuple[Effect, ...]:
    """Return the notes and notices that come of an event; it changes nothing else."""
    before = state or a_state(a_service(phase=Phase.CALM))
    after, effects = step(before, event, policy or make_policy())
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
    one = hear(replace(DUE, items=("docs",), lines=("Update the docs",)))[1]
    assert isinstance(one, Tell) and one.notice.title == "web: 1 follow-up of web-1 overdue"
    assert hear(replace(DUE, channels=())) == (), "an incident that was only noted"


def test_a_long_list_is_counted() -> None:
    """A message has so many lines; the note names each, or it would be told again."""
    items = tuple(f"own-{n}" for n in range(SHOWN_MAX + 3))
    note, tell = hear(replace(DUE, items=items, lines=items))
    assert isinstance(note, Note) and isinstance(tell, Tell)
    assert tell.notice.lines[SHOWN_MAX - 1 :] == (items[SHOWN_MAX - 1], "and 3 more", tell.notice.lines[-1])
    assert reminded([note]) == set(items)
    exact = hear(replace(DUE, items=items[:SHOWN_MAX], lines=items[:SHOWN_MAX]))[1]
    assert isinstance(exact, Tell) and len(exact.notice.lines) == SHOWN_MAX + 1


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
    first, second = hear(DUE)[0], hear(replace(DUE, items=("lessons",), lines=("x",)))[0]
    other = Note(NOW, "web", "web-1", "TOLD", "chat (info): lessons, docs (x)")
    assert isinstance(first, Note) and isinstance(second, Note)
    assert reminded([first, other, second]) == {"docs", "own-1", "lessons"}
    assert reminded([other]) == set()

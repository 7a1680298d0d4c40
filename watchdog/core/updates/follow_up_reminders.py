"""Reminders: what people were to do about an incident fell due, and nobody ticked it. Told once, and nobody is woken.

Rule 1: the note stands in the same record as the notice, so that by it everybody knows what was told: `reminded`.
Rule 2: a silence puts a reminder off: it is asked for again each hour, and told once the silence is over.
"""

from collections.abc import Iterable, Set

from watchdog.core.assess import suppression
from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.effects import Note, Tell
from watchdog.domain.incidents import Incident
from watchdog.domain.note_labels import NoteLabel
from watchdog.domain.notices import Notice, NoticeKind

LABEL: NoteLabel = "REMINDED"
SHOWN_MAX = 10
"""Items named in one message; the rest are counted."""


def remind(ctx: StepContext) -> None:
    """Tell the incident's people what is overdue, under a name of its own: the incident is over, and stays so."""
    event = ctx.event
    assert isinstance(event, e.FollowUpsFellDue)
    asked = Incident(event.incident, event.service, event.severity, ctx.now, ctx.now, "")
    if not event.channels or suppression.active_silence(
        ctx.state, ctx.policy, asked, NoticeKind.UPDATED, set(), ctx.now
    ):
        return
    number = len(event.items)
    what = "1 follow-up" if number == 1 else f"{number} follow-ups"
    more = (f"and {number - SHOWN_MAX} more",) if number > SHOWN_MAX else ()
    notice = Notice(
        at=ctx.now,
        incident=f"{event.incident}/follow-ups",
        service=event.service,
        severity=event.severity,
        kind=NoticeKind.UPDATED,
        title=f"{event.service}: {what} of {event.incident} overdue",
        lines=(*event.lines[:SHOWN_MAX], *more, f"All of them: {command_line('checklist', event.incident)}"),
    )
    told = f"{', '.join(event.items)} (overdue; told to {', '.join(event.channels)})"
    ctx.emit(Note(ctx.now, event.service, event.incident, LABEL, told, event.items))
    ctx.emit(Tell(notice, event.channels))


def reminded(notes: Iterable[Note]) -> Set[str]:
    """Return the items of an incident that its people were reminded of, by the notes of it."""
    return {item for note in notes if note.label == LABEL for item in note.about}

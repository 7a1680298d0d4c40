"""Reminders: follow-ups of an incident that are overdue and not done. One notice, which wakes no one.

Rule 1: the note is saved with the notice, so every worker knows from the notes which items were reminded (`reminded`).
Rule 2: a silence postpones a reminder: the daemon asks again each hour, and it is sent once the silence is over.
"""

from collections.abc import Iterable, Set

from watchdog.core.assess import suppression
from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.effects import Note, Tell
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import Notice, NoticeKind

LABEL: NoteLabel = "REMINDED"
SHOWN_MAX = 10
"""Items named in one message; the rest are counted."""


def remind(ctx: StepContext) -> None:
    """Notify the incident's people of overdue follow-ups, with a dedup key of its own: the incident stays closed."""
    event = ctx.event
    assert isinstance(event, e.FollowUpsFellDue)
    # The closed incident may be gone from the state; a silence needs only its service and severity.
    asked = Incident(event.incident, event.service, event.severity, ctx.now, ctx.now, "")
    if not event.channels or suppression.muting_silence(ctx.state, ctx.policy, asked, set(), ctx.now):
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
    overdue = f"{', '.join(event.items)} (overdue; sent to {', '.join(event.channels)})"
    ctx.emit(Note(ctx.now, event.service, event.incident, LABEL, overdue, event.items))
    ctx.emit(Tell(notice, event.channels))


def reminded(notes: Iterable[Note]) -> Set[str]:
    """Return the items of an incident of which its notes say that people were reminded."""
    return {item for note in notes if note.label == LABEL for item in note.about}

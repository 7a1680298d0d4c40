"""Reminders: the drill of a staging service is overdue. One notice for each overdue time, which wakes no one.

Rule 1: the note is saved with the notice, under the name of that time (`name`): so every worker knows from the notes
of that name that people were told, and an older worker beside it cannot lose that.
Rule 2: a silence of the service postpones it: the daemon asks again, and it is sent once the silence is over.
"""

from watchdog.core.assess import suppression
from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.drills.drill import DueDrill
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import NoteLabel

LABEL: NoteLabel = "REMINDED"
UNCLEAN = "The last one left something behind, or was killed: the next is refused until that is cleaned up."


def name(due: DueDrill) -> str:
    """Return the name of an overdue time: it begins with the last drill, and ends with the next."""
    return f"drill-{due.service}-{'first' if due.last_at is None else int(due.last_at)}"


def remind(ctx: StepContext) -> None:
    """Notify people of an overdue drill, with the command that cures it."""
    event = ctx.event
    assert isinstance(event, e.DrillFellDue)
    if not event.channels or suppression.service_muting_silence(ctx.state, ctx.policy, event.service, ctx.now):
        return
    due = DueDrill(event.service, event.last_at)
    words = due.words(ctx.now, event.every_seconds)
    clean = (UNCLEAN, f"Clean up first: {command_line('drill', event.service, '--clean')}") if event.unclean else ()
    lines = (*clean, f"Hold it: {command_line('drill', event.service)}")
    ctx.notify_info(name(due), f"{event.service}: {words}", lines, event.channels, event.service)
    about = f"{event.service} (overdue; sent to {', '.join(event.channels)})"
    ctx.emit(Note(ctx.now, event.service, name(due), LABEL, about, (event.service,)))

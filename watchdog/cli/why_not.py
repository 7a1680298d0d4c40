"""`watchdog service why-not SERVICE TIME` at the terminal: the record around a moment, and the reasons. Pure."""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident
from watchdog.domain.store_records import Minute
from watchdog.presentation.inaction.past_moment import PastMoment, reasons, share
from watchdog.presentation.text import clean, clock, day, flow, item, moment, section, zone
from watchdog.presentation.timeline import shown_label

# A service may have 30 signals: the terminal shows the first rows, and --json has them all.
MINUTE_ROWS = 60


def why_not(asked: PastMoment, tz: tzinfo = UTC) -> list[str]:
    """Return the reasons for inaction on the service at that moment."""
    because: list[str] = []
    for reason in reasons(asked):
        because += section("" if because else "BECAUSE", reason)
    blocks = [
        flow(f"{clean(asked.service)} at {moment(asked.at, tz)}: why nothing was done."),
        seen(asked.minutes, tz),
        story_of(asked.notes, tz),
        open_then(asked.incidents),
        because,
    ]
    return [line for number, block in enumerate(filter(None, blocks)) for line in ([""] if number else []) + block]


def seen(minutes: Sequence[Minute], tz: tzinfo) -> list[str]:
    """Return the counts of each signal, minute by minute."""
    if not minutes:
        return []
    lines = [f"SEEN ({zone(minutes[0].start, tz)}, probes per minute)"]
    for row in sorted(minutes, key=lambda row: (row.signal, row.start))[:MINUTE_ROWS]:
        lines += item(row.signal, f"{clock(row.start, tz)[:5]}  {counted(row)}")
    return lines


def counted(row: Minute) -> str:
    """Return one minute in words: `4 good, 2 bad (33 %): HTTP 503; p95 420 ms`."""
    parts = [f"{row.good} good"]
    if row.bad:
        parts.append(f"{row.bad} bad ({share(row.bad, row.good)})")
    if row.unknown:
        parts.append(f"{row.unknown} unknown")
    text = ", ".join(parts) + (f": {row.why}" if row.why and (row.bad or row.unknown) else "")
    return text if row.p95_seconds is None else f"{text}; p95 {row.p95_seconds * 1000:.0f} ms"


def story_of(notes: Sequence[Note], tz: tzinfo) -> list[str]:
    """Return the notes recorded around the moment."""
    if not notes:
        return []
    lines = [f"WRITTEN DOWN ({zone(notes[0].at, tz)}, {day(notes[0].at, tz)})"]
    for note in notes:
        lines += item(clock(note.at, tz), f"{shown_label(note.label).lower()}: {note.text}")
    return lines


def open_then(incidents: Sequence[Incident]) -> list[str]:
    """Return the incidents open at the moment."""
    lines: list[str] = []
    for incident in incidents:
        text = f"{incident.id} {incident.severity}: {incident.title} ({command_line('explain', incident.id)})"
        lines += section("" if lines else "OPEN", text)
    return lines

"""The timeline of an incident: the journal's notes, the deploys, and the remarks of people. Pure.

Rule: every line names its source: seen (a reading, the platform's list), decided, done, or said (to or by people).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import Remark, label_here
from watchdog.domain.incidents import Incident
from watchdog.presentation.decision_text import named

Source = Literal["seen", "decided", "done", "said"]
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
SEEN = (
    "SUSPECT",
    "CALM",
    "RESTORED",
    "HEALED",
    "VERIFIED",
    "RETURNED",
    "MERGED",
    "FLAPPING",
    "STEADY",
    "LATE",
    "BLIND",
    "SEEING",
    "DOWNTIME",
)
JUDGED = (
    "BLAME",
    "GUARDS",
    "TARGET",
    "WOULD",
    "DECIDED",
    "INTENT",
    "WAIT",
    "ASKED",
    "DELIVERED",
    "SCHEDULED",
    "DEADLINE",
    "SKIPPED",
    "UNATTENDED",
)
LEFT = ("HUMAN", "CLOSED", "REFUSED", "DISARMED", "SILENCED", "UNMUTED", "EXPIRED", "UNPROVED")
SAID = (
    "NOTIFIED",
    "INFORMED",
    "REMINDED",
    "OFFER",
    "APPROVED",
    "REJECTED",
    "STOPPED",
    "ACKNOWLEDGED",
    "BY HAND",
    "PAUSED",
    "RESUMED",
    "TRUSTED",
    "UNDO",
    "HELD",
    "UNSILENCED",
)
SOURCES: Mapping[str, Source] = {
    **dict.fromkeys((*SEVERITIES, *SEEN), "seen"),
    **dict.fromkeys((*JUDGED, *LEFT), "decided"),
    **dict.fromkeys(("ACT",), "done"),
    **dict.fromkeys(SAID, "said"),
}
"""The source of each kind of note."""
HUMAN_ACTS = ("ACKNOWLEDGED", "APPROVED", "REJECTED", "STOPPED", "BY HAND")
"""Notes of a person's decision or acknowledgement."""
SHOWN: Mapping[str, str] = MappingProxyType({"RESTORED": "LIVE"})
"""The label that people read, where the stored one claims more: a rollback that is live may not have helped."""
# The begin shows the cause and the end the outcome; the middle of a long story repeats itself.
FIRST, LAST = 150, 50
"""Lines kept from the begin and from the end of a long timeline."""
BEFORE_SECONDS = 600.0
"""How long before the incident its suspicion may have begun."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: time (UTC epoch seconds), source, text."""

    at: float
    source: Source
    what: str


def timeline(incident: Incident, notes: Iterable[Note], remarks: Iterable[Remark]) -> list[Entry]:
    """Return all known events of an incident, oldest first.

    `notes` are those of the service; a suspicion is noted before there is an incident, so the last one before it counts
    too.
    """
    # Read twice below: an iterator would be empty the second time.
    told = list(notes)
    entries = _deploys(incident)
    entries.append(Entry(incident.onset_at, "seen", "onset: the first failed reading that belongs to it"))
    entries += [_entry(note) for note in [*_suspicion(incident, told), *_own(incident, told)]]
    entries += [
        Entry(one.at, "said", f"{one.by}: {'root cause: ' if one.root_cause else ''}{one.text}") for one in remarks
    ]
    return sorted(entries, key=lambda entry: entry.at)


def shown_label(label: str) -> str:
    """Return what people read for a note's label, or for its stored name."""
    return SHOWN.get(label, label_here(label))


def shortened(entries: Sequence[Entry]) -> tuple[Sequence[Entry], int, Sequence[Entry]]:
    """Return the first lines, the number of lines left out, and the last ones."""
    if len(entries) <= FIRST + LAST:
        return entries, 0, ()
    return entries[:FIRST], len(entries) - FIRST - LAST, entries[-LAST:]


def human_acts(incident: Incident, notes: Iterable[Note], remarks: Iterable[Remark]) -> list[float]:
    """Return the moments (UTC epoch seconds) at which people acted on the incident while it was open."""
    acts = [note.at for note in _own(incident, notes) if note.label in HUMAN_ACTS]
    until = incident.closed_at
    # A remark after the end is a report: it shows no reaction to the incident.
    written = [one.at for one in remarks if one.incident == incident.id and (until is None or one.at <= until)]
    return sorted([*acts, *written])


def _own(incident: Incident, notes: Iterable[Note]) -> list[Note]:
    return [note for note in notes if note.incident == incident.id]


def _suspicion(incident: Incident, notes: Iterable[Note]) -> list[Note]:
    before = [
        note
        for note in notes
        if note.label == "SUSPECT"
        and note.incident != incident.id
        and incident.opened_at - BEFORE_SECONDS <= note.at <= incident.opened_at
    ]
    # Only the last suspicion led to this incident.
    return before[-1:]


def _entry(note: Note) -> Entry:
    return Entry(note.at, SOURCES.get(note.label, "decided"), f"{shown_label(note.label)}: {note.text}")


def _deploys(incident: Incident) -> list[Entry]:
    """Return when the suspect was created, took traffic and was live, as far as the platform reported it."""
    blame = incident.decision.blame if incident.decision is not None else None
    suspect = blame.accused if blame is not None else None
    if suspect is None:
        return []
    moments = (
        # 0 stands for a time that the platform does not state.
        (suspect.created_at or None, "was created"),
        (suspect.update_seen_at, "began to replace the instances"),
        (suspect.finished_at if suspect.was_live else None, "was live, as the platform says"),
    )
    return [Entry(at, "seen", f"{named_plainly(suspect)} {what}") for at, what in moments if at is not None]


def named_plainly(deploy: Deploy) -> str:
    """Return `dep-42 9f3c2ab "Refactor sessions"`."""
    return named(deploy).replace("  ", " ", 1)

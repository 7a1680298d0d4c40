"""Why nothing was done at a moment, as the API and `watchdog service why-not --json` show it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import stored_label
from watchdog.domain.store_records import Minute
from watchdog.presentation.inaction.past_moment import PastMoment, reasons
from watchdog.presentation.text import clean

REASON_MAX = 1000


@dataclass(frozen=True, slots=True)
class PastNoteView:
    """One line of the record; `label` is the stored one, which scripts of users know (STORED_LABELS)."""

    at: float
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class WhyNotView:
    """A moment of a service: why nothing was done then (`because`), and the record around it.

    `minutes` are the counts of each signal, `incidents` the ids of those that were open.
    """

    service: str
    at: float
    because: tuple[str, ...]
    minutes: tuple[Minute, ...]
    notes: tuple[PastNoteView, ...]
    incidents: tuple[str, ...]


def why_not_view(asked: PastMoment) -> WhyNotView:
    """Return the reasons for inaction at that moment, and the record."""
    return WhyNotView(
        service=clean(asked.service),
        at=asked.at,
        because=tuple(clean(one, REASON_MAX) for one in reasons(asked)),
        minutes=tuple(replace(one, why=clean(one.why)) for one in asked.minutes),
        notes=_notes(asked.notes),
        incidents=tuple(clean(one.id) for one in asked.incidents),
    )


def _notes(notes: Sequence[Note]) -> tuple[PastNoteView, ...]:
    return tuple(PastNoteView(one.at, clean(stored_label(one.label)), clean(one.text)) for one in notes)

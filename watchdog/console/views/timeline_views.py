"""The timeline of an incident, with the notes of people; what repeats within a minute is one line. Pure.

Theory. While a cause lasts, such as a platform that refuses requests, the daemon decides anew every few seconds, and
notes the same steps each time: hundreds of lines, between which the few that differ are lost.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from watchdog.console.views.view_models import NoteView
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import Remark, stored_label
from watchdog.presentation.text import clean

AGAIN_SECONDS = 60.0
"""A line counts as a repetition if the same was noted at most this long before."""
NUMBERS = re.compile(r"(?<!\bHTTP )(?<!\bP )(?<![\w.-])\d+(?:\.\d+)?(?![\w-])")
"""Counts and time spans, which grow from one repetition to the next; no part of an id such as `dep-42`, no status such
as `HTTP 503`, no probability such as `P 0.62`: a change of these is news."""


def timeline_view(notes: Sequence[Note], remarks: Sequence[Remark]) -> tuple[NoteView, ...]:
    """Return the timeline of an incident with the notes of people, oldest first."""
    lines = [NoteView(one.at, clean(stored_label(one.label)), clean(one.text)) for one in notes]
    said = [NoteView(one.at, "NOTE", clean(f"{one.by}: {one.text}")) for one in remarks]
    return tuple(sorted([*_folded(sorted(lines, key=lambda one: one.at)), *said], key=lambda one: one.at))


def _folded(rows: Sequence[NoteView]) -> list[NoteView]:
    """Return the rows, each repetition counted at the row that it repeats (numbers apart)."""
    kept = list[NoteView]()
    places = dict[tuple[str, str], int]()
    for row in rows:
        key = row.label, NUMBERS.sub("", row.text)
        place = places.get(key)
        if place is not None and row.at - (kept[place].until or kept[place].at) <= AGAIN_SECONDS:
            kept[place] = replace(kept[place], times=kept[place].times + 1, until=row.at)
        else:
            places[key] = len(kept)
            kept.append(row)
    return kept

"""The trackers of work: one file each, one line each in `TICKETS`; the channel is adapters/notifiers/tickets.py.

Rule 1: a tracker receives Markdown that is harmless already, and finds a ticket by the mark in its body.
Rule 2: it may open, comment and close tickets of one project, and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from watchdog.adapters.options import Context
from watchdog.adapters.tickets import github
from watchdog.adapters.tickets.tracker import Tracker


@dataclass(frozen=True, slots=True)
class TrackerKind:
    """One kind of tracker: the form of its place, the `WATCHDOG_*` variables it needs, and its factory."""

    place: Any
    secrets: tuple[str, ...]
    build: Callable[[str, Context], Tracker]


TICKETS: dict[str, TrackerKind] = {
    "github": TrackerKind(github.Place, (github.TOKEN,), github.build),
}

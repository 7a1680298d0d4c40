"""Checklists and follow-ups as plain data: the shapes of the JSON API, and the values of the templates.

Rule: as in view_models.py, fields may be added, never changed; text is clean, on one line.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of a checklist. `state` is done, open or overdue; `seen`: the record proves that it was done.

    `due` is the due time in words, `due_at` the moment if it is known; `ticked_by` ticked it at `ticked_at` (both None:
    not ticked).
    """

    id: str
    text: str
    state: str
    seen: bool
    evidence: str
    owner: str
    due: str
    due_at: float | None
    ticked_by: str | None
    ticked_at: float | None


@dataclass(frozen=True, slots=True)
class ListView:
    """Items under one title; `done` is the number of done ones."""

    title: str
    done: int
    items: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class ChecklistView:
    """The runbook's checklists for one incident, and the follow-ups that people added."""

    at: float
    incident: str
    lists: tuple[ListView, ...]
    open: int
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenView:
    """One open item of an incident."""

    incident: str
    service: str
    item: ItemView


@dataclass(frozen=True, slots=True)
class FollowUpsView:
    """The open items of all incidents, by due time. `complete`: everything was read from the store."""

    at: float
    complete: bool
    open: int
    overdue: int
    items: tuple[OpenView, ...]

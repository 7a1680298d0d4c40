"""Checklists and follow-ups as plain data: the shapes of the JSON API, and what the templates are given.

Rule: as in view_models.py, fields may be added, never changed; text is clean, on one line.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of a checklist. `state` is done, open or overdue; `seen`: the record shows that it was done.

    `due` says in words until when, `due_at` as a moment, if that is known; `ticked_by` ticked it at `ticked_at`, if
    anybody did.
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
    """Some items under their title; how many of them are done."""

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
    """What is open over all incidents, what is due first before. `complete`: everything was read from the store."""

    at: float
    complete: bool
    open: int
    overdue: int
    items: tuple[OpenView, ...]

"""Checklists and follow-ups as text and as JSON. Pure: facts in, lines out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from watchdog.domain.commands.command_line import QUOTED, command_line
from watchdog.domain.incidents import Incident
from watchdog.presentation.checklists import Checklist, Item, open_items
from watchdog.presentation.explain import state_of
from watchdog.presentation.follow_up_text import Open
from watchdog.presentation.text import clean, flow, in_column, wrapped, zone

INDENT = 23
"""The column at which an item's text begins: after `  [ ] deploy-checklist `."""
TEXT_MAX = 70


def checklist_lines(incident: Incident, lists: Sequence[Checklist], now: float) -> list[str]:
    """Return the lists of one incident, each item with its evidence, or with owner and due time."""
    what = (
        f"{incident.id}  {incident.service}  {incident.severity.value.upper()}, {state_of(incident)}. {incident.title}"
    )
    lines = flow(what)
    for one in lists:
        done = sum(item.done for item in one.items)
        lines += ["", f"{one.title.upper()} ({done} of {len(one.items)} done)"]
        lines += [line for item in one.items for line in _item_lines(item, now)]
    left = open_items(lists)
    name = clean(incident.id)
    tick = f"{left} open. To tick one: {command_line('tick', name, 'ITEM')}" if left else "Nothing is open."
    return [*lines, "", "Times are UTC.", "", tick, f"To add one: {command_line('follow-up', name, QUOTED)}"]


def _item_lines(item: Item, now: float) -> list[str]:
    lines = wrapped(f"  [{'x' if item.done else ' '}] {item.id}", item.text, INDENT)
    lines += wrapped("", item.evidence, INDENT) if item.evidence else []
    late = "OVERDUE: " if item.late_seconds(now) > 0 else ""
    return lines if item.done else lines + wrapped("", f"{late}{item.owner}, due {item.due}", INDENT)


def open_head(now: float, tz: tzinfo) -> tuple[str, ...]:
    """Return the names of the columns of `open_rows`."""
    return (f"due ({zone(now, tz)})", "incident", "item", "owner", "what")


def open_rows(found: Sequence[Open], now: float, tz: tzinfo = UTC) -> list[tuple[str, ...]]:
    """Return one row per open item."""
    return [
        (
            (in_column(one.item.due_at, now, tz, seconds=False) if one.item.due_at is not None else "-")
            + (" OVERDUE" if one.item.late_seconds(now) > 0 else ""),
            one.incident.id,
            one.item.id,
            one.item.owner,
            clean(one.item.text, TEXT_MAX),
        )
        for one in found
    ]


def open_sum(found: Sequence[Open], now: float) -> str:
    """Return the number of open items, and of the overdue ones."""
    late = sum(one.item.late_seconds(now) > 0 for one in found)
    return f"{len(found)} open, {late} overdue. To tick one: {command_line('tick', 'INCIDENT', 'ITEM')}"


def item_record(incident: Incident, title: str, item: Item, now: float) -> Mapping[str, Any]:
    """Return an item of a list for machines; durations in seconds."""
    return {
        "incident": incident.id,
        "service": incident.service,
        "item": item.id,
        "list": title,
        "text": item.text,
        "done": item.done,
        "seen": item.seen,
        "evidence": item.evidence,
        "owner": item.owner,
        "due_at": item.due_at,
        "overdue_seconds": round(item.late_seconds(now), 1),
        "ticked_by": item.tick.by if item.tick is not None else None,
        "ticked_at": item.tick.at if item.tick is not None else None,
    }

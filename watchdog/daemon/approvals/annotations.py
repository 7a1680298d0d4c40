"""Additions to the record of an incident: a note, a judgement, a tick, a follow-up. The core does not see them.

Rule: an addition that changes nothing is answered as such, and nothing is written.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from watchdog.domain.follow_ups import OWN_MAX, RUNBOOK_IDS, ticked
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Store

Said = tuple[bool, str]
"""Whether the addition is recorded, and the answer."""


async def add(store: Store, clock: Clock, command: Command, own_items: Collection[str] = ()) -> Said:
    """Record a command's addition; `own_items`: names of the items of the configuration's checklists.

    Raises KeyError for a missing argument, and Temporary.
    """
    if command.name == "tick":
        return await tick(store, clock, command.arguments, command.by, own_items)
    return await RECORDED[command.name](store, clock, command.arguments, command.by)


async def note(store: Store, clock: Clock, given: Mapping[str, Any], by: str) -> Said:
    """Add a human's note, or the root cause."""
    name, cause = given["incident"], bool(given.get("root_cause"))
    found = await store.remark(name, given["text"], by, root_cause=cause)
    return _said(found, name, f"recorded as {'the root cause of' if cause else 'a note on'} {name}")


async def label(store: Store, clock: Clock, given: Mapping[str, Any], by: str) -> Said:
    """Record a human's verdict on the daemon's judgement."""
    name = given["incident"]
    found = await store.label(name, given["verdict"], by)
    return _said(found, name, f"{name} is recorded as judged {given['verdict']}")


async def tick(store: Store, clock: Clock, given: Mapping[str, Any], by: str, own_items: Collection[str] = ()) -> Said:
    """Tick an item of the checklists, or undo that."""
    name, item, undo = given["incident"], given["item"], bool(given.get("undo"))
    if await store.incident(name) is None:
        return _said(False, name, "")
    if item not in {*RUNBOOK_IDS, *own_items} and item not in [one.id for one in await store.follow_ups(name)]:
        return False, f"no item {item} in the checklists of {name}"
    before = ticked(await store.ticks(name), name).get(item)
    if undo and before is None:
        return True, f"{item} of {name} is not ticked"
    if not undo and before is not None:
        return True, f"{item} of {name} is ticked already, by {before.by}"
    found = await store.tick(name, item, by, undone=undo)
    return _said(found, name, f"{item} of {name} is {'open again' if undo else 'ticked'}")


async def follow_up(store: Store, clock: Clock, given: Mapping[str, Any], by: str) -> Said:
    """Add a follow-up."""
    name, text, owner, seconds = given["incident"], given["text"], given["owner"], float(given["seconds"])
    if len(await store.follow_ups(name)) >= OWN_MAX:
        return False, f"{name} has {OWN_MAX} follow-ups already: keep more in your tracker, and one here with a link"
    added = await store.follow_up(name, text, by, owner=owner, due_at=clock.now() + seconds)
    return _said(added is not None, name, f"added to {name} as {added.id}" if added is not None else "")


def _said(found: bool, incident: str, words: str) -> Said:
    return (True, words) if found else (False, f"no such incident: {incident}")


RECORDED: Mapping[str, Callable[[Store, Clock, Mapping[str, Any], str], Awaitable[Said]]] = {
    "note": note,
    "label": label,
    "tick": tick,
    "follow-up": follow_up,
}
"""Commands that only add to the record."""

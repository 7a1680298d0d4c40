"""Announcements of people on the public status pages: posted, scheduled, updated. The core does not see them.

Rule 1: what would be on no page, or twice, is answered as such, and nothing is written. Texts are stored as given; the
page escapes them.
Rule 2: the page is what counts. The notice to channels comes after it, and may be lost with the worker.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from watchdog.domain.commands.announcements import (
    AHEAD_MAX_SECONDS,
    ENDS,
    OPEN_MAX,
    RECENT_MAX,
    UPDATES_MAX,
    Announcement,
    Draft,
    Stage,
    Update,
    number_of,
)
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Store

Pages = Mapping[str, Mapping[str, str]]
"""The public status pages: the services of each, by their names in the configuration, with those visitors know."""
Said = tuple[bool, str]
"""Whether the text was added, and the answer."""
Publish = Callable[[Announcement], Awaitable[None]]
"""Hands on an announcement that was posted or updated."""
SEEN_SOON = "visitors see it within a minute"


class PostResult(NamedTuple):
    """The answer to a command, and the announcement as it stands now where a text was added to it."""

    done: bool
    said: str
    posted: Announcement | None = None


async def post(store: Store, clock: Clock, command: Command, pages: Pages, publish: Publish | None = None) -> Said:
    """Carry out a command, and hand on what it added. Raises KeyError for a missing argument, and Temporary."""
    done, said, posted = await POSTED[command.name](store, clock, command.arguments, command.by, pages)
    if posted is not None and publish is not None:
        await publish(posted)
    return done, said


async def announce(store: Store, clock: Clock, given: Mapping[str, Any], by: str, pages: Pages) -> PostResult:
    """Post an announcement of a problem."""
    first = Update(clock.now(), by, Stage(given["state"]), given["text"])
    return await _post(store, Draft(given["page"], given["title"], _services(given)), first, pages)


async def schedule(store: Store, clock: Clock, given: Mapping[str, Any], by: str, pages: Pages) -> PostResult:
    """Post an announcement of a maintenance window."""
    now, starts_at = clock.now(), float(given["starts_at"])
    ends_at = starts_at + float(given["seconds"])
    if ends_at <= now:
        return PostResult(False, "the window is over already: give a later start")
    if starts_at > now + AHEAD_MAX_SECONDS:
        return PostResult(
            False, f"the window begins in more than {AHEAD_MAX_SECONDS / 86400:.0f} days: give an earlier start"
        )
    about = Draft(given["page"], given["title"], _services(given), starts_at, ends_at)
    return await _post(store, about, Update(now, by, Stage.SCHEDULED, given["text"]), pages)


async def update(store: Store, clock: Clock, given: Mapping[str, Any], by: str, pages: Pages) -> PostResult:
    """Add an update to an announcement."""
    number = number_of(given["announcement"])
    found = next((one for one in await store.announcements(RECENT_MAX) if one.number == number), None)
    if found is None:
        return PostResult(False, f"no such announcement: {given['announcement']}")
    last = found.updates[-1].stage
    stage = Stage(given["state"]) if "state" in given else last
    if last is Stage.WITHDRAWN:
        return PostResult(False, f"{found.id} is withdrawn: post a new one")
    if found.is_maintenance and stage is not last and stage not in ENDS:
        return PostResult(False, f"{found.id} is a maintenance: its state is resolved or withdrawn, or left out")
    # A worker that died between text and answer leaves the command to the next one: it is not added twice.
    if (stage, given["text"]) == (last, found.updates[-1].text):
        return PostResult(True, f"{found.id} says so already")
    # One that is full can still be ended.
    if len(found.updates) >= UPDATES_MAX and (stage is last or stage not in ENDS):
        return PostResult(False, f"{found.id} has {UPDATES_MAX} updates already: resolve it, and post a new one")
    added = Update(clock.now(), by, stage, given["text"])
    if not await store.update_announcement(found.number, added):
        return PostResult(False, f"no such announcement: {given['announcement']}")
    return PostResult(
        True, f"{found.id} is updated, {stage}; {SEEN_SOON}", replace(found, updates=(*found.updates, added))
    )


async def _post(store: Store, about: Draft, first: Update, pages: Pages) -> PostResult:
    if about.page not in pages:
        known = f"known: {', '.join(pages)}" if pages else "the configuration has no status_pages"
        return PostResult(False, f"no status page {about.page}; {known}")
    shown = pages[about.page]
    for name in about.services:
        if name not in shown:
            return PostResult(False, f"{about.page} does not show {name}; it shows: {', '.join(shown)}")
    others = [one for one in await store.announcements(RECENT_MAX) if one.about.page == about.page]
    # What is over may be announced again: the same outage can come twice in a day.
    standing = [one for one in others if not one.is_over(first.at)]
    if any(_is_the_same(one, about, first) for one in standing):
        return PostResult(False, "the same announcement is on the page already")
    if len(standing) >= OPEN_MAX:
        return PostResult(
            False, f"{about.page} has {OPEN_MAX} announcements that are not over: resolve or withdraw one first"
        )
    added = await store.announce(about, first)
    return PostResult(True, f"posted on /status/{about.page} as {added.id}; {SEEN_SOON}", added)


def _is_the_same(one: Announcement, about: Draft, first: Update) -> bool:
    return (one.about, one.updates[0].text) == (about, first.text)


def _services(given: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, re.split(r"[,\s]+", given.get("services", "")))))


POSTED: Mapping[str, Callable[[Store, Clock, Mapping[str, Any], str, Pages], Awaitable[PostResult]]] = {
    "announce": announce,
    "schedule-maintenance": schedule,
    "update-announcement": update,
}
"""Commands that only add to a public status page."""

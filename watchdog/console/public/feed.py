"""A status page as an Atom feed (RFC 4287): its incidents and its announcements, newest first. Pure.

Rule 1: an entry's id stays the same for as long as the entry is listed, and is made of what the page itself shows.
Rule 2: addresses are relative to the feed's own, since only the reader knows by which name it came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from markupsafe import escape

from watchdog.console.public.public_announcements import PublicAnnouncement
from watchdog.console.public.public_views import PublicIncident, PublicView
from watchdog.domain.commands.announcements import ShownStage
from watchdog.domain.units import show_seconds
from watchdog.presentation.text import iso, moment

ENTRIES_MAX = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its id, its title, when it was first and last news, and its text as lines."""

    id: str
    title: str
    published_at: float
    updated_at: float
    lines: tuple[str, ...]


def atom(view: PublicView) -> bytes:
    """Return the feed of a page."""
    entries = sorted(_entries(view), key=lambda one: (one.updated_at, one.id), reverse=True)[:ENTRIES_MAX]
    # Without entries nothing was ever news: the first day of the calendar is a moment that stays for a day.
    first = next((service.days[0].at for service in view.services), view.at)
    updated = max((one.updated_at for one in entries), default=first)
    title, name = escape(view.title), escape(view.name)
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n',
        f"<id>{_id(view.name)}</id>\n<title>{title}: status</title>\n<updated>{iso(int(updated))}</updated>\n",
        f'<link rel="self" type="application/atom+xml" href="{name}.atom"/>\n',
        f'<link rel="alternate" type="text/html" href="{name}"/>\n<author><name>{title}</name></author>\n',
        *(_xml(one, view.name) for one in entries),
        "</feed>\n",
    ]
    return "".join(parts).encode("utf-8", "replace")


def _entries(view: PublicView) -> Iterator[Entry]:
    yield from (_of_incident(view.name, one) for one in (*view.open, *view.past))
    yield from (_of_announcement(view.name, one, view.at) for one in view.announcements)


def _of_incident(page: str, one: PublicIncident) -> Entry:
    lines, updated_at = f"Since {_minute(one.begins_at)}.", one.begins_at
    if one.restored_at is not None:
        updated_at = one.restored_at
        lines += f" It works again since {_minute(updated_at)}; we keep watching it."
    if one.ends_at is not None:
        lasted, updated_at = show_seconds(max(1.0, one.ends_at - one.begins_at)), one.ends_at
        lines = f"From {_minute(one.begins_at)} to {_minute(one.ends_at)}, {lasted}."
    # The title may still change while the incident lasts, so the id is made of service and begin.
    name = _id(page, "incident", one.service, int(one.begins_at))
    state = "" if one.ends_at is None else "Resolved: "
    return Entry(name, f"{state}{one.service}: {one.title}", one.begins_at, updated_at, (lines,))


def _of_announcement(page: str, one: PublicAnnouncement, now: float) -> Entry:
    published_at, last_at = one.updates[-1].at, one.updates[0].at
    lines = [f"{each.state}, {_minute(each.at)}: {each.text}" for each in one.updates]
    if one.maintenance and one.ends_at is not None:
        when = "Was planned from" if one.state == ShownStage.CANCELLED else "From"
        lines = [f"{when} {_minute(one.begins_at)} to {_minute(one.ends_at)}.", *lines]
        # A maintenance is news again when it begins, and when it ends; one that is cancelled does neither.
        if one.state != ShownStage.CANCELLED:
            last_at = max([last_at, *(at for at in (one.begins_at, one.ends_at) if at <= now)])
    about = f" ({', '.join(one.services)})" if one.services else ""
    return Entry(
        _id(page, "announcement", one.key), f"{one.state}: {one.title}{about}", published_at, last_at, tuple(lines)
    )


def _xml(one: Entry, page: str) -> str:
    return (
        f"<entry>\n<id>{one.id}</id>\n<title>{escape(one.title)}</title>\n"
        f"<published>{iso(int(one.published_at))}</published>\n<updated>{iso(int(one.updated_at))}</updated>\n"
        f'<link rel="alternate" type="text/html" href="{escape(page)}"/>\n'
        f'<content type="text">{escape(chr(10).join(one.lines))}</content>\n</entry>\n'
    )


def _id(*parts: object) -> str:
    """Return an id that depends on these parts alone; the reader of a feed learns nothing else of it."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, '/'.join(map(str, parts)))}"


def _minute(at: float) -> str:
    return f"{moment(at)[:16]} UTC"

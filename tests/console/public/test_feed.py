"""A status page as an Atom feed, read as a feed reader does."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

from tests.console.public.scene import SHOP
from tests.console.scene import NOW
from watchdog.console.public.app import as_json
from watchdog.console.public.feed import ENTRIES_MAX, atom
from watchdog.console.public.public_announcements import announced
from watchdog.console.public.public_views import PublicIncident, PublicView
from watchdog.domain.commands.announcements import Announcement, Draft, Stage, Update
from watchdog.presentation.text import iso

ATOM = "{http://www.w3.org/2005/Atom}"
OPEN = PublicIncident("Web shop", "Unavailable", NOW - 600, None)
PAST = PublicIncident("api <&>", "Slow", NOW - 7200, NOW - 6900)
FIRST = Update(NOW - 3600, "ann", Stage.INVESTIGATING, "We look into it.")
PROBLEM = Announcement(1, Draft("shop", "Payments fail", ("web",)), (FIRST,))
WINDOW = Announcement(
    2, Draft("shop", "New database", (), NOW + 60, NOW + 120), (replace(FIRST, stage=Stage.SCHEDULED),)
)


def view(*found: Announcement, at: float = NOW, **changes: object) -> PublicView:
    """Return a page with one open and one past incident, and these announcements."""
    told = announced(found, "shop", SHOP.services, at, at - 86400)
    made = PublicView(at, "shop", "Acme shop", "outage", (), (OPEN,), (PAST,), told, complete=True)
    return replace(made, **changes)  # type: ignore[arg-type]


def entries(given: PublicView) -> list[dict[str, str]]:
    """Return the entries, each by the names of its elements."""
    feed = ElementTree.fromstring(atom(given))
    return [{part.tag.removeprefix(ATOM): part.text or "" for part in one} for one in feed.iter(f"{ATOM}entry")]


def test_what_rfc_4287_demands_is_there() -> None:
    """Of the feed: id, title, updated, an author, a link to itself; of each entry id, title, updated; no id twice."""
    feed = ElementTree.fromstring(atom(view(PROBLEM, WINDOW)))
    own = {part.tag.removeprefix(ATOM) for part in feed}
    assert own >= {"id", "title", "updated", "author", "link", "entry"} and feed.findtext(f"{ATOM}author/{ATOM}name")
    assert [(one.get("rel"), one.get("href")) for one in feed.findall(f"{ATOM}link")] == [
        ("self", "shop.atom"), ("alternate", "shop"),
    ]  # fmt: skip
    found = entries(view(PROBLEM, WINDOW))
    ids = [feed.findtext(f"{ATOM}id"), *(one["id"] for one in found)]
    assert len(set(ids)) == 5 and all(one is not None and one.startswith("urn:uuid:") for one in ids)
    assert all(one["updated"].endswith("Z") and one["published"] <= one["updated"] for one in found)
    assert feed.findtext(f"{ATOM}updated") == max(one["updated"] for one in found)


def test_an_entry_is_the_same_one_until_it_is_news_again() -> None:
    """Its id stays; an end, an update, the begin of a maintenance make it newer."""
    before = {one["id"]: one for one in entries(view(PROBLEM, WINDOW))}
    later = {one["id"]: one for one in entries(view(PROBLEM, WINDOW, at=NOW + 30))}
    assert before == later
    resolved = replace(PROBLEM, updates=(FIRST, Update(NOW + 50, "bob", Stage.RESOLVED, "Cards work.")))
    ended = replace(OPEN, ends_at=NOW + 70)
    after = {one["id"]: one for one in entries(view(resolved, WINDOW, at=NOW + 90, open=(ended,)))}
    assert before.keys() == after.keys()
    newer = {one["title"] for name, one in after.items() if one["updated"] > before[name]["updated"]}
    assert newer == {
        "Resolved: Payments fail (Web shop)", "In progress: New database", "Resolved: Web shop: Unavailable",
    }  # fmt: skip


def test_a_maintenance_that_was_cancelled_is_no_news_when_it_would_have_begun_and_ended() -> None:
    """It was news when people were told so, and is not again."""
    cancelled = replace(WINDOW, updates=(*WINDOW.updates, Update(NOW, "bob", Stage.RESOLVED, "Not needed.")))
    for at in (NOW + 30, NOW + 90, NOW + 150):
        (found,) = [one for one in entries(view(cancelled, at=at)) if "New database" in one["title"]]
        assert (found["title"], found["updated"]) == ("Cancelled: New database", iso(NOW))
        assert found["content"].startswith("Was planned from")


def test_what_an_entry_says() -> None:
    """The newest text first, with its time; neither author nor anything that a reader could take for markup."""
    resolved = replace(PROBLEM, updates=(FIRST, Update(NOW, "bob", Stage.RESOLVED, "<b>Cards</b> work.")))
    found = {one["title"]: one["content"] for one in entries(view(resolved))}
    assert found["Resolved: Payments fail (Web shop)"].split("\n") == [
        "Resolved, 2026-11-25 02:16 UTC: <b>Cards</b> work.",
        "Investigating, 2026-11-25 01:16 UTC: We look into it.",
    ]
    assert found["Web shop: Unavailable"] == "Since 2026-11-25 02:06 UTC."
    assert found["Resolved: api <&>: Slow"] == "From 2026-11-25 00:16 UTC to 2026-11-25 00:21 UTC, 5 min."
    assert b"bob" not in atom(view(resolved)) and b"<b>" not in atom(view(resolved))


def test_a_feed_is_bounded() -> None:
    """To the newest. That one without news stays the same, test_app.py holds: what did not change is not sent again."""
    many = tuple(replace(PAST, begins_at=NOW - 9e4 + number, ends_at=NOW - 8e4 + number) for number in range(99))
    found = entries(view(open=(), past=many))
    assert (len(found), found[0]["updated"]) == (ENTRIES_MAX, iso(NOW - 8e4 + 98))


def test_what_works_again_says_so_in_the_feed_and_in_the_data() -> None:
    """As the page does, before it is over."""
    for restored_at, moment in ((NOW - 60, True), (None, False)):
        given = view(open=(replace(OPEN, restored_at=restored_at),))
        newest, *_ = as_json(given)["incidents"]  # type: ignore[misc]
        assert ("works again" in str(entries(given))) is moment is (newest["works_again"] is not None)
        assert newest["ends"] is None

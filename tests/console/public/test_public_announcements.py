"""Announcements as visitors read them: on their own page, in order, for as long as they matter."""

from typing import Any

import pytest

from tests.console.public.scene import DAY, SHOP, public_town
from tests.console.scene import NOW, as_read
from watchdog.console.public.public_announcements import SHOWN_MAX, announced
from watchdog.console.public.public_views import StatusPage
from watchdog.console.views.announcement_views import announcement_views
from watchdog.domain.commands.announcements import Announcement, Draft, Stage, Update

NAMES = {"web": "Web shop", "api": "api"}


def problem(number: int, *stages: Stage, ago: float = 600.0, **about: Any) -> Announcement:
    """Return an announcement that was made so long ago, with an update each minute."""
    texts = tuple(Update(NOW - ago + 60 * at, "ann", stage, f"Text {at}.") for at, stage in enumerate(stages))
    return Announcement(number, Draft(**{"page": "shop", "title": f"No. {number}", **about}), texts)


def window(number: int, begins: float, ends: float, *stages: Stage) -> Announcement:
    """Return a maintenance; its window is given in seconds from now."""
    stages = stages or (Stage.SCHEDULED,)
    return problem(number, *stages, starts_at=NOW + begins, ends_at=NOW + ends)


def told(*found: Announcement) -> list[tuple[str, str]]:
    return [(one.title, one.state) for one in announced(found, "shop", NAMES, NOW, NOW - 14 * DAY)]


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (problem(1, Stage.INVESTIGATING), "Investigating"),
        (problem(1, Stage.INVESTIGATING, Stage.RESOLVED), "Resolved"),
        (problem(1, Stage.RESOLVED, ago=13 * DAY), "Resolved"),
        (problem(1, Stage.RESOLVED, ago=15 * DAY), None),
        (problem(1, Stage.MONITORING, ago=90 * DAY), "Monitoring"),
        (problem(1, Stage.IDENTIFIED, Stage.WITHDRAWN), None),
        (problem(1, Stage.IDENTIFIED, page="other"), None),
        (problem(1, Stage.IDENTIFIED, services=("docs",)), None),
        (problem(1, Stage.IDENTIFIED, services=("docs", "web")), "Identified"),
        (window(1, 60, 120), "Scheduled"),
        (window(1, -60, 120), "In progress"),
        (window(1, -120, 0), "Completed"),
        (window(1, -560, 120, Stage.SCHEDULED, Stage.RESOLVED), "Completed"),
        (window(1, 60, 120, Stage.SCHEDULED, Stage.RESOLVED), "Cancelled"),
        (window(1, 60, 120, Stage.SCHEDULED, Stage.WITHDRAWN), None),
    ],
)
def test_what_stands_on_the_page(one: Announcement, shown: str | None) -> None:
    assert told(one) == ([("No. 1", shown)] if shown is not None else [])


def test_an_update_never_contradicts_how_the_maintenance_stands() -> None:
    """Written while it goes on it is not "Scheduled", and one after a cancellation does not complete it."""
    during = window(1, -590, 120, Stage.SCHEDULED, Stage.SCHEDULED)
    (one,) = announced([during], "shop", NAMES, NOW, NOW - DAY)
    assert (one.state, [each.state for each in one.updates]) == ("In progress", ["In progress", "Scheduled"])
    cancelled = window(1, -490, -300, Stage.SCHEDULED, Stage.RESOLVED, Stage.RESOLVED)
    (one,) = announced([cancelled], "shop", NAMES, NOW, NOW - DAY)
    assert (one.state, [each.state for each in one.updates]) == ("Cancelled", ["Cancelled", "Cancelled", "Scheduled"])


def test_operators_read_what_goes_on_first() -> None:
    """A problem or a maintenance in progress, then what lies ahead, then what is over, however new."""
    found = (problem(1, Stage.RESOLVED), problem(2, Stage.IDENTIFIED), window(3, 60, 120), window(4, -60, 120))
    assert [one.id for one in announcement_views(found, NOW)] == [f"announcement-{number}" for number in (4, 2, 3, 1)]


def test_those_that_are_not_over_come_first_where_there_are_many() -> None:
    """An old one that is still open is not pushed off by newer ones that are over."""
    over = [problem(number, Stage.RESOLVED, ago=60.0 * number) for number in range(2, 40)]
    shown = told(problem(1, Stage.MONITORING, ago=5 * DAY), *over)
    assert len(shown) == SHOWN_MAX and shown[-1] == ("No. 1", "Monitoring")


async def test_a_page_tells_what_people_announce() -> None:
    """The headline stays the measured state, unless every check passes while people know better.

    What is announced stays while the store is away.
    """
    async with public_town() as one:
        await one.store.announce(Draft("shop", "New database", (), NOW + 3600, NOW + 7200), first(Stage.SCHEDULED))
        await one.store.announce(Draft("other", "Not here"), first(Stage.INVESTIGATING))
        text = await one.page()
        assert "All services are operational" in text and "<h2>Scheduled maintenance</h2>" in text
        assert "Not here" not in text and "<h2>Now</h2>" not in text
        one.clock.at += 3700.0
        assert "Maintenance is in progress" not in await one.page(), "nothing is read for an hour: no check passes"
        await one.store.announce(Draft("shop", "Payments fail", ("web",)), first(Stage.INVESTIGATING))
        one.clock.at += 60.0
        said, text = await one.json(), await one.page()
        one.store.away = True
        one.clock.at += 60.0
        assert "Payments fail" in await one.page()
    # Not since when it lasts: that is measured, and stands beside it.
    assert "announced 2026-11-25 02:16 UTC" in as_read(text) and "now</small>" not in as_read(text)
    assert [each["state"] for each in said["announcements"]] == ["In progress", "Investigating"]
    assert said["announcements"][1]["services"] == ["Web shop"] and said["state"] == "unknown"
    assert said["announcements"][0]["begins"] == "2026-11-25T03:16:04Z" and "<h2>Now</h2>" in text


NOT_PROMISED = "Sorry for the trouble. There is nothing you need to do:"
PLANNED = "The maintenance is planned to end at 2026-11-25 02:17 UTC. There is nothing you need to do:"


@pytest.mark.parametrize(
    ("found", "words", "next_update"),
    [
        ([problem(1, Stage.IDENTIFIED)], "We are working on a problem", NOT_PROMISED),
        ([window(1, -60, 60)], "Maintenance is in progress", PLANNED),
        ([window(1, -60, 60), problem(2, Stage.IDENTIFIED)], "We are working on a problem", NOT_PROMISED),
        ([window(1, 60, 120), problem(2, Stage.RESOLVED)], "All services are operational", ""),
    ],
)
async def test_the_headline_while_every_check_passes(found: list[Announcement], words: str, next_update: str) -> None:
    """Below it that visitors need not do anything, and when a maintenance ends, as long as something goes on."""
    async with public_town() as one:
        for each in found:
            await one.store.announce(each.about, each.updates[0])
        text = as_read(await one.page())
        assert words in text and (await one.json())["state"] == "operational"
    assert next_update in text and ("nothing you need to do" in text) is bool(next_update)
    assert "A bar for each day (UTC):" in text and "of the time watched in which the service worked" in text
    # To subscribe is offered before anything else, also while all is well.
    assert text.index("Subscribe to updates") < text.index("<h2>")


async def test_a_page_has_its_logo_and_colour() -> None:
    logo = "data:image/png;base64,iVBORw0KGgo="
    pages = [SHOP, StatusPage("other", "Other", {"api": "api"}, logo, "#1a7f5a")]
    async with public_town(pages=pages) as one:
        plain, branded = [await one.client.get(f"/status/{name}") for name in ("shop", "other")]
    assert f'<img src="{logo}"' in branded.text and "<img" not in plain.text
    assert "--brand: #1a7f5a;" in branded.text and "--brand: #" not in plain.text
    assert branded.headers["content-security-policy"] != plain.headers["content-security-policy"]


def first(stage: Stage) -> Update:
    return Update(NOW, "ann", stage, "We look into it.")

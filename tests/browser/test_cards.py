"""The three questions on a phone: what is down, what happens next, what to press, all within the first screen."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.browser.chromium import PHONE, accessibility, address, browsing, log_in, overflow, reader, violations, window
from tests.console.scene import NOW, TOKEN, story, town
from tests.console.views.test_card_views import shown
from tests.presentation.outlook_cases import CASES
from watchdog.domain.incidents import Incident, Phase
from watchdog.presentation.outlook import outlook
from watchdog.presentation.situation import Situation

pytestmark = pytest.mark.long

WANTED = (Situation.QUESTION, Situation.SENDING, Situation.ASKS_LATER, Situation.DID_NOT_HELP, Situation.NO_ACTION)
FIRST = [next((case[0], case[3]) for case in CASES if case[1] is wanted) for wanted in WANTED]
TOUCH_MIN = 40
"""Height of a button for a thumb, in pixels."""


@pytest.mark.parametrize(("incident", "commands"), FIRST)
async def test_the_card_fits_one_screen_of_a_phone(incident: Incident, commands: tuple[str, ...]) -> None:
    """On the overview and on the incident's page; every button is large enough for a thumb, and nothing is cut off."""
    # The rollback's deploy is live where there is one: then its undo is accepted.
    served = shown(incident, live=incident.rollback.deploy or "dep-42")
    async with served as one, reader(one.client, "dark", "phone", "Ann") as page:
        for path in ("/", "/incidents/web-1"):
            await page.goto(path)
            card = page.locator(".card").first
            assert outlook(incident, NOW).label in await card.locator(".badge").inner_text()
            for part in ("h1, h2", ".badge", ".since", ".happens", ".task"):
                assert await bottom(card.locator(part).first) <= PHONE["height"], (path, part)
            buttons = await card.locator(".choices button, .choices a").all()
            assert len(buttons) == len(commands)
            for button in buttons:
                assert await bottom(button) <= PHONE["height"], path
                assert (await button.bounding_box())["height"] >= TOUCH_MIN
            assert await overflow(page) <= 0 and await accessibility(page) == [] == await violations(page)


async def test_the_time_of_the_readers_zone_stands_beside_utc_also_after_a_refresh() -> None:
    """In the card as text, elsewhere on hover; where the zones are the same nothing is added."""
    policy, state, _ = story()
    incident = replace(FIRST[0][0], id="web-8", service="web", onset_at=NOW - 60)
    first = replace(state.services["web"], phase=Phase.ASKING, incident=incident)
    shown_first = replace(state, services={**state.services, "web": first})
    async with town(policy, shown_first) as one, browsing() as browser:
        async with window(browser, address(one.client), zone="Asia/Kolkata") as page:
            await log_in(page, TOKEN)
            since = page.locator("#open .since time").first
            at = datetime.fromtimestamp(NOW - 60, timezone(timedelta(hours=5, minutes=30)))
            before = await since.get_attribute("data-own")
            assert f"{at:%I:%M}" in before and "GMT+5:30" in await since.get_attribute("title")
            older = replace(first, incident=replace(incident, onset_at=NOW - 120))
            one.shown[0] = replace(state, services={**state.services, "web": older})
            now = "document.querySelector('#open .since time').dataset.own"
            await page.wait_for_function(f"() => {now} && {now} !== {before!r}")
        async with window(browser, address(one.client)) as page:
            await log_in(page, TOKEN)
            assert await page.locator("#open .since time").first.get_attribute("data-own") is None


SEEN = """new MutationObserver(() => {
  window.atOnce ??= [...document.querySelectorAll("#open button")].map((one) => one.disabled);
}).observe(document.getElementById("open"), {childList: true})"""


async def test_a_button_that_has_just_come_takes_no_click() -> None:
    """A card that comes on top moves the others: the click on its way was meant for what stood there before."""
    (policy, state, _), (asked, _) = story(), FIRST[0]
    known = {
        name: replace(state.services[name], phase=Phase.ASKING, incident=replace(asked, id=f"{name}-8", service=name))
        for name in ("web", "api")
    }
    first = replace(state, services={**state.services, "api": known["api"]})
    async with town(policy, first) as one, reader(one.client) as page:
        await page.evaluate(SEEN)
        one.shown[0] = replace(first, services={**first.services, **known})
        await page.wait_for_function("() => window.atOnce")
        assert await page.evaluate("window.atOnce") == [True] * 6
        await page.wait_for_function("() => !document.querySelector('#open button:disabled')")
        # The time alone is no new offer: a button that stands there stays ready.
        await page.evaluate("delete window.atOnce")
        one.clock.at += 60.0
        await page.wait_for_function("() => window.atOnce")
        assert await page.evaluate("window.atOnce") == [False] * 6


async def bottom(part: Any) -> float:
    """Return how far below the top of the window a part of the page ends, in pixels."""
    box = await part.bounding_box()
    end: float = box["y"] + box["height"]
    return end

"""Public pages from the world: what is read how often, and what stands on them while the store is away."""

import asyncio
import time
from dataclasses import replace

from tests.cli import examples as x
from tests.console.public.scene import GOES_ON, SHOP, PublicTown, ago, calm, hours, opened, public_town
from tests.console.public.test_public_views import BY_HAND
from tests.console.scene import NOW, TOKENS, as_read, policy_of, service_policy, service_state
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.console.public.public_queries import FRESH_SECONDS, SOON_SECONDS, WAIT_SECONDS, WAITING_MAX
from watchdog.console.public.public_views import StatusPage
from watchdog.domain.incidents import Phase, State
from watchdog.domain.readings import Bad
from watchdog.domain.severity import Severity


async def test_all_is_well() -> None:
    """Until the readings are old: a daemon that sees nothing any more says so; a page of hours ago is no news."""
    async with public_town(minutes=hours("web", 10)) as one:
        said, text = await one.json(), await one.page()
        for later in (600, 3 * 3600):
            one.clock.at = NOW + later
            assert (await one.json())["state"] == "unknown"
    assert "All services are operational" in text and "None in the last 14 days" in text and "<h2>Now</h2>" not in text
    assert set(TOKENS.values()).isdisjoint(text.split())
    assert (said["title"], said["state"]) == ("Acme shop", "operational")
    web, api = said["services"]
    assert (web["name"], web["state"], web["available"]) == ("Web shop", "operational", 1.0)
    assert len(web["days"]) == 90 and web["days"][-1] == {"day": "2026-11-25", "state": "good", "available": 1.0}
    assert web["days"][0]["available"] is None and api["available"] is None
    assert said["incidents"] == []


async def test_an_outage_is_told_while_it_lasts_and_afterwards() -> None:
    """And none is made by a human who rolls back what is well: neither on the page now nor afterwards."""
    by_hand = opened(replace(BY_HAND, service="api"), phase=Phase.PINNING)
    policy, state = calm(web=opened(GOES_ON), api=by_hand, docs=service_state("docs"))
    past = [ago(x.incident(), 86400 * back, 300, id=f"web-{back}") for back in (1, 13, 15)]
    past.append(ago(BY_HAND, 86400 * 3, 300))
    slight = ago(x.incident(), 86400 * 2, 300, id="web-20", severity=Severity.MEDIUM)
    other = ago(x.incident(service="docs"), 86400, 300, id="docs-1")
    async with public_town(policy, state, incidents=[*past, slight, other, GOES_ON]) as one:
        said = await one.json()
        text = await one.page()
    assert said["state"] == "outage" and [service["state"] for service in said["services"]] == ["outage", "operational"]
    now, *over = said["incidents"]
    assert (now["service"], now["title"], now["ends"]) == ("Web shop", "Unavailable", None)
    assert now["begins"] == "2026-11-25T02:06:04Z"
    assert [one["begins"][:10] for one in over] == ["2026-11-24", "2026-11-12"]
    assert "Since 2026-11-25 02:06 UTC, for 10 min now" in as_read(text)
    assert "2026-11-24 02:16 to 02:21 UTC, 5 min" in as_read(text)


async def test_the_state_is_newer_than_what_was_read_of_the_past() -> None:
    """What a human took over goes on, since its onset; what has just ended is over before its record says so."""
    policy, state = calm(web=opened(GOES_ON))
    taken, over = opened(replace(BY_HAND, id="web-10"), phase=Phase.PINNING), opened(ago(GOES_ON, 600, 590))
    async with public_town(policy, state, incidents=[GOES_ON]) as one:
        told = [await one.json()]
        for web in (taken, over):
            one.clock.at += FRESH_SECONDS
            one.shown["state"] = replace(state, services={**state.services, "web": web})
            told.append(await one.json())
    assert [said["state"] for said in told] == ["outage", "outage", "operational"]
    assert told[0]["incidents"] == told[1]["incidents"] and [each["ends"] for each in told[2]["incidents"]] != [None]


async def test_blind_we_say_that_we_cannot_tell() -> None:
    """Neither well nor ill; what goes on stays told."""
    policy, state = calm(web=opened(GOES_ON))
    blind = replace(state, control={"https://example.com": (NOW - 2, Bad("timeout"))})
    async with public_town(policy, blind, incidents=[GOES_ON]) as one:
        said = await one.json()
        assert said["state"] == "unknown" and said["incidents"][0]["ends"] is None
        assert "Status unknown at the moment" in await one.page()
        one.clock.at += FRESH_SECONDS
        one.shown["state"] = replace(state, unseen=True)
        assert (await one.json())["state"] == "unknown"


async def test_many_who_look_cost_what_one_does() -> None:
    """A page is made at most twice a minute; a second page of the same services reads nothing anew."""
    policy, state = calm()
    pages = (SHOP, StatusPage("other", "Other", {"api": "api"}))
    async with public_town(policy, state, pages=pages) as one:
        asked = one.store.asked
        for _ in range(20):
            await one.page()
            await one.json()
        first = asked.total()
        assert first < 20
        one.shown["state"] = replace(state, unseen=True)
        assert (await one.json())["state"] == "operational", "it is made anew after half a minute"
        one.shown["state"] = state
        await one.page("other")
        assert asked.total() <= first + 2, "what is announced, and today at most"
        asked.clear()
        one.clock.at += FRESH_SECONDS
        for _ in range(20):
            await one.page()
        assert asked.total() <= 4, "what is announced, today, the newest incidents, and those of before"


async def test_while_the_store_is_away_the_past_stands_and_the_present_is_seen() -> None:
    """What opened meanwhile is known from memory."""
    policy, state = calm()
    past = ago(x.incident(), 86400, 300, id="web-1")
    async with public_town(policy, state, incidents=[past], minutes=hours("web", 3)) as one:
        assert (await one.json())["services"][0]["available"] is not None
        one.store.away = True
        one.clock.at += FRESH_SECONDS
        one.shown["state"] = replace(state, services={**state.services, "web": opened(GOES_ON)})
        said = await one.json()
        assert said["state"] == "outage" and len(said["incidents"]) == 2
        assert said["services"][0]["available"] is not None and "still being read" in await one.page()
        one.store.away = False
        one.clock.at += SOON_SECONDS
        assert "still being read" not in await one.page(), "as soon as it can be read, not half a minute later"


async def test_what_another_worker_holds_is_what_it_saved() -> None:
    """And while the store is away, it is not known here: an old memory is no news; nor is a service that is gone."""
    async with public_town(policy_of(service_policy("api"))) as one:
        assert [service["state"] for service in (await one.json())["services"]] == ["unknown", "operational"]
    policy, state = calm()
    mine = State(services={"web": state.services["web"], "api": state.services["api"]}, control=state.control)
    async with public_town(policy, mine, saved=state, held=["web"]) as one:
        assert [service["state"] for service in (await one.json())["services"]] == ["operational", "operational"]
        one.store.away = True
        one.clock.at += FRESH_SECONDS
        assert [service["state"] for service in (await one.json())["services"]] == ["operational", "unknown"]
        assert "All that we can see is operational" in await one.page()


async def seconds_of(one: PublicTown, path: str) -> float:
    """Return how long thirty requests take, that wait for nothing."""
    began = time.monotonic()
    await asyncio.gather(*(one.client.get(path) for _ in range(30)))
    return time.monotonic() - began


async def test_while_the_store_hangs_nobody_waits_for_long() -> None:
    """Neither for the first page nor for a later one; the present is seen; the rest of the server answers."""
    policy, state = calm()
    async with public_town(policy, state) as one:
        one.store.goes_on.clear()
        began = time.monotonic()
        first = await asyncio.gather(*(one.client.get("/status/shop") for _ in range(30)))
        assert time.monotonic() - began < 5 * WAIT_SECONDS
        told = [answer.status_code for answer in first]
        assert told.count(200) == WAITING_MAX and told.count(503) == 30 - WAITING_MAX
        assert {answer.headers.get("retry-after") for answer in first} == {None, "2"}
        one.clock.at += FRESH_SECONDS
        one.shown["state"] = replace(state, services={**state.services, "web": opened(GOES_ON)})
        nothing, began = await seconds_of(one, "/status/nowhere"), time.monotonic()
        later = await asyncio.gather(*(one.client.get("/status/shop.json") for _ in range(30)))
        taken = time.monotonic() - began
        assert taken < 3 * nothing + WAIT_SECONDS, "the reading has hung for too long already"
        assert {answer.status_code for answer in later} == {200} and "outage" in {one.json()["state"] for one in later}
        assert (await one.client.get("/metrics")).status_code == 200 and one.store.asked["spans"] == 1
        one.store.goes_on.set()
        one.clock.at += FRESH_SECONDS
        async with asyncio.timeout(PATIENCE_SECONDS):
            await one.whole_page()

"""Every page of the console in every look, and what is wrong with it: `python -m tests.browser.gallery OUT`.

Desktop and phone, light and dark: an incident in each situation, all other pages of a simulated fleet, the login and
the public page. Each page is written to OUT as NAME-SCHEME-SIZE.png, and must not: break its content security policy,
log an error, scroll sideways, weigh more than 300 KiB, or have a serious finding of axe-core (`--axe FILE`: of another
release). The time of the server is shown and not judged: `--services 300` measures it with a large fleet.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser import situations
from tests.browser.chromium import (
    LOOKS,
    Complaints,
    accessibility,
    address,
    browsing,
    hidden_columns,
    log_in,
    look,
    overflow,
    violations,
)
from tests.browser.fleet import Fleet
from tests.cli import examples as x
from tests.console.public.scene import PublicTown, ago, calm, hours, opened, public_town
from tests.console.scene import NOW, TOKEN, StoryClock, fill, town
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.telemetry import logs
from watchdog.domain.commands.announcements import Draft, Stage, Update
from watchdog.domain.follow_ups import LONG_TERM, RUNBOOK
from watchdog.ports import Store

WEIGHT_MAX_BYTES = 300 * 1024
KEPT_SECONDS = 1.1
"""The console shows an overview of the same second again."""
TALL_MAX = 2600
"""Pixels of a page's height that a picture shows."""
FLEET_PAGES = {
    "login": "/login",
    "overview": "/",
    "overview-tag": "/?tag=checkout",
    "service": "/services/web",
    "service-failing": "/services/api",
    "service-week": "/services/web?range=7d",
    "incident-open": "/incidents/api-7",
    "incidents": "/incidents",
    "history": "/history",
    "follow-ups": "/follow-ups",
    "stats": "/stats",
    "audit": "/audit",
    "announcements": "/announcements",
    "settings": "/settings",
    "rollback-plan": "/services/web/rollback",
    "undo-plan": "/incidents/web-1/undo",
    "help": "/help/",
    "help-page": "/help/on-call",
    "help-reference": "/help/reference-commands",
    "answer": "/?answer=1",
    "not-found": "/nothing",
}
MEASURED = """() => {
  const entries = performance.getEntriesByType("resource"), page = performance.getEntriesByType("navigation")[0];
  const bytes = entries.concat([page]).reduce((sum, one) => sum + one.encodedBodySize, 0);
  return [bytes, page.responseStart - page.requestStart];
}"""


@dataclass(frozen=True, slots=True)
class Place:
    """A page: the name of its picture, and its address."""

    name: str
    url: str
    inside: bool = True  # only for people who have logged in

    @property
    def expected(self) -> int:
        return 404 if self.name == "not-found" else 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A page that was looked at."""

    name: str
    weight_bytes: float
    server_ms: float
    findings: tuple[str, ...]


@asynccontextmanager
async def fleet_town(services: int) -> AsyncIterator[list[Place]]:
    """Serve a fleet with a past, in which something is asked, and things were asked for."""
    fleet = Fleet(services)
    store = MemoryStore(StoryClock())
    await fill(store, fleet.state(), (*fleet.incidents, fleet.asked), fleet.notes())
    # A large fleet has fewer: its minutes would take longer to make than its pages.
    await store.put_minutes(list(fleet.minutes(every=1 if services <= 10 else 4)))
    said = {"incident": "api-7", "text": "Looking at it; the pool is at its limit."}
    await store.remark(*said.values(), "ann")
    noted = await store.submit("note", said, "ann")
    await store.answer(noted, ok=True, text="recorded as a note on api-7", exit_code=0)
    newest = max(fleet.incidents, key=lambda one: one.opened_at)
    for one in fleet.incidents:
        for item in [item for item in RUNBOOK if one is not newest or item.within_seconds != LONG_TERM]:
            await store.tick(one.id, item.id, "ann")
    await announce(store)
    await store.answer(await store.submit("resume", {}, "ann"), ok=True, text="RESUMED by ann", exit_code=0)
    async with town(fleet.policy(), fleet.state(), store=store) as one:
        at = address(one.client)
        yield [Place(name, at + path, name != "login") for name, path in FLEET_PAGES.items()]


async def announce(store: Store) -> None:
    """Post a problem and a maintenance on the public page."""
    problem = Draft("shop", "Some payments fail", ("web",))
    await store.announce(
        problem, Update(NOW - 300, "ann", Stage.IDENTIFIED, "Cards are refused. We are undoing our last update.")
    )
    plan = Draft("shop", "Database upgrade", (), NOW + 86400, NOW + 93600)
    await store.announce(plan, Update(NOW - 600, "bob", Stage.SCHEDULED, "Orders can be read, not placed."))


@asynccontextmanager
async def situations_town() -> AsyncIterator[list[Place]]:
    """Serve an incident in each situation, and the overview of them all."""
    known = situations.cases()
    store = await situations.stored(StoryClock(situations.NOW), known)
    async with town(situations.policy(known), situations.state(known), store=store, at=situations.NOW) as one:
        at = address(one.client)
        incidents = [Place(case.name, f"{at}/incidents/{case.incident.id}") for case in known]
        yield [Place("overview-crowded", f"{at}/"), *incidents]


@asynccontextmanager
async def outage_town() -> AsyncIterator[PublicTown]:
    """Serve the public page during an outage, with two of before."""
    outage = ago(x.incident(decision=x.decision(share=1.0)), 600, None, id="web-9")
    policy, state = calm(web=opened(outage))
    past = [ago(x.incident(), 3600.0 * back, took, id=f"web-{back}") for back, took in ((30, 2400), (200, 600))]
    minutes = [*hours("web", 60, bad={30: 240, 200: 60}), *hours("api", 20)]
    async with public_town(policy, state, incidents=[outage, *past], minutes=minutes) as one:
        yield one


@asynccontextmanager
async def public_pages() -> AsyncIterator[list[Place]]:
    """Serve the public page during an outage, with announcements."""
    async with outage_town() as one:
        await announce(one.store)
        await one.whole_page()
        yield [Place("public-outage", f"{address(one.client)}/status/shop", False)]


@asynccontextmanager
async def looking(browser: Any, url: str, scheme: str, size: str, *, inside: bool) -> AsyncIterator[Any]:
    """Open a window of that size and colour scheme, logged in if `inside`; yield its page."""
    async with look(browser, url.partition("/status")[0], scheme, size, reduced_motion="reduce") as context:
        page = await context.new_page()
        if inside:
            await log_in(page, TOKEN, "ann")
        yield page


async def settled(page: Any, url: str) -> None:
    """Go to a page, and again until it shows all that it is still reading from the past."""
    for _ in range(60):
        await page.goto(url)
        if not await page.locator("[data-soon]").count():
            return
        await asyncio.sleep(KEPT_SECONDS)


async def picture(page: Any, file: Path, width: int, tall_max: int) -> None:
    tall = await page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(tall, tall_max)}
    await page.screenshot(path=file, clip=clip, full_page=True)


async def looked_at(page: Any, place: Place, file: Path, complaints: Complaints, axe: Path | None) -> Seen:
    """Take a picture of a page, and return what is wrong with it."""
    complaints.heard.clear()
    await settled(page, place.url)
    weight, server_ms = await page.evaluate(MEASURED)
    await picture(page, file, page.viewport_size["width"], TALL_MAX)
    wider = await overflow(page)
    found = [one for one in complaints.heard if not (place.expected == 404 and "404" in one)]
    found += await violations(page)
    found += await accessibility(page, axe)
    found += [f"{wider} px too wide"] if wider > 0 else []
    # The handbook's tables are the same on a terminal and on paper: they may scroll within their place.
    found += [f"columns off screen: {one}" for one in await hidden_columns(page) if not place.name.startswith("help")]
    found += [f"{weight / 1024:.0f} KiB"] if weight > WEIGHT_MAX_BYTES else []
    return Seen(file.stem, weight, server_ms, tuple(found))


async def gallery(folder: Path, *, axe: Path | None = None, services: int = 10, only: str = "") -> list[Seen]:
    """Look at every page whose name has `only` in it, in every look."""
    folder.mkdir(parents=True, exist_ok=True)
    seen = list[Seen]()
    async with AsyncExitStack() as stack:
        towns = [
            await stack.enter_async_context(one) for one in (fleet_town(services), situations_town(), public_pages())
        ]
        browser = await stack.enter_async_context(browsing())
        for scheme, size in LOOKS:
            for inside, wanted in _visits(towns, only):
                async with looking(browser, wanted[0].url, scheme, size, inside=inside) as page:
                    complaints = Complaints()
                    complaints.listen(page)
                    for place in wanted:
                        file = folder / f"{place.name}-{scheme}-{size}.png"
                        seen.append(await looked_at(page, place, file, complaints, axe))
    return seen


def _visits(towns: Sequence[list[Place]], only: str) -> list[tuple[bool, list[Place]]]:
    """Return the pages by town and by whether one must log in for them."""
    groups = [
        (inside, [one for one in places if one.inside is inside and only in one.name])
        for places in towns
        for inside in (False, True)
    ]
    return [(inside, places) for inside, places in groups if places]


def main() -> None:
    """Read the arguments, look at all, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="OUT", type=Path)
    parser.add_argument("--axe", type=Path, metavar="FILE", help="axe.min.js of another release (npm: axe-core)")
    parser.add_argument("--services", type=int, default=10, help="services of the fleet (10)")
    parser.add_argument("--only", default="", metavar="WORD", help="only pages with this word in their name")
    given = parser.parse_args()
    logs.configure(level="ERROR", stream=sys.stderr)
    seen = asyncio.run(gallery(given.folder, axe=given.axe, services=given.services, only=given.only))
    for one in seen:
        print(f"{one.name:<45} {one.weight_bytes / 1024:6.0f} KiB  server {one.server_ms:5.0f} ms")
        for finding in one.findings:
            print(f"    {finding}")
    sys.exit(1 if any(one.findings for one in seen) else 0)


if __name__ == "__main__":
    main()

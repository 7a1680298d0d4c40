"""How heavy the console is with hundreds of services: `python -m tests.browser.bench [--services 300] [--days 90]`.

It fills a SQLite store, serves it by the real server, and prints for each page its weight (also with its scripts and
styles), the server's time (median and worst of some requests; also of the looks before, while the past is still being
read) and the browser's first paint. Nothing is asserted: the machine decides. `--hours` of minutes are kept for
`--signals` of each service (48 and 3 in life).
"""

import argparse
import asyncio
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.browser.chromium import browsing, log_in
from tests.browser.fleet import Fleet
from tests.console.scene import TOKEN, StoryClock, fill, town
from watchdog.adapters.stores import build_store
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.gc_tuning import tune_interpreter
from watchdog.domain.store_records import Minute
from watchdog.ports import Store

PAGES = ("/", "/services/web", "/incidents/api-7", "/incidents", "/history", "/stats", "/audit", "/settings")
JSON = ("/api/v1/services", "/api/v1/stats")
PAINTED = "performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)"
BATCH = 5000


async def filled(store: Store, fleet: Fleet, hours: float, signals: int) -> int:
    """Write the fleet's past down; return how many rows of minutes there are."""
    await fill(store, fleet.state(), (*fleet.incidents, fleet.asked), fleet.notes())
    batch: list[Minute] = []
    number = 0
    for row in fleet.minutes(hours, signals):
        batch.append(row)
        number += 1
        if len(batch) == BATCH:
            await store.put_minutes(batch)
            batch.clear()
    await store.put_minutes(batch)
    return number


async def weigh(client: Any, path: str, times: int) -> str:
    """Return the weight of a page, and its time: also of the looks before, while what it shows is still being read."""
    first, took, size, text = list[float](), list[float](), 0, ""
    while not first or "data-soon" in text:
        begin = time.perf_counter()
        text = (await client.get(path)).text
        first.append(1000 * (time.perf_counter() - begin))
        await asyncio.sleep(1.1)  # the overview is kept for a second
    for _ in range(times):
        begin = time.perf_counter()
        answer = await client.get(path)
        took.append(1000 * (time.perf_counter() - begin))
        size = len(answer.content)
        assert answer.status_code == 200, path
        await asyncio.sleep(1.1)
    files = {name: await client.get(name) for name in set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text))}
    whole = (size + sum(len(one.content) for one in files.values())) / 1024
    usual = f"server {statistics.median(took):6.0f} ms (worst {max(took):.0f})"
    before = f"{len(first)} before: {statistics.median(first):.0f} ms (worst {max(first):.0f})"
    return f"{path:<18} {size / 1024:7.1f} KiB ({whole:.0f} with files)   {usual}   {before}"


async def first_paint(page: Any) -> float:
    """Return when the page that is open was first painted (milliseconds since it was asked for)."""
    while not (found := await page.evaluate(PAINTED)):
        await asyncio.sleep(0.05)
    at: float = found[0]
    return at


async def measure(given: argparse.Namespace) -> None:
    fleet = Fleet(given.services, given.days)
    kept_short = asyncio.create_task(tune_interpreter(SystemClock()))  # as the daemon does
    with tempfile.TemporaryDirectory() as folder:
        store = build_store(f"sqlite:///{Path(folder) / 'watchdog.db'}", StoryClock())
        rows = await filled(store, fleet, given.hours, given.signals)
        print(f"{given.services} services, {given.days} days, {len(fleet.incidents) + 1} incidents, {rows} minutes")
        async with town(fleet.policy(), fleet.state(), store=store) as one, browsing() as browser:
            await one.login()
            lines = [await weigh(one.client, path, given.times) for path in (*PAGES, *JSON)]
            context = await browser.new_context(base_url=f"http://127.0.0.1:{one.port}")
            page = await context.new_page()
            await log_in(page, TOKEN)
            for line, path in zip(lines, (*PAGES, *JSON), strict=True):
                paints = []
                for _ in range(given.times if path in PAGES else 0):
                    await page.goto(path, wait_until="load")
                    paints.append(await first_paint(page))
                print(line + (f"   first paint {statistics.median(paints):5.0f} ms" if paints else ""))
            await context.close()
    kept_short.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("services", 300), ("days", 90), ("hours", 24), ("signals", 3), ("times", 5)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()

"""How late probes begin while people look at the console: `python -m tests.browser.lateness [--pairs 5]`.

A real daemon watches so many services (one probe each, every ten seconds) with 90 days of history in its SQLite store,
each process on its own: the daemon, the site it probes, three browsers. They are open for half of the time, on the
overview, a service and an incident, each keeping itself up to date; the order within a pair alternates. Printed: the
99th percentile of the lateness of probes with and without them, from the daemon's own histogram (interpolated in its
buckets), for each pair, and the medians. Nothing is asserted: the machine decides.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks.hostile_http import BUCKETS, quantile
from tests.benchmarks.instructions import site
from tests.browser.chromium import browsing, log_in
from tests.browser.fleet import NOW, Fleet
from tests.browser.situations import throughout
from tests.console.scene import TOKEN, fill
from tests.support.daemon_processes import Cloud, Daemon
from watchdog.adapters.stores import build_store
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.incidents import State

LOOKED_AT = ("/", "/services/docs", "/incidents/api-100")
SETTLE_SECONDS = 15.0
AN_EPOCH = 1e9
"""What is larger is a moment, and moves with the story."""


def moved(value: Any, by: float) -> Any:
    """Return the story as if it had happened so many seconds later."""
    return throughout(value, lambda one: one + by if isinstance(one, float) and one > AN_EPOCH else one)


async def remember(folder: Path, fleet: Fleet, hours: float, signals: int) -> None:
    """Write the fleet's past into the store that the daemon will open, so that it ends now."""
    store = build_store(f"sqlite:///{folder / 'watchdog.db'}", SystemClock())
    by = time.time() - NOW
    await fill(store, State(), tuple(moved(one, by) for one in fleet.incidents))
    await store.put_minutes([moved(row, by) for row in fleet.minutes(hours, signals)])
    await store.release()
    await store.close()


def configured(folder: Path, fleet: Fleet, site: str) -> None:
    """Write the daemon's configuration: it only watches."""
    services = [f"  {name}: {{signals: {{home: {{http: {site}/{name}}}}}}}" for name in fleet.names]
    lines = ["version: 1", "services:", *services, f"control: ['{site}/control']", "vendor_status: []"]
    lines += ["metrics: {listen: '127.0.0.1:0'}", "console: {enabled: true}", "record: {enabled: false}"]
    (folder / "watchdog.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def daemon_in(folder: Path) -> Iterator[Daemon]:
    """Run the daemon that is configured there, until it is ready."""
    daemon = Daemon(Cloud({}, folder, folder / "sandbox.jsonl"), {"WATCHDOG_CONSOLE_TOKEN": TOKEN})
    try:
        daemon.start(cold=True).until(daemon.ready)
        yield daemon
    finally:
        daemon.end()


def buckets(daemon: Daemon) -> dict[float, float]:
    """Return how many probes began no later than so many seconds, since the daemon began."""
    families = text_string_to_metric_families(daemon.get("/metrics").text)
    samples = [one for family in families for one in family.samples if one.name == BUCKETS]
    return {float(one.labels["le"]): one.value for one in samples}


async def looked_on(daemon: Daemon, seconds: float) -> float:
    """Return the 99th percentile (milliseconds) over so long."""
    await asyncio.sleep(SETTLE_SECONDS)
    before = buckets(daemon)
    await asyncio.sleep(seconds)
    return quantile({limit: count - before[limit] for limit, count in buckets(daemon).items()}, 0.99)


async def with_people(daemon: Daemon, seconds: float) -> float:
    """Return the same while three browsers are open, each with a page that keeps itself up to date."""
    async with AsyncExitStack() as stack:
        for path in LOOKED_AT:
            browser = await stack.enter_async_context(browsing())
            page = await browser.new_page(base_url=f"http://127.0.0.1:{daemon.port}")
            await log_in(page, TOKEN)
            await page.goto(path)
        return await looked_on(daemon, seconds)


async def pairs(daemon: Daemon, number: int, seconds: float) -> list[tuple[float, float]]:
    """Measure with and without, in turns."""
    found = []
    for turn in range(number):
        if turn % 2:
            people, nobody = await with_people(daemon, seconds), await looked_on(daemon, seconds)
        else:
            nobody, people = await looked_on(daemon, seconds), await with_people(daemon, seconds)
        ratio = people / nobody
        print(
            f"pair {turn + 1}: p99 {nobody:5.1f} ms alone, {people:5.1f} with three ({ratio:.2f} x)",
            flush=True,
        )
        found.append((nobody, people))
    return found


async def measure(given: argparse.Namespace) -> None:
    fleet = Fleet(given.services, given.days)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await remember(folder, fleet, given.hours, given.signals)
        with site() as probed:
            configured(folder, fleet, probed)
            with daemon_in(folder) as daemon:
                found = await pairs(daemon, given.pairs, given.seconds)
    nobody, people = (statistics.median(row[place] for row in found) for place in (0, 1))
    ratio = statistics.median(row[1] / row[0] for row in found)
    print(f"median of {len(found)}: p99 {nobody:.1f} ms, {people:.1f} ms with three browsers, {ratio:.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("services", 300), ("days", 90), ("hours", 24), ("signals", 1), ("pairs", 5), ("seconds", 60)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()

"""How late probes begin while people look at the console: `python -m tests.browser.lateness [--pairs 5]`.

A real daemon watches so many services (one probe each, every ten seconds) with 90 days of history in its SQLite store,
each process on its own: the daemon, the site it probes, three browsers. They are open for half of the time, on the
overview, a service and an incident, each keeping itself up to date; the order within a pair alternates. Printed: the
99th percentile of the lateness of probes with and without them, from the daemon's own histogram (interpolated in its
buckets), for each pair, and the medians. Nothing is asserted: the machine decides.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.browser.chromium import browsing, log_in
from tests.browser.fleet import NOW, Fleet
from tests.console.scene import TOKEN, fill
from watchdog.adapters.stores import build_store
from watchdog.app.sandbox_demo.sandbox_process import environment
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.incidents import State

LATENESS = "watchdog_probe_lateness_seconds"
LOOKED_AT = ("/", "/services/docs", "/incidents/api-100")
SETTLE_SECONDS = 15.0
AN_EPOCH = 1e9
"""What is larger is a moment, and moves with the story."""
SITE = """
import asyncio
async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\nconnection: close\\r\\n\\r\\nok")
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def moved(value: Any, by: float) -> Any:
    """Return the story as if it had happened so many seconds later."""
    if isinstance(value, float):
        return value + by if value > AN_EPOCH else value
    if isinstance(value, tuple):
        return tuple(moved(one, by) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: moved(getattr(value, one.name), by) for one in fields(value)})
    return value


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


@asynccontextmanager
async def running(*command: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    variables = {**environment(), "WATCHDOG_CONSOLE_TOKEN": TOKEN, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    with (folder / "stderr.txt").open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=folder, env=variables, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
        try:
            yield process
        finally:
            process.terminate()
            await process.wait()


async def port_of(daemon: asyncio.subprocess.Process, folder: Path) -> int:
    """Return where the daemon listens, and read on what it prints for ever."""
    assert daemon.stdout is not None
    async for line in daemon.stdout:
        said = json.loads(line) if line.startswith(b"{") else {}
        if said.get("event") == "listening":
            asyncio.get_running_loop().create_task(drained(daemon.stdout))
            return int(said["port"])
    raise SystemExit(f"the daemon ended before it listened:\n{(folder / 'stderr.txt').read_text()[-2000:]}")


async def drained(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


async def buckets(client: httpx.AsyncClient) -> dict[float, float]:
    """Return how many probes began no later than so many seconds, since the daemon began."""
    families = text_string_to_metric_families((await client.get("/metrics")).text)
    samples = [one for family in families for one in family.samples if one.name == f"{LATENESS}_bucket"]
    return {float(one.labels["le"]): one.value for one in samples}


def quantile(before: dict[float, float], after: dict[float, float], share: float) -> tuple[float, int]:
    """Return the quantile between two looks (seconds, linear within its bucket), and of how many probes."""
    counts = [(limit, after[limit] - before[limit]) for limit in sorted(after)]
    wanted, below, beneath = share * counts[-1][1], 0.0, 0.0
    for limit, count in counts:
        if count >= wanted:
            width = 0.0 if limit == float("inf") else limit - below
            inside = (wanted - beneath) / (count - beneath) if count > beneath else 1.0
            return below + width * inside, int(counts[-1][1])
        below, beneath = limit, count
    raise AssertionError("no probe began")


async def looked_on(client: httpx.AsyncClient, seconds: float) -> float:
    """Return the 99th percentile (seconds) over so long."""
    await asyncio.sleep(SETTLE_SECONDS)
    before = await buckets(client)
    await asyncio.sleep(seconds)
    return quantile(before, await buckets(client), 0.99)[0]


async def with_people(client: httpx.AsyncClient, seconds: float) -> float:
    """Return the same while three browsers are open, each with a page that keeps itself up to date."""
    async with AsyncExitStack() as stack:
        for path in LOOKED_AT:
            browser = await stack.enter_async_context(browsing())
            page = await browser.new_page(base_url=str(client.base_url))
            await log_in(page, TOKEN)
            await page.goto(path)
        return await looked_on(client, seconds)


async def pairs(client: httpx.AsyncClient, number: int, seconds: float) -> list[tuple[float, float]]:
    """Measure with and without, in turns."""
    found = []
    for turn in range(number):
        if turn % 2:
            people, nobody = await with_people(client, seconds), await looked_on(client, seconds)
        else:
            nobody, people = await looked_on(client, seconds), await with_people(client, seconds)
        ratio = people / nobody
        print(
            f"pair {turn + 1}: p99 {1000 * nobody:5.1f} ms alone, {1000 * people:5.1f} with three ({ratio:.2f} x)",
            flush=True,
        )
        found.append((nobody, people))
    return found


async def measure(given: argparse.Namespace) -> None:
    fleet = Fleet(given.services, given.days)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await remember(folder, fleet, given.hours, given.signals)
        async with running("-c", SITE, folder=folder) as site:
            assert site.stdout is not None
            configured(folder, fleet, f"http://127.0.0.1:{int(await site.stdout.readline())}")
            async with running("-m", "watchdog", "run", folder=folder) as daemon:
                url = f"http://127.0.0.1:{await port_of(daemon, folder)}"
                async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20.0) as client:
                    found = await pairs(client, given.pairs, given.seconds)
    nobody, people = (statistics.median(row[place] for row in found) for place in (0, 1))
    ratio = statistics.median(row[1] / row[0] for row in found)
    print(
        f"median of {len(found)}: p99 {1000 * nobody:.1f} ms, {1000 * people:.1f} ms with three browsers, {ratio:.2f} x"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("services", 300), ("days", 90), ("hours", 24), ("signals", 1), ("pairs", 5), ("seconds", 60)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()

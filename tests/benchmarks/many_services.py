"""300 services on one Render key, with Render's limits on, of which 50 break at once by one bad commit.

`python -m tests.benchmarks.many_services [--services 300] [--failing 50] [--viewer] [--workers 1]` takes some eight
minutes.
Prints, as JSON: reads a minute while calm and while 50 fail, seconds from a site's first failure
to the request of its rollback (median, p95, longest), and how many rollbacks were requested with auto-deploy off.
`--viewer`: somebody opens the plan of one service after the other meanwhile, without a pause. `--workers 2`: two
on one store (PostgreSQL) and one key.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.beside import beside
from tests.support.daemon_processes import Cloud, Daemon, running_cloud, until
from tests.support.databases import DATABASES

COMMIT = "bad0" * 10
TOKEN = "a-token-of-the-benchmark-0123456789"
CALM_SECONDS = 150.0
DONE_SECONDS = 420.0
CONFIGURATION = """\
version: 1
services:
{services}
channels:
  slack: {{}}
store: "{store}"
metrics: {{listen: "127.0.0.1:0"}}
console: {{enabled: true}}
control: ["{control[0]}", "{control[1]}"]
endpoints: {{render: "{render}", slack: "{slack}"}}
"""
SERVICE = """\
  {name}:
    render: srv-{name}
    mode: autonomous
    signals: {{home: {{http: "{url}/", every: 10s}}, events: {{render_events: default}}}}
"""


def configure(cloud: Cloud, names: Sequence[str], store: str) -> None:
    """Write a configuration that guards all of them."""
    rows = "".join(SERVICE.format(name=name, url=cloud.urls["sites"][name]) for name in names)
    values = {**cloud.urls, "store": store, "services": rows.rstrip()}
    cloud.config.write_text(CONFIGURATION.format(**values), encoding="utf-8")


def listed(cloud: Cloud) -> set[str]:
    """Return the services whose deploys were listed."""
    return {one["path"] for one in cloud.requests("render", "GET") if one["path"].endswith("/deploys")}


def reads(cloud: Cloud, since: float, until_: float) -> dict[str, Any]:
    """Count what was read from Render in between."""
    gets = [one for one in cloud.requests("render", "GET") if since <= one["at"] < until_]
    minutes = Counter(int(one["at"] // 60) for one in gets)
    last = (one["path"].rsplit("/", 1)[-1] for one in gets)
    kinds = Counter("one service" if name.startswith("srv-") else name for name in last)
    return {
        "a_minute": round(60 * len(gets) / (until_ - since), 1),
        "most_in_a_clock_minute": max(minutes.values(), default=0),
        "kinds": dict(kinds),
    }


def look(daemon: Daemon, names: Sequence[str], end: threading.Event) -> None:
    """Ask for one plan after the other until the end."""
    with httpx.Client(trust_env=False, headers={"authorization": f"Bearer {TOKEN}"}, timeout=30.0) as client:
        for name in cycle(names):
            if end.is_set():
                return
            client.get(f"http://127.0.0.1:{daemon.port}/api/v1/services/{name}/plan")


def play(folder: Path, services: int, failing: int, workers: int, viewer: bool) -> dict[str, Any]:
    """Run it once."""
    with (
        running_cloud(folder, quirks=True, rollback_seconds=5.0, more_services=services) as cloud,
        DATABASES["postgresql" if workers > 1 else "sqlite"]() as databases,
        databases(cloud.folder) as record,
    ):
        names = [f"s{number:02}" for number in range(1, services + 1)]
        configure(cloud, names, record.url)
        token = {"WATCHDOG_CONSOLE_TOKEN": TOKEN}
        daemons = [Daemon(cloud, token, name=f"worker{number}").start().until_watching() for number in range(workers)]
        until(lambda: len(listed(cloud)) == services)
        with beside(partial(look, daemons[0], names)) if viewer else nullcontext():
            calm_at = time.time()
            time.sleep(CALM_SECONDS)
            bad = names[:failing]
            broke_at = time.time()
            for name in bad:
                cloud.bad_deploy(service=name, commit=COMMIT)
            wait_for(cloud, bad)
            done_at = time.time()
        result = {
            "services": services,
            "failing": failing,
            "workers": workers,
            "viewer": viewer,
            "calm": reads(cloud, calm_at, broke_at),
            "failing_reads": reads(cloud, broke_at, done_at),
            **rollbacks(cloud, bad),
        }
        for daemon in daemons:
            daemon.kill()
        return result


def wait_for(cloud: Cloud, bad: Sequence[str]) -> None:
    """Wait until a rollback of each was asked for, or long enough."""
    give_up = time.monotonic() + DONE_SECONDS
    while time.monotonic() < give_up and len(asked_at(cloud)) < len(bad):
        time.sleep(2.0)


def asked_at(cloud: Cloud) -> dict[str, float]:
    """Return when the first rollback of each service was sent."""
    found: dict[str, float] = {}
    for one in cloud.requests("render", "POST"):
        if one["path"].endswith("/rollback"):
            found.setdefault(one["path"].split("/")[-2], one["at"])
    return found


def rollbacks(cloud: Cloud, bad: Sequence[str]) -> dict[str, Any]:
    """Return how long they took, and whether auto-deploy was off."""
    onset: dict[str, float] = {}
    for at, service, _, status in cloud.hits():
        if status >= 500:
            onset.setdefault(service, at)
    pinned = {one["path"].split("/")[-1]: one["at"] for one in cloud.requests("render", "PATCH")}
    sent = asked_at(cloud)
    took = sorted(sent[f"srv-{name}"] - onset[name] for name in bad if f"srv-{name}" in sent)
    return {
        "rolled_back": len(took),
        "pinned": sum(pinned.get(service, float("inf")) < at for service, at in sent.items()),
        "seconds": {
            "median": round(statistics.median(took), 1),
            "p95": round(took[int(0.95 * (len(took) - 1))], 1),
            "longest": round(took[-1], 1),
        }
        if took
        else None,
    }


def main() -> None:
    """Print what came of it."""
    words = argparse.ArgumentParser(prog="python -m tests.benchmarks.many_services", description=__doc__)
    words.add_argument("--services", type=int, default=300)
    words.add_argument("--failing", type=int, default=50)
    words.add_argument("--workers", type=int, default=1)
    words.add_argument("--viewer", action="store_true")
    wanted = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(play(Path(folder), wanted.services, wanted.failing, wanted.workers, wanted.viewer), indent=2))


if __name__ == "__main__":
    main()

"""Real minutes of a real daemon: are its file descriptors, memory and tasks flat?

    python -m tests.faults.soak [--minutes 15] [--services 20]

Looks from the outside (/proc and /metrics) every 10 s while services ship, fail, recover and are rolled back. Prints a
line a minute, then first, last, least and most of each, and a verdict; the exit code is 1 if anything grows.
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.daemon_processes import Cloud, Daemon
from tests.support.many_services import EVERY_TEN, many

SAMPLE_SECONDS = 10.0
WARM_SHARE = 0.2
"""The share of the time after which all caches and pools are as full as they get."""
ALLOWED = {"descriptors": 2.0, "memory_mib": 5.0, "tasks": 2.0}
"""How much the calm middle of the last part may exceed that of the part after warming up."""
PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Series:
    """What was seen of one quantity."""

    values: list[float] = field(default_factory=list)

    def part(self, begin: float, end: float) -> float:
        """Return the middle value of a part of the time; short bursts (probes in hand) do not move it."""
        count = len(self.values)
        piece = sorted(self.values[int(begin * count) : max(int(end * count), int(begin * count) + 1)])
        return piece[len(piece) // 2]

    @property
    def growth(self) -> float:
        """Return by how much the last fifth exceeds the fifth after warming up."""
        return self.part(0.8, 1.0) - self.part(WARM_SHARE, WARM_SHARE + 0.2)


def look(daemon: Daemon) -> dict[str, float]:
    process = Path(f"/proc/{daemon.process.pid}")
    return {
        "descriptors": float(len(list((process / "fd").iterdir()))),
        "memory_mib": int((process / "statm").read_text().split()[1]) * PAGE_MIB,
        "tasks": daemon.metric("watchdog_tasks"),
    }


def stir(cloud: Cloud, minute: int) -> None:
    """Make something happen: one bad deploy early on, good ones, and every other minute a site that fails for one."""
    if minute == 1:
        cloud.bad_deploy(service="s01")
    if minute % 3 == 0:
        cloud.post("deploys", service=f"s{2 + minute // 3 % 8:02}", behaviour="good")
    if minute % 2 == 0:
        cloud.post("faults", target=f"s{2 + minute // 2 % 8:02}", kind="error", status=503)
    elif minute > 1:
        cloud.post("faults", target=f"s{2 + (minute - 1) // 2 % 8:02}", kind="good")


def soak(cloud: Cloud, daemon: Daemon, minutes: float) -> dict[str, Series]:
    seen = {name: Series() for name in ALLOWED}
    began, stirred = time.monotonic(), 0
    while time.monotonic() - began < minutes * 60:
        time.sleep(SAMPLE_SECONDS)
        now = look(daemon)
        for name, value in now.items():
            seen[name].values.append(value)
        minute = int((time.monotonic() - began) / 60)
        if minute > stirred:
            stirred = minute
            stir(cloud, minute)
            print(f"{minute:3} min  " + "  ".join(f"{name} {value:.1f}" for name, value in now.items()), flush=True)
    return seen


def report(seen: dict[str, Series]) -> list[str]:
    """Print every series; return what grows."""
    for name, series in seen.items():
        first, last, least, most = series.values[0], series.values[-1], min(series.values), max(series.values)
        print(
            f"{name:12} first {first:7.1f}  last {last:7.1f}  least {least:7.1f}  most {most:7.1f}"
            f"  growth {series.growth:+.1f} (at most {ALLOWED[name]:+.1f})"
        )
    return [name for name, series in seen.items() if series.growth > ALLOWED[name]]


def main() -> int:
    make = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__.splitlines()[0])
    make.add_argument("--minutes", type=float, default=15.0)
    make.add_argument("--services", type=int, default=20)
    options = make.parse_args()
    with tempfile.TemporaryDirectory() as folder, many(Path(folder), options.services, more=EVERY_TEN) as (cloud, _):
        daemon = Daemon(cloud)
        try:
            seen = soak(cloud, daemon.start().until_watching(), options.minutes)
            grows = report(seen)
            probes, incidents = len(cloud.hits()), daemon.rows("SELECT count(*) FROM incidents")
            rollbacks, pages = len(cloud.log("rollback_accepted")), len(cloud.pages())
            assert "Traceback" not in daemon.words(), daemon.words()[-3000:]
        finally:
            daemon.end()
    print(f"{probes} probes, {incidents[0][0]} incidents, {rollbacks} rollbacks, {pages} pages")
    print(f"grows: {', '.join(grows)}" if grows else "flat")
    return 1 if grows else 0


if __name__ == "__main__":
    sys.exit(main())

"""What hostile HTTP from 200 connections costs the probes: how late they begin, without it and during it.

`python -m tests.benchmarks.hostile_http [--seconds 60] [--services 50] [--addresses 1]`

The real daemon, console and metrics on, guards 50 sites of a sandbox, while `tests/support/hostile_clients.py` sends
all that it knows as fast as it is taken. The daemon runs on the last core, all else on the others. Prints a table:
probes, how late they began (p50, p99), void ones, lines of the log, and how soon /readyz answered to a third party.
Ends with 1 if the p99 is more than twice that of before, a probe is void, or the log has more than 100 lines.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks.beside import beside
from tests.support.child_processes import processor_seconds, put_first
from tests.support.daemon_processes import SHORT, Daemon, until
from tests.support.many_services import many

TOKEN = "a-token-of-the-benchmark-0123456789"
PACE = "pace: {idle: 1s, watch: 500ms, suspect: 500ms, suspect_in_watch: 200ms}"
EVERY_SECOND = re.sub("pace: .*", PACE, SHORT) + "console: {enabled: true}\n"
OURS = "127.0.2.1"
RATIO_MAX, LINES_MAX = 2.0, 100
BUCKETS = "watchdog_probe_lateness_seconds_bucket"
VOID = "watchdog_probes_void_total"


@dataclass(frozen=True)
class Counts:
    """What the daemon has counted by a moment: probes by how late they began (upper bound, so many), void ones."""

    late: Mapping[float, float]
    void: float
    lines: int
    cpu_seconds: float
    starved_seconds: float


@dataclass(frozen=True)
class Phase:
    """What happened between two moments."""

    probes: int
    p50_ms: float
    p99_ms: float
    void: int
    lines: int
    cpu: float
    starved: float
    """The share of the time that it wanted a processor and had none."""
    readyz_ms: float
    unanswered: int


def asked(port: int | None, path: str) -> str:
    """Ask from an address of our own, as a platform or Prometheus does; nothing if there is no answer."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address=OURS), trust_env=False, timeout=5.0) as client:
        try:
            return client.get(f"http://127.0.0.1:{port}{path}").text
        except httpx.HTTPError:
            return ""


def counted(daemon: Daemon) -> Counts:
    """Read its metrics, the length of its log, and what it has computed."""
    assert daemon.port is not None
    page = until(lambda: asked(daemon.port, "/metrics"))
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    late = {float(one.labels["le"]): one.value for one in samples if one.name == BUCKETS}
    starved = int(Path(f"/proc/{daemon.process.pid}/schedstat").read_text().split()[1]) / 1e9
    void = sum(one.value for one in samples if one.name == VOID)
    return Counts(late, void, len(daemon.words().split("\n")), processor_seconds(daemon.process.pid), starved)


def quantile(late: Mapping[float, float], share: float) -> float:
    """Return what so large a share of the probes began sooner than, in milliseconds, as Prometheus reckons it."""
    bounds = sorted(late)
    wanted = share * late[bounds[-1]]
    for lower, upper in pairwise([0.0, *bounds]):
        under = late.get(lower, 0.0)
        if late[upper] >= wanted:
            inside = (wanted - under) / (late[upper] - under) if late[upper] > under else 0.0
            return 1000 * (lower + inside * (min(upper, 60.0) - lower))
    return float("inf")


class Visitor:
    """Asks for /readyz four times a second, as a platform does, and keeps how long each answer took."""

    def __init__(self, port: int) -> None:
        self.took: list[float] = []
        self.unanswered = 0
        self._port = port

    def visit(self, end: threading.Event) -> None:
        """Visit until the end."""
        while not end.wait(0.25):
            began = time.monotonic()
            if asked(self._port, "/readyz"):
                self.took.append(time.monotonic() - began)
            else:
                self.unanswered += 1


def watched(daemon: Daemon, seconds: float) -> Phase:
    """Watch the daemon for so long."""
    assert daemon.port is not None
    visitor = Visitor(daemon.port)
    before = counted(daemon)
    with beside(visitor.visit):
        time.sleep(seconds)
    after = counted(daemon)
    late = {bound: value - before.late[bound] for bound, value in after.late.items()}
    took = sorted(visitor.took) or [float("inf")]
    return Phase(
        probes=int(late[float("inf")]),
        p50_ms=round(quantile(late, 0.5), 2),
        p99_ms=round(quantile(late, 0.99), 2),
        void=int(after.void - before.void),
        lines=after.lines - before.lines,
        cpu=round((after.cpu_seconds - before.cpu_seconds) / seconds, 2),
        starved=round((after.starved_seconds - before.starved_seconds) / seconds, 2),
        readyz_ms=round(1000 * took[len(took) // 2], 1),
        unanswered=visitor.unanswered,
    )


@contextmanager
def attacked(port: int, seconds: float, addresses: int) -> Iterator["subprocess.Popen[str]"]:
    """Attack the port from a process of its own."""
    words = [str(port), str(seconds), "--addresses", str(addresses)]
    command = [sys.executable, "-m", "tests.support.hostile_clients", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def bind(pid: int, cores: Sequence[int]) -> None:
    """Let every thread of a process run on these cores only, and before its neighbours there."""
    put_first(pid)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def measure(folder: Path, services: int, seconds: float, addresses: int) -> dict[str, Phase]:
    """Measure once: before, during, after."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:-1] or cores)
    with many(folder, services, more=EVERY_SECOND) as (cloud, _):
        daemon = Daemon(cloud, {"WATCHDOG_CONSOLE_TOKEN": TOKEN}).start().until_watching()
        try:
            bind(daemon.process.pid, cores[-1:])
            assert daemon.port is not None
            time.sleep(min(10.0, seconds))
            found = {"before": watched(daemon, seconds)}
            with attacked(daemon.port, seconds + 5, addresses) as process:
                time.sleep(2)
                put_first(process.pid)  # one that waits for a processor is none
                found["during"] = watched(daemon, seconds)
                print(process.communicate()[0].strip(), file=sys.stderr)
            time.sleep(2)
            found["after"] = watched(daemon, seconds)
            return found
        finally:
            daemon.end()


def table(found: Mapping[str, Phase]) -> Iterator[str]:
    """Yield the rows."""
    names = list(Phase.__dataclass_fields__)
    yield "".join(f"{name:>11}" for name in ("", *names))
    for when, phase in found.items():
        yield f"{when:>11}" + "".join(f"{getattr(phase, name):>11}" for name in names)


def broken(found: Mapping[str, Phase]) -> list[str]:
    """Return what does not hold."""
    before, during = found["before"], found["during"]
    ratio = during.p99_ms / before.p99_ms
    return [
        *([f"the p99 is {ratio:.1f} times that of before"] if ratio > RATIO_MAX else []),
        *([f"{during.void} probes were void"] if during.void else []),
        *([f"the log has {during.lines} lines"] if during.lines > LINES_MAX else []),
    ]


def main() -> int:
    """Print the table and what is broken."""
    words = argparse.ArgumentParser(prog="python -m tests.benchmarks.hostile_http", description=__doc__)
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--services", type=int, default=50)
    words.add_argument("--addresses", type=int, default=1)
    wanted = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), wanted.services, wanted.seconds, wanted.addresses)
    print("\n".join(table(found)))
    wrong = broken(found)
    print(json.dumps({"wrong": wrong, "load": os.getloadavg()}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

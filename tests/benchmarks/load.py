"""What one core carries: thousands of HTTPS targets against a local nginx, and what the daemon says of it.

`python -m tests.benchmarks.load [--targets N ...] [--seconds S] [--half] [--neighbour] [--hanging SHARE]`

The daemon runs on the last core, nginx on the first; `--half` freezes the daemon for 50 of each 100 ms, as a container
with half a core is, `--neighbour` runs a busy process on its core. For each number of targets it prints: judged reads a
second (and the share of those that were due), void ones, the longest lag of the loop, when people were told, what
/healthz said, and how long SIGTERM took. Needs nginx (Debian: nginx-light).
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks.beside import beside
from tests.support.child_processes import processor_seconds
from tests.support.daemon_processes import Cloud, Daemon
from tests.support.echoing_vendors import certificate
from tests.support.prometheus_server import free_fixed_port

EVERY_SECONDS = 10
SETTLING_SECONDS = 45.0
NORMAL_SECONDS = 60.0
TARGETS_OF_ONE = 10
"""A configuration holds at most 500 services."""
NGINX = """\
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log crit; worker_processes 1;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  server {{
    listen 127.0.0.1:{port} ssl backlog=8192;
    ssl_certificate {own}; ssl_certificate_key {own};
    location / {{ return 200 "ok"; }}
  }}
}}
"""
CONFIGURATION = """\
version: 1
services:
{services}
store: "sqlite:///{folder}/watchdog.db"
metrics: {{listen: "127.0.0.1:0"}}
control: ["https://127.0.0.1:{port}/control"]
"""


@contextmanager
def serving(folder: Path, core: int) -> Iterator[int]:
    """Run nginx with a certificate of a private CA (trusted.pem); return its port."""
    own, _ = certificate(folder)
    port = free_fixed_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, own=own, port=port))
    command = ["taskset", "-c", str(core), "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def hanging() -> Iterator[int]:
    """Listen, and never answer; return the port."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(16)
        yield int(door.getsockname()[1])


@contextmanager
def busy(core: int) -> Iterator[None]:
    """Run something that computes on that core."""
    process = subprocess.Popen(["taskset", "-c", str(core), sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def halve(pid: int, end: threading.Event) -> None:
    """Freeze a process for 50 of each 100 ms."""
    while not end.wait(0.05):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.05)
        os.kill(pid, signal.SIGCONT)


class Watched(Daemon):
    """A daemon under load, seen from outside, with no sandbox beside it."""

    def __init__(self, folder: Path, core: int) -> None:
        super().__init__(Cloud({}, folder, folder / "none"), {"SSL_CERT_FILE": str(folder / "trusted.pem")})
        run = ("-m", "watchdog", "run", "-c", str(self.cloud.config))
        self.start("taskset", "-c", str(core), sys.executable, *run, cold=True)
        self.until(lambda: self.said("watching"))
        self.watching_at = time.time()

    def counts(self) -> dict[str, float]:
        """Return the sums of what it counts."""
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(self.get("/metrics").text):
            for sample in family.samples:
                key = sample.name + (f"/{outcome}" if (outcome := sample.labels.get("outcome")) else "")
                found[key] = found.get(key, 0.0) + sample.value
        return found

    def seconds_until_normal(self) -> float | None:
        """Return how long it takes until /healthz says that all is well; None: longer than NORMAL_SECONDS."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < NORMAL_SECONDS:
            if self.get("/healthz").status_code == 200:
                return round(passed, 1)
            time.sleep(0.25)
        return None

    def terminated_seconds(self) -> float:
        """Send SIGTERM; return how long it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        return round(time.monotonic() - began, 1)


def measure(targets: int, seconds: float, *, half: bool, neighbour: bool, share_hanging: float) -> dict[str, Any]:
    """Run a daemon with so many targets for so long, after it has settled."""
    core = max(os.sched_getaffinity(0))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = stack.enter_context(serving(folder, min(os.sched_getaffinity(0))))
        hang = round(targets * share_hanging)
        ports = [stack.enter_context(hanging())] * hang + [port] * (targets - hang)
        configure(folder, ports)
        watched = Watched(folder, core)
        with ExitStack() as burden:
            if half:
                burden.enter_context(beside(partial(halve, watched.process.pid)))
            if neighbour:
                burden.enter_context(busy(core))
            time.sleep(SETTLING_SECONDS)
            pid = watched.process.pid
            before, computed, began = watched.counts(), processor_seconds(pid), time.monotonic()
            time.sleep(seconds)
            after, computed, lasted = watched.counts(), processor_seconds(pid) - computed, time.monotonic() - began
            health = watched.get("/healthz")
        normal = watched.seconds_until_normal() if half or neighbour else None
        ended = watched.terminated_seconds()
        told = [one for one in watched.said("notice") if one["incident"] == "capacity/probes"]
        told_at = time.mktime(time.strptime(told[0]["timestamp"][:19], "%Y-%m-%dT%H:%M:%S")) if told else None
    grown = {key: (value - before.get(key, 0.0)) / lasted for key, value in after.items()}
    good = grown.get("watchdog_probe_total/good", 0.0)
    return {
        "targets": targets,
        "judged_per_second": round(good, 1),
        "share_of_due": round(good / ((targets - hang) / EVERY_SECONDS), 3),
        "bad_per_second": round(grown.get("watchdog_probe_total/bad", 0.0), 1),
        "void_per_second": round(grown.get("watchdog_probes_void_total", 0.0), 2),
        "told_after_seconds": round(told_at - watched.watching_at, 1) if told_at else None,
        "healthz": [health.status_code, health.json()["reasons"]],
        "normal_after_seconds": normal,
        "sigterm_seconds": ended,
        "cpu": round(computed / lasted, 2),
        "cpu_ms_a_probe": round(1000 * computed / lasted / good, 2) if good else None,
    }


def configure(folder: Path, ports: list[int]) -> None:
    """Write a configuration of services with TARGETS_OF_ONE targets each."""
    rows = list[str]()
    for number, port in enumerate(ports):
        if number % TARGETS_OF_ONE == 0:
            rows += [f"  t{number}:", "    signals:"]
        rows.append(f'      h{number}: {{http: "https://127.0.0.1:{port}/"}}')  # every 10 s, unless said otherwise
    (folder / "watchdog.yaml").write_text(CONFIGURATION.format(services="\n".join(rows), folder=folder, port=ports[-1]))


def main() -> None:
    """Print a line of JSON for each number of targets."""
    words = argparse.ArgumentParser(prog="python -m tests.benchmarks.load", description=__doc__)
    words.add_argument("--targets", type=int, nargs="+", default=[1000, 2000, 3000, 5000])
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--half", action="store_true")
    words.add_argument("--neighbour", action="store_true")
    words.add_argument("--hanging", type=float, default=0.0)
    wanted = words.parse_args()
    if shutil.which("nginx") is None:
        sys.exit("nginx is missing: apt-get install nginx-light")
    os.environ["TZ"] = "UTC"
    time.tzset()
    for targets in wanted.targets:
        found = measure(
            targets, wanted.seconds, half=wanted.half, neighbour=wanted.neighbour, share_hanging=wanted.hanging
        )
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()

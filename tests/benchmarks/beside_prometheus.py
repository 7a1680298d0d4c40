"""CPU of a fresh HTTPS probe, everything included: this daemon, and Debian's Prometheus with its blackbox exporter.

`python -m tests.benchmarks.beside_prometheus [--targets N ...] [--seconds S] [--rounds R]`

Both probe the same targets of a local nginx every 10 s, verified, over a connection of its own each, one after the
other within a run: on the last core, nginx on the first. Prints a line of JSON for each number of targets, with the
ratio of each round and the machine's load. Needs nginx, prometheus and prometheus-blackbox-exporter.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.load import EVERY_SECONDS, SETTLING_SECONDS, measure, serving
from tests.support.child_processes import processor_seconds
from tests.support.prometheus_server import free_fixed_port

PROGRAMS = ("nginx", "prometheus", "prometheus-blackbox-exporter")
MODULES = """\
modules:
  https:
    prober: http
    timeout: 10s
    http: {{preferred_ip_protocol: ip4, tls_config: {{ca_file: {folder}/trusted.pem}}}}
"""
SCRAPES = """\
global: {{scrape_interval: {every}s, scrape_timeout: {every}s}}
scrape_configs:
  - job_name: probes
    metrics_path: /probe
    params: {{module: [https]}}
    static_configs: [{{targets: {targets}}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "127.0.0.1:{exporter}"}}
"""


@contextmanager
def running(core: int, *words: str) -> Iterator[int]:
    """Run a program on a core; return its process id."""
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def theirs(targets: int, seconds: float) -> dict[str, Any]:
    """Let Prometheus and the blackbox exporter probe so many targets for so long, after they have settled."""
    core, exporter, server = max(os.sched_getaffinity(0)), free_fixed_port(), free_fixed_port()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = stack.enter_context(serving(folder, min(os.sched_getaffinity(0))))
        names = [f"https://127.0.0.1:{port}/?{number}" for number in range(targets)]
        (folder / "blackbox.yml").write_text(MODULES.format(folder=folder))
        scrapes = SCRAPES.format(every=EVERY_SECONDS, targets=json.dumps(names), exporter=exporter)
        (folder / "prometheus.yml").write_text(scrapes)
        blackbox = (f"--config.file={folder}/blackbox.yml", f"--web.listen-address=127.0.0.1:{exporter}")
        prometheus = (
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{server}",
        )
        pids = [
            stack.enter_context(running(core, "prometheus-blackbox-exporter", *blackbox)),
            stack.enter_context(running(core, "prometheus", *prometheus)),
        ]
        time.sleep(SETTLING_SECONDS)
        before, began = sum(map(processor_seconds, pids)), time.monotonic()
        time.sleep(seconds)
        computed, lasted = sum(map(processor_seconds, pids)) - before, time.monotonic() - began
        probes = _asked(server, f"sum(count_over_time(probe_success[{round(seconds)}s])) / {round(seconds)}")
        good = _asked(server, "sum(probe_success)")
    return {
        "judged_per_second": round(probes, 1),
        "good_share": round(good / targets, 3),
        "cpu": round(computed / lasted, 2),
        "cpu_ms_a_probe": round(1000 * computed / lasted / probes, 2) if probes else None,
    }


def _asked(port: int, query: str) -> float:
    answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": query}, trust_env=False, timeout=30.0)
    found = answer.json()["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def compared(targets: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Measure both in turn, so many rounds."""
    ours, others = list[dict[str, Any]](), list[dict[str, Any]]()
    for _ in range(rounds):
        ours.append(measure(targets, seconds, half=False, neighbour=False, share_hanging=0.0))
        others.append(theirs(targets, seconds))
    both = [(one["cpu_ms_a_probe"], other["cpu_ms_a_probe"]) for one, other in zip(ours, others, strict=True)]
    ratios = [round(mine / other, 2) for mine, other in both if mine and other]
    median = statistics.median(ratios) if ratios else None
    return {
        "targets": targets,
        "ratio": median,
        "ratios": ratios,
        "ours": ours,
        "theirs": others,
        "load": os.getloadavg(),
    }


def main() -> None:
    """Print what was measured."""
    words = argparse.ArgumentParser(prog="python -m tests.benchmarks.beside_prometheus", description=__doc__)
    words.add_argument("--targets", type=int, nargs="+", default=[1000, 5000])
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--rounds", type=int, default=3)
    wanted = words.parse_args()
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        sys.exit(f"missing: {', '.join(missing)} (Debian: apt-get install nginx-light and the others by their names)")
    for targets in wanted.targets:
        print(json.dumps(compared(targets, wanted.seconds, wanted.rounds)), flush=True)


if __name__ == "__main__":
    main()

"""What one HTTPS probe over a fresh connection costs, in CPU of the prober: name, TCP, full TLS handshake, body.

`python -m tests.benchmarks.fresh_probe [--probes 2000] [--in-flight 16] [--rounds 3] [--beside CHECKOUT]`

The signal `http` as the daemon builds it probes a local nginx by its name, verified by a private authority; the
prober runs on the last core, nginx on the first. With `--beside` another checkout of this project is measured by the
same lines, in turn with this one, round by round: a ratio of one session. Prints a line of JSON. Needs nginx.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WARM = 100


async def probed(url: str, probes: int, in_flight: int) -> dict[str, Any]:
    """Probe so often; return milliseconds of CPU and of time a probe. Raises AssertionError if one is not good."""
    from watchdog.adapters.options import Context
    from watchdog.adapters.signals import http
    from watchdog.daemon.runtime.clock import SystemClock
    from watchdog.domain.readings import Good

    sources = [
        http.build(
            "home", http.HttpOptions.model_validate({"http": url, "timeout": "30s"}), Context(SystemClock(), {}, {})
        )
        for _ in range(in_flight)
    ]
    latencies: list[float] = []

    async def turn(source: Any, number: int) -> None:
        for _ in range(number):
            (sample,) = await source.read()
            assert isinstance(sample.reading, Good), sample
            latencies.append(sample.latency_seconds)

    async def all_of(number: int) -> None:
        await asyncio.gather(*(turn(source, number // in_flight) for source in sources))

    await all_of(WARM)
    latencies.clear()
    before, began = time.process_time(), time.perf_counter()
    await all_of(probes)
    spent, lasted, done = time.process_time() - before, time.perf_counter() - began, len(latencies)
    return {
        "cpu_ms": round(1000 * spent / done, 3),
        "wall_ms": round(1000 * lasted / done, 3),
        "latency_ms_p50": round(1000 * statistics.median(latencies), 2),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "probes": done,
    }


def measured(checkout: Path, url: str, trusted: Path, probes: int, in_flight: int) -> dict[str, Any]:
    """Measure one checkout in a process of its own, on the last core."""
    core = max(os.sched_getaffinity(0))
    words = ["taskset", "-c", str(core), sys.executable, __file__, "--inside", url]
    words += ["--probes", str(probes), "--in-flight", str(in_flight)]
    environment = {**os.environ, "PYTHONPATH": str(checkout), "SSL_CERT_FILE": str(trusted)}
    done = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return json.loads(done.stdout)


def compared(checkouts: dict[str, Path], wanted: argparse.Namespace) -> dict[str, Any]:
    """Measure each in turn, so many rounds."""
    from tests.benchmarks.load import serving

    found: dict[str, list[dict[str, Any]]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), min(os.sched_getaffinity(0))) as port:
        for _ in range(wanted.rounds):
            for name, checkout in checkouts.items():
                url, trusted = f"https://localhost:{port}/", Path(folder, "trusted.pem")
                found[name].append(measured(checkout, url, trusted, wanted.probes, wanted.in_flight))
    return {name: {key: [one[key] for one in rows] for key in rows[0]} for name, rows in found.items()}


def main() -> None:
    """Print what was measured."""
    words = argparse.ArgumentParser(prog="python -m tests.benchmarks.fresh_probe", description=__doc__)
    words.add_argument("--probes", type=int, default=2000)
    words.add_argument("--in-flight", type=int, default=16)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--beside", type=Path)
    words.add_argument("--inside", help=argparse.SUPPRESS)
    wanted = words.parse_args()
    if wanted.inside:
        print(json.dumps(asyncio.run(probed(wanted.inside, wanted.probes, wanted.in_flight))))
        return
    if shutil.which("nginx") is None:
        sys.exit("nginx is missing: apt-get install nginx-light")
    checkouts = {"here": ROOT, **({"beside": wanted.beside} if wanted.beside else {})}
    print(json.dumps({**compared(checkouts, wanted), "load": os.getloadavg()}))


if __name__ == "__main__":
    main()

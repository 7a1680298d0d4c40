"""A real Prometheus for tests (Debian package `prometheus`): scrapes what it is told to, and takes remote write."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS


class Prometheus:
    """A running Prometheus, seen through its API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.write_url = f"{self.url}/api/v1/write"

    async def get(self, path: str, **params: str) -> Any:
        """Return the `data` of an API answer, or None while there is none."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            try:
                answer = await client.get(self.url + path, params=params)
            except httpx.TransportError:
                return None
        return answer.json()["data"] if answer.status_code == 200 and path.startswith("/api/") else answer.status_code

    async def names(self, job: str) -> set[str]:
        return set(await self.get("/api/v1/label/__name__/values", **{"match[]": f'{{job="{job}"}}'}) or ())

    async def values(self, query: str) -> list[tuple[dict[str, str], float]]:
        data = await self.get("/api/v1/query", query=query)
        return [(row["metric"], float(row["value"][1])) for row in (data or {"result": []})["result"]]

    async def wait_for(self, question: Callable[[], Any]) -> Any:
        """Ask until the answer is true; TimeoutError after PATIENCE_SECONDS."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                answer = await question()
                if answer:
                    return answer
                await asyncio.sleep(0.1)


@asynccontextmanager
async def running_prometheus(folder: Path, scrape: Mapping[str, Sequence[str]]) -> AsyncIterator[Prometheus]:
    """Run Prometheus on loopback; `scrape` maps job to targets (host:port). Skips, saying why, where there is none."""
    command = program("prometheus")
    config = folder / "prometheus.yml"
    jobs = "".join(
        f"  - job_name: {job}\n    scrape_interval: 1s\n    static_configs: [{{targets: {list(targets)}}}]\n"
        for job, targets in scrape.items()
    )
    config.write_text(f"scrape_configs:\n{jobs}" if jobs else "{}\n")
    port = free_fixed_port()
    log = (folder / "prometheus.log").open("w")
    process = await asyncio.create_subprocess_exec(
        command,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        stdout=log,
        stderr=log,
    )
    prometheus = Prometheus(port)

    async def ready() -> bool:
        assert process.returncode is None, (folder / "prometheus.log").read_text()[-2000:]
        return bool(await prometheus.get("/-/ready") == 200)

    try:
        await prometheus.wait_for(ready)
        yield prometheus
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        log.close()


def free_fixed_port() -> int:
    """Return a free port below the ephemeral range, so that no outgoing connection takes it before it is used."""
    first_ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(min(20_000, first_ephemeral - 5_000), first_ephemeral), 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port below the ephemeral range")

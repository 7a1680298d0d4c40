"""Alertmanagers for tests: one that answers as its document says, and Debian's own (`prometheus-alertmanager`)."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.loopback import serve
from tests.support.prometheus_server import free_fixed_port
from tests.support.vendor_specs import SHELF, problems, spec
from watchdog.domain.units import parse_time

DOCUMENT = "alertmanager-v2-openapi.yaml"


class FakeAlertmanager:
    """Takes alerts as Alertmanager does: merged by their labels; checks each body by the vendor's document."""

    def __init__(self) -> None:
        self.url = ""
        self.alerts: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
        self.silences: list[dict[str, Any]] = []
        self.posts: list[list[dict[str, Any]]] = []
        self.queries: list[list[tuple[str, str]]] = []
        self.authorization: list[str | None] = []
        self.status = 200
        self.hangs = False
        self.peers = 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.authorization.append(request.headers.get("authorization"))
        if self.hangs:
            await asyncio.Event().wait()
        answer = JSONResponse(f"no: {request.headers.get('authorization')}", self.status)
        if self.status == 200:
            answer = await self._answer(request)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/api/v2")
        if request.method == "POST":
            body = await request.json()
            if SHELF.is_dir():
                assert problems(spec(DOCUMENT), {"$ref": "#/definitions/postableAlerts"}, body) == []
            self.posts.append(body)
            for alert in body:
                assert parse_time(alert["endsAt"]) >= parse_time(alert["startsAt"])
                self.alerts[tuple(sorted(alert["labels"].items()))] = alert
            return Response()
        self.queries.append(request.query_params.multi_items())
        if path == "/status":
            peers = [{"name": str(number), "address": "10.0.0.1:9094"} for number in range(self.peers)]
            return JSONResponse({"cluster": {"status": "ready", "peers": peers}, "versionInfo": {"version": "0.28.1"}})
        if path == "/silences":
            return JSONResponse(self.silences)
        found = [self._listed(alert) for alert in self.alerts.values() if self._is_asked_for(alert, request)]
        return JSONResponse([one for one in found if one is not None])

    def _listed(self, alert: Mapping[str, Any]) -> dict[str, Any]:
        labels = alert["labels"]
        by = [one["id"] for one in self.silences if all(labels.get(m["name"]) == m["value"] for m in one["matchers"])]
        return {**alert, "fingerprint": "f", "status": {"state": "suppressed" if by else "active", "silencedBy": by}}

    def _is_asked_for(self, alert: Mapping[str, Any], request: Request) -> bool:
        wanted = [re.fullmatch(r'(\w+)="(.*)"', one) for one in request.query_params.getlist("filter")]
        by_labels = all(one is not None and alert["labels"].get(one[1]) == one[2] for one in wanted)
        silenced = bool(self._listed(alert)["status"]["silencedBy"])
        return by_labels and (silenced or request.query_params.get("active") != "false")

    def open(self, at: float) -> list[dict[str, Any]]:
        """Return the alerts that have not ended at that moment."""
        return [one for one in self.alerts.values() if (parse_time(one["endsAt"]) or 0.0) > at]


@asynccontextmanager
async def fake_alertmanagers(count: int) -> AsyncIterator[list[FakeAlertmanager]]:
    """Serve so many."""
    made = [FakeAlertmanager() for _ in range(count)]
    async with AsyncExitStack() as stack:
        for fake in made:
            fake.url = await stack.enter_async_context(serve(fake))
        yield made


@asynccontextmanager
async def running_alertmanager(folder: Path, receiver: str) -> AsyncIterator[str]:
    """Run Debian's Alertmanager on loopback, which tells `receiver` of each alert; skip, saying why, without it."""
    command = program("prometheus-alertmanager")
    config, port = folder / "alertmanager.yml", free_fixed_port()
    config.write_text(
        "route: {receiver: people, group_by: ['...'], group_wait: 0s, group_interval: 100ms, repeat_interval: 1h}\n"
        f"receivers: [{{name: people, webhook_configs: [{{url: '{receiver}', send_resolved: true}}]}}]\n"
    )
    options = (
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with (folder / "alertmanager.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            command, f"--config.file={config}", *options, stdout=log, stderr=log
        )
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as client:
                while not await _ready(client, port):
                    assert process.returncode is None, (folder / "alertmanager.log").read_text()[-2000:]
                    await asyncio.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/-/ready")).status_code == 200
    except httpx.TransportError:
        return False

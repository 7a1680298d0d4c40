"""What every answer carries, and which requests are refused unread."""

import asyncio

import httpx
import pytest
from starlette.responses import Response
from structlog.testing import capture_logs

from tests.support.clocks import FakeClock
from watchdog.daemon.http.http_headers import HEADERS, URL_MAX_BYTES, SafeHeaders
from watchdog.daemon.http.http_hosts import Hosts
from watchdog.daemon.http.http_server import make_app
from watchdog.daemon.telemetry.exposition import Exposition
from watchdog.daemon.telemetry.metrics import Metrics


def asking(app: object = None) -> httpx.AsyncClient:
    app = app or make_app(Hosts("x"), Exposition(Metrics("9.9"), FakeClock()), tuple, tuple)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/nowhere"])
async def test_every_answer_is_inert_in_a_browser(path: str) -> None:
    async with asking() as client:
        answer = await client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert not {"server", "x-powered-by"} & set(answer.headers)


async def test_an_answer_may_bring_its_own() -> None:
    """A page of ours will need a policy of its own."""
    async with asking(
        SafeHeaders(Response("x", headers={"Content-Security-Policy": "default-src 'self'"}), Hosts("x"))
    ) as client:
        answer = await client.get("/")
    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert answer.headers["x-frame-options"] == "DENY"


async def test_case_60_strange_hosts_neither_fill_the_log_nor_use_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line a minute, with how many there were: a name that is missing in the configuration still comes up."""
    now = 1000.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    with capture_logs() as logs:
        async with asking() as client:
            for number in range(100):
                assert (await client.get("/metrics", headers={"host": f"h{number}.example"})).status_code == 421
            now += 60.0
            await client.get("/metrics", headers={"host": "metrics.acme.example"})
    assert [(one["host"], one["left_out"]) for one in logs] == [("h0.example", 0), ("metrics.acme.example", 99)]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
async def test_other_methods_are_refused(method: str) -> None:
    async with asking() as client:
        assert (await client.request(method, "/healthz")).status_code == 405


async def test_a_long_url_is_refused() -> None:
    async with asking() as client:
        assert (await client.get("/healthz?" + "x" * (URL_MAX_BYTES - len("/healthz")))).status_code == 200
        assert (await client.get("/healthz?" + "x" * URL_MAX_BYTES)).status_code == 414
        assert (await client.get("/" + "x" * URL_MAX_BYTES)).status_code == 414

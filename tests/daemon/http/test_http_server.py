"""The daemon's HTTP server, over real sockets on loopback."""

import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.support.clocks import eventually
from watchdog.daemon.http.http_hosts import Hosts
from watchdog.daemon.http.http_server import HttpServer, parse_listen
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.exposition import Exposition
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.errors import Permanent


@asynccontextmanager
async def serving(
    reasons: Sequence[str] = (), listen: str = "127.0.0.1:0", broken: bool = False
) -> AsyncIterator[tuple[httpx.AsyncClient, HttpServer, Supervisor]]:

    def health() -> Sequence[str]:
        if broken:
            raise KeyError("secret detail")
        return reasons

    pages = Exposition(Metrics("9.9"), SystemClock())
    supervisor = Supervisor(SystemClock(), lambda name, error: None)
    async with HttpServer(
        listen, pages, health, supervisor, ready=lambda: ["still opening"], degraded=lambda: ["no feed"]
    ) as server:
        host = "[::1]" if "::1" in listen else "127.0.0.1"
        async with httpx.AsyncClient(base_url=f"http://{host}:{server.port}", trust_env=False) as client:
            yield client, server, supervisor
    assert await supervisor.stop(5) == ()


async def test_metrics_in_both_formats() -> None:
    async with serving() as (client, _, _):
        classic = await client.get("/metrics")
        modern = await client.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
    assert classic.status_code == modern.status_code == 200 and classic.headers["content-type"].startswith("text/plain")
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert 'watchdog_build_info{version="9.9"} 1.0' in classic.text and "server" not in classic.headers


@pytest.mark.parametrize(
    ("reasons", "broken", "status", "said"),
    [
        ((), False, 200, []),
        (("the store does not answer",), False, 503, ["the store does not answer"]),
        (("half a \ud800, \u2028 and <b>",), False, 503, ["half a \ud800, \u2028 and <b>"]),
        ((), True, 503, ["the check itself failed: KeyError"]),
        (["x" * 1000] * 100, False, 503, ["x" * 300] * 20),
    ],
)
async def test_health_says_why_not(reasons: Sequence[str], broken: bool, status: int, said: list[str]) -> None:
    async with serving(reasons, broken=broken) as (client, _, _):
        answer = await client.get("/healthz")
        ready = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (status, {"ok": not said, "reasons": said})
    assert (ready.status_code, ready.json()) == (
        503,
        {"ok": False, "reasons": ["still opening"], "degraded": ["no feed"]},
    )


async def test_only_reading_and_only_these_paths() -> None:
    """A slash too many leads nowhere: a redirect would lead to whatever host the request names."""
    async with serving() as (client, _, _):
        for path in ("/", "/config", "/healthz/"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/metrics")).status_code == 405 and (await client.head("/healthz")).status_code == 200
        try:
            refused = (await client.get("/healthz", headers={"x": "y" * 100_000})).status_code
        except httpx.TransportError:
            refused = 400  # the server hung up while we were still sending
        assert refused == 400


async def test_case_61_a_page_of_another_name_reads_nothing() -> None:
    """DNS rebinding: its name leads to our address, and the browser calls that the same site."""
    async with serving() as (client, server, _):
        for path in ("/metrics", "/healthz/", "/nowhere"):
            answer = await client.get(path, headers={"host": f"evil.example:{server.port}"})
            assert answer.status_code == 421 and "metrics.hosts" in answer.text
        assert (await client.get("/metrics", headers={"host": "["})).status_code == 421
        assert (await client.get("/metrics", headers={"host": f"localhost:{server.port}"})).status_code == 200


async def test_health_is_told_by_whatever_name_a_platform_asks() -> None:
    """Render's health check names the host that it serves us under; it must not restart us for that."""
    async with serving() as (client, _, _):
        for host in ("watchdog-abc.onrender.com", "["):
            assert (await client.get("/healthz", headers={"host": host})).status_code == 200
            assert (await client.get("/readyz", headers={"host": host})).status_code == 503


LOOPBACK_ALONE, PRIVATE = Hosts("127.0.0.1", ["Watchdog.acme.example"]), Hosts("0.0.0.0", ["watchdog.acme.example"])


@pytest.mark.parametrize(
    ("given", "here", "private"),
    [
        *((one, True, True) for one in (b"localhost", b"LOCALHOST:9464", b"127.0.0.1:80", b"[::1]:9464", b"10.0.0.5")),
        *((one, True, True) for one in (b"watchdog.acme.example", b"WATCHDOG.acme.example.:443")),
        *((one, False, True) for one in (b"watchdog", b"prometheus-target:9464", b"host.docker.internal:9464")),
        *((one, False, True) for one in (b"w.monitoring.svc:9464", b"w.monitoring.svc.cluster.local.", b"W.LOCAL")),
        *((one, False, False) for one in (b"svc.evil.example", b"evil.local.example", b"evilsvc.example")),
        *((one, False, False) for one in (b"evil.example", b"localhost.evil.example", b"watchdog.acme.example.evil")),
        *(
            (one, False, False)
            for one in (b"", b":80", b"localhost:", b"a b", b"[::1", b"::1", b"127.0.0.1.evil.example")
        ),
        *(
            (one, False, False)
            for one in (
                b"localhost@evil.example",
                b"\xff",
                b"localhost:80:80",
                b"2130706433.example",
                b"[svc]",
                b"[:::]",
            )
        ),
    ],
)
def test_a_host_is_ours_or_not(given: bytes, here: bool, private: bool) -> None:
    """Addresses, this machine and what is configured; names of private networks where others can connect."""
    assert (LOOPBACK_ALONE.knows(given), PRIVATE.knows(given)) == (here, private)


async def test_signals_stay_the_daemons() -> None:
    """uvicorn installs no handler, and does not send the process a signal on its way out."""
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    async with serving() as (client, _, _):
        await client.get("/healthz")
        assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)] == before


async def test_a_busy_port_is_said_clearly_and_a_closed_server_gives_its_port_back() -> None:
    async with serving() as (client, server, _):
        await client.get("/healthz")
        with pytest.raises(Permanent, match=r"cannot listen on 127\.0\.0\.1"):
            async with serving(listen=f"127.0.0.1:{server.port}"):
                pass
    async with serving(listen=f"127.0.0.1:{server.port}") as (client, again, _):
        assert again.port == server.port and (await client.get("/healthz")).status_code == 200


async def test_it_comes_back_on_the_same_port_after_it_died() -> None:
    async with serving() as (client, server, supervisor):
        await client.get("/healthz")
        dead = server.running
        assert dead is not None
        dead.should_exit = True
        await eventually(lambda: "http-server" in supervisor.ailing())
        await eventually(lambda: "http-server" in supervisor.alive())
        await eventually(lambda: server.running not in (None, dead) and server.running.started)
        assert (await client.get("/healthz")).status_code == 200


async def test_ipv6_where_there_is_any() -> None:
    """`[::1]:0` works too."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 loopback here")
    async with serving(listen="[::1]:0") as (client, _, _):
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("listen", ["9090", ":9090", "localhost", "127.0.0.1:http", "127.0.0.1:70000", ""])
def test_a_wrong_address_says_what_to_write(listen: str) -> None:
    with pytest.raises(Permanent, match="host:port"):
        parse_listen(listen)

"""Case 40 over real sockets: the address that is connected to is the address that was judged."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.adapters.notifiers.letters import notice
from tests.adapters.signals.sites import (
    answering,
    client_tls,
    greeting,
    hang,
    hang_up,
    hanging_lookup,
    redirect,
    reset,
    resolving,
    routes,
    row,
    server_tls,
    site,
)
from tests.support.clocks import PATIENCE_SECONDS, FakeClock
from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.http_exchange import NoResponse, exchange
from watchdog.adapters.notifiers.webhook import WebhookOptions, build
from watchdog.adapters.options import Context
from watchdog.adapters.resolver import Resolver
from watchdog.adapters.signals.control import ControlTarget
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import Answer, ProbeTransport
from watchdog.adapters.signals.redirects import follow
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.adapters.ssrf_transport import AddressRefusedError, GuardedTransport
from watchdog.domain.errors import ConfigurationError, Temporary
from watchdog.domain.readings import FailureKind, Unknown

IN_DISGUISE = ("169.254.169.254", "[::ffff:10.0.0.1]", "0x7f.1", "2130706433")
"""Addresses that no user can mean, wherever they stand."""
LITERALS = (*IN_DISGUISE, "127.0.0.1", "localhost", "[::1]", "100.64.0.1")
"""The eight of the fault list."""


def answers(*turns: str) -> Resolver:
    """Return a resolver that gives one address after the other, the last one for ever: DNS rebinding."""
    left = list(turns)

    def lookup(*_: Any, **__: Any) -> list[Any]:
        return [row(left.pop(0) if len(left) > 1 else left[0])]

    return Resolver(lookup=lookup)


@contextmanager
def unvisited(address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Listen on a port of this machine; fails if a client has connected by the end."""
    with socket.socket() as sock:
        sock.bind((address, port))
        sock.listen(8)
        sock.setblocking(False)
        yield sock.getsockname()[1]
        with pytest.raises(BlockingIOError):
            sock.accept()


async def get(url: str, transport: GuardedTransport) -> httpx.Response:
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client, asyncio.timeout(PATIENCE_SECONDS):
        return await client.get(url)


@pytest.mark.parametrize("literal", LITERALS)
async def test_case_40_no_literal_is_reached_by_a_redirect(literal: str) -> None:
    """All eight: a site must not send our prober into the network we run in."""
    with unvisited() as port:
        async with site(redirect(f"http://{literal}:{port}/secret")) as base:
            url = httpx.URL(base.replace("127.0.0.1", "acme.example"))
            wire = ProbeTransport(resolver=_first_ours(), guard=AddressGuard(["acme.example"]))
            came = await follow(wire, url, Stopwatch(), max_body=1000, redirects=3)
        assert isinstance(came, Failure) and came.kind is FailureKind.REDIRECT and not came.ours
        assert "private network" in came.why or "link-local" in came.why


def _first_ours() -> Resolver:
    """Return a resolver that knows acme.example as loopback, and asks the system for every other name."""

    def lookup(host: str, *arguments: Any, **more: Any) -> list[Any]:
        return socket.getaddrinfo("127.0.0.1" if host == "acme.example" else host, *arguments, **more)

    return Resolver(lookup=lookup)


@pytest.mark.parametrize("literal", LITERALS)
async def test_case_40_no_literal_is_reached_by_a_dns_answer(literal: str) -> None:
    """A public name whose owner points it inside, for a probe and for a vendor's client."""
    with unvisited() as port:
        address = socket.getaddrinfo(literal.strip("[]"), port, type=socket.SOCK_STREAM)[0][4][0]
        resolver = answers(str(address))
        came = await ProbeTransport(resolver=resolver).get(
            httpx.URL(f"http://acme.example:{port}/"), Stopwatch(), max_body=9
        )
        assert isinstance(came, Failure) and came.ours and came.why.startswith("leads to the ")
        with pytest.raises(AddressRefusedError, match=r"^leads to the "):
            await get(f"http://acme.example:{port}/", GuardedTransport(resolver=resolver))


@pytest.mark.parametrize("literal", IN_DISGUISE)
async def test_case_40_an_address_in_disguise_names_nothing(literal: str) -> None:
    """Not even in the configuration: a user who means an address writes it plainly."""
    with unvisited() as port:
        with pytest.raises(AddressRefusedError):
            await get(f"http://{literal}:{port}/", GuardedTransport())
        if literal == "169.254.169.254":
            with pytest.raises(ValueError, match="never connect"):
                ControlTarget(f"http://{literal}:{port}/")
        else:
            reading = (await ControlTarget(f"http://{literal}:{port}/").read())[0].reading
            assert isinstance(reading, Unknown) and reading.why.startswith("leads to the private address")


class TakenForPublic(AddressGuard):
    """One address of this machine stands for a public one, which no test may connect to; all others are as ever."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def refusal(self, host: str, addresses: Sequence[str], *, redirected: bool = False) -> str:
        return super().refusal(host, [one for one in addresses if one != self._address], redirected=redirected)


async def test_case_40_dns_rebinding_changes_nothing() -> None:
    """The first answer is public, the next private: a name is resolved once, and the judged address is connected to."""
    guard = TakenForPublic("127.0.0.1")
    async with site(answering(b"public")) as base:
        with unvisited("127.0.0.2", int(base.rpartition(":")[2])) as port:
            url = httpx.URL(f"http://acme.example:{port}/")
            guarded = GuardedTransport(guard, resolver=answers("127.0.0.1", "127.0.0.2"))
            wire = ProbeTransport(resolver=answers("127.0.0.1", "127.0.0.2"), guard=guard)
            probed = await wire.get(url, Stopwatch(), max_body=99)
            assert isinstance(probed, Answer) and probed.body == b"public"
            assert (await get(str(url), guarded)).text == "public"
            again = await wire.get(url, Stopwatch(), max_body=99)
            assert isinstance(again, Failure) and again.why.startswith("leads to the private address 127.0.0.2")
            with pytest.raises(AddressRefusedError, match=r"private address 127\.0\.0\.2"):
                await get(str(url), GuardedTransport(guard, resolver=answers("127.0.0.2")))


async def test_case_40_a_redirect_stays_on_the_named_host_or_is_public() -> None:
    """Loopback that was named may redirect within itself, and nowhere else inside; and never back by a detour."""
    table = {
        "/": redirect("/home"),
        "/home": answering(b"home"),
        "/other": redirect("http://127.0.0.2:1/"),
        "/name": redirect("http://localhost:1/"),
    }
    refused = Failure(FailureKind.REDIRECT, "redirected into a private network: not followed")
    async with site(routes(table)) as base:

        async def go(path: str, wire: ProbeTransport) -> Answer | Failure:
            return await follow(wire, httpx.URL(base + path), Stopwatch(), max_body=99, redirects=3)

        home = await go("/", ProbeTransport())
        assert isinstance(home, Answer) and home.body == b"home"
        assert await go("/other", ProbeTransport()) == await go("/name", ProbeTransport()) == refused
        async with site(redirect(f"{base}/home"), address="127.0.0.2") as there:
            table["/detour"] = redirect(there.replace("127.0.0.2", "acme.example"))
            wire = ProbeTransport(resolver=answers("127.0.0.2"), guard=TakenForPublic("127.0.0.2"))
            assert await go("/detour", wire) == refused


async def test_case_40_what_was_named_passes() -> None:
    """A loopback server, by its address, by localhost, and by a listed name; Host keeps the name."""
    seen: list[str] = []
    async with site(answering(b"{}", seen=seen)) as base:
        port = base.rpartition(":")[2]
        resolver = answers("127.0.0.1")
        for host, guard in (("127.0.0.1", None), ("localhost", None), ("acme-api", AddressGuard(["acme-api"]))):
            url = f"http://{host}:{port}/"
            assert (await get(url, GuardedTransport(guard, resolver=resolver))).status_code == 200
            came = await ProbeTransport(resolver=resolver, guard=guard).get(httpx.URL(url), Stopwatch(), max_body=9)
            assert isinstance(came, Answer)
    assert [f"host: acme-api:{port}" in head.lower() for head in seen] == [False] * 4 + [True] * 2


async def test_case_40_tls_is_by_name_though_the_connection_is_by_address() -> None:
    """The certificate must be for the host of the URL, also when a second name shares the address."""
    guard = AddressGuard(["acme.example", "evil.example"])
    async with site(answering(), server_tls("acme.example")) as base:
        port = base.rpartition(":")[2]
        transport = GuardedTransport(guard, context=client_tls(), resolver=answers("127.0.0.1"))
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            assert (await client.get(f"https://acme.example:{port}/")).status_code == 200
            with pytest.raises(httpx.ConnectError):
                await client.get(f"https://evil.example:{port}/")


async def test_case_40_a_vendor_s_client_says_why_and_sends_nothing() -> None:
    """A read is temporary (it may have been a DNS mistake); a change certainly did not happen."""
    with unvisited() as port:
        transport = GuardedTransport(resolver=answers("127.0.0.1"))
        url = f"http://acme.example:{port}"
        api = ApiClient("Acme", url, headers={}, clock=FakeClock(), attempts=1, transport=transport)
        says = (
            r"^Acme leads to the private address 127\.0\.0\.1: if that is intended, list the host under private_hosts"
        )
        with pytest.raises(Temporary, match=says):
            await api.get("/x")
        with pytest.raises(Temporary, match=says + ": nothing was sent$"):
            await api.change("POST", "/x", None)
        await api.close()


async def test_case_40_a_webhook_goes_only_where_it_was_named(tmp_path: Path) -> None:
    """Its context carries the guard of the configuration; no other scheme, and no socket in the file system."""
    async with site(answering()) as base:
        for url, why in ((base, ""), (base.replace("127.0.0.1", "0x7f.1"), "leads to the private address")):
            context = Context(clock=FakeClock(), endpoints={}, secrets={"WATCHDOG_WEBHOOK_URL": url})
            channel = build(WebhookOptions(), context)
            if why:
                with pytest.raises(Temporary, match=why):
                    await channel.send(notice(), None)
            else:
                await channel.send(notice(), None)
            await channel.close()
    for url in (f"http+unix://{tmp_path}/s", f"unix:{tmp_path}/s", f"file://{tmp_path}/s"):
        with pytest.raises(ConfigurationError):
            build(WebhookOptions(), Context(clock=FakeClock(), endpoints={}, secrets={"WATCHDOG_WEBHOOK_URL": url}))


async def test_the_next_address_is_tried_when_one_cannot_be_reached() -> None:
    """Nothing was sent yet; the total of the connecting stays within its bound."""
    async with site(answering(b"there")) as base:
        url = base.replace("127.0.0.1", "acme.example")
        several = resolving("224.0.0.1", "127.0.0.2", "127.0.0.1")  # no route; refused; there
        transport = GuardedTransport(AddressGuard(["acme.example"]), resolver=several)
        assert (await get(url, transport)).text == "there"


LOST = {
    "closed": (hang_up, httpx.RemoteProtocolError),
    "reset": (reset, httpx.ReadError),
    "silent": (hang, httpx.ReadTimeout),
    "not HTTP": (greeting, httpx.RemoteProtocolError),
}


@pytest.mark.parametrize("how", LOST)
async def test_what_was_sent_goes_to_no_second_address_though_its_answer_is_lost(how: str, raw: Any) -> None:
    """A rollback whose answer was lost may have been done: a second one would undo the wrong deploy."""
    script, error = LOST[how]
    server = await raw(script)
    two = resolving("127.0.0.1", "::ffff:127.0.0.1")
    guarded = GuardedTransport(AddressGuard(["acme.example"]), resolver=two)
    timeout = httpx.Timeout(20, read=0.2)
    async with httpx.AsyncClient(transport=guarded, trust_env=False, timeout=timeout) as client:
        with pytest.raises(error):
            await client.post(server.url.replace("127.0.0.1", "acme.example") + "/rollback", content=b"{}")
    assert [request.split(b" ")[0] for request in server.requests] == [b"POST"]


@pytest.mark.parametrize("lookups_max", [0, 1])
async def test_a_name_without_an_answer_means_that_nothing_was_sent(lookups_max: int) -> None:
    """A change that could not be sent must not look like one whose answer was lost."""
    resolver = Resolver(lookups_max=lookups_max, lookup=lambda *_, **__: [])
    with pytest.raises(httpx.ConnectError):
        await get("http://acme.example/", GuardedTransport(resolver=resolver))


async def test_a_lookup_that_hangs_means_that_nothing_was_sent() -> None:
    """It counts as connecting, which has its own bound below the total."""
    with hanging_lookup() as lookup:
        transport = GuardedTransport(resolver=Resolver(lookup=lookup))
        async with httpx.AsyncClient(transport=transport, timeout=httpx.Timeout(5, connect=0.1)) as client:
            came = await exchange(
                client, "POST", "http://acme.example/", timeout_seconds=PATIENCE_SECONDS, max_body_bytes=1
            )
    assert came == NoResponse("could not be reached (ConnectTimeout)", sent=False)

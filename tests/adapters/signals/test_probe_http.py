"""One GET over real sockets: addresses, headers, sizes, compression, certificates."""

import asyncio
import errno
import gzip
import socket
import tracemalloc
import zlib
from typing import Any

import httpx
import pytest

from tests.adapters.signals.sites import (
    NOW,
    answering,
    flood,
    greeting,
    hang,
    hang_up,
    reset,
    resolving,
    row,
    server_tls,
    site,
    trusting_wire,
)
from tests.support.clocks import PATIENCE_SECONDS
from watchdog import __version__
from watchdog.adapters.resolver import Resolver, ResolverBusyError
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_failures import Failure, explain
from watchdog.adapters.signals.probe_http import Answer, ProbeTransport, in_turn, inflate
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.readings import FailureKind

MIB = 1024 * 1024
NAMED = AddressGuard(["acme.example", "evil.example"])


async def get(url: str, wire: ProbeTransport | None = None, max_body: int = MIB, **more: Any) -> Answer | Failure:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await (wire or ProbeTransport()).get(httpx.URL(url), Stopwatch(), max_body=max_body, **more)


async def test_the_connection_goes_to_the_address_and_the_name_stays_in_host() -> None:
    """So that consecutive probes can take turns among addresses, and the site still knows who is meant."""
    seen: list[str] = []
    async with site(answering(b"hello", seen=seen)) as base:
        port = base.rpartition(":")[2]
        came = await get(
            f"http://acme.example:{port}/a%20b?c=d#e", ProbeTransport(resolver=resolving("127.0.0.1"), guard=NAMED)
        )
    assert isinstance(came, Answer) and (came.status, came.body, came.address) == (200, b"hello", "127.0.0.1")
    lines = seen[0].lower().split("\r\n")
    assert lines[0] == "get /a%20b?c=d http/1.1" and f"host: acme.example:{port}" in lines
    assert "accept-encoding: identity" in lines and "connection: close" in lines
    assert any(line.startswith(f"user-agent: watchdog/{__version__}") for line in lines)
    assert not any(line.startswith("cookie") for line in lines)


async def test_an_address_we_have_no_route_to_is_passed_over() -> None:
    """A machine without IPv6 must not see an outage in every second probe."""
    unreachable = "224.0.0.1"  # TCP to a group: no route, on any machine
    async with site(answering()) as base:
        url = f"http://acme.example:{base.rpartition(':')[2]}/"
        came = await get(url, ProbeTransport(resolver=resolving(unreachable, "127.0.0.1"), guard=NAMED))
        none = await get(url, ProbeTransport(resolver=resolving(unreachable), guard=NAMED))
    assert isinstance(came, Answer) and came.address == "127.0.0.1"
    assert none == Failure(FailureKind.CONNECT, "network unreachable", no_route=True)
    here = explain(OSError(errno.EHOSTUNREACH, ""), "connect")
    assert here.no_route, "a router without a way out for IPv6"


def test_the_turn_is_over_all_addresses_however_the_name_server_orders_them() -> None:
    """Of nine IPv6 addresses without a route the first four would be all that is tried."""
    assert [in_turn(("b", "a") if turn % 2 else ("a", "b"), turn)[0] for turn in range(4)] == ["a", "b", "a", "b"]
    name = [f"2001:db8::{number}" for number in range(1, 10)] + ["192.0.2.1"]
    assert all("192.0.2.1" in in_turn(name, turn)[:2] for turn in range(10)) and in_turn((), 1) == []


async def test_one_version_of_ip_is_probed_and_a_name_without_it_fails() -> None:
    """Over IPv6's own loopback; a name with both addresses and one broken listener is good or bad as it is asked."""
    both = Resolver(lookup=lambda *_, **__: [row("127.0.0.1"), (socket.AF_INET6, *row("::1")[1:])])
    async with site(answering(), address="::1") as base:
        url = f"http://acme.example:{base.rpartition(':')[2]}/"
        for turn in range(4):
            came = await get(url, ProbeTransport(resolver=both, guard=NAMED, ip="6"), turn=turn)
            assert isinstance(came, Answer) and came.address == "::1"
            came = await get(url, ProbeTransport(resolver=both, guard=NAMED, ip="4"), turn=turn)
            assert came == Failure(FailureKind.CONNECT, "connection refused")
    lacking = await get(url, ProbeTransport(resolver=resolving("127.0.0.1"), guard=NAMED, ip="6"))
    assert lacking == Failure(FailureKind.DNS, "DNS: the name has no IPv6 address")


async def test_a_fresh_connection_each_time_survives_a_server_that_closes() -> None:
    """A kept connection would report the server's closing as an outage."""
    seen: list[str] = []
    wire = ProbeTransport()
    async with site(answering(b"hi", headers={"Connection": "keep-alive"}, seen=seen)) as base:
        for _ in range(5):
            assert isinstance(await get(base, wire), Answer)
    assert len(seen) == 5


HEADERS, TOO_MUCH = b"HTTP/1.1 200 OK\r\n", "headers larger than 100 KB"
NOT_HTTP = [
    (flood(HEADERS, b"X-Big: " + b"x" * 65536 + b"\r\n"), TOO_MUCH),
    (flood(HEADERS + b"X-Big: ", b"x" * 65536), TOO_MUCH),
    (greeting, "not valid HTTP"),
    (answering(b"plain", headers={"Content-Encoding": "gzip"}), "the body is not the gzip that the header says"),
    (hang_up, "connection closed without an answer"),
    (answering(b"half of it", headers={"Content-Length": "1000"}), "connection closed in the middle of the body"),
]


@pytest.mark.parametrize(("script", "why"), NOT_HTTP)
async def test_what_is_not_http_or_not_what_it_says_is_named_in_our_own_words(script: Any, why: str) -> None:
    """The bytes that the server chose do not stand in the reason; a browser would show an error, too."""
    async with site(script) as base:
        assert await get(base) == Failure(FailureKind.PROTOCOL, why)


async def test_case_32_a_header_of_five_megabytes_is_refused() -> None:
    tracemalloc.start()
    async with site(answering(headers={"X-Big": "x" * 5 * MIB})) as base:
        tracemalloc.reset_peak()
        came = await get(base)
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert came == Failure(FailureKind.PROTOCOL, "headers larger than 100 KB")
    assert peak < 30 * MIB  # the server's own copies are in here


async def test_a_connection_that_is_reset_is_a_failure() -> None:
    async with site(reset) as base:
        came = await get(base)
    assert isinstance(came, Failure) and came.kind in (FailureKind.CONNECT, FailureKind.PROTOCOL)


async def test_a_body_of_exactly_the_limit_is_whole_and_one_nobody_wants_is_not_read() -> None:
    async with site(answering(b"x" * 1000)) as base:
        whole, cut = await get(base, max_body=1000), await get(base, max_body=999)
    assert isinstance(whole, Answer) and not whole.too_large and len(whole.body) == 1000
    assert isinstance(cut, Answer) and cut.too_large and len(cut.body) == 999
    async with site(flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)) as base:
        came = await get(base, max_body=0)
    assert isinstance(came, Answer) and came.body == b"" and not came.too_large


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"hello", mtime=0)),
        ("x-gzip", gzip.compress(b"hello", mtime=0)),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello", wbits=-15)),
        ("identity", b"hello"),
    ],
)
async def test_what_comes_compressed_anyway_is_read(coding: str, packed: bytes) -> None:
    """Some servers ignore Accept-Encoding."""
    async with site(answering(packed, headers={"Content-Encoding": coding})) as base:
        came = await get(base)
    assert isinstance(came, Answer) and (came.body, came.coding) == (b"hello", "")


async def test_case_31_a_gzip_bomb_is_inflated_within_the_limit() -> None:
    """200 MB of zeros in 200 KB cost one limit of memory, not 200 MB."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(MIB)) for _ in range(200)) + packer.flush()
    assert len(bomb) < MIB
    async with site(answering(bomb, headers={"Content-Encoding": "gzip"})) as base:
        tracemalloc.start()
        came = await get(base, max_body=MIB)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert isinstance(came, Answer) and came.too_large and len(came.body) == MIB and peak < 20 * MIB


async def test_a_compression_we_cannot_undo_is_named_and_inflating_stops_past_its_limit() -> None:
    """The caller decides on its meaning."""
    async with site(answering(b"???", headers={"Content-Encoding": "br"})) as base:
        came = await get(base)
    assert isinstance(came, Answer) and (came.coding, came.body) == ("br", b"")
    assert inflate(gzip.compress(b"x" * 100), 100) == b"x" * 100
    assert len(inflate(gzip.compress(b"x" * 1000), 100)) == 101


@pytest.mark.parametrize(
    ("names", "ends_at", "why"),
    [
        (("127.0.0.1",), NOW.replace(year=2020), "TLS: certificate has expired"),
        (("other.example",), None, "TLS: the certificate is for another host name"),
    ],
)
async def test_a_certificate_that_a_browser_refuses_is_a_tls_failure(names: tuple, ends_at: Any, why: str) -> None:
    """A class of its own: no rollback renews a certificate."""
    async with site(answering(), server_tls(*names, ends_at=ends_at)) as base:
        assert await get(base, trusting_wire()) == Failure(FailureKind.TLS, why)


async def test_the_certificate_must_be_for_the_name_even_though_we_connect_to_an_address() -> None:
    """SNI and the check of the name use the URL's host."""
    async with site(answering(), server_tls("acme.example")) as base:
        port = base.rpartition(":")[2]
        wire = trusting_wire(resolver=resolving("127.0.0.1"), guard=NAMED)
        assert isinstance(await get(f"https://acme.example:{port}/", wire), Answer)
        came = await get(f"https://evil.example:{port}/", wire)
    assert came == Failure(FailureKind.TLS, "TLS: the certificate is for another host name")


async def test_an_authority_nobody_trusts_and_a_port_without_tls_are_tls_failures() -> None:
    async with site(answering(), server_tls()) as base:
        came = await get(base)
        assert isinstance(came, Failure) and came.kind is FailureKind.TLS and "issuer" in came.why
    async with site(greeting) as base:
        came = await get(base.replace("http:", "https:"), trusting_wire())
        assert isinstance(came, Failure) and came.kind is FailureKind.TLS and came.why.startswith("TLS: ")


NO_NAME, NO_ANSWER = "DNS: the name cannot be resolved", "DNS: the resolver has no answer for now"


@pytest.mark.parametrize(
    ("error", "why", "ours"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "DNS: the name does not resolve", False),
        (socket.gaierror(socket.EAI_AGAIN, "x"), NO_ANSWER, False),
        (socket.gaierror(socket.EAI_FAIL, "x"), NO_NAME, False),
        (UnicodeError("label too long"), NO_NAME, False),
        (ResolverBusyError(), "too many name lookups are pending", True),
        (None, "DNS: the name has no address", False),
    ],
)
async def test_a_name_that_does_not_resolve_is_a_dns_failure(error: Exception | None, why: str, ours: bool) -> None:
    """An empty answer is no answer; our own limit on lookups is ours, and says nothing about the site."""

    def failing(*_: Any, **__: Any) -> list[Any]:
        if error:
            raise error
        return []

    came = await get("http://acme.example/", ProbeTransport(resolver=Resolver(lookup=failing)))
    assert came == Failure(FailureKind.DNS, why, ours=ours)


async def test_phases_are_measured_where_they_were_reached_and_those_of_several_hops_add_up() -> None:
    watch, hops = Stopwatch(), []
    async with site(answering(), server_tls()) as base:
        for _ in range(2):
            await trusting_wire().get(httpx.URL(base), watch, max_body=MIB)
            phases = watch.phases()
            parts = [phases.dns_seconds, phases.connect_seconds, phases.tls_seconds, phases.first_byte_seconds]
            assert all(part is not None and part >= 0 for part in parts)
            assert phases.total_seconds is not None and phases.total_seconds >= sum(part or 0 for part in parts)
            hops.append(parts)
    assert all(second > first for first, second in zip(*hops, strict=True))
    plain_watch = Stopwatch()
    async with site(hang) as base:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ProbeTransport().get(httpx.URL(base), plain_watch, max_body=MIB), 0.2)
    assert plain_watch.step == "first byte"
    assert plain_watch.phases().tls_seconds is None and plain_watch.phases().first_byte_seconds is None
    assert plain_watch.phases().connect_seconds is not None

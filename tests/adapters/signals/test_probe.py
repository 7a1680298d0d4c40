"""The engine over real sockets: total deadline, phases, certificates, faults that are not the site's."""

import socket
from typing import Any

import pytest

from tests.adapters.signals.sites import (
    DAY,
    NOW,
    answering,
    context_at,
    flood,
    hang,
    hanging_lookup,
    probe,
    redirect,
    resolving,
    routes,
    server_tls,
    site,
    trickle,
    trusting_wire,
)
from tests.support.clocks import FakeClock
from watchdog.adapters.resolver import Resolver
from watchdog.adapters.signals import http
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown


async def test_a_good_answer_comes_with_everything_that_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the site itself, not through a proxy of the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with site(answering(b"<html></html>")) as base:
        sample = await probe(base, contains="</html>")
    assert sample.reading == Good("HTTP 200")
    assert sample.status_code == 200 and sample.certificate is None
    assert sample.phases is not None and sample.latency_seconds == sample.phases.total_seconds


async def test_a_bad_answer_has_a_latency_and_no_answer_has_none() -> None:
    """A timeout is not a latency."""
    async with site(answering(status="503 Service Unavailable")) as base:
        answered = await probe(base)
    refused = await probe(base)
    assert answered.reading == Bad("HTTP 503", FailureKind.STATUS) and answered.latency_seconds is not None
    assert refused.reading == Bad("connection refused", FailureKind.CONNECT) and refused.latency_seconds is None
    assert (answered.status_code, refused.status_code) == (503, None)


@pytest.mark.parametrize(
    ("script", "step"),
    [
        (hang, "first byte"),
        (trickle(b"HTTP/1.1 200 OK\r\n", b"X-Slow: loris\r\n"), "first byte"),
        (trickle(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), "body"),
        (trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "first byte"),
    ],
)
async def test_case_29_one_total_deadline_cuts_whatever_trickles(script: Any, step: str) -> None:
    """Each byte would reset a read timeout; the deadline does not care."""
    async with site(script) as base:
        sample = await probe(base, timeout="300ms")
    assert sample.reading == Bad(f"timed out after 0.3 s ({step})", FailureKind.TIMEOUT)


async def test_case_28_a_port_that_accepts_and_never_reads_is_a_timeout() -> None:
    """Half-open: the backlog takes the connection, and no process accepts it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        port = listening.getsockname()[1]
        sample = await probe(f"http://127.0.0.1:{port}/", timeout="200ms")
        tls = await probe(f"https://127.0.0.1:{port}/", timeout="200ms")
    assert sample.reading == Bad("timed out after 0.2 s (first byte)", FailureKind.TIMEOUT)
    assert tls.reading == Bad("timed out after 0.2 s (tls)", FailureKind.TIMEOUT)


async def test_a_lookup_that_hangs_is_a_failure_of_dns_and_our_own_limit_on_lookups_is_none() -> None:
    """A broken ruler is `Unknown`: no evidence against the site."""
    with hanging_lookup() as lookup:
        wire = ProbeTransport(resolver=Resolver(lookup=lookup))
        sample = await probe("http://acme.example/", wire, timeout="100ms")
    assert sample.reading == Bad("timed out after 0.1 s (dns)", FailureKind.DNS)
    assert sample.phases is not None and sample.phases.connect_seconds is None
    sample = await probe("http://acme.example/", ProbeTransport(resolver=Resolver(lookups_max=0)))
    assert sample.reading == Unknown("too many name lookups are pending")


async def test_case_30_an_endless_body_is_too_large_at_once() -> None:
    async with site(flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)) as base:
        sample = await probe(base, max_body="256KiB", timeout="60s")
    assert sample.reading == Bad("body larger than 256 KiB (limit max_body)", FailureKind.TOO_LARGE)


async def test_redirects_are_followed_as_far_as_configured() -> None:
    table = routes({"/": redirect("/home"), "/home": answering(b"</html>"), "/loop": redirect("/loop")})
    async with site(table) as base:
        followed = await probe(base, redirects=1, contains="</html>")
        refused = await probe(base)
        expected = await probe(base, status=302, redirects=1)
        loop = await probe(f"{base}/loop", redirects=3)
    assert followed.reading == Good("HTTP 200") and expected.reading == Good("HTTP 302")
    assert isinstance(refused.reading, Bad) and refused.reading.kind is FailureKind.REDIRECT
    assert isinstance(loop.reading, Bad) and loop.reading.kind is FailureKind.REDIRECT


async def test_case_34_a_certificate_near_its_end_is_told_and_stays_good() -> None:
    """No rollback renews it; the moment is in the sample for the metric."""
    ends_at = NOW.replace(year=2036)
    async with site(answering(), server_tls(ends_at=ends_at)) as base:
        near = await probe(base, trusting_wire(), now=ends_at.timestamp() - 9 * DAY)
        far = await probe(base, trusting_wire(), now=ends_at.timestamp() - 15 * DAY)
        early = await probe(base, trusting_wire(), now=ends_at.timestamp() - 15 * DAY, certificate="30d")
    assert near.reading == Good("HTTP 200; the certificate ends in 9 d 0 h (limit 14 d 0 h)")
    assert far.reading == Good("HTTP 200")
    assert isinstance(early.reading, Good) and "ends in 15 d 0 h" in early.reading.detail
    assert near.certificate is not None and near.certificate.ends_at == ends_at.timestamp()
    assert near.certificate.host == base.partition("//")[2].rstrip("/")


async def test_consecutive_probes_take_turns_among_addresses() -> None:
    """One of two addresses that is dead must not hide behind the other: half of the probes find it."""
    async with site(answering()) as base:
        options = http.HttpOptions(http=f"http://acme.example:{base.rpartition(':')[2]}/")
        two = ProbeTransport(resolver=resolving("127.0.0.1", "127.0.0.2"), guard=AddressGuard(["acme.example"]))
        source = http.build("home", options, context_at(), two)
        readings = [(await source.read())[0].reading for _ in range(4)]
    turns: list[Reading] = [Good("HTTP 200"), Bad("connection refused", FailureKind.CONNECT)]
    assert readings in (turns * 2, turns[::-1] * 2)


@pytest.mark.parametrize(
    ("status", "headers", "options", "asked"),
    [
        ("429 Too Many", {"Retry-After": "10"}, {}, [0.0, 11.0, 31.0]),
        ("429 Too Many", {"Retry-After": "Wed, 25 Nov 2026 00:00:10 GMT"}, {}, [0.0, 11.0, 31.0]),
        ("429 Too Many", {"Retry-After": "3600"}, {}, [0.0, 31.0]),  # thirty seconds at most
        ("429 Too Many", {}, {}, [0.0, 5.0, 11.0, 31.0]),
        ("429 Too Many", {"Retry-After": "10"}, {"status": 429}, [0.0, 5.0, 11.0, 31.0]),
        ("503 Down", {"Retry-After": "10"}, {}, [0.0, 5.0, 11.0, 31.0]),  # evidence, however long it asks us to wait
    ],
)
async def test_a_site_that_limits_our_probes_is_left_alone_as_long_as_it_asks(
    status: str, headers: dict[str, str], options: dict[str, Any], asked: list[float]
) -> None:
    """Meanwhile the reading is unknown, as the refusal was: it is neither an outage nor a recovery."""
    seen: list[str] = []
    context = context_at()
    clock = context.clock
    assert isinstance(clock, FakeClock)
    times = []
    async with site(answering(status=status, headers=headers, seen=seen)) as base:
        written = http.HttpOptions.model_validate({"http": base, "timeout": "10s", **options})
        source = http.build("home", written, context)
        for at in (0.0, 5.0, 11.0, 31.0):
            await clock.advance(at - (clock.now() - NOW.timestamp()))
            before = len(seen)
            (sample,) = await source.read()
            times += [at] if len(seen) > before else []
            if len(seen) == before:
                assert isinstance(sample.reading, Unknown) and "asked us to wait" in sample.reading.why
    assert times == asked

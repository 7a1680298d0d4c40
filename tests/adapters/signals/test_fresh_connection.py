"""How a connection ends, with and without TLS: what was an answer, and what is a broken connection."""

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.adapters.signals.sites import answering, server_tls, site, trusting_wire
from tests.adapters.signals.test_probe_http import get
from tests.adapters.vendor import REQUEST_END, Script
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import Answer, ProbeTransport
from watchdog.adapters.signals.probe_options.request import ProbeRequest
from watchdog.adapters.signals.redirects import within
from watchdog.domain.readings import FailureKind

CLOSED, CUT, RESET = "closed", "cut", "reset"
CONNECT, PROTOCOL = FailureKind.CONNECT, FailureKind.PROTOCOL
NOTHING, OK = b"", b"HTTP/1.1 200 OK\r\n"
HALF, UNTIL_THE_END = OK + b"Content-Length: 9\r\n\r\nhalf", OK + b"\r\nhalf"
CHUNK = OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf"
TOO_MUCH = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"
MIDST, UNANSWERED = "connection closed in the middle of the body", "connection closed without an answer"


def ending(sent: bytes, how: str) -> Script:
    """Return a script that reads a head, sends that much, and ends: in order, without TLS's word, or by a reset."""

    async def script(reader: Any, writer: Any) -> None:
        await reader.readuntil(REQUEST_END)
        writer.write(sent)
        await writer.drain()
        if how == RESET:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how in (RESET, CUT):
            writer.transport.abort()

    return script


@pytest.mark.parametrize("tls", [None, server_tls])
@pytest.mark.parametrize(
    ("sent", "how", "wanted"),
    [
        (NOTHING, CLOSED, Failure(PROTOCOL, UNANSWERED)),
        (NOTHING, CUT, Failure(PROTOCOL, UNANSWERED)),
        (NOTHING, RESET, Failure(CONNECT, "connection reset (first byte)")),
        (OK, CUT, Failure(PROTOCOL, UNANSWERED)),
        (HALF, CLOSED, Failure(PROTOCOL, MIDST)),
        (HALF, CUT, Failure(PROTOCOL, MIDST)),
        (CHUNK, CLOSED, Failure(PROTOCOL, MIDST)),
        (UNTIL_THE_END, CLOSED, b"half"),
        (UNTIL_THE_END, CUT, b"half"),  # as browsers take it: many servers end TLS so
    ],
)
async def test_an_end_too_soon_is_named_by_where_it_came(
    tls: Any, sent: bytes, how: str, wanted: Failure | bytes
) -> None:
    """TLS hides none of it: the system's own word for what broke reaches the reading."""
    async with site(ending(sent, how), tls() if tls else None) as base:
        came = await get(base, trusting_wire())
    assert (came.body if isinstance(came, Answer) else came) == wanted


async def test_a_body_without_a_length_is_not_over_where_it_breaks() -> None:
    """A reset in its midst is no end: half a page would pass for the whole one."""
    for sent in (UNTIL_THE_END, HALF, CHUNK):
        for tls in (None, server_tls()):
            async with site(ending(sent, RESET), tls) as base:
                assert await get(base, trusting_wire()) == Failure(CONNECT, "connection reset (body)")


@pytest.mark.parametrize("tls", [None, server_tls])
async def test_an_answer_to_what_was_not_read_to_its_end_counts_if_it_is_whole(tls: Any) -> None:
    """A server that refuses a large body closes with the rest unread: its answer comes before the reset."""
    large = ProbeRequest(method="POST", body=b"x" * 8_000_000)
    async with site(ending(TOO_MUCH, CLOSED), tls() if tls else None) as base:
        came = await get(base, trusting_wire(), request=large)
    assert isinstance(came, Answer) and (came.status, came.body) == (413, b"no")
    for sent, step in ((NOTHING, "first byte"), (UNTIL_THE_END, "body")):
        async with site(ending(sent, CLOSED), tls() if tls else None) as base:
            came = await get(base, trusting_wire(), request=large)
        assert came == Failure(CONNECT, f"connection reset ({step})")


async def test_the_handshake_names_http_1_1() -> None:
    """As browsers name what they speak: what is in front of a site may refuse a client that does not."""
    named: list[str | None] = []

    async def script(reader: Any, writer: Any) -> None:
        named.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await answering()(reader, writer)

    tls = server_tls()
    tls.set_alpn_protocols(["h2", "http/1.1"])
    async with site(script, tls) as base:
        assert isinstance(await get(base, trusting_wire()), Answer)
    assert named == ["http/1.1"]


def flooding(server: socket.socket) -> None:
    """Send interim answers, 8 MB of them, as fast as they are read: there is always more to read without waiting."""
    there, _ = server.accept()
    with there, suppress(OSError):
        there.recv(65536)
        for _ in range(128):
            there.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2300)


async def test_a_flood_does_not_keep_the_deadline_from_passing() -> None:
    """The server is a thread: on the loop it would give the deadline its turn."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        flood = threading.Thread(target=flooding, args=(server,), daemon=True)
        flood.start()
        url, watch = httpx.URL(f"http://127.0.0.1:{server.getsockname()[1]}/"), Stopwatch()
        came = await within(0.2, watch, ProbeTransport().get(url, watch, max_body=1000))
        await asyncio.to_thread(flood.join)
    assert came == Failure(FailureKind.TIMEOUT, "timed out after 0.2 s (first byte)")

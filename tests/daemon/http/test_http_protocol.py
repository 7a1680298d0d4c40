"""Connections that cost more than they should, over real sockets: half-sent requests, readers who do not read."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from tests.support.clocks import PATIENCE_SECONDS, eventually
from watchdog.daemon.http.http_door import REQUESTS_AT_ONCE, REQUESTS_PER_SECOND
from watchdog.daemon.http.http_protocol import CONNECTIONS_MAX, REST_SECONDS, BoundedProtocol
from watchdog.daemon.http.http_server import HttpServer
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.exposition import Exposition
from watchdog.daemon.telemetry.metrics import Metrics

ASK = b"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
CLOSE = b"Connection: close\r\n"
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Patient(BoundedProtocol):
    """Would wait for a minute: in these tests only the places are the bound."""

    head_seconds = 60.0


class Hasty(BoundedProtocol):
    """Waits for next to nothing."""

    head_seconds = 0.2
    drain_seconds = 0.2


class Narrow(BoundedProtocol):
    """Few places, and a kernel that keeps next to nothing: what nobody reads stays with us."""

    places = 8

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        super().connection_made(transport)


class NarrowAndHasty(Narrow):
    """Also waits for next to nothing."""

    drain_seconds = 0.2


class Counted(Patient):
    """Knows how many there were at once."""

    now = most = 0

    def __init__(self, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)
        Counted.now += 1
        Counted.most = max(Counted.most, Counted.now)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        Counted.now -= 1


@contextlib.asynccontextmanager
async def serving(protocol: type[BoundedProtocol], app: object = None) -> AsyncIterator[HttpServer]:
    pages = Exposition(Metrics("9.9"), SystemClock())
    supervisor = Supervisor(SystemClock(), lambda name, error: None)
    async with HttpServer("127.0.0.1:0", pages, tuple, supervisor, private=app, protocol=protocol) as server:
        await eventually(lambda: server.running is not None and server.running.started)
        yield server
    assert await supervisor.stop(5) == ()


async def connect(server: HttpServer, sent: bytes = b"", address: str = "127.0.0.1") -> Pair:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def ask_and_never_read(server: HttpServer, sent: bytes) -> socket.socket:
    """Ask, with a kernel that takes next to nothing of the answer."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", server.port))
    await asyncio.get_running_loop().sock_sendall(client, sent)
    return client


async def half_a_buffer(scope: object, receive: object, send: object) -> None:
    """Answer with less than asyncio would call much, in one piece."""
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"x" * 48_000})  # type: ignore[operator]


async def ask(server: HttpServer, path: bytes, address: str = "127.0.0.1") -> bytes:
    """Ask over a connection of its own; return the status line."""
    reader, writer = await connect(server, ASK % (path, CLOSE), address)
    async with asyncio.timeout(PATIENCE_SECONDS):
        answer = await reader.read()
    writer.close()
    return answer.split(b"\r\n")[0]


async def ended(pair: Pair) -> bytes:
    """Return what still came before the server closed the connection."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            return await pair[0].read()
        except ConnectionError:
            return b""


@pytest.mark.long
@pytest.mark.parametrize("sent", [b"", b"GET /healthz HT", b"POST /metrics HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"])
async def test_two_hundred_half_sent_requests_do_not_shut_health_and_metrics(sent: bytes) -> None:
    """The places are taken over and over; who waits longest makes room, whoever asks is answered."""
    async with serving(Patient) as server:
        crowd = [await connect(server, sent) for _ in range(200)]
        for path in (b"/healthz", b"/metrics", b"/readyz"):
            assert await ask(server, path) == b"HTTP/1.1 200 OK"
        assert server.running is not None
        held = server.running.server_state.connections
        await eventually(lambda: len(held) <= CONNECTIONS_MAX)
        for _, writer in crowd:
            writer.close()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", ASK % (b"/healthz", b"") + b"GET /half"],
)
async def test_a_request_that_is_never_whole_is_cut_off(sent: bytes) -> None:
    async with serving(Hasty) as server:
        pair = await connect(server, sent)
        if b"/half" in sent:
            await pair[0].readuntil(b"}")
            pair[1].write(b"more")
        await ended(pair)
        assert await ask(server, b"/healthz") == b"HTTP/1.1 200 OK"


async def the_whole_body(scope: object, receive: object, send: object) -> None:
    """Answer once the body has come, as a form does."""
    while (await receive()).get("more_body"):  # type: ignore[operator]
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"taken"})  # type: ignore[operator]


@pytest.mark.parametrize(("length", "whole"), [(b"9", False), (b"1", True)])
async def test_a_body_that_does_not_come_is_cut_off_as_a_head_is(length: bytes, whole: bool) -> None:
    """A stranger needs no more than a head for a place: the deadline lasts until the body is whole."""
    async with serving(Hasty, the_whole_body) as server:
        sent = b"POST /form HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %s\r\n\r\nx" % length
        assert (b"taken" in await ended(await connect(server, sent))) == whole


async def test_trickled_headers_do_not_move_the_deadline() -> None:
    """A byte now and then buys no time."""
    async with serving(Hasty) as server:
        pair = await connect(server, b"GET /healthz HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not pair[0].at_eof():
                    pair[1].write(b"X-Slow: loris\r\n")
                    await pair[1].drain()
                    await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "sent", [ASK % (b"/healthz", b"Content-Length: 100\r\n") + b"x", b"GET /healthz HTTP/1.0\r\n\r\n"]
)
async def test_a_connection_ends_with_its_answer(sent: bytes) -> None:
    """A body that does not come is not waited for; HTTP/1.0, as load balancers ask and no browser, names no host."""
    async with serving(Patient) as server:
        assert (await ended(await connect(server, sent))).startswith(b"HTTP/1.1 200 OK")


async def test_a_reader_who_does_not_read_is_cut_off() -> None:
    """An answer that nobody takes must not hold its place, nor its memory."""

    async def endless(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        for _ in range(10_000):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})  # type: ignore[operator]

    async with serving(Hasty, endless) as server:
        _, writer = await connect(server, ASK % (b"/much", b""))
        assert server.running is not None
        state = server.running.server_state
        await eventually(lambda: state.tasks)
        await eventually(lambda: not state.tasks and not state.connections)
        writer.close()


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n", b"Content-Length: 9\r\n"])
async def test_the_rest_of_an_answer_that_nobody_takes_holds_no_descriptor(more: bytes) -> None:
    """However little it is, and though the connection is closing: the rest is waited for, but not for ever."""
    async with serving(NarrowAndHasty, half_a_buffer) as server:
        client = await ask_and_never_read(server, ASK % (b"/some", more))
        assert server.running is not None
        state = server.running.server_state
        await eventually(lambda: state.total_requests)
        await eventually(lambda: not state.connections)
        client.close()


async def test_connections_that_are_closing_take_places_too() -> None:
    """Who asks, and never takes the answer, makes room like who never asks."""
    async with serving(Narrow, half_a_buffer) as server:
        crowd = [await ask_and_never_read(server, ASK % (b"/some", b"Connection: close\r\n")) for _ in range(40)]
        assert server.running is not None
        held = server.running.server_state.connections
        await eventually(lambda: len(held) <= Narrow.places)
        assert await ask(server, b"/healthz") == b"HTTP/1.1 200 OK"
        for client in crowd:
            client.close()


async def test_a_burst_of_connections_is_taken_in_small_helpings() -> None:
    """However many knock in one moment: the process has other files to open."""
    Counted.now = Counted.most = 0
    async with serving(Counted) as server:
        crowd = [socket.socket() for _ in range(400)]
        for client in crowd:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", server.port))
        await eventually(lambda: Counted.most >= CONNECTIONS_MAX)
        assert await ask(server, b"/healthz", "127.0.0.2") == b"HTTP/1.1 200 OK" and Counted.most <= 4 * CONNECTIONS_MAX
        for client in crowd:
            client.close()


async def test_a_kept_connection_is_answered_again_and_again() -> None:
    """A scraper keeps its connection; each whole request ends the waiting."""
    async with serving(Hasty) as server:
        reader, writer = await connect(server)
        for _ in range(20):
            writer.write(ASK % (b"/healthz", b""))
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert b"200 OK" in await reader.readuntil(b"}")
            await asyncio.sleep(0.02)
        writer.close()


@pytest.mark.parametrize("before", [b"", ASK % (b"/healthz", b"")], ids=["first", "pipelined"])
async def test_case_58_the_limit_of_a_head_holds_for_one_that_comes_whole(before: bytes) -> None:
    """Ten thousand headers in one burst are refused as if they trickled in, also behind a good request."""
    async with serving(Patient) as server:
        reader, writer = await connect(server)
        writer.write(before + ASK % (b"/healthz", b"x: y\r\n" * 10_000))
        answer = await ended((reader, writer))
        assert answer.count(b"HTTP/1.1 200 OK") == bool(before) and b"HTTP/1.1 400 Bad Request" in answer


async def test_case_58_a_request_of_two_lengths_ends_its_connection() -> None:
    """A proxy may have taken the other one: what follows could be smuggled past it, and is not read."""
    async with serving(Patient) as server:
        both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
        pair = await connect(server, ASK % (b"/healthz", both) + b"0\r\n\r\n" + ASK % (b"/readyz", b""))
        answer = await ended(pair)
        assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1 ") == 1


class Paced(Patient):
    """Counts how often it parses."""

    parsed = 0

    def _parse(self) -> None:
        Paced.parsed += bool(self._unread)
        super()._parse()


async def test_a_head_that_comes_letter_by_letter_is_read_a_few_times_a_second() -> None:
    """Each piece would cost as much as a request; what comes meanwhile is parsed together."""
    async with serving(Paced) as server:
        reader, writer = await connect(server)
        began, Paced.parsed = asyncio.get_running_loop().time(), 0
        for letter in ASK % (b"/healthz", CLOSE + b"x: %s\r\n" % (b"y" * 200)):
            writer.write(bytes((letter,)))
            await asyncio.sleep(0.001)
        assert (await ended((reader, writer))).startswith(b"HTTP/1.1 200 OK")
        lasted = asyncio.get_running_loop().time() - began
        assert 2 <= Paced.parsed <= lasted / REST_SECONDS + 2


async def test_further_requests_of_a_connection_keep_the_pace_of_all() -> None:
    """Who asks a hundred times in one burst fills no turn of the loop; all are answered, however they are cut."""
    async with serving(Patient) as server:
        began = asyncio.get_running_loop().time()
        pair = await connect(server)
        long, short = (ASK % (b"/healthz", more) for more in (b"x: %s\r\n" % (b"y" * 3000), b""))
        pair[1].write(long * 59 + short * 40 + ASK % (b"/readyz", CLOSE))  # the short ones lie with the parser at once
        assert (await ended(pair)).count(b"HTTP/1.1 200 OK") == 100
        lasted = asyncio.get_running_loop().time() - began
        assert lasted >= (100 - 2 * REQUESTS_AT_ONCE) / REQUESTS_PER_SECOND


async def test_connections_that_are_kept_busy_do_not_shut_the_door() -> None:
    """Sixty of ten addresses, each of which knocks as well: who comes then waits for ten places, not for 600."""
    crowd = [f"127.0.3.{number}" for number in range(1, 11)]
    async with serving(Patient) as server:
        kept = [await connect(server, ASK % (b"/healthz", b"") * 200, address) for address in crowd * 6]
        for pair in kept:
            await pair[0].readline()
        kept += [await connect(server, ASK % (b"/healthz", b""), address) for address in crowd]
        began = asyncio.get_running_loop().time()
        assert await ask(server, b"/healthz", "127.0.4.1") == b"HTTP/1.1 200 OK"
        assert asyncio.get_running_loop().time() - began < 3.0
        for _, writer in kept:
            writer.close()


@pytest.mark.parametrize(
    ("head", "rest"), [(b"Transfer-Encoding: chunked\r\n", b"no chunk\r\n"), (CLOSE, b"more"), (CLOSE, b"x" * 100_000)]
)
async def test_what_follows_a_request_is_not_logged(head: bytes, rest: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A body that cannot be read, or bytes behind the last request, while the answer is being made."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: object, receive: object, send: object) -> None:
        begun.set()
        await go_on.wait()
        await half_a_buffer(scope, receive, send)

    async with serving(Patient, slow) as server:
        pair = await connect(server, ASK % (b"/slow", head))
        await begun.wait()
        pair[1].write(rest)
        await pair[1].drain()
        assert await ask(server, b"/healthz") == b"HTTP/1.1 200 OK"
        go_on.set()
        await ended(pair)
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []

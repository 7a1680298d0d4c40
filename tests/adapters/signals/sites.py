"""Sites made of raw sockets, good and bad, with and without TLS; and the parts to probe them."""

import asyncio
import datetime
import functools
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import trustme

from tests.adapters.vendor import REQUEST_END, Script
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.resolver import Resolver
from watchdog.adapters.signals import http, latency
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.ports import Sample

NOW = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
DAY = 86400.0


@asynccontextmanager
async def site(script: Script, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, address, 0, ssl=tls)
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://{address}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def answering(
    body: bytes = b"hello",
    status: str = "200 OK",
    headers: Mapping[str, str] | None = None,
    seen: list[str] | None = None,
) -> Script:
    """Return a script that answers one request and closes; the request's head goes to `seen`."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(REQUEST_END)
        if seen is not None:
            seen.append(head.decode())
        given = {"Content-Length": str(len(body)), **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        writer.write(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body)
        await writer.drain()

    return script


def routes(table: Mapping[str, Script]) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(REQUEST_END)
        again = asyncio.StreamReader()
        again.feed_data(head)
        again.feed_eof()
        await table[head.split(b" ", 2)[1].decode()](again, writer)

    return script


def redirect(location: str) -> Script:
    return answering(b"", "302 Found", {"Location": location})


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(1000):
        pass


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(REQUEST_END)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request and reset the connection: the client sees a read that failed, not an end."""
    await reader.readuntil(REQUEST_END)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer in another protocol."""
    await reader.read(1000)
    writer.write(b"SSH-2.0-canary\x1b\r\n\r\n")
    await writer.drain()


def trickle(head: bytes, piece: bytes, every_seconds: float = 0.02) -> Script:
    """Return a script that sends a piece every now and then, for ever."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(REQUEST_END)
        writer.write(head)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_seconds)

    return script


flood = functools.partial(trickle, every_seconds=0.0)


def row(address: str) -> tuple[Any, ...]:
    """Return an address as the system's lookup gives it."""
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))


def resolving(*addresses: str) -> Resolver:
    """Return a resolver to which every name has these addresses."""
    return Resolver(lookup=lambda *_, **__: [row(address) for address in addresses])


class Hanging:
    """A name server that answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer = threading.Event()

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        self.answer.wait(20)
        return [row("192.0.2.1"), row("192.0.2.2"), row("192.0.2.1")]


@contextmanager
def hanging_lookup() -> Iterator[Hanging]:
    """Yield a name server that has no answer until the end, unless the test says so."""
    made = Hanging()
    try:
        yield made
    finally:
        made.answer.set()


@functools.cache
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(*names: str, ends_at: datetime.datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(*(names or ("127.0.0.1",)), not_after=ends_at).configure_cert(context)
    return context


def client_tls() -> ssl.SSLContext:
    """Return what a client needs that trusts our authority."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def trusting_wire(**more: Any) -> ProbeTransport:
    return ProbeTransport(client_tls(), **more)


def context_at(now: float | None = None, **more: Any) -> Context:
    clock = FakeClock(now if now is not None else NOW.timestamp(), auto=False)
    return Context(clock=clock, endpoints=more.pop("endpoints", {}), secrets=more.pop("secrets", {}), **more)


async def probe(url: str, wire: ProbeTransport | None = None, now: float | None = None, **options: Any) -> Sample:
    """Return the sample of one `http` probe; options as in YAML."""
    options = {"timeout": "10s", **options}
    source = http.build("home", http.HttpOptions.model_validate({"http": url, **options}), context_at(now), wire)
    (sample,) = await source.read()
    return sample


async def probe_latency(url: str, **options: Any) -> Sample:
    source = latency.build("api", latency.LatencyOptions.model_validate({"latency": url, **options}), context_at())
    (sample,) = await source.read()
    return sample

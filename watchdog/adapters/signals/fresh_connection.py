"""One HTTP/1.1 exchange over a connection of its own: a socket without blocking, OpenSSL in memory, h11.

Rule 1: one straight line: connect, perhaps a proxy's tunnel, handshake, request, answer; the watch knows each phase.
Rule 2: no limit of time here: the caller's deadline cancels. So the loop gets a turn after each piece that came without
waiting: a flood must not keep the deadline from passing.
Rule 3: errors are those of the system, ssl and h11, and EOFError for an end too soon; probe_failures.py has the words.
TLS never holds the socket: what the system says of a broken connection reaches us as it is.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import h11

from watchdog.adapters.signals.phase_timer import BODY, CONNECT, FIRST_BYTE, TLS, Stopwatch

HEAD_BYTES_MAX = 100 * 1024
PIECE_BYTES = 64 * 1024
CERTIFICATES_MAX = 1024
Validity = tuple[float, float]
"""From when to when a certificate is valid (UTC epoch seconds)."""
_valid: dict[bytes, Validity | None] = {}
Headers = Sequence[tuple[bytes, bytes]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer."""

    status: int
    headers: Headers = field(repr=False)


class FreshConnection:
    """A connection for one exchange, to an address that was judged. `close` it in any case."""

    def __init__(self, address: str, watch: Stopwatch) -> None:
        """Make the socket. Raises OSError."""
        watch.enter(CONNECT)
        self._watch = watch
        self._address = address
        # What connects is this socket, never a name: a second lookup could return another address (DNS rebinding).
        self._socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._tls: ssl.SSLObject | None = None
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._http = _client()
        self._lost: OSError | None = None

    def close(self) -> None:
        """Close it at once, also in the middle of an exchange."""
        self._socket.close()

    async def connect(self, port: int) -> None:
        """Connect. Raises OSError."""
        # A request is one small packet, which must not wait for others.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(self._socket, (self._address, port))
        self._watch.leave(CONNECT)

    async def tunnel(self, target: bytes, headers: Headers) -> int:
        """Ask the proxy at the other end for a tunnel; return the status of its answer, which may refuse it."""
        head = await self.ask(b"CONNECT", target, headers, b"")
        self._http = _client()
        return head.status

    async def secure(self, context: ssl.SSLContext, host: str) -> Validity | None:
        """Shake hands; return how long the certificate is valid. Raises OSError, of which SSLError is one."""
        self._watch.enter(TLS)
        # Here, as the caller's contexts are of several makers: what is in front of a site may refuse who names nothing.
        context.set_alpn_protocols(["http/1.1"])
        self._tls = tls = context.wrap_bio(self._came, self._goes, server_hostname=host)
        try:
            await self._done(tls.do_handshake)
        except ssl.SSLError:
            with suppress(OSError):
                self._socket.send(self._goes.read())  # the alert: a server's log may say why we do not trust it
            raise
        self._watch.leave(TLS)
        return _validity(tls)

    async def ask(self, method: bytes, target: bytes, headers: Headers, body: bytes) -> Head:
        """Send a request; return the head of its answer, without those of 1xx."""
        self._watch.enter(FIRST_BYTE)
        http = self._http
        sent = http.send(h11.Request(method=method, target=target, headers=list(headers))) or b""
        sent += (http.send(h11.Data(data=body)) or b"") if body else b""
        sent += http.send(h11.EndOfMessage()) or b""
        try:
            await self._send(sent)
        except OSError as error:
            self._lost = error  # a server may answer without reading all
        while not isinstance(event := await self._next(), h11.Response):
            pass
        self._watch.status = event.status_code
        self._watch.leave(FIRST_BYTE)
        return Head(event.status_code, event.headers.raw_items())

    async def body(self, max_bytes: int) -> bytes:
        """Return the body. One piece beyond the limit proves "too large"; the rest of an endless body is not read."""
        self._watch.enter(BODY)
        body = bytearray()
        while len(body) <= max_bytes:
            event = await self._next()
            if not isinstance(event, h11.Data):
                break
            body += event.data
        self._watch.leave(BODY)
        return bytes(body)

    async def _next(self) -> object:
        """Return the next event of the answer. Raises EOFError where the connection ends before the answer does."""
        ended = False
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                piece = await self._receive()
                ended = not piece
                # The system says once why a connection broke: what comes after looks like an end.
                if ended and self._lost is not None:
                    raise self._lost
                self._http.receive_data(piece)
        except h11.RemoteProtocolError:
            if ended:
                raise EOFError from None
            raise
        # h11 says so for ever, without a turn for the loop, of an answer that would speak another protocol.
        if event is h11.PAUSED:
            raise h11.RemoteProtocolError("the answer speaks another protocol")
        return event

    async def _send(self, data: bytes) -> None:
        if self._tls is None:
            await self._put(data)
            return
        for begin in range(0, len(data), PIECE_BYTES):
            await self._done(partial(self._tls.write, data[begin : begin + PIECE_BYTES]))
            # With the first piece goes the end of the handshake: a server that refuses our certificate has then read
            # all, and no reset overtakes the alert that says so.
            await self._put(self._goes.read())

    async def _receive(self) -> bytes:
        """Return what came; nothing: the other side sends no more."""
        if self._tls is None:
            return await self._take()
        try:
            return await self._done(partial(self._tls.read, PIECE_BYTES))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""  # many servers end without a word of TLS; where that cuts an answer short, h11 sees it

    async def _done(self, do: Callable[[], T]) -> T:
        """Do a step of TLS, with what came so far; pass on what it sends, and fetch what it waits for."""
        while True:
            try:
                return do()
            except ssl.SSLWantReadError:
                if self._goes.pending:
                    await self._put(self._goes.read())
                if piece := await self._take():
                    self._came.write(piece)
                else:
                    self._came.write_eof()

    async def _put(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                await self._ready(to_send=True)

    async def _take(self) -> bytes:
        waited = False
        while True:
            try:
                piece = self._socket.recv(PIECE_BYTES)
            # Also after it was ready: a wake-up for nothing is no failure of the site.
            except BlockingIOError:
                await self._ready(to_send=False)
                waited = True
                continue
            if not waited:
                await asyncio.sleep(0)
            return piece

    async def _ready(self, *, to_send: bool) -> None:
        loop, number = asyncio.get_running_loop(), self._socket.fileno()
        ready = loop.create_future()
        add, remove = (loop.add_writer, loop.remove_writer) if to_send else (loop.add_reader, loop.remove_reader)
        add(number, _set, ready)
        try:
            await ready
        finally:
            remove(number)


def _validity(tls: ssl.SSLObject) -> Validity | None:
    """Return from when to when the certificate is valid. A site shows the same one for months, so it is read once."""
    shown = tls.getpeercert(binary_form=True)
    if shown is None:
        return None
    if shown not in _valid:
        if len(_valid) >= CERTIFICATES_MAX:
            _valid.clear()
        known = tls.getpeercert()  # nothing is known of one that was not verified
        _valid[shown] = (_moment(known, "notBefore"), _moment(known, "notAfter")) if known else None
    return _valid[shown]


def _moment(known: Mapping[str, object], key: str) -> float:
    return float(ssl.cert_time_to_seconds(str(known[key])))


def _set(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def _client() -> h11.Connection:
    return h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES_MAX)

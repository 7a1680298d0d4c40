"""What one connection may cost: HTTP/1.1 with deadlines, and room for the next one.

uvicorn waits for ever for a request's head, for its body and for a reader who does not read, and counts such
connections as work: a few dozen of them would shut /healthz.

Rule 1: a whole request within HEAD_SECONDS of its first byte (of the connection, for the first), or it is cut off.
Rule 2: who does not take the last byte of an answer for DRAIN_SECONDS is cut off, also when the connection is closing.
Rule 3: when all places are taken, the one that waited longest (for a whole request, or for a reader) makes room.
Rule 4: a place is taken until its descriptor is free.
Rule 5: h11 bounds only a head that is not complete yet, so it is given a burst in small pieces, and no byte of the next
request before this one is answered. A request that cannot be read ends its connection, and no line of the log.
"""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS_MAX = 64
HEAD_SECONDS = 5.0
DRAIN_SECONDS = 15.0
PIECE_BYTES = 2048
"""By so much a head may be larger than the limit before it is refused."""
_turns = itertools.count()


class BoundedProtocol(H11Protocol):
    """One connection; the bounds are attributes, so that a test can lower them in a subclass."""

    head_seconds = HEAD_SECONDS
    drain_seconds = DRAIN_SECONDS
    places = CONNECTIONS_MAX

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head = _Deadline(self.loop, self.head_seconds, self._cut_off)
        self._drain = _Deadline(self.loop, self.drain_seconds, self._cut_off)
        self._unread = bytearray()
        self.turn = next(_turns)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, and begin to wait for a request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # else the end of an answer may lie there for ever, untold
        self._head.start()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._head.stop()
        self._drain.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the first byte of a further request starts its deadline."""
        if self._waits and not self._head.is_running:
            self._head.start()
        self._unset_keepalive_if_required()
        self._unread += data
        self.handle_events()

    def handle_events(self) -> None:
        """Parse what has come, piece by piece; a whole request, with its body, ends the waiting."""
        if self.conn.their_state is not h11.ERROR:
            super().handle_events()
        while self._unread and not self.transport.is_closing() and self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.conn.receive_data(bytes(self._unread[:PIECE_BYTES]))
            del self._unread[:PIECE_BYTES]
            super().handle_events()
        if self.transport.is_closing():
            self._unread.clear()
        elif self._unread:
            self.flow.pause_reading()
        if not self._waits and not self.cycle.more_body:
            self._head.stop()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; where the answer to its head is under way, end the connection instead."""
        if self._waits:
            super().send_400_response(msg)
        else:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._cut_off()

    def on_response_complete(self) -> None:
        """Go on with the next request; but close a connection whose request was answered before it was whole."""
        self.turn = next(_turns)
        if self.cycle.more_body:
            self.transport.close()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait for a reader who does not read, but not for ever."""
        super().pause_writing()
        self._drain.start()

    def resume_writing(self) -> None:
        """It is being read again."""
        super().resume_writing()
        self._drain.stop()

    @property
    def _waits(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    @property
    def _lingers(self) -> bool:
        """Something was written that has not been taken yet."""
        return self._drain.is_running

    def _cut_off(self) -> None:
        self._head.stop()
        self._drain.stop()
        self.transport.abort()

    def _make_room(self) -> None:
        """Cut off whoever has waited longest; that is this one when all others are being answered."""
        ours = [one for one in self.connections if isinstance(one, BoundedProtocol)]
        here = [one for one in ours if one._lingers or not one.transport.is_closing()]
        if len(here) > self.places:
            min((one for one in here if one._waits or one._lingers), key=lambda one: one.turn)._cut_off()


class _Deadline:
    """Calls `act` unless it is stopped in time; starting it again begins anew."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, act: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._act = act
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        """It was started and not stopped."""
        return self._timer is not None

    def start(self) -> None:
        """Begin to wait."""
        self.stop()
        self._timer = self._loop.call_later(self._seconds, self._act)

    def stop(self) -> None:
        """Wait no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

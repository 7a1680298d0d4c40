"""What one connection may cost: HTTP/1.1 with deadlines, and room for the next one.

uvicorn waits for ever for a request's head, for its body and for a reader who does not read, and counts such
connections as work: a few dozen of them would shut /healthz.

Rule 1: a whole request within HEAD_SECONDS of its first byte (of the connection, for the first), or it is cut off.
Rule 2: who does not take the last byte of an answer for DRAIN_SECONDS is cut off, also when the connection is closing.
Rule 3: when all places are taken, the one that waited longest (for a whole request, or for a reader) makes room, of the
address that has most of those.
Rule 4: a place is taken until its descriptor is free.
Rule 5: h11 bounds only a head that is not complete yet, so it is given a burst in small pieces, and no byte of the next
request before this one is answered. A request that cannot be read ends its connection, and no line of the log.
Rule 6: requests begin in the pace of all connections together (`http_door.py`): the first of a connection waited at the
door, a further one waits here, unread. Who sends a request in small pieces is read a few times a second.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from watchdog.daemon.http.http_auth import network_of
from watchdog.daemon.http.http_door import Pace

CONNECTIONS_MAX = 64
HEAD_SECONDS = 5.0
DRAIN_SECONDS = 15.0
PIECE_BYTES = 2048
"""By so much a head may be larger than the limit before it is refused."""
REST_SECONDS = 0.05
"""So long a connection is not read after a piece of a request: a letter at a time would cost as much as a request."""
_turns = itertools.count()


class BoundedProtocol(H11Protocol):
    """One connection; the bounds are attributes, so that a test can lower them in a subclass."""

    head_seconds = HEAD_SECONDS
    drain_seconds = DRAIN_SECONDS
    places = CONNECTIONS_MAX
    pace: Pace | None = None
    """When a further request may begin; set by whoever made the connection."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head = _Deadline(self.loop, self.head_seconds, self._cut_off)
        self._drain = _Deadline(self.loop, self.drain_seconds, self._cut_off)
        self._unread = bytearray()
        self._rest: asyncio.TimerHandle | None = None
        self._may_begin = True
        self.address = ""
        self.turn = next(_turns)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, and begin to wait for a request."""
        super().connection_made(transport)
        self.address = network_of(self.client[0]) if self.client else ""
        transport.set_write_buffer_limits(high=0)  # else the end of an answer may lie there for ever, untold
        self._head.start()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._head.stop()
        self._drain.stop()
        if self._rest is not None:
            self._rest.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the first byte of a further request starts its deadline."""
        if self._waits and not self._head.is_running:
            self._head.start()
        self._unset_keepalive_if_required()
        self._unread += data
        self.handle_events()

    def handle_events(self) -> None:
        """Parse what has come, unless it is to wait; a whole request, with its body, ends the waiting."""
        if self._rest is not None or self._begins_later():
            return
        came = bool(self._unread)
        self._parse()
        if not self._waits:
            self._may_begin = False
        if self.transport.is_closing():
            self._unread.clear()
        elif self._unread:
            self.flow.pause_reading()
        elif came and self._is_partial:
            self._rest_for(REST_SECONDS)
        if not self._waits and not self.cycle.more_body:
            self._head.stop()

    def _parse(self) -> None:
        """Hand what has come to the parser, piece by piece."""
        if self.conn.their_state is not h11.ERROR:
            super().handle_events()
        while self._unread and not self.transport.is_closing() and self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.conn.receive_data(bytes(self._unread[:PIECE_BYTES]))
            del self._unread[:PIECE_BYTES]
            super().handle_events()

    def _begins_later(self) -> bool:
        """Take a place in the pace for a further request, and tell whether it is still to come."""
        if self._may_begin or self.pace is None or not self._waits or not (self._unread or self._has_read_on):
            return False
        self._may_begin = True
        wait = self.pace.reserve()
        if wait > 0:
            self._rest_for(wait)
        return wait > 0

    def _rest_for(self, seconds: float) -> None:
        """Read and parse nothing for so long."""
        self.flow.pause_reading()
        self._rest = self.loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._rest = None
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self.handle_events()

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
    def _has_read_on(self) -> bool:
        """The parser has bytes of the next request."""
        return bool(self.conn.trailing_data[0])

    @property
    def _is_partial(self) -> bool:
        """A request has begun to come, and its rest is missing."""
        return self._has_read_on if self._waits else self.cycle.more_body

    @property
    def _lingers(self) -> bool:
        """Something was written that has not been taken yet."""
        return self._drain.is_running

    def _cut_off(self) -> None:
        self._head.stop()
        self._drain.stop()
        self.transport.abort()

    def _make_room(self) -> None:
        """Cut off who waited longest of the address that has most who wait; that is this one when all are answered."""
        ours = [one for one in self.connections if isinstance(one, BoundedProtocol)]
        here = [one for one in ours if one._lingers or not one.transport.is_closing()]
        if len(here) > self.places:
            idle = [one for one in here if one._waits or one._lingers]
            of_address = Counter(one.address for one in idle)
            min(idle, key=lambda one: (-of_address[one.address], one.turn))._cut_off()


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

"""Limits of one connection: HTTP/1.1 with deadlines, and room for the next connection.

uvicorn waits for ever for a request's head, for its body and for a client that does not read, and counts such
connections as work: a few dozen of them would block /healthz.

Rule 1: a request must be complete HEAD_SECONDS after its first byte (of the connection, for the first), or it is cut
off.
Rule 2: a client that does not take the last byte of an answer for DRAIN_SECONDS is cut off, also while the connection
closes.
Rule 3: when all places are taken, the connection that waited longest (for a whole request, or for its client to read)
is cut off, of the address with most of those.
Rule 4: a place is taken until its descriptor is free.
Rule 5: h11 bounds only an incomplete head. So it receives a burst in small pieces, and no byte of the next request
before this one is answered. An unreadable request ends its connection, without a line of the log.
Rule 6: requests begin in a pace of all connections together (`http_door.py`): the first of a connection waited at the
door, a further one waits here, unread, in a pace beside the door's. A request in small pieces is read a few times a
second.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from watchdog.daemon.http.http_auth import network_of
from watchdog.daemon.http.http_door import TokenBucket

CONNECTIONS_MAX = 64
HEAD_SECONDS = 5.0
DRAIN_SECONDS = 15.0
PIECE_BYTES = 2048
"""Size of the pieces given to h11: a head may exceed its limit by this much before it is refused."""
REST_SECONDS = 0.05
"""Pause of reading after a piece of a request: a byte at a time would cost as much as a request."""
ENDLESS = "watchdog.endless"
"""Marks the scope of a request whose answer ends only with its connection."""
_turns = itertools.count()


class BoundedProtocol(H11Protocol):
    """One connection; the bounds are attributes, so that a test can lower them in a subclass."""

    head_seconds = HEAD_SECONDS
    drain_seconds = DRAIN_SECONDS
    places = CONNECTIONS_MAX
    pace: TokenBucket | None = None
    """The pace of further requests; set by the creator of the connection."""

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
        transport.set_write_buffer_limits(high=0)  # else the end of an answer may lie there for ever, unnoticed
        self._head.start()
        self._make_room()

    def shutdown(self) -> None:
        """Let the answer in progress end; an endless one (a stream of events) is ended here."""
        super().shutdown()
        if not self._waits and self.cycle.scope.get(ENDLESS):
            self.transport.close()

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
        # As uvicorn's own `data_received` does, which this one replaces.
        self._unset_keepalive_if_required()
        self._unread += data
        self.handle_events()

    def handle_events(self) -> None:
        """Parse the received bytes, unless paused; a whole request, with its body, stops its deadline."""
        if self._rest is not None or self._begins_later():
            return
        # Before parsing: a call without new bytes (a finished answer) must not pause reading.
        came = bool(self._unread)
        self._parse()
        if not self._waits:
            self._may_begin = False
        if self.transport.is_closing():
            self._unread.clear()
        elif self._unread:
            # Bytes of the next request: read no more until this one is answered (Rule 5).
            self.flow.pause_reading()
        elif came and self._is_partial:
            self._rest_for(REST_SECONDS)
        # The deadline covers the body too: a head alone would let a slow body hold the place.
        if not self._waits and not self.cycle.more_body:
            self._head.stop()

    def _parse(self) -> None:
        """Give the received bytes to the parser, piece by piece."""
        # First the bytes that h11 holds already: they come before those in `_unread`.
        if self.conn.their_state is not h11.ERROR:
            super().handle_events()
        while self._unread and not self.transport.is_closing() and self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self.conn.receive_data(bytes(self._unread[:PIECE_BYTES]))
            del self._unread[:PIECE_BYTES]
            super().handle_events()

    def _begins_later(self) -> bool:
        """Take a place in the pace for a further request; return whether it is still to come."""
        if self._may_begin or self.pace is None or not self._waits or not (self._unread or self._has_read_on):
            return False
        self._may_begin = True
        # Once per request: the call after the wait finds `_may_begin` set.
        wait = self.pace.reserve()
        if wait > 0:
            self._rest_for(wait)
        return wait > 0

    def _rest_for(self, seconds: float) -> None:
        """Pause reading and parsing for so many seconds."""
        self.flow.pause_reading()
        self._rest = self.loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._rest = None
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self.handle_events()

    def send_400_response(self, msg: str) -> None:
        """Refuse an unreadable request; where an answer is in progress, end the connection instead."""
        if self._waits:
            super().send_400_response(msg)
        else:
            # A 400 in the middle of another answer would corrupt it.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._cut_off()

    def on_response_complete(self) -> None:
        """Go on with the next request; close the connection if the answer came before the request was whole."""
        self.turn = next(_turns)
        if self.cycle.more_body:
            self.transport.close()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Start the deadline of a client that does not read."""
        super().pause_writing()
        self._drain.start()

    def resume_writing(self) -> None:
        """Stop the deadline: the client reads again."""
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
        """Part of an answer has not been taken by the client yet."""
        return self._drain.is_running

    def _cut_off(self) -> None:
        self._head.stop()
        self._drain.stop()
        # `abort`, not `close`: that would wait for a client that does not read.
        self.transport.abort()

    def _make_room(self) -> None:
        """Cut off the longest waiting connection of the address with most waiting ones, perhaps this one."""
        ours = [one for one in self.connections if isinstance(one, BoundedProtocol)]
        # A closing connection with nothing left to write frees its descriptor in the next turn.
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

"""Admission of connections: they wait at the door, so that no crowd delays a probe.

Theory. Strangers and probes share one event loop. A request costs a millisecond, and a crowd of them would fill each
turn of the loop. So the first requests of all connections have a pace, and their further requests another of the same
kind. A connection that is not due yet waits as a bare socket, which costs a descriptor. Connections wait in one queue
per address, and the addresses take turns (fair queueing). A flood from some addresses delays their own users, and
delays others by one place for each such address.

Rule 1: a connection is accepted at once, a few each turn of the loop: the kernel's queue does not know addresses.
Rule 2: when too many wait, the oldest of the longest queue is refused (a reset, and no line of the log): a connection
that only holds its place is older than one that will send a request.
Rule 3: the further requests of kept connections have a pace of their own (`http_protocol.py`). In one pace, dozens of
busy connections would leave the door one place in dozens, and each address before ours would cost most of a second.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable

import structlog

from watchdog.daemon.http.http_auth import network_of
from watchdog.daemon.runtime.log_throttle import LogThrottle

REQUESTS_PER_SECOND, REQUESTS_AT_ONCE = 50.0, 5
WAITING_MAX = 192
ACCEPTED_A_TURN = 16
BACKLOG = 128
RETRY_SECONDS = 1.0
"""Pause of accepting after the host had no descriptor or memory left."""
_RESET = struct.pack("ii", 1, 0)

log = structlog.get_logger("watchdog")


class TokenBucket:
    """Gives out moments: some at once, then one each `1 / per_second`."""

    def __init__(
        self,
        now: Callable[[], float],
        per_second: float = REQUESTS_PER_SECOND,
        at_once: int = REQUESTS_AT_ONCE,
    ) -> None:
        self._now = now
        self._gap = 1.0 / per_second
        self._saved = at_once * self._gap
        self._next = float("-inf")

    def reserve(self) -> float:
        """Take the next free moment and return the seconds until it."""
        now = self._now()
        self._next = max(self._next, now - self._saved) + self._gap
        return max(0.0, self._next - now)


class Door:
    """Accepts the connections of a listening socket and calls `enter` with one at a time, in the pace."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        pace: TokenBucket,
        enter: Callable[[socket.socket], None],
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._pace = pace
        self._enter = enter
        self._waiting_max = waiting_max
        self._queues: dict[str, deque[socket.socket]] = {}
        self._waiting = 0
        self._due: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._throttle = LogThrottle()

    def open(self) -> None:
        """Begin to accept."""
        self._sock.setblocking(False)
        self._sock.listen(BACKLOG)
        self._loop.add_reader(self._sock.fileno(), self._accept)

    def close(self) -> None:
        """Stop accepting, and refuse all waiting connections."""
        self._loop.remove_reader(self._sock.fileno())
        for timer in (self._due, self._retry):
            if timer is not None:
                timer.cancel()
        for queue in self._queues.values():
            for one in queue:
                _refuse(one)
        self._queues.clear()

    def _accept(self) -> None:
        # A few each turn: a flood must not hold the loop, and the socket stays readable.
        for _ in range(ACCEPTED_A_TURN):
            try:
                one, address = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            self._queue(one, network_of(str(address[0])))

    def _pause(self, error: OSError) -> None:
        """Pause accepting: the socket stays readable, and would keep the loop busy."""
        left_out = self._throttle.take("accept", self._loop.time())
        if left_out is not None:
            log.error("accepting connections failed", why=error.strerror, left_out=left_out)
        self._loop.remove_reader(self._sock.fileno())
        self._retry = self._loop.call_later(RETRY_SECONDS, self.open)

    def _queue(self, one: socket.socket, address: str) -> None:
        one.setblocking(False)
        self._queues.setdefault(address, deque()).append(one)
        self._waiting += 1
        if self._waiting > self._waiting_max:
            longest = max(self._queues, key=lambda name: len(self._queues[name]))
            _refuse(self._next_of(longest))
        # One timer for all queues: the pace is shared by all addresses.
        if self._due is None:
            self._due = self._loop.call_later(self._pace.reserve(), self._admit)

    def _admit(self) -> None:
        """Admit the next connection; its address is served again after all others."""
        address = next(iter(self._queues))
        one = self._next_of(address)
        # Put back at the end of the dict: its order is the order of turns.
        if address in self._queues:
            self._queues[address] = self._queues.pop(address)
        # The next turn is set before this connection is handed on: one that fails must not be the last.
        self._due = self._loop.call_later(self._pace.reserve(), self._admit) if self._queues else None
        self._enter(one)

    def _next_of(self, address: str) -> socket.socket:
        """Take the oldest connection out of an address's queue; an empty queue goes with it."""
        queue = self._queues[address]
        one = queue.popleft()
        self._waiting -= 1
        if not queue:
            del self._queues[address]
        return one


def _refuse(one: socket.socket) -> None:
    # Linger of 0 s: the kernel resets the connection and keeps no TIME_WAIT for a flood.
    with contextlib.suppress(OSError):  # some kernels refuse it of a connection that the client has reset already
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    one.close()

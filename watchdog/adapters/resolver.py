"""Host names to addresses, without letting one hanging name server starve the other probes.

Rule 1: `getaddrinfo` cannot be cancelled: it runs in a daemon thread of its own, never in the loop's executor, whose
few workers would soon all hang. A thread that has answered waits a while for the next name: starting one costs more.
Rule 2: one lookup per name at a time; later callers wait for the same answer. A hanging name holds one thread.
Rule 3: no cache: a probe meets the same answer as a visitor.
"""

import asyncio
import queue
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Any

from watchdog.adapters.ssrf_guard import as_address

LOOKUPS_MAX = 32
IDLE_THREADS_MAX = 4
IDLE_SECONDS_MAX = 60.0
"".encode("idna")  # getaddrinfo loads that codec: not within the first timed lookup
Lookup = Callable[..., list[Any]]


class ResolverBusyError(Exception):
    """Too many lookups hang already, or no thread can be started: our own limit, and no evidence against the site."""


class Resolver:
    """Resolves names in a limited number of threads. One instance serves the whole process, in any event loop."""

    def __init__(self, *, lookups_max: int = LOOKUPS_MAX, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookups_max = lookups_max
        self._lookup = lookup
        self._running: dict[tuple[str, int], Future[tuple[str, ...]]] = {}
        self._lock = threading.Lock()
        self._named: queue.SimpleQueue[tuple[str, int, Future[tuple[str, ...]]]] = queue.SimpleQueue()
        self.idle_threads = 0  # that wait for a name, and were not given one yet

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return the host's addresses in the resolver's order.

        Raises socket.gaierror, UnicodeError for an impossible name, ResolverBusyError; another OSError where this
        machine lacks what a lookup needs.
        """
        literal = as_address(host)
        if literal is not None:
            return (literal,)
        return await asyncio.wrap_future(self._start_or_join(host, port))

    def _start_or_join(self, host: str, port: int) -> Future[tuple[str, ...]]:
        with self._lock:
            running = self._running.get((host, port))
            if running is not None:
                return running
            if len(self._running) >= self._lookups_max:
                raise ResolverBusyError
            future: Future[tuple[str, ...]] = Future()
            future.set_running_or_notify_cancel()  # from here on, a caller that gives up cannot cancel it
            self._running[host, port] = future
            starts = self.idle_threads == 0
            self.idle_threads -= not starts
        if starts:
            # A daemon thread: a hanging lookup must not keep the process from ending.
            thread = threading.Thread(target=self._work, args=(host, port, future), name="dns", daemon=True)
            try:
                thread.start()
            except (RuntimeError, MemoryError) as error:
                # Left as running, it would have every later caller wait for an answer that never comes.
                with self._lock:
                    self._running.pop((host, port), None)
                future.set_exception(ResolverBusyError())
                raise ResolverBusyError from error
        else:
            self._named.put((host, port, future))
        return future

    def _work(self, host: str, port: int, future: Future[tuple[str, ...]]) -> None:
        """Look names up in a thread, until there was none for a while or enough other threads wait."""
        while True:
            self._run(host, port, future)
            with self._lock:
                if self.idle_threads >= IDLE_THREADS_MAX:
                    return
                self.idle_threads += 1
            while True:
                try:
                    host, port, future = self._named.get(timeout=IDLE_SECONDS_MAX)
                    break
                except queue.Empty:
                    with self._lock:
                        # With none idle a name was given to this thread a moment ago, and is in the queue soon.
                        if self.idle_threads:
                            self.idle_threads -= 1
                            return

    def _run(self, host: str, port: int, future: Future[tuple[str, ...]]) -> None:
        found: tuple[str, ...] = ()
        problem: Exception | None = None
        try:
            # AI_ADDRCONFIG: without a route for IPv6, its addresses would only fail first.
            rows = self._lookup(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            found = tuple(dict.fromkeys(str(row[4][0]) for row in rows))
        except Exception as error:  # noqa: BLE001  the waiting callers get it
            problem = _without_a_socket() or error
        # Removed before the result is set: a caller woken by it that asks again must start a new lookup.
        with self._lock:
            self._running.pop((host, port), None)
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(found)


def _without_a_socket() -> OSError | None:
    """Return why this process can open no socket, or None.

    The C library that cannot open its files answers that there is no such name: a fault of ours that looks like one of
    the site.
    """
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError as error:
        return error
    return None


@cache
def shared_resolver() -> Resolver:
    """Return the one resolver of this process."""
    return Resolver()

"""Host names to addresses, without letting one hanging name server starve the other probes.

Rule 1: `getaddrinfo` cannot be cancelled: it runs in a daemon thread of its own, never in the loop's executor, whose
few workers would soon all hang.
Rule 2: one lookup per name at a time; later callers wait for the same answer. A hanging name holds one thread.
Rule 3: no cache: a probe meets the same answer as a visitor.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Any

from watchdog.adapters.ssrf_guard import as_address

LOOKUPS_MAX = 32
Lookup = Callable[..., list[Any]]


class ResolverBusyError(Exception):
    """Too many lookups hang already: our own limit, so it is no evidence against the site."""


class Resolver:
    """Resolves names in a limited number of threads. One instance serves the whole process, in any event loop."""

    def __init__(self, *, lookups_max: int = LOOKUPS_MAX, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookups_max = lookups_max
        self._lookup = lookup
        self._running: dict[tuple[str, int], Future[tuple[str, ...]]] = {}
        self._lock = threading.Lock()

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return the host's addresses in the resolver's order.

        Raises socket.gaierror, UnicodeError for an impossible name, ResolverBusyError.
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
        # A daemon thread: a hanging lookup must not keep the process from ending.
        threading.Thread(target=self._run, args=(host, port, future), name=f"dns {host[:40]}", daemon=True).start()
        return future

    def _run(self, host: str, port: int, future: Future[tuple[str, ...]]) -> None:
        found: tuple[str, ...] = ()
        problem: Exception | None = None
        try:
            # AI_ADDRCONFIG: without a route for IPv6, its addresses would only fail first.
            rows = self._lookup(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            found = tuple(dict.fromkeys(str(row[4][0]) for row in rows))
        except Exception as error:  # noqa: BLE001  the waiting callers get it
            problem = error
        # Removed before the result is set: a caller woken by it that asks again must start a new lookup.
        with self._lock:
            self._running.pop((host, port), None)
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(found)


@cache
def shared_resolver() -> Resolver:
    """Return the one resolver of this process."""
    return Resolver()

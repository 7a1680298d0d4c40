"""Slack's socket: one connection after the other, each with an address of its own, each envelope acknowledged at once.

Rule 1: an address is used once. Slack sends `disconnect` before it closes. The next connection is opened first and the
old one is read to its end, so that no click falls between them.
Rule 2: no error holds an address, a ticket or a text of the library: only its type.
Rule 3: a connection that does not answer our pings is dead, and closed. One that ends soon after it began is followed
by a growing random pause, so that reconnects never become a storm.
"""

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from cachetools import LRUCache

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.resolver import Resolver, ResolverBusyError, shared_resolver
from watchdog.adapters.slack.socket_url import open_address
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.adapters.ssrf_transport import ADDRESSES_MAX, shared_context
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

HELLO_SECONDS = 15.0
"""Seconds that Slack may take to greet; also the longest one opening of a socket may take."""
PING_SECONDS = 15.0
"""Seconds between our pings, and until an unanswered one ends the connection."""
LINGER_SECONDS = 60.0
"""The longest an old connection is read on after its successor was opened, in seconds."""
BRIEF_SECONDS = 60.0
"""A connection that lasted fewer seconds counts as a failure: the pause before the next grows."""
PAUSE_FIRST_SECONDS, PAUSE_MAX_SECONDS = 1.0, 60.0
REFUSED_PAUSE_SECONDS = 300.0
"""An administrator must change something first: the token, a scope, Socket Mode itself."""
MESSAGE_MAX_BYTES = 1024 * 1024
OURS_MAX = 4
"""Two workers, each with a connection and its successor. Slack sends each click to one connection, and keeps ten."""
REMEMBERED = 1000
"""Ids of handled envelopes that are remembered."""
AT_ONCE_MAX = 20
"""Envelopes handled at the same time; more are left unacknowledged, and Slack shows that to the author."""

Envelope = dict[str, Any]
Handle = Callable[[Envelope], Awaitable[None]]
log = structlog.get_logger("watchdog")
_silent = logging.getLogger("watchdog.websockets")
_silent.setLevel(logging.CRITICAL + 1)  # its lines hold addresses with tickets


class SocketMode:
    """Connects for ever and hands every envelope over once.

    `report` receives the error while no connection stands, and None when one does.
    """

    def __init__(
        self,
        client: ApiClient,
        endpoint: str,
        clock: Clock,
        *,
        guard: AddressGuard | None = None,
        report: Callable[[Exception | None], None] = lambda error: None,
        chance: random.Random | None = None,
        resolver: Resolver | None = None,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._clock = clock
        self._guard = guard or AddressGuard()
        self._report = report
        self._chance = chance or random.Random()  # noqa: S311  spreads attempts; guards nothing
        self._resolver = resolver or shared_resolver()
        self._ping_seconds = ping_seconds
        self._seen: LRUCache[str, None] = LRUCache(REMEMBERED)
        self._handling = 0
        self._brief = 0

    async def run(self, handle: Handle) -> None:
        """Connect, read, and connect again, for ever.

        An exception that `handle` raises ends `run` too, for the supervisor.
        """
        old = None
        async with asyncio.TaskGroup() as group:
            while True:
                # Opened before the old one is closed: Slack sends a click to either, and both are read meanwhile.
                socket = await self._connected()
                if old is not None and old.close_code is None:
                    group.create_task(self._end_later(old))
                old, began, renew = socket, self._clock.monotonic(), asyncio.Event()
                group.create_task(self._read(socket, group, handle, renew))
                await renew.wait()
                # A connection that Slack ends at once would otherwise be replaced as fast as the network allows.
                lived = self._clock.monotonic() - began
                self._brief = self._brief + 1 if lived < BRIEF_SECONDS else 0
                if self._brief:
                    await self._clock.sleep(self._pause(self._brief))

    async def _connected(self) -> "ClientConnection":
        """Return a connection that Slack has greeted, after as many attempts as it takes."""
        failures = 0
        while True:
            try:
                socket = await self._open()
            except (Temporary, Permanent) as error:
                failures += 1
                self._report(error)
                log.warning("slack socket connection failed", why=str(error), attempts=failures)
                # A refused token does not heal by itself, so the pause is long.
                asked = error.retry_after_seconds if isinstance(error, Temporary) else REFUSED_PAUSE_SECONDS
                await self._clock.sleep(max(asked, self._pause(failures)))
                continue
            self._report(None)
            log.info("slack socket connected")
            return socket

    async def _open(self) -> "ClientConnection":
        """Request an address, connect to it, and wait for the greeting. Raises Temporary or Permanent."""
        address = await open_address(self._client, self._endpoint)
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                socket = await self._connect(address)
                try:
                    said = json.loads(await socket.recv())
                except BaseException:
                    # Abort, not close: a close waits for the peer, which may be the one that does not answer.
                    socket.transport.abort()
                    raise
        except (Temporary, Permanent):
            raise
        except Exception as error:  # noqa: BLE001  the library's words hold the address
            raise Temporary(f"Slack's socket did not open ({type(error).__name__})") from None
        if not isinstance(said, dict) or said.get("type") != "hello":
            await socket.close()
            raise Temporary("Slack's socket did not greet us")
        _count_connections(said.get("num_connections"))
        return socket

    async def _connect(self, address: str) -> "ClientConnection":
        """Connect to the first reachable address of the host, after the guard judged all of them."""
        place = urlsplit(address)
        host, secure = place.hostname or "", place.scheme == "wss"
        port = place.port or (443 if secure else 80)
        try:
            addresses = await self._resolver.addresses(host, port)
        except (OSError, UnicodeError, ResolverBusyError):
            raise Temporary("the name of Slack's socket does not resolve") from None
        # Slack's answer chose this host, unless it is the endpoint's own: it counts as a redirect.
        if why := self._guard.refusal(host, addresses, redirected=host != urlsplit(self._endpoint).hostname):
            raise Temporary(f"Slack's socket {why}")
        *others, last = addresses[:ADDRESSES_MAX]
        for other in others:
            with suppress(OSError, TimeoutError):
                # A quarter of the time for each but the last: one unreachable address must not use up the deadline.
                return await _connected_to(address, other, port, self._ping_seconds, HELLO_SECONDS / 4)
        return await _connected_to(address, last, port, self._ping_seconds, HELLO_SECONDS)

    async def _read(
        self, socket: "ClientConnection", group: asyncio.TaskGroup, handle: Handle, renew: asyncio.Event
    ) -> None:
        """Read a connection to its end; `renew` is set when another one is needed."""
        try:
            async for text in socket:
                said = _read_json(text)
                if said.get("type") == "disconnect":
                    log.info("slack requested a reconnect", reason=str(said.get("reason", ""))[:60])
                    # Not closed here: clicks that Slack has already assigned to this connection still arrive on it.
                    renew.set()
                elif isinstance(said.get("envelope_id"), str):
                    await self._take(socket, said, group, handle)
        except Exception as error:  # noqa: BLE001  a connection that broke is followed by another
            log.info("slack socket lost", why=type(error).__name__)
        finally:
            # After a planned `disconnect` the successor has reported already; this end is no failure.
            if not renew.is_set():
                self._report(Temporary("Slack's socket was closed"))
            renew.set()
            with suppress(Exception):
                await socket.close()

    async def _take(self, socket: "ClientConnection", said: Envelope, group: asyncio.TaskGroup, handle: Handle) -> None:
        """Acknowledge an envelope, then have it handled beside the reading, unless it was before."""
        known = said["envelope_id"] in self._seen
        # Checked before the acknowledgement: without one Slack sends the click again or shows the author an error.
        if not known and self._handling >= AT_ONCE_MAX:
            log.warning("slack request dropped, too many at once")
            return
        # Slack waits three seconds for it, and a decision may take longer; a repeated envelope is acknowledged too.
        await socket.send(json.dumps({"envelope_id": said["envelope_id"]}))
        if known:
            return
        self._seen[said["envelope_id"]] = None
        self._handling += 1
        group.create_task(self._handled(handle, said))

    async def _handled(self, handle: Handle, said: Envelope) -> None:
        try:
            await handle(said)
        finally:
            self._handling -= 1

    async def _end_later(self, socket: "ClientConnection") -> None:
        """Close an old connection that Slack does not close itself, a while after the next one was greeted."""
        await self._clock.sleep(LINGER_SECONDS)
        with suppress(Exception):
            await socket.close()

    def _pause(self, failures: int) -> float:
        """Return a pause that doubles with each failure; random between half of it and the whole."""
        whole = min(PAUSE_FIRST_SECONDS * 2.0 ** min(failures - 1, 10), PAUSE_MAX_SECONDS)
        return whole * self._chance.uniform(0.5, 1.0)


async def _connected_to(url: str, address: str, port: int, ping: float, within: float) -> "ClientConnection":
    """Connect to one address; Host, SNI and the certificate's check keep the name."""
    from websockets.asyncio.client import connect

    tls: dict[str, Any] = {"ssl": shared_context()} if url.startswith("wss:") else {}
    return await connect(
        url,
        host=address,
        port=port,
        proxy=None,
        compression=None,
        open_timeout=within,
        close_timeout=2.0,
        ping_interval=ping,
        ping_timeout=ping,
        max_size=MESSAGE_MAX_BYTES,
        logger=_silent,
        **tls,
    )


def _count_connections(number: object) -> None:
    """Warn of connections of this app that cannot be ours: clicks that go to them are lost."""
    if isinstance(number, int) and number > OURS_MAX:
        how = "stop what else uses this app token, or make a new one for the watchdog"
        log.warning("slack counts more connections than expected", connections=number, ours=OURS_MAX, cure=how)


def _read_json(text: str | bytes) -> Envelope:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}

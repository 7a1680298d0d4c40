"""The signal `tcp`: does a port take a connection, and greet as expected?

`mail: {tcp: "smtp.acme.example:25", banner: "^220 "}`

Rule: nothing is sent but the handshake of TLS. What the other side sends first is read up to `BANNER_BYTES_MAX`.
"""

import asyncio
import socket
import ssl
from functools import cache
from typing import Annotated

import httpx
from pydantic import AfterValidator

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.options import Context, parse_url
from watchdog.adapters.resolver import Resolver, ResolverBusyError, shared_resolver
from watchdog.adapters.signals.options import SignalOptions, probe_policy
from watchdog.adapters.signals.pattern import Expression, Pattern, TooSlow, beside
from watchdog.adapters.signals.phase_timer import CONNECT, DNS, FIRST_BYTE, TLS, Stopwatch
from watchdog.adapters.signals.probe_failures import Failure, explain, explain_dns
from watchdog.adapters.signals.probe_http import in_turn
from watchdog.adapters.signals.redirects import within
from watchdog.adapters.signals.source import Source
from watchdog.adapters.ssrf_guard import Reach, as_address, reach_of
from watchdog.adapters.ssrf_transport import ADDRESSES_MAX, host_of
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, Unknown
from watchdog.ports import Sample

KIND = "tcp"
BANNER_BYTES_MAX = 1024
_GRACE_SECONDS = 1.0
"""Seconds for closing the connection after the deadline of the reading."""


def place(text: str) -> tuple[str, int]:
    """Return host and port of `host:port`. Raises ValueError with the form to write."""
    url = parse_url(f"tcp://{text}")
    if not url.host or url.port is None or url.userinfo or url.raw_path not in (b"", b"/") or url.fragment:
        raise ValueError("not a host with its port: write db.acme.example:5432")
    literal = as_address(host_of(url))
    if literal is not None and reach_of(literal) is Reach.NEVER:
        raise ValueError("a link-local address, where we never connect: write the address of the service")
    return host_of(url), url.port


def _check_place(text: str) -> str:
    place(text)
    return text


Place = Annotated[str, AfterValidator(_check_place), written_as(r"^[^\s/?#@]+:\d{1,5}$", "db.acme.example:5432")]
"""A host with its port."""


class TcpOptions(SignalOptions):
    """Options of `tcp`; `host:port` is the value of the key that names the kind."""

    tcp: Place
    tls: bool = False
    banner: Expression | None = None


class TcpProbe(Source):
    """Connects, perhaps with TLS, perhaps waits for a greeting, and closes. Readings take turns among the addresses."""

    adaptive = timed = True

    def __init__(
        self,
        name: str,
        options: TcpOptions,
        context: Context,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        super().__init__(name, KIND, every_seconds=options.every, timeout_seconds=options.timeout + _GRACE_SECONDS)
        self._deadline_seconds = options.timeout
        self._host, self._port = place(options.tcp)
        self._tls = (tls or own_context()) if options.tls else None
        self._banner = Pattern(options.banner) if options.banner is not None else None
        self._guard = context.guard
        self._resolver = resolver or shared_resolver()
        self._turn = 0

    async def look(self) -> tuple[Sample, ...]:
        """Connect once and return one sample."""
        self._turn += 1
        watch = Stopwatch()
        came = await within(self._deadline_seconds, watch, self._connected(watch))
        phases = watch.phases()
        if isinstance(came, Failure):
            return (Sample(Unknown(came.why) if came.ours else Bad(came.why, came.kind), phases=phases),)
        return (Sample(Good(came), latency_seconds=phases.total_seconds, phases=phases),)

    async def _connected(self, watch: Stopwatch) -> str | Failure:
        """Return what a good connection showed, or why there is none."""
        watch.enter(DNS)
        try:
            found = await self._resolver.addresses(self._host, self._port)
        except ResolverBusyError:
            return Failure(FailureKind.DNS, "too many name lookups are pending", ours=True)
        except (socket.gaierror, UnicodeError, OSError) as error:
            return explain_dns(error)
        watch.leave(DNS)
        if why := self._guard.refusal(self._host, found):
            return Failure(FailureKind.DNS, why, ours=True)
        came: str | Failure = Failure(FailureKind.DNS, "DNS: the name has no address")
        for address in in_turn(found, self._turn)[:ADDRESSES_MAX]:
            came = await self._connect_to(address, watch)
            # As a client would: only an address family without a route moves on to the next address.
            if not (isinstance(came, Failure) and came.no_route):
                break
        return came

    async def _connect_to(self, address: str, watch: Stopwatch) -> str | Failure:
        watch.enter(CONNECT)
        writer = None
        try:
            reader, writer = await asyncio.open_connection(address, self._port, limit=BANNER_BYTES_MAX)
            watch.leave(CONNECT)
            if self._tls is not None:
                watch.enter(TLS)
                await writer.start_tls(self._tls, server_hostname=self._host)
                watch.leave(TLS)
            if self._banner is None:
                return "connected" + (" with TLS" if self._tls else "")
            watch.enter(FIRST_BYTE)
            return await self._greeted(reader, self._banner)
        except OSError as error:
            return explain(error, watch.step)
        finally:
            if writer is not None:
                # Not awaited: the other side may never answer the end of TLS.
                writer.transport.abort()

    async def _greeted(self, reader: asyncio.StreamReader, banner: Pattern) -> str | Failure:
        """Return the greeting that has the expression; it may come in pieces."""
        seen = b""
        try:
            while len(seen) < BANNER_BYTES_MAX:
                piece = await reader.read(BANNER_BYTES_MAX - len(seen))
                if not piece:
                    break
                seen += piece
                if await beside(banner.finds, seen.decode("latin-1")):
                    return f'greets "{plain(seen.decode("latin-1"), 60)}"'
        except TooSlow as slow:
            return Failure(FailureKind.BODY, plain(str(slow)), ours=True)
        said = f'greets "{plain(seen.decode("latin-1"), 60)}"' if seen else "closes without a greeting"
        return Failure(FailureKind.BODY, f"{said}: not /{plain(banner.text, 80)}/")


@cache
def own_context() -> ssl.SSLContext:
    """Return the trust store for ports that do not speak HTTP: the shared one offers HTTP in each handshake (ALPN)."""
    return httpx.create_ssl_context()


def build(
    name: str,
    options: TcpOptions,
    context: Context,
    tls: ssl.SSLContext | None = None,
    resolver: Resolver | None = None,
) -> TcpProbe:
    """Return the probe. `tls` and `resolver` replace the trust store and the resolver in tests."""
    return TcpProbe(name, options, context, tls, resolver)


def policy_of(name: str, options: TcpOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)

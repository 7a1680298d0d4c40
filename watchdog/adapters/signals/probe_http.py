"""One request over a connection of its own, limited in bytes and measured in phases.

Rule 1: a fresh connection per exchange: a kept one reports the death of the connection, not of the site.
Rule 2: names are resolved here, judged (adapters/ssrf_guard.py), and the connection goes to the judged address; Host
and SNI keep the name.
Rule 3: the caller holds the total deadline (`asyncio.timeout`): a limit of each read is reset by each trickled byte.
Rule 4: bodies are asked for uncompressed, and a body that comes compressed anyway is inflated within the same limit.
"""

import socket
import ssl
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import h11
import httpx

from watchdog import __version__
from watchdog.adapters.resolver import Resolver, ResolverBusyError, shared_resolver
from watchdog.adapters.signals.fresh_connection import FreshConnection, Head
from watchdog.adapters.signals.phase_timer import DNS, Stopwatch
from watchdog.adapters.signals.probe_failures import Failure, explain, explain_dns
from watchdog.adapters.signals.probe_options.proxy import WANTS_CREDENTIALS, Proxy, refused_by_proxy
from watchdog.adapters.signals.probe_options.request import ProbeRequest
from watchdog.adapters.ssrf_guard import AddressGuard, as_address
from watchdog.adapters.ssrf_transport import ADDRESSES_MAX, host_of, port_of, shared_context
from watchdog.domain.certificates import Certificate
from watchdog.domain.readings import FailureKind

USER_AGENT = f"watchdog/{__version__} (render-watchdog health probe)"
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
GET = ProbeRequest()


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer. `body` holds at most the limit; `coding` names a compression that we cannot undo."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    address: str
    too_large: bool = False
    coding: str = ""
    certificate: Certificate | None = None


class ProbeTransport:
    """Makes exchanges; holds no connection.

    `own_context` gives the TLS context for the site of the configuration, `context` the one for others; `ip` is the
    version of the addresses that are connected to: 4, 6 or any.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
        guard: AddressGuard | None = None,
        own_context: Callable[[], ssl.SSLContext] | None = None,
        ip: str = "any",
        proxy: Proxy | None = None,
    ) -> None:
        self._proxy = proxy
        self._ip = ip
        self._guard = guard or AddressGuard()
        self._own_context = own_context
        self._context = context or shared_context()
        self._resolver = resolver or shared_resolver()

    async def get(
        self,
        url: httpx.URL,
        watch: Stopwatch,
        *,
        max_body: int,
        turn: int = 0,
        headers: Mapping[str, str] = _NO_HEADERS,
        redirected: bool = False,
        request: ProbeRequest = GET,
        own: bool = True,
    ) -> Answer | Failure:
        """Send one request. `turn` chooses among the addresses; a `max_body` of 0 leaves the body unread.

        `redirected` marks a URL whose host a server chose, not the user: it must not lead into a private network.
        `own` says that it is the site of the configuration, which may see our certificate.
        """
        if self._proxy is not None:
            return await self._through(self._proxy, url, watch, max_body, redirected, request, own)
        found = await self._resolve(url, watch)
        if isinstance(found, Failure):
            return found
        if why := self._guard.refusal(host_of(url), found, redirected=redirected):
            kind = FailureKind.REDIRECT if redirected else FailureKind.DNS
            return Failure(kind, why, ours=not redirected)  # what we do not dare to look at is unknown, not bad
        context = self._context_for(own)
        if isinstance(context, Failure):
            return context
        asked = replace(request, headers={**headers, **request.headers})
        # All were judged: an address of the other version may show that a name leads astray.
        wanted = [one for one in found if self._ip == "any" or (":" in one) == (self._ip == "6")]
        lacking = "address" if self._ip == "any" else f"IPv{self._ip} address"
        came: Answer | Failure = Failure(FailureKind.DNS, f"DNS: the name has no {lacking}")
        for address in in_turn(wanted, turn)[:ADDRESSES_MAX]:
            came = await self._send_to(address, url, watch, max_body, asked, context)
            # Only an unreachable address family moves on to the next address: a
            # refused connection is the answer of this server.
            if not (isinstance(came, Failure) and came.no_route):
                return came
        return came

    def _context_for(self, own: bool) -> ssl.SSLContext | Failure:
        try:
            return self._own_context() if own and self._own_context is not None else self._context
        except OSError:
            return Failure(FailureKind.TLS, "a file of tls cannot be read, or does not fit the others", ours=True)

    async def _through(
        self,
        proxy: Proxy,
        url: httpx.URL,
        watch: Stopwatch,
        max_body: int,
        redirected: bool,
        request: ProbeRequest,
        own: bool,
    ) -> Answer | Failure:
        watch.goes_through_a_proxy()
        # Only a tunnel's answers are the site's for sure: to http:// the proxy itself may answer 403, or hang.
        if url.scheme != "https":
            return Failure(FailureKind.CONNECT, "http:// is not probed through a proxy: write https://", ours=True)
        # The proxy looks the name up, so where another server's name leads cannot be judged here.
        if redirected:
            return Failure(FailureKind.REDIRECT, "redirected to another host: not followed through a proxy")
        literal = as_address(host_of(url))
        if literal is not None and (why := self._guard.refusal(host_of(url), [literal])):
            return Failure(FailureKind.CONNECT, why, ours=True)
        found = await self._resolve(proxy.url, watch)
        if isinstance(found, Failure):
            return replace(found, why=f"the proxy: {found.why}", ours=True)
        if not found or (why := self._guard.refusal(host_of(proxy.url), found)):
            return Failure(FailureKind.DNS, f"the proxy {why if found else 'has no address'}", ours=True)
        context = self._context_for(own)
        if isinstance(context, Failure):
            return context
        came = await self._send_to(found[0], url, watch, max_body, request, context, proxy)
        if isinstance(came, Failure) and watch.is_at_the_proxy:
            return replace(came, why=f"the proxy: {came.why}", ours=True)
        return refused_by_proxy(came.status) if isinstance(came, Answer) and came.status == WANTS_CREDENTIALS else came

    async def _resolve(self, url: httpx.URL, watch: Stopwatch) -> tuple[str, ...] | Failure:
        watch.enter(DNS)
        try:
            return await self._resolver.addresses(host_of(url), port_of(url))
        except ResolverBusyError:
            return Failure(FailureKind.DNS, "too many name lookups are pending", ours=True)
        except (socket.gaierror, UnicodeError, OSError) as error:
            return explain_dns(error)
        finally:
            watch.leave(DNS)

    async def _send_to(
        self,
        address: str,
        url: httpx.URL,
        watch: Stopwatch,
        max_body: int,
        asked: ProbeRequest,
        context: ssl.SSLContext,
        proxy: Proxy | None = None,
    ) -> Answer | Failure:
        connection: FreshConnection | None = None
        try:
            connection = FreshConnection(address, watch)
            await connection.connect(port_of(url if proxy is None else proxy.url))
            if proxy is not None:
                status = await connection.tunnel(*proxy.tunnel_to(host_of(url), port_of(url)))
                if not 200 <= status < 300:
                    return refused_by_proxy(status)
            valid = await connection.secure(context, host_of(url)) if url.scheme == "https" else None
            head = await connection.ask(asked.method.encode(), url.raw_path, _headers(url, asked), asked.body)
            body = await connection.body(max_body) if max_body > 0 else b""
        except (OSError, EOFError, h11.ProtocolError) as error:
            return explain(error, watch.step)
        finally:
            if connection is not None:
                connection.close()
        certificate = Certificate(url.netloc.decode("ascii"), *valid) if valid is not None else None
        return _answer(head, body, address, max_body, certificate)


def _headers(url: httpx.URL, asked: ProbeRequest) -> list[tuple[bytes, bytes]]:
    """Return the headers of a request; one of the user replaces ours, without regard to case."""
    headers = httpx.Headers({"Host": url.netloc.decode("ascii"), **_HEADERS})
    if asked.body or asked.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(len(asked.body))
    headers.update(asked.headers)
    return headers.raw


def in_turn(found: Sequence[str], turn: int) -> Sequence[str]:
    """Return the addresses in the order in which this turn tries them: one, the other family, the rest of its own.

    The turn counts in a fixed order: where a name server rotates its answers, one of two addresses would never be
    probed. The other family comes second: a name may have more IPv6 addresses than are tried.
    """
    place = turn % max(len(found), 1)
    turned = [*sorted(found)[place:], *sorted(found)[:place]]
    return sorted(turned, key=lambda one: one != turned[0] and (":" in one) == (":" in turned[0]))


def _answer(head: Head, body: bytes, address: str, max_body: int, certificate: Certificate | None) -> Answer | Failure:
    headers = httpx.Headers(list(head.headers))
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity") or not body:
        content, coding = body[: max_body + 1], ""
    elif coding in ("gzip", "x-gzip", "deflate"):
        try:
            content, coding = inflate(body, max_body), ""
        except zlib.error:
            return Failure(FailureKind.PROTOCOL, f"the body is not the {coding} that the header says")
    else:
        content = b""
    return Answer(
        status=head.status,
        headers=headers,
        body=content[:max_body],
        address=address,
        too_large=len(body) > max_body > 0 or len(content) > max_body > 0,
        coding=coding,
        certificate=certificate,
    )


def inflate(body: bytes, max_bytes: int) -> bytes:
    """Return gzip or deflate data inflated, at most `max_bytes` + 1 of it. Raises zlib.error."""
    try:
        # The output is limited, not the input: 1 MB of gzip can hold 1 GB. 47
        # lets zlib recognise gzip and zlib headers.
        return zlib.decompressobj(wbits=47).decompress(body, max_bytes + 1)
    except zlib.error:
        return zlib.decompressobj(wbits=-15).decompress(body, max_bytes + 1)  # some servers send deflate without header

"""The transport of all our HTTP clients: a name is resolved once, judged, and the judged address connected to.

Rule 1: Host, SNI and the certificate's check keep the name; only the connection goes to the address.
Rule 2: every failure before a connection stands is a ConnectError or ConnectTimeout: nothing was sent.
Rule 3: no proxy and no setting of the environment, no unix socket.
"""

import asyncio
import ssl
from functools import cache

import httpx

from watchdog.adapters.resolver import Resolver, ResolverBusyError, shared_resolver
from watchdog.adapters.ssrf_guard import AddressGuard

ADDRESSES_MAX = 4
"""The number of addresses that are tried when the first ones cannot be reached."""
_CONNECT_SECONDS = 5.0


class AddressRefusedError(httpx.ConnectError):
    """The guard refused the address; the text is ours, and safe to show."""


@cache
def shared_context() -> ssl.SSLContext:
    """Return the one SSLContext of this process (making one costs 10 ms and more). SSL_CERT_FILE adds private CAs."""
    return httpx.create_ssl_context()


class GuardedTransport(httpx.AsyncBaseTransport):
    """A transport that connects only where the guard allows. `context` and `resolver` are replaced in tests."""

    def __init__(
        self,
        guard: AddressGuard | None = None,
        *,
        limits: httpx.Limits | None = None,
        context: ssl.SSLContext | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        self._guard = guard or AddressGuard()
        self._resolver = resolver or shared_resolver()
        self._context = context or shared_context()
        self._limits = limits or httpx.Limits(max_connections=20, keepalive_expiry=20.0)
        self._by_host: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to an address that was judged; the next one is tried only if nothing was sent."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + (request.extensions.get("timeout", {}).get("connect") or _CONNECT_SECONDS)
        addresses = await self._addresses(request.url, give_up)
        *others, last = addresses[:ADDRESSES_MAX]
        for address in others:
            try:
                # Half of the rest for each but the last: an unreachable first address leaves time for the others.
                return await self._send(request, address, (give_up - loop.time()) / 2)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # the next address may be reachable
        return await self._send(request, last, give_up - loop.time())

    async def aclose(self) -> None:
        """Close all connections."""
        for inner in self._by_host.values():
            await inner.aclose()

    async def _addresses(self, url: httpx.URL, give_up: float) -> tuple[str, ...]:
        host = host_of(url)
        try:
            async with asyncio.timeout_at(give_up):
                addresses = await self._resolver.addresses(host, port_of(url))
        except TimeoutError:
            raise httpx.ConnectTimeout("the name server did not answer") from None
        except (OSError, UnicodeError, ResolverBusyError):
            raise httpx.ConnectError("the name does not resolve") from None
        if not addresses:
            raise httpx.ConnectError("the name has no address")
        if why := self._guard.refusal(host, addresses):
            raise AddressRefusedError(why)
        return addresses

    async def _send(self, request: httpx.Request, address: str, connect_seconds: float) -> httpx.Response:
        host = host_of(request.url)
        # Not below 10 ms: the lookup may have used the time up, and with 0 or
        # less the connect would fail without a try.
        timeouts = {**request.extensions.get("timeout", {}), "connect": max(connect_seconds, 0.01)}
        return await self._inner(host).handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "timeout": timeouts, "sni_hostname": host},
            )
        )

    def _inner(self, host: str) -> httpx.AsyncHTTPTransport:
        """Return the connections of one host: by address alone, one name would get another's TLS connection."""
        if host not in self._by_host:
            made = httpx.AsyncHTTPTransport(verify=self._context, trust_env=False, limits=self._limits)
            self._by_host[host] = made
        return self._by_host[host]


def port_of(url: httpx.URL) -> int:
    """Return the URL's port, or the default of its scheme."""
    return url.port or (443 if url.scheme == "https" else 80)


def host_of(url: httpx.URL) -> str:
    """Return the host in the form of the resolver and TLS: punycode, no brackets."""
    return url.raw_host.decode("ascii").strip("[]")

"""Authentication for all paths but health and metrics: a bearer token, with a limit on wrong ones.

Rule 1: every path behind this layer gives the same answers to a stranger, whether it exists or not.
Rule 2: the token is compared in constant time, as bytes; no answer, log line or header repeats a client's input.
Rule 3: the token is compared first: wrong tokens never delay the right one, from any address. After a few wrong tokens
an address waits before it may show another with the same beginning, and after some dozens before it may show any other.
The tables are bounded, and count nothing else.
"""

import hashlib
import hmac
import ipaddress

from cachetools import LRUCache
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog.ports import Clock

PEERS_MAX = 1024
REQUESTS_AT_ONCE, REQUESTS_PER_SECOND = 40.0, 10.0
FAILURES_AT_ONCE, FAILURES_PER_SECOND = 5.0, 0.1
GUESSES_AT_ONCE, GUESSES_PER_SECOND = 30.0, 1.0
"""Limit of all wrong tokens of an address: laxer, since behind a proxy all people share one address."""
PREFIX_BYTES = 8


class Buckets:
    """Token buckets by peer: `at_once` requests, refilled at `per_second`; the peer unseen longest is forgotten."""

    def __init__(self, clock: Clock, at_once: float, per_second: float, peers_max: int = PEERS_MAX) -> None:
        self._clock = clock
        self._at_once = at_once
        self._per_second = per_second
        self._left: LRUCache[str, tuple[float, float]] = LRUCache(peers_max)

    def __len__(self) -> int:
        return len(self._left)

    def wait_seconds(self, peer: str) -> float:
        """Return how long the peer must wait before it may take one; 0 if it may now."""
        return max(0.0, 1.0 - self._now(peer)) / self._per_second

    def take(self, peer: str) -> None:
        """Take one, whether it is there or not."""
        # Never below zero: a flood does not lengthen the wait of its address.
        self._left[peer] = (max(self._now(peer) - 1.0, 0.0), self._clock.monotonic())

    def _now(self, peer: str) -> float:
        left, at = self._left.get(peer, (self._at_once, 0.0))
        return min(self._at_once, left + (self._clock.monotonic() - at) * self._per_second)


class Guesses:
    """Slows down wrong tokens of an address: those that begin alike, and, more laxly, all of them.

    So one mistyped token does not delay another of the same address (perhaps a proxy). A client that varies the
    beginning is bound by the address's limit.
    """

    def __init__(self, clock: Clock) -> None:
        self._alike = Buckets(clock, FAILURES_AT_ONCE, FAILURES_PER_SECOND)
        self._all = Buckets(clock, GUESSES_AT_ONCE, GUESSES_PER_SECOND)

    def wait_seconds(self, peer: str, token: bytes) -> float:
        """Return the seconds until this wrong token is answered; 0: now."""
        return max(self._alike.wait_seconds(_kind(peer, token)), self._all.wait_seconds(peer))

    def take(self, peer: str, token: bytes) -> None:
        """Count a wrong token."""
        self._alike.take(_kind(peer, token))
        self._all.take(peer)


class TokenAuth:
    """The ASGI layer in front of an application that only the owner of the token may use."""

    def __init__(self, app: ASGIApp, token: str, clock: Clock) -> None:
        # An empty token would equal the one of a request without any.
        if not token:
            raise ValueError("no token: serve nothing instead")
        self._app = app
        self._expected = token.encode()
        self._requests = Buckets(clock, REQUESTS_AT_ONCE, REQUESTS_PER_SECOND)
        self._guesses = Guesses(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request with the token through; answer 401 or 429 to every other."""
        shown, peer = _shown(scope), peer_of(scope)
        right = hmac.compare_digest(shown, self._expected)
        # The owner has buckets apart, so that strangers behind the same proxy cannot use them up.
        who = f"owner {peer}" if right else peer
        wait = max(self._requests.wait_seconds(who), 0.0 if right else self._guesses.wait_seconds(peer, shown))
        if wait > 0:
            await _refuse(429, "retry-after", f"{int(wait) + 1}")(scope, receive, send)
            return
        # A refused request is not counted: a client that waits as the header says gets through.
        self._requests.take(who)
        if not right:
            self._guesses.take(peer, shown)
            await _refuse(401, "www-authenticate", "Bearer")(scope, receive, send)
            return
        await self._app(scope, receive, send)


def peer_of(scope: Scope) -> str:
    """Return the client's address, or its /64 for IPv6, where one machine has billions of addresses."""
    return network_of(str((scope.get("client") or ("",))[0]))


def network_of(host: str) -> str:
    """Return the network of one machine: the address, or its /64 for IPv6; empty if `host` is no address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def _kind(peer: str, token: bytes) -> str:
    """Return the bucket of a wrong token: its address, and one of 256 kinds by its first bytes."""
    return f"{peer} {hashlib.sha256(token[:PREFIX_BYTES]).hexdigest()[:2]}"


def _shown(scope: Scope) -> bytes:
    """Return the bearer token of the request; empty if there is none, or more than one header."""
    # Two headers are refused: a proxy in front may have judged the other one.
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, token = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
    return bytes(token.strip()) if scheme.lower() == b"bearer" else b""


def _refuse(status: int, header: str, value: str) -> JSONResponse:
    return JSONResponse({"ok": False}, status, headers={header: value})

"""One exchange with redirects, within one deadline."""

import asyncio
from collections.abc import Awaitable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

import httpx

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.options import parse_url
from watchdog.adapters.redactor import Redactor
from watchdog.adapters.signals.phase_timer import DNS, Stopwatch
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import GET, Answer, ProbeTransport
from watchdog.adapters.signals.probe_options.request import ProbeRequest, same_origin
from watchdog.domain.readings import FailureKind

T = TypeVar("T")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
NOTHING_TO_HIDE = Redactor()


class Cookies(Protocol):
    """What one visitor keeps between exchanges."""

    def sent(self, url: httpx.URL, request: ProbeRequest) -> ProbeRequest:
        """Return the request with the cookies that belong to its address."""

    def took(self, url: httpx.URL, answer: Answer) -> None:
        """Keep the cookies of an answer from that address."""


async def follow(
    wire: ProbeTransport,
    url: httpx.URL,
    watch: Stopwatch,
    *,
    max_body: int,
    redirects: int,
    turn: int = 0,
    headers: Mapping[str, str] = _NO_HEADERS,
    accept: frozenset[int] = frozenset(),
    request: ProbeRequest = GET,
    redactor: Redactor = NOTHING_TO_HIDE,
    cookies: Cookies | None = None,
) -> Answer | Failure:
    """Return the answer after at most `redirects` redirects; a redirect among `accept` is an answer.

    `headers` go to every host; `request` stays with the host of `url`. `redactor` cleans the reason of a failure.
    `cookies` are kept of each hop, and sent where they belong.
    """
    named, redirected, first, left = url.host, False, url, False
    for hop in range(redirects + 1):
        # Once a server has chosen the host, every later hop counts as redirected, also one back to the first name.
        redirected = redirected or url.host != named
        # What is the user's own stays with the first server: the request, and the certificate that we show.
        came = await wire.get(
            url,
            watch,
            max_body=max_body,
            turn=turn,
            headers=headers,
            redirected=redirected,
            request=cookies.sent(url, request) if cookies is not None else request,
            own=not left,
        )
        if cookies is not None and isinstance(came, Answer):
            cookies.took(url, came)
        if isinstance(came, Failure) or came.status not in REDIRECTS - accept:
            return came
        # A Location may carry credentials; following it would send them, so it counts as unusable.
        onward = _location(url, came)
        if onward is None:
            return Failure(FailureKind.REDIRECT, f"HTTP {came.status} without a usable Location")
        if hop == redirects:
            return Failure(FailureKind.REDIRECT, _too_far(came.status, onward, redirects, redactor))
        # Once left, the first host gets nothing any more either: another one chose what would be sent there.
        left = left or not same_origin(first, onward)
        moved = request.elsewhere(came.status) if left else request.after(came.status)
        if moved is None:
            why = f"HTTP {came.status}: redirected to another host, where a {request.method} is not sent"
            return Failure(FailureKind.REDIRECT, why)
        url, request = onward, moved
    raise AssertionError("a loop of redirects + 1 hops returns in its last one")


def _location(url: httpx.URL, answer: Answer) -> httpx.URL | None:
    try:
        onward = parse_url(str(url.join(answer.headers.get("location", ""))))
    except (httpx.InvalidURL, ValueError):
        return None
    usable = "location" in answer.headers and onward.scheme in ("http", "https") and onward.host and not onward.userinfo
    return onward if usable else None


def _too_far(status: int, onward: httpx.URL, redirects: int, redactor: Redactor) -> str:
    """Return the reason with the redirect's target, but without its query, which may hold a secret."""
    where = plain(redactor(f"{onward.scheme}://{onward.netloc.decode('ascii', 'replace')}{onward.path}"), 120)
    if redirects == 0:
        return f"HTTP {status}: redirected to {where} (probe that URL, or set redirects: 1)"
    return f"more than {redirects} redirects, the last to {where}"


async def within(seconds: float, watch: Stopwatch, answer: Awaitable[T]) -> T | Failure:
    """Return the answer that came within one total deadline, or a failure with the phase in which the time ran out."""
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        # A name server that does not answer fails as one that refuses: the site was never asked. A TLS handshake that
        # hangs stays a timeout: it may be the application that hangs, behind a proxy that only passes TCP on.
        kind = FailureKind.DNS if watch.step == DNS else FailureKind.TIMEOUT
        at = f"{watch.step} of the proxy" if watch.is_at_the_proxy else watch.step
        return Failure(kind, f"timed out after {seconds:.1f} s ({at})", ours=watch.is_at_the_proxy)

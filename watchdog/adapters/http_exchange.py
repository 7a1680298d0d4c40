"""One exchange of bytes with a vendor, with a limit on everything: time and size.

Rule 1: httpx has no total timeout and inflates without limit, so both are done here.
Rule 2: no text of httpx is repeated: it may hold URLs, and a URL may be a secret. Only the error's type is.
"""

import asyncio
import json
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx

from watchdog.adapters.ssrf_transport import AddressRefusedError
from watchdog.domain.errors import Refused
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock

Params = Mapping[str, str] | Sequence[tuple[str, str]]
"""A query string; pairs where a key is repeated."""

MAX_TEXT = 64 * 1024
MAX_LINE = 200

for _noisy in ("httpx", "httpcore"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)  # their INFO and DEBUG lines hold URLs and headers


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer: `json` is None when the body is empty or not JSON, `text` its first 64 KiB."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    json: object | None = field(repr=False)
    text: str = field(repr=False)

    @property
    def ok(self) -> bool:
        """Return whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Return whether the body is markup (HTML), not JSON or plain words."""
        return self.text.lstrip("\ufeff \t\r\n").startswith("<")


@dataclass(frozen=True, slots=True)
class NoResponse:
    """No usable answer came, with the reason. `sent` is False only when certainly no byte of the request left.

    `accepted`: a 2xx came, and its body was lost.
    """

    why: str
    sent: bool
    too_large: bool = False
    accepted: bool = False


class OnlyGet(httpx.AsyncBaseTransport):
    """A transport that can only GET: a read-only client cannot write, whichever code holds it."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a GET on. Raises Refused for every other method, before a socket is touched."""
        if request.method != "GET":
            raise Refused(f"this client only reads: {request.method} is impossible")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the transport below."""
        await self._inner.aclose()


async def exchange(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    timeout_seconds: float,
    max_body_bytes: int,
    params: Params | None = None,
    body: object | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Answer | NoResponse:
    """Send one request and read its whole answer, within one deadline. A failure of the network is returned, not
    raised.

    `body` is sent as JSON, `form` as a browser sends one. An error status is an answer even if its body is lost: the
    refusal has arrived. With a clock, no byte is sent after the deadline: a process frozen while it connects must not
    send when it wakes.
    """
    extensions = {} if clock is None else {"trace": _not_after(clock, clock.monotonic() + timeout_seconds)}
    seen: httpx.Response | None = None
    # httpx drops the query that stands in the URL when it is given an empty one, hence None.
    query = httpx.QueryParams(tuple(params.items() if isinstance(params, Mapping) else params)) if params else None
    try:
        async with (
            asyncio.timeout(timeout_seconds),
            client.stream(
                method, url, params=query, json=body, data=form, headers=headers, extensions=extensions
            ) as response,
        ):
            seen = response
            return _answer(response, await _read(response, max_body_bytes))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ExceptionGroup, _TooLarge, _TooLate, zlib.error) as error:
        lost = _lost(error, timeout_seconds, max_body_bytes)
    if seen is not None and seen.status_code >= 400:
        return _answer(seen, b"")
    # A success whose body was lost is lost where its JSON is the answer; the caller knows.
    return replace(lost, accepted=seen is not None and seen.is_success)


class _TooLate(Exception):
    """The deadline passed before a byte of the request left."""


def _not_after(clock: Clock, deadline: float) -> Callable[[str, Mapping[str, object]], Awaitable[None]]:
    """Return a trace that stops a request whose first byte would leave after the deadline (monotonic seconds)."""

    async def trace(event: str, info: Mapping[str, object]) -> None:
        # asyncio.timeout alone is too late: after a freeze the loop may run this step before the expired timer.
        if event.endswith("send_request_headers.started") and clock.monotonic() > deadline:
            raise _TooLate

    return trace


class _TooLarge(Exception):
    """The body is larger than the limit."""


# The only failures that prove that nothing was sent; every other one may have reached the vendor.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)


def _lost(error: Exception, timeout_seconds: float, max_body_bytes: int) -> NoResponse:
    """Return the failure that an exception stands for, chosen by its type alone."""
    kind = type(error).__name__
    if isinstance(error, AddressRefusedError):
        return NoResponse(str(error), sent=False)  # our own words: no URL, no secret
    if isinstance(error, _TooLate):
        return NoResponse(f"was not called: it took longer than {show_seconds(timeout_seconds)} to connect", sent=False)
    if isinstance(error, _NOT_SENT):
        return NoResponse(f"could not be reached ({kind})", sent=False)
    if isinstance(error, _TooLarge):
        return NoResponse(f"sent more than {max_body_bytes} bytes", sent=True, too_large=True)
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return NoResponse(f"did not answer in {show_seconds(timeout_seconds)} ({kind})", sent=True)
    return NoResponse(f"broke the connection off ({kind})", sent=True)


async def _read(response: httpx.Response, max_body_bytes: int) -> bytes:
    """Return the body, inflated if need be; raise _TooLarge as soon as it passes the limit."""
    if response.is_stream_consumed:  # made in memory by httpx.MockTransport, not read from a wire
        return response.content
    inflate = None
    if response.headers.get("content-encoding", "").lower() in ("gzip", "deflate"):
        inflate = zlib.decompressobj(wbits=47)
    body = bytearray()
    async for chunk in response.aiter_raw():
        # Each chunk may only fill the rest of the limit, plus one byte that proves the excess.
        body += inflate.decompress(chunk, max_body_bytes + 1 - len(body)) if inflate else chunk
        if len(body) > max_body_bytes:
            raise _TooLarge
    return bytes(body)


def _answer(response: httpx.Response, body: bytes) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    parsed: object | None
    try:
        parsed = json.loads(body) if body else None
    except (ValueError, RecursionError):
        parsed = None
    return Answer(response.status_code, headers, parsed, body[:MAX_TEXT].decode("utf-8", "replace"))


def plain(text: str, limit: int = MAX_LINE) -> str:
    """Return foreign text on one line of at most `limit` characters; invisible characters become a space."""
    # Cut before cleaning: a hostile page may hand over megabytes. Four times the limit leaves room for runs of blanks.
    cut = text[: limit * 4]
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in cut).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"

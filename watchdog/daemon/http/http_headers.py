"""Security headers of every answer, and requests that are refused: the outermost ASGI layer.

Rule 1: an answer may set a header of its own; the others are set here, to the strictest value.
Rule 2: refusals come before any route is looked up, for /metrics too. Only /healthz and /readyz accept any Host: a
platform's health check uses a name of its own, and they show kinds of trouble alone.
Rule 3: an unknown Host is logged, as its name may be missing in the configuration. The limit is one line a minute, so
that strangers can neither fill the log nor use it up.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchdog.daemon.http.http_hosts import Hosts
from watchdog.daemon.runtime.log_throttle import LogThrottle

METHODS = frozenset({"GET", "HEAD", "POST"})
HEALTH = frozenset({"/healthz", "/readyz"})
STRANGE_HOST, STRANGE_HOST_SECONDS = "a strange host", 60.0
URL_MAX_BYTES = 4096
"""An identity provider's redirect back can be longer than 2 KiB."""
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-resource-policy": "same-origin",
    }
)

log = structlog.get_logger("watchdog")


class SafeHeaders:
    """Adds the headers; refuses strange hosts (421), two lengths (400), other methods (405) and long URLs (414)."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts
        self._strange = LogThrottle(STRANGE_HOST_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._misdirected(scope) or _refusal(scope) or self._app)(scope, receive, send_safely)

    def _misdirected(self, scope: Scope) -> JSONResponse | None:
        given = next((value for name, value in scope["headers"] if name == b"host"), None)
        if given is None or scope["path"] in HEALTH or self._hosts.knows(given):
            return None  # a program may name no host (HTTP/1.0); a browser always does
        left_out = self._strange.take(STRANGE_HOST, asyncio.get_running_loop().time())
        if left_out is not None:
            host = given.decode("latin-1")
            log.warning("request refused, unknown host", host=host, key="metrics.hosts", left_out=left_out)
        why = "this is not the host that you asked for: write its name into metrics.hosts"
        return JSONResponse({"ok": False, "detail": why}, 421)


def _refusal(scope: Scope) -> JSONResponse | None:
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
        # RFC 9112, 6.1: a proxy may have seen another end of this request, so nothing after it is read
        return JSONResponse({"ok": False}, 400, headers={"connection": "close"})
    if scope["method"] not in METHODS:
        return JSONResponse({"ok": False}, 405, headers={"allow": ", ".join(sorted(METHODS))})
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > URL_MAX_BYTES:
        return JSONResponse({"ok": False}, 414)
    return None

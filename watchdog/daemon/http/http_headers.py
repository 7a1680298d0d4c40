"""What every answer says to a browser, and what no request may be: the outermost ASGI layer.

Rule: an answer may bring a header of its own; what it does not bring is set here, to the strictest.
"""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = frozenset({"GET", "HEAD", "POST"})
URL_MAX_BYTES = 4096
"""What an identity provider sends a browser back with can be longer than 2 KiB."""
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


class SafeHeaders:
    """Adds the headers; refuses other methods (405) and long URLs (414) before anybody parses them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (_refusal(scope) or self._app)(scope, receive, send_safely)


def _refusal(scope: Scope) -> JSONResponse | None:
    if scope["method"] not in METHODS:
        return JSONResponse({"ok": False}, 405, headers={"allow": ", ".join(sorted(METHODS))})
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > URL_MAX_BYTES:
        return JSONResponse({"ok": False}, 414)
    return None

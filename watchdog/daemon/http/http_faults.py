"""Answers a request that raises in the daemon's own code: one 500, without a log line each.

Rule: a stranger who finds such a fault can send it a thousand times a minute. The first of a kind is logged with its
traceback; then one line every ten minutes has the count.
"""

import asyncio

import structlog
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchdog.daemon.runtime.fault_log import fault_kind
from watchdog.daemon.runtime.log_throttle import LogThrottle

log = structlog.get_logger("watchdog")


class Faults:
    """The ASGI layer that lets no exception of the application through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._throttle = LogThrottle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:  # noqa: BLE001  whatever it is, the server goes on
            self._write_down(error)
            # An answer that has begun cannot be replaced: the server then closes the connection.
            if not begun:
                await JSONResponse({"ok": False}, 500)(scope, receive, send)

    def _write_down(self, error: Exception) -> None:
        kind = fault_kind(error)
        left_out = self._throttle.take(kind, asyncio.get_running_loop().time())
        if left_out is not None:
            first = error if left_out == 0 else None
            log.error("request failed, internal error", kind=kind, left_out=left_out, exc_info=first)

"""Request size limit: an ASGI layer that reads the body of a POST before the application does."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_MAX_BYTES = 16_384
"""A note of a thousand characters, nine bytes each when quoted, fits."""


class BodyLimit:
    """Answers 413 to a body that is too large, and passes any other on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        # No handler reads the body of another method.
        if scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            # The client is gone, and no answer would reach it.
            if message["type"] == "http.disconnect":
                return
            body, more = body + message.get("body", b""), message.get("more_body", False)
            # Counted while reading: Content-Length may be missing, or wrong.
            if len(body) > BODY_MAX_BYTES:
                await JSONResponse({"detail": f"more than {BODY_MAX_BYTES} bytes"}, 413)(scope, receive, send)
                return
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            # After the body the real messages: a handler may wait for the client to disconnect.
            return waiting.pop() if waiting else await receive()

        await self._app(scope, replay, send)

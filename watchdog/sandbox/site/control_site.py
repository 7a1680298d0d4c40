"""A control target: a foreign site that always works. If it does not answer, the watchdog's own network is down."""

from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

PAGE = "<!doctype html>\n<html><body><h1>Example</h1></body></html>\n"


class ControlTarget:
    """Answers every request with a small page. To simulate an outage its listener is shut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await HTMLResponse(PAGE)(scope, receive, send)

"""A control target: somebody else's site that always works. If it does not answer, it is we who cannot see."""

from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

PAGE = "<!doctype html>\n<html><body><h1>Example</h1></body></html>\n"


class ControlTarget:
    """Answers everything with a small page. That it stops answering is its listener's affair, not its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await HTMLResponse(PAGE)(scope, receive, send)

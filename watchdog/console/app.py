"""The console as one ASGI application, to be mounted into the daemon's HTTP server."""

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchdog.console.auth.auth_middleware import AuthMiddleware
from watchdog.console.auth.login import login_routes
from watchdog.console.command_service import CommandService
from watchdog.console.dependencies import Access, Dependencies
from watchdog.console.queries.view_queries import ViewQueries
from watchdog.console.render.json_response import refusal
from watchdog.console.render.rendering import Renderer
from watchdog.console.routes.api import make_api
from watchdog.console.routes.form_routes import acting_routes
from watchdog.console.routes.live import Live
from watchdog.console.routes.pages import not_found, page_routes
from watchdog.domain.errors import Temporary

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The content security policy: browsers accept script, style and connections from this origin alone, nothing inline."""

REFERRER = "same-origin"
"""Browsers send no referrer to other sites. With `no-referrer` a browser would send `null` as the origin of our own
forms."""
BODY_MAX_BYTES = 16_384
"""A note of a thousand characters, nine bytes each when quoted, fits."""


def make_console(deps: Dependencies, access: Access) -> ASGIApp:
    """Return the console. Raises ValueError if the configuration has neither token nor proxy nor OpenID provider."""
    reader, renderer = ViewQueries(deps), Renderer(deps.version)
    command_service = CommandService(deps, access, reader.forget_saved)

    async def problem(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404:
            return not_found(request, renderer)
        return renderer.page(request, "problem.html", {"title": "Not possible", "problem": f"HTTP {status}"}, status)

    async def unavailable(request: Request, error: Exception) -> Response:
        said = {"title": "Not now", "problem": "The store does not answer. This page reloads until it does."}
        answer = renderer.page(request, "problem.html", said, 503)
        answer.headers["retry-after"] = "5"
        return answer

    app = Starlette(
        routes=[
            *login_routes(access, renderer, deps.clock),
            *acting_routes(reader, renderer, command_service),
            *page_routes(reader, renderer, access.assistant),
            *Live(reader.pulse, access, deps.clock).routes(),
            Mount("/api/v1", make_api(reader, command_service, deps.version)),
        ],
        exception_handlers={HTTPException: problem, Temporary: unavailable},
    )
    # Starlette builds a slash redirect from the Host header, which the client chooses.
    app.router.redirect_slashes = False
    # Outermost first: refusals carry the security headers, too, and no body is read before the login is checked.
    return SecurityHeaders(AuthMiddleware(BodyLimit(app), access, deps.clock, renderer))


class SecurityHeaders:
    """Adds the security headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_policed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = POLICY
                # A handler may set a stricter policy, as the OpenID callback does.
                headers.setdefault("referrer-policy", REFERRER)
            await send(message)

        await self._app(scope, receive, send_policed)


class BodyLimit:
    """Reads the body of a POST before the application does, and answers 413 to one that is too large."""

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
                await refusal(f"more than {BODY_MAX_BYTES} bytes", 413)(scope, receive, send)
                return
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            # After the body the real messages: a handler may wait for the client to disconnect.
            return waiting.pop() if waiting else await receive()

        await self._app(scope, replay, send)

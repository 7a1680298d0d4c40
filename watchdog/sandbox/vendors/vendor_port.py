"""All vendors on one port, selected by the first part of the path; every request is logged before it is answered.

Rule 1: a vendor's mode (down, hang, 429, 500) acts before its own code sees the request.
Rule 2: the log keeps the bodies of calls to Render, never a header.
"""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchdog.sandbox import sockets
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.request_log import Entry
from watchdog.sandbox.vendors.failure_modes import MODES
from watchdog.sandbox.vendors.feature_flags import FeatureFlags
from watchdog.sandbox.vendors.notification_apis import Pagers
from watchdog.sandbox.vendors.pagerduty_rest import PagerDutyRest
from watchdog.sandbox.vendors.render_api import RenderApi
from watchdog.sandbox.vendors.sentry_api import SentryApi
from watchdog.sandbox.vendors.status_pages import StatusPages

RETRY_AFTER_SECONDS = 1
BODY_LOGGED_BYTES = 2000


def vendors_app(cloud: Cloud, pagers: Pagers, render: RenderApi, sentry: SentryApi, github: Sequence[Route]) -> ASGIApp:
    """Return the application with the routes of all vendors."""
    routes = [
        Mount("/render/v1", routes=render.routes()),
        Mount("/sentry/api/0", routes=sentry.routes()),
        Mount("/github", routes=github),
        Mount("/flags", routes=FeatureFlags(cloud).routes()),
        Mount("/pagerduty", routes=pagers.pagerduty_routes()),
        Mount("/pagerduty_api", routes=PagerDutyRest(pagers).routes()),
        Route("/slack/webhook/{path:path}", pagers.incoming_webhook, methods=["POST"]),
        Mount("/slack", routes=pagers.slack_routes()),
        Mount("/status", routes=StatusPages(cloud).routes()),
        Route("/webhook", pagers.generic_webhook, methods=["POST"]),
        Route("/heartbeat/{id}", pagers.heartbeat, methods=["GET", "POST"]),
        Route("/heartbeat/{id}/{signal}", pagers.heartbeat, methods=["GET", "POST"]),
        Route("/crons/api/{project:int}/cron/{slug}/{key}/", pagers.check_in, methods=["GET", "POST"]),
        Route("/remote_write", pagers.remote_write, methods=["POST"]),
    ]
    return Front(Starlette(routes=routes, exception_handlers={404: _not_found}), cloud)


async def _not_found(request: Request, problem: Exception) -> Response:
    return PlainTextResponse("404 page not found\n", status_code=404)


def vendor_of(path: str) -> str:
    """Return the vendor of a path."""
    return "slack_webhook" if path.startswith("/slack/webhook/") else path.split("/")[1]


class Front:
    """Logs each request, then lets the vendor's mode or its code answer."""

    def __init__(self, app: ASGIApp, cloud: Cloud) -> None:
        self.app = app
        self.cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a websocket goes to its vendor without logging or modes."""
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        vendor = vendor_of(request.url.path)
        # Read here for the log; `_replaying` gives the body to the vendor's code a second time.
        try:
            body = await sockets.read_body(request)
        except sockets.BodyTooLarge:
            await PlainTextResponse("request entity too large\n", status_code=413)(scope, receive, send)
            return
        # Logged before the answer: a test that counts requests must also see those that are never answered.
        entry = self._write_down(request, vendor, body)
        noted = _noting(send, scope, entry)
        mode = self.cloud.modes.use(vendor) if vendor in MODES else "ok"
        if mode == "hang":
            await sockets.gone(receive)
        elif mode == "down":
            await sockets.dropped(request)
        elif mode == "drop":
            await self.app(scope, _replaying(body, receive), _unheard)
            await sockets.dropped(request)
        elif mode != "ok":
            await _refusal(vendor, mode)(scope, receive, noted)
        else:
            await self.app(scope, _replaying(body, receive), noted)

    def _write_down(self, request: Request, vendor: str, body: bytes) -> Entry:
        said: dict[str, object] = {"query": request.url.query} if request.url.query else {}
        # Only Render's bodies: those of notification vendors may hold keys, and `Pagers` keeps their messages.
        if vendor == "render" and body:
            said["body"] = body[:BODY_LOGGED_BYTES].decode(errors="replace")
        return self.cloud.log.append("request", vendor=vendor, method=request.method, path=request.url.path, **said)


def _refusal(vendor: str, mode: str) -> Response:
    """Return the vendor's answer when it is overloaded (429) or broken (500)."""
    if mode == "refuse_429":
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        # Slack's Web API keeps its `ok: false` form even with status 429.
        body = {"ok": False, "error": "ratelimited"} if vendor == "slack" else {"message": "rate limit exceeded"}
        return JSONResponse(body, status_code=429, headers=headers)
    return JSONResponse({"message": "internal server error"}, status_code=500)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a receive that replays the body, which was read already, and then passes on the connection's messages."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _unheard(message: Message) -> None:
    """Let an answer be lost."""


def _noting(send: Send, scope: Scope, entry: Entry) -> Send:
    """Return a send that adds the status to the request's log entry, unless the connection was cut."""

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start" and not sockets.is_cut(scope):
            entry["status"] = message["status"]
        await send(message)

    return note

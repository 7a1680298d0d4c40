"""A guarded site: a page, a JSON route, a health route and a shop, which behave like the serving version and name its
commit.

Rule: the site holds no state of its own; each request takes the current behaviour from the cloud.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from watchdog.sandbox import clock, sockets
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.site import shop
from watchdog.sandbox.site.behaviours import GOOD, Behaviour
from watchdog.sandbox.world import Service

BASE_LATENCY_SECONDS = 0.040
JITTER_SECONDS = 0.005
LEAK_LIMIT_FACTOR = 200.0
PAGE = "<!doctype html>\n<html><head><title>Acme</title></head><body><h1>Acme</h1><p>All is well.</p></body></html>\n"
WRONG_BODY = "It works!\n"


class Site:
    """The web server of one service."""

    def __init__(self, cloud: Cloud, service: Service) -> None:
        self.cloud = cloud
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # Without an answer and a hit: a hanging site also reports nothing to Sentry.
        if self.behaves(scope["path"]).kind == "hang" and not self.service.replaced:
            await sockets.gone(receive)
            return
        response = await self.answer(Request(scope, receive))
        await response(scope, receive, send)

    def behaves(self, path: str) -> Behaviour:
        """Return the current behaviour of this path."""
        behaviour, since = self.cloud.acting(self.service.name)
        return behaviour if behaviour.touches(path) and behaviour.shows(clock.now() - since) else GOOD

    async def answer(self, request: Request) -> Response:
        """Wait for the latency of the serving version, then answer with its behaviour."""
        path = request.url.path
        acts, (_, since) = self.behaves(path), self.cloud.acting(self.service.name)
        await clock.sleep(self.latency_seconds(acts, clock.now() - since))
        # The platform's own pages come first: Render serves them without asking the site.
        instead = self.deleted() or self.suspended() or self.maintenance()
        response = instead or self.misbehave(acts) or await self.route(request)
        serving = self.service.serving
        # Only the site's own code names its commit: the platform's pages do not know it.
        if instead is None and serving is not None and serving.commit is not None:
            response.headers["x-commit"] = serving.commit
        if instead is None:
            self.cloud.answered(self.service, path, response.status_code)
        return response

    def latency_seconds(self, acts: Behaviour, bad_for_seconds: float) -> float:
        """Return the seconds of this answer: the usual 40 ms with jitter, times the version's factor."""
        factor = acts.factor
        if acts.kind == "leak":
            factor = min(LEAK_LIMIT_FACTOR, 1.0 + bad_for_seconds * acts.factor)
        return (BASE_LATENCY_SECONDS + self.cloud.random.uniform(-JITTER_SECONDS, JITTER_SECONDS)) * factor

    def maintenance(self) -> Response | None:
        """Return Render's own maintenance page while it is on."""
        # Render answers 503 to every public request in maintenance mode, while the service itself is fine.
        if not self.service.maintenance:
            return None
        return HTMLResponse("<html><body>This site is under maintenance.</body></html>", status_code=503)

    def deleted(self) -> Response | None:
        """Return Render's answer at an address that no service has; None if this one has it."""
        return (
            PlainTextResponse("Not Found\n", 404, {"x-render-routing": "no-server"}) if self.service.deleted else None
        )

    def suspended(self) -> Response | None:
        """Return Render's page in place of a suspended site: 503, as in public reports of such sites; None if not."""
        if not self.service.suspended:
            return None
        owner = self.service.suspenders == ["user"]
        words = "This service has been suspended by its owner." if owner else "Service Suspended"
        routing = {"x-render-routing": "suspend-by-user" if owner else "suspend"}
        return HTMLResponse(f"<html><body>{words}</body></html>", status_code=503, headers=routing)

    def misbehave(self, acts: Behaviour) -> Response | None:
        """Return the bad answer, if this request gets one."""
        if acts.kind == "wrong_body":
            return PlainTextResponse(WRONG_BODY)
        if acts.kind in ("error", "partial") and self.cloud.random.random() < acts.share:
            return PlainTextResponse("Internal error\n", status_code=acts.status)
        return None

    async def route(self, request: Request) -> Response:
        """Return the good answer."""
        path = request.url.path
        if path.startswith("/shop/"):
            return await shop.answer(request)
        if path == "/":
            return HTMLResponse(PAGE)
        if path in ("/api/test", "/healthz"):
            return JSONResponse({"status": "ok"})
        return PlainTextResponse("Not found\n", status_code=404)

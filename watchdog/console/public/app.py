"""The public pages as one ASGI application: /status/NAME and /status/NAME.json, without login or cookie.

Rule 1: only configured pages are answered; any other path goes on to the login (`knows`).
Rule 2: a page is made at most twice a minute and then served from memory to all visitors; each peer may cause a limited
number of rebuilds. Connections are not kept alive.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from markupsafe import Markup
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog.background import run_in_background
from watchdog.console.dependencies import Dependencies, Throttle
from watchdog.console.public.public_queries import PAST_DAYS, PublicReader, Spawn, TooMany
from watchdog.console.public.public_views import PublicDay, PublicIncident, PublicService, PublicView, StatusPage
from watchdog.console.render.charts import bar_of
from watchdog.console.render.rendering import HERE, Renderer
from watchdog.domain.units import show_seconds
from watchdog.presentation.text import day, percent

PREFIX, JSON = "/status/", ".json"
STYLE = (HERE / "templates" / "public.css").read_text(encoding="utf-8")
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
"""No script at all, and one inline style, allowed by its hash; the page needs no second request."""
# No keep-alive: idle connections of visitors would take the places of the server, which are few.
HEADERS = {"cache-control": "public, max-age=30", "content-security-policy": POLICY, "connection": "close"}
HEADLINES = {
    "operational": "All services are operational",
    "degraded": "Some services are degraded",
    "outage": "There is an outage",
    "unknown": "We cannot tell at the moment",
}
BAD_DAYS_MAX = 7


class PublicPages:
    """Serves the public pages."""

    def __init__(
        self,
        world: Dependencies,
        pages: Sequence[StatusPage],
        renderer: Renderer,
        requests: Throttle,
        peer: Callable[[Scope], str],
        spawn: Spawn,
    ) -> None:
        self._reader = PublicReader(world, pages, spawn)
        self._names = frozenset(page.name for page in pages)
        self._renderer = renderer
        self._requests = requests
        self._peer = peer
        self._drawing = asyncio.Lock()
        self._made: dict[str, tuple[PublicView, bytes, bytes]] = {}

    def knows(self, path: str) -> bool:
        """Return whether a path is one of the configured pages."""
        return path.startswith(PREFIX) and path.removeprefix(PREFIX).removesuffix(JSON) in self._names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request for a page that `knows` accepts."""
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> ASGIApp:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("this page can only be read", 405, {"allow": "GET, HEAD"})
        name = scope["path"].removeprefix(PREFIX)
        page = name.removesuffix(JSON)
        # A page from memory is free: only a visitor who would cause a rebuild is counted.
        wait = 0.0 if self._reader.fresh(page) is not None else self._having_it_made(self._peer(scope))
        try:
            html, data = await self._bodies(page, may_wait=wait <= 0)
        except TooMany:
            # 429 tells the peer that it is over its limit, 503 that enough visitors wait for the first page already.
            if wait > 0:
                return PlainTextResponse("too often: wait a moment", 429, {"retry-after": f"{int(wait) + 1}"})
            return PlainTextResponse("this page is being made: wait a moment", 503, {"retry-after": "2"})
        if name.endswith(JSON):
            return Response(data, headers=HEADERS, media_type="application/json")
        return Response(html, headers=HEADERS, media_type="text/html; charset=utf-8")

    def _having_it_made(self, peer: str) -> float:
        """Return how many seconds a peer must wait before it may cause a rebuild; at 0 the rebuild is counted."""
        wait = self._requests.wait_seconds(peer)
        if wait <= 0:
            self._requests.take(peer)
        return wait

    async def _bodies(self, name: str, *, may_wait: bool) -> tuple[bytes, bytes]:
        view = await self._reader.view(name, may_wait=may_wait)
        # One thread renders at a time; visitors who waited for the lock find the page of the same view ready.
        async with self._drawing:
            made = self._made.get(name)
            if made is None or made[0] is not view:
                page = await run_in_background(self._page, view)
                # NaN is no JSON: it raises here, instead of breaking the parser of each visitor.
                self._made[name] = made = view, page, json.dumps(as_json(view), allow_nan=False).encode("ascii")
        return made[1], made[2]

    def _page(self, view: PublicView) -> bytes:
        given = {
            "view": view,
            "style": Markup(STYLE),  # noqa: S704  a file of ours
            "headline": headline(view),
            "bars": [bar_of([one.state for one in service.days]) for service in view.services],
            "said": [days_in_words(service) for service in view.services],
            "bad_days": [_bad_days(service) for service in view.services],
            "percent": percent,
            "lasted": lasted,
            "PAST_DAYS": PAST_DAYS,
        }
        return self._renderer.body("public.html", given)


def headline(view: PublicView) -> str:
    """Return the state of all services in a few words."""
    partly = view.state == "unknown" and any(one.state == "operational" for one in view.services)
    return "All that we can see is operational" if partly else HEADLINES[view.state]


def as_json(view: PublicView) -> dict[str, object]:
    """Return a page as data: times are ISO 8601 in UTC, shares between 0 and 1."""
    return {
        "title": view.title,
        "at": _iso(view.at),
        "state": view.state,
        "services": [
            {
                "name": one.name,
                "state": one.state,
                "available": one.available,
                "days": [{"day": day(each.at), "available": each.available} for each in one.days],
            }
            for one in view.services
        ],
        "incidents": [
            {
                "service": one.service,
                "title": one.title,
                "begins": _iso(one.begins_at),
                "ends": _iso(one.ends_at) if one.ends_at is not None else None,
            }
            for one in (*view.open, *view.past)
        ],
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lasted(incident: PublicIncident, now: float) -> str:
    """Return how long an incident lasted, or has lasted so far."""
    return show_seconds(max(1.0, (incident.ends_at if incident.ends_at is not None else now) - incident.begins_at))


def days_in_words(service: PublicService) -> str:
    """Return the bar in words: `last 90 days: 2 with failures, 10 without data`."""
    failed = sum(one.state in ("some", "bad") for one in service.days)
    silent = sum(one.state == "none" for one in service.days)
    said = f"last {len(service.days)} days: {failed or 'none'} with failures"
    return said + (f", {silent} without data" if silent else "")


def _bad_days(service: PublicService) -> list[PublicDay]:
    """Return the newest days with failures."""
    return [one for one in reversed(service.days) if one.state in ("some", "bad")][:BAD_DAYS_MAX]

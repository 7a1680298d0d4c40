"""The public pages as one ASGI application, without login or cookie: /status/NAME, its JSON, its feed, its badges.

Rule 1: only configured pages are answered; any other path goes on to the login (`knows`).
Rule 2: a page is made at most twice a minute and then served from memory to all visitors; each peer may cause a limited
number of rebuilds. Connections are not kept alive.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog.background import run_in_background
from watchdog.console.dependencies import Dependencies, Throttle
from watchdog.console.public.badges import share_badge, slugs, state_badge
from watchdog.console.public.feed import atom
from watchdog.console.public.public_announcements import PublicAnnouncement
from watchdog.console.public.public_queries import PAST_DAYS, PublicReader, Spawn, TooMany
from watchdog.console.public.public_views import PublicDay, PublicIncident, PublicService, PublicView, StatusPage
from watchdog.console.render.charts import bar_of
from watchdog.console.render.rendering import HERE, Renderer
from watchdog.presentation.text import day, iso, percent

PREFIX, JSON, FEED, BADGE, UPTIME = "/status/", ".json", ".atom", ".svg", "/uptime.svg"
STYLE, SCRIPT = ((HERE / "templates" / "public" / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
NOTHING_ELSE = "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
# No keep-alive: idle connections of visitors would take the places of the server, which are few.
HEADERS = {"cache-control": "public, max-age=30", "connection": "close"}
# Badges are made for the pages of others, and are the same for each visitor.
ELSEWHERE = {"cross-origin-resource-policy": "cross-origin"}
HEADLINES = {
    "operational": "All services are operational",
    "degraded": "Some services are degraded",
    "outage": "There is an outage",
    "unknown": "Status unknown at the moment",
}
ANNOUNCED = {"maintenance": "Maintenance is in progress", "problem": "We are working on a problem"}
"""Headlines while every check passes."""
BAD_DAYS_MAX = 7


@cache
def policy_of(style: str) -> str:
    """Return the content security policy: this style, our one script, and connections to where the page is from."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(SCRIPT)}; connect-src 'self'; "
        f"img-src data:; {NOTHING_ELSE}"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = policy_of(STYLE)


@dataclass(frozen=True, slots=True)
class Body:
    """One answer: its bytes, its media type, and its own headers."""

    data: bytes
    media_type: str
    headers: Mapping[str, str]


class PublicPages:
    """Serves the public pages."""

    def __init__(
        self,
        deps: Dependencies,
        pages: Sequence[StatusPage],
        renderer: Renderer,
        requests: Throttle,
        peer: Callable[[Scope], str],
        spawn: Spawn,
    ) -> None:
        self._reader = PublicReader(deps, pages, spawn)
        self._pages = {page.name: page for page in pages}
        self._paths = {path: page.name for page in pages for path in _paths(page)}
        self._renderer = renderer
        self._requests = requests
        self._peer = peer
        self._drawing = asyncio.Lock()
        self._made: dict[str, tuple[PublicView, Mapping[str, Body]]] = {}

    def knows(self, path: str) -> bool:
        """Return whether a path is one of the configured pages, or belongs to one."""
        return path in self._paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request for a page that `knows` accepts."""
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> ASGIApp:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("this page can only be read", 405, {"allow": "GET, HEAD"})
        path: str = scope["path"]
        page = self._paths[path]
        # A page from memory is free: only a visitor who would cause a rebuild is counted.
        wait = 0.0 if self._reader.fresh(page) is not None else self._having_it_made(self._peer(scope))
        try:
            body = (await self._bodies(page, may_wait=wait <= 0))[path]
        except TooMany:
            # 429 tells the peer that it is over its limit, 503 that enough visitors wait for the first page already.
            if wait > 0:
                return PlainTextResponse("too often: wait a moment", 429, {"retry-after": f"{int(wait) + 1}"})
            return PlainTextResponse("this page is being made: wait a moment", 503, {"retry-after": "2"})
        # Readers of feeds and badges ask for years: the same answer is not sent twice.
        if _has(scope, body.headers["etag"]):
            return Response(status_code=304, headers=body.headers)
        return Response(body.data, headers=body.headers, media_type=body.media_type)

    def _having_it_made(self, peer: str) -> float:
        """Return how many seconds a peer must wait before it may cause a rebuild; at 0 the rebuild is counted."""
        wait = self._requests.wait_seconds(peer)
        if wait <= 0:
            self._requests.take(peer)
        return wait

    async def _bodies(self, name: str, *, may_wait: bool) -> Mapping[str, Body]:
        view = await self._reader.view(name, may_wait=may_wait)
        # One thread renders at a time; visitors who waited for the lock find the page of the same view ready.
        async with self._drawing:
            made = self._made.get(name)
            if made is None or made[0] is not view:
                self._made[name] = made = view, await run_in_background(self._all_of, view)
        return made[1]

    def _all_of(self, view: PublicView) -> Mapping[str, Body]:
        """Return every answer about a page, by its path."""
        start, page = PREFIX + view.name, self._pages[view.name]
        style = STYLE + (f":root {{ --brand: {page.colour}; }}\n" if page.colour else "")
        plain = HEADERS | {"content-security-policy": f"default-src 'none'; {NOTHING_ELSE}"}
        html = HEADERS | {"content-security-policy": policy_of(style)}
        # NaN is no JSON: it raises here, instead of breaking the parser of each visitor.
        data = json.dumps(as_json(view), allow_nan=False).encode("ascii")
        found = {
            start: _body(self._page(view, page, style), "text/html; charset=utf-8", html),
            start + JSON: _body(data, "application/json", plain),
            start + FEED: _body(atom(view), "application/atom+xml; charset=utf-8", plain),
        }
        badges = {start + BADGE: state_badge("status", view.state)}
        for slug, one in zip(slugs(page.services.values()), view.services, strict=True):
            badges[f"{start}/{slug}{BADGE}"] = state_badge(one.name, one.state)
            label, share = f"uptime {len(one.days)} d", one.available
            badges[f"{start}/{slug}{UPTIME}"] = share_badge(label, share, percent(share))
        return found | {path: _body(data, "image/svg+xml", plain | ELSEWHERE) for path, data in badges.items()}

    def _page(self, view: PublicView, page: StatusPage, style: str) -> bytes:
        given = {
            "view": view,
            "logo": page.logo,
            "style": Markup(style),  # noqa: S704  a file of ours, and a checked colour
            "script": Markup(SCRIPT),  # noqa: S704  a file of ours
            "banner": banner(view),
            "headline": headline(view),
            "bars": [bar_of([one.state for one in service.days]) for service in view.services],
            "said": [days_in_words(service) for service in view.services],
            "bad_days": [_bad_days(service) for service in view.services],
            "lasted": lasted,
            "PAST_DAYS": PAST_DAYS,
        }
        return self._renderer.body("public/page.html", given)


def _body(data: bytes, media_type: str, headers: Mapping[str, str]) -> Body:
    """Return an answer with the mark of its bytes (RFC 9110, section 8.8.3)."""
    return Body(data, media_type, {**headers, "etag": f'"{hashlib.sha256(data).hexdigest()[:32]}"'})


def _has(scope: Scope, etag: str) -> bool:
    """Return whether the client has the answer with this mark already."""
    known = Headers(scope=scope).get("if-none-match", "")
    # A proxy that compresses the answer makes the mark a weak one (`W/`), which counts here as well.
    return known.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in known.split(","))


def _paths(page: StatusPage) -> list[str]:
    """Return every path of a page."""
    start = PREFIX + page.name
    of_services = [f"{start}/{slug}{end}" for slug in slugs(page.services.values()) for end in (BADGE, UPTIME)]
    return [start, *(start + end for end in (JSON, FEED, BADGE)), *of_services]


def banner(view: PublicView) -> str:
    """Return the state of the whole page: the measured one, or what people announce where all checks pass."""
    if view.state != "operational" or not view.current:
        return view.state
    return "maintenance" if all(one.maintenance for one in view.current) else "problem"


def headline(view: PublicView) -> str:
    """Return the state of all services in a few words."""
    shown = banner(view)
    if shown in ANNOUNCED:
        return ANNOUNCED[shown]
    partly = view.state == "unknown" and any(one.state == "operational" for one in view.services)
    return "All that we can see is operational" if partly else HEADLINES[view.state]


def as_json(view: PublicView) -> dict[str, object]:
    """Return a page as data: times are ISO 8601 in UTC, shares between 0 and 1."""
    return {
        "title": view.title,
        "at": iso(int(view.at)),
        "state": view.state,
        "services": [
            {
                "name": one.name,
                "state": one.state,
                "available": one.available,
                "badge": f"{view.name}/{slug}{BADGE}",
                "days": [{"day": day(each.at), "state": each.state, "available": each.available} for each in one.days],
            }
            for slug, one in zip(slugs(one.name for one in view.services), view.services, strict=True)
        ],
        "incidents": [
            {
                "service": one.service,
                "title": one.title,
                "begins": iso(int(one.begins_at)),
                "works_again": iso(int(one.restored_at)) if one.restored_at is not None else None,
                "ends": iso(int(one.ends_at)) if one.ends_at is not None else None,
            }
            for one in (*view.open, *view.past)
        ],
        "announcements": [_announcement(one) for one in view.announcements],
    }


def _announcement(one: PublicAnnouncement) -> dict[str, object]:
    return {
        "title": one.title,
        "state": one.state,
        "maintenance": one.maintenance,
        "services": list(one.services),
        "begins": iso(int(one.begins_at)),
        "ends": iso(int(one.ends_at)) if one.ends_at is not None else None,
        "updates": [{"at": iso(int(each.at)), "state": each.state, "text": each.text} for each in one.updates],
    }


def lasted(incident: PublicIncident | PublicAnnouncement, now: float) -> float:
    """Return how many seconds an incident lasted, or has lasted by now."""
    return max(1.0, (incident.ends_at if incident.ends_at is not None else now) - incident.begins_at)


def days_in_words(service: PublicService) -> str:
    """Return the bar in words: `last 90 days: 2 with failures, 10 without data`."""
    failed = sum(one.state in ("some", "bad") for one in service.days)
    silent = sum(one.state == "none" for one in service.days)
    said = f"last {len(service.days)} days: {failed or 'none'} with failures"
    return said + (f", {silent} without data" if silent else "")


def _bad_days(service: PublicService) -> list[PublicDay]:
    """Return the newest days with failures."""
    return [one for one in reversed(service.days) if one.state in ("some", "bad")][:BAD_DAYS_MAX]

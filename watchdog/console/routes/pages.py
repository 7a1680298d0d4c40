"""The pages for people: overview, service, incident, incidents, history, follow-ups, stats, audit, settings, help.

Rule: pages with facts are rendered in a thread: hundreds of rows take 60 ms. A refusal of a few lines is rendered on
the loop.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchdog.background import run_in_background
from watchdog.console.auth.assistant import Assistant
from watchdog.console.auth.roles import ASSISTED, Visitor
from watchdog.console.queries.announcement_queries import announcements_view
from watchdog.console.queries.series import RANGES, USUAL
from watchdog.console.queries.service_status import ORDER
from watchdog.console.queries.view_queries import ViewQueries
from watchdog.console.render import handbook
from watchdog.console.render.rendering import Renderer, static_file
from watchdog.console.views import open_summary
from watchdog.console.views.card_models import AskView
from watchdog.console.views.service_groups import groups
from watchdog.console.views.view_models import AnswerView, Overview
from watchdog.docs import pictures
from watchdog.docs.page_table import HELP
from watchdog.domain.follow_ups import DUE

Draw = Callable[[Request, str, Mapping[str, Any]], Awaitable[Response]]
Handlers = dict[str, Callable[[Request], Awaitable[Response]]]
IN_CONSOLE = handbook.Addresses(before=HELP)
"""The addresses of the handbook in the console."""
PAGE_MARK = re.compile("[0-9]{1,15}")
"""The number of the row, or the second, at which an older page begins."""
ROWS_MAX = 100
"""Services on the overview, those in trouble first; all of them under `/?all`: a page of 300 weighs over 300 KB."""
CARDS_MAX = 6
"""Open incidents with a whole card, the most urgent ones; the others are rows: below 26 cards the services began at
16,000 px on a phone."""
LISTED = 200
"""Incidents, or open items, on a page; the API returns more."""


def page_routes(reader: ViewQueries, renderer: Renderer, assistant: Assistant | None) -> list[Route]:
    """Return the routes of all pages."""

    draw = drawing_of(renderer, reader)

    async def answer(request: Request) -> AnswerView | None:
        return await reader.answer(request.query_params.get("answer", ""))

    async def overview(request: Request) -> Response:
        most, tag = None if "all" in request.query_params else ROWS_MAX, request.query_params.get("tag") or None
        given = overview_values(await reader.overview(tag), tag, most)
        return await draw(request, "overview.html", {**given, "answer": await answer(request)})

    async def service(request: Request) -> Response:
        name, chosen = request.path_params["name"], request.query_params.get("range", USUAL)
        # An address that a person edited shows the usual range, not an error.
        chosen = chosen if chosen in RANGES else USUAL
        view, series = await reader.service(name), await reader.series.of_range(name, chosen)
        if view is None or series is None:
            return not_found(request, renderer)
        given = {"view": view, "series": series, "chosen": chosen, "ranges": RANGES, "answer": await answer(request)}
        return await draw(request, "service.html", given)

    async def incident(request: Request) -> Response:
        view = await reader.incident(request.path_params["id"])
        checklists = await reader.following.checklist(request.path_params["id"])
        if view is None or checklists is None:
            return not_found(request, renderer)
        codes = codes_of(view.ask, view.incident.id, request.scope["visitor"], assistant)
        given = {"view": view, "checklists": checklists, "usual_due": DUE, "codes": codes}
        given["answer"] = await answer(request)
        return await draw(request, "incident.html", given)

    async def announcements(request: Request) -> Response:
        given = {"view": await announcements_view(reader.deps), "answer": await answer(request)}
        return await draw(request, "announcements.html", given)

    async def static(request: Request) -> Response:
        return static_file(request.path_params["name"]) or Response(status_code=404)

    handlers: Handlers = {
        "/": overview,
        "/services/{name}": service,
        "/incidents/{id}": incident,
        "/static/{name}": static,
        "/announcements": announcements,
        **_lists(reader, draw),
        **_help(draw, renderer),
    }
    return [Route(path, handler, methods=["GET"]) for path, handler in handlers.items()]


def codes_of(ask: AskView | None, incident: str, me: Visitor, assistant: Assistant | None) -> Mapping[str, str]:
    """Return the codes with which an assistant gives the answers that this visitor may give, by command."""
    if ask is None or assistant is None:
        return {}
    question = {"suspect": ask.suspect, "target": ask.target, "asked_at": ask.asked_at}
    may = (one for one in ASSISTED if one in ask.can and me.may(one))
    return {one: assistant.code(me, one, incident, question) for one in may}


def overview_values(view: Overview, tag: str | None, most: int | None) -> Mapping[str, Any]:
    """Return the values of the overview's template: the services under headings, `most` of them, None for all."""
    grouped, counts = groups(view.services, ORDER, most), Counter(one.standing for one in view.services)
    acting = open_summary.parts(view.open, view.at)
    given = {"view": view, "tag": tag, "most": most, "cards": CARDS_MAX}
    return {**given, "groups": grouped, "counts": counts, "acting": acting}


def _lists(reader: ViewQueries, draw: Draw) -> Handlers:
    """Return the pages about the past: incidents, rollbacks, commands, numbers; and the settings."""

    async def incidents(request: Request) -> Response:
        until = _page_mark(request)
        given = {"view": await reader.incidents(LISTED, until=until), "newest": until is None}
        return await draw(request, "incidents.html", given)

    async def history(request: Request) -> Response:
        return await draw(request, "history.html", {"view": await reader.history(LISTED)})

    async def follow_ups(request: Request) -> Response:
        given = {"view": await reader.following.open(), "rows_max": LISTED}
        return await draw(request, "follow_ups.html", given)

    async def audit(request: Request) -> Response:
        before, refused = _page_mark(request), request.query_params.get("show") == "refused"
        view = await reader.audit(before=before, not_allowed=refused)
        return await draw(request, "audit.html", {"view": view, "refused": refused, "newest": before is None})

    async def stats(request: Request) -> Response:
        view = await reader.stats()
        return await draw(request, "stats.html", {"view": view})

    async def settings(request: Request) -> Response:
        return await draw(request, "settings.html", {"view": reader.settings()})

    return {
        "/incidents": incidents,
        "/history": history,
        "/follow-ups": follow_ups,
        "/audit": audit,
        "/stats": stats,
        "/settings": settings,
    }


def _page_mark(request: Request) -> int | None:
    """Return where an older page begins, None for the newest one."""
    given = request.query_params.get("before", "")
    # An address that a person edited shows the newest page, not an error.
    return int(given) if PAGE_MARK.fullmatch(given) else None


def _help(draw: Draw, renderer: Renderer) -> Handlers:
    """Return the pages of the handbook, and the list of them."""

    async def show(request: Request) -> Response:
        name = request.path_params.get("page", "")
        if (picture := handbook.picture(name, pictures())) is not None:
            return picture
        # Rendering the reference for the first time takes a tenth of a second: not on the loop.
        given = await run_in_background(handbook.values, name, IN_CONSOLE, HELP)
        return await draw(request, "help.html", given) if given is not None else not_found(request, renderer)

    return {HELP: show, HELP + "{page}": show}


def drawing_of(renderer: Renderer, reader: ViewQueries) -> Draw:
    """Return the function that renders a page with these values, and the pulse of its tab, in a thread."""

    async def draw(request: Request, template: str, values: Mapping[str, Any]) -> Response:
        values = {**values, "pulse": await reader.pulse()}
        return await run_in_background(renderer.page, request, template, values)

    return draw


def not_found(request: Request, renderer: Renderer) -> Response:
    """Return the 404 page."""
    return renderer.page(request, "problem.html", {"title": "Not found", "problem": "There is no such page."}, 404)

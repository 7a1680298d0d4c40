"""Forms that ask for something, and the page that asks whether a rollback (or an undo) is really meant.

Rule 1: a change is a POST of a form of this session; what came of it is shown on the page one is sent back to.
Rule 2: an answer carries what was asked (`seen`); the daemon refuses it if something else is asked by then.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchdog.console import command_service as asked
from watchdog.console.auth.csrf_forms import read_form, why_not_ours
from watchdog.console.auth.roles import Visitor
from watchdog.console.command_service import CommandService, Invalid, NotAllowed
from watchdog.console.queries.view_queries import ViewQueries
from watchdog.console.render.rendering import Renderer
from watchdog.console.routes.pages import drawing_of, not_found
from watchdog.console.views.view_models import PlanView
from watchdog.domain.errors import Temporary

Form = Mapping[str, str]
Made = Callable[[Request, Form], dict[str, Any]]
"""Makes the arguments of a command of a form. Raises Invalid."""


def acting_routes(reader: ViewQueries, renderer: Renderer, desk: CommandService) -> list[Route]:
    """Return the routes of everything that changes something."""

    draw = drawing_of(renderer)

    def problem(request: Request, title: str, why: str, status: int) -> Response:
        return renderer.page(request, "problem.html", {"title": title, "problem": why}, status)

    async def take(command: str, made: Made, request: Request) -> Response:
        visitor: Visitor = request.scope["visitor"]
        form = await read_form(request)
        why = why_not_ours(request, visitor, form.get("form", ""))
        if why:
            return problem(request, "Not taken", why, 403)
        try:
            done = await desk.ask(visitor, command, made(request, form))
        except Invalid as error:
            return problem(request, "Not taken", str(error), 400)
        except NotAllowed as error:
            return problem(request, "Not allowed", f"{error}.", 403)
        except Temporary as error:
            return problem(request, "No answer", f"{error}", 503)
        return RedirectResponse(f"{_page_of(request)}?answer={done.id}", 303)

    async def confirm(request: Request) -> Response:
        name, to = request.path_params["name"], request.query_params.get("to") or None
        return await shown(request, await reader.plan(name, to))

    async def confirm_undo(request: Request) -> Response:
        return await shown(request, await reader.plan_undo(request.path_params["id"]))

    async def shown(request: Request, view: PlanView | None) -> Response:
        if view is None:
            return not_found(request, renderer)
        return await draw(request, "rollback.html", {"view": view})

    def post(path: str, command: str, made: Made) -> Route:
        handler: Callable[[Request], Awaitable[Response]] = partial(take, command, made)
        return Route(path, handler, methods=["POST"])

    return [
        Route("/services/{name}/rollback", confirm, methods=["GET"]),
        post("/services/{name}/rollback", "rollback", _rollback),
        Route("/incidents/{id}/undo", confirm_undo, methods=["GET"]),
        post("/incidents/{id}/undo", "undo", _undo),
        post("/incidents/{id}/approve", "approve", _answer),
        post("/incidents/{id}/reject", "reject", _answer),
        post("/incidents/{id}/stop", "stop", _answer),
        post("/incidents/{id}/acknowledge", "acknowledge", _acknowledge),
        post("/incidents/{id}/note", "note", _note),
        post("/incidents/{id}/label", "label", _label),
        post("/incidents/{id}/tick", "tick", _tick),
        post("/incidents/{id}/follow-up", "follow-up", _follow_up),
        post("/services/{name}/silence", "silence", _quiet(asked.silence_arguments)),
        post("/services/{name}/hold", "hold", _quiet(asked.hold_arguments)),
        post("/services/{name}/unsilence", "unsilence", _end_of_quiet),
        post("/pause", "pause", lambda request, form: {}),
        post("/resume", "resume", lambda request, form: {}),
    ]


def _page_of(request: Request) -> str:
    """Return the page that a form of this path stands on."""
    what = request.path_params
    if "name" in what:
        return f"/services/{quote(what['name'], safe='')}"
    return f"/incidents/{quote(what['id'], safe='')}" if "id" in what else "/"


def _answer(request: Request, form: Form) -> dict[str, Any]:
    if not form.keys() >= {"suspect", "target", "asked_at"}:
        raise Invalid("The form does not say what was asked: load the page again, then decide.")
    try:
        asked_at = float(form["asked_at"]) if form["asked_at"] else None
    except ValueError:
        raise Invalid("The form says no moment at which it was asked: load the page again, then decide.") from None
    seen = {"suspect": form["suspect"] or None, "target": form["target"] or None, "asked_at": asked_at}
    return asked.about_incident(request.path_params["id"], seen)


def _acknowledge(request: Request, form: Form) -> dict[str, Any]:
    return asked.about_incident(request.path_params["id"])


def _quiet(made: Callable[..., dict[str, Any]]) -> Made:
    """Make the arguments of one of the two kinds of quiet, which are asked for by one form."""

    def of(request: Request, form: Form) -> dict[str, Any]:
        given = [form.get(name, "") for name in ("lasts", "reason", "signal", "severity")]
        return made(request.path_params["name"], *given)

    return of


def _end_of_quiet(request: Request, form: Form) -> dict[str, Any]:
    return asked.unsilence_arguments(form.get("which", ""))


def _note(request: Request, form: Form) -> dict[str, Any]:
    return asked.note_arguments(request.path_params["id"], form.get("text", ""), form.get("root_cause") == "yes")


def _label(request: Request, form: Form) -> dict[str, Any]:
    return asked.label_arguments(request.path_params["id"], form.get("verdict", ""))


def _undo(request: Request, form: Form) -> dict[str, Any]:
    return asked.undo_arguments(request.path_params["id"], form.get("live", ""))


def _tick(request: Request, form: Form) -> dict[str, Any]:
    return asked.tick_arguments(request.path_params["id"], form.get("item", ""), form.get("undo") == "yes")


def _follow_up(request: Request, form: Form) -> dict[str, Any]:
    return asked.follow_up_arguments(
        request.path_params["id"], form.get("text", ""), form.get("owner", ""), form.get("due", "")
    )


def _rollback(request: Request, form: Form) -> dict[str, Any]:
    return asked.rollback_arguments(request.path_params["name"], form.get("target"), form.get("live", ""))

"""Forms that give commands, and the page that asks for confirmation of a rollback or an undo.

Rule 1: a change is a POST of this session's form; the outcome is shown on the page that the browser is redirected to.
Rule 2: an answer carries the question that its author saw (`seen`); the daemon refuses it if the question has changed.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchdog.console.auth.csrf_forms import kept_query, read_form, why_not_ours
from watchdog.console.auth.roles import Visitor
from watchdog.console.command_service import CommandService, Invalid, NotAllowed
from watchdog.console.queries.view_queries import ViewQueries
from watchdog.console.render.rendering import Renderer
from watchdog.console.routes.pages import drawing_of, not_found
from watchdog.console.views.view_models import PlanView
from watchdog.docs.page_table import HELP
from watchdog.docs.places import ROLES, place_of_answer, place_of_error
from watchdog.domain.commands.command_table import ROWS
from watchdog.domain.commands.human_command import HumanCommand, Subject
from watchdog.domain.errors import Temporary

Form = Mapping[str, str]
PATHS: Mapping[Subject, str] = MappingProxyType(
    {
        Subject.INCIDENT: "/incidents/{{id}}/{command}",
        Subject.SERVICE: "/services/{{name}}/{command}",
        Subject.SERVICE_OR_ALL: "/services/{{name}}/{command}",
        Subject.SILENCE: "/services/{{name}}/{command}",
        Subject.COMMIT: "/{command}",
        Subject.PAGE: "/announcements/{command}",
        Subject.ANNOUNCEMENT: "/announcements/{command}",
        Subject.NOTHING: "/{command}",
    }
)
"""The path that the form of a command is posted to."""


def acting_routes(reader: ViewQueries, renderer: Renderer, command_service: CommandService) -> list[Route]:
    """Return the routes of all changing requests."""

    draw = drawing_of(renderer, reader)

    def problem(request: Request, title: str, why: str, status: int, place: str = "") -> Response:
        help_at = f"{HELP}{place}" if place else ""
        return renderer.page(request, "problem.html", {"title": title, "problem": why, "help": help_at}, status)

    async def take(command: HumanCommand, request: Request) -> Response:
        visitor: Visitor = request.scope["visitor"]
        form = await read_form(request)
        why = why_not_ours(request, visitor, form.get("form", ""))
        if why:
            return problem(request, "Not taken", why, 403)
        try:
            done = await command_service.ask(visitor, command, _subject(command, request, form), form)
        except Invalid as error:
            return problem(request, "Not taken", str(error), 400, place_of_answer(command.name))
        except NotAllowed as error:
            return problem(request, "Not allowed", f"{error}.", 403, ROLES)
        except Temporary as error:
            return problem(request, "No answer", f"{error}", 503, place_of_error(error))
        # 303 after a POST: reloading the page does not give the command again.
        kept = kept_query(form.get("kept", ""))
        return RedirectResponse(f"{_page_of(command, request)}?{kept and kept + '&'}answer={done.id}", 303)

    async def confirm(request: Request) -> Response:
        to, blamed = (request.query_params.get(one) or None for one in ("to", "blamed"))
        return await shown(request, await reader.plan(request.path_params["name"], to, blamed))

    async def confirm_undo(request: Request) -> Response:
        return await shown(request, await reader.plan_undo(request.path_params["id"]))

    async def shown(request: Request, view: PlanView | None) -> Response:
        if view is None:
            return not_found(request, renderer)
        return await draw(request, "rollback.html", {"view": view})

    return [
        Route("/services/{name}/rollback", confirm, methods=["GET"]),
        Route("/incidents/{id}/undo", confirm_undo, methods=["GET"]),
        *(
            Route(PATHS[command.subject].format(command=command.name), partial(take, command), methods=["POST"])
            for command in ROWS
        ),
    ]


def _page_of(command: HumanCommand, request: Request) -> str:
    """Return the page that has the form of this command."""
    if command.subject in (Subject.PAGE, Subject.ANNOUNCEMENT):
        return "/announcements"
    what = request.path_params
    if "name" in what:
        return f"/services/{quote(what['name'], safe='')}"
    return f"/incidents/{quote(what['id'], safe='')}" if "id" in what else "/"


def _subject(command: HumanCommand, request: Request, form: Form) -> str:
    """Return the subject of a command: from the path, or from the form on a page about another subject."""
    named = request.path_params
    # Their page is about another subject and may list several of them: the form names one.
    if command.subject in (Subject.SILENCE, Subject.COMMIT, Subject.PAGE, Subject.ANNOUNCEMENT):
        return form.get(command.subject.value, "")
    return str(named.get("id", named.get("name", "")))

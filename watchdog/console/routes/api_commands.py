"""Commands of the API: POST under /api/v1/, the same as those of the pages and of the command line.

Rule: a program that sends a token needs nothing else; a browser with a session's cookie sends its form token as well
(`x-form-token`), or another site could use the cookie.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from inspect import Parameter, Signature
from types import MappingProxyType
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.responses import Response

from watchdog.console.auth.assistant import CODE_MAX
from watchdog.console.auth.csrf_forms import why_not_ours
from watchdog.console.auth.roles import ASSISTED, Visitor
from watchdog.console.command_service import CommandService, Invalid, NotAllowed
from watchdog.console.render.json_response import Ascii, refusal
from watchdog.console.views.answer_views import answer_view
from watchdog.console.views.view_models import AnswerView
from watchdog.docs.places import ROLES, place_of_answer, place_of_error
from watchdog.domain.commands.command_table import ROWS
from watchdog.domain.commands.human_command import (
    DURATION_MAX,
    MOMENT_MAX,
    NAME_MAX,
    Argument,
    ArgumentType,
    HumanCommand,
    Seen,
    Subject,
)
from watchdog.domain.errors import Temporary

NOT_DONE: dict[int | str, dict[str, Any]] = {
    409: {"description": "It was refused, or it failed: `answer` says why.", "model": AnswerView},
}


PATHS: Mapping[Subject, str] = MappingProxyType(
    {
        Subject.INCIDENT: "/incidents/{{incident_id}}/{verb}",
        Subject.SERVICE: "/services/{{name}}/{verb}",
        Subject.SERVICE_OR_ALL: "/services/{{name}}/{verb}",
        Subject.SILENCE: "/silences/{{name}}/{verb}",
        Subject.COMMIT: "/commits/{{name}}/{verb}",
        Subject.PAGE: "/status-pages/{{name}}/{verb}",
        Subject.ANNOUNCEMENT: "/announcements/{{announcement_id}}/{verb}",
        Subject.NOTHING: "/{verb}",
    }
)
PARAMETERS: Mapping[Subject, str] = MappingProxyType(
    {subject: path.split("{{")[1].split("}}")[0] for subject, path in PATHS.items() if "{{" in path}
)
"""The name of the subject in the path."""
VERBS = {"unsilence": "end", "update-announcement": "update"}
"""The verb in the path, where it differs from the command's name."""
Take = Callable[[Request, HumanCommand, str, Mapping[str, Any]], Awaitable[Response]]


class Strict(BaseModel):
    """A strict body: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


def add_commands(api: FastAPI) -> None:
    """Add every command to the API."""

    async def take(request: Request, command: HumanCommand, subject: str, said: Mapping[str, Any]) -> Response:
        visitor: Visitor = request.scope["visitor"]
        service: CommandService = request.scope["watchdog.commands"]
        # A program that sends a token has none: no other site can make a browser send that header.
        if visitor.form_token:
            why = why_not_ours(request, visitor, request.headers.get("x-form-token", ""))
            if why:
                return refusal(why, 403)
        try:
            done = answer_view(await service.ask(visitor, command, subject, said))
        except Invalid as error:
            return refusal(str(error), 422, place_of_answer(command.name))
        except NotAllowed as error:
            return refusal(str(error), 403, ROLES)
        except Temporary as error:
            return refusal(str(error), 503, place_of_error(error))
        return Ascii(asdict(done), 200 if done.state == "done" else 409)

    for command in ROWS:
        path = PATHS[command.subject].format(verb=VERBS.get(command.name, command.name))
        api.post(path, response_model=AnswerView, responses=NOT_DONE)(_endpoint(command, take))


def _endpoint(command: HumanCommand, take: Take) -> Callable[..., Awaitable[Response]]:
    """Return the function of one command, with the signature from which FastAPI makes parameters and document."""
    subject, body = PARAMETERS.get(command.subject), _body(command)

    async def endpoint(request: Request, **given: Any) -> Response:
        said = given["body"].model_dump() if body is not None else {}
        return await take(request, command, given.get(subject or "", ""), said)

    kinds: list[tuple[str, Any]] = [("request", Request)]
    kinds += [(subject, str)] if subject is not None else []
    kinds += [("body", body)] if body is not None else []
    by_name = Parameter.POSITIONAL_OR_KEYWORD
    signature = Signature([Parameter(name, by_name, annotation=kind) for name, kind in kinds])
    # FastAPI reads the handler's signature and docstring, so one function serves every command of the table.
    endpoint.__name__, endpoint.__doc__ = command.name.replace("-", "_"), command.says
    endpoint.__signature__ = signature  # type: ignore[attr-defined]
    return endpoint


def _body(command: HumanCommand) -> type[BaseModel] | None:
    """Return the model of a command's body, None if it has none."""
    fields: dict[str, Any] = {one.name: _field(one) for one in command.arguments}
    # Only a question's answer carries these: the daemon compares them with its current question.
    if command.name in ASSISTED:
        said = "An assistant's alone: the code that the incident's page shows a person for this answer."
        fields["code"] = (Annotated[str, Field(max_length=CODE_MAX)] | None, Field(None, description=said))
    if command.seen is Seen.QUESTION:
        at = Annotated[float, Field(allow_inf_nan=False)]
        fields |= {"suspect": (str | None, ...), "target": (str | None, ...), "asked_at": (at | None, ...)}
    if command.seen is Seen.LIVE_DEPLOY:
        fields["live"] = (_text(NAME_MAX), ...)
    if not fields:
        return None
    name = "".join(part.capitalize() for part in command.name.split("-"))
    return create_model(f"{name}Body", __base__=Strict, __doc__=command.says, **fields)


def _field(one: Argument) -> tuple[Any, Any]:
    """Return the type and the default of an argument in a body."""
    if one.kind is ArgumentType.FLAG:
        return bool, Field(False, description=one.says)
    choices: Any = Literal[one.choices]
    longest = {ArgumentType.DURATION: DURATION_MAX, ArgumentType.MOMENT: MOMENT_MAX}.get(one.kind, one.max_characters)
    kind = choices if one.kind is ArgumentType.CHOICE else _text(longest)
    default = ... if one.default is None else one.default or None
    return kind if default is not None else kind | None, Field(default, description=one.says)


def _text(longest: int) -> Any:
    return Annotated[str, Field(min_length=1, max_length=longest)]

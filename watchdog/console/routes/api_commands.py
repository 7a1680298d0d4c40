"""The commands for programs: POST under /api/v1/, the same as those of the pages and of the command line.

Rule: who shows the token needs nothing more; who comes with the cookie of a session shows its form's word as well
(`x-form-token`), or another site could use it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from watchdog.console import command_service as asked
from watchdog.console.auth.csrf_forms import why_not_ours
from watchdog.console.auth.roles import Visitor
from watchdog.console.command_service import CommandService, Invalid, NotAllowed
from watchdog.console.render.json_response import Ascii
from watchdog.console.views.approval_views import answer_view
from watchdog.console.views.view_models import AnswerView
from watchdog.domain.errors import Temporary
from watchdog.domain.follow_ups import DEVELOPERS, DUE, OWNER_MAX
from watchdog.domain.follow_ups import TEXT_MAX as FOLLOW_UP_MAX
from watchdog.domain.incident_notes import TEXT_MAX
from watchdog.domain.silence_request import REASON_MAX

REFUSALS: dict[int | str, dict[str, Any]] = {
    403: {"description": "The role does not allow it, or another site sent it."},
    409: {"description": "It was refused, or it failed: `answer` says why.", "model": AnswerView},
    503: {"description": "Nobody answered in time; nothing was done."},
}


class Strict(BaseModel):
    """A body without surprises: a field nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Seen(Strict):
    """What was asked, as `ask` of the incident has it: refused if it is something else by then."""

    suspect: str | None
    target: str | None
    asked_at: Annotated[float, Field(allow_inf_nan=False)] | None


class NoteBody(Strict):
    """A line for the record."""

    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]
    root_cause: bool = False


class LabelBody(Strict):
    """Whether the watchdog judged right."""

    verdict: Literal["right", "wrong"]


class TickBody(Strict):
    """Which item of the checklists was done, by its id; `undo` takes the tick back."""

    item: Annotated[str, Field(min_length=1, max_length=asked.NAME_MAX)]
    undo: bool = False


class FollowUpBody(Strict):
    """What is to be done, whose it is (a role or a name), and in how long it is due (as in 3d)."""

    text: Annotated[str, Field(min_length=1, max_length=FOLLOW_UP_MAX)]
    owner: Annotated[str, Field(min_length=1, max_length=OWNER_MAX)] = DEVELOPERS
    due: Annotated[str, Field(min_length=1, max_length=20)] = DUE


class QuietBody(Strict):
    """For how long (as in 2h), and why."""

    lasts: Annotated[str, Field(min_length=1, max_length=20)]
    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX)]


class UndoBody(Strict):
    """From which deploy: that of the plan."""

    live: Annotated[str, Field(min_length=1, max_length=asked.NAME_MAX)]


class SilenceBody(QuietBody):
    """The same, maybe of one signal or one severity alone."""

    signal: Annotated[str, Field(min_length=1, max_length=asked.NAME_MAX)] | None = None
    severity: Literal["critical", "high", "medium", "low"] | None = None


class RollbackBody(Strict):
    """Where to, and from which deploy: that of the plan. Without a target the watchdog chooses."""

    live: Annotated[str, Field(min_length=1, max_length=asked.NAME_MAX)]
    target: Annotated[str, Field(min_length=1, max_length=asked.NAME_MAX)] | None = None


Take = Callable[[Request, str, Mapping[str, Any]], Awaitable[Response]]


def add_commands(api: FastAPI, desk: CommandService) -> None:
    """Add every command to the API."""

    async def take(request: Request, command: str, arguments: Mapping[str, Any]) -> Response:
        visitor: Visitor = request.scope["visitor"]
        if visitor.form_token:
            why = why_not_ours(request, visitor, request.headers.get("x-form-token", ""))
            if why:
                raise HTTPException(403, why)
        try:
            done = answer_view(await desk.ask(visitor, command, arguments))
        except NotAllowed as error:
            raise HTTPException(403, str(error)) from None
        except Temporary as error:
            raise HTTPException(503, str(error)) from None
        return Ascii(asdict(done), 200 if done.state == "done" else 409)

    _about_incidents(api, take)
    _about_follow_ups(api, take)
    _about_services(api, take)
    _about_quiet(api, take)


def _about_incidents(api: FastAPI, take: Take) -> None:
    @api.post("/incidents/{incident_id}/approve", response_model=AnswerView, responses=REFUSALS)
    async def approve(request: Request, incident_id: str, seen: Seen) -> Response:
        """Say yes to what an incident asks."""
        return await take(request, "approve", asked.about_incident(incident_id, seen.model_dump()))

    @api.post("/incidents/{incident_id}/reject", response_model=AnswerView, responses=REFUSALS)
    async def reject(request: Request, incident_id: str, seen: Seen) -> Response:
        """Say no to what an incident asks; nothing is changed then."""
        return await take(request, "reject", asked.about_incident(incident_id, seen.model_dump()))

    @api.post("/incidents/{incident_id}/stop", response_model=AnswerView, responses=REFUSALS)
    async def stop(request: Request, incident_id: str) -> Response:
        """Stop an announced rollback before it is sent."""
        return await take(request, "stop", asked.about_incident(incident_id))

    @api.post("/incidents/{incident_id}/acknowledge", response_model=AnswerView, responses=REFUSALS)
    async def acknowledge(request: Request, incident_id: str) -> Response:
        """Say that you look after an incident: nobody else is called for now."""
        return await take(request, "acknowledge", asked.about_incident(incident_id))

    @api.post("/incidents/{incident_id}/undo", response_model=AnswerView, responses=REFUSALS)
    async def undo(request: Request, incident_id: str, body: UndoBody) -> Response:
        """Take a wrong rollback back, from the deploy that the plan showed live."""
        return await take(request, "undo", asked.undo_arguments(incident_id, body.live))

    @api.post("/incidents/{incident_id}/note", response_model=AnswerView, responses=REFUSALS)
    async def note(request: Request, incident_id: str, body: NoteBody) -> Response:
        """Add a line to an incident's record."""
        try:
            arguments = asked.note_arguments(incident_id, body.text, body.root_cause)
        except Invalid as error:
            raise HTTPException(422, str(error)) from None
        return await take(request, "note", arguments)

    @api.post("/incidents/{incident_id}/label", response_model=AnswerView, responses=REFUSALS)
    async def label(request: Request, incident_id: str, body: LabelBody) -> Response:
        """Record whether the watchdog judged an incident right."""
        return await take(request, "label", asked.label_arguments(incident_id, body.verdict))


def _about_follow_ups(api: FastAPI, take: Take) -> None:
    @api.post("/incidents/{incident_id}/tick", response_model=AnswerView, responses=REFUSALS)
    async def tick(request: Request, incident_id: str, body: TickBody) -> Response:
        """Tick an item of an incident's checklists, or undo that."""
        try:
            arguments = asked.tick_arguments(incident_id, body.item, body.undo)
        except Invalid as error:
            raise HTTPException(422, str(error)) from None
        return await take(request, "tick", arguments)

    @api.post("/incidents/{incident_id}/follow-up", response_model=AnswerView, responses=REFUSALS)
    async def follow_up(request: Request, incident_id: str, body: FollowUpBody) -> Response:
        """Add a follow-up to an incident: it is listed until it is ticked."""
        try:
            arguments = asked.follow_up_arguments(incident_id, body.text, body.owner, body.due)
        except Invalid as error:
            raise HTTPException(422, str(error)) from None
        return await take(request, "follow-up", arguments)


def _about_quiet(api: FastAPI, take: Take) -> None:
    async def quieten(request: Request, command: str, made: Callable[[], dict[str, Any]]) -> Response:
        try:
            arguments = made()
        except Invalid as error:
            raise HTTPException(422, str(error)) from None
        return await take(request, command, arguments)

    @api.post("/services/{name}/silence", response_model=AnswerView, responses=REFUSALS)
    async def silence(request: Request, name: str, body: SilenceBody) -> Response:
        """Tell nobody of a service (or of `all`) for a while, maybe of one signal or severity alone."""
        narrowed = (body.signal or "", body.severity or "")
        return await quieten(
            request, "silence", lambda: asked.silence_arguments(name, body.lasts, body.reason, *narrowed)
        )

    @api.post("/services/{name}/hold", response_model=AnswerView, responses=REFUSALS)
    async def hold(request: Request, name: str, body: QuietBody) -> Response:
        """Roll nothing of a service (or of `all`) back unasked for a while."""
        return await quieten(request, "hold", lambda: asked.hold_arguments(name, body.lasts, body.reason))

    @api.post("/silences/{name}/end", response_model=AnswerView, responses=REFUSALS)
    async def unsilence(request: Request, name: str) -> Response:
        """End a silence or a hold before its time."""
        return await take(request, "unsilence", asked.unsilence_arguments(name))


def _about_services(api: FastAPI, take: Take) -> None:
    @api.post("/services/{name}/rollback", response_model=AnswerView, responses=REFUSALS)
    async def rollback(request: Request, name: str, body: RollbackBody) -> Response:
        """Roll a service back by hand, from the deploy that the plan showed live."""
        return await take(request, "rollback", asked.rollback_arguments(name, body.target, body.live))

    @api.post("/pause", response_model=AnswerView, responses=REFUSALS)
    async def pause(request: Request) -> Response:
        """Go on watching and telling, but touch nothing until `resume`."""
        return await take(request, "pause", {})

    @api.post("/resume", response_model=AnswerView, responses=REFUSALS)
    async def resume(request: Request) -> Response:
        """Give the watchdog its right to act back."""
        return await take(request, "resume", {})

"""The API for programs: JSON under /api/v1/, described by its own OpenAPI document.

Its documentation pages are off: they would load scripts from another site. The routes are made once in a process, as
FastAPI takes a tenth of a second for their types; a request brings its console's reader and command service with it.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from watchdog.background import run_in_background
from watchdog.console.command_service import CommandService
from watchdog.console.queries.announcement_queries import announcements_view
from watchdog.console.queries.series import RANGES, USUAL
from watchdog.console.queries.view_queries import ROWS_MAX, ViewQueries
from watchdog.console.queries.why_not_queries import why_not
from watchdog.console.render.json_response import Ascii, Refusal, refusal
from watchdog.console.routes.api_commands import add_commands
from watchdog.console.views.announcement_views import AnnouncementsView
from watchdog.console.views.follow_up_views import ChecklistView, FollowUpsView
from watchdog.console.views.gate_views import DeployCourseView, GateView
from watchdog.console.views.series_views import SeriesView
from watchdog.console.views.settings_views import SettingsView
from watchdog.console.views.stats_views import StatsView
from watchdog.console.views.view_models import (
    Audit,
    HistoryView,
    Incidents,
    IncidentView,
    Overview,
    PlanView,
    ServiceView,
)
from watchdog.console.views.why_not_views import WhyNotView
from watchdog.docs.places import place_of_error
from watchdog.domain.errors import ConfigurationError, Temporary
from watchdog.presentation.gate.deploy_course import Stage
from watchdog.presentation.gate.gate_rules import COMMIT, GateReason, GateVerdict
from watchdog.presentation.gate.gate_text import gate_lines, progress_line

Limit = Annotated[int, Query(ge=1, le=ROWS_MAX, description="How many incidents are looked at, newest first.")]
Before = Annotated[int | None, Query(ge=1, le=10**15, description="Only rows under a smaller number: `older`.")]
NotAllowed = Annotated[
    bool | None, Query(description="Only what its author's role does not allow (true), or all but that (false).")
]
Chosen = Annotated[
    Literal[*RANGES],  # type: ignore[valid-type]
    Query(alias="range", description="The time that ends now; `since` and `until` outrank it."),
]
Moment = Annotated[float | None, Query(ge=0, le=10**11, allow_inf_nan=False, description="UTC epoch seconds.")]
Instant = Annotated[float, Query(ge=0, le=10**11, allow_inf_nan=False, description="UTC epoch seconds.")]
RULES_MAX = 4000
"""Letters of a rules file: it stands in an address, whose length servers limit."""
CommitId = Annotated[str, Query(pattern=COMMIT, description="The commit, or its first letters: seven at least.")]
RulesText = Annotated[
    str | None, Query(max_length=RULES_MAX, description="The text of a rules file, which may only restrict the gate.")
]
Tag = Annotated[str | None, Query(max_length=40, description="Only services with this tag.")]
NO_SUCH = "there is none of that name"
SERIES_MAX_SECONDS = 400 * 86400.0
"""The store keeps no older readings."""
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": why, "model": Refusal}
    for status, why in (
        (401, "There is no token, or a wrong one."),
        (403, "The role does not allow it, or another site sent it."),
        (422, "The request is not as described."),
        (429, "Too many requests: `retry-after` has the seconds to wait."),
        (503, "The store or the daemon did not answer in time; nothing was done."),
    )
}
CLOSED: dict[int | str, dict[str, Any]] = {
    409: {"description": "The gate is closed: `reasons` says why.", "model": GateView}
}
NOT_OVER: dict[int | str, dict[str, Any]] = {
    202: {"description": "It is not over: ask again.", "model": DeployCourseView},
    409: {"description": "It ended badly, or without a verdict: `why` says how.", "model": DeployCourseView},
}
MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "There is none of that name.", "model": Refusal}}


def make_api(reader: ViewQueries, commands: CommandService, version: str) -> ASGIApp:
    """Return the API, to be mounted at /api/v1."""
    api = _routes(version)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await api({**scope, "watchdog.reader": reader, "watchdog.commands": commands}, receive, send)

    return serve


def _reader_of(request: Request) -> ViewQueries:
    reader: ViewQueries = request.scope["watchdog.reader"]
    return reader


Reader = Annotated[ViewQueries, Depends(_reader_of)]


@cache
def _routes(version: str) -> FastAPI:
    api = FastAPI(
        title="watchdog",
        version=version,
        description="What the watchdog knows, and what it may be asked to do. Times are UTC epoch seconds.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # As in the console: a redirect would repeat the Host header.
        redirect_slashes=False,
        # Mounted below /api/v1: FastAPI would add the mount's path to `servers` a second time.
        servers=[{"url": "/api/v1"}],
        root_path_in_servers=False,
        default_response_class=Ascii,
        responses=REFUSALS,
    )

    @api.get("/services", response_model=Overview)
    async def services(reader: Reader, tag: Tag = None) -> Response:
        """All services, or those with a tag, failing ones first; and the open incidents of all."""
        return await _json(await reader.overview(tag))

    @api.get("/services/{name}", response_model=ServiceView, responses=MISSING)
    async def service(reader: Reader, name: str) -> Response:
        """One service: its signals, deploys and incidents, and the decision if it failed now."""
        return await _found(await reader.service(name))

    @api.get("/incidents", response_model=Incidents)
    async def incidents(reader: Reader, limit: Limit = 100, until: Moment = None) -> Response:
        """Incidents (opened at that moment or before), newest first."""
        return await _json(await reader.incidents(limit, until=until))

    @api.get("/incidents/{incident_id}", response_model=IncidentView, responses=MISSING)
    async def incident(reader: Reader, incident_id: str) -> Response:
        """One incident, with everything that `watchdog explain` shows."""
        return await _found(await reader.incident(incident_id))

    @api.get("/history", response_model=HistoryView)
    async def history(reader: Reader, limit: Limit = 100) -> Response:
        """Every rollback among the newest incidents."""
        return await _json(await reader.history(limit))

    @api.get("/audit", response_model=Audit)
    async def audit(
        reader: Reader, limit: Limit = 100, before: Before = None, not_allowed: NotAllowed = None
    ) -> Response:
        """The commands that people gave, with their outcome, newest first."""
        return await _json(await reader.audit(limit, before=before, not_allowed=not_allowed))

    @api.get("/stats", response_model=StatsView)
    async def stats(reader: Reader) -> Response:
        """The numbers of `watchdog report stats`, of the last 90 days."""
        return await _json(await reader.stats())

    @api.get("/settings", response_model=SettingsView)
    async def settings(reader: Reader) -> Response:
        """The configuration as it was loaded; of a secret, only whether it is set."""
        return await _json(reader.settings())

    _add_series(api)
    _add_plans(api)
    _add_follow_ups(api)
    _add_gate(api)
    add_commands(api)

    _add_refusals(api)
    return api


def _add_refusals(api: FastAPI) -> None:
    """Answer refusals in ASCII as well, without the submitted value: a lone surrogate and 1e400 have no valid JSON."""

    @api.exception_handler(Temporary)
    async def unavailable(request: Request, error: Exception) -> Response:
        why = "the store does not answer: try again"
        return refusal(why, 503, place_of_error(Temporary(why)), {"retry-after": "5"})

    @api.exception_handler(StarletteException)
    async def refused(request: Request, error: StarletteException) -> Response:
        return refusal(error.detail, error.status_code, headers=error.headers)

    @api.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # Without `input` and `ctx`, which hold the submitted value.
        return refusal([{name: one[name] for name in ("type", "loc", "msg")} for one in error.errors()], 422)


def _add_series(api: FastAPI) -> None:
    @api.get("/services/{name}/series", response_model=SeriesView, responses=MISSING)
    async def series(
        reader: Reader, name: str, chosen: Chosen = USUAL, since: Moment = None, until: Moment = None
    ) -> Response:
        """The curves of a service's charts: readings, failures, latency and errors over time, and its deploys."""
        if since is None:
            return await _found(await reader.series.of_range(name, chosen))
        end = min(until or math.inf, reader.deps.clock.now())
        if not 0 < end - since <= SERIES_MAX_SECONDS:
            raise HTTPException(422, "`since` must be before `until`, and before now, by at most 400 days")
        return await _found(await reader.series.between(name, since, end))


def _add_plans(api: FastAPI) -> None:
    @api.get("/services/{name}/why-not", response_model=WhyNotView, responses=MISSING)
    async def past_inaction(reader: Reader, name: str, at: Instant) -> Response:
        """Why nothing was done on a service at a moment: the reasons, and the record around it."""
        return await _found(await why_not(reader.deps, name, at))

    @api.get("/services/{name}/plan", response_model=PlanView, responses=MISSING)
    async def plan(reader: Reader, name: str, to: str | None = None, blamed: str | None = None) -> Response:
        """The plan of a manual rollback: its steps and the answer of every guard; refused where the `blamed` deploy is
        not live any more. Nothing is done."""
        return await _found(await reader.plan(name, to, blamed))

    @api.get("/incidents/{incident_id}/undo", response_model=PlanView, responses=MISSING)
    async def plan_undo(reader: Reader, incident_id: str) -> Response:
        """The plan of an undo: its steps and the answer of every guard. Nothing is done."""
        return await _found(await reader.plan_undo(incident_id))


def _add_follow_ups(api: FastAPI) -> None:
    @api.get("/incidents/{incident_id}/checklist", response_model=ChecklistView, responses=MISSING)
    async def checklist(reader: Reader, incident_id: str) -> Response:
        """The runbook's checklists for an incident: done items with their evidence; open items with owner and due
        time."""
        return await _found(await reader.following.checklist(incident_id))

    @api.get("/follow-ups", response_model=FollowUpsView)
    async def follow_ups(reader: Reader) -> Response:
        """Open items of all incidents, by due time."""
        return await _json(await reader.following.open())

    @api.get("/announcements", response_model=AnnouncementsView)
    async def announcements(reader: Reader) -> Response:
        """Announcements on the public status pages, those that are not over first."""
        return await _json(await announcements_view(reader.deps))


def _add_gate(api: FastAPI) -> None:
    @api.get("/gate/{name}", response_model=GateView, responses={**MISSING, **CLOSED})
    async def gate(request: Request, reader: Reader, name: str, commit: CommitId, rules: RulesText = None) -> Response:
        """Whether a commit may go to production now, and why not: 409 if the gate is closed. Nothing is done.

        With `Accept: text/plain` the table of the terminal."""
        known = name in reader.deps.policy().services
        try:
            chosen = reader.deps.restrict(name, rules) if rules is not None and known else None
        except ConfigurationError as error:
            raise HTTPException(422, "; ".join(map(str, error.mistakes))) from None
        view = await reader.gates.gate(name, commit, chosen)
        if view is None:
            raise HTTPException(404, NO_SUCH)
        reasons = [GateReason(one.name, GateVerdict(one.verdict), one.why) for one in view.reasons]
        return _by_outcome(request, view, 200 if view.passed else 409, gate_lines(name, commit, reasons))

    @api.get("/deploy-watch/{name}", response_model=DeployCourseView, responses={**MISSING, **NOT_OVER})
    async def deploy_watch(
        request: Request, reader: Reader, name: str, commit: CommitId, since: Moment = None
    ) -> Response:
        """Where the deploy of a commit is, of those created since then: 202 until that is over, 409 unless it ended
        well. Nothing is done.

        With `Accept: text/plain` one line."""
        view = await reader.gates.course(name, commit, since)
        if view is None:
            raise HTTPException(404, NO_SUCH)
        status = 200 if view.stage == Stage.GOOD else 409 if view.over else 202
        return _by_outcome(request, view, status, [progress_line(view.at, view.stage, view.why)])


def _by_outcome(request: Request, view: GateView | DeployCourseView, status: int, lines: Sequence[str]) -> Response:
    """Return an answer to CI. By its status alone, too: a step that forgets to read the body must not pass."""
    # People read the log of a pipeline: it asks for text by its header, and gets no JSON then.
    if "text/plain" in request.headers.get("accept", ""):
        return PlainTextResponse("".join(f"{line}\n" for line in lines), status)
    return Ascii(asdict(view), status)


View = ServiceView | SeriesView | IncidentView | ChecklistView | PlanView | WhyNotView


async def _found(view: View | None) -> Response:
    if view is None:
        raise HTTPException(404, NO_SUCH)
    return await _json(view)


async def _json(view: Any) -> Response:
    """Return a view as JSON, encoded in a thread: 300 services take 40 ms, which would delay probes."""
    return await run_in_background(lambda: Ascii(asdict(view)))

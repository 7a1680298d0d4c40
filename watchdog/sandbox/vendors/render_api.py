"""Render's REST API, the dozen calls a guard needs, over the cloud's state. Documented: render-openapi.json.

Rule 1: an unauthorized call gets no information; the answer to every authorized one has the rate-limit headers.
Rule 2: slow, drop and error_after apply the change first: only the answer is lost, not the change.
"""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from email.utils import formatdate
from typing import Any, TypeVar

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys, sockets
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.vendors.failure_modes import REFUSALS
from watchdog.sandbox.vendors.render_bodies import (
    deploy_json,
    environment_json,
    event_json,
    postgres_json,
    project_json,
    service_json,
)
from watchdog.sandbox.vendors.render_rate_limits import Limits
from watchdog.sandbox.world import STAGING, Deploy, Service

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
EVENTS_WINDOW_SECONDS = 3600.0
"""Events are listed for the last hour unless `startTime` says otherwise."""
TRIGGERS = ("commit", "checksPass", "off")
BEHIND_SECONDS = 120.0
"""The lag of the Date header while Render's clock is behind."""


class Refused(Exception):
    """The call is answered with an error body and this status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class RenderApi:
    """The routes of api.render.com/v1."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.limits = Limits()
        self.database_status = "available"
        self.keys: dict[str, frozenset[str]] = {
            keys.RENDER_API_KEY: keys.RENDER_PERMISSIONS,
            keys.RENDER_READ_ONLY_KEY: keys.RENDER_READS,
        }
        """The permissions of each key, which can change while the key is in use, as at Render."""
        self._requests = 0

    def routes(self) -> list[Route]:
        """Return all routes; other paths are answered 404 as text."""
        table: list[tuple[str, str, str, Handler]] = [
            ("services: read", "GET", "/services", self.list_services),
            ("services: read", "GET", "/services/{service_id}", self.get_service),
            ("services: update", "PATCH", "/services/{service_id}", self.patch_service),
            ("deploys: read", "GET", "/services/{service_id}/deploys", self.list_deploys),
            ("deploys: create", "POST", "/services/{service_id}/deploys", self.create_deploy),
            ("deploys: read", "GET", "/services/{service_id}/deploys/{deploy_id}", self.get_deploy),
            ("deploys: create", "POST", "/services/{service_id}/rollback", self.rollback),
            ("services: restart", "POST", "/services/{service_id}/restart", self.restart),
            ("services: update", "POST", "/services/{service_id}/scale", self.scale),
            ("events: read", "GET", "/services/{service_id}/events", self.list_events),
            ("databases: read", "GET", "/postgres/{database_id}", self.get_postgres),
            ("projects: read", "GET", "/projects", self.list_projects),
            ("projects: read", "GET", "/environments", self.list_environments),
        ]
        return [Route(path, self.guarded(handler, needs), methods=[method]) for needs, method, path, handler in table]

    def guarded(self, handler: Handler, needs: str) -> Handler:
        """Wrap a handler in the checks of every call: key, rate limit, permission; add headers and the error body."""

        async def serve(request: Request) -> Response:
            self._requests += 1
            name = {"Render-Request-Id": f"req-{self.cloud.seed:08x}-{self._requests:08x}", **self._date()}
            # The key first: a refused caller must learn nothing of limits, permissions and services.
            may = self.keys.get(request.headers.get("authorization", "").removeprefix("Bearer "))
            if may is None:
                return error(401, "Unauthorized", name)
            verdict = self.limits.take(request.method, request.url.path, request.path_params.get("service_id"))
            if not verdict.allowed:
                return error(429, "rate limit exceeded", name | verdict.headers)
            if needs not in may:
                return error(403, "You do not have permissions for the requested resource.", name | verdict.headers)
            try:
                response = await handler(request)
            except Refused as refused:
                return error(refused.status, refused.message, name | verdict.headers)
            for key, value in (name | verdict.headers).items():
                # Headers of the handler win: a failure mode has its own Retry-After and Ratelimit-Remaining.
                response.headers.setdefault(key, value)
            return response

        return serve

    def _date(self) -> dict[str, str]:
        mode = self.cloud.modes.use("render_clock")
        at = clock.now() - (BEHIND_SECONDS if mode == "behind" else 0.0)
        return {} if mode == "undated" else {"Date": formatdate(at, usegmt=True)}

    # --- services ----------------------------------------------------------------------------------------------------

    async def list_services(self, request: Request) -> Response:
        """GET /services: filtered, paged, each in a wrapper."""
        query = request.query_params
        services = [
            service
            for service in self.cloud.listed()
            if _among(query, "name", service.name)
            and _among(query, "type", service.kind)
            and _among(query, "region", "oregon")
            and _among(query, "suspended", "suspended" if service.suspended else "not_suspended")
        ]
        # Lists are bare arrays of wrappers with a cursor each; a page shorter than the limit is the last one.
        page = paged(services, query, lambda service: service.id)
        return JSONResponse(
            [{"service": service_json(item, self.cloud.quirks), "cursor": cursor} for item, cursor in page]
        )

    async def get_service(self, request: Request) -> Response:
        """GET /services/{id}."""
        return JSONResponse(service_json(self._service(request), self.cloud.quirks))

    async def patch_service(self, request: Request) -> Response:
        """PATCH /services/{id}: auto-deploy and maintenance mode are applied, the rest is accepted and ignored."""
        service, mode = self._service(request), self.cloud.modes.use("patch")
        if (refusal := await self._before(request, mode)) is not None:
            return refusal
        change = await body_of(request)
        trigger = wanted_trigger(change, service.auto_deploy_trigger)
        # `ignore` answers success without a change: the daemon must read the setting back to notice.
        if mode != "ignore":
            self.cloud.set_auto_deploy(service, trigger)
            maintenance = change.get("serviceDetails", {}).get("maintenanceMode")
            if maintenance is not None:
                # The documented setting is one whole: without its address the default page is served again.
                service.maintenance_page = str(maintenance.get("uri", ""))
                self.cloud.set_maintenance(service, bool(maintenance.get("enabled")))
        return await self._after(request, mode, JSONResponse(service_json(service, self.cloud.quirks)))

    # --- deploys -----------------------------------------------------------------------------------------------------

    async def list_deploys(self, request: Request) -> Response:
        """GET /services/{id}/deploys: newest first."""
        self._check_readable("list_deploys")
        query = request.query_params
        deploys = [
            deploy
            for deploy in reversed(self._service(request).deploys)
            if (not query.getlist("status") or deploy.status in query.getlist("status"))
            and _between(query, "created", deploy.created_at)
            and _between(query, "updated", deploy.updated_at)
            and _between(query, "finished", deploy.finished_at)
        ]
        page = paged(deploys, query, lambda deploy: deploy.id)
        return JSONResponse([{"deploy": deploy_json(item, self.cloud.quirks), "cursor": at} for item, at in page])

    async def get_deploy(self, request: Request) -> Response:
        """GET /services/{id}/deploys/{deployId}."""
        deploy = self._deploy(self._service(request), request.path_params["deploy_id"])
        return JSONResponse(deploy_json(deploy, self.cloud.quirks))

    async def create_deploy(self, request: Request) -> Response:
        """POST /services/{id}/deploys: of the given commit, otherwise of the newest deploy's."""
        service, mode = self._service(request), self.cloud.modes.use("create_deploy")
        if (refusal := await self._before(request, mode)) is not None:
            return refusal
        wanted = await body_of(request)
        # A deploy by API does not turn auto-deploy off; one of a commit from the dashboard would.
        commit = wanted.get("commitId") or (service.deploys[-1].commit if service.deploys else None)
        made = self.cloud.deploy(service.name, commit=commit, trigger="api")
        return await self._after(request, mode, self._made(made))

    async def rollback(self, request: Request) -> Response:
        """POST /services/{id}/rollback: a new deploy with the artifact of an older one."""
        service, mode = self._service(request), self.cloud.modes.use("rollback")
        if (refusal := await self._before(request, mode)) is not None:
            return refusal
        wanted = (await body_of(request)).get("deployId")
        if not isinstance(wanted, str):
            raise Refused(400, "deployId is required")
        target = self._deploy(service, wanted)
        # Render keeps only some builds for rollbacks: an old target is refused although it was live once.
        if mode == "expired" or not target.served:
            raise Refused(400, f"cannot roll back to deploy {target.id}")
        return await self._after(request, mode, self._made(self.cloud.rollback(service, target)))

    async def restart(self, request: Request) -> Response:
        """POST /services/{id}/restart: 200 without a body; it shows as a deploy of the same commit."""
        service, mode = self._service(request), self.cloud.modes.use("restart")
        if (refusal := await self._before(request, mode)) is not None:
            return refusal
        try:
            self.cloud.restart(service)
        except ValueError as problem:
            raise Refused(400, str(problem)) from problem
        return await self._after(request, mode, Response(status_code=200))

    async def scale(self, request: Request) -> Response:
        """POST /services/{id}/scale: 202 without a body, also where autoscaling ignores the number."""
        service, mode = self._service(request), self.cloud.modes.use("scale")
        if (refusal := await self._before(request, mode)) is not None:
            return refusal
        number = (await sockets.json_of(request)).get("numInstances")
        if not isinstance(number, int) or number < 1:
            raise Refused(400, "numInstances is required")
        if not service.autoscaled and mode != "ignore":
            try:
                self.cloud.restart(service, number)
            except ValueError as problem:
                raise Refused(400, str(problem)) from problem
        return await self._after(request, mode, Response(status_code=202))

    def _made(self, made: Deploy) -> Response:
        # Such an answer names no deploy: the client must find it in the deploy list.
        if "queued_without_body" in self.cloud.quirks:
            return Response(status_code=202)
        return JSONResponse(deploy_json(made, self.cloud.quirks), status_code=201)

    async def _before(self, request: Request, mode: str) -> Response | None:
        """Return the answer of a mode that refuses the change, or None."""
        if mode == "reset_before":
            return await sockets.dropped(request)
        # A refusal before the change, with Render's headers: the client may retry without a risk.
        if mode == "refuse_429":
            return error(
                429, "rate limit exceeded", {"Retry-After": "3", "Ratelimit-Remaining": "0", "Ratelimit-Reset": "3"}
            )
        if mode in REFUSALS:
            return error(REFUSALS[mode], "the sandbox was told to refuse this")
        return None

    async def _after(self, request: Request, mode: str, response: Response) -> Response:
        """Return the answer of an applied change, or delay, drop or replace it as the mode demands."""
        if mode == "slow":
            await clock.sleep(self.cloud.modes.slow_seconds)
        # The dangerous cases for a client: the change is made, but its answer says nothing or the contrary.
        if mode == "drop":
            return await sockets.dropped(request)
        if mode == "error_after":
            return error(500, "internal server error")
        return response

    # --- the rest ----------------------------------------------------------------------------------------------------

    async def list_events(self, request: Request) -> Response:
        """GET /services/{id}/events: newest first, by default of the last hour."""
        self._check_readable("list_events")
        service, query = self._service(request), request.query_params
        start = _time(query, "startTime") or clock.now() - EVENTS_WINDOW_SECONDS
        end = _time(query, "endTime") or clock.now() + 1
        events = [e for e in reversed(service.events) if start <= e.at <= end and query.get("type") in (None, e.type)]
        page = paged(events, query, lambda event: event.id)
        return JSONResponse([{"event": event_json(item), "cursor": cursor} for item, cursor in page])

    async def get_postgres(self, request: Request) -> Response:
        """GET /postgres/{id}."""
        if request.path_params["database_id"] != "dpg-main":
            raise Refused(404, f"not found: {request.path_params['database_id']}")
        return JSONResponse(postgres_json("dpg-main", self.database_status, clock.now()))

    async def list_projects(self, request: Request) -> Response:
        """GET /projects: the only project."""
        page = paged([project_json(clock.now())], request.query_params, lambda project: str(project["id"]))
        return JSONResponse([{"project": item, "cursor": cursor} for item, cursor in page])

    async def list_environments(self, request: Request) -> Response:
        """GET /environments of projects: production with the sites, staging with its copy; the jobs are in none."""
        if "projectId" not in request.query_params:
            raise Refused(400, "projectId is required")
        sites = [one for one in self.cloud.listed() if one.kind == "web_service"]
        copies = [one.id for one in sites if one.name == STAGING]
        found = [environment_json([one.id for one in sites if one.name != STAGING])]
        found += [environment_json(copies, "Staging")] if copies else []
        page = paged(found, request.query_params, lambda environment: str(environment["id"]))
        return JSONResponse([{"environment": item, "cursor": cursor} for item, cursor in page])

    def _check_readable(self, call: str) -> None:
        if self.cloud.modes.use(call) != "ok":
            raise Refused(500, "internal server error")

    def _service(self, request: Request) -> Service:
        wanted = request.path_params["service_id"]
        service = self.cloud.by_id(wanted)
        if service is None:
            raise Refused(404, f"not found: {wanted}")
        return service

    def _deploy(self, service: Service, deploy_id: str) -> Deploy:
        deploy = service.find(deploy_id)
        if deploy is None:
            raise Refused(404, f"not found: {deploy_id}")
        return deploy


def error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return Render's error body."""
    return JSONResponse({"message": message}, status_code=status, headers=headers)


async def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request. Raises Refused."""
    raw = await sockets.read_body(request)
    try:
        parsed = json.loads(raw)
    except ValueError as problem:
        raise Refused(400, "invalid JSON") from problem
    if not isinstance(parsed, dict):
        raise Refused(400, "the body must be a JSON object")
    return parsed


def wanted_trigger(change: dict[str, Any], now: str) -> str:
    """Return the auto-deploy trigger that a PATCH requests, or the present one. Raises Refused."""
    # `autoDeploy` (yes/no) is the deprecated form of `autoDeployTrigger`; "yes" keeps a trigger that is not off.
    old, new = change.get("autoDeploy"), change.get("autoDeployTrigger")
    # Documented: sending both is an error, even if they agree.
    if old is not None and new is not None:
        raise Refused(400, "autoDeploy and autoDeployTrigger cannot both be set")
    if new is not None:
        if new not in TRIGGERS:
            raise Refused(400, f"autoDeployTrigger must be one of {', '.join(TRIGGERS)}")
        return str(new)
    if old is not None:
        if old not in ("yes", "no"):
            raise Refused(400, "autoDeploy must be yes or no")
        return "off" if old == "no" else "commit" if now == "off" else now
    return now


def paged(items: Sequence[T], query: QueryParams, key: Callable[[T], str]) -> list[tuple[T, str]]:
    """Return the page after `cursor`, at most `limit` long, each item with its own cursor. Raises Refused."""
    try:
        limit = int(query.get("limit", DEFAULT_LIMIT))
    except ValueError as problem:
        raise Refused(400, "invalid limit") from problem
    if not 1 <= limit <= MAX_LIMIT:
        raise Refused(400, f"limit must be between 1 and {MAX_LIMIT}")
    start = 0
    if (cursor := query.get("cursor")) is not None:
        keys_in_order = [key(item) for item in items]
        try:
            start = keys_in_order.index(base64.urlsafe_b64decode(cursor).decode()) + 1
        except (ValueError, binascii.Error) as problem:
            raise Refused(400, "invalid cursor") from problem
    # Each item carries the cursor behind itself, as at Render; the last one of a page leads to the next.
    page = items[start : start + limit]
    return [(item, base64.urlsafe_b64encode(key(item).encode()).decode()) for item in page]


def _among(query: QueryParams, name: str, value: str) -> bool:
    wanted = [part for text in query.getlist(name) for part in text.split(",")]
    return not wanted or value in wanted


def _between(query: QueryParams, prefix: str, at: float | None) -> bool:
    after, before = _time(query, f"{prefix}After"), _time(query, f"{prefix}Before")
    if after is None and before is None:
        return True
    # A deploy that still runs has no `finishedAt`, and so lies in no range of it.
    return at is not None and (after is None or at > after) and (before is None or at < before)


def _time(query: QueryParams, name: str) -> float | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return clock.parse_iso(text)
    except ValueError as problem:
        raise Refused(400, f"invalid {name}") from problem

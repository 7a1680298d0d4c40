"""Sentry's API under /api/0: event counts by minute, issues, organization, project. Documented: sentry-openapi.json.

Rule: every answer carries the rate-limit headers; `-Reset` is epoch seconds (unlike Render's).
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.vendors.sentry_bodies import issue_json, organization_json, project_json
from watchdog.sandbox.vendors.sentry_counts import INGESTION_DELAY_SECONDS, PROJECTS, Counts, Group, Wanted, groups
from watchdog.sandbox.vendors.sentry_query import InvalidQuery, Search, interval_of, parse_search, range_of

Handler = Callable[[Request], Awaitable[Response]]

DATASETS = ("errors", "logs", "spans", "profile_functions", "tracemetrics", "uptime_results")
ENVIRONMENTS = ("production",)
REQUESTS_PER_SECOND = 40
CONCURRENT = 25
MAX_PAGE = 100
NEW_FOR_SECONDS = 7 * 86_400.0


class SentryApi:
    """The routes of sentry.io/api/0 for the organization `acme`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.counts = Counts(cloud)
        self._second = 0
        self._used = 0

    def routes(self) -> list[Route]:
        """Return every route that exists."""
        organization = "/organizations/{organization}"
        table: list[tuple[str, Handler]] = [
            (f"{organization}/events-timeseries/", self.events_timeseries),
            (f"{organization}/issues/", self.issues),
            (f"{organization}/", self.organization),
            ("/projects/{organization}/{project}/", self.project),
        ]
        return [Route(path, self.guarded(handler), methods=["GET"]) for path, handler in table]

    def guarded(self, handler: Handler) -> Handler:
        """Wrap a handler in the checks of token, rate limit and organization, and in Sentry's error body."""

        async def serve(request: Request) -> Response:
            headers = self._rate_headers()
            given = request.headers.get("authorization")
            if given != f"Bearer {keys.SENTRY_TOKEN}":
                why = "Invalid token" if given else "Authentication credentials were not provided."
                return JSONResponse({"detail": why}, status_code=401, headers=headers)
            if self._used > REQUESTS_PER_SECOND:
                why = f"Limit is {REQUESTS_PER_SECOND} requests in 1 seconds"
                text = f"You are attempting to use this endpoint too frequently. {why}"
                return JSONResponse({"detail": text}, status_code=429, headers=headers)
            if request.path_params["organization"] not in (keys.ORGANIZATION, keys.ORGANIZATION_ID):
                return _missing(headers)
            try:
                response = await handler(request)
            except InvalidQuery as problem:
                response = JSONResponse({"detail": str(problem)}, status_code=400)
            for key, value in headers.items():
                response.headers[key] = value
            return response

        return serve

    async def organization(self, request: Request) -> Response:
        """GET /organizations/{org}/."""
        return JSONResponse(organization_json(_region(request)))

    async def project(self, request: Request) -> Response:
        """GET /projects/{org}/{project}/, by slug or id."""
        slug = _slug(request.path_params["project"])
        if slug is None:
            return _missing({})
        live = self.cloud.services[slug].live
        return JSONResponse(project_json(slug, live.commit if live else None, _region(request)))

    async def events_timeseries(self, request: Request) -> Response:
        """GET /organizations/{org}/events-timeseries/: counts per bucket; the newest are incomplete."""
        query = request.query_params
        if (dataset := query.get("dataset")) not in DATASETS:
            raise InvalidQuery(f"dataset is required, one of {', '.join(DATASETS)}")
        start, end = range_of(query)
        width = interval_of(query, end - start)
        wanted = self._wanted(query, parse_search(query.get("query", "")))
        axes = query.getlist("yAxis") or ["count()"]
        series = (
            []
            if not wanted.projects
            else [self._series(axis, dataset, start, end, width, wanted, query) for axis in axes]
        )
        meta = {"dataset": dataset, "start": start * 1000, "end": end * 1000}
        return JSONResponse({"meta": meta, "timeSeries": series})

    def _series(
        self, axis: str, dataset: str, start: float, end: float, width: int, wanted: Wanted, query: QueryParams
    ) -> dict[str, Any]:
        if axis not in ("count()", "failure_count()"):
            raise InvalidQuery(f"{axis} is not a function this sandbox knows: count(), failure_count()")
        # The dataset `errors` holds failures only; in the others `count()` counts every request.
        failing = dataset == "errors" or axis == "failure_count()"
        asked = Wanted(wanted.projects, wanted.releases, wanted.environment_known, failing)
        delta = query.get("comparisonDelta", "")
        # Buckets are aligned to their width, so the first one begins before the requested start.
        first, values = int(start // width) * width, []
        for bucket in range(first, int(end), width):
            value: dict[str, Any] = {
                "timestamp": bucket * 1000,
                "value": self.counts.between(bucket, bucket + width, asked),
                # As at Sentry: late events may still arrive for these buckets, so their counts can grow.
                "incomplete": bucket + width >= clock.now() - INGESTION_DELAY_SECONDS,
            }
            if value["incomplete"]:
                value["incompleteReason"] = "INCOMPLETE_BUCKET"
            if delta.isdigit():
                ago = int(delta)
                value["comparisonValue"] = self.counts.between(bucket - ago, bucket - ago + width, asked)
            values.append(value)
        meta = {"interval": width * 1000, "valueType": "integer", "valueUnit": None, "dataScanned": "full"}
        return {"yAxis": axis, "values": values, "meta": meta}

    async def issues(self, request: Request) -> Response:
        """GET /organizations/{org}/issues/: filtered by search, sorted, paged by Link."""
        query = request.query_params
        # Sentry's default without a query; an empty query asks for all issues.
        search = parse_search(query.get("query", "is:unresolved"))
        start, end = range_of(query) if "statsPeriod" in query or "start" in query else (0.0, clock.now())
        wanted = self._wanted(query, search)
        found = [
            group
            for group in groups(self.cloud, wanted)
            if start <= group.last_seen <= end and wanted.environment_known and _matches(group, search)
        ]
        if query.get("sort") == "freq":
            found.sort(key=lambda group: -group.count)
        limit = max(1, min(MAX_PAGE, int(query.get("limit", "100")) if query.get("limit", "100").isdigit() else 100))
        cursor = query.get("cursor", "0:0:0").split(":")
        offset = int(cursor[1]) if len(cursor) == 3 and cursor[1].isdigit() else 0
        page = found[offset : offset + limit]
        body = [issue_json(group, _substatus(group)) for group in page]
        return JSONResponse(body, headers={"Link": _link(request, offset, limit, len(found))})

    def _wanted(self, query: QueryParams, search: Search) -> Wanted:
        asked = query.getlist("project")
        if "project_numbers_only" in self.cloud.quirks and not all(one.lstrip("-").isdecimal() for one in asked):
            raise InvalidQuery("Invalid project parameter. Values must be numbers.")
        known = tuple(slug for slug in map(_slug, asked) if slug is not None)
        # -1 is Sentry's way to ask for all projects.
        projects = tuple(PROJECTS) if not asked or "-1" in asked else known
        environments = query.getlist("environment")
        visible = not environments or any(name in ENVIRONMENTS for name in environments)
        return Wanted(projects, search.values("release")[:1], visible)

    def _rate_headers(self) -> dict[str, str]:
        second = int(clock.now())
        self._used = self._used + 1 if second == self._second else 1
        self._second = second
        return {
            "X-Sentry-Rate-Limit-Limit": str(REQUESTS_PER_SECOND),
            "X-Sentry-Rate-Limit-Remaining": str(max(0, REQUESTS_PER_SECOND - self._used)),
            "X-Sentry-Rate-Limit-Reset": str(second + 1),
            "X-Sentry-Rate-Limit-ConcurrentLimit": str(CONCURRENT),
            "X-Sentry-Rate-Limit-ConcurrentRemaining": str(CONCURRENT - 1),
        }


def _missing(headers: dict[str, str]) -> Response:
    return JSONResponse({"detail": "The requested resource does not exist"}, status_code=404, headers=headers)


def _slug(name: str) -> str | None:
    """Return the slug of a project named by slug or numeric id."""
    return name if name in PROJECTS else next((slug for slug, number in PROJECTS.items() if number == name), None)


def _substatus(group: Group) -> str:
    return "new" if clock.now() - group.first_seen < NEW_FOR_SECONDS else "ongoing"


def _matches(group: Group, search: Search) -> bool:
    """Return whether an issue satisfies the known terms; all issues here are unresolved errors."""
    states = {"unresolved", "unhandled", "for_review", _substatus(group)}
    levels = search.values("level")
    return (
        all(state in states for state in search.values("is"))
        and not any(state in states for state in search.values("!is"))
        and (not levels or "error" in levels)
        and "error" not in search.values("!level")
        and all(release == group.first_release for release in search.values("firstRelease"))
    )


def _region(request: Request) -> str:
    return str(request.url.replace(path=request.url.path.split("/api/0/")[0], query=""))


def _link(request: Request, offset: int, limit: int, total: int) -> str:
    """Return Sentry's Link header: it always has both relations; `results` is false for one without a page."""
    parts = []
    for relation, at, more in (
        ("previous", max(0, offset - limit), offset > 0),
        ("next", offset + limit, offset + limit < total),
    ):
        # Sentry's cursor: value, offset, and whether it leads backwards.
        cursor = f"0:{at}:{int(relation == 'previous')}"
        url = request.url.include_query_params(cursor=cursor)
        parts.append(f'<{url}>; rel="{relation}"; results="{json.dumps(more)}"; cursor="{cursor}"')
    return ", ".join(parts)

"""The same facts for programs: JSON under /api/v1/, described by its own OpenAPI document.

Its documentation pages are off: they would load scripts from another site.
"""

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from starlette.responses import JSONResponse, Response

from watchdog.console.reading import ROWS_MAX, Reader
from watchdog.console.views import History, Incidents, IncidentView, Overview, ServiceView
from watchdog.domain.errors import Temporary

Limit = Annotated[int, Query(ge=1, le=ROWS_MAX, description="How many incidents are looked at, newest first.")]
MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "There is none of that name."}}


class Ascii(JSONResponse):
    """JSON in ASCII: no text of a stranger, not even half a character, can then fail to be written."""

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def make_api(reader: Reader, version: str) -> FastAPI:
    """Return the API, to be mounted at /api/v1."""
    api = FastAPI(
        title="watchdog",
        version=version,
        description="What the watchdog knows, read only. Times are UTC epoch seconds.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": "/api/v1"}],
        root_path_in_servers=False,
        default_response_class=Ascii,
    )

    @api.get("/services", response_model=Overview)
    async def services() -> Response:
        """All services, the troubled first."""
        return Ascii(asdict(await reader.overview()))

    @api.get("/services/{name}", response_model=ServiceView, responses=MISSING)
    async def service(name: str) -> Response:
        """One service: its signals, deploys and incidents, and what would happen now."""
        return _found(await reader.service(name))

    @api.get("/incidents", response_model=Incidents)
    async def incidents(limit: Limit = 100) -> Response:
        """Incidents, newest first."""
        return Ascii(asdict(await reader.incidents(limit)))

    @api.get("/incidents/{incident_id}", response_model=IncidentView, responses=MISSING)
    async def incident(incident_id: str) -> Response:
        """One incident, with everything that `watchdog explain` says of it."""
        return _found(await reader.incident(incident_id))

    @api.get("/history", response_model=History)
    async def history(limit: Limit = 100) -> Response:
        """Every rollback among the newest incidents."""
        return Ascii(asdict(await reader.history(limit)))

    @api.exception_handler(Temporary)
    async def unavailable(request: Request, error: Exception) -> Response:
        return Ascii({"detail": "the store does not answer: try again"}, 503, {"retry-after": "5"})

    return api


def _found(view: ServiceView | IncidentView | None) -> Response:
    if view is None:
        raise HTTPException(404, "there is none of that name")
    return Ascii(asdict(view))

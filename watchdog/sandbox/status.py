"""Statuspage-shaped pages of Render, Sentry and one upstream (OpenAI), which tell of a fault once it has begun.

Rule: a page knows nothing of the site; it tells only of faults named after its vendor.
"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock
from watchdog.sandbox.behaviours import Behaviour
from watchdog.sandbox.cloud import Cloud

OREGON, FRANKFURT = "cmp-oregon", "cmp-frankfurt"


@dataclass(frozen=True, slots=True)
class Component:
    """A line of a status page. `fails` says whether a fault of the vendor shows on it."""

    id: str
    name: str
    group: str | None = None
    is_group: bool = False
    fails: bool = True


def _region(group: str, name: str, fails: bool) -> tuple[Component, ...]:
    lines = ("Web Services", "Background Workers", "Builds and Deploys", "PostgreSQL", "Cron Jobs")
    below = (Component(f"{group}-{number}", line, group, fails=fails) for number, line in enumerate(lines))
    return (Component(group, name, is_group=True, fails=fails), *below)


PAGES: dict[str, tuple[str, tuple[Component, ...]]] = {
    "render": (
        "Render",
        (
            Component("cmp-api", "Render API"),
            Component("cmp-dashboard", "Render Dashboard", fails=False),
            *_region(OREGON, "Oregon", fails=True),
            *_region(FRANKFURT, "Frankfurt", fails=False),
        ),
    ),
    "sentry": ("Sentry", (Component("cmp-api", "API"), Component("cmp-ingest", "US Error Ingestion"))),
    "openai": (
        "OpenAI",
        (
            Component("cmp-chat", "Chat Completions"),
            Component("cmp-embeddings", "Embeddings"),
            Component("cmp-login", "Login", fails=False),
        ),
    ),
}
WORST = {
    "major_outage": ("critical", "Major Service Outage"),
    "partial_outage": ("major", "Partial System Outage"),
    "degraded_performance": ("minor", "Minor Service Outage"),
    "under_maintenance": ("maintenance", "Service Under Maintenance"),
}
OF_KIND = {"slow": "degraded_performance", "partial": "partial_outage"}
"""How a fault's kind shows; any other is a major outage."""


class StatusPages:
    """The routes of all status pages."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def routes(self) -> list[Route]:
        """Return the five documents of each page."""
        return [Route("/{vendor}/api/v2/{document:path}", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Answer a document of a page."""
        vendor, document = request.path_params["vendor"], request.path_params["document"]
        if vendor not in PAGES:
            return PlainTextResponse("not found", status_code=404)
        summary = self.summary(vendor)
        cut = {
            "summary.json": tuple(summary),
            "status.json": ("page", "status"),
            "components.json": ("page", "components"),
            "incidents/unresolved.json": ("page", "incidents"),
            "scheduled-maintenances/active.json": ("page", "scheduled_maintenances"),
        }.get(document)
        if cut is None:
            return PlainTextResponse("not found", status_code=404)
        return JSONResponse({name: summary[name] for name in cut}, headers={"Cache-Control": "max-age=10"})

    def summary(self, vendor: str) -> dict[str, Any]:
        """Return what summary.json says."""
        name, components = PAGES[vendor]
        fault, since = self.cloud.faults.get(vendor), self.cloud.fault_began.get(vendor)
        state = _state(fault)
        indicator, description = WORST.get(state, ("none", "All Systems Operational"))
        changed = clock.iso(since if since is not None else clock.now() - 30 * clock.DAY)
        lines = [_component_json(one, state if one.fails else "operational", changed) for one in components]
        page = {"id": f"page-{vendor}", "name": name, "url": f"https://status.{vendor}.example"}
        return {
            "page": {**page, "time_zone": "Etc/UTC", "updated_at": changed},
            "status": {"indicator": indicator, "description": description},
            "components": lines,
            "incidents": [] if fault is None else [_incident_json(vendor, name, indicator, changed, lines)],
            "scheduled_maintenances": [],
        }


def _state(fault: Behaviour | None) -> str:
    return "operational" if fault is None else OF_KIND.get(fault.kind, "major_outage")


def _component_json(component: Component, status: str, changed: str) -> dict[str, Any]:
    return {
        "id": component.id,
        "name": component.name,
        "status": status,
        "updated_at": changed,
        "group": component.is_group,
        "group_id": component.group,
        "only_show_if_degraded": False,
    }


def _incident_json(vendor: str, name: str, impact: str, since: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"inc-{vendor}",
        "name": f"{name}: elevated errors",
        "status": "investigating",
        "impact": impact,
        "created_at": since,
        "updated_at": since,
        "shortlink": f"https://stspg.example/{vendor}",
        "components": [line for line in lines if line["status"] != "operational"],
        "incident_updates": [],
    }

"""Statuspage-shaped pages of Render, Sentry and one upstream (OpenAI), which report a fault once it has begun.

Rule: a page knows nothing of the site; it reports only the faults of its vendor and the maintenance announced there.
Announced maintenance begins and ends on the page by the clock, like Statuspage's automatic transitions.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock
from watchdog.sandbox.cloud import Cloud
from watchdog.sandbox.site.behaviours import Behaviour
from watchdog.sandbox.world import Announcement

OREGON, FRANKFURT = "cmp-oregon", "cmp-frankfurt"


@dataclass(frozen=True, slots=True)
class Component:
    """A line of a status page. With `fails` a fault of the vendor shows on it."""

    id: str
    name: str
    group: str | None = None
    is_group: bool = False
    fails: bool = True


def _region(group: str, name: str, fails: bool) -> tuple[Component, ...]:
    lines = ("Web Services", "Background Workers", "Builds and Deploys", "PostgreSQL", "Cron Jobs")
    below = (Component(f"{group}-{number}", line, group, fails=fails) for number, line in enumerate(lines))
    return (Component(group, name, is_group=True, fails=fails), *below)


RENDER_API = (Component("cmp-api", "Render REST API"), Component("cmp-platform-api", "Render Platform API"))
ONE_RENDER_API = Component("cmp-api", "Render API")
PAGES: dict[str, tuple[str, tuple[Component, ...]]] = {
    "render": (
        "Render",
        (
            *RENDER_API,
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
ONE_STATUS = {
    "scheduled-maintenances/active.json": "in_progress",
    "scheduled-maintenances/upcoming.json": "scheduled",
}
OF_KIND = {"slow": "degraded_performance", "partial": "partial_outage"}
"""The component status of each kind of fault; any other kind is a major outage."""


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
            "scheduled-maintenances/upcoming.json": ("page", "scheduled_maintenances"),
        }.get(document)
        if cut is None:
            return PlainTextResponse("not found", status_code=404)
        wanted = ONE_STATUS.get(document)
        if wanted is not None:
            rows = summary["scheduled_maintenances"]
            summary["scheduled_maintenances"] = [row for row in rows if row["status"] == wanted]
        return JSONResponse({name: summary[name] for name in cut}, headers={"Cache-Control": "max-age=10"})

    def summary(self, vendor: str) -> dict[str, Any]:
        """Return the body of summary.json."""
        name = PAGES[vendor][0]
        components = lines_of(vendor, self.cloud.quirks)
        fault, since = self.cloud.faults.get(vendor), self.cloud.fault_began.get(vendor)
        now = clock.now()
        # Statuspage's summary lists maintenance until it is completed.
        announced = [one for one in self.cloud.announced.get(vendor, []) if one.status(now) != "completed"]
        # Components show maintenance only while it is in progress, not when it is announced.
        under = {part for one in announced if one.status(now) == "in_progress" for part in one.components}
        state = _state(fault)
        # A fault outranks maintenance in the page's indicator.
        worst = "under_maintenance" if state == "operational" and under else state
        indicator, description = WORST.get(worst, ("none", "All Systems Operational"))
        changed = clock.iso(since if since is not None else now - 30 * clock.DAY)
        lines = [_component_json(one, _shows(one, state, under), changed) for one in components]
        page = {"id": f"page-{vendor}", "name": name, "url": f"https://status.{vendor}.example"}
        return {
            "page": {**page, "time_zone": "Etc/UTC", "updated_at": changed},
            "status": {"indicator": indicator, "description": description},
            "components": lines,
            "incidents": [] if fault is None else [_incident_json(vendor, name, indicator, changed, lines)],
            "scheduled_maintenances": [_maintenance_json(one, f"page-{vendor}", now, lines) for one in announced],
        }


def lines_of(vendor: str, quirks: frozenset[str]) -> tuple[Component, ...]:
    """Return a page's components; with the quirk `one_render_api` Render's API is one component, as until mid 2026."""
    today = PAGES[vendor][1]
    if vendor != "render" or "one_render_api" not in quirks:
        return today
    return (ONE_RENDER_API, *(one for one in today if one not in RENDER_API))


def component_ids(vendor: str, labels: Sequence[str], quirks: frozenset[str]) -> tuple[str, ...]:
    """Return the ids of components, named like `Oregon/Web Services` or `Render REST API`. Raises ValueError."""
    if vendor not in PAGES:
        raise ValueError(f"no status page of {vendor!r}; known: {', '.join(PAGES)}")
    lines = lines_of(vendor, quirks)
    groups = {one.id: one.name for one in lines if one.is_group}
    known = {f"{groups[one.group]}/{one.name}" if one.group else one.name: one.id for one in lines if not one.is_group}
    missing = [label for label in labels if label not in known]
    if missing:
        raise ValueError(f"no component {missing[0]!r}; known: {', '.join(known)}")
    return tuple(known[label] for label in labels)


def _shows(component: Component, state: str, under: Set[str]) -> str:
    if component.fails and state != "operational":
        return state
    return "under_maintenance" if component.id in under else "operational"


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


def _maintenance_json(one: Announcement, page_id: str, now: float, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an announced maintenance with the fields of public pages' own bodies; scheduled times in milliseconds."""
    status, told = one.status(now), clock.iso(one.created_at)
    affected = [line for line in lines if line["id"] in one.components]
    changes = [
        {"code": line["id"], "name": line["name"], "old_status": "operational", "new_status": line["status"]}
        for line in affected
    ]
    update = {
        "id": f"{one.id}-1",
        "status": status,
        "body": "We will be undergoing scheduled maintenance during this time.",
        "incident_id": one.id,
        "created_at": told,
        "updated_at": told,
        "display_at": told,
        "affected_components": changes,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }
    return {
        "id": one.id,
        "name": one.name,
        "status": status,
        "created_at": told,
        "updated_at": told,
        "monitoring_at": None,
        "resolved_at": None,
        "impact": "maintenance",
        "shortlink": f"https://stspg.example/{one.id}",
        "started_at": told,
        "page_id": page_id,
        "incident_updates": [update],
        "components": affected,
        "scheduled_for": clock.iso(one.begins_at),
        "scheduled_until": clock.iso(one.ends_at),
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

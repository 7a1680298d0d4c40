"""PagerDuty's REST API: the calls that read back responders' actions. Documented: pagerduty-rest-openapi.json."""

from email.utils import formatdate
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys
from watchdog.sandbox.vendors.notification_apis import Act, Incident, Pagers

API = "https://api.pagerduty.com"
WEB = "https://acme.pagerduty.com"
SERVICE = {"id": "PSERV01", "type": "service_reference", "summary": "web", "self": f"{API}/services/PSERV01"}
INTEGRATION = {"id": "PINTG01", "type": "integration_reference", "summary": "watchdog", "self": None, "html_url": None}
LIMIT, LIMIT_MAX = 25, 100


class PagerDutyRest:
    """The routes of api.pagerduty.com, over the incidents that the Events API made."""

    def __init__(self, pagers: Pagers) -> None:
        self._pagers = pagers

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/incidents", self.list_incidents, methods=["GET"]),
            Route("/incidents/{id}/log_entries", self.list_entries, methods=["GET"]),
        ]

    async def list_incidents(self, request: Request) -> Response:
        """GET /incidents: filtered by key and status, newest first with `sort_by=created_at:desc`."""
        if (refusal := _refusal(request)) is not None:
            return refusal
        query = request.query_params
        key, statuses = query.get("incident_key"), query.getlist("statuses[]")
        found = [
            (number, one)
            for number, one in enumerate(self._pagers.incidents, 1)
            if key in (None, one.dedup_key) and (not statuses or one.status in statuses)
        ]
        # Oldest first by default, as the incidents are kept.
        if query.get("sort_by") == "created_at:desc":
            found.reverse()
        return _page(request, "incidents", [incident_json(number, one) for number, one in found])

    async def list_entries(self, request: Request) -> Response:
        """GET /incidents/{id}/log_entries: newest first."""
        if (refusal := _refusal(request)) is not None:
            return refusal
        for number, one in enumerate(self._pagers.incidents, 1):
            if _id(number) == request.path_params["id"]:
                entries = [entry_json(number, at, act) for at, act in enumerate(one.acts, 1)]
                return _page(request, "log_entries", entries[::-1])
        return JSONResponse({"error": {"message": "Not Found", "code": 2100}}, status_code=404)


def _page(request: Request, what: str, bodies: list[dict[str, Any]]) -> Response:
    limit, offset = min(int(request.query_params.get("limit", LIMIT)), LIMIT_MAX), 0
    # `total` is null unless a request asks for it, because PagerDuty finds counting too slow.
    more = len(bodies) > limit
    page = {what: bodies[:limit], "limit": limit, "offset": offset, "more": more, "total": None}
    return JSONResponse(page, headers={"Date": formatdate(clock.now(), usegmt=True)})


def _refusal(request: Request) -> Response | None:
    """Refuse a wrong key, and a request without the version in its `Accept`."""
    if request.headers.get("authorization") != f"Token token={keys.PAGERDUTY_API_TOKEN}":
        return Response("HTTP Token: Access denied.", status_code=401)
    # The API's version is chosen by the Accept header (application/vnd.pagerduty+json;version=2).
    if "version=2" not in request.headers.get("accept", ""):
        return JSONResponse({"error": {"message": "Invalid version", "code": 2001}}, status_code=400)
    return None


def _id(number: int) -> str:
    return f"PINC{number:04d}"


def _user(name: str) -> dict[str, Any]:
    short = f"P{sum(map(ord, name)):06d}"
    return {
        "id": short,
        "type": "user_reference",
        "summary": name,
        "self": f"{API}/users/{short}",
        "html_url": f"{WEB}/users/{short}",
    }


def incident_json(number: int, incident: Incident) -> dict[str, Any]:
    """Return an incident; it names its acknowledgers only while it is acknowledged."""
    acks = [act for act in incident.acts if act.action == "acknowledge"]
    holds = incident.status == "acknowledged"
    name = _id(number)
    return {
        "id": name,
        "type": "incident",
        "summary": f"[#{number}] {incident.summary}",
        "self": f"{API}/incidents/{name}",
        "html_url": f"{WEB}/incidents/{name}",
        "incident_number": number,
        "title": incident.summary,
        "created_at": _at(incident.opened_at),
        "updated_at": _at(incident.changed_at),
        "status": incident.status,
        "incident_key": incident.dedup_key,
        "service": {**SERVICE, "html_url": f"{WEB}/services/PSERV01"},
        "assignments": [],
        "assigned_via": "escalation_policy",
        "last_status_change_at": _at(incident.changed_at),
        "urgency": "high" if incident.severity in ("critical", "error") else "low",
        "acknowledgements": [{"at": _at(act.at), "acknowledger": _agent(act)} for act in acks if holds],
        **({"resolved_at": _at(incident.resolved_at)} if incident.resolved_at is not None else {}),
    }


def entry_json(number: int, at: int, act: Act) -> dict[str, Any]:
    """Return one entry of an incident's log."""
    name, incident = f"R{number:04d}{at:04d}", _id(number)
    return {
        "id": name,
        "type": f"{act.action}_log_entry",
        "summary": f"{act.action} by {act.by or 'the integration'}",
        "self": f"{API}/log_entries/{name}",
        "html_url": None,
        "created_at": _at(act.at),
        "agent": _agent(act),
        "channel": {"type": "website" if act.by else "api"},
        "incident": {
            "id": incident,
            "type": "incident_reference",
            "summary": f"[#{number}]",
            "self": f"{API}/incidents/{incident}",
            "html_url": f"{WEB}/incidents/{incident}",
        },
        "teams": [],
        "contexts": [],
        "event_details": {},
    }


def _agent(act: Act) -> dict[str, Any]:
    return _user(act.by) if act.by else dict(INTEGRATION)


def _at(moment: float) -> str:
    # PagerDuty writes whole seconds.
    return f"{clock.iso(moment).partition('.')[0]}Z"

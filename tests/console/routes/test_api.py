"""The JSON API over real HTTP, held against its own OpenAPI document."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli import examples as x
from tests.console.scene import NOW, TOKEN, bearer, town, visited
from watchdog.console.render.json_response import Refusal
from watchdog.domain.commands.announcements import Draft, Stage, Update

PATHS = {
    "/services": "/services",
    "/services/{name}": "/services/web",
    "/incidents": "/incidents",
    "/incidents/{incident_id}": "/incidents/web-1",
    "/incidents/{incident_id}/checklist": "/incidents/web-1/checklist",
    "/follow-ups": "/follow-ups",
    "/announcements": "/announcements",
    "/gate/{name}": "/gate/web?commit=9f3c2abd",
    "/deploy-watch/{name}": "/deploy-watch/web?commit=9f3c2abd",
    "/history": "/history",
    "/services/{name}/series": "/services/web/series?range=24h",
    "/services/{name}/plan": "/services/web/plan",
    "/services/{name}/why-not": f"/services/web/why-not?at={NOW - 300}",
    "/incidents/{incident_id}/undo": "/incidents/web-1/undo",
    "/audit": "/audit",
    "/stats": "/stats",
    "/settings": "/settings",
}
COMMANDS = {
    *(
        f"/incidents/{{incident_id}}/{command}"
        for command in ("approve", "reject", "stop", "acknowledge", "undo", "note", "label", "tick", "follow-up")
    ),
    *(f"/services/{{name}}/{command}" for command in ("rollback", "silence", "hold", "restore-auto-deploy")),
    "/silences/{name}/end",
    *(f"/status-pages/{{name}}/{command}" for command in ("announce", "schedule-maintenance")),
    "/announcements/{announcement_id}/update",
    "/commits/{name}/trust",
    "/pause",
    "/resume",
}


def closed(schema: Any) -> Any:
    """Return the schema with every object closed: what is not described must not be said."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(one) for name, one in schema.items()}
    return found | {"additionalProperties": False} if "properties" in found else found


async def test_every_answer_is_as_described() -> None:
    async with town() as one:
        window = Draft("shop", "New database", ("web",), NOW + 60, NOW + 120)
        await one.store.announce(window, Update(NOW, "ann", Stage.SCHEDULED, "Orders wait."))
        document = await one.json("/openapi.json")
        assert set(document["paths"]) == {*PATHS, *COMMANDS} and document["servers"] == [{"url": "/api/v1"}]
        for path, example in PATHS.items():
            operation = document["paths"][path]["get"]
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            Draft202012Validator(closed({**schema, "components": document["components"]})).validate(
                await one.json(example)
            )


async def test_what_it_says() -> None:
    """No answer, of a page or of the API, holds a token."""
    async with visited() as one:
        overview = await one.json("/services")
        service = await one.json("/services/web")
        incident = await one.json("/incidents/web-1")
        history = await one.json("/history?limit=1")
        newest = await one.json("/incidents?limit=1")
        older = await one.json(f"/incidents?until={newest['older']}")
        for path in ("/", "/services/web", "/incidents/web-1", "/api/v1/services", "/api/v1/openapi.json", "/login"):
            answer = await one.client.get(path, headers=bearer())
            assert TOKEN not in answer.text and TOKEN not in str(answer.headers)
    assert [row["name"] for row in overview["services"]] == ["api", "docs", "web"]
    assert overview["services"][2]["standing"] == "ok" and len(overview["services"][2]["day"]["states"]) == 48
    assert service["now"]["course"] == "rollback" and service["imagined"] == "home"
    assert service["now"]["target"]["deploy"].startswith("dep-40")
    assert incident["incident"]["label"] == "right" and incident["decision"]["blame"]["terms"][0]["factor"] == 679.0
    assert incident["explained"][0].startswith("web-1  web  CRITICAL, VERIFIED.")
    assert {row["incident"] for row in history["rollbacks"]} <= {"web-1"}
    rows = {row["id"]: row["lasted_seconds"] for row in (*newest["incidents"], *older["incidents"])}
    assert rows == {"web-1": 47.0, "api-7": None} and older["older"] is None


async def test_why_nothing_was_done() -> None:
    """In a quiet minute the readings say why; in an incident, its decision; before all records, that there are none."""
    async with town() as one:
        quiet = await one.json(f"/services/web/why-not?at={NOW - 3600}")
        failing = await one.json(f"/services/web/why-not?at={x.BEGIN + 40}")
        unknown = await one.json("/services/web/why-not?at=1000000")
    assert quiet["because"] == ["home: 6 of 6 readings were good, none bad"] and not quiet["incidents"]
    assert failing["incidents"] == ["web-1"] and failing["notes"][0]["text"] == "home: HTTP 503"
    assert failing["because"][0].startswith("web-1 was open and not decided yet")
    assert unknown["because"][0].startswith("nothing was recorded")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services/none", 404), ("/incidents/none", 404), ("/nothing", 404), ("/incidents?limit=0", 422),
        ("/incidents?limit=x", 422), ("/history?limit=501", 422), ("/docs", 404), ("/redoc", 404),
        ("/services/..%2f..%2fetc", 404), ("/incidents/%00", 404), ("/services/%ff", 404),
        ("/incidents/none/checklist", 404),
        ("/services/web/why-not", 422), ("/services/web/why-not?at=nan", 422), ("/services/none/why-not?at=9", 404),
        ("/gate/none?commit=9f3c2abd", 404), ("/gate/web", 422), ("/gate/web?commit=main", 422),
        ("/gate/web?commit=9f3c2abd&rules=gate:", 422), (f"/gate/web?commit=9f3c2abd&rules={'x' * 4001}", 422),
        ("/deploy-watch/none?commit=9f3c2abd", 404), ("/deploy-watch/web", 422),
        # Bounded: no request reads more than is kept, or makes more points than a chart can show.
        *(
            (f"/services/web/series?{query}", 422)
            for query in ("range=2h", "since=nan", f"since={NOW + 5}", "since=0", "since=1e400")
        ),
        (f"/services/web/series?since={NOW - 9}&until={NOW - 99}", 422), ("/services/none/series", 404),
        (f"/services/none/series?since={NOW - 99}", 404),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_said_to_be_so(path: str, status: int) -> None:
    """Never a 5xx, no documentation pages from another site, and each refusal names its page of the handbook."""
    async with town() as one:
        answer = await one.client.get(f"/api/v1{path}", headers=bearer())
    assert answer.status_code == status and answer.headers["content-type"].startswith("application/json")
    told = Refusal.model_validate(answer.json())
    assert told.help == "/help/reference-api" and told.detail

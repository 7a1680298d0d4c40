"""PagerDuty's REST API: incidents by key and who did what, as documented."""

from typing import Any

import httpx

from tests.sandbox.documents import _plain, answer_problems
from tests.sandbox.vendors.test_notification_apis import enqueue, event
from tests.sandbox.world import World
from tests.support.vendor_specs import problems, spec
from watchdog.sandbox import keys

REST = "pagerduty-rest-openapi.json"
KEY = {"Authorization": f"Token token={keys.PAGERDUTY_API_TOKEN}", "Accept": "application/vnd.pagerduty+json;version=2"}


async def get(world: World, path: str, headers: dict[str, str] = KEY, **params: Any) -> httpx.Response:
    return await world.client.get(f"{world.sandbox.urls['pagerduty_api']}{path}", headers=headers, params=params)


async def test_an_incident_and_its_log_are_as_documented(world: World) -> None:
    """Triggered, acknowledged by a human, resolved by the integration; a second one of the same key after it."""
    await enqueue(world, event())
    answer = await world.admin("POST", "/pagerduty", json={"action": "acknowledge", "by": "Ann Lee"})
    assert answer.json() == {"dedup_key": "web/1"}
    incidents = await get(world, "/incidents", incident_key="web/1", sort_by="created_at:desc")
    (one,) = incidents.json()["incidents"]
    assert one["status"] == "acknowledged"
    assert [ack["acknowledger"]["summary"] for ack in one["acknowledgements"]] == ["Ann Lee"]
    await enqueue(world, event("resolve"))
    await enqueue(world, event())
    incidents = await get(world, "/incidents", incident_key="web/1", sort_by="created_at:desc")
    assert [one["status"] for one in incidents.json()["incidents"]] == ["triggered", "resolved"]
    assert answer_problems(REST, "GET", "/incidents", 200, incidents.json()) == []
    path = f"/incidents/{one['id']}/log_entries"
    entries = await get(world, path)
    assert [(entry["type"], entry["agent"]["type"]) for entry in entries.json()["log_entries"]] == [
        ("resolve_log_entry", "integration_reference"),
        ("acknowledge_log_entry", "user_reference"),
        ("trigger_log_entry", "integration_reference"),
    ]
    resolved, acknowledged, triggered = entries.json()["log_entries"]
    assert answer_problems(REST, "GET", path, 200, {**entries.json(), "log_entries": [resolved, triggered]}) == []
    assert answer_problems(REST, "GET", path, 200, {"log_entries": "none"}) != []
    # The document contradicts itself about the type of an acknowledgement: by what all entries share it is right.
    shared = spec(REST)["components"]["schemas"]["LogEntry"]
    assert problems(spec(REST), _plain(spec(REST), shared), acknowledged) == []


async def test_incidents_are_chosen_by_key_and_status(world: World) -> None:
    for key in ("a", "b", "c"):
        await enqueue(world, event(key=key))
    await enqueue(world, event("resolve", key="b"))
    chosen = await get(world, "/incidents", **{"statuses[]": "triggered", "limit": "1"})
    assert [one["incident_key"] for one in chosen.json()["incidents"]] == ["a"] and chosen.json()["more"] is True
    assert (await get(world, "/incidents", incident_key="nobody")).json()["incidents"] == []


async def test_refusals(world: World) -> None:
    """A wrong key, no version, an incident that is not there; people acknowledge or resolve what is open, no more."""
    assert (await get(world, "/incidents", {"Authorization": "Token token=other"})).status_code == 401
    bare = {**KEY, "Accept": "application/json"}
    assert (await get(world, "/incidents", bare)).status_code == 400
    assert (await get(world, "/incidents/PINC9/log_entries")).status_code == 404
    nobody = await world.admin("POST", "/pagerduty", json={"action": "acknowledge", "by": "Ann"})
    assert nobody.status_code == 400
    await enqueue(world, event())
    for action in ("trigger", "page"):
        assert (await world.admin("POST", "/pagerduty", json={"action": action, "by": "Ann"})).status_code == 400

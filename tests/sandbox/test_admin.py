"""The admin port: everything a test could do in process can be done over HTTP, and mistakes are told."""

import pytest

from tests.sandbox.world import World, opened
from tests.support.clocks import eventually


async def test_the_world_is_moved_over_http(world: World) -> None:
    assert (await world.admin("GET", "/urls")).json() == world.sandbox.urls
    wanted = {"behaviour": {"kind": "error", "status": 500, "after_seconds": 0}, "build_seconds": 0}
    made = (await world.admin("POST", "/deploys", json=wanted)).json()
    assert made["id"] == "dep-42"
    await eventually(lambda: "fault_started" in world.whats())
    assert (await world.site()).status_code == 500
    await world.admin("POST", "/faults", json={"target": "web", "kind": "error", "status": 502})
    assert (await world.site()).status_code == 502
    again = {"target": "web", "kind": "error", "period_seconds": 1e6, "down_seconds": 0.0}
    await world.admin("POST", "/faults", json=again)
    assert (await world.site()).status_code == 200, "it is in the good part of its period"
    await world.admin("POST", "/faults", json={"target": "web", "kind": "good"})
    assert (await world.site()).status_code == 500
    await world.admin("POST", "/modes", json={"name": "rollback", "mode": "refuse_429", "times": 1})
    assert (await world.rollback()).status_code == 429
    said = await world.admin("POST", "/events", json={"type": "server_failed", "details": {"reason": {}}})
    events = (await world.render("GET", "/services/srv-web/events")).json()
    assert events[0]["event"]["id"] == said.json()["id"]
    await world.render("PATCH", "/services/srv-web", json={"autoDeployTrigger": "off"})
    assert (await world.admin("POST", "/deploys", json={"merge": True})).json() is None


async def test_the_log_is_read_over_http(world: World) -> None:
    await world.render("GET", "/services")
    await world.rollback()
    whole = (await world.admin("GET", "/log")).json()
    assert [entry["what"] for entry in whole] == ["request", "request", "deploy_created", "rollback_accepted"]
    assert len((await world.admin("GET", "/log?what=request")).json()) == 2


@pytest.mark.parametrize(
    ("path", "body", "hint"),
    [
        ("/deploys", {"service": "wbe"}, "web"),
        ("/deploys", {"behaviour": "eror"}, "wrong_body"),
        ("/deploys", {"colour": "red"}, "colour"),
        ("/faults", {"kind": "error"}, "target"),
        ("/faults", {"target": "moon", "kind": "error"}, "control"),
        ("/faults", {"target": "web", "kind": "error", "perod_seconds": 5}, "perod_seconds"),
        ("/modes", {"name": "rollback", "mode": "slwo"}, "slow"),
        ("/modes", {"name": "rolback", "mode": "ok"}, "none of ('rollback', "),
        ("/modes", {"name": "patch", "mode": "expired"}, "none of ('ok', "),
        ("/maintenance", {"service": "web"}, "enabled"),
        ("/suspend", {"by": "nobody"}, "billing"),
        ("/announce", {"vendor": "moon", "name": "x", "components": [], "lasts": 9}, "render"),
        ("/announce", {"name": "x", "components": ["Web Services"], "lasts": 9}, "Oregon/Web Services"),
        ("/scenario", {"name": "sunny"}, "bad-deploy"),
        ("/scenario", [], ""),
    ],
)
async def test_a_mistake_is_told(world: World, path: str, body: object, hint: str) -> None:
    answer = await world.admin("POST", path, json=body)
    assert answer.status_code == 400 and hint in answer.json()["error"]


async def test_a_story_and_the_end_can_be_asked_for(world: World) -> None:
    await world.admin("POST", "/scenario", json={"name": "upstream-outage"})
    await eventually(lambda: "fault_started" in world.whats())
    assert not world.sandbox.ended.is_set()
    await world.admin("POST", "/shutdown")
    assert world.sandbox.ended.is_set()


async def test_more_sites_stand_beside_web_and_each_keeps_an_access_log() -> None:
    """`more_services` sites with a deploy and a commit of their own; who was asked when is told."""
    async with opened(more_services=2) as world:
        sites = world.sandbox.urls["sites"]
        assert list(sites) == ["web", "api", "s01", "s02"]
        assert (await world.client.get(f"{sites['s02']}/api/test")).json() == {"status": "ok"}
        ((_at, service, path, status),) = (await world.admin("GET", "/hits")).json()
        assert (service, path, status) == ("s02", "/api/test", 200)
        live = (await world.render("GET", "/services/srv-s01/deploys")).json()
        assert [one["deploy"]["id"] for one in live] == ["dep-s01"]

"""Every answer of the sandbox against the vendors' documents: none deviates, and with a quirk exactly that one does."""

import pytest

from tests.sandbox.documents import PAGERDUTY, RENDER, SENTRY, answer_problems
from tests.sandbox.vendors.test_notification_apis import event
from tests.sandbox.world import World, opened
from tests.support.clocks import eventually
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.quirks import QUIRKS, chosen
from watchdog.sandbox.vendors.render_bodies import deploy_json, service_json
from watchdog.sandbox.world import Service, past_deploy, services_at_start, strange_history

NONE: frozenset[str] = frozenset()
RENDER_READS = (
    *("/services", "/services/srv-web", "/services/srv-jobs", "/services/srv-gone", "/services/srv-web/events"),
    *("/services/srv-web/deploys", *(f"/services/srv-web/deploys/dep-{number}" for number in (40, 42, 999))),
    *("/postgres/dpg-main", "/postgres/dpg-gone", "/projects"),
)


async def render_problems(world: World) -> list[str]:
    """Make things happen at Render, read everything, and return each departure from the document."""
    found: list[str] = []

    async def call(method: str, path: str, **more: object) -> None:
        answer = await world.render(method, path, **more)
        body = answer.json() if answer.content else None
        where = f"{method} {path} -> {answer.status_code}"
        found.extend(f"{where} {one}" for one in answer_problems(RENDER, method, path, answer.status_code, body))

    world.sandbox.deploy(behaviour="refused", build_seconds=0.5, update_seconds=0.5)
    await eventually(lambda: "fault_started" in world.whats())
    await call("GET", "/environments", params={"projectId": "prj-sandbox"})
    await call("PATCH", "/services/srv-web", json={"autoDeployTrigger": "off"})
    await call("PATCH", "/services/srv-web", json={"autoDeployTrigger": "never"})
    await call("POST", "/services/srv-web/rollback", json={"deployId": "dep-40"})
    await call("POST", "/services/srv-web/rollback", json={"deployId": "dep-41"})
    await call("POST", "/services/srv-web/rollback", json={})
    for path in RENDER_READS:
        await call("GET", path)
    await call("PATCH", "/services/srv-web", json={"serviceDetails": {"maintenanceMode": {"enabled": True, "uri": ""}}})
    for suspender in ("user", "billing"):
        world.sandbox.cloud.suspend(world.sandbox.cloud.service("web"), suspender)
    await call("GET", "/services/srv-web")
    for suspender in ("user", "billing"):
        world.sandbox.cloud.resume(world.sandbox.cloud.service("web"), suspender)
    await call("GET", "/services/srv-web/events")
    await eventually(lambda: world.status_of("dep-43") == "live")
    await call("POST", "/services/srv-web/deploys", json={})
    for path in RENDER_READS:
        await call("GET", path)
    return found


async def test_render_answers_as_documented() -> None:
    """Without quirks a whole incident's worth of answers satisfies Render's document."""
    async with opened(rollback_seconds=2) as world:
        assert await render_problems(world) == []


EXPECTED = {
    "commit_null": "commit: None is not of type 'object'",
    "finished_at_null": "finishedAt: None is not of type 'string'",
    "unknown_status": "status: 'superseded' is not one of",
    "unknown_trigger": "trigger: 'branch_restored' is not one of",
    "queued_without_body": "status 202 of POST /services/srv-web/rollback is not documented",
}


@pytest.mark.parametrize("quirk", sorted(QUIRKS))
async def test_a_quirk_deviates_in_its_own_way_only(quirk: str) -> None:
    """With one quirk on, a strict reader meets that deviation and no other; harmless ones satisfy the document."""
    async with opened(quirks=[quirk], rollback_seconds=2) as world:
        found = await render_problems(world)
    if not QUIRKS[quirk].breaks_document:
        assert found == []
        return
    assert found and [one for one in found if EXPECTED[quirk] not in one] == []


async def test_sentry_answers_as_documented(world: World) -> None:
    """Counts, issues, organization and project satisfy Sentry's document, before and after errors of the site's own."""
    world.sandbox.set_fault("web", "error")
    await world.site("/")
    organization = f"/organizations/{keys.ORGANIZATION}"
    for path, query in (
        (f"{organization}/", ""),
        (f"/projects/{keys.ORGANIZATION}/web/", ""),
        (f"{organization}/issues/", ""),
        (f"{organization}/events-timeseries/", "?dataset=errors&yAxis=count()&interval=1m&statsPeriod=30m"),
        (f"{organization}/events-timeseries/", "?dataset=errors&yAxis=count()&comparisonDelta=3600"),
    ):
        answer = await world.sentry(path + query)
        assert answer.status_code == 200
        assert answer_problems(SENTRY, "GET", f"/api/0{path}", 200, answer.json()) == [], path


async def test_pagerduty_answers_as_documented(world: World) -> None:
    for path in ("/enqueue", "/change/enqueue"):
        answer = await world.client.post(f"{world.sandbox.urls['pagerduty']}/v2{path}", json=event())
        assert answer.status_code == 202 and answer_problems(PAGERDUTY, "POST", path, 202, answer.json()) == []


def test_quirks_are_chosen_and_each_has_a_reason() -> None:
    """True is all, False none; an unknown name is an error that tells the known ones."""
    assert chosen(True) == QUIRKS.keys() and chosen(False) == frozenset()
    assert chosen(["commit_null"]) == {"commit_null"}
    with pytest.raises(ValueError, match="commit_null"):
        chosen(["comit_null"])
    assert all(len(quirk.reason) > 30 for quirk in QUIRKS.values())


async def test_strange_deploys_are_old_ones_and_a_queued_rollback_is_listed() -> None:
    """With all quirks on the newest three deploys of web are the usual ones."""
    async with opened(quirks=True) as world:
        ids = [row["deploy"]["id"] for row in (await world.render("GET", "/services/srv-web/deploys")).json()]
        assert ids == ["dep-41", "dep-40", "dep-39", "dep-37", "dep-36", "dep-35"]
    async with opened(quirks=["queued_without_body"]) as world:
        answer = await world.rollback()
        assert (answer.status_code, answer.content) == (202, b"")
        newest = (await world.render("GET", "/services/srv-web/deploys?limit=1")).json()[0]["deploy"]
        assert (newest["id"], newest["trigger"]) == ("dep-42", "rollback")


def test_deploys_and_services_as_recorded() -> None:
    """In the details that matter to a reader. Documented: absent. Recorded: null."""
    image = strange_history(chosen(["commit_null"]))[0]
    assert "commit" not in deploy_json(image, NONE)
    assert deploy_json(image, chosen(["commit_null"]))["commit"] is None
    assert deploy_json(image, NONE)["image"]["ref"] == "docker.io/acme/web:latest"
    running = past_deploy("50", "42", 10, "build_in_progress")
    running.finished_at = None
    assert "finishedAt" not in deploy_json(running, NONE)
    assert deploy_json(running, chosen(["finished_at_null"]))["finishedAt"] is None
    assert "startedAt" in deploy_json(running, NONE)
    assert "startedAt" not in deploy_json(running, chosen(["started_at_absent"]))
    legacy = service_json(Service("srv-api", "api", auto_deploy_trigger="off"), chosen(["legacy_auto_deploy"]))
    assert legacy["autoDeploy"] == "no" and "autoDeployTrigger" not in legacy


def test_a_worker_has_no_address() -> None:
    jobs = services_at_start(NONE)[2]
    details = service_json(jobs, NONE)["serviceDetails"]
    assert {"url", "openPorts", "healthCheckPath", "maintenanceMode"} & details.keys() == set()

"""Render's API: keys, paging, filters, pinning auto-deploy, rolling back, and every way an answer can be spoiled."""

from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.sandbox.world import World, opened
from tests.support.clocks import eventually
from watchdog.sandbox import clock, keys


async def test_without_the_right_key_nothing_is_told(world: World) -> None:
    """No key and a wrong key are answered alike, for services that exist and for those that do not."""
    for headers in ({}, {"Authorization": "Bearer rnd_wrong"}):
        for path in ("/services", "/services/srv-web", "/services/srv-gone"):
            answer = await world.client.get(world.sandbox.urls["render"] + path, headers=headers)
            assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
            assert answer.headers["render-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("GET", "/services", "services: read"),
        ("GET", "/services/srv-web/deploys", "deploys: read"),
        ("GET", "/services/srv-web/events", "events: read"),
        ("PATCH", "/services/srv-web", "services: update"),
        ("POST", "/services/srv-web/rollback", "deploys: create"),
    ],
)
async def test_a_key_of_the_new_kind_may_what_it_was_given(world: World, method: str, path: str, needs: str) -> None:
    """All else is 403, with the rate limit's headers; a permission can be given while the key is in use."""
    url, bearer = world.sandbox.urls["render"] + path, {"Authorization": f"Bearer {keys.RENDER_READ_ONLY_KEY}"}
    answer = await world.client.request(method, url, headers=bearer, json={})
    assert (answer.status_code == 403) == (needs not in keys.RENDER_READS)
    body = {"key": keys.RENDER_READ_ONLY_KEY, "permissions": sorted(keys.RENDER_PERMISSIONS - {needs})}
    await world.client.post(world.sandbox.urls["admin"] + "/render_key", json=body)
    answer = await world.client.request(method, url, headers=bearer, json={})
    assert (answer.status_code, answer.json()["message"].split()[:4]) == (403, ["You", "do", "not", "have"])
    assert answer.headers["ratelimit-limit"]


async def test_an_undefined_path_is_a_text(world: World) -> None:
    answer = await world.render("GET", "/nothing")
    assert (answer.status_code, answer.text.strip()) == (404, "404 page not found")
    assert answer.headers["content-type"].startswith("text/plain")


async def test_lists_are_paged_by_the_last_cursor(world: World) -> None:
    """One item a page gives the same list as all at once, and ends with an empty page."""
    whole = [row["service"]["id"] for row in (await world.render("GET", "/services")).json()]
    seen, query = [], {"limit": "1"}
    while page := (await world.render("GET", "/services", params=query)).json():
        seen.append(page[0]["service"]["id"])
        query["cursor"] = page[-1]["cursor"]
    assert seen == whole == ["srv-web", "srv-api", "srv-jobs"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "?"}])
async def test_a_page_that_makes_no_sense_is_refused(world: World, query: dict[str, str]) -> None:
    assert (await world.render("GET", "/services", params=query)).status_code == 400


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("status=build_failed", ["dep-41"]),
        ("status=live", ["dep-40"]),
        ("status=live&status=deactivated", ["dep-40", "dep-39"]),
        ("createdAfter=2020-01-01T00:00:00Z", ["dep-41", "dep-40", "dep-39"]),
        ("createdAfter=2100-01-01T00:00:00Z", []),
        ("createdBefore=2020-01-01T00:00:00Z", []),
        ("limit=2", ["dep-41", "dep-40"]),
    ],
)
async def test_deploys_are_filtered(world: World, query: str, ids: list[str]) -> None:
    rows = (await world.render("GET", f"/services/srv-web/deploys?{query}")).json()
    assert [row["deploy"]["id"] for row in rows] == ids


@pytest.mark.parametrize(
    ("change", "status", "answer"),
    [
        ({"autoDeployTrigger": "off"}, 200, ("no", "off")),
        ({"autoDeploy": "no"}, 200, ("no", "off")),
        ({"autoDeployTrigger": "checksPass"}, 200, ("yes", "checksPass")),
        ({}, 200, ("yes", "commit")),
        ({"autoDeploy": "no", "autoDeployTrigger": "off"}, 400, None),
        ({"autoDeploy": False}, 400, None),
        ({"autoDeployTrigger": "never"}, 400, None),
    ],
)
async def test_auto_deploy_is_patched(
    world: World, change: dict[str, object], status: int, answer: tuple[str, str] | None
) -> None:
    """Both spellings follow each other; nonsense and both at once are refused and change nothing."""
    patched = await world.render("PATCH", "/services/srv-web", json=change)
    assert patched.status_code == status
    now = (await world.render("GET", "/services/srv-web")).json()
    assert (now["autoDeploy"], now["autoDeployTrigger"]) == (answer or ("yes", "commit"))
    assert answer is None or patched.json()["autoDeployTrigger"] == answer[1]


async def test_a_rollback_is_a_new_deploy_of_the_old_commit() -> None:
    """201 with a new id, trigger rollback; live in the end, the old one deactivated; auto-deploy untouched."""
    async with opened(rollback_seconds=4) as world:
        target = (await world.render("GET", "/services/srv-web/deploys/dep-39")).json()
        answer = await world.rollback("dep-39")
        made = answer.json()
        assert (answer.status_code, made["id"], made["trigger"]) == (201, "dep-42", "rollback")
        assert made["commit"]["id"] == target["commit"]["id"]
        await eventually(lambda: world.status_of("dep-42") == "live")
        assert world.status_of("dep-40") == "deactivated"
        assert (await world.render("GET", "/services/srv-web")).json()["autoDeployTrigger"] == "commit"
        events = (await world.render("GET", "/services/srv-web/events?type=deploy_started")).json()
        assert events[0]["event"]["details"]["trigger"]["rollbackTargetDeployId"] == "dep-39"


@pytest.mark.parametrize(
    ("target", "status"), [("dep-999", 404), ("dep-41", 400), ("", 404), (None, 400), (7, 400), ("dep-34", 404)]
)
async def test_a_rollback_to_nowhere_is_refused(world: World, target: object, status: int) -> None:
    """Unknown deploys, deploys of another service, and those that never were live make no deploy."""
    answer = await world.render("POST", "/services/srv-web/rollback", json={"deployId": target})
    assert answer.status_code == status and answer.json()["message"] and "rollback_accepted" not in world.whats()


@pytest.mark.parametrize(
    ("mode", "answer", "accepted"),
    [
        ("ok", 201, True),
        ("slow", 201, True),
        ("error_after", 500, True),
        ("drop", None, True),
        ("reset_before", None, False),
        ("refuse_429", 429, False),
        ("expired", 400, False),
        ("refuse_400", 400, False),
        ("refuse_401", 401, False),
        ("refuse_403", 403, False),
        ("refuse_404", 404, False),
        ("refuse_410", 410, False),
    ],
)
async def test_a_rollback_answer_can_be_spoiled(world: World, mode: str, answer: int | None, accepted: bool) -> None:
    """Each mode, whether the deed was done or not; the log and the list of deploys agree on it; then all is well."""
    world.sandbox.modes.slow_seconds = 0.2
    world.sandbox.set_mode("rollback", mode, times=1)
    try:
        got: int | None = (await world.rollback()).status_code
    except httpx.TransportError:
        got = None
    assert got == answer
    rows = (await world.render("GET", "/services/srv-web/deploys")).json()
    made = [row["deploy"]["id"] for row in rows if row["deploy"]["trigger"] == "rollback"]
    assert made == (["dep-42"] if accepted else []) and world.whats().count("rollback_accepted") == int(accepted)
    request = world.sandbox.events.requests("render", "POST", "/rollback")[0]
    assert request.get("status") == answer and (await world.rollback()).status_code == 201


async def test_events_are_those_of_the_last_hour(world: World) -> None:
    service = world.sandbox.cloud.service("web")
    old = world.sandbox.cloud.record_event(service, "server_failed", {})
    old.at -= 7200
    new = world.sandbox.cloud.record_event(service, "instance_count_changed", {"fromInstances": 2, "toInstances": 3})
    listed = (await world.render("GET", "/services/srv-web/events")).json()
    assert [row["event"]["id"] for row in listed] == [new.id]
    listed = (await world.render("GET", "/services/srv-web/events?startTime=2020-01-01T00:00:00Z")).json()
    assert [row["event"]["id"] for row in listed] == [new.id, old.id]
    listed = (await world.render("GET", "/services/srv-web/events?type=server_failed")).json()
    assert listed == []


@pytest.mark.parametrize(("call", "path"), [("list_deploys", "deploys"), ("list_events", "events")])
async def test_one_list_alone_may_be_unreadable(world: World, call: str, path: str) -> None:
    """It is answered 500 until its mode is over; the other list and the service itself are answered."""
    await world.client.post(world.sandbox.urls["admin"] + "/modes", json={"name": call, "mode": "error_500"})
    for other in ("", "/deploys", "/events"):
        answer = await world.render("GET", f"/services/srv-web{other}")
        assert (answer.status_code == 500) == (other == f"/{path}"), answer.text
    await world.client.post(world.sandbox.urls["admin"] + "/modes", json={"name": call, "mode": "ok"})
    assert (await world.render("GET", f"/services/srv-web/{path}")).status_code == 200


async def test_a_suspended_service_is_answered_for_by_the_platform(world: World) -> None:
    """By its user; whoever suspends it besides has to end that, too. It is no error of the site's own."""
    await world.admin("POST", "/suspend", json={})
    facts = (await world.render("GET", "/services/srv-web")).json()
    assert (facts["suspended"], facts["suspenders"]) == ("suspended", ["user"])
    site = await world.site("/")
    assert (site.status_code, site.headers["x-render-routing"]) == (503, "suspend-by-user")
    assert "suspended by its owner" in site.text and list(world.sandbox.cloud.hits) == []
    await world.admin("POST", "/suspend", json={"by": "billing"})
    assert (await world.site("/")).headers["x-render-routing"] == "suspend"
    await world.admin("POST", "/resume", json={})
    assert (await world.site("/")).status_code == 503
    await world.admin("POST", "/resume", json={"by": "billing"})
    await world.admin("POST", "/resume", json={})
    assert (await world.site("/")).status_code == 200
    events = (await world.render("GET", "/services/srv-web/events")).json()
    added, removed = ["suspender_added", "service_suspended", "suspender_added"], ["suspender_removed"] * 2
    assert [one["event"]["type"] for one in reversed(events)] == [*added, *removed, "service_resumed"]
    assert (await world.render("GET", "/services?suspended=suspended")).json() == []


async def test_a_deleted_service_is_known_no_more(world: World) -> None:
    """Neither by its id nor in the list; at its address the platform says so."""
    await world.admin("POST", "/delete", json={})
    assert (await world.render("GET", "/services/srv-web/deploys")).status_code == 404
    assert "srv-web" not in (await world.render("GET", "/services")).text
    site = await world.site("/")
    assert (site.status_code, site.headers["x-render-routing"]) == (404, "no-server")


async def test_in_maintenance_mode_the_platform_answers_for_the_site(world: World) -> None:
    """Who is down behind its page is not seen: it neither hangs nor refuses. PATCH turns it on as well; the 503 that
    every public request then gets is no error of the site's own.
    """
    await world.admin("POST", "/maintenance", json={"enabled": True})
    await world.admin("POST", "/maintenance", json={"enabled": True})
    for kind in ("refused", "hang", "error"):
        world.sandbox.set_fault("web", kind)
        assert (await world.site("/")).status_code == 503 and world.sandbox.shut() == []
    assert world.whats().count("maintenance_mode") == 1
    await world.admin("POST", "/maintenance", json={"enabled": False})
    assert (await world.site("/")).status_code == 503 and len(world.sandbox.cloud.hits) == 1
    change = {"serviceDetails": {"maintenanceMode": {"enabled": True, "uri": "https://acme.example/sorry"}}}
    answer = await world.render("PATCH", "/services/srv-web", json=change)
    assert answer.json()["serviceDetails"]["maintenanceMode"] == {"enabled": True, "uri": "https://acme.example/sorry"}
    assert (await world.site("/")).status_code == 503 and len(world.sandbox.cloud.hits) == 1


async def test_an_answer_is_dated_by_a_clock_that_may_be_behind(world: World) -> None:
    for mode, behind in (("ok", 0.0), ("behind", 120.0)):
        world.sandbox.set_mode("render_clock", mode)
        before = clock.now()
        date = parsedate_to_datetime((await world.render("GET", "/services")).headers["date"]).timestamp()
        assert before - 1.0 <= date + behind <= clock.now()
    world.sandbox.set_mode("render_clock", "undated")
    assert "date" not in (await world.render("GET", "/services")).headers

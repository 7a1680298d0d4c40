"""The client of a drill: one commit, on one staging service, once; everything else is impossible."""

import pytest

from tests.adapters.platforms.bodies import deploy, page, service
from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from tests.support.vendor_specs import request_problems, spec
from watchdog.adapters.platforms.render_drill import DrillRender, build_drill
from watchdog.domain.errors import MissingPermission, OutcomeUnknown, Permanent, Refused, Temporary

COMMIT = "0badc0de5f1e2d3c4b5a69788796a5b4c3d2e1f0"
SERVICE = "/v1/services/srv-staging"
PROJECT = page("project", {"id": "prj-1", "name": "Acme"})


def environment(name: str = "Staging", protected: str = "unprotected", *services: str) -> dict:
    return {"id": "evm-1", "name": name, "projectId": "prj-1", "protectedStatus": protected, "serviceIds": services}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_790_000_000.0)


@pytest.fixture
def drill(vendor: Vendor, clock: FakeClock, closing) -> DrillRender:
    vendor.say("GET", SERVICE, service(id="srv-staging", name="web-staging"))
    vendor.say("GET", "/v1/projects", PROJECT)
    vendor.say("GET", "/v1/environments", page("environment", environment("Staging", "unprotected", "srv-staging")))
    vendor.say("POST", f"{SERVICE}/deploys", (201, deploy(9)))
    return closing(made(vendor, clock))


def made(vendor: Vendor, clock: FakeClock, service_id: str = "srv-staging", commit: str = COMMIT) -> DrillRender:
    staging = {"srv-staging": COMMIT}
    return build_drill("rnd_canary", vendor.url + "/v1", clock, service_id=service_id, commit=commit, staging=staging)


async def test_the_known_bad_commit_is_deployed_once_after_a_fresh_look(vendor: Vendor, drill: DrillRender) -> None:
    """As Render's document describes the request."""
    assert await drill.deploy_bad_commit() == "dep-9"
    posts = [(seen.path, seen.body) for seen in vendor.seen if seen.method != "GET"]
    assert posts == [(f"{SERVICE}/deploys", {"commitId": COMMIT})]
    paths = [seen.path for seen in vendor.seen]
    assert paths == [SERVICE, "/v1/projects", "/v1/environments", f"{SERVICE}/deploys"]
    document = spec("render-openapi.json")
    assert not [
        problem
        for seen in vendor.seen
        for problem in request_problems(
            document, seen.method, seen.path.removeprefix("/v1"), dict(seen.query), seen.body
        )
    ]


@pytest.mark.parametrize(
    ("service_id", "commit"),
    [("srv-web", COMMIT), ("srv-staging", "1" * 40), ("srv-staging", ""), ("dpg-main", COMMIT), ("", "")],
)
def test_no_client_is_made_for_another_service_or_commit(
    vendor: Vendor, clock: FakeClock, service_id: str, commit: str
) -> None:
    """The first check: what the configuration calls staging, with its own known-bad commit."""
    with pytest.raises(Refused):
        made(vendor, clock, service_id, commit)


@pytest.mark.parametrize(
    ("facts", "where", "why"),
    [
        ({"name": "web"}, environment("Acme", "unprotected", "srv-staging"), "neither its name at Render"),
        ({"name": "web"}, environment("Staging", "unprotected", "srv-other"), "neither its name at Render"),
        ({"name": "web-staging"}, environment("Production", "unprotected", "srv-staging"), "'production'"),
        ({"name": "web-staging"}, environment("Staging", "protected", "srv-staging"), "protects its environment"),
        ({"name": "web-staging"}, environment("Staging", "a_new_word", "srv-staging"), "protects its environment"),
        ({"name": "web-prod"}, environment("Staging", "unprotected", "srv-staging"), "'prod'"),
    ],
)
async def test_what_render_does_not_show_as_staging_is_refused_before_the_request(
    vendor: Vendor, drill: DrillRender, facts: dict, where: dict, why: str
) -> None:
    """The second check, by facts that the configuration does not write."""
    vendor.say("GET", SERVICE, service(id="srv-staging", **facts))
    vendor.say("GET", "/v1/environments", page("environment", where))
    with pytest.raises(Refused, match=why):
        await drill.deploy_bad_commit()
    assert vendor.count("POST") == 0


async def test_without_the_permission_to_read_environments_the_name_has_to_say_it(
    vendor: Vendor, drill: DrillRender
) -> None:
    vendor.say("GET", "/v1/projects", (403, {"message": "no"}))
    assert await drill.deploy_bad_commit() == "dep-9"
    vendor.say("GET", SERVICE, service(id="srv-staging", name="web"))
    with pytest.raises(Refused, match="neither"):
        await drill.deploy_bad_commit()
    assert vendor.count("POST") == 1


@pytest.mark.parametrize("path", [SERVICE, "/v1/projects", "/v1/environments"])
async def test_facts_that_cannot_be_read_refuse_the_drill(vendor: Vendor, drill: DrillRender, path: str) -> None:
    vendor.say("GET", path, 500)
    with pytest.raises(Temporary):
        await drill.deploy_bad_commit()
    assert vendor.count("POST") == 0


async def test_an_answer_about_another_service_proves_nothing(vendor: Vendor, drill: DrillRender) -> None:
    vendor.say("GET", SERVICE, service(id="srv-web", name="web-staging"))
    with pytest.raises(Temporary, match="cannot be read"):
        await drill.deploy_bad_commit()
    assert vendor.count("POST") == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [(500, OutcomeUnknown), (429, Temporary), (404, Permanent), ((403, {"message": "no"}), MissingPermission)],
)
async def test_it_is_sent_once_whatever_the_answer(
    vendor: Vendor, drill: DrillRender, answer, error: type[Exception]
) -> None:
    vendor.say("POST", f"{SERVICE}/deploys", answer)
    with pytest.raises(error):
        await drill.deploy_bad_commit()
    assert vendor.count("POST") == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/services/srv-web/deploys", {"commitId": COMMIT}),
        ("POST", "/services/srv-staging/deploys", {"commitId": "1" * 40}),
        ("POST", "/services/srv-staging/deploys", {"commitId": COMMIT, "clearCache": "clear"}),
        ("POST", "/services/srv-staging/deploys", {}),
        ("POST", "/services/srv-staging/rollback", {"deployId": "dep-1"}),
        ("PATCH", "/services/srv-staging", {"autoDeployTrigger": "off"}),
        ("DELETE", "/services/srv-staging", None),
    ],
)
async def test_the_client_itself_refuses_every_other_change(
    vendor: Vendor, drill: DrillRender, method: str, path: str, body: object
) -> None:
    """The allow-list is inside: no fault of the wiring can pass it."""
    with pytest.raises(Refused):
        await drill._api.change(method, path, body)
    assert vendor.seen == []

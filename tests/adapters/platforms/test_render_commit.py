"""The client of a person's order: one commit, on one service, once; everything else is impossible."""

import pytest

from tests.adapters.platforms.bodies import deploy
from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.platforms.render_commit import CommitRender, build_commit
from watchdog.domain.errors import Forbidden, OutcomeUnknown, Permanent, Refused, Temporary

COMMIT, PATH = "5e" * 20, "/v1/services/srv-web/deploys"


def made(vendor: Vendor, service_id: str = "srv-web", commit: str = COMMIT) -> CommitRender:
    return build_commit("rnd_canary", vendor.url + "/v1", FakeClock(), service_id=service_id, commit=commit)


@pytest.fixture
def client(vendor: Vendor, closing) -> CommitRender:
    return closing(made(vendor))


@pytest.mark.parametrize(("answer", "comes"), [((201, deploy(9)), "dep-9"), ((202, None), None)])
async def test_the_commit_is_requested_once(vendor: Vendor, client: CommitRender, answer: tuple, comes: str) -> None:
    """Render may accept it with an answer that names no deploy."""
    vendor.say("POST", PATH, answer)
    assert await client.deploy_commit() == comes
    assert [(seen.method, seen.path, seen.body) for seen in vendor.seen] == [("POST", PATH, {"commitId": COMMIT})]


@pytest.mark.parametrize(
    ("status", "error"), [(400, Permanent), (401, Forbidden), (403, Forbidden), (429, Temporary), (500, OutcomeUnknown)]
)
async def test_whatever_the_answer_it_is_not_repeated(
    vendor: Vendor, client: CommitRender, status: int, error: type
) -> None:
    vendor.say("POST", PATH, (status, {"message": "no"}))
    with pytest.raises(error) as told:
        await client.deploy_commit()
    assert len([seen for seen in vendor.seen if seen.method == "POST"]) == 1 and "rnd_canary" not in str(told.value)


async def test_nothing_else_can_be_changed(vendor: Vendor, client: CommitRender) -> None:
    """No other commit, service, field or call; and no data store has a client."""
    for method, path, body in (
        ("POST", "/services/srv-web/deploys", {"commitId": "7a" * 20}),
        ("POST", "/services/srv-api/deploys", {"commitId": COMMIT}),
        ("POST", "/services/srv-web/deploys", {"commitId": COMMIT, "clearCache": "clear"}),
        ("POST", "/services/srv-web/rollback", {"deployId": "dep-1"}),
        ("PATCH", "/services/srv-web", {"autoDeployTrigger": "off"}),
    ):
        with pytest.raises(Refused):
            await client._api.change(method, path, body)
    assert vendor.seen == []
    for service_id, commit in (("dpg-main", COMMIT), ("srv-web", ""), ("srv-web", "a/../b")):
        with pytest.raises((Refused, Permanent)):
            made(vendor, service_id, commit)

"""GitHub's issues: listed by state and label, opened, changed, commented, refused as GitHub refuses."""

from typing import Any

import httpx
import pytest

from tests.sandbox.documents import _plain
from tests.sandbox.world import World
from tests.support.vendor_specs import problems, spec
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.github_issues import user_json

KEY = {"Authorization": f"Bearer {keys.GITHUB_TOKEN}"}


async def call(world: World, method: str, path: str = "", **more: Any) -> httpx.Response:
    url = f"{world.sandbox.urls['github']}/repos/acme/app/issues{path}"
    return await world.client.request(method, url, headers=KEY, **more)


async def numbers(world: World, **query: Any) -> list[int]:
    return [one["number"] for one in (await call(world, "GET", params=query)).json()]


async def test_an_issue_from_open_to_closed(world: World) -> None:
    made = await call(world, "POST", json={"title": "slow", "body": "very", "labels": ["watchdog"]})
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (201, 1, "open")
    assert (await call(world, "POST", "/1/comments", json={"body": "still"})).status_code == 201
    closed = await call(world, "PATCH", "/1", json={"state": "closed", "state_reason": "completed"})
    assert (closed.json()["state"], closed.json()["state_reason"]) == ("closed", "completed")
    assert closed.json()["comments"] == 1 and closed.json()["closed_at"] is not None
    did = [one["what"] for one in world.sandbox.log if one["what"] != "request"]
    assert did == ["issue_opened", "issue_commented", "issue_closed"]


async def test_the_list_is_newest_first_by_state_and_labels_and_paged(world: World) -> None:
    for labels in (["a"], ["a", "b"], ["b"]):
        await call(world, "POST", json={"title": "x", "labels": labels})
    await call(world, "PATCH", "/1", json={"state": "closed"})
    assert await numbers(world) == [3, 2] and await numbers(world, state="all", labels="a") == [2, 1]
    assert await numbers(world, state="all", per_page=1, page=2) == [2]
    other = await world.client.get(f"{world.sandbox.urls['github']}/repos/acme/web/issues", headers=KEY)
    assert other.json() == []


@pytest.mark.parametrize("body", [{}, {"title": " "}, {"title": "x" * 257}, {"title": "x", "body": "y" * 65_537}])
async def test_what_is_no_issue_is_422(world: World, body: dict[str, Any]) -> None:
    assert (await call(world, "POST", json=body)).status_code == 422 and world.sandbox.issues.all == []


async def test_refusals(world: World) -> None:
    """Wrong token, somebody else's repository, issues switched off, locked, the secondary limit, what is not there."""
    base = f"{world.sandbox.urls['github']}/repos"
    assert (await world.client.get(f"{base}/acme/app/issues")).status_code == 401
    assert (await world.client.get(f"{base}/other/app/issues", headers=KEY)).status_code == 404
    assert (await call(world, "PATCH", "/9", json={})).status_code == 404
    assert (await call(world, "POST", "/9/comments", json={"body": "x"})).status_code == 404
    await call(world, "POST", json={"title": "x"})
    world.sandbox.issues.all[0].locked = True
    assert (await call(world, "POST", "/1/comments", json={"body": "x"})).status_code == 403
    world.sandbox.set_mode("issue", "limited", times=1)
    limited = await call(world, "POST", json={"title": "x"})
    assert (limited.status_code, limited.headers["retry-after"]) == (403, "60")
    world.sandbox.issues.disabled = True
    assert (await call(world, "POST", json={"title": "x"})).status_code == 410
    assert len(world.sandbox.issues.all) == 1


async def test_labels_that_may_not_be_set_are_dropped_silently(world: World) -> None:
    """As GitHub does for who has no push access; the repository tells that beforehand."""
    world.sandbox.issues.labels_dropped = True
    assert (await call(world, "POST", json={"title": "x", "labels": ["a"]})).json()["labels"] == []
    said = await world.client.get(f"{world.sandbox.urls['github']}/repos/acme/app", headers=KEY)
    assert (said.json()["permissions"]["push"], said.json()["has_issues"]) == (False, True)


def test_who_wrote_it_is_as_documented() -> None:
    """Measured by the author of GitHub's own commit; the rest of an issue is not in the documents at hand."""
    document = spec("github-rest-git-subset.json")
    compare = document["/repos/{owner}/{repo}/compare/{basehead}"]["get"]["responses"]["200"]
    commit = compare["content"]["application/json"]["schema"]["properties"]["base_commit"]
    schema = _plain(document, commit)["properties"]["author"]
    assert problems(document, schema, user_json()) == []
    assert problems(document, schema, {**user_json(), "id": "seven"}) != []

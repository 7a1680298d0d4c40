"""GitHub: what was deployed and merged, as documented, with its limits; issues from open to closed, and refusals."""

from typing import Any

import httpx
import pytest

from tests.sandbox.documents import _plain
from tests.sandbox.world import World
from tests.support.vendor_specs import problems, spec
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.github_api import HOURLY_WITHOUT_TOKEN
from watchdog.sandbox.vendors.github_issues import user_json
from watchdog.sandbox.world import COMMITS

PATH = "/repos/acme/web/commits"
KEY = {"Authorization": f"Bearer {keys.GITHUB_TOKEN}"}


async def listed(world: World, query: str = "", **headers: str) -> list[str]:
    answer = await world.client.get(f"{world.sandbox.urls['github']}{PATH}{query}", headers=headers)
    assert answer.status_code == 200
    return [commit["sha"] for commit in answer.json()]


async def test_the_branch_holds_what_was_deployed_and_what_was_merged(world: World) -> None:
    """Newest first, each commit once; a merge while auto-deploy is off is on the branch and nowhere else."""
    assert await listed(world) == [COMMITS[key][0] for key in ("41", "40", "39")]
    world.sandbox.cloud.services["web"].auto_deploy_trigger = "off"
    answer = await world.admin("POST", "/deploys", json={"merge": True, "commit": "c" * 40, "message": "Mend it"})
    assert answer.json() is None and (await listed(world))[0] == "c" * 40
    assert await listed(world, "?sha=main&per_page=1&page=2") == [COMMITS["41"][0]]
    world.sandbox.deploy(commit="c" * 40)
    assert (await listed(world, **KEY)).count("c" * 40) == 1


async def test_a_comparison_is_as_documented(world: World) -> None:
    """Ahead, behind and identical, measured by GitHub's own document; paged, with the files on the first page."""
    document = spec("github-rest-git-subset.json")
    answer = document["/repos/{owner}/{repo}/compare/{basehead}"]["get"]["responses"]["200"]
    schema = _plain(document, answer["content"]["application/json"]["schema"])
    old, new = COMMITS["39"][0], COMMITS["41"][0]
    base = f"{world.sandbox.urls['github']}/repos/acme/web/compare"
    bodies = [(await world.client.get(f"{base}/{pair}")).json() for pair in (f"{old}...{new}", f"{new}...{old}")]
    same = (await world.client.get(f"{base}/{new}...{new}")).json()
    second = (await world.client.get(f"{base}/{old}...{new}?per_page=1&page=2")).json()
    for body in (*bodies, same):
        assert problems(document, schema, body) == []
    assert [body["status"] for body in (*bodies, same)] == ["ahead", "behind", "identical"]
    assert [one["sha"] for one in bodies[0]["commits"]] == [COMMITS["40"][0], new]
    assert ([one["sha"] for one in second["commits"]], second["files"], second["total_commits"]) == ([new], [], 2)
    assert problems(document, schema, {**bodies[0], "status": "odd"}) != []
    for pair in (f"{old}..{new}", f"{old}...nothing"):
        assert (await world.client.get(f"{base}/{pair}")).status_code == 404


@pytest.mark.parametrize("place", ["/repos/acme/nothing/commits", PATH + "?sha=nothing"])
async def test_what_is_not_there_is_404_and_a_wrong_token_401(world: World, place: str) -> None:
    """A private repository without a token looks the same as one that is not there."""
    answer = await world.client.get(world.sandbox.urls["github"] + place)
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
    other = {"Authorization": "Bearer other"}
    assert (await world.client.get(world.sandbox.urls["github"] + place, headers=other)).status_code == 401


async def test_without_a_token_an_hour_has_sixty_answers(world: World) -> None:
    """The next one is 403, and says when there are more; with the token there are many."""
    for _ in range(HOURLY_WITHOUT_TOKEN):
        await listed(world)
    answer = await world.client.get(world.sandbox.urls["github"] + PATH)
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (403, "0")
    await listed(world, **KEY)


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

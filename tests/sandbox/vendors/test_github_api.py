"""GitHub's list of commits: what was deployed and what was merged, as documented, with its limits."""

import pytest

from tests.sandbox.documents import _plain
from tests.sandbox.world import World
from tests.support.vendor_specs import problems, spec
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.github_api import HOURLY_WITHOUT_TOKEN
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

"""GitHub's Git database: as documented, forward only, with a token that may write; what it refuses changes nothing."""

from typing import Any

import httpx
import pytest

from tests.sandbox.documents import _plain
from tests.sandbox.world import World
from tests.support.vendor_specs import problems, request_problems, spec
from watchdog.sandbox import keys
from watchdog.sandbox.world import COMMITS

OLD, GOOD, HEAD = (COMMITS[key][0] for key in ("39", "40", "41"))
REPO = "/repos/acme/web"
DOCUMENT = "github-rest-git-subset.json"


async def call(world: World, method: str, path: str, body: Any = None, token: str = keys.GITHUB_WRITE_TOKEN) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{world.sandbox.urls['github']}{REPO}{path}"
    return await world.client.request(method, url, headers=headers, json=body)


async def revert(world: World, parent: str = HEAD) -> str:
    tree = (await call(world, "GET", f"/git/commits/{GOOD}")).json()["tree"]["sha"]
    made = await call(world, "POST", "/git/commits", {"message": "Go back", "tree": tree, "parents": [parent]})
    assert made.status_code == 201
    return str(made.json()["sha"])


async def push(world: World, after: str, before: str | None = HEAD, token: str = keys.GITHUB_WRITE_TOKEN) -> Any:
    """Move main by GraphQL's updateRefs; return the type of its error, or what it answered."""
    node = (await call(world, "GET", "")).json()["node_id"]
    update = {"name": "refs/heads/main", "beforeOid": before, "afterOid": after, "force": False}
    body = {"query": "mutation", "variables": {"input": {"repositoryId": node, "refUpdates": [update]}}}
    headers = {"Authorization": f"Bearer {token}"}
    answer = await world.client.post(f"{world.sandbox.urls['github']}/graphql", headers=headers, json=body)
    said = answer.json()
    return answer.status_code if answer.status_code != 200 else said["errors"][0]["type"] if "errors" in said else said


MOVED = {"data": {"updateRefs": {"clientMutationId": None}}}


async def head(world: World, name: str = "main") -> str:
    return str((await call(world, "GET", f"/git/ref/heads/{name}")).json()["object"]["sha"])


def documented(method: str, template: str, answer: httpx.Response, body: Any = None) -> list[str]:
    """Return where a request and its answer depart from GitHub's document."""
    document = {"paths": spec(DOCUMENT)}
    said = document["paths"][template][method.lower()]["responses"][str(answer.status_code)]
    schema = _plain(document, said["content"]["application/json"]["schema"])
    path = template.replace("{ref}", "heads%2Fmain")
    return problems(document, schema, answer.json()) + request_problems(document, method, path, {}, body)


async def test_the_branch_goes_forward_by_a_commit_and_deploys(world: World) -> None:
    """Requests and answers as GitHub's document has them; the commit has the tree of the good one."""
    git = "/repos/{owner}/{repo}/git"
    read = await call(world, "GET", "/git/ref/heads/main")
    assert documented("GET", f"{git}/ref/{{ref}}", read) == [] and await head(world) == HEAD
    good = await call(world, "GET", f"/git/commits/{GOOD}")
    assert documented("GET", f"{git}/commits/{{commit_sha}}", good) == []
    assert [one["sha"] for one in good.json()["parents"]] == [OLD]
    body = {"message": "Go back", "tree": good.json()["tree"]["sha"], "parents": [HEAD]}
    made = await call(world, "POST", "/git/commits", body)
    assert documented("POST", f"{git}/commits", made, body) == [] and await head(world) == HEAD
    assert await push(world, made.json()["sha"]) == MOVED
    assert await head(world) == made.json()["sha"] == world.sandbox.cloud.services["web"].deploys[-1].commit
    shown = (await world.client.get(f"{world.sandbox.urls['github']}{REPO}/commits")).json()[0]
    assert shown["commit"]["tree"]["sha"] == body["tree"] and shown["commit"]["message"] == "Go back"


async def test_what_is_not_on_top_of_the_head_is_refused(world: World) -> None:
    made = await revert(world)
    world.sandbox.cloud.services["web"].auto_deploy_trigger = "off"
    world.sandbox.cloud.merge("web", commit="d" * 40, message="More")
    assert [await push(world, made, before) for before in (HEAD, "d" * 40, None)] == ["UNPROCESSABLE"] * 3
    assert await head(world) == "d" * 40
    assert await push(world, "d" * 40, "d" * 40) == MOVED


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/git/ref/heads/nothing", None, 404),
        ("GET", f"/git/commits/{'e' * 40}", None, 404),
        ("POST", "/git/commits", {"message": "x", "tree": "e" * 40, "parents": [HEAD]}, 422),
        ("POST", "/git/commits", {"tree": "e" * 40}, 422),
        ("PATCH", "/git/refs/heads/main", {"sha": HEAD}, 404),
        ("POST", "/git/refs", {"ref": "refs/heads/main", "sha": HEAD}, 422),
        ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": "e" * 40}, 422),
        ("POST", "/pulls", {"title": "x", "head": "nothing", "base": "main"}, 422),
    ],
)
async def test_what_is_not_there_is_refused(world: World, method: str, path: str, body: Any, status: int) -> None:
    answer = await call(world, method, path, body)
    assert answer.status_code == status and await head(world) == HEAD


async def test_a_token_that_only_reads_writes_nothing(world: World) -> None:
    for path in ("/git/commits", "/git/refs", "/pulls"):
        assert (await call(world, "POST", path, {"sha": HEAD}, keys.GITHUB_TOKEN)).status_code == 403
    assert await push(world, HEAD, token=keys.GITHUB_TOKEN) == "FORBIDDEN"
    assert (await call(world, "GET", "/git/ref/heads/main", token=keys.GITHUB_TOKEN)).status_code == 200
    assert (await call(world, "GET", "/git/ref/heads/main", token="other")).status_code == 401


async def test_a_protected_branch_takes_a_pull_request(world: World) -> None:
    """Its rules say so; the push is refused; one pull request of a branch, which the list names."""
    made = await revert(world)
    assert (await call(world, "GET", "/rules/branches/main")).json() == []
    world.sandbox.git.protected.add("web")
    rules = await call(world, "GET", "/rules/branches/main")
    assert documented("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", rules) == []
    assert [one["type"] for one in rules.json()] == ["pull_request"]
    assert await push(world, made) == "UNPROCESSABLE"
    assert (await call(world, "POST", "/git/refs", {"ref": "refs/heads/back", "sha": made})).status_code == 201
    assert await head(world, "back") == made and await head(world) == HEAD
    pull = {"title": "Go back", "head": "back", "base": "main", "body": "why"}
    assert [(await call(world, "POST", "/pulls", pull)).status_code for _ in range(2)] == [201, 422]
    (listed,) = (await call(world, "GET", "/pulls?state=open&head=acme:back&base=main")).json()
    assert listed["html_url"] == "https://github.com/acme/web/pull/1"


@pytest.mark.parametrize("mode", ["drop", "refuse_403"])
async def test_an_answer_may_be_lost_or_refused(world: World, mode: str) -> None:
    """Lost, the branch has moved; refused, it has not."""
    made = await revert(world)
    world.sandbox.set_mode("git_ref", mode, 1)
    if mode == "drop":
        with pytest.raises(httpx.HTTPError):
            await push(world, made)
    else:
        assert await push(world, made) == 403
    assert await head(world) == (made if mode == "drop" else HEAD)

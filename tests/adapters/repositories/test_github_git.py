"""A repository on GitHub that people's commands write: the sandbox's, and a vendor with prepared answers."""

import pytest

from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.api_client import PermanentAnswer
from watchdog.adapters.repositories.github_git import UPDATE, GitHubGit, build_github_git
from watchdog.domain.errors import Misshapen, OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.remedies.git_steps import Push
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.world import COMMITS

ADDRESS = "https://github.com/acme/web"
PATH = "/repos/acme/web"
OLD, GOOD, HEAD = (COMMITS[key][0] for key in ("39", "40", "41"))
CANARY = "github_pat_c4n4ry_0123456789"
MOVE = "/graphql"
NODE = {"node_id": "R_1"}
REF = f"{PATH}/git/ref/heads/main"
LIMITED = (403, {"message": "You have exceeded a secondary rate limit"}, {"retry-after": "30"})


def at(sha: str) -> dict:
    return {"object": {"sha": sha}}


def refused(kind: str = "UNPROCESSABLE") -> tuple:
    return (200, {"data": {"updateRefs": None}, "errors": [{"type": kind, "message": "anything"}]})


def moving(**other: object) -> dict:
    update = {"name": "refs/heads/main", "beforeOid": HEAD, "afterOid": GOOD, "force": False, **other}
    kept = {key: one for key, one in update.items() if one is not None}
    return {"query": UPDATE, "variables": {"input": {"repositoryId": "R_1", "refUpdates": [kept]}}}


@pytest.fixture
def there(sandbox: Sandbox, closing) -> GitHubGit:
    return closing(build_github_git(ADDRESS, keys.GITHUB_WRITE_TOKEN, sandbox.urls["github"], FakeClock()))


@pytest.fixture
def host(vendor: Vendor, closing) -> GitHubGit:
    return closing(build_github_git(ADDRESS, CANARY, vendor.url, FakeClock()))


async def test_one_commit_with_the_good_tree_goes_on_top(sandbox: Sandbox, there: GitHubGit) -> None:
    assert there.where == ADDRESS and await there.head("main") == HEAD and await there.head("none") is None
    undone = await there.between(OLD, HEAD)
    assert (undone.merges, undone.changes.total, undone.changes.status) == (0, 2, "ahead")
    tree = await there.tree(GOOD)
    made = await there.make_commit("Go back", tree, HEAD, 7.0)
    assert await there.has(made) and not await there.has("e" * 40)
    assert not await there.holds(HEAD, made) and await there.holds(HEAD, GOOD)
    assert not await there.holds(GOOD, HEAD), "it is behind"
    assert await there.fast_forward("main", made, HEAD) is Push.DONE
    assert await there.head("main") == made and await there.tree(made) == tree
    assert await there.holds(made, HEAD) and await there.holds(made, made)


async def test_a_push_of_another_is_told_from_a_protected_branch(sandbox: Sandbox, there: GitHubGit) -> None:
    made = await there.make_commit("Go back", await there.tree(GOOD), HEAD, 7.0)
    sandbox.git.protected.add("web")
    assert await there.asks_for_pull_requests("main")
    assert await there.fast_forward("main", made, HEAD) is Push.PROTECTED
    assert [await there.create_branch("back", made) for _ in range(2)] == [Push.DONE] * 2
    assert await there.create_branch("back", HEAD) is Push.MOVED
    pulls = [await there.propose("back", "main", "t", "x") for _ in range(2)]
    assert pulls == [f"{ADDRESS}/pull/1"] * 2
    sandbox.git.protected.clear()
    sandbox.cloud.merge("web", commit="d" * 40, message="More")
    assert not await there.asks_for_pull_requests("main")
    assert await there.fast_forward("main", made, HEAD) is Push.MOVED


async def test_a_lost_answer_of_a_branch_or_a_proposal_is_looked_up(sandbox: Sandbox, there: GitHubGit) -> None:
    made = await there.make_commit("Go back", await there.tree(GOOD), HEAD, 7.0)
    sandbox.set_mode("git_ref", "drop", 1)
    assert await there.create_branch("back", made) is Push.DONE
    sandbox.set_mode("pull", "drop", 1)
    assert await there.propose("back", "main", "t", "x") == f"{ADDRESS}/pull/1"
    sandbox.set_mode("git_ref", "drop", 1)
    with pytest.raises(OutcomeUnknown):
        await there.fast_forward("main", made, HEAD)
    assert await there.head("main") == made
    sandbox.set_mode("git_commit", "drop", 1)
    with pytest.raises(Temporary, match="no branch was changed"):
        await there.make_commit("Go back", await there.tree(GOOD), made, 7.0)


async def test_a_branch_that_was_forced_back_meanwhile_stays_there(sandbox: Sandbox, there: GitHubGit) -> None:
    """Also to an ancestor, on top of which our commit would still be a fast-forward."""
    made = await there.make_commit("Go back", await there.tree(GOOD), HEAD, 7.0)
    assert await there.create_branch("side", HEAD) is Push.DONE
    sandbox.git.force("web", "side", GOOD)
    assert await there.fast_forward("side", made, HEAD) is Push.MOVED and await there.head("side") == GOOD
    again = await there.make_commit("Go back", await there.tree(GOOD), GOOD, 7.0)
    assert await there.fast_forward("side", again, GOOD) is Push.DONE and await there.head("side") == again


@pytest.mark.parametrize(
    ("answer", "now", "came"),
    [
        ((200, {"data": {"updateRefs": {"clientMutationId": None}}}), HEAD, Push.DONE),
        (refused(), OLD, Push.MOVED),
        (refused(), HEAD, Push.PROTECTED),
        (refused("FORBIDDEN"), HEAD, Push.PROTECTED),
        (refused("STALE_DATA"), GOOD, Push.DONE),
        (refused("RATE_LIMITED"), HEAD, Temporary),
        ((200, {"errors": [{"message": "Something went wrong"}]}), HEAD, OutcomeUnknown),
        ((200, {"data": {"updateRefs": None}}), HEAD, OutcomeUnknown),
        ((200, []), HEAD, OutcomeUnknown),
        ((422, {"message": "anything"}), OLD, Push.MOVED),
        ((409, {}), OLD, Push.MOVED),
        ((403, {"message": "anything"}), HEAD, Push.PROTECTED),
        ((422, {}), GOOD, Push.DONE),
        (LIMITED, HEAD, Temporary),
        ((401, {}), HEAD, PermanentAnswer),
        ((500, {}), HEAD, OutcomeUnknown),
    ],
)
async def test_what_came_of_a_push_is_read_from_the_branch(
    vendor: Vendor, host: GitHubGit, answer: tuple, now: str, came: object
) -> None:
    """Whatever GitHub says about it; one request, without force, that names the head."""
    vendor.say("GET", PATH, NODE)
    vendor.say("POST", MOVE, answer)
    vendor.say("GET", REF, at(now))
    if isinstance(came, Push):
        assert await host.fast_forward("main", GOOD, HEAD) is came
    else:
        with pytest.raises(came):  # type: ignore[call-overload]
            await host.fast_forward("main", GOOD, HEAD)
    (sent,) = [one for one in vendor.seen if one.method == "POST"]
    assert sent.body == moving() and sent.headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", MOVE, moving(force=True)),
        ("POST", MOVE, moving(force=None)),
        ("POST", MOVE, moving(beforeOid=None)),
        ("POST", MOVE, moving(afterOid="0")),
        ("POST", MOVE, moving(name="refs/tags/v1")),
        ("POST", MOVE, {**moving(), "query": "mutation { deleteRef }"}),
        ("POST", MOVE, {**moving(), "variables": {"input": {"repositoryId": "R_2", "refUpdates": [{}]}}}),
        ("PATCH", f"{PATH}/git/refs/heads/main", {"sha": GOOD, "force": False}),
        ("DELETE", f"{PATH}/git/refs/heads/main", None),
        ("POST", f"{PATH}/merges", {}),
        ("POST", "/repos/acme/other/git/commits", {}),
        ("PUT", f"{PATH}/contents/x", {}),
    ],
)
async def test_nothing_else_can_be_done_with_the_token(
    vendor: Vendor, host: GitHubGit, method: str, path: str, body: object
) -> None:
    """Not even with what this repository's own push would be like."""
    vendor.say("GET", PATH, NODE)
    assert await host._id() == "R_1"
    with pytest.raises(Refused):
        await host._api.change(method, path, body)
    assert [one.method for one in vendor.seen] == ["GET"]


async def test_what_cannot_be_read_is_said(vendor: Vendor, host: GitHubGit) -> None:
    vendor.say("GET", REF, {"object": {"sha": "main"}})
    with pytest.raises(Misshapen):
        await host.head("main")
    with pytest.raises(Permanent, match="whole ids"):
        await host.tree(GOOD[:7])
    with pytest.raises(Permanent, match="has no commit"):
        await host.tree(GOOD)
    with pytest.raises(Permanent, match="not on github"):
        build_github_git("https://code.example/acme/web", CANARY, vendor.url, FakeClock())
    with pytest.raises(Permanent, match="may not see"):
        await host.fast_forward("main", GOOD, HEAD)
    vendor.say("GET", f"{PATH}/rules/branches/main", 403)
    assert not await host.asks_for_pull_requests("main")


async def test_merges_among_the_commits_are_counted(vendor: Vendor, host: GitHubGit) -> None:
    """By their parents, over both pages that are read."""
    one = {"sha": "a" * 40, "commit": {"message": "x"}, "parents": [{}]}
    page = {"status": "ahead", "total_commits": 150, "commits": [one, {**one, "parents": [{}, {}]}], "files": []}
    vendor.say("GET", f"{PATH}/compare/{GOOD}...{HEAD}", page)
    assert (await host.between(GOOD, HEAD)).merges == 2

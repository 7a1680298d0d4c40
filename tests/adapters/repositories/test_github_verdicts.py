"""Verdicts on GitHub over real HTTP: the sandbox's, and a vendor with prepared answers."""

from typing import Any

import pytest

from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.repositories.github_verdicts import GitHubVerdicts, Status, build
from watchdog.app.compose.deploy_verdicts import GitHubPosts
from watchdog.domain.errors import ConfigurationError, Misshapen, OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.presentation.gate.verdict_text import comment_lines, description, mark
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

REPO, SHA = "acme/web", "c0ffee1" + "0" * 33
BASE = f"/repos/{REPO}"
GOOD = Status("watchdog/web", "success", "good: dep-44 is live")
MARK = mark("web")


def client(url: str, token: str = keys.GITHUB_TOKEN, repo: str = REPO) -> GitHubVerdicts:
    return build(repo, Context(FakeClock(), {"github": url}, {"WATCHDOG_GITHUB_TOKEN": token}))


def logged(sandbox: Sandbox, what: str) -> list[Any]:
    return [one for one in sandbox.log if one["what"] == what]


async def test_a_status_is_set_once_and_a_lost_answer_is_looked_up(closing) -> None:
    """The same again posts nothing; where the answer was lost it stands there already."""
    async with Sandbox() as sandbox:
        github = closing(client(sandbox.urls["github"]))
        assert await github.status(SHA, GOOD) and not await github.status(SHA, GOOD)
        sandbox.modes.set("commit_status", "drop", 1)
        bad = Status(GOOD.context, "failure", "bad: web-1 is blamed on it")
        assert await github.status(SHA, bad) and not await github.status(SHA, bad)
        assert [one["state"] for one in logged(sandbox, "status_set")] == ["success", "failure"]


async def test_one_comment_is_updated_in_place_also_after_a_lost_answer(closing) -> None:
    """A second run finds the comment of the first one, and a third with the same words changes nothing."""
    async with Sandbox() as sandbox:
        github = closing(client(sandbox.urls["github"]))
        sandbox.modes.set("issue_comment", "drop", 1)
        assert await github.comment(SHA, MARK, f"{MARK}\nfirst") == 1
        again = closing(client(sandbox.urls["github"]))
        sandbox.modes.set("comment_update", "drop", 1)
        for body in ("second", "second"):
            assert await again.comment(SHA, MARK, f"{MARK}\n{body}") == 1
        assert len(logged(sandbox, "issue_commented")) == 1 and len(logged(sandbox, "comment_edited")) == 1
        (pull,) = sandbox.issues.all
        assert pull.comments == [f"{MARK}\nsecond"]


async def test_a_request_without_an_answer_that_left_nothing_is_not_repeated(vendor: Vendor, closing) -> None:
    """What is not there after a few looks is told; the next run posts it."""
    github = closing(client(vendor.url))
    vendor.say("GET", f"{BASE}/commits/{SHA}/statuses", [], [], [], [])
    vendor.say("POST", f"{BASE}/statuses/{SHA}", (502, ""))
    with pytest.raises(OutcomeUnknown):
        await github.status(SHA, GOOD)
    assert [one.method for one in vendor.seen].count("POST") == 1


async def test_a_stranger_s_copy_of_the_mark_is_not_ours(vendor: Vendor, closing) -> None:
    """Only a person with a right to the repository, or an app, counts; the first page is not the last one."""
    github = closing(client(vendor.url))
    other = [{"id": at, "body": "x", "author_association": "MEMBER"} for at in range(99)]
    copied = {"id": 500, "body": f"{MARK}\nx", "author_association": "NONE", "user": {"type": "User"}}
    ours = {"id": 700, "body": f"{MARK}\nold", "author_association": "NONE", "user": {"type": "Bot"}}
    vendor.say("GET", f"{BASE}/commits/{SHA}/pulls", [{"number": 3, "state": "closed"}, {"number": 4, "state": "open"}])
    vendor.say("GET", f"{BASE}/issues/4/comments", [copied, *other], [ours])
    vendor.say("PATCH", f"{BASE}/issues/comments/700", {})
    assert await github.comment(SHA, MARK, f"{MARK}\nnew") == 1
    assert vendor.seen[-1].method == "PATCH" and vendor.seen[-1].body == {"body": f"{MARK}\nnew"}


async def test_after_a_merge_the_newest_pull_request_alone_has_the_comment(vendor: Vendor, closing) -> None:
    """It is the one that brought the commit; older ones hold it too, as after a second merge."""
    github = closing(client(vendor.url))
    vendor.say("GET", f"{BASE}/commits/{SHA}/pulls", [{"number": at, "state": "closed"} for at in (4, 3)])
    vendor.say("GET", f"{BASE}/issues/4/comments", [])
    vendor.say("POST", f"{BASE}/issues/4/comments", {})
    assert await github.comment(SHA, MARK, f"{MARK}\nnew") == 1


async def test_nothing_else_can_be_done_with_the_token(vendor: Vendor, closing) -> None:
    """Neither in another repository, nor another change in this one; what is no token or repository is a mistake."""
    github = closing(client(vendor.url))
    refused = [("POST", "/repos/acme/other/statuses/" + SHA), ("POST", f"{BASE}/merges"), ("DELETE", BASE)]
    refused += [("PATCH", f"{BASE}/issues/4"), ("POST", f"{BASE}/statuses/main")]
    for method, path in refused:
        with pytest.raises(Refused):
            await github._api.change(method, path, {})
    assert vendor.seen == []
    for token, repo in (("", REPO), ("a b", REPO), ("token", "acme"), ("token", "acme/..")):
        with pytest.raises(ConfigurationError):
            client(vendor.url, token, repo)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((401, {"message": "Bad credentials"}), Permanent, "make a new token"),
        ((403, {"message": "Resource not accessible"}), Permanent, "Commit statuses, and Pull requests"),
        ((403, {"message": "You have exceeded a secondary rate limit"}), Temporary, "takes no more requests for now"),
        ({"message": "no list"}, Misshapen, "not a list"),
    ],
)
async def test_each_refusal_says_what_to_do(answer: Any, error: type, words: str, vendor: Vendor, closing) -> None:
    github = closing(client(vendor.url))
    vendor.say("GET", f"{BASE}/commits/{SHA}/pulls", answer)
    with pytest.raises(error, match=words):
        await github.comment(SHA, MARK, MARK)


async def test_the_comment_waits_for_a_verdict_and_keeps_every_look(closing) -> None:
    """While it is watched only the status says so; foreign text is no markup, and a long one is cut."""
    looks = [(1_790_000_000.0, "watched", "dep-44 is live"), (1_790_001_800.0, "good", "over @ann [x](y)")]
    async with Sandbox() as sandbox:
        posts = GitHubPosts(closing(client(sandbox.urls["github"])), status=True, comment=True)
        await posts.post("web", SHA, looks[:1])
        assert logged(sandbox, "issue_commented") == []
        await posts.post("web", SHA, looks)
        assert [one["state"] for one in logged(sandbox, "status_set")] == ["pending", "success"]
        (comment,) = logged(sandbox, "issue_commented")
    lines = comment["body"].splitlines()
    assert lines == comment_lines("web", SHA, looks)
    assert lines[:2] == [MARK, "**web: good** (`c0ffee100000`)"] and len(lines) == 9
    assert "`@`ann \\[x\\](y)" in lines[-1] and len(description("good", "x" * 300)) <= 140

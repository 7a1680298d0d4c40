"""GitHub Issues over real HTTP: the sandbox's, and a vendor with prepared answers."""

from typing import Any

import pytest

from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.tickets.github import PAGE, GitHubIssues, build
from watchdog.adapters.tickets.tracker import GoneError
from watchdog.domain.errors import ConfigurationError, OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

CANARY = "github_pat_c4n4ry_0123456789"
REPO = "acme/app"
ISSUES = f"/repos/{REPO}/issues"
LABELS = ("watchdog", "severity: medium")


def tracker(url: str, token: str = CANARY) -> GitHubIssues:
    return build(REPO, Context(FakeClock(), {"github": url}, {"WATCHDOG_GITHUB_TOKEN": token}))


@pytest.fixture
def issues(vendor: Vendor, closing) -> GitHubIssues:
    return closing(tracker(vendor.url))


async def test_requests_are_as_documented_and_nothing_else_can_be_done_with_the_token(vendor: Vendor, issues) -> None:
    """The list by state and label, newest first; the version of the API; a token, and it is nowhere else."""
    vendor.say("GET", ISSUES, [])
    vendor.say("POST", ISSUES, (201, {"number": 7, "body": "b"}))
    await issues.find("mark")
    await issues.open("title", "b", LABELS)
    listed, opened = vendor.seen
    order = {"sort": "created", "direction": "desc", "per_page": "100", "page": "1"}
    assert dict(listed.query) == {"state": "open", "labels": "watchdog", **order}
    assert opened.body == {"title": "title", "body": "b", "labels": list(LABELS)}
    assert opened.headers["x-github-api-version"] == "2022-11-28"
    assert opened.headers["authorization"] == f"Bearer {CANARY}"
    for method, path in (("POST", "/repos/acme/other/issues"), ("DELETE", ISSUES), ("PATCH", f"/repos/{REPO}")):
        with pytest.raises(Refused):
            await issues._api.change(method, path, {})
    assert len(vendor.seen) == 2


def issue(number: int, body: str = "", **more: Any) -> dict[str, Any]:
    return {"number": number, "body": body, **more}


async def test_the_oldest_of_several_is_found_over_pages_and_pull_requests_are_none(vendor: Vendor, issues) -> None:
    first = [issue(900, "mark "), issue(899, "mark ", pull_request={}), *(issue(n) for n in range(898, 800, -1))]
    assert len(first) == PAGE
    older = [issue(20, "mark "), issue(19, None), "nothing", issue(5, "mark ")]  # type: ignore[arg-type]
    for second, number in ((older, 5), ([issue(5)], 900)):
        vendor.say("GET", ISSUES, first, second)
        found = await issues.find("mark ")
        assert found is not None and found.number == number
    vendor.say("GET", ISSUES, [issue(n) for n in range(PAGE)])
    vendor.seen.clear()
    assert await issues.find("mark ") is None and len(vendor.seen) == 5


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((401, {"message": "Bad credentials"}), Permanent, "make a new token and set WATCHDOG_GITHUB_TOKEN"),
        ((403, {"message": f"Not accessible {CANARY}"}), Permanent, "Issues: read and write"),
        (404, Permanent, "check channels.tickets.github"),
        ((410, {"message": "Issues are disabled for this repo"}), Permanent, "switch them on"),
        ((422, {"message": "Validation Failed"}), Permanent, "limit who opens issues"),
        ((403, {"message": "limit"}, {"retry-after": "60"}), Temporary, "no more requests for now"),
        ((403, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1750000090"}), Temporary, "no more requests"),
        ((429, {"message": "slow down"}, {"retry-after": "60"}), Temporary, "429"),
        (503, OutcomeUnknown, "may or may not have happened"),
    ],
)
async def test_each_refusal_says_what_to_do(vendor: Vendor, answer: Any, error: type, words: str, issues) -> None:
    vendor.say("POST", ISSUES, answer)
    with pytest.raises(error, match=words) as caught:
        await issues.open("title", "body", LABELS)
    assert CANARY not in str(caught.value)
    assert not isinstance(caught.value, Temporary) or caught.value.retry_after_seconds > 0
    assert len(vendor.seen) == 1


@pytest.mark.parametrize("status", [301, 404, 410])
async def test_a_ticket_that_is_not_there_is_gone_and_a_repository_that_moved_is_told(
    vendor: Vendor, status: int, issues
) -> None:
    vendor.say("POST", f"{ISSUES}/7/comments", status)
    vendor.say("PATCH", f"{ISSUES}/7", status)
    vendor.say("GET", f"{ISSUES}/7", status)
    for call in (issues.comment(7, "more"), issues.close_ticket(7)):
        with pytest.raises(GoneError):
            await call
    vendor.say("GET", ISSUES, 301)
    with pytest.raises(Permanent, match="renamed or moved"):
        await issues.find("mark ")


async def test_an_unknown_outcome_of_a_ticket_that_is_there_stays_unknown(vendor: Vendor, issues) -> None:
    vendor.say("POST", f"{ISSUES}/7/comments", 502)
    vendor.say("GET", f"{ISSUES}/7", issue(7))
    with pytest.raises(OutcomeUnknown):
        await issues.comment(7, "more")


async def test_a_locked_conversation_is_told(sandbox: Sandbox, closing) -> None:
    """It is closed all the same; a comment would be refused."""
    issues = closing(tracker(sandbox.urls["github"], keys.GITHUB_TOKEN))
    assert "acme/app takes issues" in await issues.check()
    opened = await issues.open("web is slow", "slow", LABELS)
    sandbox.issues.all[0].locked = True
    assert await issues.close_ticket(opened.number) is False
    with pytest.raises(Permanent, match="locked"):
        await issues.comment(opened.number, "more")


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({"has_issues": False}, Permanent, "takes no issues"),
        ({"has_issues": True, "archived": True}, Permanent, "takes no issues"),
        ({"has_issues": True, "permissions": {"push": False}}, Permanent, "drop the label watchdog"),
        ({"message": "welcome"}, Temporary, "not a repository"),
    ],
)
async def test_check_finds_what_would_fail_later(
    vendor: Vendor, said: dict[str, Any], error: type, words: str, issues
) -> None:
    vendor.say("GET", f"/repos/{REPO}", said)
    with pytest.raises(error, match=words):
        await issues.check()
    assert vendor.count("GET") == len(vendor.seen)


async def test_an_answer_that_names_no_issue_is_looked_up(vendor: Vendor, issues) -> None:
    """By the mark in the first line of its body; where it is not listed, the error says so."""
    vendor.say("POST", ISSUES, (201, {"odd": True}))
    vendor.say("GET", ISSUES, [issue(7, "<!-- m -->\nbody")], [])
    assert (await issues.open("title", "<!-- m -->\nbody", LABELS)).number == 7
    with pytest.raises(Temporary, match="does not say which"):
        await issues.open("title", "<!-- m -->\nbody", LABELS)


def test_a_token_that_cannot_be_one_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError) as caught:
        tracker("http://127.0.0.1:9", token="two words")
    assert "two words" not in str(caught.value)

"""GitHub's answers into commits: one request, no write, no token in any word; against a fake, and the sandbox."""

import pytest

from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.github import repo_path
from watchdog.adapters.repositories.github import (
    EVERY_SECONDS,
    EVERY_SECONDS_WITHOUT_TOKEN,
    TITLE_MAX,
    GitHub,
    build_github,
    parse_commit,
)
from watchdog.domain.deploys import Commit
from watchdog.domain.errors import Permanent, Refused, Temporary
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.world import COMMITS

REPO = "https://github.com/acme/web"
PATH = "/repos/acme/web/commits"
CANARY = "github_pat_c4n4ry_0123456789"
SECONDARY = {"x-ratelimit-remaining": "4990", "x-ratelimit-reset": "1750003000"}


@pytest.fixture
def github(vendor: Vendor, closing) -> GitHub:
    return closing(build_github(CANARY, vendor.url, FakeClock()))


async def test_the_sandbox_is_read(sandbox: Sandbox, closing) -> None:
    github = closing(build_github(keys.GITHUB_TOKEN, sandbox.urls["github"], FakeClock()))
    first, *others = await github.commits(REPO, "main")
    assert (first.sha, first.title, first.author) == (*COMMITS["41"], "Ann")
    assert [one.sha for one in others] == [COMMITS["40"][0], COMMITS["39"][0]]
    assert first.at > others[0].at > others[1].at


@pytest.mark.parametrize(("token", "every"), [(CANARY, EVERY_SECONDS), ("", EVERY_SECONDS_WITHOUT_TOKEN)])
async def test_one_request_is_sent_as_documented(vendor: Vendor, token: str, every: float, closing) -> None:
    """The branch is a parameter, whatever it is called; without a token none is sent, and the pace is slower.

    Nothing but reads leaves.
    """
    vendor.say("GET", PATH, [])
    github = closing(build_github(token, vendor.url, FakeClock()))
    assert github.every_seconds == every and await github.commits(REPO, "feature/a&b=c") == ()
    (request,) = vendor.seen
    assert dict(request.query) == {"sha": "feature/a&b=c", "per_page": "100"}
    assert request.headers["accept"] == "application/vnd.github+json"
    assert request.headers.get("authorization") == (f"Bearer {token}" if token else None)
    with pytest.raises(Refused):
        await github._api.change("POST", PATH, {})
    assert vendor.seen == [request]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (404, Permanent, "private repository needs WATCHDOG_GITHUB_TOKEN"),
        ((401, {"message": "Bad credentials"}), Permanent, "refused our key"),
        (301, Permanent, "renamed or moved"),
        ((403, {"message": "Resource not accessible"}), Permanent, "Resource not accessible"),
        ((403, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1750000900"}), Temporary, "no more requests"),
        ((403, {}, {"retry-after": "60"}), Temporary, "no more requests"),
        ((403, {"message": "You have exceeded a secondary rate limit."}, SECONDARY), Temporary, "no more requests"),
        (503, Temporary, "503"),
        ({"not": "a list"}, Temporary, "not a JSON list"),
    ],
)
async def test_each_refusal_says_what_to_do(vendor: Vendor, answer: object, error: type, words: str, github) -> None:
    vendor.say("GET", PATH, answer)
    with pytest.raises(error, match=words) as caught:
        await github.commits(REPO, "main")
    assert CANARY not in str(caught.value)
    assert getattr(caught.value, "retry_after_seconds", 0.0) <= 900, "the hour's end is not that of a secondary limit"


@pytest.mark.parametrize("repo", [REPO, REPO + ".git", REPO + "/"])
def test_an_address_on_github_is_a_path(repo: str) -> None:
    assert repo_path(repo) == "/repos/acme/web"


ELSEWHERE = ("https://gitlab.com/acme/web", "https://github.com.evil.example/acme/web", "http://github.com/acme/web")
NO_PATH = ("acme", "acme/..", "acme/web/../../user", "acme/web?x=y")


@pytest.mark.parametrize(
    "repo", [*ELSEWHERE, *(f"https://github.com/{path}" for path in NO_PATH), "git@github.com:acme/web.git", ""]
)
def test_any_other_address_is_refused(repo: str) -> None:
    with pytest.raises(Permanent, match=r"not on github\.com"):
        repo_path(repo)


@pytest.mark.parametrize("raw", [None, "x", {}, {"sha": None}, {"sha": 5}])
def test_what_is_no_commit_is_none(raw: object) -> None:
    assert parse_commit(raw) is None


def test_foreign_text_is_one_bounded_line_and_what_is_missing_is_empty() -> None:
    message = "\n\x1b[31mFix\ta\u2028thing " + "x" * 500 + "\n\nCo-authored-by: somebody"
    commit = parse_commit({"sha": "c" * 40, "commit": {"message": message, "author": {"name": "A\x07nn"}}})
    assert commit is not None and commit.title.startswith("[31mFix a thing x")
    assert (len(commit.title), commit.author, commit.at) == (TITLE_MAX, "A nn", 0.0)
    assert parse_commit({"sha": "c1", "author": None, "commit": None}) == Commit("c1", 0.0)
    assert parse_commit({"sha": "c1", "author": {"login": "ann"}}) == Commit("c1", 0.0, "", "ann")


A, B = "a" * 40, "b" * 40
COMPARE = f"/repos/acme/web/compare/{A}...{B}"


async def test_the_sandbox_compares(sandbox: Sandbox, closing) -> None:
    """Commits newest first with their authors, the files, and where to see it all; the other way round it is behind."""
    github = closing(build_github(keys.GITHUB_TOKEN, sandbox.urls["github"], FakeClock()))
    base, head = COMMITS["39"][0], COMMITS["41"][0]
    found = await github.compare(REPO, base, head)
    assert (found.status, found.total) == ("ahead", 2)
    assert [(one.sha, one.author) for one in found.commits] == [(head, "Ann"), (COMMITS["40"][0], "Ann")]
    assert found.files == ("app/list.py", "app/engine.py") and found.href == f"{REPO}/compare/{base}...{head}"
    assert (await github.compare(REPO, head, base)).status == "behind"
    assert len(sandbox.events.requests("github")) == 2


def commit(sha: str) -> dict[str, object]:
    return {"sha": sha, "commit": {"message": f"Say {sha}", "author": {"name": "Ann"}}}


async def test_of_many_commits_the_newest_are_read_with_one_more_request(vendor: Vendor, github) -> None:
    """The files stand on the first page, the newest commits on the last."""
    first = {"status": "ahead", "total_commits": 250, "commits": [commit("c1")] * 100, "files": [{"filename": "a.py"}]}
    vendor.say("GET", COMPARE, first, {"commits": [commit("c249"), commit("c250")], "files": []})
    found = await github.compare(REPO, A, B)
    assert [one.sha for one in found.commits] == ["c250", "c249"] and (found.total, found.files) == (250, ("a.py",))
    assert [dict(one.query)["page"] for one in vendor.seen] == ["1", "3"]
    assert [sha for sha, _ in found.messages] == ["c1"] * 100 + ["c249", "c250"] and not found.is_whole


async def test_foreign_names_are_bounded_lines(vendor: Vendor, github) -> None:
    files = [{"filename": "a\n\x1b[31m" + "x" * 500}, {"filename": None}, "no file", *[{"filename": "f"}] * 400]
    vendor.say("GET", COMPARE, {"status": "ahead", "total_commits": 1, "commits": ["no"], "files": files})
    found = await github.compare(REPO, A, B)
    assert found.commits == () and len(found.files) == 300
    assert found.files[0].isprintable() and len(found.files[0]) <= 200


async def test_a_long_message_is_read_whole(vendor: Vendor, github) -> None:
    """A marker may stand in the middle of a squashed merge; a commit without an id is none."""
    said = "Drop a column\n" + "x" * 9000 + "\nwatchdog: migration\n" + "y" * 9000
    long = {"sha": "c1", "commit": {"message": said}}
    vendor.say("GET", COMPARE, {"status": "ahead", "total_commits": 2, "commits": [long, {"commit": None}, "no"]})
    assert (await github.compare(REPO, A, B)).messages == (("c1", said),)


@pytest.mark.parametrize(("base", "head"), [("main", B), (A, "../../x"), (A, ""), ("sha256:" + A, B)])
async def test_only_commits_are_compared(vendor: Vendor, base: str, head: str, github) -> None:
    with pytest.raises(Permanent, match="not named by a commit"):
        await github.compare(REPO, base, head)
    assert vendor.seen == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [(404, Permanent), (503, Temporary), ([], Temporary), ({"status": "new", "total_commits": 1}, Temporary)],
)
async def test_what_is_no_comparison_is_told(vendor: Vendor, answer: object, error: type[Exception], github) -> None:
    vendor.say("GET", COMPARE, answer)
    with pytest.raises(error):
        await github.compare(REPO, A, B)

"""GitHub: the commits of a branch, and the comparison of two commits. It only reads.

Rule 1: without a token, GitHub answers 60 requests an hour from one address: we ask rarely, and once for each round.
Rule 2: a comparison is two requests at most: its first page has the files, its last the newest commits.
Rule 3: of a commit, the first line of its message is kept, on one line and limited: it is foreign text. A comparison
keeps whole messages as well, limited: a person may have marked a commit there.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from watchdog.adapters.api_client import ApiClient, PermanentAnswer
from watchdog.adapters.github import TOKEN, headers, repo_path, unless_limited
from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.code_comparison import FILES_MAX, Comparison, is_commit
from watchdog.domain.deploys import Commit
from watchdog.domain.errors import Misshapen, Permanent
from watchdog.domain.units import parse_time
from watchdog.ports import Clock

COMMITS_MAX = 100
"""The commits of one request; GitHub's own maximum."""
TITLE_MAX = 100
AUTHOR_MAX = 40
FILE_MAX = 200
STATUSES = ("ahead", "behind", "identical", "diverged")
EVERY_SECONDS = 60.0
EVERY_SECONDS_WITHOUT_TOKEN = 300.0
HINTS = MappingProxyType(
    {
        301: "the repository was renamed or moved: give the service its new address on Render",
        401: f"make a new token and set {TOKEN}",
        404: f"a private repository needs {TOKEN} (fine-grained, Contents: read-only, this repository)",
        409: "the repository is empty",
    }
)


class GitHub:
    """Reads branches on github.com (implements ports.Repository)."""

    def __init__(self, api: ApiClient, clock: Clock, every_seconds: float) -> None:
        self.every_seconds = every_seconds
        self._api = api
        self._clock = clock

    async def commits(self, repo: str, branch: str) -> Sequence[Commit]:
        """Return the newest commits of a branch, newest first, at most 100.

        Raises Temporary, or Permanent, also for a repository that is not on github.com.
        """
        answer = await self._get(f"{repo_path(repo)}/commits", {"sha": branch, "per_page": str(COMMITS_MAX)})
        if not isinstance(answer, list):
            raise Misshapen("GitHub answered something that is not a JSON list")
        return _commits(answer)

    async def compare(self, repo: str, base: str, head: str) -> Comparison:
        """Return the comparison of two commits.

        Raises Temporary or Permanent, also for a text that is no commit's id.
        """
        return (await self.compare_with_merges(repo, base, head))[0]

    async def compare_with_merges(self, repo: str, base: str, head: str) -> tuple[Comparison, int]:
        """Return the same, and how many of its commits that were read are merges."""
        # Both go into the path: a branch name or `..` would ask for something else.
        if not (is_commit(base) and is_commit(head)):
            raise Permanent("what was deployed is not named by a commit, so nothing can be compared")
        path = f"{repo_path(repo)}/compare/{base}...{head}"
        first = mapping(await self._get(path, {"per_page": str(COMMITS_MAX), "page": "1"}))
        status, total = text(first.get("status")), first.get("total_commits")
        if status not in STATUSES or not isinstance(total, int):
            raise Misshapen("GitHub answered something that is not a comparison")
        # GitHub lists a comparison oldest first; we show the newest first.
        commits, pages = _commits(first.get("commits"))[::-1], -(-total // COMMITS_MAX)
        messages, merges = _messages(first.get("commits")), _merges(first.get("commits"))
        if pages > 1:
            last = mapping(await self._get(path, {"per_page": str(COMMITS_MAX), "page": str(pages)}))
            commits = _commits(last.get("commits"))[::-1]
            messages += _messages(last.get("commits"))
            merges += _merges(last.get("commits"))
        files = (plain(text(mapping(file).get("filename")), FILE_MAX) for file in _listed(first.get("files")))
        href = f"https://github.com{repo_path(repo).removeprefix('/repos')}/compare/{base}...{head}"
        names = tuple(filter(None, files))[:FILES_MAX]
        return Comparison(base, head, status, total, commits, names, href, messages), merges

    async def close(self) -> None:
        """Close connections."""
        await self._api.close()

    async def _get(self, path: str, params: Mapping[str, str]) -> object:
        try:
            return (await self._api.get(path, params)).json
        except PermanentAnswer as error:
            raise unless_limited(error, self._clock.now()) from None


def _listed(raw: object) -> list[Any]:
    return raw if isinstance(raw, list) else []


def _commits(raw: object) -> tuple[Commit, ...]:
    """Return the commits among the first hundred entries."""
    return tuple(commit for commit in map(parse_commit, _listed(raw)[:COMMITS_MAX]) if commit is not None)


def _messages(raw: object) -> tuple[tuple[str, str], ...]:
    """Return commit and message of the first hundred entries.

    Whole ones, as a marker may stand anywhere in them: the size of an answer is limited, and they are not kept.
    """
    bodies = map(mapping, _listed(raw)[:COMMITS_MAX])
    said = ((text(one.get("sha"))[:64], text(mapping(one.get("commit")).get("message"))) for one in bodies)
    return tuple((sha, message) for sha, message in said if sha)


def _merges(raw: object) -> int:
    """Return how many of the first hundred entries have several parents."""
    return sum(len(_listed(one.get("parents"))) > 1 for one in map(mapping, _listed(raw)[:COMMITS_MAX]))


def parse_commit(raw: object) -> Commit | None:
    """Return a commit, or None when it has no sha. Its time is the committer's: the time of a merge or rebase."""
    body = mapping(raw)
    sha = text(body.get("sha"))
    if not sha:
        return None
    commit = mapping(body.get("commit"))
    said = text(commit.get("message")).lstrip().partition("\n")[0]
    at = parse_time(mapping(commit.get("committer")).get("date"))
    return Commit(sha[:64], at or 0.0, plain(said, TITLE_MAX), plain(_author(body, commit), AUTHOR_MAX))


def _author(body: Mapping[str, Any], commit: Mapping[str, Any]) -> str:
    """Return the author's login, else the name in the commit itself."""
    return text(mapping(body.get("author")).get("login")) or text(mapping(commit.get("author")).get("name"))


def build_github(token: str, base_url: str, clock: Clock, guard: AddressGuard | None = None) -> GitHub:
    """Return the client; without a token (empty) it sees public repositories only, and asks rarely.

    Raises Permanent for a token that cannot be sent.
    """
    api = ApiClient(
        "GitHub",
        base_url,
        headers=headers(token),
        clock=clock,
        read_only=True,
        # Without a token each request counts against 60 an hour, too few for second attempts.
        attempts=2 if token else 1,
        guard=guard,
        hints=HINTS,
    )
    return GitHub(api, clock, EVERY_SECONDS if token else EVERY_SECONDS_WITHOUT_TOKEN)

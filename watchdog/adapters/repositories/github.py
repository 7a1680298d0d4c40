"""GitHub: which commits are on a branch. One request, which only reads.

Rule 1: without a token, GitHub answers 60 requests an hour from one address: we ask rarely, and once for each look.
Rule 2: of a commit, the first line of its message is kept, on one line and bounded: it is foreign text.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from watchdog.adapters.addresses import AddressGuard
from watchdog.adapters.github import TOKEN, headers, repo_path, unless_limited
from watchdog.adapters.http import ApiClient, PermanentAnswer
from watchdog.adapters.platforms.render_parse import mapping, parse_time, text
from watchdog.domain.deploys import Commit
from watchdog.domain.errors import Temporary
from watchdog.ports import Clock

COMMITS_MAX = 100
"""Commits asked for at once; GitHub gives no more."""
TITLE_MAX = 100
AUTHOR_MAX = 40
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
        try:
            answer = await self._api.get(f"{repo_path(repo)}/commits", {"sha": branch, "per_page": str(COMMITS_MAX)})
        except PermanentAnswer as error:
            raise unless_limited(error, self._clock.now()) from None
        if not isinstance(answer.json, list):
            raise Temporary("GitHub answered something that is not a JSON list")
        return tuple(commit for commit in map(parse_commit, answer.json[:COMMITS_MAX]) if commit is not None)

    async def close(self) -> None:
        """Close connections."""
        await self._api.close()


def parse_commit(raw: object) -> Commit | None:
    """Return a commit, or None when it has no sha. Its time is the committer's: when it was merged or made anew."""
    body = mapping(raw)
    sha = text(body.get("sha"))
    if not sha:
        return None
    commit = mapping(body.get("commit"))
    said = text(commit.get("message")).lstrip().partition("\n")[0]
    at = parse_time(mapping(commit.get("committer")).get("date"))
    return Commit(sha[:64], at or 0.0, _one_line(said, TITLE_MAX), _one_line(_author(body, commit), AUTHOR_MAX))


def _author(body: Mapping[str, Any], commit: Mapping[str, Any]) -> str:
    """Return the author's login, else the name in the commit itself."""
    return text(mapping(body.get("author")).get("login")) or text(mapping(commit.get("author")).get("name"))


def _one_line(words: str, most: int) -> str:
    plain = " ".join("".join(mark if mark.isprintable() else " " for mark in words[: 4 * most]).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


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
        attempts=2 if token else 1,
        guard=guard,
        hints=HINTS,
    )
    return GitHub(api, clock, EVERY_SECONDS if token else EVERY_SECONDS_WITHOUT_TOKEN)

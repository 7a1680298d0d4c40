"""GitHub: which commits are on a branch. One request, which only reads.

Rule 1: without a token, GitHub answers 60 requests an hour from one address: we ask rarely, and once for each look.
Rule 2: of a commit, the first line of its message is kept, on one line and bounded: it is foreign text.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from watchdog.adapters.addresses import AddressGuard
from watchdog.adapters.http import ApiClient, PermanentAnswer
from watchdog.adapters.platforms.render_parse import mapping, parse_time, text
from watchdog.domain.deploys import Commit
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock

TOKEN = "WATCHDOG_GITHUB_TOKEN"  # noqa: S105  the name of the variable
API_VERSION = "2022-11-28"
COMMITS_MAX = 100
"""Commits asked for at once; GitHub gives no more."""
TITLE_MAX = 100
AUTHOR_MAX = 40
EVERY_SECONDS = 60.0
EVERY_SECONDS_WITHOUT_TOKEN = 300.0
RATE_LIMITED = "GitHub takes no more requests for now (60 an hour without a token: set WATCHDOG_GITHUB_TOKEN)"
_PLACE = re.compile(r"https://github\.com/([A-Za-z0-9-]{1,39})/([A-Za-z0-9_.-]{1,100}?)(?:\.git)?/?")
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

    def __init__(self, api: ApiClient, every_seconds: float) -> None:
        self.every_seconds = every_seconds
        self._api = api

    async def commits(self, repo: str, branch: str) -> Sequence[Commit]:
        """Return the newest commits of a branch, newest first, at most 100.

        Raises Temporary, or Permanent, also for a repository that is not on github.com.
        """
        try:
            answer = await self._api.get(f"{repo_path(repo)}/commits", {"sha": branch, "per_page": str(COMMITS_MAX)})
        except PermanentAnswer as error:
            if error.status == 403 and _is_limited(error.answer.headers):
                raise Temporary(RATE_LIMITED) from None
            raise
        if not isinstance(answer.json, list):
            raise Temporary("GitHub answered something that is not a JSON list")
        return tuple(commit for commit in map(parse_commit, answer.json[:COMMITS_MAX]) if commit is not None)

    async def close(self) -> None:
        """Close connections."""
        await self._api.close()


def repo_path(repo: str) -> str:
    """Return `/repos/OWNER/NAME` of a repository's address. Raises Permanent for one that is not on github.com."""
    found = _PLACE.fullmatch(repo)
    if found is None or found[2] in (".", ".."):
        raise Permanent("the repository is not on github.com, and no other place can be asked")
    return f"/repos/{found[1]}/{found[2]}"


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


def _is_limited(headers: Mapping[str, str]) -> bool:
    return headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers


def build_github(token: str, base_url: str, clock: Clock, guard: AddressGuard | None = None) -> GitHub:
    """Return the client; without a token (empty) it sees public repositories only, and asks rarely.

    Raises Permanent for a token that cannot be sent.
    """
    headers = {"accept": "application/vnd.github+json", "x-github-api-version": API_VERSION}
    api = ApiClient(
        "GitHub",
        base_url,
        headers=headers | ({"authorization": f"Bearer {token}"} if token else {}),
        clock=clock,
        read_only=True,
        attempts=2 if token else 1,
        guard=guard,
        hints=HINTS,
    )
    return GitHub(api, EVERY_SECONDS if token else EVERY_SECONDS_WITHOUT_TOKEN)

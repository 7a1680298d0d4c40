"""The shared parts of all calls to GitHub: the headers, the name of a repository, and the rate limit.

Rule: GitHub says "too many requests" with 403 as well as with 429. A 403 with its limit's headers is temporary; so is
one without them whose message names a rate limit: the secondary limits often have no other sign, as its docs say.
"""

import re
from collections.abc import Mapping

from watchdog.adapters.api_client import Answer, ApiClient, PermanentAnswer
from watchdog.adapters.options import Context
from watchdog.domain.errors import ConfigurationError, Mistake, Permanent, Temporary

TOKEN = "WATCHDOG_GITHUB_TOKEN"  # noqa: S105  the name of the variable
API_VERSION = "2022-11-28"
WRITE_TIMEOUT_SECONDS, ATTEMPTS = 8.0, 2
"""Attempts of a read: the outbox gives one send 30 s."""
LIMITED_SECONDS = 60.0
"""GitHub's own advice for its secondary limit, where it names no time."""
RATE_LIMITED = f"GitHub takes no more requests for now (60 an hour without a token: set {TOKEN})"
OWNER_AND_NAME = re.compile(r"([A-Za-z0-9-]{1,39})/([A-Za-z0-9_.-]{1,100})")
_ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9-]{1,39})/([A-Za-z0-9_.-]{1,100}?)(?:\.git)?/?")


def headers(token: str) -> dict[str, str]:
    """Return the headers of every request; without a token (empty) the request is anonymous."""
    named = {"authorization": f"Bearer {token}"} if token else {}
    return {"accept": "application/vnd.github+json", "x-github-api-version": API_VERSION, **named}


def writing_client(context: Context, changes: re.Pattern[str], hints: Mapping[int, str]) -> ApiClient:
    """Return a client with the token, whose only changes are the calls (METHOD PATH) that the pattern matches.

    Raises ConfigurationError for a token that is not set or malformed.
    """
    token = context.secrets.get(TOKEN, "").strip()
    if not re.fullmatch(r"[!-~]{1,300}", token):
        raise ConfigurationError((Mistake(TOKEN, "not set, or not a token", "copy it from GitHub: github_pat_…"),))
    return ApiClient(
        "GitHub",
        context.endpoints["github"],
        headers=headers(token),
        clock=context.clock,
        timeout_seconds=WRITE_TIMEOUT_SECONDS,
        attempts=ATTEMPTS,
        # Inside the client, as on Render: a token for many repositories still changes only this one.
        allow=lambda method, path, body: changes.fullmatch(f"{method} {path}") is not None,
        guard=context.guard,
        hints=hints,
    )


def repo_path(repo: str) -> str:
    """Return `/repos/OWNER/NAME` of a repository's address. Raises Permanent for one that is not on github.com."""
    found = _ADDRESS.fullmatch(repo)
    # The name pattern allows dots; `..` would climb out of /repos/.
    if found is None or found[2] in (".", ".."):
        raise Permanent("the repository is not on github.com, and no other place can be asked")
    return f"/repos/{found[1]}/{found[2]}"


def is_on_github(repo: str) -> bool:
    """Return whether a repository's address is on github.com."""
    return _ADDRESS.fullmatch(repo) is not None


def unless_limited(error: PermanentAnswer, now: float) -> PermanentAnswer | Temporary:
    """Return the refusal, or Temporary where it is the rate limit's. `now` is UTC epoch seconds."""
    if error.status != 403 or not _is_limited(error.answer):
        return error
    return Temporary(RATE_LIMITED, retry_after_seconds=_wait_seconds(error.answer.headers, now))


def _is_limited(answer: Answer) -> bool:
    said = answer.json.get("message") if isinstance(answer.json, Mapping) else None
    named = isinstance(said, str) and "rate limit" in said.lower()
    return named or "retry-after" in answer.headers or _is_used_up(answer.headers)


def _is_used_up(found: Mapping[str, str]) -> bool:
    return found.get("x-ratelimit-remaining") == "0"


def _wait_seconds(found: Mapping[str, str], now: float) -> float:
    """Return the seconds that GitHub asks us to wait."""
    # The window's end counts only where the window is used up: a secondary limit ends in a minute, not with the hour.
    ends = {"retry-after": 0.0} | ({"x-ratelimit-reset": now} if _is_used_up(found) else {})
    for name, since in ends.items():
        if re.fullmatch(r"\d{1,12}", found.get(name, "")):
            return min(max(float(found[name]) - since, 1.0), 3600.0)
    return LIMITED_SECONDS

"""Posts the verdict on a deploy to GitHub: a commit status, and one comment on the pull requests of the commit.

Rule 1: before each post GitHub is asked what is there: nothing that stands already is posted again.
Rule 2: a lost answer is looked up, never repeated blindly; the next run asks again and finds it.
Rule 3: only comments of people with a right to the repository count as ours: a stranger may copy the mark.
Rule 4: its only changes are statuses of commits, and comments, in one repository, even if the token allows more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from watchdog.adapters.api_client import Answer, ApiClient, PermanentAnswer
from watchdog.adapters.github import OWNER_AND_NAME, TOKEN, unless_limited, writing_client
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.options import Context
from watchdog.domain.errors import ConfigurationError, Misshapen, Mistake, OutcomeUnknown
from watchdog.ports import Clock

PAGE, PAGES_MAX, PULLS_MAX = 100, 10, 10
LOOKS, LOOK_AGAIN_SECONDS = 3, 2.0
"""How often a post without an answer is looked for."""
OURS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""Who may write in a repository, as GitHub names the author of a comment; an app's comment is of a Bot."""
HINTS = MappingProxyType(
    {
        401: f"make a new token and set {TOKEN}",
        403: f"give {TOKEN} the rights Commit statuses, and Pull requests: read and write on this repository",
        404: f"check the repository's name, and that {TOKEN} may see it",
        422: "GitHub refuses it: does the repository have this commit?",
    }
)


@dataclass(frozen=True, slots=True)
class Status:
    """A commit status."""

    context: str
    state: str
    description: str


class GitHubVerdicts:
    """Statuses and comments of one repository, `owner/name`. Raises Temporary, Permanent or OutcomeUnknown."""

    def __init__(self, api: ApiClient, repo: str, clock: Clock) -> None:
        self._api = api
        self._base = f"/repos/{repo}"
        self._clock = clock

    async def status(self, sha: str, status: Status) -> bool:
        """Set the status of a commit; return False if it stood there already."""
        if await self._newest_status(sha, status.context) == status:
            return False
        body = {"state": status.state, "context": status.context, "description": status.description}
        try:
            await self._change("POST", f"/statuses/{sha}", body)
        except OutcomeUnknown:
            for _ in range(LOOKS):
                await self._clock.sleep(LOOK_AGAIN_SECONDS)
                if await self._newest_status(sha, status.context) == status:
                    return True
            raise
        return True

    async def comment(self, sha: str, mark: str, body: str) -> int:
        """Put the comment on each open pull request of the commit, or the newest one; return how many there are."""
        found = await self._list(f"/commits/{sha}/pulls", 1)
        pulls = [one for one in map(mapping, found) if isinstance(one.get("number"), int)]
        # After a merge none is open: the newest of them is the one that brought the commit.
        chosen = [one for one in pulls if one.get("state") == "open"] or pulls[:1]
        for one in chosen[:PULLS_MAX]:
            await self._comment_on(one["number"], mark, body)
        return len(chosen)

    async def close(self) -> None:
        """Close connections."""
        await self._api.close()

    async def _newest_status(self, sha: str, context: str) -> Status | None:
        for one in map(mapping, await self._list(f"/commits/{sha}/statuses", 1)):
            if one.get("context") == context:
                return Status(context, text(one.get("state")), text(one.get("description")))
        return None

    async def _comment_on(self, pull: int, mark: str, body: str) -> None:
        known = await self._known(pull, mark)
        if known is not None and known.get("body") == body:
            return
        try:
            if known is not None:
                await self._change("PATCH", f"/issues/comments/{known['id']}", {"body": body})
            else:
                await self._change("POST", f"/issues/{pull}/comments", {"body": body})
        except OutcomeUnknown:
            for _ in range(LOOKS):
                await self._clock.sleep(LOOK_AGAIN_SECONDS)
                again = await self._known(pull, mark)
                if again is not None and again.get("body") == body:
                    return
            raise

    async def _known(self, pull: int, mark: str) -> Mapping[str, Any] | None:
        """Return the oldest comment of ours that begins with the mark."""
        for page in range(1, PAGES_MAX + 1):
            found = await self._list(f"/issues/{pull}/comments", page)
            for one in map(mapping, found):
                if isinstance(one.get("id"), int) and text(one.get("body")).startswith(mark) and _is_ours(one):
                    return one
            if len(found) < PAGE:
                break
        return None

    async def _list(self, path: str, page: int) -> list[Any]:
        try:
            answer = await self._api.get(f"{self._base}{path}", {"per_page": str(PAGE), "page": str(page)})
        except PermanentAnswer as error:
            raise unless_limited(error, self._clock.now()) from None
        if not isinstance(answer.json, list):
            raise Misshapen("GitHub answered something that is not a list")
        return answer.json

    async def _change(self, method: str, path: str, body: object) -> Answer:
        try:
            return await self._api.change(method, f"{self._base}{path}", body)
        except PermanentAnswer as error:
            raise unless_limited(error, self._clock.now()) from None


def _is_ours(comment: Mapping[str, Any]) -> bool:
    bot = mapping(comment.get("user")).get("type") == "Bot"
    return bot or comment.get("author_association") in OURS


def build(repo: str, context: Context) -> GitHubVerdicts:
    """Build the client. Raises ConfigurationError for a repository or a token that is none."""
    found = OWNER_AND_NAME.fullmatch(repo)
    if found is None or found[2] in (".", ".."):
        raise ConfigurationError((Mistake("--repo", "not a repository", "write owner/name, as in acme/app"),))
    base = re.escape(f"/repos/{repo}")
    changes = re.compile(rf"POST {base}/(statuses/[0-9a-f]{{40}}|issues/\d+/comments)|PATCH {base}/issues/comments/\d+")
    return GitHubVerdicts(writing_client(context, changes, HINTS), repo, context.clock)

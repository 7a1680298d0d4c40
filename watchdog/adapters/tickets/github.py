"""Tickets as GitHub Issues of one repository.

Rule 1: the list of open issues with our label is read, never the search, which is minutes behind.
Rule 2: its only changes are opening, commenting and closing, even if the token allows more.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator

from watchdog.adapters.api_client import Answer, ApiClient, PermanentAnswer
from watchdog.adapters.github import OWNER_AND_NAME, TOKEN, unless_limited, writing_client
from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.options import Context
from watchdog.adapters.tickets.tracker import LABEL, GoneError, Ticket
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Misshapen, OutcomeUnknown, Permanent, Temporary
from watchdog.ports import Clock

__all__ = ["TOKEN", "GitHubIssues", "Place", "build", "check_place"]

PAGE, PAGES_MAX = 100, 5
"""Pages of our open tickets that are searched, newest first."""
RIGHTS = f"give {TOKEN} the right Issues: read and write on this repository"
HINTS = MappingProxyType(
    {
        301: "the repository was renamed or moved: write its new name under channels.tickets.github",
        401: f"make a new token and set {TOKEN}",
        403: f"{RIGHTS}; an organization may have to approve the token first",
        404: f"check channels.tickets.github, and {RIGHTS}",
        410: "issues are switched off: switch them on in the repository's settings, or name another repository",
        422: "GitHub refuses this issue; the repository may limit who opens issues",
    }
)
GONE = (301, 404, 410)


def check_place(written: str) -> str:
    """Return the name of a repository. Raises ValueError for one that is none."""
    found = OWNER_AND_NAME.fullmatch(written)
    if found is None or found[2] in (".", ".."):
        raise ValueError("not a repository: write owner/name, as in acme/app")
    return written


Place = Annotated[str, AfterValidator(check_place), written_as(f"^{OWNER_AND_NAME.pattern}$", "acme/app")]
"""A repository, written owner/name."""


class GitHubIssues:
    """The issues of one repository (implements tracker.Tracker)."""

    name = "GitHub"

    def __init__(self, api: ApiClient, repo: str, clock: Clock) -> None:
        self._api = api
        self._repo = repo
        self._clock = clock

    async def find(self, mark: str, labels: tuple[str, ...] = (LABEL,), *, closed: bool = False) -> Ticket | None:
        """Return the oldest open issue of ours (`closed`: also a closed one) that holds the mark; searches the 500
        newest with these labels.
        """
        found = None
        for page in range(1, PAGES_MAX + 1):
            issues = await self._listed(page, labels, "all" if closed else "open")
            # Pages come newest first, so a later hit is an older ticket and replaces the earlier one.
            found = next((one for one in map(_ticket, reversed(issues)) if one and mark in one.body), found)
            if len(issues) < PAGE:
                break
        return found

    async def open(self, title: str, body: str, labels: tuple[str, ...]) -> Ticket:
        """Open an issue, with one request."""
        said = {"title": title, "body": body, "labels": list(labels)}
        opened = _ticket((await self._change("POST", "", said)).json)
        return opened or Ticket(await self._number_of(body))

    async def comment(self, number: int, body: str) -> None:
        """Add a comment."""
        await self._of_a_known_one("POST", number, "/comments", {"body": body})

    async def close_ticket(self, number: int) -> bool:
        """Close an issue as completed; return False if its conversation is locked."""
        answer = await self._of_a_known_one("PATCH", number, "", {"state": "closed", "state_reason": "completed"})
        # A comment on a locked issue would be refused, although the issue is closed as it should be.
        return not (isinstance(answer.json, dict) and answer.json.get("locked") is True)

    async def check(self) -> str:
        """Read the repository: it must accept issues, and the token's rights must suffice for labels, by which we find
        ours.
        """
        said = await self._repository()
        if said.get("archived") is True or said.get("has_issues") is False:
            raise Permanent(f"{self._repo} takes no issues (archived, or issues are switched off): name another")
        rights = said.get("permissions")
        # GitHub ignores labels of a user without write access, silently; the
        # next notice would then open a second ticket.
        if isinstance(rights, dict) and not rights.get("push"):
            raise Permanent(
                f"GitHub would drop the label {LABEL}: the token's owner needs write access to {self._repo}"
            )
        return f"{self._repo} takes issues; `{command_line('notify test')}` opens one and closes it"

    async def is_public(self) -> bool:
        """Return whether everyone can read its issues; True where GitHub does not say."""
        return (await self._repository()).get("private") is not True

    async def close(self) -> None:
        """Close connections."""
        await self._api.close()

    async def _repository(self) -> Mapping[str, Any]:
        said = (await self._read(f"/repos/{self._repo}", {})).json
        if not isinstance(said, dict) or not isinstance(said.get("has_issues"), bool):
            raise Misshapen("GitHub answered something that is not a repository")
        return said

    async def _listed(self, page: int, labels: tuple[str, ...], state: str) -> list[Any]:
        order = {"sort": "created", "direction": "desc", "per_page": str(PAGE), "page": str(page)}
        answer = await self._read(f"/repos/{self._repo}/issues", {"state": state, "labels": ",".join(labels), **order})
        if not isinstance(answer.json, list):
            raise Misshapen("GitHub answered something that is not a list of issues")
        return answer.json

    async def _number_of(self, body: str) -> int:
        """Return the number of an issue that was opened with an unreadable answer."""
        found = await self.find(body.partition("\n")[0])
        if found is None:
            raise Temporary("GitHub opened the ticket and does not say which")
        return found.number

    async def _of_a_known_one(self, method: str, number: int, path: str, body: object) -> Answer:
        """Change an issue. Raises GoneError for one that was removed, also after an unknown outcome."""
        try:
            try:
                return await self._change(method, f"/{number}{path}", body)
            except OutcomeUnknown:
                # Without this read, an issue deleted meanwhile would answer "unknown" at every retry.
                await self._read(f"/repos/{self._repo}/issues/{number}", {})
                raise
        except PermanentAnswer as error:
            if error.status in GONE:
                raise GoneError(str(error)) from None
            raise

    async def _read(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            return await self._api.get(path, params)
        except PermanentAnswer as error:
            raise unless_limited(error, self._clock.now()) from None

    async def _change(self, method: str, path: str, body: object) -> Answer:
        try:
            return await self._api.change(method, f"/repos/{self._repo}/issues{path}", body)
        except PermanentAnswer as error:
            raise unless_limited(error, self._clock.now()) from None


def _ticket(raw: object) -> Ticket | None:
    """Return an issue; None for a pull request, which GitHub lists among them, or for another object."""
    if not isinstance(raw, dict) or "pull_request" in raw:
        return None
    number, body = raw.get("number"), raw.get("body")
    return Ticket(number, body if isinstance(body, str) else "") if isinstance(number, int) else None


def build(place: str, context: Context, hints: Mapping[int, str] = HINTS) -> GitHubIssues:
    """Build the tracker; the hints say what to do at each refusal. Raises ConfigurationError for a malformed token."""
    issues = re.escape(f"/repos/{place}/issues")
    changes = re.compile(rf"POST {issues}(/\d+/comments)?|PATCH {issues}/\d+")
    return GitHubIssues(writing_client(context, changes, hints), place, context.clock)

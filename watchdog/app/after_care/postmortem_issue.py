"""The draft of a post-mortem as an issue on GitHub: one for each incident, also after a kill or a lost answer.

Theory. The body carries a mark of the incident. The intent stands in the journal before the one request, with its
time; a later run that finds it looks for the mark until GitHub must list the issue, and opens one only then. An
issue that people closed is found as well, and is left as it is.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from watchdog.adapters.github import repo_path
from watchdog.adapters.options import Context
from watchdog.adapters.tickets.github import HINTS, RIGHTS, GitHubIssues, build, check_place
from watchdog.adapters.tickets.tracker import LABEL, Ticket
from watchdog.app.commands.annotate import add_to_record
from watchdog.app.commands.store_reading import incident_of, reading
from watchdog.app.git_steps.git_commands import saved_facts
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Mistake, OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.incidents import Incident
from watchdog.domain.store_records import ActionRow
from watchdog.ports import Clock, Store
from watchdog.settings import Settings

STEP, SENDING, ABSENT, DONE = "postmortem_issue", "sending", "absent", "done"
"""The journal's name of the step, and its states; the store holds the values."""
LABELS = (LABEL, "post-mortem")
LISTED_SECONDS, LOOK_SECONDS = 30.0, 3.0
"""GitHub lists an issue within this time of the request, the request's own time included; how often it is asked."""
ISSUE_HINTS: Mapping[int, str] = MappingProxyType(
    {
        **HINTS,
        301: "the repository was renamed or moved: give its new name by --repo",
        404: f"check --repo, and {RIGHTS}",
    }
)


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """What a person wants to be opened."""

    incident: str  # its id
    by: str  # who orders it
    title: str
    lines: tuple[str, ...]  # the body, in Markdown that is harmless already
    repo: str = ""  # owner/name; empty: the repository that Render names
    public: bool = False  # although everyone can read it there


@dataclass(frozen=True, slots=True)
class PostmortemIssue:
    """The issue of an incident; `found`: it was there before."""

    address: str
    found: bool


async def open_issue(
    settings: Settings, order: IssueOrder, clock: Clock, tell: Callable[[str], None]
) -> PostmortemIssue:
    """Open the issue, or find it. Raises ConfigurationError, Refused, Temporary or Permanent."""
    async with reading(settings, clock) as store:
        incident = await incident_of(store, order.incident)
        if incident.closed_at is None:
            drafts = command_line("postmortem", incident.id)
            raise Refused(f"{incident.id} is still open, and its issue is opened once: {drafts} shows what is known")
        return await _Opening(settings, order, incident, store, clock, tell).run()


@dataclass(frozen=True, slots=True)
class _Opening:
    settings: Settings
    order: IssueOrder
    incident: Incident
    store: Store
    clock: Clock
    tell: Callable[[str], None]

    async def run(self) -> PostmortemIssue:
        row = await self.store.action(self.incident.id, STEP)
        if row is not None and row.state == DONE:
            return PostmortemIssue(row.note, found=True)
        if row is not None and row.state == SENDING:
            if (address := await self._looked_up(row)) is not None:
                return await self._done(row, address, found=True)
            # Of two commands that found nothing, one goes on.
            row = await self._put(replace(row, state=ABSENT), row)
        place = self.order.repo or await self._place()
        tracker = self._tracker(place)
        try:
            await tracker.check()
            if not self.order.public and await tracker.is_public():
                raise Refused(f"{place} is public, so everyone could read it: name another --repo, or add --public")
            # Where the record was lost, GitHub still knows.
            known = await tracker.find(self._mark, LABELS, closed=True)
            sends = 1 + (row.attempts if row is not None else 0)
            new = ActionRow(self.incident.id, STEP, SENDING, place, "", None, sends, self.clock.now())
            row = await self._put(replace(new, service=self.incident.service), row)
            if known is not None:
                return await self._done(row, _address(place, known), found=True)
            return await self._open(tracker, row)
        finally:
            await tracker.close()

    async def _open(self, tracker: GitHubIssues, row: ActionRow) -> PostmortemIssue:
        body = "\n".join((self._mark, "", *self.order.lines))
        try:
            ticket = await tracker.open(self.order.title, body, LABELS)
        except OutcomeUnknown as error:
            address = await self._looked_up(row)
            if address is None:
                raise Temporary(f"{error}; GitHub lists none: run this command again, it looks first") from error
            return await self._done(row, address, found=False)
        return await self._done(row, _address(row.target, ticket), found=False)

    async def _looked_up(self, row: ActionRow) -> str | None:
        """Return the address of the issue that a request may have opened; None once GitHub would list it."""
        ago = self.clock.now() - (row.sent_at or 0.0)
        # Another machine's clock may be ahead.
        end = self.clock.monotonic() + LISTED_SECONDS - max(0.0, ago)
        tracker = self._tracker(row.target)
        try:
            while (ticket := await tracker.find(self._mark, LABELS, closed=True)) is None:
                if self.clock.monotonic() >= end:
                    return None
                self.tell(f"GitHub may have opened it in {row.target}, and does not list it yet: looking again")
                await self.clock.sleep(LOOK_SECONDS)
        finally:
            await tracker.close()
        return _address(row.target, ticket)

    async def _done(self, row: ActionRow, address: str, *, found: bool) -> PostmortemIssue:
        """Write the address into the incident's record; the issue is open also where that cannot be written."""
        try:
            # The note first: a run that is killed in between leaves a row that is looked up again.
            if not any(address in one.text.split() for one in await self.store.remarks(self.incident.id)):
                note = {"text": f"post-mortem, opened as an issue: {address}"}
                await add_to_record(self.settings, self.clock, self.incident.id, self.order.by, "note", note)
            await self.store.put_action_by_hand(replace(row, state=DONE, note=address), expect=row.state)
        except (Temporary, Permanent) as error:
            self.tell(f"opened, and not recorded ({error}): run this command again, it looks first")
        return PostmortemIssue(address, found)

    async def _put(self, row: ActionRow, before: ActionRow | None) -> ActionRow:
        if not await self.store.put_action_by_hand(row, expect=before.state if before is not None else None):
            raise Refused(f"another command opens the issue of {self.incident.id} at this moment")
        return row

    @property
    def _mark(self) -> str:
        """Return the first line of the body. Another record may have an incident of this name: not at that moment."""
        key = f"{self.incident.id} {self.incident.opened_at:.6f}"
        return f"<!-- watchdog post-mortem {hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]} -->"

    async def _place(self) -> str:
        """Return the repository that Render names, as `owner/name`."""
        facts = await saved_facts(self.store, self.incident.service)
        if facts is None or not facts.repo:
            why = "the record does not say the repository"
            raise ConfigurationError((Mistake("--repo", why, "say it, as in acme/app"),))
        return repo_path(facts.repo).removeprefix("/repos/")

    def _tracker(self, place: str) -> GitHubIssues:
        try:
            check_place(place)
        except ValueError:
            wrong = Mistake("--repo", "not a repository", "write owner/name, as in acme/app")
            raise ConfigurationError((wrong,)) from None
        given = Context(self.clock, self.settings.endpoints, self.settings.secrets, guard=self.settings.guard)
        return build(place, given, ISSUE_HINTS)


def _address(place: str, ticket: Ticket) -> str:
    return f"https://github.com/{place}/issues/{ticket.number}"

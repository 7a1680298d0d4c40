"""Reads suspect commits, their authors and merged fixes ahead of time, for the notices about an incident.

Rule 1: nothing waits for this. It is read while a service is under suspicion; a notice takes the commits read by then.
Rule 2: a failure here never keeps a notice back.
Rule 3: a comparison of two commits never changes, so it is read once; a branch as rarely as the repository wants.
Rule 4: a page may ask for the comparison of an incident that is over (`authors`). It is read in the background, one
each `every_seconds` of the repository, so that people who page through old incidents leave its rate limit to new ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from cachetools import LRUCache

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.runtime.hooks import service_of
from watchdog.daemon.runtime.poller import NEVER, Poller
from watchdog.domain.code_comparison import Comparison, is_commit, named
from watchdog.domain.deploys import Commit, Deploy
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event, Restarted
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.ports import Clock, Repository
from watchdog.presentation.status_text import open_incident

SHOWN_WITH = (NoticeKind.ASKED, NoticeKind.ANNOUNCED, NoticeKind.ACTED, NoticeKind.HUMAN_NEEDED)
REMEMBERED_MAX, ASKED_MAX = 200, 20


@dataclass(frozen=True, slots=True)
class Pair:
    """Two commits of one repository: the rollback target's, and the suspect."""

    repo: str
    base: str
    head: str

    def __str__(self) -> str:
        return f"{self.base[:7]} to {self.head[:7]}"


@dataclass(frozen=True, slots=True)
class Place:
    """A branch of a repository."""

    repo: str
    branch: str

    def __str__(self) -> str:
        return f"the branch {self.branch}"


@dataclass(frozen=True, slots=True)
class _Branch:
    """The commits of a branch at that moment (monotonic seconds)."""

    at: float
    commits: tuple[Commit, ...]


class SuspectCommits:
    """Reads comparisons ahead and words them. `state` returns the present state."""

    def __init__(self, repository: Repository, clock: Clock, state: Callable[[], State]) -> None:
        self._repository = repository
        self._clock = clock
        self._state = state
        self._known: LRUCache[Pair, Comparison] = LRUCache(REMEMBERED_MAX)
        self._branches: LRUCache[Place, _Branch] = LRUCache(REMEMBERED_MAX)
        self._asked: LRUCache[Pair, None] = LRUCache(ASKED_MAX)
        self._asked_at = float("-inf")
        self._poller = Poller("suspect commits", clock, self._unread, self._read)

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Look at once when this step put another pair of commits under suspicion."""
        now, was = service_of(event, after), service_of(event, before)
        if isinstance(event, Restarted) or (now is not was and not set(_wanted(now)) <= set(_wanted(was))):
            self._poller.wake()

    async def run(self) -> None:
        """Read for ever."""
        await self._poller.run()

    def lines(self, notice: Notice) -> tuple[str, ...]:
        """Return the lines to add to a notice: suspect commits, and a fix under way. Waits for nothing."""
        service = self._state().services.get(notice.service)
        incident = open_incident(service)
        if service is None or incident is None or incident.id != notice.incident or notice.kind not in SHOWN_WITH:
            return ()
        pair = _pair(service)
        known = self._known.get(pair) if pair is not None else None
        found = (f"Suspect commits: {known.summary}",) if known is not None else ()
        return (*found, *_on_their_way(service, incident), *self._merged(service, incident))

    def authors(self, incident: Incident, service: ServiceState | None) -> tuple[str, ...]:
        """Return the authors of an incident's suspect commits; none: not read, and asked for. Waits for nothing."""
        pair = _pair_of(incident, service) if service is not None else None
        known = self._known.get(pair) if pair is not None else None
        if known is not None:
            return known.authors
        now = self._clock.monotonic()
        if pair is not None and now - self._asked_at >= self._repository.every_seconds:
            self._asked[pair], self._asked_at = None, now
            self._poller.wake()
        return ()

    def _unread(self) -> Iterator[Pair | Place]:
        """Yield the reads each service needs, the comparison first; a known comparison is never read again."""
        for service in self._state().services.values():
            yield from (one for one in _wanted(service) if one not in self._known)
        yield from (one for one in list(self._asked) if one not in self._known)

    async def _read(self, what: Pair | Place) -> float:
        """Read a comparison, or a branch; return the seconds until it is read again."""
        if isinstance(what, Pair):
            # Asked for once: a repository that refuses would else be asked for ever for the sake of a page.
            self._asked.pop(what, None)
            found = await self._repository.compare(what.repo, what.base, what.head)
            # Only MigrationReader reads the whole messages, and a hundred of them are long.
            self._known[what] = replace(found, messages=())
            return NEVER
        commits = tuple(await self._repository.commits(what.repo, what.branch))
        self._branches[what] = _Branch(self._clock.monotonic(), commits)
        return self._repository.every_seconds

    def _merged(self, service: ServiceState, incident: Incident) -> Iterator[str]:
        """Yield the commits above the suspect that were never deployed, if the branch was read lately."""
        place, suspect = _place(service), incident.suspect_code
        branch = self._branches.get(place) if place is not None else None
        # An older read may lack commits that were deployed or reverted since: better no list than a wrong one.
        if branch is None or self._clock.monotonic() - branch.at > 3 * self._repository.every_seconds:
            return
        above = tuple(takewhile(lambda commit: commit.sha != suspect, branch.commits))
        deployed = {deploy.commit for deploy in service.deploys}
        waiting = [commit for commit in above if commit.sha not in deployed]
        # Only if the suspect is on the list: else all of it would count as merged since.
        if waiting and len(above) < len(branch.commits):
            yield f"Merged since the suspect, not deployed: {named(waiting)}"


def _pair(service: ServiceState) -> Pair | None:
    """Return the commits to compare while a service is not calm: the incident's, or those a rollback would use."""
    repo = service.facts.repo if service.facts is not None else None
    if repo is None or service.phase is Phase.CALM:
        return None
    incident, live = open_incident(service), live_deploy(service.deploys)
    if incident is not None:
        return _pair_of(incident, service)
    head = live.code if live is not None else None
    return comparable(repo, code_before(service.deploys, head), head)


def _pair_of(incident: Incident, service: ServiceState) -> Pair | None:
    """Return the commits between the target of an incident, open or not, and its suspect."""
    head, base = incident.suspect_code, incident.rollback.target_code
    # Before the decision there is no target yet: the code that served before is the likely one.
    base = base or code_before(service.deploys, head)
    return comparable(service.facts.repo if service.facts is not None else None, base, head)


def comparable(repo: str | None, base: str | None, head: str | None) -> Pair | None:
    """Return the pair; None unless both are commits of a known repository: an image's digest is none."""
    return Pair(repo, base, head) if repo and base and head and is_commit(base) and is_commit(head) else None


def _wanted(service: ServiceState | None) -> tuple[Pair | Place, ...]:
    """Return all reads for a service."""
    found = (_pair(service), _place(service)) if service is not None else ()
    return tuple(one for one in found if one is not None)


def code_before(deploys: Sequence[Deploy], code: str | None) -> str | None:
    """Return the code that served before this one, as far as the deploy list goes back."""
    served = [deploy.code for deploy in deploys if deploy.was_live and deploy.code is not None]
    older = served[served.index(code) + 1 :] if code in served else []
    return next((one for one in older if one != code), None)


def _place(service: ServiceState) -> Place | None:
    """Return the branch to read while an incident with a suspect is open."""
    facts, incident = service.facts, open_incident(service)
    if incident is None or not incident.suspect_code or facts is None or not facts.repo or not facts.branch:
        return None
    return Place(facts.repo, facts.branch)


def _on_their_way(service: ServiceState, incident: Incident) -> Iterator[str]:
    """Yield the newest deploy of other code that the platform builds or rolls out right now: perhaps a fix."""
    mine = (incident.suspect_code, incident.rollback.target_code)
    for deploy in service.deploys:
        # The rollback's own deploy, or a rebuild of the suspect, is no fix.
        if deploy.in_progress and not deploy.is_rollback and deploy.code not in mine:
            commit = Commit(deploy.code or deploy.id, deploy.created_at, deploy.commit_message.partition("\n")[0])
            yield f"On its way, perhaps a fix: {deploy.id} {named((commit,))}, {deploy.status_words}"
            return

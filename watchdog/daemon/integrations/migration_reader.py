"""Reads from the repository which migrations each deploy brought, before any incident needs it.

Rule 1: it is read when a deploy appears in the list, so that a decision of seconds does not wait for the repository.
Rule 2: read are the deploys that a rollback from now on would take back: those on their way, and from the live one down
to the target that a person's rollback would choose. No decision goes further back, as no other target is nearer.
Rule 3: a comparison that cannot be read is reported as well, since unknown is not none; the poller tries it again.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from watchdog.core.assess.code_changes import are_commits, commits_of, may_have_run, reading_of
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.guards.decision import find_target
from watchdog.daemon.integrations.suspect_commits import Pair
from watchdog.daemon.runtime.hooks import service_of
from watchdog.daemon.runtime.poller import NEVER, Poller
from watchdog.domain.code_comparison import MigrationReading, MigrationRules, read_migrations
from watchdog.domain.decisions import NOT_WEIGHED
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import DeploysListed, Event, MigrationsRead, Restarted
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.ports import Clock, Repository


@dataclass(frozen=True, slots=True)
class Unread:
    """Two commits of a service, to be compared by these rules."""

    service: str
    pair: Pair
    rules: MigrationRules

    def __str__(self) -> str:
        return f"{self.service}, {self.pair}"


class MigrationReader:
    """Reports the migrations of deploys to the core. `known` returns the present state and policy."""

    def __init__(
        self,
        repository: Repository,
        clock: Clock,
        known: Callable[[], tuple[State, Policy]],
        emit: Callable[[Event], Awaitable[None]],
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._known = known
        self._emit = emit
        self._woken_for: dict[str, tuple[Unread, ...]] = {}
        self._poller = Poller("migrations", clock, self._unread, self._read)

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Look at once when a service has commits that were not compared; never for the same ones again."""
        if isinstance(event, Restarted):
            self._poller.wake()
            return
        service, was = service_of(event, after), service_of(event, before)
        if service is None or not (isinstance(event, DeploysListed) or _entered_phase(service, was)):
            return
        unread = tuple(_unread(after, self._known()[1], service))
        if unread != self._woken_for.get(service.name, ()):
            self._woken_for[service.name] = unread
            self._poller.wake()

    async def run(self) -> None:
        """Read for ever."""
        await self._poller.run()

    def _unread(self) -> Iterator[Unread]:
        """Yield what is to be read, of services under suspicion first."""
        state, policy = self._known()
        for service in sorted(state.services.values(), key=lambda one: one.phase is Phase.CALM):
            if service.name in policy.services:
                yield from _unread(state, policy, service)

    async def _read(self, what: Unread) -> float:
        """Compare two commits and report their migrations, or why they are not known."""
        pair = what.pair
        try:
            found = await self._repository.compare(pair.repo, pair.base, pair.head)
        except (Temporary, Permanent) as error:
            reading = MigrationReading(pair.base, pair.head, what.rules.key, why=str(error))
            service = self._known()[0].services.get(what.service)
            if service is None or reading not in service.migrations:
                await self._emit(MigrationsRead(self._clock.now(), what.service, reading))
            # The poller logs the error and sets the pause.
            raise
        await self._emit(MigrationsRead(self._clock.now(), what.service, read_migrations(found, what.rules)))
        return NEVER


def _entered_phase(service: ServiceState, was: ServiceState | None) -> bool:
    return was is None or service.phase is not was.phase


def _unread(state: State, policy: Policy, service: ServiceState) -> Iterator[Unread]:
    """Yield the commits of a service that were not compared yet."""
    guarded = policy.services.get(service.name)
    repo = service.facts.repo if service.facts is not None else None
    if guarded is None or not guarded.migrations.paths or repo is None:
        return
    for deploy in filter(_may_run, _taken_back(state, policy, service)):
        codes = commits_of(service.deploys, deploy)
        if codes is None or not are_commits(codes):
            continue
        known = reading_of(service, codes, guarded.migrations)
        if known is None or known.why:
            yield Unread(service.name, Pair(repo, *codes), guarded.migrations)


def _may_run(deploy: Deploy) -> bool:
    """Return whether a deploy's code may have run, or will if nothing goes wrong with it."""
    return may_have_run(deploy) or not deploy.has_ended


def _taken_back(state: State, policy: Policy, service: ServiceState) -> tuple[Deploy, ...]:
    """Return the deploys on their way, and those that a rollback from the live one would take back."""
    live = live_deploy(service.deploys)
    if live is None:
        return ()
    target = find_target(state, policy, service, replace(NOT_WEIGHED, suspect=live, change=live)).deploy
    ids = [deploy.id for deploy in service.deploys]
    return service.deploys[: ids.index((target or live).id) + (target is None)]

"""Leases: which services this worker decides on.

Theory. Each service, and the fleet as a whole, has a lease in the store: its holder, when it runs out, and an epoch
that grows each time the holder changes. A worker renews its leases every `RENEW_SECONDS`; one that is silent for
`TTL_SECONDS` loses them to another worker. A lease alone cannot stop a frozen worker that wakes up later, so every
write of state and of actions carries the epoch of its lease and the store refuses an old one (fencing).

Rule 1: the store's clock judges leases: a dead worker's services are watched again within `TTL_SECONDS +
RENEW_SECONDS`.
Rule 2: a lease promises nothing about Render, which cannot check an epoch: the actuator's guard is therefore
shorter than the lease. (client-go says the same of its leader election.)
Rule 3: when the store does not answer, the worker keeps its services: it watches and notifies, and cannot change
anything, as no write succeeds. A worker that starts then, or finds a store it cannot use, watches everything from
memory; so does one whose save was refused, as its lease had run out, before the store went away once more, and its
failure runs go on.
Rule 4: the holder of the fleet's lease speaks for all workers (heartbeats, health); a worker that cannot know the
holder speaks for itself.
Rule 5: state that a renewal could not read is read again with the next one; until then a service that was taken
over is watched from memory, and not acted on. The same holds for a service whose last save lost its acknowledgement.
Rule 6: a service with an open incident that the configuration has no more is taken up once, to end that incident, and
kept until its all-clear is delivered.
Rule 7: leases that ran out while the store did not answer say nothing about their holders, who watch on from memory. So
after such an outage the first renewals ask for a worker's own leases only, and the others have the time of a lease to
renew theirs. Who came back first would take everything, and every failure run from memory would begin anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from watchdog.daemon.actions.timings import SHIPPED
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.engine.persistence import OURSELVES
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import Phase
from watchdog.domain.store_records import FLEET, LeaseGrant, Running
from watchdog.ports import Clock, Store

RENEW_SECONDS = 2.0
# Three renewals may fail in a row before another worker takes the services.
TTL_SECONDS = SHIPPED.lease_seconds
OUTAGE_SECONDS = TTL_SECONDS - RENEW_SECONDS
"""So long without a renewal, and a lease that its holder renewed in time may have run out meanwhile."""
SPARING_RENEWALS = int(TTL_SECONDS / RENEW_SECONDS)
"""The first renewals after an outage, which spare the leases of others. A number, so that a store that comes and goes
leaves the services of a dead worker unwatched for some renewals only."""
AILMENT_MAX = 500
STRANDED_MAX = 500
"""So many of the newest open incidents are searched for those of services that the configuration has no more."""
STRANDED_SECONDS = 600.0
"""Since the last worker came or went, before such an incident is ended: that one may have the service, and return."""
ALONE = 0
"""The epoch of a service watched from memory: no lease ever has it."""

Watch = Callable[[Sequence[str]], Awaitable[None]]
"""Begins (or ends) to watch services."""

log = structlog.get_logger("watchdog")


class LeaseManager:
    """Keeps the engine's services in step with this worker's leases.

    `names` returns every service of the policy, `ailment` the reason why this worker is unhealthy, or an empty string.
    `renewed` is called with the beginning of each renewal (monotonic seconds) that succeeded, unless this worker still
    watches services without their leases.
    """

    def __init__(
        self,
        worker: str,
        store: Store,
        engine: Engine,
        clock: Clock,
        names: Callable[[], Sequence[str]],
        *,
        begin: Watch,
        end: Watch,
        ailment: Callable[[], str],
        renewed: Callable[[float], None],
    ) -> None:
        self.worker = worker
        self.grant = LeaseGrant(worker, {})
        self._store = store
        self._engine = engine
        self._clock = clock
        self._names = names
        self._begin = begin
        self._end = end
        self._ailment = ailment
        self._renewed = renewed
        self._watched: dict[str, int] = {}
        self._trouble = ""
        self._answered_at: float | None = None
        self._in_vain = False
        self._spared = 0
        self._revision = 0
        self._stranded: Sequence[str] = ()
        self._stranded_from = 0.0
        self._workers = 0
        self._opened = False
        self._recorded: tuple[Mapping[str, int], Mapping[str, Running]] = {}, {}
        self.runs: Callable[[], Mapping[str, Running]] = dict
        """Returns the configuration with which this worker runs each name; the composition root knows it."""
        self.in_step = asyncio.Event()
        """Set while this worker has the shared state as the store has it: from a renewal until one fails."""

    async def begin(self) -> None:
        """Open the store and take up this worker's services; all services, from memory, while the store cannot
        be used.
        """
        before = self.grant
        try:
            await self.renew()
        except (Temporary, Permanent) as error:
            self._complain(str(error))
            # Else the leases were granted and only the load failed: `renew` took up the services from memory.
            if self.grant is before:
                await self._take(dict.fromkeys((FLEET, *self._names()), ALONE), from_memory=True)

    async def run(self) -> None:
        """Renew for ever."""
        while True:
            await self._clock.sleep(RENEW_SECONDS)
            try:
                await self.renew()
            except (Temporary, Permanent) as error:
                self._complain(str(error))
                # A save was refused, as the lease had run out, and the store is away again: they are watched as before.
                left = [name for name in self.grant.epochs if name not in self._engine.held]
                await self._take(dict.fromkeys(left, ALONE), from_memory=True)
            else:
                self._complain("")

    @property
    def services_held(self) -> int:
        """Return the number of services this worker holds."""
        return len([name for name in self._engine.held if name != FLEET])

    @property
    def trouble(self) -> str:
        """Return why the leases could not be renewed, or an empty string."""
        return self._trouble

    @property
    def store_trouble(self) -> str:
        """Return why this worker can change nothing in production by its store, or an empty string.

        A store on a full, read-only or hanging disk may still grant leases: SQLite has no other worker to ask.
        """
        recorder = self._engine.recorder
        return recorder.hanging or self._trouble or self._engine.store_trouble or recorder.effects.why

    @property
    def speaks_for_all(self) -> bool:
        """Return whether this worker reports for all of them (heartbeats, health)."""
        return not self._opened or bool(self._trouble) or FLEET in self.grant.epochs

    @property
    def others_ailing(self) -> list[str]:
        """Return why other workers are unhealthy, as the store has it."""
        return [] if self._trouble else [f"worker {name}: {why}" for name, why in self.grant.ailing.items()]

    def _complain(self, why: str) -> None:
        if why:
            self.in_step.clear()
        if why and not self._trouble:
            log.error("lease renewal failed, actions suspended", why=why)
        elif self._trouble and not why:
            log.info("lease renewal recovered")
        self._trouble = why

    async def renew(self) -> None:
        """Renew the leases; drop services that moved away, take up new ones. Raises Temporary or Permanent."""
        spares, self._in_vain = self._spares_others(), True
        # Here and not at the start: a worker begins from memory while the store is away.
        if not self._opened:
            await self._store.open()
            self._opened = True
        began = self._clock.monotonic()
        names = (FLEET, *self._names(), *(self._stranded if began >= self._stranded_from else ()))
        own = [name for name in names if name in self.grant.epochs] if spares else ()
        ailment = self._ailment()[:AILMENT_MAX]
        grant = await self._store.renew_leases(
            self.worker, own if spares else names, ttl_seconds=TTL_SECONDS, keep=(*self._busy(), *own), ailment=ailment
        )
        self.grant, self._answered_at, self._in_vain = grant, began, False
        self._spared = self._spared + 1 if spares else 0
        # Before the new ones: a service that left and came back (another epoch) is read from the store again.
        await self._let_go(grant, spares=spares)
        held = self._engine.held
        again = self._engine.recorder.unread
        # A new epoch: another worker had the service in between, and may have changed its state.
        new = {name: epoch for name, epoch in grant.epochs.items() if held.get(name) != epoch or name in again}
        try:
            await self._take(new)
        except (Temporary, Permanent):
            # This worker has the leases, so no other watches these services: watch from memory until they can be read.
            await self._take(dict.fromkeys((name for name in new if name not in held), ALONE), from_memory=True)
            raise
        if grant.revision != self._revision:
            await self._engine.refresh()
            self._revision = grant.revision
        self._engine.end_late_pages(began)
        # Last, and only with the lease of all that is watched: who waits for it, and the outbox, rely on services and
        # shared state alike.
        if ALONE not in held.values():
            self._renewed(began)
            self.in_step.set()
        self._stranded = await self._still_stranded(began)
        await self._record_running()

    def _spares_others(self) -> bool:
        """Return whether a renewal leaves the leases of others alone, which may have run out for want of a store."""
        if self._store.sole or self._spared >= SPARING_RENEWALS:
            return False
        # Not at a start: it knows too little of the outage to tell it from one answer that was lost, and the store does
        # not know whether a lease that ran out is of a worker that lives.
        since = self._answered_at
        was_away = since is not None and self._in_vain and self._clock.monotonic() - since >= OUTAGE_SECONDS
        return was_away or self._spared > 0

    async def _still_stranded(self, began: float) -> Sequence[str]:
        """Return the services of which the configuration has no more, and an incident or its all-clear is left."""
        # Looked for at the start, and as a worker leaves: it may have had the configuration of before.
        changed = self._workers != self.grant.workers
        if changed:
            alone = (self._workers, self.grant.workers) == (0, 1)
            self._stranded_from = self._clock.monotonic() + (0.0 if alone else STRANDED_SECONDS)
        elif not self._stranded:
            return ()
        try:
            owed = await self._owed_an_end()
            found = await self._store.incidents(STRANDED_MAX, open_only=True) if changed else ()
        # No configured service needs this answer: without it their actions must not be suspended.
        except Temporary:
            return self._stranded
        except Permanent as error:
            log.warning("incidents of removed services are not looked for", why=str(error))
            owed, found = set(), ()
        if changed:
            self._workers = self.grant.workers
            return sorted((owed | {one.service for one in found}) - {*self._names()})
        # Its end is recorded with the step in which it was taken up, or later if the store is in trouble.
        trouble, held = self._engine.store_trouble, self._engine.held
        left = [name for name in self._stranded if trouble or name not in held or name in owed]
        if left and began >= self._stranded_from and held.keys().isdisjoint(left):
            # Another worker has them: asked for at every renewal, they would be ours the moment that one restarts.
            self._stranded_from = began + STRANDED_SECONDS
        return left

    async def _owed_an_end(self) -> set[str]:
        """Return the services whose all-clear is recorded and not delivered: who decided it may have died since."""
        tells = [one.effect for one in await self._store.pending() if isinstance(one.effect, Tell)]
        return {one.notice.service for one in tells if one.notice.resolves and one.notice.service != OURSELVES}

    async def _record_running(self) -> None:
        """Record the configuration in force for the command line, once for each lease and each reload."""
        running = self.grant.epochs, self.runs()
        if not running[1] or running == self._recorded:
            return
        try:
            await self._store.put_running(running[1])
        # People are shown it, and no decision depends on it: a failure must not suspend actions.
        except (Temporary, Permanent) as error:
            log.warning("the configuration in force is not recorded", why=str(error))
        else:
            self._recorded = running

    def _busy(self) -> tuple[str, ...]:
        """Return the services in an incident or under suspicion: they are not moved to a new worker for balance."""
        services = self._engine.state.services.values()
        return tuple(item.name for item in services if item.phase is not Phase.CALM)

    async def _let_go(self, grant: LeaseGrant, *, spares: bool) -> None:
        """Drop services whose lease moved, also if it came back since, and those the engine dropped at a save."""
        held = self._engine.held
        moved = [name for name, epoch in held.items() if grant.epochs.get(name) != epoch]
        # A service watched from memory under this worker's new lease is not dropped: `_take` reads it. Nor is one whose
        # lease was not asked for yet: perhaps no other worker lives to watch it.
        gone = [name for name in moved if held[name] != ALONE or not (spares or name in grant.epochs)]
        if gone:
            log.info("services handed over to another worker", services=[name for name in gone if name])
            await self._engine.drop(gone)
        unwatched = [name for name, epoch in self._watched.items() if self._engine.held.get(name) != epoch]
        for name in unwatched:
            del self._watched[name]
        if unwatched:
            await self._end([name for name in unwatched if name])

    async def _take(self, new: Mapping[str, int], *, from_memory: bool = False) -> None:
        if not new:
            return
        # Loaded before they are watched: a first reading must not meet a blank state.
        await self._engine.adopt_services(new, from_memory=from_memory)
        services, known = [name for name in new if name], self._names()
        # Nothing is read of a service that the configuration has no more (Rule 6).
        await self._begin([name for name in services if name not in self._watched and name in known])
        self._watched.update(new)
        log.info("services taken up", services=services, worker=self.worker, workers=self.grant.workers)

"""Leases in the SQL store: which worker may write which name, judged by the database's clock, fenced by epochs.

Theory. A lease is the right to write one name until a moment of the database's clock. Its epoch grows with each change
of hands. A write proves its epoch in its own transaction (`_fence`), under a share lock on the lease's row: a worker
that slept past its lease cannot overwrite its successor, and no lease changes hands in the middle of a save.

Rule 1: a lease changes hands only after it expired or was released, and its epoch grows each time.
Rule 2: a locked lease row is skipped, not waited for (SKIP LOCKED): a worker frozen in the middle of a save must not
keep the others from their own leases.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import case, delete, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from watchdog.adapters.stores.database import Database
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.adapters.stores.tables import LEASES, RUNNING, SHARED, WORKERS
from watchdog.domain.errors import Displaced
from watchdog.domain.store_records import LeaseGrant, Running

NO_OWNER = ""
FORGOTTEN_SECONDS = 3600.0
"""How long the row of a dead worker is kept, in seconds."""


def share(
    names: Sequence[str], mine: Collection[str], workers: int, keep: Collection[str]
) -> tuple[int, tuple[str, ...]]:
    """Return how many more names a worker may take, and which of its own it gives back (the last ones, not `keep`)."""
    # Rounded up: with 5 names and 2 workers a floor of 2 would leave one name without a worker.
    fair = -(-len(names) // max(workers, 1))
    here = [name for name in names if name in mine]
    spare = [name for name in reversed(here) if name not in keep][: max(len(here) - fair, 0)]
    # A name that is no longer in the configuration is released, so that the
    # worker that still has it configured can take it.
    unknown = [name for name in mine if name not in names and name not in keep]
    return max(fair - len(here), 0), (*spare, *unknown)


def is_settled(known: LeaseGrant, names: Collection[str], keep: Collection[str]) -> bool:
    """Return whether an only worker has all these names, and none but them and those to keep."""
    return set(names) <= known.epochs.keys() <= {*names, *keep}


@uninterrupted
class Leases(Database):
    """A database that distributes names over the living workers."""

    _grant: LeaseGrant | None = None

    @property
    def sole(self) -> bool:
        """Return whether the database is for a single worker."""
        return self._backend.sole

    @property
    def _epochs(self) -> Mapping[str, int]:
        return {} if self._grant is None else self._grant.epochs

    async def renew_leases(
        self, worker: str, names: Sequence[str], *, ttl_seconds: float, keep: Collection[str] = (), ailment: str = ""
    ) -> LeaseGrant:
        """Renew this worker's leases for `ttl_seconds`, take or release some, judged by the database's clock; return
        the grant.
        """
        await self._demand_same_file()
        known = self._grant
        # The only worker of a SQLite file renews nothing: its leases never expire,
        # and a write every few seconds would cost fsyncs.
        if self._backend.sole and known is not None and known.worker == worker and is_settled(known, names, keep):
            return LeaseGrant(worker, known.epochs, 1, self._memo.revision)
        async with self._writing() as connection:
            # Renew before release and release before take: the share is
            # computed from the leases that are certainly ours.
            living = await self._living(connection, worker, ttl_seconds, ailment)
            await self._name(connection, names)
            mine = await self._renew(connection, worker, ttl_seconds)
            room, surplus = share(names, mine, len(living), keep)
            await self._give_back(connection, worker, surplus)
            await self._take(connection, worker, names, room, ttl_seconds)
            if self._backend.sole:
                # Those of a killed process never expire, and nothing else would end what it alone had.
                dead = LEASES.c.owner.not_in([worker, NO_OWNER])
                await connection.execute(update(LEASES).where(dead).values(owner=NO_OWNER, expires=0.0))
            epochs = await _epochs_of(connection, worker)
            revision = await connection.scalar(select(SHARED.c.revision)) or 0
        others = {name: why for name, why in living.items() if name != worker}
        ailing = {name: why for name, why in others.items() if why}
        self._grant = LeaseGrant(worker, epochs, len(living), revision, ailing, tuple(others))
        # Memory of parts whose lease is lost is dropped: another worker may change them from now on.
        self._memo.keep(epochs)
        return self._grant

    async def is_served(self) -> bool:
        """Return whether any worker holds a lease now, judged by the database's clock; a free one has expired."""
        held = select(LEASES.c.name).where(LEASES.c.expires > self._backend.now)
        async with self._reading() as connection:
            return await connection.scalar(held.limit(1)) is not None

    async def put_running(self, runs: Mapping[str, Running]) -> None:
        """Record the configuration with which this worker runs these names, of those whose lease it has."""
        epochs = self._epochs
        async with self._writing() as connection:
            held = [name for name in await self._held(connection, runs) if name in epochs]
            rows = [{"name": name, "epoch": epochs[name], **asdict(runs[name])} for name in held]
            if rows:
                await connection.execute(self._upsert(RUNNING), rows)

    async def running(self) -> Mapping[str, Running]:
        """Return the configuration with which a worker runs each name now; nothing of a worker of an older version."""
        query = select(RUNNING).join(LEASES, (RUNNING.c.name == LEASES.c.name) & (RUNNING.c.epoch == LEASES.c.epoch))
        async with self._reading() as connection:
            found = await connection.execute(query.where(LEASES.c.expires > self._backend.now))
            return {row.name: Running(row.mode, row.settings, row.version) for row in found}

    async def release(self) -> None:
        """Release every lease of this worker at once."""
        if self._grant is None:
            return
        worker = self._grant.worker
        async with self._writing() as connection:
            await self._give_back(connection, worker, await _epochs_of(connection, worker))
            await connection.execute(delete(WORKERS).where(WORKERS.c.name == worker))
        self._grant = None if self._backend.sole else LeaseGrant(worker, {}, 0, self._memo.revision)

    async def _living(
        self, connection: AsyncConnection, worker: str, ttl_seconds: float, ailment: str
    ) -> Mapping[str, str]:
        """Record that this worker is alive, with its ailment; return the living workers, each with its ailment."""
        if self._backend.sole:
            return {worker: ailment}
        now = self._backend.now
        row = {"name": worker, "expires": self._backend.until(ttl_seconds), "ailment": ailment}
        await connection.execute(self._upsert(WORKERS).values(row))
        await connection.execute(delete(WORKERS).where(WORKERS.c.expires < now - FORGOTTEN_SECONDS))
        others = select(WORKERS.c.name, WORKERS.c.ailment).where(WORKERS.c.expires > now, WORKERS.c.name != worker)
        return {worker: ailment} | {row.name: row.ailment for row in await connection.execute(others)}

    async def _name(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        """Insert the rows of names that were never leased, sorted: two workers that insert at once cannot deadlock."""
        known = set(await connection.scalars(select(LEASES.c.name).where(LEASES.c.name.in_(list(names)))))
        rows = [{"name": name, "owner": NO_OWNER, "epoch": 0, "expires": 0.0} for name in sorted({*names} - known)]
        if rows:
            await connection.execute(self._insert(LEASES).on_conflict_do_nothing(), rows)

    async def _renew(self, connection: AsyncConnection, worker: str, ttl_seconds: float) -> Sequence[str]:
        """Renew the leases whose row still names this worker, expired ones included, and return their names."""
        # An expired lease that no other worker took is still safe to renew: the
        # epoch did not change, so no write came between.
        ours = select(LEASES.c.name).where(LEASES.c.owner == worker).order_by(LEASES.c.name).with_for_update()
        mine = tuple(await connection.scalars(ours))
        renewed = update(LEASES).where(LEASES.c.name.in_(mine), LEASES.c.owner == worker)
        await connection.execute(renewed.values(expires=self._backend.until(ttl_seconds)))
        return mine

    async def _give_back(self, connection: AsyncConnection, worker: str, names: Collection[str]) -> None:
        if names:
            ours = (LEASES.c.name.in_(list(names)), LEASES.c.owner == worker)
            await connection.execute(update(LEASES).where(*ours).values(owner=NO_OWNER, expires=0.0))

    async def _take(
        self, connection: AsyncConnection, worker: str, names: Sequence[str], room: int, ttl_seconds: float
    ) -> None:
        """Take free names, at most `room` of them, in the order of `names`."""
        if room == 0:
            return
        free = true() if self._backend.sole else LEASES.c.expires <= self._backend.now
        order = case({name: number for number, name in enumerate(names)}, value=LEASES.c.name)
        query = select(LEASES.c.name).where(LEASES.c.name.in_(list(names)), LEASES.c.owner != worker, free)
        query = query.order_by(order).limit(room).with_for_update(skip_locked=True)
        found = list(await connection.scalars(query))
        # A new epoch fences the former holder: its writes still carry the old number.
        values = {"owner": worker, "epoch": LEASES.c.epoch + 1, "expires": self._backend.until(ttl_seconds)}
        await connection.execute(update(LEASES).where(LEASES.c.name.in_(found)).values(values))

    async def _held(self, connection: AsyncConnection, names: Collection[str]) -> Sequence[str]:
        """Return the names whose lease is ours now; the lease rows stay share-locked until the transaction ends.

        The only worker of a store needs no lease on a name that never had one.
        """
        epochs = self._epochs
        # A name that was taken but not loaded yet is not held: a write from old
        # memory would undo the former worker's last save.
        asked = [name for name in sorted(names) if name in epochs and name not in self._memo.unread]
        query = select(LEASES.c.name, LEASES.c.epoch).where(
            LEASES.c.name.in_(asked),
            LEASES.c.owner == (self._grant.worker if self._grant else NO_OWNER),
            LEASES.c.expires > self._backend.now,
        )
        query = query.order_by(LEASES.c.name).with_for_update(read=True)
        found = (await connection.execute(query)).all() if asked else ()
        held = {name for name, epoch in found if epochs[name] == epoch}
        return [name for name in names if name in held or (self._backend.sole and name not in epochs)]

    async def _fence(self, connection: AsyncConnection, names: Collection[str]) -> None:
        """Go on only if all the names are ours. Raises Displaced."""
        held = await self._held(connection, names)
        if lost := tuple(name for name in names if name not in held):
            raise Displaced(lost)


async def _epochs_of(connection: AsyncConnection, worker: str) -> dict[str, int]:
    query = select(LEASES.c.name, LEASES.c.epoch).where(LEASES.c.owner == worker).order_by(LEASES.c.name)
    return {row.name: row.epoch for row in await connection.execute(query)}

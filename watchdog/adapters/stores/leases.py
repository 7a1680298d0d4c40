"""Who may write what: leases in the SQL store, judged by the database's own clock, fenced by epochs.

Rule 1: a lease changes hands only when it expired or was given back, and its epoch grows each time.
Rule 2: who holds the row of a lease is not waited for (SKIP LOCKED): a worker frozen in the middle of a save must not
keep the others from their own leases.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import case, delete, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from watchdog.adapters.stores.database import Database
from watchdog.adapters.stores.schema import LEASES, SHARED, WORKERS
from watchdog.adapters.stores.shielded_calls import uninterrupted
from watchdog.domain.errors import Displaced
from watchdog.domain.store_records import LeaseGrant

NOBODY = ""
FORGOTTEN_SECONDS = 3600.0
"""How long the row of a dead worker is kept."""


def share(
    names: Sequence[str], mine: Collection[str], workers: int, keep: Collection[str]
) -> tuple[int, tuple[str, ...]]:
    """Return how many more names a worker may take, and which of its own it gives back (the last ones, not `keep`)."""
    fair = -(-len(names) // max(workers, 1))
    here = [name for name in names if name in mine]
    spare = [name for name in reversed(here) if name not in keep][: max(len(here) - fair, 0)]
    unknown = [name for name in mine if name not in names and name not in keep]
    return max(fair - len(here), 0), (*spare, *unknown)


@uninterrupted
class Leases(Database):
    """A database that shares names out among the living workers."""

    _grip: LeaseGrant | None = None

    @property
    def _epochs(self) -> Mapping[str, int]:
        return {} if self._grip is None else self._grip.epochs

    async def renew_leases(
        self, worker: str, names: Sequence[str], *, ttl_seconds: float, keep: Collection[str] = (), ailment: str = ""
    ) -> LeaseGrant:
        """Renew this worker's leases for so long, and take or release some, judged by the database's clock."""
        await self._demand_same_file()
        known = self._grip
        if self._backend.sole and known is not None and known.worker == worker and known.epochs.keys() >= set(names):
            return LeaseGrant(worker, known.epochs, 1, self._memo.revision)
        async with self._writing() as connection:
            living = await self._living(connection, worker, ttl_seconds, ailment)
            await self._name(connection, names)
            mine = await self._renew(connection, worker, ttl_seconds)
            room, surplus = share(names, mine, len(living), keep)
            await self._give_back(connection, worker, surplus)
            await self._take(connection, worker, names, room, ttl_seconds)
            epochs = await _epochs_of(connection, worker)
            revision = await connection.scalar(select(SHARED.c.revision)) or 0
        ailing = {name: why for name, why in living.items() if why and name != worker}
        self._grip = LeaseGrant(worker, epochs, len(living), revision, ailing)
        self._memo.keep(epochs)
        return self._grip

    async def is_served(self) -> bool:
        """Tell whether any worker has a lease now, judged by the database's clock."""
        held = select(LEASES.c.name).where(LEASES.c.owner != NOBODY, LEASES.c.expires > self._backend.now)
        async with self._reading() as connection:
            return await connection.scalar(held.limit(1)) is not None

    async def release(self) -> None:
        """Give every lease of this worker back at once."""
        if self._grip is None:
            return
        worker = self._grip.worker
        async with self._writing() as connection:
            await self._give_back(connection, worker, await _epochs_of(connection, worker))
            await connection.execute(delete(WORKERS).where(WORKERS.c.name == worker))
        self._grip = None if self._backend.sole else LeaseGrant(worker, {}, 0, self._memo.revision)

    async def _living(
        self, connection: AsyncConnection, worker: str, ttl_seconds: float, ailment: str
    ) -> Mapping[str, str]:
        """Say that we are alive, and how; return everybody who is, with what is wrong there."""
        if self._backend.sole:
            return {worker: ailment}
        now = self._backend.now
        row = {"name": worker, "expires": self._backend.until(ttl_seconds), "ailment": ailment}
        await connection.execute(self._upsert(WORKERS).values(row))
        await connection.execute(delete(WORKERS).where(WORKERS.c.expires < now - FORGOTTEN_SECONDS))
        others = select(WORKERS.c.name, WORKERS.c.ailment).where(WORKERS.c.expires > now, WORKERS.c.name != worker)
        return {worker: ailment} | {row.name: row.ailment for row in await connection.execute(others)}

    async def _name(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        """Make the rows of names that were never leased; in one order, so that no two who do it block each other."""
        known = set(await connection.scalars(select(LEASES.c.name).where(LEASES.c.name.in_(list(names)))))
        rows = [{"name": name, "owner": NOBODY, "epoch": 0, "expires": 0.0} for name in sorted({*names} - known)]
        if rows:
            await connection.execute(self._insert(LEASES).on_conflict_do_nothing(), rows)

    async def _renew(self, connection: AsyncConnection, worker: str, ttl_seconds: float) -> Sequence[str]:
        """Renew what is still ours (expired or not: nobody took it) and return its names."""
        ours = select(LEASES.c.name).where(LEASES.c.owner == worker).order_by(LEASES.c.name).with_for_update()
        mine = tuple(await connection.scalars(ours))
        renewed = update(LEASES).where(LEASES.c.name.in_(mine), LEASES.c.owner == worker)
        await connection.execute(renewed.values(expires=self._backend.until(ttl_seconds)))
        return mine

    async def _give_back(self, connection: AsyncConnection, worker: str, names: Collection[str]) -> None:
        if names:
            ours = (LEASES.c.name.in_(list(names)), LEASES.c.owner == worker)
            await connection.execute(update(LEASES).where(*ours).values(owner=NOBODY, expires=0.0))

    async def _take(
        self, connection: AsyncConnection, worker: str, names: Sequence[str], room: int, ttl_seconds: float
    ) -> None:
        """Take what nobody holds, as much as there is room for, in the order of the names."""
        if room == 0:
            return
        free = true() if self._backend.sole else LEASES.c.expires <= self._backend.now
        order = case({name: number for number, name in enumerate(names)}, value=LEASES.c.name)
        query = select(LEASES.c.name).where(LEASES.c.name.in_(list(names)), LEASES.c.owner != worker, free)
        query = query.order_by(order).limit(room).with_for_update(skip_locked=True)
        found = list(await connection.scalars(query))
        values = {"owner": worker, "epoch": LEASES.c.epoch + 1, "expires": self._backend.until(ttl_seconds)}
        await connection.execute(update(LEASES).where(LEASES.c.name.in_(found)).values(values))

    async def _held(self, connection: AsyncConnection, names: Collection[str]) -> Sequence[str]:
        """Return which of the names are ours now; their leases stay so until the transaction ends.

        The only worker of a store needs no lease on what nobody ever held.
        """
        epochs = self._epochs
        asked = [name for name in sorted(names) if name in epochs and name not in self._memo.unread]
        query = select(LEASES.c.name, LEASES.c.epoch).where(
            LEASES.c.name.in_(asked),
            LEASES.c.owner == (self._grip.worker if self._grip else NOBODY),
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

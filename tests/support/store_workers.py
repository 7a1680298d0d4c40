"""Several workers on one store, and a hand on the store's own clock: in memory, and on PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.adapters.stores.conftest import HandClock, patient_store
from tests.support.postgres_server import PostgresServer
from watchdog.adapters.stores.memory import MemoryDatabase, MemoryStore
from watchdog.ports import Store


@dataclass
class Town:
    """`join` gives one more worker its store; its own clock is wrong by days. `lapse` lets the store's clock go on."""

    make: Callable[[HandClock], Store]
    lapse: Callable[[float], None]
    stores: list[Store] = field(default_factory=list)

    async def join(self) -> Store:
        store = self.make(HandClock(at=1e9 + 1e6 * len(self.stores)))
        self.stores.append(store)
        await store.open()
        return store

    async def close(self) -> None:
        for store in self.stores:
            await store.close()


def in_memory() -> Town:
    """Return workers that share objects; the database has a clock of its own."""
    clock = HandClock()
    database = MemoryDatabase(clock)

    def lapse(seconds: float) -> None:
        clock.at += seconds

    return Town(lambda own: MemoryStore(own, database, sole=False), lapse)


def on_postgres(server: PostgresServer, url: str) -> Town:
    """Return workers that share a database. Instead of waiting, what is stored is made so much older."""

    def lapse(seconds: float) -> None:
        for table in ("leases", "workers"):
            server.execute(f"UPDATE {table} SET expires = expires - {seconds}", url)

    return Town(lambda own: patient_store(url, own), lapse)

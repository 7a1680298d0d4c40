"""Connections and transactions: durable, one after the other, closed for good."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.stores.conftest import Opened
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.stores.sql import SqlStore
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import State
from watchdog.domain.store_records import Write

WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture
async def store(url: str, opened: Opened) -> SqlStore:
    return await opened(url, call_seconds=0.1)


@pytest.mark.long
async def test_many_processes_may_open_a_new_store_at_once(new_url: str) -> None:
    processes = [
        subprocess.Popen([sys.executable, str(WORKER), "open", new_url], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outputs = await asyncio.gather(
        *(asyncio.to_thread(process.communicate, timeout=PATIENCE_SECONDS) for process in processes)
    )
    assert [out for out, _ in outputs] == ["opened\n"] * 4


async def test_a_closed_store_says_so_and_may_be_opened_again(store: SqlStore) -> None:
    await store.save(Write(State(incidents=1)))
    await store.close()
    with pytest.raises(Temporary, match="it is closed"):
        await store.load()
    with pytest.raises(Temporary, match="it is closed"):
        await store.save(Write(State(incidents=2)))
    await store.open()
    assert await store.load() == State(incidents=1)


async def test_it_is_durable_by_its_settings(store: SqlStore) -> None:
    for engine in (store._backend.engine, store._backend.write_engine):
        async with engine.connect() as connection:
            pragmas = [
                (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
        assert pragmas == ["wal", 2, 1, 100]

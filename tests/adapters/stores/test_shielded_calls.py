"""A cancelled caller goes on; the write in hand is finished."""

import asyncio
import sqlite3

import pytest

from tests.adapters.stores.conftest import Opened
from tests.adapters.stores.steps import PIN, numbered
from watchdog.adapters.stores.shielded_calls import Calls
from watchdog.adapters.stores.sql import SqlStore
from watchdog.ports import Store


@pytest.fixture
async def store(any_url: str, opened: Opened) -> SqlStore:
    return await opened(any_url, "api")


async def test_saves_cancelled_at_any_moment_and_twice_are_finished(store: SqlStore) -> None:
    for number in range(40):
        task = asyncio.ensure_future(store.save(numbered(number)))
        for _ in range(1 + number // 2):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await store.save(numbered(99))
    assert [note.at for note in await store.notes()] == [*map(float, range(40)), 99.0]
    assert [pending.effect for pending in await store.pending()] == [PIN] * 41
    assert store._backend.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_closing_waits_for_the_write_in_hand(url: str, opened: Opened) -> None:
    """SIGTERM cancels the loop while the write waits for another process; closing lets it end first."""
    store = await opened(url)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.ensure_future(store.save(numbered(7)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    closing = asyncio.ensure_future(store.close())
    await asyncio.wait([closing], timeout=0.2)
    ended_early = closing.done()
    other.execute("COMMIT")
    await closing
    assert not ended_early and other.execute("SELECT count(*) FROM events").fetchone() == (1,)
    other.close()


async def test_an_error_reaches_the_caller_and_nobody_else() -> None:
    """The shield changes nothing about errors; one without a caller is dropped, not reported as a crash."""
    calls, crashes, go = Calls(), [], asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: crashes.append(context))

    async def fail() -> None:
        await go.wait()
        raise ValueError("no")

    heard, gone = (asyncio.ensure_future(calls.shield(fail())) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    go.set()
    with pytest.raises(ValueError, match="no"):
        await heard
    await calls.ended()
    assert crashes == []


def test_every_question_of_the_port_is_shielded() -> None:
    """No method of the port was forgotten (open, open_existing and close see to themselves; `sole` asks nothing)."""
    names = {name for name in vars(Store) if not name.startswith("_")} - {"open", "open_existing", "close", "sole"}
    assert len(names) > 15
    assert [name for name in sorted(names) if not hasattr(getattr(SqlStore, name), "__wrapped__")] == []

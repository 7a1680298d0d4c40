"""Batches: however much is old, no transaction is long, and the sums come out right."""

import pytest
from sqlalchemy import text

from tests.adapters.stores.conftest import Opened
from tests.adapters.stores.old_store import old_worker
from tests.adapters.stores.steps import numbered
from watchdog.adapters.stores import retention
from watchdog.adapters.stores.sql import SqlStore
from watchdog.domain.commands.announcements import Draft, Stage, Update
from watchdog.domain.effects import Note
from watchdog.domain.incidents import State
from watchdog.domain.store_records import FLEET, Minute, Write


@pytest.fixture
async def store(any_url: str, opened: Opened) -> SqlStore:
    return await opened(any_url, "api", FLEET)


def count(url: str, table: str) -> int:
    with old_worker(url) as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def execute(url: str, statement: str) -> None:
    with old_worker(url) as connection:
        connection.execute(text(statement))


async def test_finished_records_are_forgotten_after_400_days(store: SqlStore, any_url: str, clock) -> None:
    """Events, finished effects, deliveries and answered commands go; a pending effect stays whatever its age."""
    (done,) = await store.save(numbered(int(clock.at)))
    await store.save(numbered(int(clock.at) + 1))
    await store.finish(done.id, "pinned")
    await store.delivered(done.id, "chat", "inc-1", None)
    asked = [await store.submit("pause", {}, "ann") for _ in range(2)]
    await store.answer(asked[0], ok=True, text="", exit_code=0)
    clock.at += 401 * 86400.0
    await store.put_minutes([])
    tables = ("events", "notes", "deliveries", "effects", "commands")
    assert [count(any_url, table) for table in tables] == [0, 0, 0, 1, 1]
    assert len(await store.pending()) == 1 and [command.id for command in await store.commands()] == asked[1:]


async def test_expired_announcements_are_looked_for_once_an_hour(store: SqlStore, clock) -> None:
    """Not with each save of minutes."""
    begin, left = clock.at, []
    await store.announce(Draft("shop", "x"), Update(begin, "ann", Stage.RESOLVED, "over"))
    for clock.at in (begin + retention.KEPT_SECONDS + after for after in (0.0, 1.0, 3599.0, 3600.0)):
        await store.put_minutes([])
        left.append(len(await store.announcements()))
    assert left == [1, 1, 1, 0]


async def test_a_long_sleep_is_rolled_up_batch_by_batch(store: SqlStore, clock) -> None:
    """More old minutes than one batch: each call takes a batch, hours cut in two are put together again."""
    begin, count = clock.at, retention.BATCH + 90
    minutes = [Minute("api", "home", begin + 60 * n, 1, n % 2, 0) for n in range(count)]
    await store.put_minutes(minutes)
    clock.at = begin + 60 * count + retention.MINUTES_KEPT_SECONDS + retention.HOUR_SECONDS
    await store.put_minutes([])
    rows = await store.minutes("api", 0, 1e12)
    assert sum(row.good for row in rows) == count and len(rows) == -(-retention.BATCH // 60) + 90
    await store.put_minutes([])
    rows = await store.minutes("api", 0, 1e12)
    assert len(rows) == -(-count // 60) and rows[0] == Minute(
        "api", "home", begin, 60, 30, 0, watched_seconds=3600.0, lost_seconds=900.0, timed_checks=90
    )
    assert (sum(row.good for row in rows), sum(row.bad for row in rows)) == (count, count // 2)


async def test_what_an_older_worker_added_to_is_told_by_its_counts(store: SqlStore, any_url: str, clock) -> None:
    """It updates the counts and knows nothing of the times: before and after the minute is a part of its hour."""
    hour = clock.at - clock.at % 3600
    for row, watched, lost in ((hour, 60.0, 30.0), (hour + 3600, 60.0, 6.0)):
        await store.put_minutes([Minute("api", "home", row, 6, 0, 0, None, None, None, "", 60.0, 6.0, 6)])
        if row == hour:
            execute(any_url, "UPDATE minutes SET bad = 6")
        (span,) = await store.spans(row, row + 3600, 3600)
        assert (span.watched_seconds, span.lost_seconds) == (watched, lost)
    clock.at += 50 * 3600.0
    await store.put_minutes([])
    execute(any_url, f"UPDATE hours SET good = 9, bad = 3 WHERE start = {hour + 3600}")
    first, second = await store.spans(hour, hour + 7200, 3600)
    assert (first.watched_seconds, first.lost_seconds) == (60.0, 30.0)
    assert (second.watched_seconds, second.lost_seconds) == (3600.0, 900.0)


async def test_a_flood_of_old_notes_goes_batch_by_batch(store: SqlStore, clock) -> None:
    count = retention.BATCH + 10
    await store.save(Write(State(), effects=[Note(float(n), "api", None, "N", "") for n in range(count)]))
    await store.put_minutes([])
    assert [note.at for note in await store.notes(limit=count)] == [float(n) for n in range(retention.BATCH, count)]
    await store.put_minutes([])
    assert list(await store.notes()) == []

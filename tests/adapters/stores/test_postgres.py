"""PostgreSQL against the world: killed, frozen, cut off, busy, foreign.

The bounds are the server's and ours together; tests only wait for the end of a call, generously.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from tests.adapters.stores.conftest import Opened
from tests.adapters.stores.steps import PIN, ROW
from tests.adapters.stores.wire import Wire, wire
from tests.support.postgres_server import PostgresServer
from watchdog.adapters.stores import postgres
from watchdog.adapters.stores.annotations import row_of
from watchdog.adapters.stores.sql import SqlStore
from watchdog.domain.drills.drill import Drill, DrillMethod
from watchdog.domain.effects import Note
from watchdog.domain.errors import Permanent, Stale, Temporary
from watchdog.domain.events import TimePassed
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import FLEET, LeaseGrant, Write

NAMES = ("api", "web", FLEET)
GENEROUS_SECONDS = 60.0


@pytest.fixture
async def store(postgres_url: str, opened: Opened) -> SqlStore:
    return await opened(postgres_url, *NAMES, worker="one")


@pytest.fixture
async def product_store(postgres_url: str, opened: Opened) -> SqlStore:
    """With the bounds of the product, for the tests of these."""
    return await opened(postgres_url, *NAMES, worker="one", call_seconds=None)


@pytest.fixture
async def own_store(own_postgres: PostgresServer, opened: Opened) -> SqlStore:
    """A store of a server that the test may harm."""
    return await opened(own_postgres.new_database(), *NAMES, worker="one")


@pytest.fixture
async def cable(postgres_server: PostgresServer) -> AsyncIterator[Wire]:
    async with wire(postgres_server.socket_path) as made:
        yield made


def through(cable: Wire, url: str) -> str:
    """Return the url of the same database at the other end of the wire."""
    database = url.partition("@/")[2].partition("?")[0]
    return f"postgresql://watchdog:hunter2@127.0.0.1:{cable.port}/{database}"


async def save(store: SqlStore, number: int) -> None:
    at = float(number)
    state = State(services={"api": ServiceState("api", watching_since=at)}, incidents=number)
    await store.save(Write(state, TimePassed(at), [Note(at, "api", None, "N", str(number)), PIN]))


async def test_case_22_a_database_that_is_gone_is_temporary_and_comes_back(
    own_postgres: PostgresServer, own_store: SqlStore
) -> None:
    """SIGQUIT: no intent can be saved; committed rows are there when the server is, and all goes on."""
    store = own_store
    await save(store, 1)
    own_postgres.kill()
    for call in (
        save(store, 2),
        store.put_action(ROW, None),
        store.load(),
        store.renew_leases("one", NAMES, ttl_seconds=9),
    ):
        with pytest.raises(Temporary, match="the store does not answer: "):
            await call
    own_postgres.start()
    assert await store.action("inc-1", "rollback") is None
    await save(store, 3)
    assert [note.at for note in await store.notes()] == [1.0, 3.0]
    assert await store.put_action(ROW, None)


async def test_a_standby_is_temporary_and_said_to_be_one(own_postgres: PostgresServer, own_store: SqlStore) -> None:
    """After a failover to nowhere: the data can be read, no write succeeds, and it goes on once it may."""
    own_postgres.demote()
    await own_store.load()
    with pytest.raises(Temporary, match="is it a standby"):
        await own_store.save(Write(State(), TimePassed(2.0)))
    own_postgres.promote()
    await own_store.save(Write(State(), TimePassed(3.0)))


async def test_neither_a_default_that_only_reads_nor_a_restart_reaches_us(
    own_postgres: PostgresServer, own_store: SqlStore
) -> None:
    """`default_transaction_read_only` is for sessions that do not choose; each transaction of ours does.

    Idle connections that were cut are found out before they are used.
    """
    own_postgres.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    own_postgres.execute("SELECT pg_reload_conf()")
    await save(own_store, 1)
    await asyncio.gather(*(own_store.notes() for _ in range(4)))
    own_postgres.restart()
    await save(own_store, 2)
    assert len(await asyncio.gather(*(own_store.notes() for _ in range(4)))) == 4


@pytest.mark.parametrize("table", ["leases", "effects"])
async def test_case_22_a_table_that_another_session_holds_is_not_waited_for(
    store: SqlStore, postgres_url: str, opened: Opened, table: str
) -> None:
    """A person's LOCK TABLE, a VACUUM FULL: the call ends with the reason, and what it left out is saved next."""
    import psycopg

    hasty = await opened(postgres_url, *NAMES, worker="one", call_seconds=2.0)
    with psycopg.connect(postgres_url) as session:
        session.execute(f"LOCK TABLE {table}")
        with pytest.raises(Temporary, match="another transaction kept it locked for too long"):
            await save(hasty, 1)
    await save(store, 2)
    assert [note.at for note in await store.notes()] == [2.0]
    assert (await store.renew_leases("one", NAMES, ttl_seconds=9.0)).epochs == dict.fromkeys(NAMES, 1)


@pytest.mark.long
async def test_case_22_a_database_that_is_frozen_is_not_waited_for(
    own_postgres: PostgresServer, opened: Opened
) -> None:
    """It accepts bytes and never answers: each call ends by itself; afterwards all goes on."""
    store = await opened(own_postgres.new_database(), *NAMES, worker="one", call_seconds=None)
    own_postgres.freeze()
    async with asyncio.timeout(GENEROUS_SECONDS):
        outcomes = await asyncio.gather(*(save(store, n) for n in range(6)), store.notes(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Temporary] * 7
    own_postgres.thaw()
    own_postgres.wait_until_ready()
    await store.load()
    await save(store, 9)
    assert (await store.notes())[-1].at == 9.0


@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_case_23_an_unknown_commit_can_be_read_again(
    cable: Wire, postgres_url: str, opened: Opened, breaks: str
) -> None:
    """Wire cut before the commit arrived, or before its answer came back: each write is read again by its key."""
    store = await opened(through(cable, postgres_url), *NAMES, worker="one")
    await save(store, 1)
    cable.breaks = breaks
    with pytest.raises(Temporary, match="the connection was cut") as caught:
        await save(store, 2)
    assert "hunter2" not in str(caught.value) and caught.value.__suppress_context__
    committed = breaks == "after"
    state = await store.load()
    assert state is not None and state.incidents == 1 + committed
    assert len(await store.pending()) == len(await store.notes()) == 1 + committed
    cable.breaks = breaks
    with pytest.raises(Temporary):
        await store.put_action(ROW, None)
    assert await store.action("inc-1", "rollback") == (ROW if committed else None)
    assert await store.put_action(ROW, None) is not committed
    cable.breaks = breaks
    with pytest.raises(Temporary):
        await store.renew_leases("one", NAMES, ttl_seconds=600.0)
    assert (await store.renew_leases("one", NAMES, ttl_seconds=600.0)).epochs == dict.fromkeys(NAMES, 1)
    await save(store, 3)


@pytest.mark.long
async def test_a_worker_frozen_in_a_save_does_not_keep_its_leases(
    product_store: SqlStore, postgres_url: str, opened: Opened
) -> None:
    """Its other leases move at once, past the locks it holds; those the server ends; its later write is refused."""
    other = await opened(postgres_url, call_seconds=None)
    await product_store.renew_leases("one", NAMES, ttl_seconds=1.0)
    grants: list[LeaseGrant] = []
    with pytest.raises(Temporary, match=r"we were frozen in the middle of a transaction|the connection was cut"):
        async with product_store._writing() as connection:
            await product_store._fence(connection, ("api",))
            async with asyncio.timeout(GENEROUS_SECONDS):
                while not grants or len(grants[-1].epochs) < len(NAMES):
                    grants.append(await other.renew_leases("two", NAMES, ttl_seconds=60.0))
                    await asyncio.sleep(0.05)
            await product_store._save_parts(
                connection, product_store._memo.changes(Write(State(services={"api": ServiceState("api")}))), 1.0
            )
    assert next(grant.epochs for grant in grants if grant.epochs) == {"web": 2, FLEET: 2} and await other.load() is None


async def test_nobody_changes_what_all_share_while_a_sending_row_is_written(
    store: SqlStore, postgres_url: str, opened: Opened
) -> None:
    """Between the look at its revision and the commit no other worker's change slips in; after it, one does."""
    import psycopg

    await opened(postgres_url, *NAMES, worker="two")
    await store.put_action(ROW, None)
    tries: list[bool] = []

    with psycopg.connect(postgres_url, autocommit=True) as rival:
        rival.execute("SET lock_timeout = 1")

        def change(_connection: Any = None) -> None:
            try:
                rival.execute("UPDATE shared SET revision = revision + 1")
            except psycopg.errors.LockNotAvailable:
                tries.append(False)
            else:
                tries.append(True)

        event.listen(store._backend.engine.sync_engine, "commit", change, once=True)
        assert await store.put_action(replace(ROW, state="sending"), "planned")
        assert tries == [False]
        change()
    assert tries == [False, True]
    with pytest.raises(Stale):
        await store.put_action(replace(ROW, step="pin", state="sending"), None)


async def test_of_two_drills_that_begin_at_once_one_is_begun(postgres_url: str, product_store: SqlStore) -> None:
    """Another process adds its row after the look for one, and before ours: a select sees nothing of it."""
    import psycopg

    mine = Drill(5.0, "web-staging", DrillMethod.BAD_COMMIT, "ann", commit="abc")

    added = "INSERT INTO drills (at, service, json) VALUES (5, 'web-staging', %s)"

    def rival(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("INSERT INTO drills"):
            return
        with psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute(added, (row_of(mine)["json"],))

    engine = product_store._backend.engine.sync_engine
    event.listen(engine, "before_cursor_execute", rival)
    assert await product_store.begin_drill(mine) is None
    event.remove(engine, "before_cursor_execute", rival)
    assert [one.service for one in await product_store.drills()] == ["web-staging"]


async def test_every_transaction_has_its_limits(product_store: SqlStore) -> None:
    """Set in the transaction, so that a pooler may stand in between; reads see one moment, and cannot write."""
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit")
    for context, isolation, read_only in (
        (product_store._reading, "repeatable read", "on"),
        (product_store._writing, "read committed", "off"),
    ):
        async with context() as connection:
            shown = [(await connection.exec_driver_sql(f"SHOW {name}")).scalar() for name in names]
            assert shown == ["2s", "1500ms", "3s", "on"]
            assert (await connection.exec_driver_sql("SHOW transaction_isolation")).scalar() == isolation
            assert (await connection.exec_driver_sql("SHOW transaction_read_only")).scalar() == read_only


@pytest.mark.long
async def test_a_call_that_ended_in_time_cuts_no_later_one(postgres_url: str, opened: Opened) -> None:
    """The second is on the same connection when the time of the first would be over."""
    store = await opened(postgres_url, call_seconds=2.0)
    for _ in range(2):
        async with store._reading() as connection:
            for _ in range(4):
                await connection.exec_driver_sql("SELECT pg_sleep(0.3)")


async def test_connections_are_few(store: SqlStore, postgres_server: PostgresServer) -> None:
    await asyncio.gather(*(save(store, 0) for _ in range(10)), *(store.notes() for _ in range(20)))
    database = store._backend.engine.url.database
    query = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'"
    assert 0 < postgres_server.execute(query)[0][0] <= postgres.CONNECTIONS_MAX


async def test_case_25_a_foreign_or_newer_database_is_permanent(
    store: SqlStore, postgres_url: str, postgres_server: PostgresServer, opened: Opened
) -> None:
    """Tables that another program changed, and an unknown schema: neither read nor repaired."""
    postgres_server.execute("DROP TABLE notes", postgres_url)
    with pytest.raises(Permanent, match="another program changed them"):
        await store.notes()
    assert store._backend.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    postgres_server.execute("UPDATE watchdog_schema SET version_num = '9999'", postgres_url)
    with pytest.raises(Permanent, match="made by a newer watchdog"):
        await opened(postgres_url)


async def test_no_error_tells_where_the_database_is(
    postgres_server: PostgresServer, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    """No listener, or no such database: the message gives the fault, and not the url."""
    caplog.set_level(logging.DEBUG)
    for url in (
        "postgresql://hunter2:hunter2@127.0.0.1:1/hunter2",
        "postgresql://hunter2:hunter2@/hunter2?host=/hunter2",
    ):
        with pytest.raises(Temporary, match="are host, user and password of its url right") as caught:
            await opened(url)
        assert "hunter2" not in str(caught.value) and caught.value.__cause__ is None
    assert "hunter2" not in caplog.text
    with pytest.raises(Temporary, match="no connection"):
        await opened(postgres_server.url("nowhere"))


async def test_two_workers_that_add_at_once_give_different_numbers(
    postgres_url: str, opened: Opened, a_state, an_incident
) -> None:
    """Each waits for the other: no one is refused, no number is given out twice, none is left out."""
    stores = [await opened(postgres_url, *names) for names in (("api",), (), ())]
    await stores[0].save(Write(a_state(an_incident(1))))
    adding = [
        store.follow_up("inc-1", f"{store}", "ann", owner="ann", due_at=9.0) for store in stores for _ in range(4)
    ]
    numbers = [one.number for one in await asyncio.gather(*adding) if one is not None]
    assert sorted(numbers) == list(range(1, 13))
    assert [one.number for one in await stores[1].follow_ups("inc-1")] == list(range(1, 13))
    ticking = [store.tick("inc-1", "lessons", "ann") for store in stores]
    assert await asyncio.gather(*ticking) == [True] * 3 and len(await stores[2].ticks()) == 3

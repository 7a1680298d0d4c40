"""From revision 0001: the user's file goes on working, and so does an old worker that still runs."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import MetaData, select, text

from tests.adapters.stores.conftest import Opened, patient_store
from tests.adapters.stores.old_store import make_old_store, old_worker, save_effect, save_state
from tests.adapters.stores.steps import PIN
from watchdog.adapters.stores import codec, tables
from watchdog.adapters.stores.database import migrate, revision
from watchdog.adapters.stores.sql import SqlStore
from watchdog.domain.commands.announcements import Draft, Stage, Update
from watchdog.domain.errors import Gone, Outdated, Permanent, Temporary
from watchdog.domain.incidents import Outcome, ServiceState, State
from watchdog.domain.readings import Good
from watchdog.domain.store_records import FLEET, Write

NAMES = ("api", "web", FLEET)


@pytest.fixture
def old_state(an_incident) -> State:
    services = {"api": ServiceState("api", incident=an_incident()), "web": ServiceState("web")}
    return State(services=services, control={"one": (1.0, Good())}, denied=("abc",), paused_by="ann", incidents=3)


async def test_what_an_old_version_saved_is_taken_up_once(
    bare_url: str, opened: Opened, old_state: State, an_incident
) -> None:
    """State, incident, pending effect and action; after the first save the old row is no more read."""
    make_old_store(bare_url, old_state, an_incident())
    store = await opened(bare_url, *NAMES)
    assert await store.load() == old_state
    assert await store.load(("web",)) == replace(
        old_state.with_part(old_state.shared), services={"web": ServiceState("web")}, control={}
    )
    state = await store.load()
    assert state is not None
    assert [one.effect for one in await store.pending(("api",))] == [PIN] and await store.pending(("web", FLEET)) == ()
    action = await store.action("inc-1", "rollback")
    assert action is not None and (action.state, action.service) == ("sending", "api")
    assert await store.put_action(replace(action, state="accepted"), "sending")
    assert await store.incident("inc-1") == an_incident()
    assert await store.remark("inc-1", "a lock", "ann") and len(await store.remarks("inc-1")) == 1
    assert await store.tick("inc-1", "lessons", "ann") and len(await store.ticks("inc-1")) == 1
    assert await store.follow_up("inc-1", "a bigger pool", "ann", owner="ann", due_at=9.0) is not None
    await store.save(Write(replace(state, paused_by="")))
    await store.close()
    with old_worker(bare_url) as connection:
        save_state(connection, State(incidents=99))
    store = await opened(bare_url, *NAMES)
    assert await store.load() == replace(old_state, paused_by="")


async def test_an_old_worker_goes_on_after_the_migration(
    bare_url: str, opened: Opened, old_state: State, an_incident
) -> None:
    """Its statements name no new column; the new worker takes up its rows."""
    make_old_store(bare_url, State(), an_incident())
    store = await opened(bare_url, *NAMES)
    with old_worker(bare_url) as connection:
        save_state(connection, old_state)
        save_effect(connection, PIN)
        connection.execute(text("INSERT INTO workers (name, expires) VALUES ('of 0002', 9e9)"))
    assert await store.load() == old_state
    assert (await store.renew_leases("new", ("api",), ttl_seconds=60.0)).ailing == {}
    assert [one.effect for one in await store.pending()] == [PIN, PIN]


async def test_an_old_store_without_a_state_is_a_first_start(bare_url: str, opened: Opened, an_incident) -> None:
    """It was opened once, and nothing was saved."""
    make_old_store(bare_url, None, an_incident())
    store = await opened(bare_url, *NAMES)
    assert await store.load() is None
    await store.save(Write(State(incidents=1)))
    assert await store.load() == State(incidents=1)


async def test_a_worker_without_follow_ups_goes_on(bare_url: str, opened: Opened, a_state, an_incident) -> None:
    """Of revision 0004: it never names the new tables, and its writes leave ticks where they are."""
    with old_worker(bare_url) as connection:
        migrate(connection, "0004")
    store = await opened(bare_url, *NAMES)
    await store.save(Write(a_state(an_incident(1))))
    assert await store.tick("inc-1", "lessons", "ann")
    values = {"id": "inc-1", "json": codec.INCIDENTS.encode(an_incident(1, outcome=Outcome.BY_ITSELF))}
    with old_worker(bare_url) as connection:
        insert = "INSERT INTO incidents (id, service, opened_at, severity, json) VALUES (:id, 'api', 1, 'x', :json)"
        again = "ON CONFLICT (id) DO UPDATE SET json = excluded.json"
        connection.execute(text(f"{insert} {again}"), values)
        connection.execute(
            text("INSERT INTO remarks (at, incident, \"by\", text, root_cause) VALUES (1, 'inc-1', 'bob', 'x', false)")
        )
    assert (await store.incident("inc-1")) == an_incident(1, outcome=Outcome.BY_ITSELF)
    assert [one.item for one in await store.ticks("inc-1")] == ["lessons"] and len(await store.remarks("inc-1")) == 1


async def test_a_worker_without_announcements_goes_on(bare_url: str, opened: Opened) -> None:
    """Of revision 0006: its commands are written and answered as before, and announcements stay where they are."""
    with old_worker(bare_url) as connection:
        migrate(connection, "0006")
    store = await opened(bare_url, *NAMES)
    posted = await store.announce(Draft("shop", "Slow"), Update(1.0, "ann", Stage.INVESTIGATING, "We look into it."))
    with old_worker(bare_url) as connection:
        row = "'pause', '{}', 'bob', 1, false, false, '', 0"
        connection.execute(
            text(f'INSERT INTO commands (name, arguments, "by", at, done, ok, answer, exit_code) VALUES ({row})')
        )
    assert [one.name for one in await store.commands()] == ["pause"] and await store.announcements() == (posted,)


@pytest.mark.parametrize("revision", [f"{number:04}" for number in range(1, int(tables.HEAD))])
async def test_a_live_worker_of_any_version_goes_on(bare_url: str, opened: Opened, revision: str) -> None:
    """Its columns stay what they were, and its rows, which name no newer ones, are stored and found by it."""
    with old_worker(bare_url) as connection:
        migrate(connection, revision)
        theirs = MetaData()
        theirs.reflect(connection)
    await opened(bare_url, *NAMES)
    with old_worker(bare_url) as connection:
        for table in theirs.sorted_tables:
            if table.name != tables.VERSION_TABLE:
                row = {column.name: column.type.python_type(7) for column in table.columns}
                connection.execute(table.insert().values(row))
                assert row in [dict(found) for found in connection.execute(select(table)).mappings()], table.name
        now = MetaData()
        now.reflect(connection)
    kept = {str(one): str(one.type) for table in theirs.tables.values() for one in table.columns}
    assert kept.items() <= {str(one): str(one.type) for table in now.tables.values() for one in table.columns}.items()


async def test_who_is_no_daemon_opens_it_as_it_is(bare_url: str, clock, closing) -> None:
    """Beside a daemon of revision 0007 a newer command line reads nothing, and can give its commands all the same."""
    store = closing(SqlStore(bare_url, clock))
    with pytest.raises(Gone):
        await store.open_existing()
    with old_worker(bare_url) as connection:
        migrate(connection, "0007")
    with pytest.raises(Outdated, match="schema 0007; this one reads"):
        await store.open_existing()
    await store.open_existing(outdated=True)
    number = await store.submit("pause", {}, "ann")
    assert [one.id for one in await store.commands()] == [number] and not await store.is_served()
    with old_worker(bare_url) as connection:
        assert revision(connection) == "0007"
        connection.execute(text("UPDATE watchdog_schema SET version_num = '9999'"))
    with pytest.raises(Permanent, match="made by a newer watchdog"):
        await store.open_existing(outdated=True)


@pytest.mark.parametrize("old", [True, False])
async def test_workers_that_open_a_postgresql_at_once_migrate_it_once(
    new_postgres_url: str, postgres_server, clock, closing, an_incident, old: bool
) -> None:
    """One makes the tables (or brings them up to date), the others wait for it and find them."""
    if old:
        make_old_store(new_postgres_url, State(), an_incident())
    stores = [closing(patient_store(new_postgres_url, clock)) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    assert [await store.commands() for store in stores] == [()] * 4
    query = f"SELECT version_num FROM {tables.VERSION_TABLE}"
    assert postgres_server.execute(query, new_postgres_url) == [(tables.HEAD,)]


@pytest.mark.long
async def test_a_migration_does_not_wait_long_for_a_busy_old_worker(
    new_postgres_url: str, clock, closing, old_state: State, an_incident
) -> None:
    """Every other worker would wait behind it: it gives up within its limit, changes nothing, and is repeated."""
    make_old_store(new_postgres_url, old_state, an_incident())
    store = closing(SqlStore(new_postgres_url, clock))
    with old_worker(new_postgres_url) as connection:
        save_effect(connection, PIN)
        with pytest.raises(Temporary, match="another transaction kept it locked for too long"):
            await store.open()
        assert connection.scalar(text("SELECT count(*) FROM effects")) == 2
    await store.open()
    assert await store.load() == old_state

"""Migrations: from nothing, from a newer version, and in step with the tables."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from tests.adapters.stores.conftest import Opened
from tests.adapters.stores.old_store import old_worker
from watchdog.adapters.stores import tables
from watchdog.domain.errors import Permanent
from watchdog.domain.incidents import State
from watchdog.domain.store_records import Write


async def test_an_empty_file_is_brought_to_head_from_any_folder(
    new_url: str, opened: Opened, tmp_path: Path, monkeypatch
) -> None:
    """No alembic.ini is looked for, an empty file is a new store, and opening again changes nothing."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    path = Path(new_url.removeprefix("sqlite:///"))
    path.touch()
    store = await opened(new_url)
    await store.save(Write(State(incidents=7)))
    await store.close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute(f"SELECT version_num FROM {tables.VERSION_TABLE}").fetchall() == [(tables.HEAD,)]
    store = await opened(new_url)
    assert await store.load() == State(incidents=7)


async def test_migrations_make_exactly_the_tables_of_the_schema(any_url: str) -> None:
    """Columns, nullability, types and indexes of `tables.py` and of the revisions are the same."""

    def differences(connection: Connection) -> list[object]:
        options = {"version_table": tables.VERSION_TABLE, "compare_type": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), tables.METADATA)

    with old_worker(any_url) as connection:
        assert differences(connection) == []
        connection.exec_driver_sql("ALTER TABLE notes DROP COLUMN text")
        assert len(differences(connection)) == 1, "the comparison itself must be able to fail"


def test_head_is_the_newest_revision() -> None:
    """The constant that spares an ordinary start Alembic is right; there is one line of revisions."""
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.HEAD]


async def test_case_25_a_store_of_a_newer_version_is_left_alone(url: str, opened: Opened) -> None:
    """A schema we do not know is not read, not written, not 'repaired'."""
    store = await opened(url)
    await store.close()
    path = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(f"UPDATE {tables.VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(Permanent, match=f"made by a newer watchdog \\(schema 9999; this one knows {tables.HEAD}\\)"):
        await store.open()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute(f"SELECT version_num FROM {tables.VERSION_TABLE}").fetchall() == [("9999",)]
    path.unlink()
    await store.open()
    assert await store.load() is None, "what stands in its place is taken up"


async def test_a_migration_that_fails_leaves_nothing_behind(new_url: str, opened: Opened) -> None:
    """A table that stands in the way: the first tables are not kept half-made, and the next try works."""
    path = Path(new_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE commands (foreign_one INTEGER)")
    with pytest.raises(Permanent, match="not what this version expects"):
        await opened(new_url)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("commands",)]
        raw.execute("DROP TABLE commands")
    await opened(new_url)

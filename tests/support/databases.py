"""Stores for daemons in processes of their own, read beside them: a file of SQLite, a database of PostgreSQL."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from tests.support.postgres_server import PostgresServer, shared_postgres
from watchdog.adapters.stores.database import migrate

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Record:
    """The store of one test. `url` is what the configuration names; `rows` reads it, empty while there is nothing."""

    url: str
    rows: Callable[[str], list[Row]]


Databases = Callable[[Path], AbstractContextManager[Record]]
"""Gives the daemons of one configuration, in that folder, an empty store of their own."""


@cache
def with_tables(to: str = "head") -> bytes:
    """Return a store's file that holds nothing yet: to make its tables is nine tenths of its first opening."""
    with create_engine("sqlite://").connect() as connection:
        migrate(connection, to)
        connection.commit()
        return bytes(connection.connection.dbapi_connection.serialize())  # type: ignore[union-attr]


def in_file(path: Path) -> Record:
    def rows(query: str) -> list[Row]:
        if not path.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            try:
                return connection.execute(query).fetchall()
            except sqlite3.OperationalError:
                return []

    return Record(f"sqlite:///{path}", rows)


@contextmanager
def sqlite() -> Iterator[Databases]:
    """Give files, each in the folder of its configuration."""
    yield lambda folder: contextlib.nullcontext(in_file(folder.resolve() / "watchdog.db"))


def in_database(server: PostgresServer, url: str) -> Record:
    def rows(query: str) -> list[Row]:
        import psycopg

        try:
            return server.execute(query, url)
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return []

    return Record(url, rows)


@contextmanager
def _new_database(server: PostgresServer, folder: Path) -> Iterator[Record]:
    url = server.new_database()
    record = in_database(server, url)
    yield record
    (folder / "postgresql.dump").write_text(dumped(record), encoding="utf-8")
    server.drop_database(url)


def dumped(record: Record) -> str:
    """Return every row of every table of a database, as text: what a backup of it would hold."""
    tables = [name for (name,) in record.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    rows = {name: record.rows(f'SELECT one::text FROM "{name}" one') for name in sorted(tables)}
    return "".join(f"{name} {text}\n" for name, found in rows.items() for (text,) in found)


@contextmanager
def postgresql() -> Iterator[Databases]:
    """Give databases of this process's one server; not first in a thread: the server ends with who started it."""
    server = shared_postgres()
    yield lambda folder: _new_database(server, folder)


@contextmanager
def copied(record: Record, path: Path) -> Iterator[Record]:
    """Back a store up that may be in use, by its own means, and restore that: to this path, or a new database."""
    if record.url.startswith("sqlite"):
        source = f"file:{record.url.removeprefix('sqlite:///')}?mode=ro"
        with (
            contextlib.closing(sqlite3.connect(source, uri=True)) as old,
            contextlib.closing(sqlite3.connect(path)) as new,
        ):
            old.backup(new)
        yield in_file(path)
        return
    server = shared_postgres()
    url = server.copy_database(record.url)
    yield in_database(server, url)
    server.drop_database(url)


DATABASES: dict[str, Callable[[], AbstractContextManager[Databases]]] = {"sqlite": sqlite, "postgresql": postgresql}

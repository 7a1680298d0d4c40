"""Where everything is written down: one Store per kind of url. A new one is one file and one line in STORES.

SQLAlchemy takes 0.3 s to import, so it is imported when a store is built, or a PostgreSQL url is read, not before.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from watchdog.adapters.options import check_port
from watchdog.adapters.stores.lock import RoleLock
from watchdog.ports import Clock, Store

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


def _sql(url: str, clock: Clock) -> Store:
    from watchdog.adapters.stores.sql import SqlStore

    return SqlStore(url, clock)


def _memory(_url: str, clock: Clock) -> Store:
    from watchdog.adapters.stores.memory import MemoryStore

    return MemoryStore(clock)


STORES: dict[str, Callable[[str, Clock], Store]] = {
    "sqlite": _sql,
    "postgresql": _sql,
    "postgres": _sql,
    "memory": _memory,
}
POSTGRES = ("postgresql", "postgres")
"""Render gives urls that begin with the latter."""


def check_url(url: str) -> str:
    """Return the kind of store that a url names.

    Raises ValueError, saying what to write (and never the url, which may hold a password).
    """
    kind = url.partition("://")[0]
    if kind not in STORES:
        known = "sqlite:///watchdog.db, sqlite:////absolute/path.db, postgresql://user@host/database or memory://"
        raise ValueError(f"not a store: write {known}")
    if kind == "sqlite" and database_path(url) is None:
        raise ValueError("a SQLite store needs a plain file: write sqlite:///watchdog.db, or memory:// to keep nothing")
    if kind in POSTGRES:
        _check_postgres(url)
    return kind


def _check_postgres(url: str) -> None:
    parsed = _postgres_url(url)
    if parsed is None or not parsed.database:
        raise ValueError("not a PostgreSQL url: write postgresql://user:password@host:5432/database")
    if parsed.port is not None:
        check_port(parsed.port)
    if find_spec("psycopg") is None:
        raise ValueError("PostgreSQL needs its driver: pip install 'render-watchdog[postgres]'")


def _postgres_url(url: str) -> "URL | None":
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        return None


def is_postgres(url: str) -> bool:
    """Tell whether a url names a PostgreSQL."""
    return url.partition("://")[0] in POSTGRES


def shown_url(url: str) -> str:
    """Return what may be shown of a url: no user, no password, no options."""
    if not is_postgres(url):
        return url
    parsed = _postgres_url(url)
    return f"postgresql://{parsed.host or ''}/{parsed.database}" if parsed is not None else "postgresql://"


def postgres_peers(url: str) -> tuple[tuple[str, ...], str]:
    """Return the hosts of a PostgreSQL url, folders of sockets among them, and its sslmode; nothing for other urls.

    Where it gives addresses (`hostaddr`) for all of them, those are what is reached.
    """
    parsed = _postgres_url(url) if is_postgres(url) else None
    if parsed is None:
        return (), ""
    named = [one for value in parsed.normalized_query.get("host", ()) for one in value.split(",")]
    hosts = [parsed.host, *(one if one.startswith("/") else one.rpartition(":")[0] or one for one in named)]
    addresses = [one for value in parsed.normalized_query.get("hostaddr", ()) for one in value.split(",")]
    hosts = [*(() if addresses and all(addresses) else hosts), *addresses]
    modes = parsed.normalized_query.get("sslmode", ())
    return tuple(host for host in hosts if host), modes[-1] if modes else ""


def build_store(url: str, clock: Clock) -> Store:
    """Return the store of a url, not yet opened. Raises ValueError, saying what to write."""
    return STORES[check_url(url)](url, clock)


def database_path(url: str) -> Path | None:
    """Return the file behind a url, or None where there is none. Reads it as SQLAlchemy does, `%20` included."""
    if not url.startswith("sqlite:///"):
        return None
    file, options, _ = url.removeprefix("sqlite:///").partition("?")
    return None if options or file in ("", ":memory:") else Path(unquote(file))


def role_lock(url: str) -> RoleLock | None:
    """Return the lock on the role of the acting daemon for a url; None where leases do, or nobody shares the store."""
    path = database_path(url)
    return None if path is None else RoleLock(path)


__all__ = [
    "STORES",
    "RoleLock",
    "build_store",
    "check_url",
    "database_path",
    "postgres_peers",
    "role_lock",
    "shown_url",
]

"""The stores: one Store for each kind of url. A new kind is one file and one line in STORES.

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
"""Both schemes name PostgreSQL; Render's urls begin with `postgres://`, which SQLAlchemy itself does not accept."""


def check_url(url: str) -> str:
    """Return the kind of store that a url names.

    Raises ValueError with the url to write instead; its text never repeats the url, which may hold a password.
    """
    kind = url.partition("://")[0]
    if kind not in STORES:
        known = "sqlite:///watchdog.db, sqlite:////absolute/path.db, postgresql://user@host/database or memory://"
        raise ValueError(f"not a store: write {known}")
    # `sqlite://` alone is a database in memory to SQLAlchemy: the journal of decisions would vanish with the process.
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
    # The driver is an optional extra. Without this check the first error would
    # come from SQLAlchemy when the daemon starts.
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
    """Return whether a url names a PostgreSQL database."""
    return url.partition("://")[0] in POSTGRES


def shown_url(url: str) -> str:
    """Return the part of a url that logs and pages may show: no user, no password, no options."""
    if not is_postgres(url):
        return url
    parsed = _postgres_url(url)
    return f"postgresql://{parsed.host or ''}/{parsed.database}" if parsed is not None else "postgresql://"


def postgres_peers(url: str) -> tuple[tuple[str, ...], str]:
    """Return the hosts of a PostgreSQL url (socket directories among them) and its sslmode; nothing for other urls.

    Where `hostaddr` has an address for every host, libpq connects to those addresses, so they are returned instead.
    """
    parsed = _postgres_url(url) if is_postgres(url) else None
    if parsed is None:
        return (), ""
    named = [one for value in parsed.normalized_query.get("host", ()) for one in value.split(",")]
    # `host` in the query may carry a port behind a colon; a socket directory begins with a slash and carries none.
    hosts = [parsed.host, *(one if one.startswith("/") else one.rpartition(":")[0] or one for one in named)]
    addresses = [one for value in parsed.normalized_query.get("hostaddr", ()) for one in value.split(",")]
    hosts = [*(() if addresses and all(addresses) else hosts), *addresses]
    modes = parsed.normalized_query.get("sslmode", ())
    return tuple(host for host in hosts if host), modes[-1] if modes else ""


def build_store(url: str, clock: Clock) -> Store:
    """Return the store of a url, not yet opened. Raises ValueError with the url to write instead."""
    return STORES[check_url(url)](url, clock)


def database_path(url: str) -> Path | None:
    """Return the file behind a url, or None where there is none. Reads it as SQLAlchemy does, `%20` included."""
    # Three slashes, then the path as it is: relative without a fourth one, absolute with it.
    if not url.startswith("sqlite:///"):
        return None
    file, options, _ = url.removeprefix("sqlite:///").partition("?")
    return None if options or file in ("", ":memory:") else Path(unquote(file))


def role_lock(url: str) -> RoleLock | None:
    """Return the lock on the role of the acting daemon for a url.

    Return None for PostgreSQL, where leases take its place, and for a store in memory, which no other process can open.
    """
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

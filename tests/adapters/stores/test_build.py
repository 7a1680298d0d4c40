"""From a url to a store: `stores/__init__.py`."""

from pathlib import Path

import pytest

from watchdog.adapters.stores import STORES, build_store, check_url, database_path, role_lock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.adapters.stores.sql import SqlStore


def test_the_url_chooses_the_store(clock) -> None:
    """Every kind in STORES can be named."""
    built = {check_url(url): type(build_store(url, clock)) for url in ("sqlite:///watchdog.db", "memory://")}
    assert built == {"sqlite": SqlStore, "memory": MemoryStore} and built.keys() == STORES.keys()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "watchdog.db",
        "postgresql://user:hunter2@db/x",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://hunter2/x.db",
        "sqlite:///x.db?mode=ro",
        "sqlite+aiosqlite:///x.db",
    ],
)
def test_what_is_no_store_says_what_to_write_and_no_secret(url: str, clock) -> None:
    """A mistake is told before anything is opened; the url itself may hold a password."""
    with pytest.raises(ValueError, match=r"write sqlite:///watchdog\.db") as caught:
        build_store(url, clock)
    assert "hunter2" not in str(caught.value)


def test_the_file_behind_a_url() -> None:
    """Three slashes are relative, four absolute; memory has no file and no lock."""
    assert database_path("sqlite:///data/w.db") == Path("data/w.db")
    assert database_path("sqlite:////data/w.db") == Path("/data/w.db")
    assert database_path("memory://") is None and role_lock("memory://") is None
    lock = role_lock("sqlite:////data/w.db")
    assert lock is not None and lock.path == Path("/data/w.db.lock")

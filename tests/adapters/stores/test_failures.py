"""Every word of the database becomes one of ours, and none of its own leaks."""

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from watchdog.adapters.stores.failures import judge, translated
from watchdog.domain.errors import Permanent, Temporary


def failure(name: str, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    error = kind("hunter2")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("SQLITE_BUSY", Temporary, "another process is writing"),
        ("SQLITE_BUSY_SNAPSHOT", Temporary, "another process is writing"),
        ("SQLITE_LOCKED", Temporary, "another process is writing"),
        ("SQLITE_FULL", Temporary, "make room"),
        ("SQLITE_CANTOPEN", Temporary, "its folder must exist"),
        ("SQLITE_READONLY_DBMOVED", Temporary, "the right to write"),
        ("SQLITE_IOERR_FSYNC", Temporary, "the host's log"),
        ("SQLITE_INVENTED", Temporary, "OperationalError"),
        ("SQLITE_NOTADB", Permanent, "move it away"),
        ("SQLITE_CORRUPT_INDEX", Permanent, "put a backup in its place"),
        ("SQLITE_ERROR", Permanent, "somebody else changed them"),
        ("SQLITE_CONSTRAINT_NOTNULL", Permanent, "somebody else changed them"),
    ],
)
def test_the_kind_of_error_decides(name: str, kind: type[Exception], words: str) -> None:
    """Raw or wrapped by SQLAlchemy, it is the same answer, with the code and without the text."""
    raw = failure(name)
    for error in (raw, OperationalError("INSERT hunter2", {"x": "hunter2"}, raw)):
        judged = judge(error)
        assert type(judged) is kind and words in str(judged) and name in str(judged)
        assert "hunter2" not in str(judged)


def test_temporary_says_when_to_come_back() -> None:
    """Also when it is our own pool that has nothing left."""
    judged = judge(PoolTimeout("hunter2"))
    assert isinstance(judged, Temporary) and judged.retry_after_seconds > 0
    assert str(judged) == "the store does not answer: all its connections are busy"


def test_a_mistake_of_ours_stays_what_it_is() -> None:
    """A bug must crash as a bug, not be retried as a slow database."""
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError
    with pytest.raises(Permanent) as caught, translated():
        raise failure("SQLITE_CORRUPT", sqlite3.DatabaseError)
    assert caught.value.__suppress_context__

"""Every word of the database becomes one of ours, and none of its own leaks."""

import sqlite3

import psycopg
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


@pytest.mark.parametrize(
    ("sqlstate", "kind", "words"),
    [
        ("40001", Temporary, "another worker wrote the same meanwhile"),
        ("40P01", Temporary, "another worker wrote the same meanwhile"),
        ("55P03", Temporary, "kept it locked for too long"),
        ("57014", Temporary, "it took too long"),
        ("57P01", Temporary, "is being stopped or started"),
        ("57P03", Temporary, "is being stopped or started"),
        ("25P03", Temporary, "we were frozen"),
        ("25006", Temporary, "is it a standby"),
        ("53100", Temporary, "the disk is full"),
        ("53300", Temporary, "it has no connection left"),
        ("53200", Temporary, "too few resources"),
        ("ZZ999", Temporary, "it failed"),
        ("28P01", Permanent, "refuses our user or password"),
        ("3D000", Permanent, "does not exist"),
        ("42501", Permanent, "lacks rights"),
        ("42P01", Permanent, "not what this version expects"),
        ("42703", Permanent, "not what this version expects"),
        ("23502", Permanent, "not what this version expects"),
        ("22P02", Permanent, "not what this version expects"),
        ("XX001", Permanent, "put a backup in its place"),
    ],
)
def test_postgresql_tells_by_its_code(sqlstate: str, kind: type[Exception], words: str) -> None:
    """The code is repeated, the text is not."""

    class Told(Exception):
        pass

    raw = Told("hunter2")
    raw.sqlstate = sqlstate  # type: ignore[attr-defined]
    judged = judge(OperationalError("INSERT hunter2", {"x": "hunter2"}, raw))
    assert type(judged) is kind and words in str(judged) and f"({sqlstate})" in str(judged)
    assert "hunter2" not in str(judged)


def test_our_own_limits_are_told_as_such() -> None:
    """No connection came free, or none was made."""
    assert str(judge(TimeoutError("hunter2"))) == "the store does not answer: no connection came free in time"
    wire = OperationalError("SELECT hunter2", {}, psycopg.OperationalError("hunter2"))
    assert str(judge(wire)).startswith("the store does not answer: no connection (OperationalError): is it up")
    wire.connection_invalidated = True
    assert str(judge(wire)) == "the store does not answer: the connection was cut, or nothing came for too long"


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

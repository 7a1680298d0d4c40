"""Every word of the database becomes one of ours, and none of its own leaks."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from watchdog.adapters.stores.database_errors import judge, translated
from watchdog.domain.errors import Permanent, Temporary


def failure(name: str, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    error = kind("hunter2")
    error.sqlite_errorname = name
    return error


class Told(Exception):
    """What PostgreSQL says: a code, and a text that is not for others."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("hunter2")
        self.sqlstate = sqlstate


SQLITE = [
    (Temporary, "another process is writing", "BUSY BUSY_SNAPSHOT LOCKED"),
    (Temporary, "make room", "FULL"),
    (Temporary, "its folder must exist", "CANTOPEN"),
    (Temporary, "the right to write", "READONLY_DBMOVED"),
    (Temporary, "the host's log", "IOERR_FSYNC"),
    (Temporary, "OperationalError", "INVENTED"),
    (Permanent, "move it away", "NOTADB"),
    (Permanent, "put a backup in its place", "CORRUPT_INDEX"),
    (Permanent, "another program changed them", "ERROR CONSTRAINT_NOTNULL"),
]


POSTGRES = [
    (Temporary, "another worker wrote the same meanwhile", "40001 40P01"),
    (Temporary, "kept it locked for too long", "55P03"),
    (Temporary, "it took too long", "57014"),
    (Temporary, "is being stopped or started", "57P01 57P03"),
    (Temporary, "we were frozen", "25P03"),
    (Temporary, "is it a standby", "25006"),
    (Temporary, "is it a standby", "0A000"),
    (Temporary, "the disk is full", "53100"),
    (Temporary, "it has no connection left", "53300"),
    (Temporary, "too few resources", "53200"),
    (Temporary, "it failed", "ZZ999"),
    (Permanent, "refuses our user or password", "28P01"),
    (Permanent, "does not exist", "3D000"),
    (Permanent, "lacks rights", "42501"),
    (Permanent, "not what this version expects", "42P01 42703 23502 22P02"),
    (Permanent, "put a backup in its place", "XX001"),
]


RAW = [
    *((failure(f"SQLITE_{name}"), name, kind, words) for kind, words, names in SQLITE for name in names.split()),
    *((Told(code), f"({code})", kind, words) for kind, words, codes in POSTGRES for code in codes.split()),
]


@pytest.mark.parametrize(("raw", "code", "kind", "words"), RAW)
def test_the_kind_of_error_decides(raw: Exception, code: str, kind: type[Exception], words: str) -> None:
    """Raw or wrapped by SQLAlchemy, it is the same answer, with the code and without the text."""
    for error in (raw, OperationalError("INSERT hunter2", {"x": "hunter2"}, raw)):
        judged = judge(error)
        assert type(judged) is kind and words in str(judged) and code in str(judged)
        assert "hunter2" not in str(judged)


def test_our_own_limits_are_told_as_such() -> None:
    assert str(judge(TimeoutError("hunter2"))) == "the store does not answer: no connection came free in time"
    wire = OperationalError("SELECT hunter2", {}, psycopg.OperationalError("hunter2"))
    assert str(judge(wire)).startswith("the store does not answer: no connection (OperationalError): is it up")
    wire.connection_invalidated = True
    assert str(judge(wire)) == "the store does not answer: the connection was cut, or nothing came for too long"
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

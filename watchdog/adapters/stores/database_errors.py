"""Errors of a database, translated into the caller's next step.

Rule: an error's own text may hold a URL with a password, or the rows that were being written. Only the kind of error is
repeated, never its text, and the chain of causes is cut.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from watchdog.domain.errors import Permanent, Temporary

DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT")
TEMPORARY = {
    "SQLITE_BUSY": "another process is writing to it",
    "SQLITE_LOCKED": "another process is writing to it",
    "SQLITE_FULL": "the disk is full: make room",
    "SQLITE_CANTOPEN": "the file cannot be opened: its folder must exist and we must be allowed to write there",
    "SQLITE_READONLY": "it cannot be written: give this user the right to write the file and its folder",
    "SQLITE_IOERR": "the disk does not read or write: look at the host's log",
    "SQLITE_PERM": "access is denied: give this user the right to read and write the file and its folder",
    "SQLITE_NOMEM": "out of memory",
}
RETRY_AFTER_SECONDS = 1.0

SQLSTATES_PERMANENT = {
    "XX001": "the store's database is damaged: stop writing to it and put a backup in its place",
    "XX002": "the store's database is damaged: stop writing to it and put a backup in its place",
    "3D000": "the store's database does not exist: create it, or correct its name in the url",
    "28": "the store refuses our user or password: correct the url",
    "42501": "the store's user lacks rights: make it the owner of its schema",
    "42": "the store's tables are not what this version expects: another program changed them; use an empty database",
    "23": "the store's tables are not what this version expects: another program changed them; use an empty database",
    "22": "the store's tables are not what this version expects: another program changed them; use an empty database",
}
SQLSTATES_TEMPORARY = {
    "40": "another worker wrote the same meanwhile",
    "55P03": "another transaction kept it locked for too long",
    "57014": "it took too long",
    "57P": "the database is being stopped or started",
    "25P03": "we were frozen in the middle of a transaction, and it was ended",
    "25006": "the database only reads now: is it a standby?",
    "0A000": "the database only reads now: is it a standby?",  # so it refuses a transaction that says READ WRITE
    "53100": "the disk is full: make room",
    "53300": "it has no connection left: raise its max_connections, or close unused connections",
    "53": "it has too few resources",
}
"""The cause by SQLSTATE, or its first characters, in PostgreSQL; the first match counts. Appendix A of its manual."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the database into Temporary or Permanent; a programming error of ours passes unchanged."""
    try:
        yield
    except (DBAPIError, PoolTimeout, TimeoutError, sqlite3.Error) as error:
        raise judge(error) from None


def judge(error: Exception) -> Temporary | Permanent:
    """Return the error that names the caller's next step for an error of the database."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    # Order: PostgreSQL gives an SQLSTATE, SQLite an error name, and our own timeouts neither.
    if sqlstate := str(getattr(cause, "sqlstate", "") or ""):
        return _judge_sqlstate(sqlstate)
    name = str(getattr(cause, "sqlite_errorname", "") or "")
    if name.startswith(DAMAGED):
        return Permanent(
            f"the store's file is damaged or is no SQLite database ({name}): move it away (keep it) and start "
            "again with a new one, or put a backup in its place"
        )
    # A constraint, type or schema error repeats with every retry: our statements
    # are fixed, so the tables must differ from ours.
    if name == "SQLITE_ERROR" or name.startswith(("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_SCHEMA")):
        return Permanent(
            f"the store's tables are not what this version expects ({name}): another program changed them; move the "
            "file away (keep it) and start again with a new one"
        )
    why = next((text for start, text in TEMPORARY.items() if name.startswith(start)), None)
    if why is None:
        why = _without_name(error, cause)
    suffix = f" ({name})" if name else ""
    return Temporary(f"the store does not answer: {why}{suffix}", retry_after_seconds=RETRY_AFTER_SECONDS)


def _judge_sqlstate(sqlstate: str) -> Temporary | Permanent:
    """Return the caller's next step for an error that PostgreSQL reported with an SQLSTATE."""
    for start, text in SQLSTATES_PERMANENT.items():
        if sqlstate.startswith(start):
            return Permanent(f"{text} ({sqlstate})")
    why = next((text for start, text in SQLSTATES_TEMPORARY.items() if sqlstate.startswith(start)), "it failed")
    return Temporary(f"the store does not answer: {why} ({sqlstate})", retry_after_seconds=RETRY_AFTER_SECONDS)


def _without_name(error: Exception, cause: BaseException) -> str:
    """Return the cause of an error without a code: one of our own timeouts, or a connection that failed or was cut."""
    if isinstance(error, PoolTimeout):
        return "all its connections are busy"
    if isinstance(error, TimeoutError):
        return "no connection came free in time"
    if isinstance(error, DBAPIError) and type(cause).__module__.startswith("psycopg"):
        if error.connection_invalidated:
            return "the connection was cut, or nothing came for too long"
        return f"no connection ({type(cause).__name__}): is it up, and are host, user and password of its url right?"
    return type(cause).__name__

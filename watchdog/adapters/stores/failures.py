"""What a database says, turned into what the caller should do next.

Rule: a database's own words may hold a URL with a password, or the rows that were being written. Only the kind of
error is repeated, never its text, and the chain of causes is cut.
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


@contextmanager
def translated() -> Iterator[None]:
    """Turn every error of the database into Temporary or Permanent; a mistake of ours stays what it is."""
    try:
        yield
    except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
        raise judge(error) from None


def judge(error: Exception) -> Temporary | Permanent:
    """Return what the caller should do about an error of the database."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    name = str(getattr(cause, "sqlite_errorname", "") or "")
    if name.startswith(DAMAGED):
        return Permanent(
            f"the store's file is damaged or is no SQLite database ({name}): move it away (keep it) and start "
            "again with a new one, or put a backup in its place"
        )
    if name == "SQLITE_ERROR" or name.startswith(("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_SCHEMA")):
        return Permanent(
            f"the store's tables are not what this version expects ({name}): somebody else changed them; move the "
            "file away (keep it) and start again with a new one"
        )
    why = next((text for start, text in TEMPORARY.items() if name.startswith(start)), None)
    if why is None:
        why = "all its connections are busy" if isinstance(error, PoolTimeout) else type(cause).__name__
    suffix = f" ({name})" if name else ""
    return Temporary(f"the store does not answer: {why}{suffix}", retry_after_seconds=RETRY_AFTER_SECONDS)

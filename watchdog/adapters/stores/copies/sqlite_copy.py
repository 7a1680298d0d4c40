"""A whole copy of a SQLite store, by SQLite's own backup, which may run beside a writer. Not on the event loop.

Theory. A copy is written as `….part`, checked, and only then given its name; so what has the name is whole. A restore
writes the new file beside the store first, puts what the store's log holds into the store, gives the store its second
name, and then renames the new file to the first one, in one step: a process that dies in between leaves the old store.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from watchdog.adapters.databases.dump_files import PART
from watchdog.adapters.stores.new_files import opened_new
from watchdog.adapters.stores.tables import HEAD, VERSION_TABLE
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent

BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside the file of an open database; it belongs to that file."""
OWN = (*BESIDE, "-journal", ".lock")
"""What follows the store's name in the names of its own files."""
NO_STORE = f"is no store of a watchdog that can be read: name a file that `{command_line('backup', 'FILE')}` wrote"


def check(file: Path) -> str:
    """Return the schema revision of a copy. Raises Permanent for a damaged one, a newer one, or another file."""
    try:
        with closing(_read_only(file)) as copy:
            (state,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            found = copy.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608 - our constant
    except sqlite3.Error:
        raise Permanent(f"{file} {NO_STORE}") from None
    if state != "ok" or not found:
        raise Permanent(f"{file} is damaged: name another copy")
    if found[0] > HEAD:
        raise Permanent(f"{file} was made by a newer watchdog (schema {found[0]}; this one knows {HEAD}): use that one")
    return str(found[0])


def part_of(file: Path) -> Path:
    """Return where a file is written before it has its name. Raises Permanent where a file lies there, since it may be
    a copy that a person has named, or the very one that is put back.
    """
    part = file.with_name(file.name + PART)
    try:
        part.lstat()
    except FileNotFoundError:
        return part
    except OSError as error:
        raise Permanent(f"{file} cannot be written ({error.strerror})") from None
    raise Permanent(f"{part} is there already: give it another name, or remove it if an interrupted copy left it")


def write(store: Path, file: Path) -> None:
    """Copy a store to a new file. Raises Permanent where the file is there, or cannot be written."""
    if file.name.startswith(store.name) and file.name.removeprefix(store.name) in OWN:
        raise Permanent(f"{file} is a name that belongs to the store: name another file")
    if os.path.lexists(file):
        raise Permanent(f"{file} is there already: name another file")
    part = part_of(file)
    try:
        _copy(store, part)
        check(part)
        part.rename(file)
    except OSError as error:
        raise Permanent(f"{file} cannot be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)


def put_back(file: Path, store: Path, aside: Path) -> None:
    """Put a copy in the place of a store, whose files are renamed to `aside`. The caller has the store's role."""
    check(file)
    part = part_of(store)
    if os.path.lexists(aside):
        raise Permanent(f"{aside} is there already: type the command again in a second")
    try:
        _copy(file, part)
        if store.exists():
            _empty_log(store)
            aside.hardlink_to(store)
        # Of a damaged store the log may still hold something; beside the new file it would be taken for its own.
        for suffix in BESIDE:
            left = Path(f"{store}{suffix}")
            if left.exists():
                left.rename(f"{aside}{suffix}")
        part.replace(store)
    except OSError as error:
        raise Permanent(
            f"{store} cannot be replaced ({error.strerror}); what was there is {aside} or {store}"
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _empty_log(store: Path) -> None:
    """Put what the log of a store holds into the store, as far as it can be read."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=rw", uri=True)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _copy(source: Path, target: Path) -> None:
    """Copy a database to a new file that only the owner of its folder can read. Raises OSError or Permanent."""
    os.close(opened_new(str(target), os.O_WRONLY))
    try:
        with closing(_read_only(source)) as read, closing(sqlite3.connect(target)) as written:
            read.backup(written)
            # One file: a copy that is moved must not leave a part of itself behind.
            written.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.Error as error:
        raise Permanent(f"{source} cannot be copied ({type(error).__name__}: {error})") from None


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=10.0)

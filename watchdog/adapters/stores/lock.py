"""The lock on the role of the acting daemon: one process decides and acts; others may read and queue commands.

It is an flock on a file *beside* the database, not on the database. The kernel releases it when its holder dies, kill
-9 included, and keeps it while the holder is merely stopped; no clock is involved. The file is never removed: removing
it would let two processes lock two files of the same name.
"""

import contextlib
import errno
import fcntl
import os
from io import FileIO
from pathlib import Path

from watchdog.adapters.stores.new_files import mode_of_new, opened_new
from watchdog.domain.errors import Permanent

COMMAND = " command"
"""The suffix of a process id that belongs to a command line which holds the role and answers no commands of others."""


def _owners(path: str, flags: int) -> int:
    """Open a file; a new one takes the store's mode, since a user who may open it could hold the lock."""
    try:
        return opened_new(os.path.realpath(path), flags)
    except FileExistsError:
        return os.open(path, flags, mode_of_new(path))


class RoleLock:
    """The right to act, held on `<path>.lock` (`path` is the database's file)."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(f"{path}.lock")
        self._file: FileIO | None = None

    def acquire(self, *, by_command: bool = False) -> bool:
        """Take the role without waiting; return False while another process has it (then `holder` names it).

        `by_command` marks the holder as a command line, which answers no queued commands. Raises Permanent if the file
        cannot be made.
        """
        if self._file is not None:
            return True
        file = self._open()
        try:
            # Without waiting: the caller decides whether to stand by or to stop.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        except OSError as error:
            file.close()
            raise Permanent(
                f"cannot lock {self.path.name} beside the store ({error.strerror}): its file system has no locks; "
                "use a local disk, or a store of PostgreSQL"
            ) from None
        self._file = file
        # Only after the lock: until then the file names the present holder, which messages show.
        self.write_holder(by_command=by_command)
        return True

    def write_holder(self, *, by_command: bool = False) -> None:
        """Name this process, which has the role, in the file; a command line that answers others is no longer marked
        as one.
        """
        assert self._file is not None, "the file names the process that has the role"
        # On a full or read-only disk the daemon watches from memory, and pages that; the role needs no name.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file.fileno(), 0)
            os.write(self._file.fileno(), f"{os.getpid()}{COMMAND if by_command else ''}\n".encode())

    def release(self) -> None:
        """Give the role back; harmless when it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @property
    def is_held(self) -> bool:
        """Return whether any process has the role now; makes no file, and takes nothing."""
        try:
            file = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        # A lock of another user, which this one may not open: nothing is known against its holder.
        except OSError:
            return True
        try:
            # Shared, and given back at once: readers do not disturb each other, and a start tries again in a second.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(file)
        return False

    @property
    def holder(self) -> int | None:
        """Return the process id that the last holder wrote, or None; for messages only."""
        try:
            return int(self._written().removesuffix(COMMAND))
        except ValueError:
            return None

    @property
    def is_by_command(self) -> bool:
        """Return whether the last holder marked itself as a command line, not a daemon."""
        return self._written().endswith(COMMAND)

    def _written(self) -> str:
        try:
            return self.path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""

    def _open(self) -> FileIO:
        try:
            # "a+": opening the file must not empty it, since it names the present holder.
            return open(self.path, "a+b", buffering=0, opener=_owners)
        except OSError as error:
            # Made by an earlier start, on a disk that is read-only by now: a lock needs no right to write.
            if error.errno == errno.EROFS and self.path.exists():
                return self.path.open("rb", buffering=0)
            raise Permanent(
                f"cannot make the lock file {self.path.name} beside the store ({type(error).__name__}): "
                "its folder must exist and this user must be allowed to write there"
            ) from None

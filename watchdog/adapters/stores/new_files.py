"""A new file: its mode is its owner's alone, unless its folder is shared with a group; its owner that of the folder."""

import os
import stat
from contextlib import suppress
from pathlib import Path


def opened_new(path: str, flags: int) -> int:
    """Make a file and return its descriptor. Raises OSError, FileExistsError among them.

    Root gives it to the owner of its folder: a command that was typed with sudo must not leave the daemon's user a
    store, or a lock, that it cannot write.
    """
    made = os.open(path, flags | os.O_CREAT | os.O_EXCL, mode_of_new(path))
    if os.geteuid() == 0:
        # Without that right the file stays root's, as any other file that this process makes.
        with suppress(OSError):
            folder = Path(os.path.realpath(path)).parent.stat()
            os.fchown(made, folder.st_uid, folder.st_gid)
    return made


def mode_of_new(path: str) -> int:
    """Return the mode of a new file at that path, before the umask: the owner's, and the group's where the folder is
    setgid.

    A folder whose files all take its group (setgid) is one that a group shares on purpose.
    """
    try:
        folder = Path(os.path.realpath(path)).parent.stat().st_mode
    except OSError:
        # A folder that cannot be read gives no permission away; opening the file will report the error.
        return 0o600
    return 0o600 | (folder & 0o060 if folder & stat.S_ISGID else 0)

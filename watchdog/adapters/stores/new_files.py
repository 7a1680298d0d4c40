"""The mode of a new file: its owner's alone, unless its folder is shared with a group."""

import os
import stat
from pathlib import Path


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

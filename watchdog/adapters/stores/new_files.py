"""Which mode a file of ours has when it is made: its owner's alone, unless its folder is meant for a group."""

import os
import stat
from pathlib import Path


def mode_of_new(path: str) -> int:
    """Return the mode of a file that is made at that path, before the umask: what its setgid folder gives a group.

    A folder whose files all belong to its group (setgid) is one that a group shares on purpose.
    """
    try:
        folder = Path(os.path.realpath(path)).parent.stat().st_mode
    except OSError:
        return 0o600
    return 0o600 | (folder & 0o060 if folder & stat.S_ISGID else 0)

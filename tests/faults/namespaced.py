"""Runs a script in the network namespace of another process: namespaced.py PID SCRIPT ARGUMENTS …"""

import ctypes
import os
import runpy
import sys
from pathlib import Path

CLONE_NEWNET = 0x40000000


def main(pid: str, script: str) -> None:
    """Join the namespace, then be that script."""
    fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    assert ctypes.CDLL(None, use_errno=True).setns(fd, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    os.close(fd)
    del sys.argv[:2]
    sys.path.insert(0, str(Path(script).parent))
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

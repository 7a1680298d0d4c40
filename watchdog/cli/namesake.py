"""Other programs by our name: PyPI's `watchdog`, the file-event library, which installed in the same environment
overwrites files of ours; and what a shell finds, or does not find, in place of `.venv/bin/watchdog`.

Rule: this file imports nothing of ours, so that it still works when the other package has overwritten the rest.
"""

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

NAME = "watchdog"
CURE = (
    "give render-watchdog an environment of its own (in a clone: uvx --from . watchdog, or pipx install .), "
    "or use the image"
)


def conflict() -> str:
    """Return a warning that the other package is installed here, with the cure, or an empty text."""
    try:
        # By the metadata: an import would find the files of whichever package was installed last.
        found = version(NAME)
    except PackageNotFoundError:
        return ""
    return f"another package, watchdog {found} (file events), is installed here and overwrites our files: {CURE}"


def own_name() -> str:
    """Return what to type in place of `watchdog`, for this process; "" where the name alone will do."""
    return typed_as(sys.argv[0], sys.executable, os.environ.get("PATH", ""))


def typed_as(started: str, executable: str, path: str) -> str:
    """Return what to type in place of `watchdog`; "" where the name alone starts this very program.

    `started` is how this process was started (`sys.argv[0]`), `executable` its interpreter, `path` the folders that the
    shell searches.
    """
    # `python -m watchdog`: Python puts the module's file here.
    if Path(started).name == "__main__.py":
        return f"{executable} -m {NAME}"
    # A test, or a program that embeds this one: nothing of ours was typed.
    if Path(started).name != NAME:
        return ""
    found = shutil.which(NAME, path=path)
    return "" if found is not None and os.path.realpath(found) == os.path.realpath(started) else started

"""The exposure of our files and our store: file modes, and a database whose name is not checked."""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from watchdog.adapters.ssrf_guard import is_loopback
from watchdog.adapters.stores import database_path, postgres_peers

GROUP, OTHERS, CHANGING = 0o070, 0o007, 0o022
"""Mode bits: of a file's group, of all others, and to write."""
BESIDE = ("-wal", "-shm")
"""The suffixes of SQLite's files beside a database: the newest records are there."""


def exposure_warnings(store_url: str, folder: Path, environ: Mapping[str, str]) -> Sequence[str]:
    """Return warnings of files that other users can read, and of a database that an impostor could replace."""
    # A `.env` is never shared with a group on purpose, so no bit of its folder excuses an open file.
    found = [_of_files("", [folder / ".env"], shared=0)]
    database = database_path(store_url)
    if database is not None:
        # SQLite puts its log beside the target of a link, our lock beside the link itself.
        own = Path(os.path.realpath(database))
        files = [own, *(own.with_name(own.name + one) for one in BESIDE), database.with_name(f"{database.name}.lock")]
        found.append(_of_files("store: ", files, shared=stat.S_ISGID))
    return [one for one in (*found, _of_database(store_url, environ)) if one]


def _of_files(what: str, files: Sequence[Path], shared: int) -> str:
    """Return a warning with the users who may open these files.

    In a folder with a bit of `shared`, its group is meant to open them.
    """
    modes = {path: mode for path in files if (mode := _open_to(path, shared))}
    every = 0
    for mode in modes.values():
        every |= mode
    if not every:
        return ""
    names = " ".join(path.name for path in modes)
    which = ", ".join(f"{path.name} (mode {stat.S_IMODE(path.stat().st_mode):04o})" for path in modes)
    can = "change" if every & CHANGING else "read"
    if every & OTHERS:
        return f"{what}other users of this machine can {can} {which}: chmod 600 {names}"
    return f"{what}users of the group can {can} {which}: if that is not intended, chmod 600 {names}"


def _open_to(path: Path, shared: int) -> int:
    """Return the mode bits by which others than its owner may open a file; none if they may not pass its folder."""
    try:
        mode, folder = path.stat().st_mode, path.parent.stat().st_mode
    except OSError:
        return 0
    # A folder without the x bit keeps everyone out, however open its files are.
    passing = (GROUP if folder & 0o011 and not folder & shared else 0) | (OTHERS if folder & 0o001 else 0)
    return mode & passing


def _of_database(store_url: str, environ: Mapping[str, str]) -> str:
    hosts, sslmode = postgres_peers(store_url)
    far = [host for host in hosts if _is_far(host)]
    # Only verify-full checks the name; `require` encrypts towards any server that answers.
    if not far or (sslmode or environ.get("PGSSLMODE", "")) == "verify-full":
        return ""
    what = f"store: the connection to {far[0]} is neither verified nor surely encrypted"
    return f"{what}: add ?sslmode=verify-full&sslrootcert=system to WATCHDOG_STORE_URL (or the file of its authority)"


def _is_far(host: str) -> bool:
    """Return whether a host is reached over a network that others may share.

    A name without a dot is reached in a private network alone, as Render's own are, and no certificate could hold it.
    """
    host = host.rstrip(".")
    return not is_loopback(host) and not host.startswith("/") and ("." in host or ":" in host)

"""Who else may read what we keep, or stand in for our store: file modes, and a database whose name nobody checks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from watchdog.adapters.stores import database_path, postgres_peers
from watchdog.settings.schema.urls import is_loopback

OTHERS = 0o077
"""The mode bits of everybody but the owner."""
CHANGING = 0o022


def exposure_warnings(store_url: str, folder: Path, environ: Mapping[str, str]) -> Sequence[str]:
    """Return what lets others read our secrets and record, or answer in the place of our database."""
    files = [(folder / ".env", ".env")]
    database = database_path(store_url)
    if database is not None:
        files.append((database, f"store: {database.name}"))
    found = [_of_file(path, name) for path, name in files]
    return [one for one in (*found, _of_database(store_url, environ)) if one]


def _of_file(path: Path, name: str) -> str:
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if not mode & OTHERS:
        return ""
    can = "change" if mode & CHANGING else "read"
    return f"{name} has mode {mode & 0o777:04o}: other users of this machine can {can} it: chmod 600 {path.name}"


def _of_database(store_url: str, environ: Mapping[str, str]) -> str:
    hosts, sslmode = postgres_peers(store_url)
    far = [host for host in hosts if _is_far(host)]
    if not far or (sslmode or environ.get("PGSSLMODE", "")) == "verify-full":
        return ""
    what = f"store: nobody checks that {far[0]} is the database that is meant, nor who reads what is sent"
    return f"{what}: add ?sslmode=verify-full&sslrootcert=system to WATCHDOG_STORE_URL (or the file of its authority)"


def _is_far(host: str) -> bool:
    """Tell whether a host is reached over a network that others may share.

    A name without a dot is reached in a private network alone, as Render's own are, and no certificate could hold it.
    """
    return not is_loopback(host) and not host.startswith("/") and ("." in host or ":" in host)

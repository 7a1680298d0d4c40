"""The store, opened to read and to submit commands. Of the daemon it loads only the clock.

Rule: it is opened as the daemon has left it, never made or migrated. A store that root makes could not be written by
the daemon's user, and one that a newer command line migrates could not be opened again by the daemon's older version.
"""

import contextlib
from collections.abc import AsyncIterator

from watchdog.adapters.stores import build_store, database_path, shown_url
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Gone, Permanent
from watchdog.domain.incidents import Incident
from watchdog.ports import Clock, Store
from watchdog.settings import Settings


@contextlib.asynccontextmanager
async def reading(settings: Settings, clock: Clock | None = None, *, outdated: bool = False) -> AsyncIterator[Store]:
    """Open the journal to read (and to submit commands), beside a running daemon or without one.

    Raises Gone if no daemon has made it yet, and Outdated for tables of an older version; `outdated`: these will do,
    as for a command that a daemon of that version carries out.
    """
    store = build_store(settings.store_url, clock or SystemClock())
    try:
        await store.open_existing(outdated=outdated)
    except Gone:
        raise Gone(_none_yet(settings.store_url)) from None
    try:
        yield store
    finally:
        await store.close()


def _none_yet(url: str) -> str:
    file = database_path(url)
    where = file.absolute() if file is not None else shown_url(url)
    return (
        f"there is no store yet ({where}): the first `{command_line('run')}` makes it. If the daemon runs elsewhere, "
        "ask there; if here, give this command the daemon's configuration (-c) and its variables"
    )


async def incident_of(store: Store, incident: str) -> Incident:
    """Return an incident of the record. Raises Permanent where there is none of that id."""
    found = await store.incident(incident)
    if found is None:
        raise Permanent(f"no such incident: {incident}")
    return found

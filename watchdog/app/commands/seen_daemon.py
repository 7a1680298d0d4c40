"""The daemon as a command sees it beside its store: whether one runs, and with which configuration. It reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.adapters.stores import role_lock
from watchdog.app.compose.running_configuration import differences_in_force, in_force
from watchdog.domain.policy import Policy
from watchdog.ports import Store
from watchdog.settings import Settings


@dataclass(frozen=True, slots=True)
class SeenDaemon:
    """The daemon of a store."""

    runs: bool  # one has the role now, or, on a shared database, a lease
    policy: Policy  # the configuration's, with the modes in force
    differences: Sequence[str] = ()  # what is in force and not in the file, in words


async def seen_daemon(settings: Settings, store: Store) -> SeenDaemon:
    """Return whether a daemon runs, and what it runs with; without one, the configuration as its next start reads it.

    Raises Temporary or Permanent.
    """
    lock = role_lock(settings.store_url)
    # Leases of a file never expire: there the lock says whether its holder lives.
    runs = await store.is_served() if lock is None else lock.is_held and not lock.is_by_command
    if not runs:
        return SeenDaemon(False, settings.policy)
    running = await store.running()
    return SeenDaemon(True, in_force(settings.policy, running), differences_in_force(settings, running))

"""The content of stores in memory: objects, not JSON; several workers (MemoryStores) may share one.

Its clock judges the leases, as the server's does in PostgreSQL. It has no threads and awaits nothing, so the same calls
give the same result.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from watchdog.adapters.stores import retention
from watchdog.adapters.stores.leases import NO_OWNER, share
from watchdog.domain.commands.announcements import Announcement
from watchdog.domain.drills.drill import Drill
from watchdog.domain.effects import Effect, Note
from watchdog.domain.follow_ups import FollowUp, Tick
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Fleet, Incident, ServiceState, Shared
from watchdog.domain.remedies.database_step import DatabaseStep
from watchdog.domain.store_records import ActionRow, Command, FeedHour, LeaseGrant, Minute, Running
from watchdog.ports import Clock

NOTES_MAX = 10_000


@dataclass(slots=True)
class Lease:
    """The worker that may write one name, and until when by the database's clock."""

    owner: str = NO_OWNER
    epoch: int = 0
    expires: float = 0.0


class MemoryDatabase:
    """The tables of a store in memory, and its leases."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.services: dict[str, ServiceState] = {}
        self.fleet: Fleet | None = None
        self.shared = Shared()
        self.revision = 0
        self.leases: dict[str, Lease] = {}
        self.running: dict[str, tuple[int, Running]] = {}
        self.workers: dict[str, tuple[float, str]] = {}
        self.pending: dict[int, Effect] = {}
        self.notes: deque[Note] = deque(maxlen=NOTES_MAX)
        self.incidents: dict[str, Incident] = {}
        self.actions: dict[tuple[str, str], ActionRow] = {}
        self.deliveries: dict[tuple[int, str], tuple[str, str | None, float]] = {}
        self.labels: dict[str, str] = {}
        self.remarks: deque[Remark] = deque(maxlen=NOTES_MAX)
        self.ticks: deque[Tick] = deque(maxlen=NOTES_MAX)
        self.follow_ups: dict[tuple[str, int], FollowUp] = {}
        self.announcements: dict[int, Announcement] = {}
        self.drills: dict[int, Drill] = {}
        self.database_steps: dict[int, DatabaseStep] = {}
        self.minutes: dict[retention.Key, Minute] = {}
        self.hours: dict[retention.Key, Minute] = {}
        self.feed_hours: dict[retention.Key, FeedHour] = {}
        self.commands: dict[int, Command] = {}
        self.ids = 0

    def renew_leases(
        self,
        worker: str,
        names: Sequence[str],
        ttl_seconds: float,
        keep: Collection[str],
        ailment: str,
        *,
        sole: bool,
    ) -> LeaseGrant:
        """Renew, give back and take, as `Leases.renew_leases` does in SQL. Leases of a `sole` worker never expire."""
        now = self.clock.now()
        until = inf if sole else now + ttl_seconds
        self.workers[worker] = (until, ailment)
        # Leases are judged by their own end, so an expired worker can be dropped at once.
        self.workers = {name: told for name, told in self.workers.items() if told[0] > now}
        workers = 1 if sole else len(self.workers)
        mine = [name for name, lease in self.leases.items() if lease.owner == worker]
        room, surplus = share(names, mine, workers, keep)
        for name in mine:
            lease = self.leases[name]
            # The epoch stays when a lease is released: it counts up for the next holder, and old writes remain fenced.
            self.leases[name] = Lease(NO_OWNER, lease.epoch) if name in surplus else Lease(worker, lease.epoch, until)
        free = [name for name in names if name not in mine and self._free(name, now, sole)]
        for name in free[:room]:
            self.leases[name] = Lease(worker, self.leases.get(name, Lease()).epoch + 1, until)
        if sole:  # those of a killed process never expire
            self.leases |= {
                name: Lease(NO_OWNER, one.epoch) for name, one in self.leases.items() if one.owner != worker
            }
        epochs = {name: lease.epoch for name, lease in self.leases.items() if lease.owner == worker}
        others = {name: why for name, (_, why) in self.workers.items() if name != worker and not sole}
        ailing = {name: why for name, why in others.items() if why}
        return LeaseGrant(worker, epochs, workers, self.revision, ailing, tuple(others))

    def _free(self, name: str, now: float, sole: bool) -> bool:
        return sole or name not in self.leases or self.leases[name].expires <= now

    def is_served(self) -> bool:
        """Return whether any worker holds a lease now; a free one has expired."""
        return any(lease.expires > self.clock.now() for lease in self.leases.values())

    def give_back(self, worker: str) -> None:
        """End every lease of a worker, and delete the worker."""
        for name, lease in self.leases.items():
            if lease.owner == worker:
                self.leases[name] = Lease(NO_OWNER, lease.epoch)
        self.workers.pop(worker, None)

    def owns(self, worker: str, name: str, epoch: int) -> bool:
        """Return whether a worker holds the lease on a name now, at that epoch."""
        lease = self.leases[name]
        return lease.owner == worker and lease.epoch == epoch and lease.expires > self.clock.now()


def bound(rows: dict[Any, Any], limit: int) -> None:
    """Delete the oldest rows beyond the limit."""
    # A dict keeps the order of insertion, so its first key is the oldest row.
    while len(rows) > limit:
        del rows[next(iter(rows))]

"""What this worker knew of services whose lease ran out, for the case that it gets the same lease again.

Theory. A worker that stood still, or whose store was away, reads with its next save that its lease ran out, and drops
the service. If the store then grants the same epoch, no other worker had the service in between: what this one knew is
newer than what is saved, and so are the notices that the record still lacks. Without these the record would have an
incident of which it says that people were paged, and a worker that reads it would never page them.

Rule: if the store is away once more before that, the service is watched from memory, and its readings go on from here.
Not an open incident: another worker may take the service meanwhile and end it, and would do what this one does again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from watchdog.domain.effects import Tell
from watchdog.domain.incidents import Incident, ServiceState, State


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What the record still lacks of a service: notices, and the ends of incidents."""

    tells: Sequence[Tell] = ()
    closed: Sequence[Incident] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """A service as it was dropped: the epoch of its lease, its state, and what the record lacks of it."""

    epoch: int
    service: ServiceState
    unwritten: Unwritten


class LeftServices:
    """Remembers the services that were dropped, the newest of each name."""

    def __init__(self) -> None:
        self._left: dict[str, Left] = {}

    def leave(self, names: Collection[str], left: Mapping[str, Left]) -> None:
        """Remember what was known of these names, and forget what was known before of those that were in doubt."""
        for name in names:
            self._left.pop(name, None)
        self._left.update(left)

    def watched_on(self, names: Collection[str]) -> Mapping[str, ServiceState]:
        """Return what was known of these names, which are watched from memory now; forget those with an open
        incident.
        """
        for name in names:
            if name in self._left and self._left[name].service.open_incident is not None:
                del self._left[name]
        return {name: one.service for name, one in self._left.items() if name in names}

    def taken_back(self, epochs: Mapping[str, int], saved: State) -> Mapping[str, Left]:
        """Return, and forget, what was known of these names; without those that another worker had in between.

        An incident that the saved state has open goes on from there, and so its notices are made anew.
        """
        left = {name: self._left.pop(name) for name in epochs if name in self._left}
        anew = [name for name, one in saved.services.items() if one.open_incident is not None]
        return {
            name: replace(one, unwritten=Unwritten()) if name in anew else one
            for name, one in left.items()
            if one.epoch == epochs[name]
        }

"""The state in parts: one per service, one for the fleet, and the part that all workers share. Pure; for every store.

A store writes only the parts that changed: the core returns the very same object for a part that it did not touch.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import attrgetter

from watchdog.domain.effects import OUTSIDE, Effect, Tell
from watchdog.domain.incidents import Fleet, ServiceState, Shared, State
from watchdog.domain.store_records import FLEET, Write

OURSELVES = "watchdog"
"""The service name of notices about the watchdog itself: any worker may send them."""

_SHARED = attrgetter(*Shared.__dataclass_fields__)
"""The shared values of a State or a Shared: compared without building one (identity first)."""


def assemble(services: Mapping[str, ServiceState], fleet: Fleet | None, shared: Shared) -> State:
    """Return the state made of its parts."""
    return State(services=services, **vars(fleet or Fleet()), **vars(shared))


def _has(state: State, fleet: Fleet) -> bool:
    """Return whether a state has this very part, untouched since."""
    return (
        # Identity is enough for mappings: the core copies them on a change.
        # Equality would compare every reading at each save.
        fleet.control is state.control
        and fleet.vendors is state.vendors
        and fleet.vendors_bad_since is state.vendors_bad_since
        and (fleet.blind_since, fleet.blind_notified) == (state.blind_since, state.blind_notified)
        and fleet.unseen == state.unseen
    )


def service_of(effect: Effect) -> str:
    """Return the name whose lease an effect needs: its service, or FLEET for an effect of no service."""
    name = effect.notice.service if isinstance(effect, Tell) else getattr(effect, "service", FLEET)
    return FLEET if name == OURSELVES else str(name)


@dataclass(frozen=True, slots=True)
class Changes:
    """The parts that a save has to write. `leases` are the names whose lease it needs; None means untouched."""

    services: tuple[ServiceState, ...]
    fleet: Fleet | None
    shared: Shared | None
    leases: tuple[str, ...]


class SavedState:
    """The parts that one store instance last saved or loaded, against which a save finds the changed ones.

    `unread` are the names that another worker held since we read them: this instance may not write them.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._shared: Shared | None = Shared()
        self._services: Mapping[str, ServiceState] = {}
        self._fleet: Fleet | None = None
        self._epochs: Mapping[str, int] = {}
        self.unread: frozenset[str] = frozenset()

    def changes(self, write: Write) -> Changes:
        """Return the parts of the state to write, and the leases that they, the effects and closed incidents need."""
        state, before, last = write.state, self._services, self._fleet
        # Identity again: an untouched service is the same object, and
        # comparing by value would cost more than the write.
        services = tuple(one for name, one in state.services.items() if before.get(name) is not one)
        concerned = [one.name for one in services]
        concerned += [service_of(one) for one in write.effects if isinstance(one, OUTSIDE)]
        concerned += [one.service for one in write.closed]
        return Changes(
            services,
            None if last is not None and _has(state, last) else state.fleet,
            None if self._shared is not None and _SHARED(state) == _SHARED(self._shared) else state.shared,
            # FLEET is left out: `save` drops the fleet's part without that lease
            # instead of failing, since any worker may observe it.
            tuple(sorted(dict.fromkeys(name for name in concerned if name != FLEET))),
        )

    def saved(self, changes: Changes) -> None:
        """Remember the parts that were written."""
        self._services = {**self._services, **{one.name: one for one in changes.services}}
        self._fleet = changes.fleet or self._fleet
        if changes.shared is not None:
            self._shared, self.revision = changes.shared, self.revision + 1

    def loaded(self, services: Mapping[str, ServiceState], fleet: Fleet | None, names: Collection[str] | None) -> None:
        """Remember the parts that were read of these names (of all, if None)."""
        self._services = {**self._services, **services}
        self._fleet = fleet or self._fleet
        self.unread = self.unread.difference(self._epochs if names is None else names)

    def loaded_shared(self, shared: Shared | None, revision: int) -> None:
        """Remember the shared part; None if it has yet to be written at this revision."""
        self._shared, self.revision = shared, revision

    def keep(self, names: Mapping[str, int]) -> None:
        """Forget the services whose lease (name to epoch) is gone: the next holder loads them before it writes.

        A name whose epoch changed is `unread` until it is loaded. Another worker may have held the lease and returned
        it between two renewals.
        """
        again = {name for name, epoch in names.items() if self._epochs.get(name, epoch) != epoch}
        self.unread = self.unread | again
        self._epochs = {**self._epochs, **names}
        self._services = {name: one for name, one in self._services.items() if name in names and name not in again}
        if FLEET not in names or FLEET in again:
            self._fleet = None

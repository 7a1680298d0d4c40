"""The state in parts: one per service, one for the fleet, and what all workers share. Pure; for every store.

A store writes only the parts that changed: the core returns the very same object for what it did not touch.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from types import MappingProxyType

from watchdog.domain.effects import OUTSIDE, Effect, Tell
from watchdog.domain.incidents import ServiceState, Shared, State
from watchdog.domain.readings import Reading
from watchdog.domain.store_records import FLEET, Write

OURSELVES = "watchdog"
"""The service of notices about the watchdog itself: any worker may send them."""

_SHARED = attrgetter(*Shared.__dataclass_fields__)
"""The values of what all share, of a State or a Shared: compared without building one (identity first)."""

Readings = Mapping[str, tuple[float, Reading]]


@dataclass(frozen=True, slots=True)
class Fleet:
    """What belongs to no single service: the fields of State of the same names."""

    control: Readings = field(default_factory=lambda: MappingProxyType({}))
    vendors: Readings = field(default_factory=lambda: MappingProxyType({}))
    blind_since: float | None = None
    blind_told: bool = False
    unseen: bool = False
    vendors_bad_since: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, state: State) -> "Fleet":
        """Return the fleet's part of a state."""
        return cls(
            state.control,
            state.vendors,
            state.blind_since,
            state.blind_told,
            state.unseen,
            state.vendors_bad_since,
        )

    def still(self, state: State) -> bool:
        """Tell whether a state has this very part: nothing was touched since."""
        return (
            self.control is state.control
            and self.vendors is state.vendors
            and self.vendors_bad_since is state.vendors_bad_since
            and (self.blind_since, self.blind_told) == (state.blind_since, state.blind_told)
            and self.unseen == state.unseen
        )


def assemble(services: Mapping[str, ServiceState], fleet: Fleet | None, shared: Shared) -> State:
    """Return the state made of its parts."""
    known = fleet or Fleet()
    return State(
        services=services,
        control=known.control,
        vendors=known.vendors,
        blind_since=known.blind_since,
        blind_told=known.blind_told,
        unseen=known.unseen,
        vendors_bad_since=known.vendors_bad_since,
    ).sharing(shared)


def service_of(effect: Effect) -> str:
    """Return whose lease an effect needs: its service, or FLEET for what concerns no service."""
    name = effect.notice.service if isinstance(effect, Tell) else getattr(effect, "service", FLEET)
    return FLEET if name == OURSELVES else str(name)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a save has to write. `leases` are the names whose lease it needs; None means untouched."""

    services: tuple[ServiceState, ...]
    fleet: Fleet | None
    shared: Shared | None
    leases: tuple[str, ...]


class SavedState:
    """What one store instance last saved or loaded: the measure of what changed.

    `unread` are the names that were somebody else's since we read them: of these nothing may be written.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._shared: Shared | None = Shared()
        self._services: Mapping[str, ServiceState] = {}
        self._fleet: Fleet | None = None
        self._epochs: Mapping[str, int] = {}
        self.unread: frozenset[str] = frozenset()

    def changes(self, write: Write) -> Changes:
        """Return what of the state has to be written, and which leases that, the effects and closed incidents need."""
        state, before, last = write.state, self._services, self._fleet
        services = tuple(one for name, one in state.services.items() if before.get(name) is not one)
        concerned = [one.name for one in services]
        concerned += [service_of(one) for one in write.effects if isinstance(one, OUTSIDE)]
        concerned += [one.service for one in write.closed]
        return Changes(
            services,
            None if last is not None and last.still(state) else Fleet.of(state),
            None if self._shared is not None and _SHARED(state) == _SHARED(self._shared) else state.shared,
            tuple(sorted(dict.fromkeys(name for name in concerned if name != FLEET))),
        )

    def saved(self, changes: Changes) -> None:
        """Remember what was written."""
        self._services = {**self._services, **{one.name: one for one in changes.services}}
        self._fleet = changes.fleet or self._fleet
        if changes.shared is not None:
            self._shared, self.revision = changes.shared, self.revision + 1

    def loaded(self, services: Mapping[str, ServiceState], fleet: Fleet | None, names: Collection[str] | None) -> None:
        """Remember what was read of these names (of all, if None)."""
        self._services = {**self._services, **services}
        self._fleet = fleet or self._fleet
        self.unread = self.unread.difference(self._epochs if names is None else names)

    def loaded_shared(self, shared: Shared | None, revision: int) -> None:
        """Remember what all share; None if it has yet to be written at this revision."""
        self._shared, self.revision = shared, revision

    def keep(self, names: Mapping[str, int]) -> None:
        """Forget the services whose lease (name to epoch) is gone: who gets it again loads anew before it writes.

        They are `unread` until then. It may be ours again before we knew that it was somebody else's.
        """
        again = {name for name, epoch in names.items() if self._epochs.get(name, epoch) != epoch}
        self.unread = self.unread | again
        self._epochs = {**self._epochs, **names}
        self._services = {name: one for name, one in self._services.items() if name in names and name not in again}
        if FLEET not in names or FLEET in again:
            self._fleet = None

"""The incidents that an integration reads or writes elsewhere while they are open: those of this worker's services."""

from collections.abc import Callable, Collection, Sequence

from watchdog.daemon.runtime.hooks import service_of
from watchdog.domain.events import Event, Restarted
from watchdog.domain.incidents import Incident, State

Wanted = Callable[[Incident], bool]


class OpenIncidents:
    """Finds the open incidents that are `wanted`. `state` returns the present state, `held` this worker's services."""

    def __init__(
        self,
        state: Callable[[], State],
        held: Callable[[], Collection[str]],
        most: int,
        wanted: Wanted = lambda _: True,
    ) -> None:
        self._state = state
        self._held = held
        self._most = most
        self._wanted = wanted

    def newest(self) -> Sequence[tuple[str, Incident]]:
        """Return service and incident of each, the newest first: they matter most where `most` cuts the list."""
        held = self._held()
        found = [(name, one.incident) for name, one in self._state().services.items() if name in held]
        mine = [(name, one) for name, one in found if one is not None and self._counts(one)]
        return sorted(mine, key=lambda pair: -pair[1].opened_at)[: self._most]

    def may_begin(self, before: State, after: State, event: Event) -> bool:
        """Return whether there may be one since this step: an incident became wanted, or a service was taken up."""
        now, was = service_of(event, after), service_of(event, before)
        begins = now is not None and self._counts(now.incident) and not (was is not None and self._counts(was.incident))
        return isinstance(event, Restarted) or begins

    def _counts(self, incident: Incident | None) -> bool:
        return incident is not None and incident.closed_at is None and self._wanted(incident)

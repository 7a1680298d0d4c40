"""The state of all workers, for pages: the own services from memory, the others as last saved, read at most once in
five seconds. Raises Temporary if the store fails. Chat and the reports read afresh: app/compose/cluster_state.py.
"""

from dataclasses import replace

from watchdog.console.dependencies import Dependencies
from watchdog.domain.incidents import State

OTHERS_FRESH_SECONDS = 5.0


class CachedClusterState:
    """The state of all services."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._others: tuple[float, State] | None = None

    def forget_saved(self) -> None:
        """Forget what the other workers saved: a command may have changed it."""
        self._others = None

    async def state(self) -> State:
        """Return this worker's state, with the services of other workers as they saved them last."""
        state, held = self._deps.state(), self._deps.held()
        others = [name for name in self._deps.policy().services if name not in held]
        # The only worker reads nothing here: its state is shown even while the store is away.
        if not others:
            return state
        now = self._deps.clock.monotonic()
        # One read of the store for all pages within five seconds: the overview alone asks at every load.
        if self._others is None or now - self._others[0] >= OTHERS_FRESH_SECONDS:
            self._others = now, await self._deps.journal.load_readonly(others) or State()
        saved = self._others[1].services
        ours = {name: one for name, one in state.services.items() if name in held}
        return replace(state, services={**saved, **ours})

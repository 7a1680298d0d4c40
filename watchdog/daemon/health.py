"""Health of the daemon itself: why it should not be trusted right now. An empty list is healthy."""

from watchdog.daemon.engine import Engine
from watchdog.daemon.supervisor import Supervisor
from watchdog.daemon.tell import Teller
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock

SILENT_SECONDS = 90.0


class Health:
    """Judges the daemon by what it did, not by what it says."""

    def __init__(self, engine: Engine, teller: Teller, supervisor: Supervisor, clock: Clock) -> None:
        self._engine = engine
        self._teller = teller
        self._supervisor = supervisor
        self._clock = clock
        self.stopping = False

    def reasons(self) -> list[str]:
        """Return everything that is wrong, in words."""
        found = [f"task {name}: {why}" for name, why in self._supervisor.ailing().items()]
        silent = self._clock.now() - self._engine.last_event_at
        if silent > SILENT_SECONDS:
            found.append(f"no event was handled for {show_seconds(silent)}")
        if self._engine.store_trouble:
            found.append(f"the store does not answer: {self._engine.store_trouble}")
        if self._engine.fault:
            found.append(self._engine.fault)
        if self._engine.state.blind_since is not None:
            found.append("blind: no control target answers")
        if self._teller.waiting:
            found += [f"channel {name} fails: {why}" for name, why in self._teller.failing.items()]
        return found

    def not_ready(self) -> list[str]:
        """Return why the daemon does not judge yet (or any more)."""
        if self.stopping:
            return ["stopping"]
        services = self._engine.state.services
        return [
            f"{name} was not read yet"
            for name in self._engine.held
            if name and (name not in services or not services[name].checks)
        ]

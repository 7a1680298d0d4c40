"""Health of the daemon itself: why it should not be trusted right now. An empty list is healthy.

Rule 1: it judges by what was done, on the monotonic clock: events handled, signals read, records taken, pages
delivered.
Rule 2: it only looks at what others keep anyway: /healthz, /metrics and heartbeats ask often.
"""

from watchdog.core.assess import connectivity
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock

SILENT_SECONDS = 90.0
UNREAD_SECONDS = 300.0
"""Well above the interval of the slowest signal somebody would watch alone (control targets are read far oftener)."""


class Health:
    """Judges the daemon. `sampled` is to be told of each reading (it is a listener of the engine's)."""

    def __init__(self, engine: Engine, teller: Outbox, supervisor: Supervisor, clock: Clock) -> None:
        self._engine = engine
        self._teller = teller
        self._supervisor = supervisor
        self._clock = clock
        self._handled = engine.last_event_at
        self._handled_at = clock.monotonic()
        self._read_at: float | None = None
        self.stopping = False

    def sampled(self, *reading: object) -> None:
        """Note that a signal was read just now."""
        self._read_at = self._clock.monotonic()

    def reasons(self) -> list[str]:
        """Return everything that is wrong, in words."""
        return [*self._standing_still(), *self._not_to_be_trusted(), *self._nobody_told()]

    def health_problem(self) -> str:
        """Return the same in one line; a check that itself fails is an ailment."""
        try:
            return "; ".join(self.reasons())
        except Exception as error:  # noqa: BLE001  a broken check is not a healthy daemon
            return f"the check itself failed: {type(error).__name__}"

    def not_ready(self) -> list[str]:
        """Return why the daemon does not judge yet (or any more)."""
        if self.stopping:
            return ["stopping"]
        engine = self._engine
        services = engine.state.services
        unread = [name for name in engine.held if name and (name not in services or not services[name].checks)]
        return [f"{name} was not read yet" for name in unread]

    def degraded(self) -> list[str]:
        """Return what we rely on and does not work, with what follows: people were told."""
        told = [one.integration(key) for key, one in self._engine.state.failing.items()]
        return [f"{one.title} ({one.standing.value}): {one.why}; {one.consequence}" for one in told]

    def _standing_still(self) -> list[str]:
        found = [f"task {name}: {why}" for name, why in self._supervisor.ailing().items()]
        now = self._clock.monotonic()
        if self._engine.last_event_at != self._handled:
            self._handled, self._handled_at = self._engine.last_event_at, now
        if now - self._handled_at > SILENT_SECONDS:
            found.append(f"no event was handled for {show_seconds(now - self._handled_at)}")
        if self._read_at is not None and now - self._read_at > UNREAD_SECONDS:
            found.append(f"no signal was read for {show_seconds(now - self._read_at)}")
        return found

    def _not_to_be_trusted(self) -> list[str]:
        engine = self._engine
        found = [f"the store does not answer: {engine.store_trouble}"] if engine.store_trouble else []
        if engine.fault:
            found.append(engine.fault)
        if engine.state.disarmed:
            found.append(f"disarmed until `watchdog resume`: {engine.state.disarmed}")
        if engine.state.blind_since is not None:
            found.append(f"blind: {connectivity.why(engine.state)}")
        overload = engine.scheduler.overload() if engine.scheduler is not None else None
        if overload is not None:
            found.append(f"overloaded: {overload}")
        return found

    def _nobody_told(self) -> list[str]:
        found = [f"channel {name} fails: {why}" for name, why in self._teller.failing.items()]
        if self._teller.silenced and self._teller.unheard:
            found.append(f"nobody can be told: no channel works (notices that nobody heard: {self._teller.unheard})")
        return found

"""Health of the daemon itself: the reasons not to trust it right now. An empty list is healthy.

Rule 1: it judges by work done, on the monotonic clock: events handled, signals read, records saved, pages delivered.
Rule 2: it only reads values that others keep anyway: /healthz, /metrics and heartbeats ask often.
Rule 3: a stranger who asks /healthz reads kinds alone: no name of a service, channel or task, no foreign text.
"""

from collections.abc import Iterable
from typing import NamedTuple

from watchdog.core.assess import connectivity
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock

SILENT_SECONDS = 90.0
UNREAD_SECONDS = 300.0
"""Well above the interval of the slowest signal that may be the only one (control targets are read far more often)."""


class Reason(NamedTuple):
    """One reason not to trust the daemon: its public kind, and its detail for those with access."""

    kind: str  # in fixed words
    detail: str = ""  # the same with names and causes; empty: there is no more to say

    def __str__(self) -> str:
        return self.detail or self.kind


class Health:
    """Judges the daemon. `sampled` is a listener of the engine's readings."""

    def __init__(self, engine: Engine, outbox: Outbox, supervisor: Supervisor, clock: Clock) -> None:
        self._engine = engine
        self._outbox = outbox
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
        """Return every reason, with names and causes."""
        return [str(one) for one in self._found()]

    def kinds(self) -> list[str]:
        """Return the kinds of the reasons, which are public."""
        return _once(one.kind for one in self._found())

    def _found(self) -> list[Reason]:
        return [*self._standing_still(), *self._not_to_be_trusted(), *self._channels_failing()]

    def health_problem(self) -> str:
        """Return the reasons in one line; a check that itself raises is a reason."""
        try:
            return "; ".join(self.reasons())
        except Exception as error:  # noqa: BLE001  a broken check is not a healthy daemon
            return f"the check itself failed: {type(error).__name__}"

    def not_ready(self) -> list[str]:
        """Return why the daemon does not judge yet (or any more), in public words."""
        if self.stopping:
            return ["stopping"]
        engine = self._engine
        services = engine.state.services
        # The fleet's name is empty: it is held, and is no service.
        unread = [name for name in engine.held if name and (name not in services or not services[name].checks)]
        watched = sum(bool(name) for name in engine.held)
        return [f"{len(unread)} of {watched} services were not read yet"] if unread else []

    def degraded(self) -> list[str]:
        """Return the failing integrations people were notified of, each with its consequence."""
        failing = [one.integration(key) for key, one in self._engine.state.failing.items()]
        return [f"{one.title} ({one.standing.value}): {one.why}; {one.consequence}" for one in failing]

    def kinds_degraded(self) -> list[str]:
        """Return the kinds of the failing integrations, which are public."""
        failing = [one.integration(key) for key, one in self._engine.state.failing.items()]
        return _once(f"{one.kind}: {one.standing.value}" for one in failing)

    def _standing_still(self) -> list[Reason]:
        ailing = self._supervisor.ailing().items()
        found = [Reason("a task does not run", f"task {name}: {why}") for name, why in ailing]
        now = self._clock.monotonic()
        # The event's time is UTC and may jump: only its change is used, timed by the monotonic clock.
        if self._engine.last_event_at != self._handled:
            self._handled, self._handled_at = self._engine.last_event_at, now
        if now - self._handled_at > SILENT_SECONDS:
            found.append(Reason(f"no event was handled for {show_seconds(now - self._handled_at)}"))
        # None: no signal was read since the start, which `not_ready` reports.
        if self._read_at is not None and now - self._read_at > UNREAD_SECONDS:
            found.append(Reason(f"no signal was read for {show_seconds(now - self._read_at)}"))
        return found

    def _not_to_be_trusted(self) -> list[Reason]:
        engine, found = self._engine, list[Reason]()
        if engine.store_trouble:
            kind = "the store does not answer"
            found.append(Reason(kind, f"{kind}: {engine.store_trouble}"))
        elif engine.recorder.effects.why:
            kind = "the store saves readings, but no decisions: nothing can be changed in production"
            found.append(Reason(kind, f"{kind}: {engine.recorder.effects.why}"))
        if engine.fault:
            found.append(Reason("an event could not be handled", engine.fault))
        if engine.state.disarmed:
            kind = f"disarmed until `{command_line('resume')}`"
            found.append(Reason(kind, f"{kind}: {engine.state.disarmed}"))
        if engine.state.blind_since is not None:
            found.append(Reason("blind", f"blind: {connectivity.why(engine.state)}"))
        scheduler = engine.dispatcher.scheduler
        overload = scheduler.overload() if scheduler is not None else None
        if overload is not None:
            found.append(Reason(f"overloaded: {overload}"))  # numbers of our own alone
        return found

    def _channels_failing(self) -> list[Reason]:
        failing = self._outbox.failing.items()
        found = [Reason("a channel fails", f"channel {name} fails: {why}") for name, why in failing]
        # A closed breaker will deliver soon; a console or ticket channel wakes no one.
        if self._outbox.silenced and self._outbox.undelivered:
            what = f"no channel works (undelivered notices: {self._outbox.undelivered})"
            found.append(Reason(f"notices cannot be delivered: {what}"))
        return found


def _once(kinds: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(kinds))

"""Sets the metrics of phases, incidents, decisions and rollbacks: a listener to the engine's steps."""

from collections.abc import Sequence

from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain import events as e
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.policy import Policy

ROLLBACK_OUTCOMES: dict[type[Event], str] = {
    e.RollbackAccepted: "accepted",
    e.RollbackRefused: "refused",
    e.RollbackStoodDown: "stood_down",
    e.RollbackPostponed: "postponed",
    e.RollbackLost: "lost",
}


class StepMetrics:
    """Keeps the metrics in step with the state."""

    def __init__(self, metrics: Metrics, policy: Policy) -> None:
        self._metrics = metrics
        self.set_policy(policy)

    def set_policy(self, policy: Policy) -> None:
        """Set the mode of each service (observe, assist, autonomous)."""
        for name, service_policy in policy.services.items():
            self._metrics.mode(name, service_policy.mode.value)

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Update the metrics after one step."""
        self._metrics.event(event.at)
        may = {"paused": bool(after.paused_by), "disarmed": bool(after.disarmed)}
        self._metrics.seeing(blind=after.blind_since is not None, **may)
        outcome = ROLLBACK_OUTCOMES.get(type(event))
        if outcome is not None:
            self._metrics.rollback(getattr(event, "service", ""), outcome)
        if isinstance(event, e.Restarted):
            self._take_up(after)
        for name, service in after.services.items():
            old = before.services.get(name)
            if service is not old:
                self._service(old, service)

    def _take_up(self, state: State) -> None:
        """Show the state of an earlier run: no step will change it, and counters are not raised again."""
        for name, service in state.services.items():
            self._metrics.phase(name, service.phase)
            self._metrics.pinned(name, bool(service.auto_deploy_off))
            if service.incident is not None and service.incident.closed_at is None:
                self._metrics.incidents_open(name, service.incident.severity.value, 1)

    def dropped(self, names: tuple[str, ...]) -> None:
        """Remove the gauges of services that another worker has now."""
        for name in names:
            self._metrics.release(name)

    def _service(self, old: ServiceState | None, new: ServiceState) -> None:
        if old is None or old.phase is not new.phase:
            self._metrics.phase(new.name, new.phase)
        if old is None or old.auto_deploy_off != new.auto_deploy_off:
            self._metrics.pinned(new.name, bool(new.auto_deploy_off))
        incident, was = new.incident, old.incident if old is not None else None
        if incident is was:
            return
        # A series of the old severity would stay at 1 beside the new one.
        if was is not None and (
            incident is None or incident.closed_at is not None or incident.severity != was.severity
        ):
            self._metrics.incidents_open(new.name, was.severity.value, 0)
        if incident is None:
            return
        if incident.closed_at is None:
            self._metrics.incidents_open(new.name, incident.severity.value, 1)
        if was is None or was.id != incident.id:
            self._metrics.incident_opened(new.name, incident.severity.value)
            # Another incident than before: all of its decisions and its restoration are new.
            was = None
        if incident.decision is not None and (was is None or was.decision is not incident.decision):
            # Later decisions of the same incident say nothing about detection.
            delay = incident.decision.at - incident.onset_at if was is None or was.decision is None else None
            self._metrics.decided(new.name, incident.decision.course.value, delay)
        if incident.rollback.restored_at is not None and (was is None or was.rollback.restored_at is None):
            self._metrics.restored(incident.rollback.restored_at - incident.onset_at)

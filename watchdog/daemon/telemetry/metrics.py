"""All metric names, for the scrape and for remote write alike.

Rule 1: labels hold configured names (of a URL, the host) and a closed set of words only; never an id or an error's
text.
Rule 2: base units, units last; counters end in `_total`; moments end in `_timestamp_seconds` (UTC epoch seconds).
Rule 3: a registry of its own: two daemons in one process (tests, the demo) do not meet.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics_core import Metric

from watchdog.domain.incidents import Phase
from watchdog.domain.readings import Bad, Good, Reading, Unknown
from watchdog.ports import Sample

Delivery = Literal["sent", "failed", "rejected", "overflowed"]
"""Outcome of a remote-write batch: accepted, to be retried, refused for good, pushed out of the buffer."""
Ping = Literal["ok", "sick", "failed"]
"""Outcome of a heartbeat: sent as healthy, sent as unhealthy, not delivered."""

_PROBE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LATE = (0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_DELAY = (1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 75.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1800.0)
_RESTORE = (30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 450.0, 600.0, 900.0, 1800.0, 3600.0)
_CHECK = ("service", "signal")
_URL = re.compile(r"https?://(?:[^/?#]*@)?(?P<host>[^/?#@]{1,100})", re.IGNORECASE)


class Metrics:
    """Every metric, each changed through a typed method."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        self._by_check: list[Any] = []
        self._make_general(version)
        self._make_probes()
        self._make_integrations()
        self._make_incidents()
        self._make_numbers()
        self._make_inner()
        ProcessCollector(registry=self.registry)

    def _make_general(self, version: str) -> None:
        self._gauge("build_info", "Which version runs; always 1.", "version").labels(version).set(1)
        self._up = self._gauge("up", "1 while the daemon finds itself healthy, as /healthz does.")
        self._ready = self._gauge("ready", "1 while the daemon watches, as /readyz says.")
        self._blind = self._gauge(
            "blind", "1 while all control targets fail or all probes are silent: nothing is touched."
        )
        self._paused = self._gauge("paused", "1 while actions are paused by a person.")
        self._disarmed = self._gauge("disarmed", "1 since an internal check failed: actions are disabled.")
        self._mode = self._gauge("mode_info", "The mode of a service; always 1.", "service", "mode")
        self._event_at = self._gauge("last_event_timestamp_seconds", "Time of the core's last event.")

    def _make_probes(self) -> None:
        self._probes = self._counter("probe", "Readings taken.", *_CHECK, "outcome")
        self._durations = self._histogram("probe_duration_seconds", "Duration of a probe.", _PROBE, *_CHECK)
        self._good = self._gauge("signal_good", "1 if the last reading was good.", *_CHECK)
        self._unknown = self._gauge("signal_unknown", "1 if the signal could not be read: no evidence.", *_CHECK)
        self._expiry = self._gauge("certificate_expiry_timestamp_seconds", "When the certificate ends.", *_CHECK)
        self._skipped = self._counter("probes_skipped", "Probes not made: the one before still runs.", *_CHECK)
        self._void = self._counter("probes_void", "Probes dropped: they spanned a stall of the daemon.", *_CHECK)
        self._late = self._histogram("probe_lateness_seconds", "How late probes began.", _LATE)
        self._in_flight = self._gauge("probes_in_flight", "Probes under way.")
        self._by_check = [self._durations, self._good, self._unknown, self._expiry, self._skipped, self._void]

    def _make_integrations(self) -> None:
        labels = ("kind", "name")
        self._integration_up = self._gauge("integration_up", "0 while something we rely on does not work.", *labels)
        self._integration_ok_at = self._gauge(
            "integration_last_success_timestamp_seconds", "When it worked last.", *labels
        )

    def _make_incidents(self) -> None:
        self._phase = self._gauge("service_phase", "1 for the phase a service is in.", "service", "phase")
        self._incidents = self._counter("incidents", "Incidents opened.", "service", "severity")
        self._open = self._gauge("incident_open", "Incidents open now.", "service", "severity")
        self._decisions = self._counter("decisions", "Decisions, by what was decided to do.", "service", "course")
        self._rollbacks = self._counter("rollbacks", "Rollbacks, by what came of them.", "service", "outcome")
        self._pinned = self._gauge("auto_deploy_pinned", "1 while we hold auto-deploy off.", "service")
        self._pages = self._counter("pages", "Notices to people.", "channel", "outcome")
        self._pages_pending = self._gauge("pages_pending", "Notices not delivered yet.")
        self._pages_undelivered = self._gauge("pages_unheard", "Notices that no channel has delivered yet; news aside.")
        self._channel_up = self._gauge("channel_up", "0 after failures in a row, until a notice arrives.", "channel")
        self._hears = self._gauge("channel_hears", "1 while answers from this channel are read.", "channel")
        self._follow_ups_open = self._gauge(
            "followups_open", "Open follow-ups after incidents, from the store: the same at every worker."
        )
        self._follow_ups_overdue = self._gauge("followups_overdue", "How many of these are overdue.")
        self._delay = self._histogram("detection_delay_seconds", "From onset to decision.", _DELAY)
        self._restore = self._histogram("restore_seconds", "From onset to restored.", _RESTORE)

    def _make_numbers(self) -> None:
        """The numbers of `watchdog report stats` (defined in presentation/stats.py), over the last 30 days."""
        self._numbers = {
            name: self._gauge(name, text, "service")
            for name, text in (
                ("time_to_detect_seconds", "Mean from onset to the first decision, over 30 days (MTTD)."),
                ("time_to_acknowledge_seconds", "Mean from opening to a first human act or note, over 30 days (MTTA)."),
                ("time_to_restore_seconds", "Mean from onset to restored, over 30 days (MTTR)."),
                ("change_failure_ratio", "Deployments at fault, of those seen going live in 30 days (DORA)."),
                ("rollbacks_30d", "Rollbacks requested for incidents of the last 30 days, by hand or not."),
            )
        }

    def _make_inner(self) -> None:
        self._lag = self._gauge("loop_lag_seconds", "How late the event loop woke last.")
        self._tasks = self._gauge("tasks", "Tasks under supervision.")
        self._errors = self._counter("errors", "Failures of the daemon's tasks.", "task")
        self._store_errors = self._counter("store_errors", "Times the journal did not answer.")
        self._recorded = self._counter("recorded_steps", "Steps of the core, by whether they were recorded.", "outcome")
        # From zero, so that the first dropped step is an increase for alert rules.
        for outcome in ("written", "dropped"):
            self._recorded.labels(outcome)
        self._store_up = self._gauge("store_up", "0 while the store takes no lease or no record: nothing is changed.")
        self._held = self._gauge("services_held", "Services this worker watches.")
        self._workers = self._gauge("workers", "Living workers, as last read from the store.")
        self._batches = self._counter("remote_write_batches", "Remote-write batches.", "outcome")
        self._batches_pending = self._gauge("remote_write_pending_batches", "Batches waiting for the receiver.")
        self._write_at = self._gauge("remote_write_last_success_timestamp_seconds", "When one was accepted last.")
        self._pings = self._counter("heartbeat_pings", "Heartbeats.", "switch", "outcome")
        self._ping_at = self._gauge("heartbeat_last_success_timestamp_seconds", "When one arrived last.", "switch")

    def watch(self, service: str, signal: str) -> None:
        """Begin the series of a signal at zero, so that the first failure is an increase."""
        for outcome in ("good", "bad", "unknown"):
            self._probes.labels(service, signal, outcome)
        for family in (self._durations, self._skipped, self._void):
            family.labels(service, signal)

    def forget(self, service: str, signal: str) -> None:
        """Drop the series of a signal that is no longer watched."""
        for family in (*self._by_check, self._probes):
            family.remove_by_labels({"service": service, "signal": signal})

    def read(self, service: str, signal: str, samples: Sequence[Sample], seconds: float) -> None:
        """Count a look at a signal: its readings, how long it took, the certificate seen on the way."""
        self._durations.labels(service, signal).observe(seconds)
        for sample in samples:
            self._probes.labels(service, signal, outcome_of(sample.reading)).inc()
            self._good.labels(service, signal).set(isinstance(sample.reading, Good))
            self._unknown.labels(service, signal).set(isinstance(sample.reading, Unknown))
            if sample.certificate is not None:
                self._expiry.labels(service, signal).set(sample.certificate.ends_at)

    def skipped(self, service: str, signal: str) -> None:
        """Count a probe not made because the one before still runs."""
        self._skipped.labels(service, signal).inc()

    def void(self, service: str, signal: str) -> None:
        """Count a probe dropped because it spanned a stall of the event loop."""
        self._void.labels(service, signal).inc()

    def lateness(self, seconds: float) -> None:
        """Observe how late a probe began."""
        self._late.observe(seconds)

    def in_flight(self, probes: int) -> None:
        """Set the number of probes in flight."""
        self._in_flight.set(probes)

    def hears(self, channel: str, *, up: bool) -> None:
        """Set whether the daemon receives the answers people give in a channel."""
        self._hears.labels(channel).set(up)

    def health(self, *, healthy: bool, ready: bool) -> None:
        """Set the answers of /healthz and /readyz."""
        self._up.set(healthy)
        self._ready.set(ready)

    def seeing(self, *, blind: bool, paused: bool, disarmed: bool) -> None:
        """Set whether the daemon is blind, paused or disarmed."""
        self._blind.set(blind)
        self._paused.set(paused)
        self._disarmed.set(disarmed)

    def integration(self, kind: str, name: str, *, works: bool, ok_at: float | None) -> None:
        """Set whether an integration works, and its last success (UTC epoch seconds)."""
        self._integration_up.labels(kind, name).set(works)
        if ok_at is not None:
            self._integration_ok_at.labels(kind, name).set(ok_at)

    def integration_gone(self, kind: str, name: str) -> None:
        """Remove the series of an integration that this worker no longer uses."""
        for family in (self._integration_up, self._integration_ok_at):
            family.remove_by_labels({"kind": kind, "name": name})

    def mode(self, service: str, mode: str) -> None:
        """Set the mode of a service, and remove the series of its former mode."""
        self._mode.remove_by_labels({"service": service})
        self._mode.labels(service, mode).set(1)

    def event(self, at: float) -> None:
        """Set the time of the core's last event."""
        self._event_at.set(at)

    def phase(self, service: str, phase: Phase) -> None:
        """Set the phase of a service."""
        for each in Phase:
            self._phase.labels(service, each.value).set(each is phase)

    def release(self, service: str) -> None:
        """Remove a service's gauges: another worker sets them now."""
        # Counters stay: a counter that vanishes and returns looks like a reset to Prometheus.
        for family in (self._phase, self._open, self._pinned, *self._numbers.values()):
            family.remove_by_labels({"service": service})

    def incident_opened(self, service: str, severity: str) -> None:
        """Count an incident."""
        self._incidents.labels(service, severity).inc()

    def incidents_open(self, service: str, severity: str, number: int) -> None:
        """Set the number of open incidents."""
        self._open.labels(service, severity).set(number)

    def decided(self, service: str, course: str, delay_seconds: float | None) -> None:
        """Count a decision, and the time from onset to it where an onset is known."""
        self._decisions.labels(service, course).inc()
        if delay_seconds is not None:
            self._delay.observe(delay_seconds)

    def rollback(self, service: str, outcome: str) -> None:
        """Count a rollback by its outcome (accepted, refused, stood_down, postponed, lost …)."""
        self._rollbacks.labels(service, outcome).inc()

    def restored(self, seconds: float) -> None:
        """Observe the time from onset to restored."""
        self._restore.observe(seconds)

    def numbers(
        self,
        service: str,
        *,
        detect_seconds: float | None,
        acknowledge_seconds: float | None,
        restore_seconds: float | None,
        change_failure_ratio: float | None,
        rollbacks: int,
    ) -> None:
        """Set the numbers of a service's last 30 days; None (nothing to average) removes the series."""
        values = {
            "time_to_detect_seconds": detect_seconds,
            "time_to_acknowledge_seconds": acknowledge_seconds,
            "time_to_restore_seconds": restore_seconds,
            "change_failure_ratio": change_failure_ratio,
            "rollbacks_30d": rollbacks,
        }
        for name, value in values.items():
            if value is None:
                self._numbers[name].remove_by_labels({"service": service})
            else:
                self._numbers[name].labels(service).set(value)

    def pinned(self, service: str, pinned: bool) -> None:
        """Set whether the daemon holds auto-deploy off."""
        self._pinned.labels(service).set(pinned)

    def page(self, channel: str, outcome: str) -> None:
        """Count a try to deliver a notice (sent, partly, failed, gave_way)."""
        self._pages.labels(channel, outcome).inc()

    def pages_pending(self, number: int, undelivered: int) -> None:
        """Set the number of pending notices, and of those that no person has received."""
        self._pages_pending.set(number)
        self._pages_undelivered.set(undelivered)

    def follow_ups(self, number: int, overdue: int) -> None:
        """Set the number of open follow-ups, and of overdue ones."""
        self._follow_ups_open.set(number)
        self._follow_ups_overdue.set(overdue)

    def channels(self, up: Mapping[str, bool]) -> None:
        """Set for each channel whether it takes notices."""
        for channel, works in up.items():
            self._channel_up.labels(channel).set(works)

    def loop_lag(self, seconds: float) -> None:
        """Set the lag of the event loop's last wake-up."""
        self._lag.set(seconds)

    def tasks(self, number: int) -> None:
        """Set the number of supervised tasks."""
        self._tasks.set(number)

    def error(self, task: str) -> None:
        """Count a failure of a task by its kind: the part of its name before the first colon."""
        self._errors.labels(task.partition(":")[0]).inc()

    def store_error(self) -> None:
        """Count a failed call to the store."""
        self._store_errors.inc()

    def recorded(self, steps: int) -> None:
        """Count steps of the core that were recorded."""
        self._recorded.labels("written").inc(steps)

    def unrecorded(self, steps: int) -> None:
        """Count steps of the core that were not recorded: the disk did not take them."""
        self._recorded.labels("dropped").inc(steps)

    def sharing(self, services_held: int, workers: int, *, store_up: bool) -> None:
        """Set this worker's services, the number of workers, and whether the store renews leases."""
        self._held.set(services_held)
        self._workers.set(workers)
        self._store_up.set(store_up)

    def remote_write(self, outcome: Delivery, pending: int, at: float) -> None:
        """Count a remote-write batch by its outcome; `at` is UTC epoch seconds."""
        self._batches.labels(outcome).inc()
        self._batches_pending.set(pending)
        if outcome == "sent":
            self._write_at.set(at)

    def heartbeat(self, switch: str, outcome: Ping, at: float) -> None:
        """Count a heartbeat to a dead-man's switch by its outcome; `at` is UTC epoch seconds."""
        self._pings.labels(switch, outcome).inc()
        if outcome != "failed":
            self._ping_at.labels(switch).set(at)

    def heartbeat_elsewhere(self, switch: str) -> None:
        """Remove the time of the last success: another worker pings this switch now."""
        # This worker may not have pinged this switch yet.
        with suppress(KeyError):
            self._ping_at.remove(switch)

    def collect(self) -> Iterator[Metric]:
        """Yield every family, without the `_created` series: they double the counters and add no information."""
        for family in self.registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"watchdog_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"watchdog_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"watchdog_{name}", text, labels, registry=self.registry, buckets=buckets)


def signal_label(name: str, taken: Container[str] = ()) -> str:
    """Return the label of a signal: its name, or for a control target's URL, which may hold a key, its host.

    A number is added if another target has that label.
    """
    url = _URL.match(name)
    label = first = url["host"] if url is not None else name
    number = 1
    while label in taken:
        number += 1
        label = f"{first} {number}"
    return label


def outcome_of(reading: Reading) -> Literal["good", "bad", "unknown"]:
    """Return the label of a reading: good, bad or unknown."""
    match reading:
        case Good():
            return "good"
        case Bad():
            return "bad"
        case Unknown():
            return "unknown"

"""Metric names, in the eyes of promtool and of a scraper."""

import re
import subprocess
from typing import Any

import pytest

from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.daemon.telemetry.exposition import CLASSIC, OPENMETRICS, written
from watchdog.daemon.telemetry.metrics import Metrics, signal_label
from watchdog.domain.certificates import Certificate
from watchdog.domain.incidents import Phase
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.ports import Sample

NUMBERS: dict[str, Any] = {
    "detect_seconds": 61.0,
    "acknowledge_seconds": 300.0,
    "restore_seconds": 121.5,
    "change_failure_ratio": 0.25,
    "rollbacks": 2,
}


def lively() -> Metrics:
    """Return metrics on which every method was called."""
    metrics = Metrics("1.2.3")
    use(metrics)
    return metrics


def use(metrics: Metrics) -> None:
    """Call every method."""
    metrics.watch("api", "health")
    metrics.read("api", "health", [Sample(Good(), certificate=Certificate("a.example", 1.7e9, 1.8e9))], 0.02)
    metrics.read("api", "health", [Sample(Bad("HTTP 503"))], 0.02)
    metrics.read("api", "sentry", [Sample(Unknown("no answer")), Sample(Unknown("no answer"))], 3.0)
    metrics.skipped("api", "health")
    metrics.void("api", "health")
    metrics.lateness(0.003)
    metrics.in_flight(2)
    metrics.health(healthy=True, ready=False)
    metrics.seeing(blind=False, paused=True, disarmed=True)
    metrics.mode("api", "observe")
    metrics.mode("api", "autonomous")
    metrics.event(1.7e9)
    metrics.phase("api", Phase.SUSPECT)
    metrics.incident_opened("api", "critical")
    metrics.incidents_open("api", "critical", 1)
    metrics.decided("api", "rollback", 38.0)
    metrics.decided("api", "note", None)
    metrics.rollback("api", "accepted")
    metrics.restored(140)
    metrics.numbers("api", **NUMBERS)
    metrics.numbers("web", **{**NUMBERS, "acknowledge_seconds": None, "rollbacks": 0})
    metrics.pinned("api", True)
    metrics.page("slack", "delivered")
    metrics.pages_pending(3, 1)
    metrics.follow_ups(7, 2)
    metrics.channels({"slack": True, "pagerduty": False})
    metrics.hears("slack", up=True)
    metrics.integration("platform", "Render", works=True, ok_at=1.7e9)
    metrics.loop_lag(0.001)
    metrics.tasks(9)
    metrics.error("probe:api/health")
    metrics.store_error()
    metrics.sharing(20, 2, store_up=False)
    metrics.recorded(7)
    metrics.unrecorded(2)
    metrics.remote_write("sent", 0, 1.7e9)
    metrics.heartbeat("healthchecks", "ok", 1.7e9)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_promtool_finds_nothing_to_complain_about() -> None:
    """Names, units, suffixes and help texts follow the conventions."""
    command = [program("promtool", "prometheus"), "check", "metrics"]
    done = subprocess.run(
        command, input=written(lively().collect()), capture_output=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


HEALTH, SENTRY = {"service": "api", "signal": "health"}, {"service": "api", "signal": "sentry"}
ACKNOWLEDGE, ROLLBACKS = "time_to_acknowledge_seconds", "rollbacks_30d"
TOLD: list[tuple[dict[str, str], dict[str, float | None]]] = [
    ({"version": "1.2.3"}, {"build_info": 1}),
    ({**HEALTH, "outcome": "good"}, {"probe_total": 1}),
    ({**HEALTH, "outcome": "bad"}, {"probe_total": 1}),
    ({**HEALTH, "outcome": "unknown"}, {"probe_total": 0}),
    ({**SENTRY, "outcome": "unknown"}, {"probe_total": 2}),
    (HEALTH, {"probe_duration_seconds_count": 2, "certificate_expiry_timestamp_seconds": 1.8e9}),
    (HEALTH, {"signal_good": 0, "signal_unknown": 0, "probes_skipped_total": 1, "probes_void_total": 1}),
    (SENTRY, {"signal_good": 0, "signal_unknown": 1}),
    ({}, {"up": 1, "ready": 0, "blind": 0, "paused": 1, "disarmed": 1, "store_up": 0}),
    ({}, {"pages_pending": 3, "pages_unheard": 1, "followups_open": 7, "followups_overdue": 2}),
    ({}, {"detection_delay_seconds_count": 1, "restore_seconds_sum": 140, "store_errors_total": 1}),
    ({}, {"services_held": 20, "workers": 2, "last_event_timestamp_seconds": 1.7e9}),
    ({"service": "api", "mode": "observe"}, {"mode_info": None}),
    ({"service": "api", "mode": "autonomous"}, {"mode_info": 1}),
    ({"service": "api", "phase": "suspect"}, {"service_phase": 1}),
    ({"service": "api", "phase": "calm"}, {"service_phase": 0}),
    ({"service": "api", "severity": "critical"}, {"incidents_total": 1, "incident_open": 1}),
    ({"service": "api", "course": "rollback"}, {"decisions_total": 1}),
    ({"service": "api", "outcome": "accepted"}, {"rollbacks_total": 1}),
    ({"service": "api"}, {"auto_deploy_pinned": 1, "change_failure_ratio": 0.25, ROLLBACKS: 2}),
    ({"service": "api"}, {"time_to_detect_seconds": 61, ACKNOWLEDGE: 300, "time_to_restore_seconds": 121.5}),
    ({"service": "web"}, {ACKNOWLEDGE: None, ROLLBACKS: 0}),
    ({"channel": "slack", "outcome": "delivered"}, {"pages_total": 1}),
    ({"channel": "slack"}, {"channel_up": 1, "channel_hears": 1}),
    ({"channel": "pagerduty"}, {"channel_up": 0}),
    ({"task": "probe"}, {"errors_total": 1}),
    ({"outcome": "written"}, {"recorded_steps_total": 7}),
    ({"outcome": "dropped"}, {"recorded_steps_total": 2}),
    ({"outcome": "sent"}, {"remote_write_batches_total": 1}),
    ({"switch": "healthchecks", "outcome": "ok"}, {"heartbeat_pings_total": 1}),
]
EACH = [(f"watchdog_{name}", labels, expected) for labels, told in TOLD for name, expected in told.items()]


@pytest.mark.parametrize(("name", "labels", "expected"), EACH)
def test_each_method_moves_its_metric(name: str, labels: dict[str, str], expected: float | None) -> None:
    assert value(lively(), name, **labels) == expected


def test_a_number_that_is_not_known_any_more_leaves_no_series() -> None:
    """Neither 0 nor NaN is an average; and of a service that moved away another worker tells."""
    metrics = lively()
    metrics.numbers("api", **{**NUMBERS, "restore_seconds": None})
    assert value(metrics, "watchdog_time_to_restore_seconds", service="api") is None
    assert value(metrics, "watchdog_time_to_detect_seconds", service="api") == 61
    metrics.release("api")
    text = written(metrics.collect()).decode()
    assert 'watchdog_rollbacks_30d{service="api"}' not in text and 'watchdog_rollbacks_30d{service="web"}' in text


def test_a_forgotten_signal_leaves_no_series() -> None:
    """After a reload nothing claims that a removed signal is still good."""
    metrics = lively()
    metrics.forget("api", "health")
    text = written(metrics.collect()).decode()
    assert 'signal="health"' not in text and 'signal="sentry"' in text


def test_nothing_is_created_in_either_format() -> None:
    """No series named `_created`; every name has our prefix or the process's."""
    metrics = lively()
    classic, modern = (written(metrics.collect(), form) for form in (CLASSIC, OPENMETRICS))
    assert modern.endswith(b"# EOF\n")
    assert b"_created" not in classic + modern
    names = set(re.findall(rb"^# TYPE (\w+)", classic, re.MULTILINE))
    assert all(name.startswith((b"watchdog_", b"process_")) for name in names) and b"process_open_fds" in names


@pytest.mark.parametrize(
    ("name", "taken", "label"),
    [
        ("health", (), "health"),
        ("https://example.com", (), "example.com"),
        ("https://example.com/T0KEN?key=T0KEN#T0KEN", (), "example.com"),
        ("HTTPS://bob:T0KEN@example.com:8443/x", (), "example.com:8443"),
        ("http://a@T0KEN@example.com", (), "example.com"),
        ("http://[::1]:9000/T0KEN", (), "[::1]:9000"),
        ("http://" + "x" * 5000 + "/T0KEN", (), "x" * 100),
        ("https://example.com/a", ("example.com",), "example.com 2"),
        ("https://example.com/b", ("example.com", "example.com 2"), "example.com 3"),
    ],
)
def test_a_signal_is_called_by_its_name_or_its_host(name: str, taken: tuple[str, ...], label: str) -> None:
    """Never by a URL: its path or its query may be a key."""
    assert signal_label(name, taken) == label


def test_two_daemons_in_one_process_do_not_meet() -> None:
    first, second = Metrics("1"), Metrics("2")
    first.store_error()
    assert value(second, "watchdog_store_errors_total") == 0

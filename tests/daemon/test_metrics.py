"""Metric names, in the eyes of promtool and of a scraper."""

import os
import re
import shutil
import subprocess
from typing import Any

import pytest

from watchdog.daemon.exposition import CLASSIC, OPENMETRICS, written
from watchdog.daemon.metrics import Metrics, signal_label
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
    metrics.watch("api", "health")
    metrics.read("api", "health", [Sample(Good(), certificate_expires_at=1.8e9)], 0.02)
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
    metrics.loop_lag(0.001)
    metrics.tasks(9)
    metrics.error("probe:api/health")
    metrics.store_error()
    metrics.sharing(20, 2, store_up=False)
    metrics.recorded(7)
    metrics.unrecorded(2)
    metrics.remote_write("sent", 0, 1.7e9)
    metrics.heartbeat("healthchecks", "ok", 1.7e9)
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Return one sample's value."""
    return metrics.registry.get_sample_value(name, labels)


def test_promtool_finds_nothing_to_complain_about() -> None:
    """Names, units, suffixes and help texts follow the conventions."""
    promtool = shutil.which("promtool")
    if promtool is None:
        assert os.environ.get("CI") != "true", "CI needs promtool (Debian package prometheus)"
        pytest.skip("promtool is not installed")
    body = written(lively().collect())
    done = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("watchdog_build_info", {"version": "1.2.3"}, 1),
        ("watchdog_probe_total", {"service": "api", "signal": "health", "outcome": "good"}, 1),
        ("watchdog_probe_total", {"service": "api", "signal": "health", "outcome": "bad"}, 1),
        ("watchdog_probe_total", {"service": "api", "signal": "health", "outcome": "unknown"}, 0),
        ("watchdog_probe_total", {"service": "api", "signal": "sentry", "outcome": "unknown"}, 2),
        ("watchdog_probe_duration_seconds_count", {"service": "api", "signal": "health"}, 2),
        ("watchdog_signal_good", {"service": "api", "signal": "health"}, 0),
        ("watchdog_signal_unknown", {"service": "api", "signal": "health"}, 0),
        ("watchdog_signal_good", {"service": "api", "signal": "sentry"}, 0),
        ("watchdog_signal_unknown", {"service": "api", "signal": "sentry"}, 1),
        ("watchdog_certificate_expiry_timestamp_seconds", {"service": "api", "signal": "health"}, 1.8e9),
        ("watchdog_probes_skipped_total", {"service": "api", "signal": "health"}, 1),
        ("watchdog_probes_void_total", {"service": "api", "signal": "health"}, 1),
        ("watchdog_up", {}, 1),
        ("watchdog_ready", {}, 0),
        ("watchdog_blind", {}, 0),
        ("watchdog_paused", {}, 1),
        ("watchdog_disarmed", {}, 1),
        ("watchdog_mode_info", {"service": "api", "mode": "observe"}, None),
        ("watchdog_mode_info", {"service": "api", "mode": "autonomous"}, 1),
        ("watchdog_service_phase", {"service": "api", "phase": "suspect"}, 1),
        ("watchdog_service_phase", {"service": "api", "phase": "calm"}, 0),
        ("watchdog_incidents_total", {"service": "api", "severity": "critical"}, 1),
        ("watchdog_incident_open", {"service": "api", "severity": "critical"}, 1),
        ("watchdog_decisions_total", {"service": "api", "course": "rollback"}, 1),
        ("watchdog_rollbacks_total", {"service": "api", "outcome": "accepted"}, 1),
        ("watchdog_auto_deploy_pinned", {"service": "api"}, 1),
        ("watchdog_pages_total", {"channel": "slack", "outcome": "delivered"}, 1),
        ("watchdog_pages_pending", {}, 3),
        ("watchdog_pages_unheard", {}, 1),
        ("watchdog_followups_open", {}, 7),
        ("watchdog_followups_overdue", {}, 2),
        ("watchdog_channel_up", {"channel": "slack"}, 1),
        ("watchdog_channel_up", {"channel": "pagerduty"}, 0),
        ("watchdog_detection_delay_seconds_count", {}, 1),
        ("watchdog_restore_seconds_sum", {}, 140),
        ("watchdog_time_to_detect_seconds", {"service": "api"}, 61),
        ("watchdog_time_to_acknowledge_seconds", {"service": "api"}, 300),
        ("watchdog_time_to_acknowledge_seconds", {"service": "web"}, None),
        ("watchdog_time_to_restore_seconds", {"service": "api"}, 121.5),
        ("watchdog_change_failure_ratio", {"service": "api"}, 0.25),
        ("watchdog_rollbacks_30d", {"service": "api"}, 2),
        ("watchdog_rollbacks_30d", {"service": "web"}, 0),
        ("watchdog_errors_total", {"task": "probe"}, 1),
        ("watchdog_store_errors_total", {}, 1),
        ("watchdog_store_up", {}, 0),
        ("watchdog_services_held", {}, 20),
        ("watchdog_recorded_steps_total", {"outcome": "written"}, 7),
        ("watchdog_recorded_steps_total", {"outcome": "dropped"}, 2),
        ("watchdog_workers", {}, 2),
        ("watchdog_remote_write_batches_total", {"outcome": "sent"}, 1),
        ("watchdog_heartbeat_pings_total", {"switch": "healthchecks", "outcome": "ok"}, 1),
        ("watchdog_last_event_timestamp_seconds", {}, 1.7e9),
    ],
)
def test_each_method_moves_its_metric(name: str, labels: dict[str, str], expected: float | None) -> None:
    """What was told is what can be read."""
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
    assert 'signal="health"' not in text
    assert 'signal="sentry"' in text


def test_nothing_is_created_in_either_format() -> None:
    """No series named `_created`; every name has our prefix or the process's."""
    metrics = lively()
    classic, modern = (written(metrics.collect(), form) for form in (CLASSIC, OPENMETRICS))
    assert modern.endswith(b"# EOF\n")
    assert b"_created" not in classic + modern
    names = set(re.findall(rb"^# TYPE (\w+)", classic, re.MULTILINE))
    assert all(name.startswith((b"watchdog_", b"process_")) for name in names)
    assert b"process_open_fds" in names


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
    """Each has its registry."""
    first, second = Metrics("1"), Metrics("2")
    first.store_error()
    assert value(second, "watchdog_store_errors_total") == 0

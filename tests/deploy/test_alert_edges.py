"""When each alert begins, to the minute: silent one evaluation before, firing then; and silent just inside its limit.

The stories in `deploy/prometheus/watchdog_test.yaml` show what fires together; this table holds each duration
and limit. That it can fail is shown beside: with a duration one minute shorter or longer, promtool refuses.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.handbook.reference.alerts import rules
from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS

RULES = {rule["alert"]: rule for rule in rules()}
MINUTES = {"m": 1, "h": 60, "d": 1440}
BUILD = {"watchdog_build_info": "1x600"}
LATE = 'watchdog_probe_lateness_seconds_bucket{le="%s"}'
LOST = 'watchdog_remote_write_batches_total{outcome="rejected"}'


@dataclass(frozen=True)
class Edge:
    """An alert's condition, by samples a minute apart: when it begins to hold, and samples just inside its limit."""

    series: Mapping[str, str]  # as promtool writes them
    minute: int = 10  # of the first evaluation at which the expression holds
    inside: Mapping[str, str] | None = None  # for an alert with a limit: what must never fire it


def switched(name: str, calm: str, bad: str) -> Edge:
    """Return a gauge that goes bad in the tenth minute."""
    return Edge({name: f"{calm}x9 {bad}x600"})


EDGES: Mapping[str, Edge] = {
    "WatchdogAbsent": Edge({"watchdog_build_info": "1x9 stale"}),
    "WatchdogUnhealthy": switched("watchdog_up", "1", "0"),
    "WatchdogDisarmed": switched("watchdog_disarmed", "0", "1"),
    "WatchdogPagesUnheard": switched("watchdog_pages_unheard", "0", "1"),
    "WatchdogChannelDown": switched("watchdog_channel_up", "1", "0"),
    "WatchdogStoreDown": switched("watchdog_store_up", "1", "0"),
    "WatchdogWorkerMissing": Edge({"watchdog_workers": "2x99 1x60"}, 100),
    "WatchdogBlind": switched("watchdog_blind", "0", "1"),
    "WatchdogIntegrationDown": switched("watchdog_integration_up", "1", "0"),
    "WatchdogHeartbeatLate": Edge({"watchdog_heartbeat_last_success_timestamp_seconds": "0+60x9 540x60"}, 15),
    "WatchdogAutoDeployOff": switched("watchdog_auto_deploy_pinned", "0", "1"),
    "WatchdogServiceUnwatched": Edge(
        {
            'watchdog_mode_info{service="web"}': "1x60",
            'watchdog_mode_info{service="api"}': "1x60",
            "watchdog_services_held": "2x9 1x60",
        }
    ),
    "WatchdogStuck": Edge(
        {"watchdog_last_event_timestamp_seconds": "0+60x9 540x60", "watchdog_services_held": "1x99"}, 15
    ),
    "WatchdogRestarts": Edge(
        {"process_start_time_seconds": "0x9 1 2 3 4x60", **BUILD},
        13,
        {"process_start_time_seconds": "0x9 1 2 3x60", **BUILD},
    ),
    "WatchdogPaused": switched("watchdog_paused", "0", "1"),
    "WatchdogAnswersUnread": switched("watchdog_channel_hears", "1", "0"),
    "WatchdogSignalUnknown": switched("watchdog_signal_unknown", "0", "1"),
    "WatchdogProbesDropped": Edge(
        {
            "watchdog_probe_total": "0+60x60",
            "watchdog_probes_void_total": "0+4x60",
            "watchdog_probes_skipped_total": "0+3x60",
        },
        1,
        {
            "watchdog_probe_total": "0+60x60",
            "watchdog_probes_void_total": "0+3x60",
            "watchdog_probes_skipped_total": "0+2x60",
        },
    ),
    "WatchdogProbesLate": Edge(
        {LATE % 1: "0+100x60", LATE % 2.5: "0+102x60", LATE % "+Inf": "0+102x60"},
        1,
        {LATE % 0.5: "0+98x60", LATE % 1: "0+102x60", LATE % "+Inf": "0+102x60"},
    ),
    "WatchdogTaskFails": Edge({'watchdog_errors_total{task="probe"}': "_x10 1x60"}),
    "WatchdogStoreFalters": Edge(
        {"watchdog_store_errors_total": "0x9 5x60"}, inside={"watchdog_store_errors_total": "0x9 2x60"}
    ),
    "WatchdogStepsUnrecorded": switched('watchdog_recorded_steps_total{outcome="dropped"}', "0", "1"),
    "WatchdogMetricsLost": Edge({LOST: "_x10 1x60"}),
    "WatchdogDescriptorsRunOut": Edge(
        {"process_open_fds": "820x60", "process_max_fds": "1000x60", **BUILD},
        0,
        {"process_open_fds": "790x60", "process_max_fds": "1000x60", **BUILD},
    ),
    "WatchdogVersionsDiffer": Edge(
        {'watchdog_build_info{version="1"}': "1x600", 'watchdog_build_info{version="2"}': "_x10 1x600"}
    ),
    "WatchdogFollowUpsOverdue": switched("watchdog_followups_overdue", "0", "1"),
}


def lasting(rule: Mapping[str, Any]) -> int:
    """Return for how many minutes the condition must hold."""
    text = str(rule.get("for", "0m"))
    return int(text[:-1]) * MINUTES[text[-1]]


def stories(edge: Edge, minutes: int) -> list[dict[str, Any]]:
    """Return promtool's tests of an alert that fires after so many minutes; a day is counted in steps of five."""
    step = 5 if minutes >= 1440 else 1
    begins = edge.minute * step + minutes
    around: tuple[tuple[int, list[dict[str, Any]]], ...] = (
        (begins - step, []),
        (begins, [{"labels": "{}", "value": 1}]),
    )
    firing = "count(ALERTS{alertstate='firing'})"
    asked = [{"expr": firing, "eval_time": f"{at}m", "exp_samples": found} for at, found in around if at >= 0]
    told = [{"interval": f"{step}m", "input_series": listed(edge.series), "promql_expr_test": asked}]
    if edge.inside:
        never = {"expr": "count_over_time(ALERTS{alertstate='firing'}[2h])", "eval_time": "2h", "exp_samples": []}
        told.append({"interval": "1m", "input_series": listed(edge.inside), "promql_expr_test": [never]})
    return told


def listed(series: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in series.items()]


def complaint(folder: Path, rule: Mapping[str, Any], told: list[dict[str, Any]]) -> str:
    """Return what promtool says against one rule by its tests; empty: nothing."""
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "one", "rules": [rule]}]}), encoding="utf-8")
    tests = {"rule_files": ["rules.yaml"], "evaluation_interval": told[0]["interval"], "tests": told}
    (folder / "tests.yaml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    command = [program("promtool", "prometheus"), "test", "rules", "tests.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_each_alert_has_its_edge() -> None:
    """In the order of the rules; a new rule fails here until its edge is written."""
    assert list(EDGES) == list(RULES)


@pytest.mark.parametrize("alert", RULES)
def test_it_begins_to_the_minute(alert: str, tmp_path: Path) -> None:
    """And promtool refuses one that would begin earlier or later."""
    rule, told = RULES[alert], stories(EDGES[alert], lasting(RULES[alert]))
    assert complaint(tmp_path, rule, told) == ""
    step = int(told[0]["interval"][:-1])
    shorter = [lasting(rule) - step] if lasting(rule) else []
    for wrong in (*shorter, lasting(rule) + step):
        assert "FAILED" in complaint(tmp_path, {**rule, "for": f"{wrong}m"}, told), f"for: {wrong}m"


@pytest.mark.parametrize("alert", [alert for alert, edge in EDGES.items() if edge.inside])
def test_a_limit_twice_as_low_or_high_is_refused(alert: str, tmp_path: Path) -> None:
    """The last figure behind a comparison is the limit."""
    rule, told = RULES[alert], stories(EDGES[alert], lasting(RULES[alert]))
    before, sign, after = rule["expr"].rpartition(" > ")
    figure, *rest = after.split(" ", 1)
    for factor in (0.5, 2):
        weakened = {**rule, "expr": " ".join((f"{before}{sign}{float(figure) * factor}", *rest))}
        assert "FAILED" in complaint(tmp_path, weakened, told), weakened["expr"]

"""The alerts for a Prometheus: promtool proves that they ring, and each names a metric that exists."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.daemon.telemetry.test_metrics import lively
from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS

ALERTS = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = [rule for group in yaml.safe_load((ALERTS / "watchdog.yaml").read_text())["groups"] for rule in group["rules"]]


def promtool(*words: str) -> str:
    """Run promtool beside the rules; return what it complains of."""
    command = [program("promtool", "prometheus"), *words]
    done = subprocess.run(command, cwd=ALERTS, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_the_rules_are_rules() -> None:
    """Every expression and template can be read."""
    assert promtool("check", "rules", "watchdog.yaml") == ""


@pytest.mark.long
def test_each_alert_rings_when_it_should_and_only_then() -> None:
    """Told over virtual days."""
    assert promtool("test", "rules", "watchdog_test.yaml") == ""


def test_each_alert_is_tried() -> None:
    """A rule that no story fires is not proved."""
    told = (ALERTS / "watchdog_test.yaml").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in RULES if f'"{rule["alert"]}"' not in told] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_asks_for_metrics_there_are_and_says_what_to_do(rule: dict[str, object]) -> None:
    """A renamed metric must not silence an alert."""
    known = {sample.name for family in lively().collect() for sample in family.samples}
    asked = set(re.findall(r"watchdog_\w+", str(rule["expr"])))
    assert asked and asked <= known
    assert set(rule["annotations"]) == {"summary", "todo"}  # type: ignore[call-overload]

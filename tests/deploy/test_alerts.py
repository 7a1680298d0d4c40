"""The alerts for a Prometheus: promtool proves that they ring, and each names a metric that exists."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.daemon.telemetry.test_metrics import lively
from tests.handbook.reference.alerts import PLACES, rules, runbook_url
from tests.handbook.reference.notices import OWN
from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.docs import headings, page, section
from watchdog.domain.integrations import KINDS

ALERTS = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = rules()
TESTS = yaml.safe_load((ALERTS / "watchdog_test.yaml").read_text())["tests"]
FIRING = 'count by (alertname) (ALERTS{alertstate="firing"})'
NAMES = re.compile(r"\b(?:watchdog|process)_\w+")
OF_NOTICES: Mapping[str, str] = {
    "blind": "WatchdogBlind",
    "disarmed": "WatchdogDisarmed",
    "record": "WatchdogStoreDown",
    "follow-ups": "WatchdogFollowUpsOverdue",
    **dict.fromkeys(KINDS, "WatchdogIntegrationDown"),
}
"""The alert that says the same as a notice about the watchdog itself, for the day on which no notice gets through."""
NEWS = {"upgrade", "silences", "digest", "good news", "announcement", "drill"}
"""Notices about the watchdog that are no trouble of it, and have no metric."""


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


def expected(test: Mapping[str, Any]) -> set[str]:
    """Return the alerts that a story expects to fire."""
    samples = [one for asked in test["promql_expr_test"] if asked["expr"] == FIRING for one in asked["exp_samples"]]
    return {str(yaml.safe_load(one["labels"].replace("=", ": "))["alertname"]) for one in samples}


def test_each_alert_fires_in_a_story_and_is_silent_in_the_quiet_one() -> None:
    """A rule that no story fires is not proved; nor is one whose metrics the quiet day lacks."""
    quiet, *stories = TESTS
    assert not expected(quiet) and set().union(*map(expected, stories)) == {rule["alert"] for rule in RULES}
    known = {found for one in quiet["input_series"] for found in NAMES.findall(one["series"])}
    assert {rule["alert"]: asked - known for rule in RULES if (asked := set(NAMES.findall(rule["expr"]))) - known} == {}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_asks_for_metrics_there_are_and_says_what_to_do(rule: dict[str, Any]) -> None:
    """A renamed metric must not silence an alert; its address leads to its section, which links to more."""
    known = {sample.name for family in lively().collect() for sample in family.samples}
    asked = set(NAMES.findall(rule["expr"]))
    assert asked and asked <= known
    assert set(rule["annotations"]) == {"summary", "todo", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == runbook_url(rule["alert"])
    name, _, anchor = runbook_url(rule["alert"]).rpartition("/")[2].partition("#")
    found = page(name)
    assert found is not None and section(found.text, anchor) is not None


def test_each_section_is_an_alert_and_each_self_alert_has_one() -> None:
    """A new kind of notice about the watchdog fails here until it has its alert, or is named as news."""
    found = page("reference-alerts")
    assert found is not None
    assert [one.text for one in headings(found.text)[1:]] == [rule["alert"] for rule in RULES] == list(PLACES)
    assert set(OF_NOTICES) | NEWS == set(OWN) | set(KINDS) and not NEWS & set(OF_NOTICES)
    assert set(OF_NOTICES.values()) <= set(PLACES)

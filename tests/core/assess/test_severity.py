"""Severity: the rules, worst first, and what the configuration overrides."""

from dataclasses import replace

import pytest

from tests.core.limits import LIMITS
from tests.core.scenes import NOW, an_incident, found
from watchdog.core.assess.severity import RULES, as_severe_since, first_sign, judge
from watchdog.domain.decisions import Finding
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import ServicePolicy, SignalPolicy
from watchdog.domain.severity import Severity

CROWD = "errors: more errors, none of a new kind: higher traffic raises them as well"
SIGNALS = (
    SignalPolicy("home", "http", critical=True),
    SignalPolicy("about", "http"),
    SignalPolicy("api", "latency"),
    SignalPolicy("errors", "sentry"),
    SignalPolicy("events", "render_events"),
    SignalPolicy("analytics", "http", severity=Severity.MEDIUM),
    SignalPolicy("checkout", "http", severity=Severity.CRITICAL),
)
WEB = ServicePolicy("web", "srv-web", signals=SIGNALS)
FEWER = "errors new in the release, fewer than a flood"


@pytest.mark.parametrize(
    ("finding", "severity", "words"),
    [
        (found("home", "run"), "critical", "home: a critical route fails"),
        (found("home", "cusum", share=0.10), "critical", "home: a critical route fails"),
        (found("home", "cusum", share=0.09), "high", "home: a route fails"),
        (found("about", "run"), "high", "about: a route fails"),
        (found("api", "latency", share=0.0), "high", "api: latency over its limit"),
        (found("home", "latency"), "high", "home: latency over its limit"),
        (found("errors", "feed", share=0.0), "high", "errors: a flood of errors"),
        (found("events", "crashes", share=0.0), "high", "events: a crash loop"),
        (found("errors", "count", kind="sentry", share=0.0), "medium", CROWD),
        (found("errors", "new errors", kind="sentry", share=0.0), "medium", f"errors: {FEWER}"),
        (found("checkout", "new errors", share=0.0), "medium", f"checkout: {FEWER}"),
        (found("home", "unheard of"), "low", "home: anything else"),
        (found("analytics", "run"), "medium", "analytics: set to medium in the configuration"),
        (found("checkout", "run", share=0.01), "critical", "checkout: set to critical in the configuration"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_runbooks_matrix(finding: Finding, severity: str, words: str) -> None:
    """A failing critical route is critical, slowness high, missing analytics what the user said, the rest low."""
    assert judge((finding,), WEB, LIMITS) == (Severity(severity), words, finding)


def test_the_worst_finding_decides_whatever_its_place() -> None:
    """Several at once: the severity, the words and the finding of the worst one; the first of equals."""
    slow, down, also = found("api", "latency"), found("home"), found("about")
    assert judge((slow, down), WEB, LIMITS)[2] is down
    assert judge((down, slow), WEB, LIMITS)[2] is down
    assert judge((slow, also), WEB, LIMITS)[2] is slow


DOWN, ERRORS = found("home"), found("errors", "count", seconds=900.0, kind="sentry")
TOLD = an_incident(severity=Severity.MEDIUM, findings=(ERRORS,), onset_at=NOW - 900.0, severity_since=NOW - 900.0)
GREW = an_incident(findings=(DOWN, ERRORS), onset_at=NOW - 900.0, severity_since=NOW - 60.0)


@pytest.mark.parametrize(
    ("findings", "incident", "seconds"),
    [
        pytest.param((DOWN, found("api", "latency", seconds=300.0)), None, 60.0, id="what is less severe is apart"),
        pytest.param((found("about"), found("api", "latency", seconds=300.0)), None, 300.0, id="what is as severe"),
        pytest.param((found("about"), found("errors", "feed", seconds=90.0)), None, 60.0, id="a minute of a feed"),
        pytest.param((found("errors", "feed", seconds=90.0),), None, 90.0, id="which itself is the main finding"),
        pytest.param((DOWN, ERRORS), TOLD, 60.0, id="an incident that was less severe"),
        pytest.param((DOWN, ERRORS), GREW, 60.0, id="also once it has grown"),
        pytest.param((ERRORS,), TOLD, 900.0, id="an incident as severe"),
        pytest.param((found("about", seconds=20.0),), GREW, 60.0, id="one that was worse"),
        pytest.param((DOWN,), replace(TOLD, findings=(found(seconds=300.0),)), 300.0, id="the same signal"),
        pytest.param((DOWN,), an_incident(onset_at=NOW - 300.0), 300.0, id="the record of an older version"),
    ],
)
def test_a_lesser_failure_does_not_date_the_worse_one(
    findings: tuple[Finding, ...], incident: Incident | None, seconds: float
) -> None:
    """A deploy in between may be to blame for the worse one; one in the middle of the failure itself is not."""
    assert as_severe_since(findings, incident, WEB, LIMITS) == NOW - seconds


def test_an_incident_begins_with_its_first_sign_however_slight() -> None:
    """Of the findings and the record; the minute of a feed counts where the feed is what it is about."""
    slow, flood = found("api", "latency", seconds=300.0), found("errors", "feed", seconds=400.0)
    assert first_sign((DOWN, slow, flood), None, WEB, LIMITS) == NOW - 300.0
    assert first_sign((flood,), None, WEB, LIMITS) == NOW - 400.0
    assert first_sign((DOWN, slow, flood), TOLD, WEB, LIMITS) == NOW - 900.0


def test_rules_are_ordered_worst_first() -> None:
    """The first that holds decides, so a milder one may not stand before a worse one."""
    ranks = [rule.severity.rank for rule in RULES]
    assert ranks == sorted(ranks, reverse=True)

"""Severity: declarative rules, worst first. The defaults are the runbook's matrix and scenarios.

Rule: the first rule whose condition holds determines a finding's severity, and the worst finding that of the incident;
the rule's words go into the decision.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchdog.core.detect import turned_away
from watchdog.core.detect.error_limits import NEW
from watchdog.domain.decisions import Finding
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Detection, ServicePolicy, SignalPolicy
from watchdog.domain.severity import Severity

FEEDS = ("feed", "count", NEW)
"""Methods that date an onset to the begin of a minute."""


@dataclass(frozen=True, slots=True)
class SeverityRule:
    """A condition over one finding, its severity, and its words."""

    severity: Severity
    words: str
    holds: Callable[[Finding, SignalPolicy, Detection], bool]


RULES: tuple[SeverityRule, ...] = (
    SeverityRule(
        Severity.CRITICAL,
        "a critical route fails",
        lambda found, signal, limits: found.fails and signal.critical and found.share >= limits.critical_share,
    ),
    SeverityRule(Severity.HIGH, "a route fails", lambda found, signal, limits: found.fails),
    SeverityRule(Severity.HIGH, "latency over its limit", lambda found, signal, limits: found.method == "latency"),
    SeverityRule(Severity.HIGH, "a flood of errors", lambda found, signal, limits: found.method == "feed"),
    SeverityRule(Severity.HIGH, "a crash loop", lambda found, signal, limits: found.method == "crashes"),
    SeverityRule(
        Severity.HIGH,
        "probes turned away since a deploy",
        lambda found, signal, limits: found.method == turned_away.METHOD,
    ),
    SeverityRule(
        Severity.MEDIUM,
        "more errors, none of a new kind: higher traffic raises them as well",
        lambda found, signal, limits: found.method == "count",
    ),
    SeverityRule(
        Severity.MEDIUM,
        "errors new in the release, fewer than a flood",
        lambda found, signal, limits: found.method == NEW,
    ),
    # Holds for every finding, so that each one has a severity.
    SeverityRule(Severity.LOW, "anything else", lambda found, signal, limits: True),
)


def judge(findings: Sequence[Finding], service: ServicePolicy, limits: Detection) -> tuple[Severity, str, Finding]:
    """Return the worst severity among the findings (at least one), its reason, and its finding."""
    judged = [(*_judge_one(found, service, limits), found) for found in findings]
    return max(judged, key=lambda item: item[0].rank)


def first_sign(
    findings: Sequence[Finding], incident: Incident | None, service: ServicePolicy, limits: Detection
) -> float:
    """Return when the first of the findings, or the open incident, began, however slight (UTC epoch seconds).

    A feed dates its onset to the begin of a minute. Such an onset may lie before the deploy that caused it, and would
    acquit that deploy; so it counts only for the main finding (blame allows for it there).
    """
    main = judge(findings, service, limits)[2]
    onsets = [one.onset_at for one in findings if one is main or one.method not in FEEDS]
    return min(onsets) if incident is None else min(*onsets, incident.onset_at)


def as_severe_since(
    findings: Sequence[Finding], incident: Incident | None, service: ServicePolicy, limits: Detection
) -> float:
    """Return since when the service fails as severely as now (UTC epoch seconds): a later deploy is not to blame.

    A lesser failure that began earlier may be another matter: it acquits no deploy, and is weighed as another cause
    (other_causes.py). So of the findings those count that are as severe, and of the open incident what was: its own
    severity, or the same signal, as a failure of it that grew is one failure. Feeds count as in `first_sign`.
    """
    level, _, main = judge(findings, service, limits)
    equals = [one for one in findings if one.method not in FEEDS and _judge_one(one, service, limits)[0] == level]
    onsets = [main.onset_at, *(one.onset_at for one in equals)]
    if incident is not None:
        onsets += [one.onset_at for one in incident.findings if one.signal == main.signal]
        if incident.severity.rank >= level.rank:
            onsets.append(incident.onset_at if incident.severity_since is None else incident.severity_since)
    return min(onsets)


def _judge_one(found: Finding, service: ServicePolicy, limits: Detection) -> tuple[Severity, str]:
    signal = service.signal(found.signal)
    assert signal is not None, "a finding comes from a signal of the service"
    # The user's own severity of a signal overrides the rules; but of the limit for rare errors the false alarms are
    # computed for a word, and a severe one may roll back.
    if signal.severity is not None and found.method != NEW:
        return signal.severity, f"{found.signal}: set to {signal.severity.value} in the configuration"
    rule = next(rule for rule in RULES if rule.holds(found, signal, limits))
    return rule.severity, f"{found.signal}: {rule.words}"

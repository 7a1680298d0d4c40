"""The meaning of a configuration, in a few lines, for `watchdog check`; the settings page has its words from here."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from watchdog.adapters.stores import shown_url
from watchdog.domain.policy import Action, Mode, Policy, Rule, Step, Suppression, Then
from watchdog.domain.remedies.kinds import words
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.units import show_seconds
from watchdog.presentation.gate.gate_rules import GateRules
from watchdog.settings.model.settings import Settings
from watchdog.settings.rules.recurrence import show_digest, show_weekly, show_window
from watchdog.settings.rules.stakeholder_contacts import hears

Row = tuple[str, str]
WOULD: Mapping[Action, str] = MappingProxyType(
    {
        Action.ROLLBACK: "would roll back",
        Action.ASK: "would ask for approval",
        Action.SCHEDULE: "would schedule a rollback",
    }
)
"""What an action of the policy comes to while every service is only observed."""


def report(settings: Settings) -> tuple[str, ...]:
    """Return lines for people: services, policy, channels, the rest, warnings last. Never a secret."""
    lines = [f"{name}: {words}" for name, words in (*service_rows(settings), *rule_rows(settings.policy))]
    budget = settings.policy.budget
    # A budget that no rule can use would only raise questions.
    if any(rule.do is Action.ROLLBACK for rule in settings.policy.matrix.values()):
        lines.append(
            f"budget: {budget.per_service_per_day} rollbacks per service and day, {budget.per_fleet_per_10m} in 10 min"
            f" altogether, {show_seconds(budget.cooldown_seconds)} between two"
        )
    lines.append(f"channels: {', '.join(settings.channels)}")
    lines += [f"{name}: {words}" for name, words in people_rows(settings.policy) if words]
    lines.append(
        f"status pages: {', '.join(settings.vendors) or 'none'}; control: {len(settings.policy.control)} sites"
    )
    lines.append(f"store: {shown_url(settings.store_url)}; metrics: {_metrics(settings)}")
    lines.append(f"secrets set: {', '.join(sorted(settings.secrets)) or 'none'}")
    lines.extend(f"WARNING {warning}" for warning in settings.warnings)
    return tuple(lines)


def service_rows(settings: Settings) -> Iterator[Row]:
    """Yield each service with its mode and its signals."""
    for name, service in settings.policy.services.items():
        signals = ", ".join(
            f"{signal.name} ({signal.source or signal.kind}{', critical' if signal.critical else ''})"
            for signal in service.signals
        )
        title = f"{service.title}; " if service.title else ""
        veto = f", {show_seconds(service.veto_seconds)} to stop it" if service.veto_seconds else ""
        # What is named by its exact name there has no id yet: the daemon's start asks Render for it.
        known = service.platform_id or settings.services[name].render
        render = f"on Render ({known})" if known else "not on Render"
        tried = ", then ".join(_tried(one) for one in service.remedies if not one.at_most_seconds)
        first = f", before a rollback {tried}" if tried else ""
        for one in service.remedies:
            if one.at_most_seconds:
                limit = show_seconds(one.at_most_seconds)
                first += f", while people work on a critical incident {_tried(one)} for {limit} at most"
        yield name, f"{title}{service.mode}{veto}{first}, {render}; watches {signals}"


def _tried(remedy: Remedy) -> str:
    said = [f"for {', '.join(remedy.when)}"] if remedy.when else []
    said += ["also without a suspected deploy"] if remedy.without_deploy else []
    return words(remedy.name).does + (f" ({', '.join(said)})" if said else "")


def gate_words(rules: GateRules) -> str:
    """Return what a commit must have shown before it may go to production."""
    said = [f"{show_seconds(rules.soak_seconds)} on {rules.staging}, failing at most {100 * rules.failing_share:g} %"]
    said += [f"{100 * rules.availability:.6g} % available"] if rules.availability is not None else []
    said += [f"within {', '.join(one.name for one in rules.windows)}"] if rules.windows else []
    said += [f"at most {rules.traffic_per_minute:g} requests a minute"] if rules.traffic_per_minute is not None else []
    said += [f"needs {', '.join(rules.requires)}"] if rules.requires else []
    return ", ".join(said)


def rule_rows(policy: Policy) -> Iterator[Row]:
    """Yield each severity with what follows from an incident of it."""
    only_observes = all(service.mode is Mode.OBSERVE for service in policy.services.values())
    for severity, rule in policy.matrix.items():
        within = f" within {show_seconds(rule.within_seconds)}" if rule.within_seconds else ""
        tell = f", notifies {', '.join(rule.tell)}" if rule.tell else ""
        action = WOULD.get(rule.do, rule.do) if only_observes else rule.do
        yield severity, f"{action}{within}{_clock(rule)}{tell}"


def _clock(rule: Rule) -> str:
    """Return the approver of a question, its reminder and window, and the result without an answer."""
    remind = f", reminds after {show_seconds(rule.remind_seconds)}" if rule.remind_seconds else ""
    remind += f", an approval waits for {show_window(rule.window)}" if rule.window is not None else ""
    remind += f", only {rule.approver.name} may approve" if rule.approver is not None else ""
    return remind if rule.then is Then.ESCALATE else f"{remind}, without an answer: {rule.then}"


def people_rows(policy: Policy) -> Iterator[Row]:
    """Yield who is notified beside the channels of a severity: of what, and where; empty where it is not configured."""
    yield (
        "escalation of an unacknowledged critical page",
        "; ".join(_step(step, policy.pagers) for step in policy.escalation),
    )
    yield from ((f"stakeholders {one.name}", hears(one)) for one in policy.stakeholders)
    yield "silences", "; ".join(map(_quiet, policy.silences))
    yield "action_holds", "; ".join(map(_quiet, policy.action_holds))
    yield "good_news", ", ".join(policy.good_news)
    yield "announcements", ", ".join(policy.announcements)
    yield "digest", show_digest(policy.digest) if policy.digest is not None else ""


def _quiet(one: Suppression) -> str:
    """Return the scope of a silence or an action hold, and its time; author and reason may be long, and are in the
    file.
    """
    of = ", ".join(filter(None, (one.service or "all services", one.signal, one.severity)))
    if one.weekly is not None:
        return f"{of}: {show_weekly(one.weekly)}"
    begins, ends = (f"{datetime.fromtimestamp(at or 0.0, UTC):%Y-%m-%d %H:%M}" for at in (one.begins_at, one.ends_at))
    return f"{of}: {begins} to {ends} UTC"


def _step(step: Step, pagers: Sequence[str]) -> str:
    hours = f" ({show_weekly(step.hours)})" if step.hours is not None else ""
    turns = f" ({', '.join(one.name for one in step.rotation.of)}: a week each)" if step.rotation is not None else ""
    named = ", ".join(pagers) if step.calls_everyone else ""
    unless = f", unless {named} is paged, which escalates by itself" if named else ""
    return f"{step.name} after {show_seconds(step.after_seconds)}{hours}{turns}{unless}"


def _metrics(settings: Settings) -> str:
    metrics = settings.metrics
    listen = f"listen on {metrics.host}:{metrics.port}" if metrics.host else "listen on nothing"
    return f"{listen}, sent every {show_seconds(metrics.every)}" if metrics.remote_write else listen

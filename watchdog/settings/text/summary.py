"""The meaning of a configuration, in a few lines: for `watchdog check` and the daemon's first log lines."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from watchdog.adapters.stores import shown_url
from watchdog.domain.policy import Action, Mode, Policy, Rule, ServicePolicy, Step, Then
from watchdog.domain.units import show_seconds
from watchdog.settings.model.settings import Settings
from watchdog.settings.rules.recurrence import show_digest, show_weekly, show_window
from watchdog.settings.rules.stakeholder_contacts import hears

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
    lines = [_service(settings, service) for service in settings.policy.services.values()]
    for severity, rule in settings.policy.matrix.items():
        within = f" within {show_seconds(rule.within_seconds)}" if rule.within_seconds else ""
        tell = f", notifies {', '.join(rule.tell)}" if rule.tell else ""
        action = WOULD.get(rule.do, rule.do) if _only_observes(settings.policy) else rule.do
        lines.append(f"{severity}: {action}{within}{_clock(rule)}{tell}")
    budget = settings.policy.budget
    # A budget that no rule can use would only raise questions.
    if any(rule.do is Action.ROLLBACK for rule in settings.policy.matrix.values()):
        lines.append(
            f"budget: {budget.per_service_per_day} rollbacks per service and day, {budget.per_fleet_per_10m} in 10 min"
            f" altogether, {show_seconds(budget.cooldown_seconds)} between two"
        )
    lines.append(f"channels: {', '.join(settings.channels)}")
    if settings.policy.escalation:
        steps = "; ".join(_step(step) for step in settings.policy.escalation)
        lines.append(f"escalation of an unacknowledged critical page: {steps}")
    lines += [f"stakeholders {one.name}: {hears(one)}" for one in settings.policy.stakeholders]
    lines.extend(_news(settings.policy))
    lines.append(
        f"status pages: {', '.join(settings.vendors) or 'none'}; control: {len(settings.policy.control)} sites"
    )
    lines.append(f"store: {shown_url(settings.store_url)}; metrics: {_metrics(settings)}")
    lines.append(f"secrets set: {', '.join(sorted(settings.secrets)) or 'none'}")
    lines.extend(f"WARNING {warning}" for warning in settings.warnings)
    return tuple(lines)


def _only_observes(policy: Policy) -> bool:
    return all(service.mode is Mode.OBSERVE for service in policy.services.values())


def _clock(rule: Rule) -> str:
    """Return the approver of a question, its reminder and window, and the result without an answer."""
    remind = f", reminds after {show_seconds(rule.remind_seconds)}" if rule.remind_seconds else ""
    remind += f", an approval waits for {show_window(rule.window)}" if rule.window is not None else ""
    remind += f", only {rule.approver.name} may approve" if rule.approver is not None else ""
    return remind if rule.then is Then.ESCALATE else f"{remind}, without an answer: {rule.then}"


def _news(policy: Policy) -> Iterator[str]:
    """Yield the channels that get informational notifications."""
    if policy.good_news:
        yield f"a successful deploy is announced in: {', '.join(policy.good_news)}"
    if policy.announcements:
        yield f"announcements of the status pages go to: {', '.join(policy.announcements)}"
    if policy.digest is not None:
        yield f"weekly digest: {show_digest(policy.digest)}"


def _step(step: Step) -> str:
    hours = f" ({show_weekly(step.hours)})" if step.hours is not None else ""
    turns = f" ({', '.join(one.name for one in step.rotation.of)}: a week each)" if step.rotation is not None else ""
    return f"{step.name} after {show_seconds(step.after_seconds)}{hours}{turns}"


def _service(settings: Settings, service: ServicePolicy) -> str:
    render = settings.services[service.name].render
    signals = ", ".join(
        f"{signal.name} ({signal.kind}{', critical' if signal.critical else ''})" for signal in service.signals
    )
    veto = f", {show_seconds(service.veto_seconds)} to stop it" if service.veto_seconds else ""
    title = f" ({service.title})" if service.title else ""
    return (
        f"{service.name}{title}: {service.mode}{veto}, {'on Render' if render else 'not on Render'}; watches {signals}"
    )


def _metrics(settings: Settings) -> str:
    metrics = settings.metrics
    listen = f"listen on {metrics.host}:{metrics.port}" if metrics.host else "listen on nothing"
    return f"{listen}, sent every {show_seconds(metrics.every)}" if metrics.remote_write else listen

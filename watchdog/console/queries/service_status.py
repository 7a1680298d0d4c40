"""The standing of one service, in one word and one sentence. Pure."""

from watchdog.console.views.card_models import UptimeView
from watchdog.console.views.deploy_facts import author_of
from watchdog.console.views.view_builders import deploy_view, incident_row, signal_view
from watchdog.console.views.view_models import DayView, ServiceRow, SignalView
from watchdog.core.assess.current_readings import words
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.incidents import ACTING, Incident, Phase, ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.presentation.status_text import open_incident, verdicts

ORDER = ("incident", "acting", "suspect", "unsure", "elsewhere", "ok")
"""The worst first."""
PHASES = {
    Phase.SUSPECT: "a check failed; the daemon probes more often to decide",
    Phase.ANNOUNCED: "a rollback is announced",
    Phase.ASKING: "waiting for approval",
    Phase.REMEDYING: "a remedy is tried",
    Phase.PINNING: "auto-deploy is being switched off",
    Phase.ROLLING_BACK: "a rollback is being sent",
    Phase.DEPLOYING: "the rollback is on its way",
    Phase.VERIFYING: "the rollback is live; recovery is being proved",
    Phase.PAGED: "people were paged",
}


def service_row(
    policy: Policy,
    name: str,
    service: ServiceState | None,
    held: bool,
    past: tuple[DayView, UptimeView],
    now: float,
) -> ServiceRow:
    """Return the row of a service on the overview, read at `now` (UTC epoch seconds)."""
    service_policy, (day, uptime) = policy.services[name], past
    signals = signals_of(policy, name, service, now)
    counts = {word: sum(one.verdict == word for one in signals) for word in ("good", "bad", "unknown")}
    standing, why = _standing(service_policy, service, signals)
    live = live_deploy(service.deploys) if service is not None else None
    incident = open_incident(service)
    return ServiceRow(
        name=service_policy.name,
        mode=service_policy.mode.value,
        standing=standing,
        why=why,
        phase=service.phase.value if service is not None else None,
        held=held,
        live=deploy_view(live, author=author_of(service, live.id)) if live is not None else None,
        incident=incident_row(incident, None) if incident is not None else None,
        good=counts["good"],
        bad=counts["bad"],
        unknown=counts["unknown"],
        day=day,
        uptime=uptime,
        tags=service_policy.tags,
    )


def signals_of(policy: Policy, name: str, service: ServiceState | None, now: float) -> tuple[SignalView, ...]:
    """Return every configured signal with its newest reading; one with a confirmed finding is bad."""
    checks, said = (service.checks, verdicts(service, policy, now)) if service is not None else ({}, {})
    return tuple(signal_view(one, checks.get(one.name), said.get(one.name)) for one in policy.services[name].signals)


def status_pages_of(policy: Policy, state: State) -> tuple[SignalView, ...]:
    """Return every status page that was read, by the name that a decision's evidence gives it, with its reading."""
    read = [(name, state.vendors[name]) for name in policy.vendors if name in state.vendors]
    return tuple(SignalView(f"status {name}", "status", False, *words(reading), at) for name, (at, reading) in read)


def _why_open(service: ServiceState, incident: Incident) -> str:
    if not incident.muted:
        return PHASES.get(service.phase, "an incident is open")
    down = service.downtime
    return (
        f"it is {down.what}; notifications off"
        if down is not None and down.ended_at is None
        else "notifications off: silenced"
    )


# The worst news first: an action under way, then an open incident, then a suspicion, then missing readings.
def _standing(
    service_policy: ServicePolicy, service: ServiceState | None, signals: tuple[SignalView, ...]
) -> tuple[str, str]:
    if service is None:
        return "elsewhere", "nothing is known of it here yet"
    # Before the incident, which is open as well: an action under way is the news.
    if service.phase in ACTING:
        return "acting", PHASES[service.phase]
    incident = open_incident(service)
    if incident is not None:
        return "incident", "an approved rollback is kept for its window" if service.is_kept else _why_open(
            service, incident
        )
    if service.phase in PHASES:
        return "suspect", PHASES[service.phase]
    bad = next((one for one in signals if one.verdict == "bad"), None)
    if bad is not None:
        return "suspect", f"{bad.name}: {bad.why}"
    # Its probes decide: error counts and platform events may be unknown while the site is well watched.
    deciding = [one for one in signals if one.name in service_policy.deciding_probes] or signals
    if not deciding:
        return "unsure", f"{service_policy.name} has no signal"
    if all(one.verdict == "unknown" for one in deciding):
        return "unsure", f"not watched: {deciding[0].name}: {deciding[0].why}"
    return "ok", ""

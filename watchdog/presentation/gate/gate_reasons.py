"""The reasons of the gate: what a commit needs to go to production now. Each one passes, refuses, or is not known.

Rule 1: one reason, one function, one line in REASONS. All are asked, so that one answer names all that is missing.
Rule 2: what cannot be known refuses: a stale record, an unread list and a daemon that does not run never pass.
"""

from collections.abc import Callable, Iterator

from watchdog.core.assess import maintenance, schedule, suppression
from watchdog.core.assess.blame_input import STALE_VENDOR_SECONDS
from watchdog.core.assess.failure_correlation import relied_on
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.checks import Check
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.incidents import Phase, ServiceState
from watchdog.domain.policy import ServicePolicy
from watchdog.domain.readings import Bad, Good
from watchdog.domain.units import show_seconds
from watchdog.presentation.availability import ErrorBudget
from watchdog.presentation.gate.gate_case import (
    GateCase,
    deploys_stale_seconds,
    evidence_at,
    not_known,
    passed,
    reading_stale_seconds,
    refused,
    same_commit,
    served_now,
    staged_deploy,
    staged_since,
)
from watchdog.presentation.gate.gate_rules import GateReason, Instrument
from watchdog.presentation.gate.soak_signals import staging_signals
from watchdog.presentation.text import percent, short

TRAFFIC_SECONDS = 900.0
"""The minutes whose requests are counted: one minute alone says little of the hour."""
PLATFORM_ROLE = "platform"


def daemon(case: GateCase) -> GateReason:
    """A record that no daemon writes says nothing of now."""
    if not case.runs:
        return not_known("daemon", "no daemon runs on this store")
    if case.state.blind_since is not None:
        return not_known("daemon", "it cannot see at the moment: its own network may be at fault")
    return passed("daemon", "runs, and can see")


def production_read(case: GateCase) -> GateReason:
    """Production is watched at this moment: a signal of it was read, and its deploys where it is on a platform."""
    known = case.production
    if known is None:
        return not_known("production", f"{case.service.name} was not read yet")
    if why := _unread(case.service, known, case):
        return not_known("production", why)
    return passed("production", f"read {show_seconds(max(0.0, case.now - _read_at(known)))} ago")


def staging_commit(case: GateCase) -> GateReason:
    """Staging carries the commit now: by the platform's list, and by its own answers where they name a version."""
    name = case.rules.staging
    if name is None or case.staging_policy is None:
        return refused("staging", "no staging service is named: write staging: under gate:")
    known, commit = case.staging, short(case.commit)
    if known is None:
        return not_known("staging", f"{name} was not read yet")
    served = served_now(known)
    if case.staging_policy.platform_id is None:
        if served is None:
            return not_known("staging", f"{name} is not on Render, and no answer of it names a version")
    else:
        if why := _list_unread(known, case):
            return not_known("staging", f"{name}: {why}")
        live = live_deploy(known.deploys)
        if live is None:
            return not_known("staging", f"{name} has no live deploy in its list")
        if staged_deploy(case) is None:
            return refused("staging", f"{name} carries {short(live.code)} ({live.id}), not {commit}")
    if served is not None and not same_commit(served.version, case.commit):
        return refused("staging", f"the answers of {name} name {short(served.version)}, not {commit}")
    return passed("staging", f"{name} carries {commit}")


def soak(case: GateCase) -> GateReason:
    """Staging has carried it for long enough, and the daemon watched it all that time."""
    since, known, needed = staged_since(case), case.staging, case.rules.soak_seconds
    if since is None or known is None:
        return not_known("soak", "it is not known since when staging carries the commit")
    soaked = case.now - max(since, known.watching_since)
    if soaked < needed:
        watched = " and watched" if known.watching_since > since else ""
        return refused("soak", f"live there{watched} for {show_seconds(max(0.0, soaked))} of {show_seconds(needed)}")
    return passed("soak", f"live there for {show_seconds(soaked)} (needs {show_seconds(needed)})")


def staging_incidents(case: GateCase) -> GateReason:
    """No incident of staging is open, and none began since it carries the commit; a planned downtime is none."""
    since = staged_since(case)
    if since is None:
        return not_known("staging incidents", "it is not known since when staging carries the commit")
    # Instances take traffic before the platform says so. An older incident that this deploy ended is not its own.
    began = since - case.policy.blame.first_traffic_lead_seconds
    found = [one for one in case.incidents if not one.planned and (one.closed_at is None or one.onset_at >= began)]
    open_now = case.staging.incident if case.staging is not None else None
    if open_now is not None and open_now.closed_at is None and not open_now.planned:
        found = [open_now, *(one for one in found if one.id != open_now.id)]
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        return refused("staging incidents", f"{found[0].id}: {found[0].title}{more}")
    return passed("staging incidents", "none since it carries the commit")


def incidents(case: GateCase) -> GateReason:
    """Neither production nor a service that it relies on has an open incident, or fails, by a record of this moment."""
    for name in (case.service.name, *sorted(relied_on(case.policy.services, case.service.name))):
        known = case.state.services.get(name)
        if known is None:
            return not_known("incidents", f"{name} was not read yet")
        incident = known.incident
        if incident is not None and incident.closed_at is None:
            return refused("incidents", f"{incident.id} is open: {incident.title}")
        if known.phase is Phase.SUSPECT:
            return refused("incidents", f"{name} fails at the moment, and is being checked")
        if name in case.state.troubles:
            return refused("incidents", f"{name} is critical")
        if why := _unread(case.policy.services[name], known, case):
            return not_known("incidents", f"{name}: {why}")
    return passed("incidents", "none open, of it or of what it depends on")


def status_pages(case: GateCase) -> GateReason:
    """No status page that it depends on reports an outage; the platform's own counts for every service."""
    wanted = [
        name
        for name, vendor in case.policy.vendors.items()
        if vendor.role == PLATFORM_ROLE or name in case.service.depends_on
    ]
    for name in wanted:
        # A dependency without a page has no reading; its events show as incidents of the services that rely on it.
        if not case.policy.vendors[name].page:
            continue
        at, reading = case.state.vendors.get(name, (0.0, None))
        if isinstance(reading, Bad):
            return refused("status pages", f"{name}: {reading.why}")
        if not isinstance(reading, Good) or case.now - at > STALE_VENDOR_SECONDS:
            return not_known("status pages", f"{name} could not be read")
    return passed("status pages", f"{', '.join(wanted)}: no outage" if wanted else "it depends on none")


def pause(case: GateCase) -> GateReason:
    """The daemon is not paused, and no violated invariant has disarmed it: it could not roll this deploy back."""
    if case.state.paused_by:
        return refused("pause", f"paused by {case.state.paused_by}; {command_line('resume')}")
    if case.state.disarmed:
        return refused("pause", f"disarmed: {case.state.disarmed}; {command_line('resume')}")
    return passed("pause", "none")


def hold(case: GateCase) -> GateReason:
    """No action hold covers production: that is how people freeze it."""
    held = suppression.active_hold(case.state, case.policy, case.service.name, case.now)
    if held is not None:
        return refused("hold", suppression.describe(held))
    return passed("hold", "none")


def downtime(case: GateCase) -> GateReason:
    """Production is neither in maintenance mode nor suspended."""
    known = case.production
    if case.service.platform_id is None:
        return passed("maintenance", "not on Render, which could tell")
    if known is None or known.facts is None:
        return not_known("maintenance", "Render has not said yet whether it is")
    if known.facts.suspended or maintenance.meant(known.facts):
        return refused("maintenance", f"it is {maintenance.meant(known.facts) or 'suspended'}")
    return passed("maintenance", "neither that nor suspended")


def denied(case: GateCase) -> GateReason:
    """The commit was not rolled back before."""
    for code in case.state.denied:
        if same_commit(code, case.commit):
            line = command_line("trust", short(code))
            return refused("deny-list", f"{short(code)} was rolled back before; {line} lifts it")
    return passed("deny-list", "the commit is not on it")


def error_budget(case: GateCase) -> GateReason:
    """Production has failed less, in 30 days, than the availability that is asked for allows."""
    wanted = case.rules.availability if case.rules.availability is not None else case.service.objective
    found = case.available
    if found is None or found.share is None:
        return not_known("error budget", "production was not watched in the last 30 d")
    budget = ErrorBudget(wanted, found)
    left = show_seconds(max(0.0, budget.allowed_seconds - found.lost_seconds))
    counted = f"{show_seconds(found.lost_seconds)} of {show_seconds(budget.allowed_seconds)} lost"
    measured = f"{counted} ({percent(wanted)} in 30 d, watched for {show_seconds(found.watched_seconds)})"
    if budget.left_share <= 0:
        return refused("error budget", f"used up: {measured}")
    return passed("error budget", f"{left} left: {measured}")


def hours(case: GateCase) -> GateReason:
    """It is an hour of few visitors, by the clock: one of `gate.windows`."""
    windows = case.rules.windows
    if not windows:
        return passed("hours", "any: gate.windows names none")
    inside = next((one for one in windows if schedule.within(one.hours, case.now)), None)
    if inside is not None:
        return passed("hours", f"within {inside.name}")
    begins, soonest = min((schedule.next_beginning(one.hours, case.now), one) for one in windows)
    return refused("hours", f"outside {_names(case)}; {soonest.name} begins {schedule.show(soonest.hours, begins)}")


def traffic(case: GateCase) -> GateReason:
    """It is an hour of few visitors, by the requests that Sentry counts (`traffic: true`); else the windows decide."""
    limit, known = case.rules.traffic_per_minute, case.production
    if limit is None:
        return passed("traffic", "any: gate.traffic sets no limit")
    rates = [
        rate for check in (known.checks.values() if known is not None else ()) for rate in _requests(check, case.now)
    ]
    if not rates:
        why = "no signal counts requests (sentry with traffic: true)"
        return passed("traffic", f"{why}: the hours decide") if case.rules.windows else not_known("traffic", why)
    # Two signals of one service may count the same visitors: the busier one decides.
    said = f"{max(rates):.3g} requests a minute (limit {limit:.3g})"
    return passed("traffic", said) if max(rates) <= limit else refused("traffic", said)


def _requests(check: Check, now: float) -> Iterator[float]:
    """Yield the requests a minute that a signal counted lately, if it counts them."""
    lately = [one for one in check.counts if one.start + one.seconds > now - TRAFFIC_SECONDS]
    totals = [(one.total, one.seconds) for one in lately if one.total is not None]
    if totals:
        yield sum(total for total, _ in totals) * 60 / sum(seconds for _, seconds in totals)


def version(case: GateCase) -> GateReason:
    """An answer names the commit that made it, so that it is seen which code serves."""
    missing = _missing(case, Instrument.VERSION, "no signal says how answers name their version: write version:")
    known = case.production
    if missing is None and _asked(case, Instrument.VERSION) and (known is None or served_now(known) is None):
        return not_known("version", "version: is configured, and no answer has named one yet")
    return missing or passed("version", _had(case, Instrument.VERSION))


def release(case: GateCase) -> GateReason:
    """Sentry tells the errors that are new in a release from the old ones."""
    missing = _missing(case, Instrument.RELEASE, 'no sentry signal has a release: write release: "{commit}"')
    return missing or passed("release", _had(case, Instrument.RELEASE))


def critical_route(case: GateCase) -> GateReason:
    """A critical route is probed: else no failure of the deploy is critical, and none is rolled back."""
    missing = _missing(case, Instrument.CRITICAL, "no http or latency signal is a critical route: write critical: true")
    return missing or passed("critical route", _had(case, Instrument.CRITICAL))


NAMES = {Instrument.VERSION: "version", Instrument.RELEASE: "release", Instrument.CRITICAL: "critical route"}


def _missing(case: GateCase, instrument: Instrument, why: str) -> GateReason | None:
    asked = _asked(case, instrument) and instrument not in case.rules.instrumented
    return refused(NAMES[instrument], why) if asked else None


def _asked(case: GateCase, instrument: Instrument) -> bool:
    return instrument in case.rules.requires


def _had(case: GateCase, instrument: Instrument) -> str:
    return "there is one" if _asked(case, instrument) else "not asked for by gate.requires"


def _names(case: GateCase) -> str:
    return ", ".join(one.name for one in case.rules.windows)


def _unread(service: ServicePolicy, known: ServiceState, case: GateCase) -> str:
    """Return why the record of a service says nothing of now, or ""."""
    # By its slowest signal at most: the fastest one is the freshest, and shows that the daemon reads it.
    limit = min((reading_stale_seconds(one) for one in service.signals), default=0.0)
    if case.now - _read_at(known) > limit:
        return f"no signal of it was read for {_ago(_read_at(known), case.now)}"
    return _list_unread(known, case) if service.platform_id is not None else ""


def _read_at(known: ServiceState) -> float:
    return max(map(evidence_at, known.checks.values()), default=0.0)


def _list_unread(known: ServiceState, case: GateCase) -> str:
    """Return why the service's deploy list says nothing of now, or ""."""
    if known.deploys_at is None:
        return f"its deploys were not read yet ({known.deploys_why})"
    if case.now - known.deploys_at > deploys_stale_seconds(case.policy):
        return f"its deploys were last read {_ago(known.deploys_at, case.now)} ago"
    return ""


def _ago(at: float, now: float) -> str:
    return show_seconds(now - at) if at > 0 else "ever"


# In the order of the answer: who tells it, staging, production, the hour, the instruments.
REASONS: tuple[Callable[[GateCase], GateReason], ...] = (
    daemon,
    production_read,
    staging_commit,
    soak,
    staging_incidents,
    staging_signals,
    incidents,
    status_pages,
    pause,
    hold,
    downtime,
    denied,
    error_budget,
    hours,
    traffic,
    version,
    release,
    critical_route,
)


def answers(case: GateCase) -> tuple[GateReason, ...]:
    """Return the answer of every reason, in order."""
    return tuple(reason(case) for reason in REASONS)

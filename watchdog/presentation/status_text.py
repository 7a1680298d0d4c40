"""Standing conditions in words: those of all services that must not be overlooked; a reading in one word. Pure.

Rule: each time has its zone beside it: chat and console show these lines alone, and an end may lie beyond a change of
the clocks.
"""

from collections.abc import Mapping
from datetime import UTC, tzinfo

from watchdog.core.assess import connectivity, maintenance, suppression
from watchdog.core.assess.blame_input import STALE_VENDOR_SECONDS, read_ago
from watchdog.core.assess.current_readings import current_readings, words
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Evidence
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Detection, Policy, Suppression
from watchdog.domain.readings import Bad, Good, Reading
from watchdog.domain.reports import SignalReport
from watchdog.domain.units import show_seconds
from watchdog.presentation.text import clean, moment, short

MERGES_SHOWN_MAX = 3
NO_QUIET = "No silence and no action hold."
STALE_SECONDS = 120.0
"""The daemon saves its detectors every 30 s; a state older than four of those means that it does not run."""


def verdict(reading: Reading) -> tuple[str, str]:
    """Return a reading as one word in capitals and its reason."""
    word, why = words(reading)
    return word.upper(), why


def verdicts(service: ServiceState, policy: Policy, now: float) -> Mapping[str, tuple[str, str]]:
    """Return the verdict of each signal that was read, and its reason; `now` is UTC epoch seconds."""
    return {one.signal: (one.verdict.upper(), one.text) for one in current_readings(service, policy, now)}


def report_record(one: SignalReport) -> dict[str, str | float | None]:
    """Return one signal's single reading for machines; the verdict is good, bad or unknown."""
    word, why = verdict(one.reading)
    seconds = one.latency_seconds
    return {
        "service": one.service,
        "signal": one.signal,
        "verdict": word.lower(),
        "why": why,
        "latency_seconds": None if seconds is None else round(seconds, 4),
    }


def single_reading_lines(rule: Detection) -> list[str]:
    """Return what a single reading does not say, and what the daemon needs before it acts."""
    watch, probes = show_seconds(rule.run_seconds_in_watch), rule.run_probes_min
    needed = (
        f"a probe for {show_seconds(rule.run_seconds)} ({watch} after a deploy) and {probes} readings",
        f"latency over its limit for {show_seconds(rule.latency_hold_seconds)}",
        f"errors for {rule.feed_minutes} minutes",
        f"{rule.crashes_min} crashes within {show_seconds(rule.crashes_window_seconds)}",
    )
    return [
        "One reading of each signal, without history: no verdict, and nothing follows from it.",
        f"`{command_line('run')}` opens an incident when a signal goes on failing ({'; '.join(needed)}; longer where "
        "that is usual, sooner where other signals agree) or fails again and again, then judges severity, blame and "
        "what forbids a rollback.",
    ]


def status_lines(state: State, now: float, tz: tzinfo = UTC, runs: bool | None = None) -> list[str]:
    """Return the conditions of all services that must not be overlooked; `now` is UTC epoch seconds.

    `runs`: whether a daemon runs, where that is known.
    """
    lines = [*_pulse(state, now, runs), *stopped_lines(state)]
    if state.blind_since is not None:
        since = moment(state.blind_since, tz)
        lines.append(f"BLIND since {since}: {connectivity.why(state)}, so nothing is judged or touched.")
    lines += failing_lines(state, tz)
    for one in state.services.values():
        lines += [*_kept(one, now, tz), *_held(one, tz)]
    # The field holds the value to give back: "off" means that it was off before us, so nothing is missing.
    lines += [_not_shipping(one) for one in state.services.values() if one.auto_deploy_off not in ("", "off")]
    if state.denied:
        listed = ", ".join(short(code) for code in state.denied)
        lines.append(f"Deny-listed: {listed} ({command_line('trust', 'COMMIT')} lifts one).")
    return lines


def _pulse(state: State, now: float, runs: bool | None) -> list[str]:
    """Return that no daemon runs, or that it seems so by the age of its newest reading."""
    newest = max((one.last_reading_at(0.0) for one in state.services.values()), default=0.0)
    if runs is False:
        last = f" (newest reading: {show_seconds(now - newest)} old)" if newest else ""
        return [
            f"NO DAEMON RUNS on this store{last}: nothing is watched, rolled back or paged. ({command_line('run')})"
        ]
    if not newest:
        asked = "." if runs else f": is the daemon running? ({command_line('run')})"
        return [f"Nothing has been read yet{asked}"]
    if now - newest > STALE_SECONDS:
        how = "runs and stores none: look at its log" if runs else "does not seem to run"
        return [f"The newest reading is {show_seconds(now - newest)} old: the daemon {how}."]
    return []


def stopped_lines(state: State) -> list[str]:
    """Return why all actions are off until a person resumes them."""
    lines, how = [], f"({command_line('resume')})"
    if state.disarmed:
        lines.append(f"DISARMED: {clean(state.disarmed)}. It watches, pages, touches nothing. {how}")
    if state.paused_by:
        lines.append(f"PAUSED by {clean(state.paused_by)}: it watches and touches nothing. {how}")
    return lines


def failing_lines(state: State, tz: tzinfo = UTC) -> list[str]:
    """Return the failing integrations, each with consequence and cure."""
    lines = []
    for key, failing in state.failing.items():
        one = failing.integration(key)
        since = moment(failing.at, tz)
        what = f"NOT WORKING since {since}: {clean(one.title)} ({one.standing.value}): {clean(one.why)}"
        lines.append(f"{what}; {clean(one.consequence)}. ({one.cure})")
    return lines


def all_lines(state: State, policy: Policy, now: float, tz: tzinfo = UTC, runs: bool | None = None) -> list[str]:
    """Return all standing conditions besides the services' own rows; `runs`: whether a daemon runs, where known."""
    return [
        *status_lines(state, now, tz, runs),
        *outside_lines(state, policy, now),
        *quiet_lines(state, policy, now, tz),
    ]


def outside_lines(state: State, policy: Policy, now: float) -> list[str]:
    """Return current outages and announced maintenance of the vendors' status pages."""
    lines = []
    for name, vendor in policy.vendors.items():
        at, reading = state.vendors.get(name, (0.0, None))
        # A status page not read for a while proves nothing about now.
        if now - at >= STALE_VENDOR_SECONDS:
            continue
        if isinstance(reading, Bad):
            means = (
                "what fails now is not rolled back" if vendor.role == "platform" else "it may explain what fails now"
            )
            why = f"{clean(reading.why)}{read_ago(at, now)}"
            lines.append(f"{vendor.role.upper()} {clean(name)}: {why}; {means}.")
        elif isinstance(reading, Good) and reading.ahead:
            lines.append(f"ANNOUNCED: {clean(reading.ahead)}.")
    return lines


def quiet_lines(state: State, policy: Policy, now: float, tz: tzinfo = UTC) -> list[str]:
    """Return every silence and action hold, a line each; those of the configuration too."""
    return [words for _, words in quiets(state, policy, now, tz=tz)]


def quiets(
    state: State, policy: Policy, now: float, service: str | None = None, tz: tzinfo = UTC
) -> list[tuple[Suppression, str]]:
    """Return the silences and action holds that have not ended, of all services or of one, each in words."""
    silences = [("SILENCE", one) for one in (*policy.silences, *state.silences)]
    holds = [("ACTION HOLD", one) for one in (*policy.action_holds, *state.holds)]
    said = [
        (one, f"{what} {clean(suppression.describe(one))}, {_when(one, tz)}")
        for what, one in (*silences, *holds)
        if (one.ends_at is None or one.ends_at > now) and (service is None or one.service in (None, service))
    ]
    return [*said, *(_by_platform(one, now) for one in state.services.values() if _is_down(one, service))]


def _is_down(one: ServiceState, service: str | None) -> bool:
    """Return whether a person has the service down on purpose, says the platform (and it is the service asked for)."""
    down = one.downtime
    if down is None or down.ended_at is not None or service not in (None, one.name):
        return False
    return not maintenance.is_only_ours(one, down)


def _by_platform(service: ServiceState, now: float) -> tuple[Suppression, str]:
    """Return the platform's own report, which acts as a silence and more; it counts while it is read regularly."""
    assert service.downtime is not None, "it is asked about one that is down"
    silence, age = suppression.of_downtime(service.name, service.downtime), now - (service.deploys_at or 0.0)
    lasts = "until the platform says that it is over; nothing is rolled back meanwhile"
    unread = f"but not read for {show_seconds(age)}, so notifications are on again"
    return silence, f"SILENCE {clean(suppression.describe(silence))}, {lasts if age <= STALE_SECONDS else unread}"


def _when(one: Suppression, tz: tzinfo) -> str:
    if one.weekly is not None:
        return f"every week, {one.weekly.zone}"
    return f"until {moment(one.ends_at or 0.0, tz)}"


def _not_shipping(service: ServiceState) -> str:
    """Return that auto-deploy is off because of us, and the merges not shipped, as far as they are known."""
    name, old = clean(service.name), clean(service.auto_deploy_off)
    off = f'AUTO-DEPLOY IS OFF on {name} (it was "{old}").'
    # Said first: without this line an unread list of merges would look like an empty one.
    if service.merges_why:
        return f"{off} Merges cannot be seen: {clean(service.merges_why)}."
    if not service.merged:
        return off
    shown = ", ".join(f'{short(one.sha)} "{clean(one.title)}"' for one in service.merged[:MERGES_SHOWN_MAX])
    more = f" and {len(service.merged) - MERGES_SHOWN_MAX} more" if len(service.merged) > MERGES_SHOWN_MAX else ""
    return f"{off} NOT shipped: {shown}{more}. (deploy by hand, then {command_line('restore-auto-deploy', name)})"


def _kept(service: ServiceState, now: float, tz: tzinfo) -> list[str]:
    """Return how long an approved rollback is kept, and how to stop it."""
    incident = service.incident
    if not service.is_kept or incident is None or incident.announced_until is None:
        return []
    until = incident.announced_until
    when = moment(until, tz)
    left = f"in {show_seconds(until - now)}" if until > now else "it is due"
    who = f"approved by {clean(incident.question.approved_by)}"
    what = f"{clean(service.name)} will be rolled back to {clean(incident.rollback.target)} at {when} ({left}), {who}"
    return [f"SCHEDULED: {what}. ({command_line('stop', clean(incident.id))})"]


def _held(service: ServiceState, tz: tzinfo) -> list[str]:
    """Return why this service is not rolled back without approval, or at all."""
    name, lines = clean(service.name), []
    if service.forbidden:
        lines.append(
            f"NO RIGHT to change {name}: {clean(service.forbidden)}. (fix the key, then {command_line('resume')})"
        )
    if service.flapping_since is not None:
        since = moment(service.flapping_since, tz)
        lines.append(f"FLAPPING since {since}: {name} fails and recovers, so each rollback needs approval.")
    return lines


def readings_now(incident: Incident, service: ServiceState | None, policy: Policy, now: float) -> tuple[Evidence, ...]:
    """Return the newest readings of the incident's service while the incident is open, else none."""
    current = open_incident(service)
    if service is None or current is None or current.id != incident.id or service.name not in policy.services:
        return ()
    return current_readings(service, policy, now)


def open_incident(service: ServiceState | None) -> Incident | None:
    """Return the open incident, or None."""
    incident = service.incident if service is not None else None
    return incident if incident is not None and incident.closed_at is None else None

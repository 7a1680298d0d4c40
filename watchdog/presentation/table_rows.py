"""Rows of current state and history: services, incidents; as cells, and as lines of columns. Pure.

The terminal makes tables of the cells; a channel with a monospaced font takes the lines.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, tzinfo

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.units import show_seconds
from watchdog.presentation.explain import state_of
from watchdog.presentation.notices.headlines import state_title
from watchdog.presentation.outlook import outlook, rollback_line
from watchdog.presentation.outlooks.current_state import CurrentState, current_state
from watchdog.presentation.outlooks.other_service import OtherServices
from watchdog.presentation.status_text import open_incident, verdicts
from watchdog.presentation.text import clean, in_column, short, zone

Row = tuple[str, ...]
STATUS: Row = ("service", "mode", "state", "live", "signals", "incident")
NO_DAEMON = "no daemon"
LIVE_MAX = 20
"""Characters of the live deploy: a long id is replaced by its commit, so that a status fits 80 columns."""


def status(state: State, policy: Policy, now: float, runs: bool | None = None) -> list[Row]:
    """Return one row per configured service; `now` is UTC epoch seconds. `runs`: whether a daemon runs, where known."""
    rows = (_status(name, policy, state.services.get(name), state.failing, now) for name in policy.services)
    return [(name, mode, NO_DAEMON if runs is False else shown, *more) for name, mode, shown, *more in rows]


def _status(name: str, policy: Policy, service: ServiceState | None, failing: Collection[str], now: float) -> Row:
    service_policy = policy.services[name]
    if service is None:
        return (name, service_policy.mode.value, "not seen yet", "-", f"{len(service_policy.signals)} unknown", "-")
    read = {signal: word for signal, (word, _) in verdicts(service, policy, now).items()}
    # By the configuration, not by the readings: a signal that was never read counts as unknown.
    said = [read.get(signal.name, "UNKNOWN") for signal in service_policy.signals]
    live = next((deploy for deploy in service.deploys if deploy.id == service.live), None)
    named = f"{live.id} {short(live.code)}" if live is not None else service.live or "unknown"
    shown = short(live.code) if len(named) > LIVE_MAX and live is not None and live.code else named[:LIVE_MAX]
    open_one = open_incident(service)
    # In this order and without zeros: the cell is read at a glance, and has to fit 80 columns.
    counted = [(said.count(word), word.lower()) for word in ("GOOD", "BAD", "UNKNOWN")]
    signals = ", ".join(f"{number} {word}" for number, word in counted if number) or "none"
    # A service without evidence cannot become suspect: that must not look like health.
    state = "NOT WATCHED" if f"probes/{name}" in failing else _state(service, read, service_policy, now)
    return (name, service_policy.mode.value, state, shown, signals, open_one.id if open_one is not None else "-")


def _state(service: ServiceState, read: Mapping[str, str], service_policy: ServicePolicy, now: float) -> str:
    """Return the progress of the open incident, or how the service does without one; `read` are its verdicts."""
    open_one = open_incident(service)
    if open_one is not None:
        return outlook(open_one, now).label
    names = [signal.name for signal in service_policy.signals]
    if service.phase is Phase.SUSPECT or "BAD" in map(read.get, names):
        return "suspected"
    # As on the console: its probes decide, since good error counts say nothing of a site that no probe reaches.
    deciding = service_policy.deciding_probes or names
    return "ok" if any(read.get(name, "UNKNOWN") != "UNKNOWN" for name in deciding) else "cannot see"


def open_incidents(
    state: State,
    policy: Policy,
    now: float,
    tz: tzinfo = UTC,
    runs: bool | None = None,
    others: OtherServices | None = None,
) -> list[str]:
    """Return one line per open incident of a configured service: failure, begin, progress, what happens next, the
    reader's task, and the command to read more.

    `now` is UTC epoch seconds; `runs`, `others`: see `current_state`.
    """
    found = [one for name in policy.services if (one := open_incident(state.services.get(name))) is not None]
    others = others or OtherServices(state, policy, now)
    read = [current_state(one, state, policy, now, runs=runs, others=others) for one in found]
    return [_open_line(one, around, now, tz) for one, around in zip(found, read, strict=True)]


def _open_line(one: Incident, around: CurrentState, now: float, tz: tzinfo) -> str:
    coming = outlook(one, now, tz, around)
    news = f"{one.severity.upper()} {clean(state_title(one, now, tz, around))}; {coming.label}."
    # The step of another service is not found on the page of this one's incident.
    first = f"{rollback_line(one, coming)}; " if coming.other and "rollback" in coming.commands else ""
    return f"{news} {coming.sentence} {coming.step} ({first}{command_line('incident', clean(one.id))})"


def incidents_head(now: float, tz: tzinfo = UTC) -> Row:
    """Return the names of the columns of `incidents`; the zone's name is that of `now` (UTC epoch seconds)."""
    return ("incident", f"onset ({zone(now, tz)})", "service", "severity", "state", "restored in", "what")


def incidents(found: Sequence[Incident], labels: Mapping[str, str], now: float, tz: tzinfo = UTC) -> list[Row]:
    """Return one row per incident, in the given order, below `incidents_head`; `now` is UTC epoch seconds."""
    return [
        (
            one.id,
            in_column(one.onset_at, now, tz),
            one.service,
            one.severity.value,
            state_of(one).lower(),
            show_seconds(one.rollback.restored_at - one.onset_at) if one.rollback.restored_at is not None else "-",
            one.title + (f" (judged {labels[one.id]})" if one.id in labels else ""),
        )
        for one in found
    ]

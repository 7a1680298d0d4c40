"""Rows of what stands now and what was: services, incidents; as cells, and as lines of columns. Pure.

The terminal makes tables of the cells, a channel that shows letters of one width takes the lines.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, tzinfo

from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.domain.units import show_seconds
from watchdog.presentation.explain import state_of
from watchdog.presentation.status_text import open_incident, verdict
from watchdog.presentation.text import clean, clock, day, short

Row = tuple[str, ...]
STATUS: Row = ("service", "mode", "phase", "live", "good", "bad", "unknown", "incident")
CELL_MAX = 80


def status(state: State, policy: Policy) -> list[Row]:
    """Return one row per configured service."""
    return [_status(name, policy, state.services.get(name), state.failing) for name in policy.services]


def _status(name: str, policy: Policy, service: ServiceState | None, failing: Collection[str]) -> Row:
    wishes = policy.services[name]
    if service is None:
        return (name, wishes.mode.value, "not seen yet", "-", "0", "0", str(len(wishes.signals)), "-")
    read = {check.name: verdict(check.last)[0] for check in service.checks.values() if check.last is not None}
    said = [read.get(signal.name, "UNKNOWN") for signal in wishes.signals]
    live = next((deploy for deploy in service.deploys if deploy.id == service.live), None)
    shown = f"{live.id} {short(live.code)}" if live else service.live or "unknown"
    open_one = open_incident(service)
    incident = f"{open_one.id} {open_one.severity}: {open_one.title}" if open_one else "-"
    numbers = (str(said.count("GOOD")), str(said.count("BAD")), str(said.count("UNKNOWN")))
    unwatched = f"probes/{name}" in failing
    phase = "NOT WATCHED" if unwatched else "kept" if service.is_kept else service.phase.value.replace("_", " ")
    return (name, wishes.mode.value, phase, shown, *numbers, incident)


def incidents_head(tz: tzinfo = UTC) -> Row:
    """Return the names of the columns of `incidents`."""
    zone_name = "UTC" if tz is UTC else str(tz)
    return ("incident", f"onset ({zone_name})", "service", "severity", "state", "restored in", "what")


def incidents(found: Sequence[Incident], labels: Mapping[str, str], tz: tzinfo = UTC) -> list[Row]:
    """Return one row per incident, in the given order."""
    return [
        (
            one.id,
            f"{day(one.onset_at, tz)} {clock(one.onset_at, tz)}",
            one.service,
            one.severity.value,
            state_of(one).lower(),
            show_seconds(one.rollback.restored_at - one.onset_at) if one.rollback.restored_at is not None else "-",
            one.title + (f" (judged {labels[one.id]})" if one.id in labels else ""),
        )
        for one in found
    ]


def columns(head: Row, rows: Sequence[Row]) -> list[str]:
    """Return head and rows as lines, each column as wide as its widest cell."""
    cells = [tuple(name.upper() for name in head), *(tuple(clean(cell, CELL_MAX) for cell in row) for row in rows)]
    widths = [max(len(row[number]) for row in cells) for number in range(len(head))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]

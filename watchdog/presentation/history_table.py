"""`watchdog report history`: every rollback as one row. Markdown is exactly the table of the team's runbook. Pure.

Rule: foreign text (commit messages) can neither break a table nor become a formula in a spreadsheet.
"""

import csv
import io
import math
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import Literal

from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident
from watchdog.presentation.text import clean, columns, day, iso, other_zone, short, show_probability, zone

Format = Literal["table", "markdown", "csv"]
COLUMNS = ("Date", "Time", "Trigger", "Method", "Duration", "Root Cause")
RULE = "|------|------|---------|--------|----------|------------|"
FORMULA = ("=", "+", "-", "@", "|", "%")
"""First characters that make a spreadsheet evaluate a cell: OWASP, "CSV Injection"."""


def history(
    incidents: Sequence[Incident],
    labels: Mapping[str, str],
    style: Format,
    causes: Mapping[str, Remark] = MappingProxyType({}),
    tz: tzinfo = UTC,
) -> list[str]:
    """Return the rollbacks among the incidents, in the given order, as lines of that format.

    `causes` are the root causes that people named, by incident. Only the table is in the zone `tz`: Markdown and CSV
    are kept in documents and read elsewhere, so that their times are UTC.
    """
    acted = rolled_back(incidents)
    shown = tz if style == "table" else UTC
    rows = [row(one, labels.get(one.id), causes.get(one.id), shown) for one in acted]
    if style == "markdown":
        return [f"| {' | '.join(COLUMNS)} |", RULE, *(markdown_row(cells) for cells in rows)]
    if style == "csv":
        # Only a spreadsheet evaluates cells: the other formats stay as they are.
        return csv_lines([COLUMNS, *(tuple(map(harmless, cells)) for cells in rows)])
    if not rows:
        return ["No rollback yet."]
    first = acted[0].rollback.requested_at or 0.0
    head = (COLUMNS[0], f"{COLUMNS[1]} ({zone(first, tz)})", *COLUMNS[2:])
    zones = (other_zone(one.rollback.requested_at or 0.0, first, tz) for one in acted)
    return columns(
        head, [(date, f"{time} {of}".rstrip(), *rest) for (date, time, *rest), of in zip(rows, zones, strict=True)]
    )


def rolled_back(incidents: Sequence[Incident]) -> Sequence[Incident]:
    """Return the incidents with a rollback. A request counts, not its success: a lost answer may have been one."""
    return [incident for incident in incidents if incident.rollback.requested_at is not None]


def records(
    incidents: Sequence[Incident], labels: Mapping[str, str], causes: Mapping[str, Remark]
) -> list[dict[str, str | float | bool | None]]:
    """Return the rollbacks among the incidents for machines."""
    return [record(one, labels.get(one.id), causes.get(one.id)) for one in rolled_back(incidents)]


def row(incident: Incident, label: str | None, cause: Remark | None = None, tz: tzinfo = UTC) -> tuple[str, ...]:
    """Return the runbook's six cells; date and time (in the zone `tz`) are those of the rollback request."""
    at = incident.rollback.requested_at or incident.onset_at
    time = datetime.fromtimestamp(at, tz).strftime("%H:%M")
    trigger = clean(f"{incident.service}: {incident.title}")
    return (day(at, tz), time, trigger, "Render", duration(incident), clean(root_cause(incident, label, cause)))


def duration(incident: Incident) -> str:
    """Return whole minutes from onset to restored, begun ones counted: `1min`."""
    if incident.rollback.restored_at is None:
        return "not restored"
    # Begun minutes count, as in the runbook's own table: an outage of seconds is not 0min.
    return f"{max(1, math.ceil((incident.rollback.restored_at - incident.onset_at) / 60))}min"


def helped(incident: Incident) -> str:
    """Return whether a rollback helped, as far as the record proves it."""
    if incident.rollback.verified_at is not None:
        return "yes, verified"
    if incident.closed_at is None and not incident.human_needed:
        return "not known yet"
    return "not proved" if incident.rollback.restored_at is not None else "was not seen live"


def root_cause(incident: Incident, label: str | None, named: Remark | None = None) -> str:
    """Return the cause that a person named, and the blamed deploy with its probability or the verdict of people."""
    blamed = _blamed(incident, label)
    return f"{clean(named.text)} (named by {clean(named.by)}); {blamed}" if named is not None else blamed


def _blamed(incident: Incident, label: str | None) -> str:
    blame = incident.decision.blame if incident.decision else None
    deploy = blame.accused if blame else None
    # A rollback ordered by hand has no blame, only the deploy that it left.
    if deploy is None:
        cause = f"{incident.suspect or 'unknown deploy'} {short(incident.suspect_code)}"
    else:
        subject = deploy.commit_message.strip().split("\n")[0]
        cause = f"{deploy.id} {short(deploy.code)}" + (f" {clean(subject, limit=60)}" if subject else "")
    if blame is not None and blame.configuration:
        cause += ", configuration only"
    # A person judged with hindsight, so that verdict replaces the probability of the moment.
    if label is not None:
        return f"{cause} (judged {label})"
    if incident.question.approved_by:
        return f"{cause} (approved by {incident.question.approved_by})"
    if blame is not None and blame.probability is not None:
        return f"{cause} (P {show_probability(blame.probability)})"
    return cause


def record(incident: Incident, label: str | None, cause: Remark | None = None) -> dict[str, str | float | bool | None]:
    """Return one rollback for machines: times in ISO 8601 UTC, durations in seconds."""
    cells = dict(
        zip(("date", "time", "trigger", "method", "duration", "root_cause"), row(incident, label, cause), strict=True)
    )
    took = incident.rollback.restored_at - incident.onset_at if incident.rollback.restored_at is not None else None
    return {
        **cells,
        "incident": incident.id,
        "service": incident.service,
        "severity": incident.severity.value,
        "onset_at": iso(incident.onset_at),
        "requested_at": iso(incident.rollback.requested_at),
        "restored_at": iso(incident.rollback.restored_at),
        "onset_to_restored_seconds": None if took is None else round(took, 3),
        "suspect": incident.suspect,
        "target": incident.rollback.target,
        "rollback_deploy": incident.rollback.deploy,
        "verified": incident.rollback.verified_at is not None,
        "approved_by": incident.question.approved_by,
        "label": label,
        "root_cause_named": cause.text if cause is not None else None,
        "root_cause_named_by": cause.by if cause is not None else None,
    }


def markdown_row(cells: Sequence[str]) -> str:
    """Return one row of a Markdown table, with markup and cell borders escaped."""
    # A pipe would end the cell, and the rest become markup or a link in the reader's document.
    escaped = ("".join(f"\\{char}" if char in "\\|`*_<>[]" else char for char in clean(cell)) for cell in cells)
    return f"| {' | '.join(escaped)} |"


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not evaluate; some treat a fullwidth sign like the plain one."""
    return f"'{cell}" if unicodedata.normalize("NFKC", cell).lstrip().startswith(FORMULA) else cell


def csv_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return RFC 4180 lines without their line ends."""
    page = io.StringIO()
    csv.writer(page, lineterminator="\n").writerows(rows)
    return page.getvalue().splitlines()

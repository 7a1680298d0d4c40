"""The impact of an incident, as far as it is recorded: minutes, and the share of failed probes. Pure."""

from collections import defaultdict
from collections.abc import Sequence

from watchdog.domain.store_records import Minute
from watchdog.domain.units import show_seconds
from watchdog.presentation.incident_facts import IncidentFacts
from watchdog.presentation.markdown import plain, table
from watchdog.presentation.text import clock, day, moment

ROWS_MAX = 15
"""Lines of the table over time; a longer incident gets longer steps."""
MINUTE_SECONDS, HOUR_SECONDS = 60.0, 3600.0
MINUTES_KEPT_SECONDS = 48 * HOUR_SECONDS


def impact(facts: IncidentFacts) -> list[str]:
    """Return the duration, the share of failed probes over time, and the unknown effect on users."""
    return [*lasted(facts), *failing(facts)]


def lasted(facts: IncidentFacts) -> list[str]:
    """Return the duration and the share at the decision, each with its source."""
    incident, decision = facts.incident, facts.incident.decision
    end = facts.ended_at
    until = "still going on" if incident.closed_at is None else "not known: it was closed otherwise"
    long = (end if end is not None else facts.now) - incident.onset_at
    duration = (
        f"{long / 60:.1f} minutes ({show_seconds(long)})"
        if end is not None
        else f"{long / 60:.1f} minutes by now; it goes on"
    )
    # Closed by a person, or continued as another incident: its end is not that of the outage.
    if end is None and incident.closed_at is not None:
        duration = "not known"
    failed = ", ".join(plain(finding.signal) for finding in incident.findings) or "not known"
    share = f"{decision.share:.0%} of their probes" if decision is not None and decision.share else "not known"
    rows = [
        ("Began", moment(incident.onset_at)),
        ("Over", moment(end) if end is not None else until),
        ("Lasted", duration),
        ("What failed", failed),
        ("Share failing when it was decided", share),
        ("Users and requests hit", "not known: the watchdog sees its own probes, not your visitors ✍️"),
    ]
    return [f"- {name}: {value}" for name, value in rows]


def failing(facts: IncidentFacts) -> list[str]:
    """Return the failed readings per signal and minute (or longer step); only signals with failures."""
    rows = [row for row in facts.minutes if row.good + row.bad + row.unknown > 0]
    signals = sorted({row.signal for row in rows if row.bad})
    if not rows:
        return ["", "No reading of it is kept by the minute: the share over time is not known."]
    if not signals:
        return ["", "No probe failed in that time: what failed shows in latency, errors or crashes alone."]
    width = step_seconds(facts, rows)
    buckets: dict[tuple[float, str], list[Minute]] = defaultdict(list)
    for row in rows:
        buckets[row.start - row.start % width, row.signal].append(row)
    starts = sorted({start for start, _ in buckets})
    cells = [(when(start, facts), *(_share(buckets.get((start, name), ())) for name in signals)) for start in starts]
    head = (f"From (UTC), for {show_seconds(width)}", *map(plain, signals))
    return ["", "Readings that failed, of those that could be judged:", "", *table(head, cells)]


def step_seconds(facts: IncidentFacts, rows: Sequence[Minute]) -> float:
    """Return the step of the table: a minute, or a longer one that keeps it short; an hour where only hours are
    kept."""
    # The store sums minutes up to hours after 48 h: a finer step would show empty lines.
    old = min(row.start for row in rows) < facts.now - MINUTES_KEPT_SECONDS
    if old and all(row.start % HOUR_SECONDS == 0 for row in rows):
        return HOUR_SECONDS
    span = max(row.start for row in rows) - min(row.start for row in rows) + MINUTE_SECONDS
    # Each divides a day, so that the rows begin at round times.
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440)
    return next((n * MINUTE_SECONDS for n in steps if span <= ROWS_MAX * n * MINUTE_SECONDS), 7 * 86400.0)


def when(at: float, facts: IncidentFacts) -> str:
    """Return a time of day, with its date where that is another than the onset's."""
    return clock(at) if day(at) == day(facts.incident.onset_at) else f"{day(at)} {clock(at)}"


def _share(rows: Sequence[Minute]) -> str:
    good, bad = sum(row.good for row in rows), sum(row.bad for row in rows)
    if not rows:
        return "none read"
    # Unknown readings are no evidence: they count in neither number.
    return f"{bad} of {good + bad} ({bad / (good + bad):.0%})" if good + bad else "unknown"

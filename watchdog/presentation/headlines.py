"""Titles for a lock screen: which service, what it does, since when; at most TITLE_MAX characters."""

from datetime import UTC, datetime

from watchdog.domain.decisions import FAILING, Finding
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds
from watchdog.presentation.text import clean, short

TITLE_MAX = 60
DOWN_SHARE = 0.9
"""Share of failing probes from which a route is called down."""
SYMPTOM_MIN = 8
"""A symptom that has less room than this is left out."""
HAPPENS = {
    "intermittent": "comes and goes",
    "latency": "is slow",
    "turned away": "lets no probe in",
}
"""What a service does, by the method that found it."""


def state_title(incident: Incident) -> str:
    """Return what fails, how and since when: `web is down: HTTP 503 since 16:16 UTC`."""
    since = f" since {clock(incident.onset_at)}"
    if not incident.findings:
        return titled(f"{incident.service}: {incident.title}")
    trouble = happens(incident)
    room = TITLE_MAX - len(trouble) - len(since) - 2
    symptom = incident.findings[0].symptom if room >= SYMPTOM_MIN else ""
    return titled(f"{trouble}{f': {clean(symptom, room)}' if symptom else ''}{since}")


def happens(incident: Incident) -> str:
    """Return `web is down`, `web api is slow` or `web fails`: what fails, and how."""
    worst = incident.findings[0] if incident.findings else None
    if worst is None:
        return incident.service  # a person asked for a rollback, and nothing fails
    if worst.method == "crashes":
        return f"{incident.service} crashes"
    critical = incident.severity is Severity.CRITICAL and worst.fails
    return f"{incident.service if critical else f'{incident.service} {worst.signal}'} {_how(worst)}".strip()


def _how(finding: Finding) -> str:
    """Return what it does; nothing for a rate of errors, which is named by its signal and its figure."""
    if finding.method in HAPPENS:
        return HAPPENS[finding.method]
    if finding.method not in FAILING:
        return ""
    return "is down" if finding.share >= DOWN_SHARE else f"fails {finding.share:.0%} of probes"


def end_title(incident: Incident) -> str:
    """Return how it ended: `web is back after 4 min: rolled back to 1b7e0d4`."""
    lasted = show_seconds((incident.closed_at or incident.opened_at) - incident.onset_at)
    match incident.outcome:
        case Outcome.VERIFIED if not incident.findings:
            return titled(f"{incident.service} is well, rolled back to {target_name(incident)}")
        case Outcome.VERIFIED:
            how = f" after {lasted}: rolled back to {target_name(incident)}"
        case Outcome.UNKNOWN:
            how = f" after {lasted}"
        case Outcome.CONTINUED:
            return titled(f"{incident.service}: another rollback was begun by hand")
        case Outcome.WITH_A_HUMAN:
            how = f" after {lasted}, with a human"
        case _:
            how = f" after {lasted}, by itself"
    return titled(f"{incident.service} is back{how}")


def target_name(incident: Incident) -> str:
    """Return where it is rolled back to, in the room of a title: the commit, for a deploy's id has 24 letters."""
    return short(incident.rollback.target_code) or str(incident.rollback.target)


def titled(text: str) -> str:
    """Return the text as a title, cut where it is too long."""
    return clean(text, TITLE_MAX)


def clock(at: float) -> str:
    """Return UTC epoch seconds as `16:16 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M} UTC"

"""Titles for a lock screen: service, failure and begin; at most TITLE_MAX characters.

Rule 1: a time is a time of day, never "in 5 min": a title stands for hours in a chat, a pager, a ticket.
Rule 2: a long title is shortened in this order: the symptom, the middle of a long name, the way it fails.
Rule 3: one of a notice with words of its own loses the middle of the name; if that is not enough, the brackets, or
what follows a comma, at its end; then its last words.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from watchdog.core.note_text import short, way_back
from watchdog.domain.decisions import FAILING, Finding
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.remedies.kinds import words
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.situation import Situation, situation
from watchdog.presentation.text import clean, zone

TITLE_MAX = 60
DOWN_SHARE = 0.9
"""Share of failing probes from which a route counts as down."""
SYMPTOM_MIN = 8
"""A symptom is left out if fewer characters remain for it."""
NAME_MIN = 8
HALF_DAY_SECONDS = 43200.0
_LAST_PART = re.compile(r" \([^()]*\)$|, [^,]*$")
HAPPENS = {"intermittent": "comes and goes", "latency": "is slow", "turned away": "lets no probe in"}
"""The verb of a failure, by the method that detected it."""


def state_title(incident: Incident, at: float, tz: tzinfo = UTC, state: CurrentState | None = None) -> str:
    """Return service, failure and begin: `web is down: HTTP 503 since 16:16 UTC`; of a live rollback its target.

    `state` is the present one: by it a service that fails beside its live rollback still fails.
    """
    if not incident.findings:
        return f"{incident.service}: {incident.title}"
    fails = still_fails(incident, state)
    if fails is None and situation(incident) is Situation.VERIFYING:
        # The earlier deploy is live: "is down" would be the news of before.
        restored = incident.rollback.restored_at or at
        return f"{incident.service}: {way_back(incident).done} at {time_of_day(restored, at, tz)}"
    since = f" since {time_of_day(incident.findings[0].onset_at, at, tz)}"
    trouble, symptom = fails or (happens(incident), incident.findings[0].symptom)
    room = TITLE_MAX - len(trouble) - len(since) - 2
    symptom = symptom if room >= SYMPTOM_MIN else ""
    return f"{trouble}{f': {clean(symptom, room)}' if symptom else ''}{since}"


def still_fails(incident: Incident, state: CurrentState | None) -> tuple[str, str] | None:
    """Return `web still fails` and its symptom, where it fails beside its live rollback; else None."""
    fails = state.fails if state is not None else None
    if fails is None or not incident.findings or situation(incident) is not Situation.VERIFYING:
        return None
    return f"{incident.service} still fails", fails.text


def happens(incident: Incident) -> str:
    """Return service and failure: `web is down`, `web api is slow`, `web crashes`; the name alone without a finding."""
    worst = incident.findings[0] if incident.findings else None
    if worst is None:
        # A person asked for this rollback; no check failed.
        return incident.service
    if worst.method == "crashes":
        return f"{incident.service} crashes"
    critical = incident.severity is Severity.CRITICAL and worst.fails
    return f"{incident.service if critical else f'{incident.service} {worst.signal}'} {_how(worst)}".strip()


def _how(finding: Finding) -> str:
    """Return the verb; empty for an error rate, whose title names the signal and its figure."""
    if finding.method in HAPPENS:
        return HAPPENS[finding.method]
    if finding.method not in FAILING:
        return ""
    # At least 1 %: a small share must not be rounded to "fails 0 %".
    return "is down" if finding.share >= DOWN_SHARE else f"fails {max(finding.share, 0.01):.0%} of probes"


def end_title(incident: Incident) -> str:
    """Return the end of an incident: `web is back after 62 s: rolled back to 1b7e0d4`. An outage ends as the rollback
    is live."""
    service, rollback, done = incident.service, incident.rollback, way_back(incident).done
    if incident.outcome is Outcome.CONTINUED:
        return f"{service}: continued by hand, as another incident"
    if incident.outcome is Outcome.NEW_BASELINE:
        return f"{service}: errors go on, and count as usual now"
    if incident.outcome is Outcome.UNSEEN:
        return f"{service}: not known whether it has recovered"
    if incident.outcome is Outcome.VERIFIED:
        if rollback.undoes:
            return f"{service} is healthy: rollback undone, {target_name(incident)} is live"
        if not incident.findings:
            return f"{service} is healthy, {done}"
        if rollback.healed_at is not None:
            return f"{service} is healthy: its rollback may have been needless"
        lasted = show_seconds(max(0.0, (rollback.restored_at or incident.onset_at) - incident.onset_at))
        return f"{service} is back after {lasted}: {done}"
    if (cure := incident.cure) is not None:
        lasted = show_seconds(max(0.0, (cure.done_at or incident.onset_at) - incident.onset_at))
        return f"{service} is back after {lasted}: {words(cure.name).brief}"
    if not incident.findings:
        made = f"{done}, recovery not proved" if rollback.deploy else "no rollback was made"
        return f"{service}: {made}"
    lasted = show_seconds(max(0.0, (incident.closed_at or incident.opened_at) - incident.onset_at))
    how = " by itself" if incident.outcome is Outcome.BY_ITSELF else ""
    # When it recovered is not recorded: it was healthy for a while before it was closed.
    return f"{service} has recovered{how} (open for {lasted})"


def target_name(incident: Incident) -> str:
    """Return the rollback's target, short enough for a title: the commit, since a deploy's id may have 24 letters."""
    return short(incident.rollback.target_code) or str(incident.rollback.target)


def titled(text: str, incident: Incident) -> str:
    """Return the text as a title; too long, it loses the middle of the service's name, or the way it fails."""
    line, service, trouble = clean(text, 4 * TITLE_MAX), incident.service, f"{happens(incident)}: "
    if len(line) - TITLE_MAX > len(service) - NAME_MIN and incident.findings and line.startswith(trouble):
        line = f"{service}: {line.removeprefix(trouble)}"
    return fitted(line, service)


def fitted(text: str, name: str) -> str:
    """Return the text as a title; too long, it loses the middle of the name wherever that stands, then its end."""
    line = clean(text, 4 * TITLE_MAX)
    # An incident's id holds the name of its service, so that may stand there twice.
    times, spare = line.count(name) if name else 0, max(0, len(name) - NAME_MIN)
    if len(line) - TITLE_MAX > times * spare:
        line = _LAST_PART.sub("", line)
    over = len(line) - TITLE_MAX
    # The end of a title holds the time of the outage, so the middle of the name gives way.
    if over > 0 and times and spare:
        kept = max(NAME_MIN, len(name) - -(-over // times)) - 1
        line = line.replace(name, f"{name[: kept - kept // 2]}…{name[len(name) - kept // 2 :]}")
    return clean(line, TITLE_MAX)


def longest_name(text: str, names: Sequence[str], *, plain: bool) -> str:
    """Return which of the names stands in the text; in a `plain` one also what it begins with, before a colon.

    Stakeholders read the title that settings give the service, and that is in no field of a notice.
    """
    return max((one for one in (*names, text.rpartition(": ")[0] if plain else "") if one in text), key=len, default="")


def time_of_day(at: float, now: float, tz: tzinfo = UTC) -> str:
    """Return UTC epoch seconds as `16:16 UTC`; with the day, if that is more than 12 h away: `27 Nov 16:16 UTC`."""
    day = "" if abs(now - at) < HALF_DAY_SECONDS else "%d %b "
    return f"{datetime.fromtimestamp(at, tz):{day}%H:%M} {zone(at, tz)}"

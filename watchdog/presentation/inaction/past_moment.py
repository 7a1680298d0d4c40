"""Why nothing was done on a service at some moment: its record around that moment, and the reasons. The twin of
`explain`, for terminal, API and assistants.

Rule: the answer is the record; where the record is empty, that is the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from watchdog.core.detect import Conditions
from watchdog.core.detect.probes import learnt_words, run_limit_seconds
from watchdog.domain.checks import Check
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident, ServiceState
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.store_records import Minute
from watchdog.domain.units import show_seconds
from watchdog.ports import StoreReader

AROUND_SECONDS = 150.0
"""Time read before and after the moment: five minutes in all."""
INCIDENTS_READ, NOTES_READ = 500, 40
SUSPICION = frozenset({"SUSPECT", "CALM"})


class PastMoment(NamedTuple):
    """A moment of a service (`at`: UTC epoch seconds), and its record around it.

    `incidents` are those that were open then; of the present state of its signals, `checks`, only lessons older than
    that moment count.
    """

    service: str
    at: float
    notes: Sequence[Note]
    minutes: Sequence[Minute]
    incidents: Sequence[Incident]
    limits: Detection = Detection()
    checks: Mapping[str, Check] = MappingProxyType({})


async def past_moment(
    journal: StoreReader, known: ServiceState | None, service: str, at: float, limits: Detection
) -> PastMoment:
    """Return a moment (`at`: UTC epoch seconds) of a service, whose present state is `known`. Raises Temporary."""
    since, until = at - AROUND_SECONDS, at + AROUND_SECONDS
    notes = await journal.notes(service=service, since=since, until=until, limit=NOTES_READ)
    minutes = await journal.minutes(service, since, until)
    found = [one for one in await journal.incidents(INCIDENTS_READ, service=service) if _was_open(one, at)]
    return PastMoment(service, at, notes, minutes, found, limits, known.checks if known is not None else {})


def _was_open(incident: Incident, at: float) -> bool:
    """Return whether the incident was open at that moment (UTC epoch seconds)."""
    return incident.onset_at <= at and (incident.closed_at is None or at <= incident.closed_at)


def share(bad: int, good: int) -> str:
    """Return the share of bad readings among those that were seen."""
    return f"{bad / (bad + good):.0%}".replace("%", " %")


def reasons(asked: PastMoment) -> list[str]:
    """Return the reasons for inaction: by the incidents open then, else by the readings."""
    if asked.incidents:
        return [_of_incident(incident, asked.at) for incident in asked.incidents]
    return _of_readings(asked) + _of_suspicion(asked.notes)


def _of_incident(incident: Incident, at: float) -> str:
    decision = incident.decision
    # A later decision is not the reason: at that moment there was none.
    if decision is None or decision.at > at:
        known = f", decided {show_seconds(decision.at - at)} later: {decision.course}" if decision else ""
        return f"{incident.id} was open and not decided yet{known}"
    requested = incident.rollback.requested_at
    if requested is not None:
        if requested <= at:
            return f"something was done: {incident.id} was rolled back {show_seconds(at - requested)} before"
        return f"{incident.id}: the rollback was requested {show_seconds(requested - at)} later"
    held = f"; {decision.would}" if decision.would else ""
    return f"{incident.id}: {decision.course}, not rollback: {decision.why}{held}"


def _of_readings(asked: PastMoment) -> list[str]:
    at, minutes = asked.at, asked.minutes
    if not minutes:
        return ["nothing was recorded: the watchdog did not run, or the record (minutes: 48 h) is gone"]
    reasons = []
    for signal in sorted({row.signal for row in minutes}):
        rows = [row for row in minutes if row.signal == signal]
        good, bad, unknown = (sum(getattr(row, kind) for row in rows) for kind in ("good", "bad", "unknown"))
        if bad:
            failed = f"{signal}: {bad} of {bad + good} readings were bad ({share(bad, good)}), which was not confirmed"
            reasons.append(f"{failed}: {needed(asked.limits, _known_at(asked.checks.get(signal), at), at)}")
        elif good:
            reasons.append(f"{signal}: {good} of {good + unknown} readings were good, none bad")
        else:
            reasons.append(f"{signal}: 0 of {unknown} readings could be judged; the unknown is no evidence")
    return reasons


def _known_at(check: Check | None, at: float) -> Check:
    """Return the check with only the lessons learnt before that moment."""
    if check is None:
        return Check("", "")
    # The record keeps the newest lesson only, which may be younger than the moment asked about.
    healed = check.healed_seconds if check.healed_at <= at else 0.0
    restart = check.restart_seconds if check.restart_at <= at else 0.0
    outage = check.outage_seconds if check.outage_at <= at else 0.0
    return replace(check, healed_seconds=healed, restart_seconds=restart, outage_seconds=outage)


def needed(limits: Detection, check: Check, at: float) -> str:
    """Return the conditions that confirm a failure of this check, with the limits in force at that moment."""
    given = Conditions(at, SignalPolicy(check.name, check.kind), limits)
    limit, fresh = (run_limit_seconds(check, given._replace(in_watch=watched)) for watched in (False, True))
    run = f"an unbroken run of {show_seconds(limit)} and {limits.run_probes_min} probes"
    watch = f"{show_seconds(fresh)} after a deploy{learnt_words(check, given._replace(in_watch=True))}"
    restarting = given._replace(in_watch=True, restarting=True)
    starting = run_limit_seconds(check, restarting)
    if starting > fresh:
        watch += f", {show_seconds(starting)} as one takes traffic{learnt_words(check, restarting)}"
    unanswered = run_limit_seconds(check, given._replace(in_watch=True, unanswered=True))
    watch += f", {show_seconds(unanswered)} until it has answered"
    return f"that takes {run} ({watch}), or a CUSUM of {limits.cusum_limit:.0f} ({limits.cusum_limit_in_watch:.0f})"


def _of_suspicion(notes: Sequence[Note]) -> list[str]:
    reasons = []
    began: float | None = None
    for note in notes:
        # Only complete suspicions count: one that became an incident is explained by that.
        if note.label not in SUSPICION:
            continue
        if note.label == "SUSPECT":
            began = note.at if began is None else began
        elif began is not None:
            reasons.append(
                f"the suspicion ended without an incident after {show_seconds(note.at - began)}: {note.text}"
            )
            began = None
    return reasons

"""`watchdog service why-not SERVICE TIME`: the reasons for inaction at a moment. The twin of `explain`. Pure.

Rule: the answer is the record; where the record is empty, that is the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any, NamedTuple

from watchdog.core.detect import Conditions
from watchdog.core.detect.probes import learnt_words, run_limit_seconds
from watchdog.domain.checks import Check
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import stored_label
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.store_records import Minute
from watchdog.domain.units import show_seconds
from watchdog.presentation.text import clean, clock, day, flow, item, moment, section, zone
from watchdog.presentation.timeline import shown_label

AROUND_SECONDS = 150.0
"""Time read before and after the moment: five minutes in all."""
# A service may have 30 signals: the terminal shows the first rows, and --json has them all.
MINUTE_ROWS = 60
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


def why_not(asked: PastMoment, tz: tzinfo = UTC) -> list[str]:
    """Return the reasons for inaction on the service at that moment."""
    because: list[str] = []
    for reason in reasons(asked):
        because += section("" if because else "BECAUSE", reason)
    blocks = [
        flow(f"{clean(asked.service)} at {moment(asked.at, tz)}: why nothing was done."),
        seen(asked.minutes, tz),
        story_of(asked.notes, tz),
        open_then(asked.incidents),
        because,
    ]
    return [line for number, block in enumerate(filter(None, blocks)) for line in ([""] if number else []) + block]


def why_not_record(asked: PastMoment) -> Mapping[str, Any]:
    """Return the same for machines: the reasons, and the record around that moment as the store has it."""
    return {
        "service": asked.service,
        "at": asked.at,
        "because": reasons(asked),
        "minutes": asked.minutes,
        "notes": [{"at": one.at, "label": stored_label(one.label), "text": one.text} for one in asked.notes],
        "incidents": [one.id for one in asked.incidents],
    }


def seen(minutes: Sequence[Minute], tz: tzinfo) -> list[str]:
    """Return the counts of each signal, minute by minute."""
    if not minutes:
        return []
    lines = [f"SEEN ({zone(minutes[0].start, tz)}, probes per minute)"]
    for row in sorted(minutes, key=lambda row: (row.signal, row.start))[:MINUTE_ROWS]:
        lines += item(row.signal, f"{clock(row.start, tz)[:5]}  {counted(row)}")
    return lines


def counted(row: Minute) -> str:
    """Return one minute in words: `4 good, 2 bad (33 %): HTTP 503; p95 420 ms`."""
    parts = [f"{row.good} good"]
    if row.bad:
        parts.append(f"{row.bad} bad ({share(row.bad, row.good)})")
    if row.unknown:
        parts.append(f"{row.unknown} unknown")
    text = ", ".join(parts) + (f": {row.why}" if row.why and (row.bad or row.unknown) else "")
    return text if row.p95_seconds is None else f"{text}; p95 {row.p95_seconds * 1000:.0f} ms"


def share(bad: int, good: int) -> str:
    """Return the share of bad readings among those that were seen."""
    return f"{bad / (bad + good):.0%}".replace("%", " %")


def story_of(notes: Sequence[Note], tz: tzinfo) -> list[str]:
    """Return the notes recorded around the moment."""
    if not notes:
        return []
    lines = [f"WRITTEN DOWN ({zone(notes[0].at, tz)}, {day(notes[0].at, tz)})"]
    for note in notes:
        lines += item(clock(note.at, tz), f"{shown_label(note.label).lower()}: {note.text}")
    return lines


def open_then(incidents: Sequence[Incident]) -> list[str]:
    """Return the incidents open at the moment."""
    lines: list[str] = []
    for incident in incidents:
        text = f"{incident.id} {incident.severity}: {incident.title} ({command_line('explain', incident.id)})"
        lines += section("" if lines else "OPEN", text)
    return lines


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

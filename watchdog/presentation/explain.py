"""`watchdog explain`: the reasons for one incident's severity, blame and course. Pure: an incident and its notes in,
lines out.

The console shows the same facts: it takes the parts before they are wrapped for a terminal.
Rule 1: every value comes from the data; a section without data is left out.
Rule 2: doubts are printed as plainly as facts.
"""

from collections.abc import Sequence
from datetime import UTC, tzinfo

from watchdog.core import note_text
from watchdog.domain.decisions import Course, Decision, Evidence
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident
from watchdog.domain.units import show_seconds
from watchdog.presentation import decision_text, next_steps
from watchdog.presentation.notices.headlines import state_title
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.outlooks.safe_order import order_lines, order_of
from watchdog.presentation.situation import Situation, rolls_back_unanswered, situation
from watchdog.presentation.text import clean, clock, day, flow, item, moment, other_zone, section, sentence, story, zone
from watchdog.presentation.timeline import shown_label

COURSES = {
    Course.ROLLBACK: "roll back",
    Course.ANNOUNCE: "announce, then roll back unless stopped",
    Course.ASK: "ask a human first",
    Course.PAGE: "page a human, change nothing",
    Course.TELL: "notify, change nothing",
    Course.NOTE: "write it down, change nothing",
}
BESIDES_MAX = 1000
REASONING = frozenset({"SUSPECT", "CRITICAL", "HIGH", "MEDIUM", "LOW", "BLAME", "GUARDS", "TARGET", "WOULD", "DECIDED"})
"""Labels of notes whose content other sections already print in full."""


def explain(
    incident: Incident,
    notes: Sequence[Note],
    label: str | None,
    *,
    all_vetoes: bool = False,
    target_seconds: float | None = None,
    repo: str | None = None,
    commits: str = "",
    remarks: Sequence[Remark] = (),
    readings: Sequence[Evidence] = (),
    now: float | None = None,
    tz: tzinfo = UTC,
    state: CurrentState | None = None,
) -> list[str]:
    """Return the incident's story in lines of at most 78 characters (links excepted).

    `target_seconds` is the policy's time limit for this severity, `repo` the https address of the code, `commits` the
    repository's account of the suspected ones, `readings` the newest of an open incident's service. `now` (UTC epoch
    seconds) is when it is read; None: at the opening. `state` is the present one around it.
    """
    decision = incident.decision
    read_at = incident.opened_at if now is None else now
    parts = [header(incident, target_seconds, read_at, tz, state), seen(incident, readings)]
    if decision is not None:
        blame = decision_text.blame(decision, all_vetoes=all_vetoes, repo=repo)
        parts += [severity(decision), [*blame, *(section("COMMITS", commits) if commits else ())]]
        parts += [decision_text.guards(decision.guards), decision_text.target(decision.target)]
        parts += [order_lines(order_of(incident, state.database_steps if state is not None else ()))]
    parts += [done(notes, tz), next_steps.unsure(incident), next_steps.otherwise(decision)]
    parts += [next_steps.next_steps(incident, label, notes, state), said(remarks, tz), judged(label)]
    blocks = [parts[0], story(parts[1:3]), *parts[3:]]
    return [line for number, block in enumerate(filter(None, blocks)) for line in ([""] if number else []) + block]


def state_of(incident: Incident) -> str:
    """Return the progress in capitals: VERIFIED or CLOSED; while it is open ROLLING BACK, NEEDS YOU …"""
    if incident.proved:
        return "VERIFIED"
    if incident.closed_at is not None:
        return "LEFT TO A HUMAN" if incident.human_needed else "CLOSED"
    return outlook(incident, incident.opened_at).label.upper()


def header(
    incident: Incident, target_seconds: float | None, now: float, tz: tzinfo, state: CurrentState | None = None
) -> list[str]:
    """Return service, severity and progress; what happens next, or how it ended; the reader's next step, which may
    outlast it; and the decision with its time."""
    first = f"{clean(incident.id)}  {clean(incident.service)}  {incident.severity.upper()}, {state_of(incident)}."
    lines = [first + restored(incident, target_seconds)]
    coming = outlook(incident, now, tz, state)
    news = f"{state_title(incident, now, tz, state)}." if incident.closed_at is None else ""
    # Some sentences together, each of them bounded: none may be cut.
    words = (*flow(news), *flow(coming.sentence), *flow(coming.besides, BESIDES_MAX), *flow(coming.step))
    lines += words
    return lines + [line for words in standing(incident, tz) for line in flow(words)]


def paragraph(incident: Incident) -> list[str]:
    """Return the decision as a paragraph, one sentence a line: the blame with its reason, then `standing`."""
    blame = incident.decision.blame if incident.decision is not None else None
    return [*([f"Blame: {sentence(clean(blame.why))}"] if blame is not None else []), *standing(incident)]


def standing(incident: Incident, tz: tzinfo = UTC) -> list[str]:
    """Return, one sentence a line, the rule that applied, the decision with time and reason, and who answered."""
    decision = incident.decision
    if decision is not None:
        after = f"{show_seconds(max(0.0, decision.at - incident.onset_at))} later: {COURSES[decision.course]}."
        words = [
            f'Mode {decision.mode}; rule "{decision_text.rule(decision)}".',
            f"Began {moment(incident.onset_at, tz)}; decided {after}",
            sentence(decision.why),
            sentence(decision.would),
        ]
    else:
        words = [f"Began {moment(incident.onset_at, tz)}; nothing decided yet."]
    # The reason above may read as if nothing happened without a human.
    if situation(incident) is Situation.QUESTION and rolls_back_unanswered(incident):
        words.append("Without an answer the policy says rollback.")
    if incident.question.approved_by:
        words.append(f"Approved by {clean(incident.question.approved_by)}.")
    if incident.escalation.acknowledged_by:
        words.append(f"Acknowledged by {clean(incident.escalation.acknowledged_by)}.")
    if incident.planned:
        words.append("It was intentionally down: excluded from baselines and statistics.")
    if incident.question.defaulted_at is not None:
        words.append(
            f"No answer came in time: the policy said rollback at {moment(incident.question.defaulted_at, tz)}."
        )
    return [line for line in words if line]


def restored(incident: Incident, target_seconds: float | None) -> str:
    """Return ` Restored in 47 s (target 5 min).`, or an empty text until recovery is verified."""
    if incident.rollback.restored_at is None or incident.rollback.verified_at is None:
        return ""
    took = incident.rollback.restored_at - incident.onset_at
    # The rollback did not end this outage, so its time is compared with no target.
    if incident.rollback.healed_at is not None:
        return f" Rolled back in {show_seconds(took)}; {note_text.healed_line(incident)}."
    if target_seconds is None:
        return f" Restored in {show_seconds(took)}."
    missed = ", missed" if took > target_seconds else ""
    return f" Restored in {show_seconds(took)} (target {show_seconds(target_seconds)}{missed})."


def seen(incident: Incident, readings: Sequence[Evidence] = ()) -> list[str]:
    """Return the reading of every signal at the decision (the findings before there is one), and as it is now, as a
    section."""
    evidence, current = evidence_of(incident), {one.signal: one for one in readings}
    indent = min(24, max([13, *(len(clean(one.signal)) + 4 for one in evidence)]))
    lines: list[str] = []
    for one in evidence:
        lines += item(one.signal, one.text if one.verdict != "unknown" else f"unknown: {one.text}", indent)
        lines += item("", one.detail, indent) if one.detail else []
        lines += item("", decision_text.reading_now(current[one.signal]), indent) if one.signal in current else []
    return ["SEEN", *lines] if lines else []


def evidence_of(incident: Incident) -> tuple[Evidence, ...]:
    """Return the reading of every signal at the decision, or the findings before there is one."""
    if incident.decision is not None and incident.decision.evidence:
        return incident.decision.evidence
    return tuple(Evidence(finding.signal, "bad", finding.text) for finding in incident.findings)


def severity(decision: Decision) -> list[str]:
    """Return the severity, the rule that set it, and the share failing, as a section."""
    return section("SEVERITY", severity_of(decision))


def severity_of(decision: Decision) -> str:
    """Return the severity, the rule that set it, and the share failing."""
    because = [decision.severity_why] if decision.severity_why else []
    because += [f"share failing {decision.share:.2f}"] if decision.share else []
    return f"{decision.severity}: {'; '.join(because)}" if because else str(decision.severity)


def done(notes: Sequence[Note], tz: tzinfo) -> list[str]:
    """Return the actions taken, each line with its time of day; and its date and zone if they differ from the first."""
    rows = [note for note in notes if note.label not in REASONING]
    # VERIFIED already says that it ended: CLOSED after it would be the same news twice.
    if any(note.label == "VERIFIED" for note in rows):
        rows = [note for note in rows if note.label != "CLOSED"]
    if not rows:
        return []
    first = rows[0].at
    lines = [f"DONE ({zone(first, tz)})"]
    for note in rows:
        date = "" if day(note.at, tz) == day(first, tz) else day(note.at, tz)
        differs = f"{date} {other_zone(note.at, first, tz)}".strip()
        lines += item(clock(note.at, tz), f"{f'({differs}) ' if differs else ''}{_words(note)}")
    return lines


def _words(note: Note) -> str:
    """Return a note's text for this section; of a message only the recipients, since its title would repeat the
    story."""
    if note.label == "ACT":
        return note.text
    reached, bracket, _ = note.text.partition("): ")
    return (
        f"{note.label.lower()}: {reached}{bracket[:1]}"
        if note.label == "NOTIFIED"
        else f"{shown_label(note.label).lower()}: {note.text}"
    )


def said(remarks: Sequence[Remark], tz: tzinfo) -> list[str]:
    """Return the root cause that people named last, and all their remarks, each with author and time."""
    cause = next((remark for remark in reversed(remarks) if remark.root_cause), None)
    lines = section("ROOT CAUSE", f"{cause.text} ({cause.by})") if cause is not None else []
    if remarks:
        lines.append(f"SAID ({zone(remarks[0].at, tz)})")
    for remark in remarks:
        date = f"{day(remark.at, tz)} {other_zone(remark.at, remarks[0].at, tz)}".strip()
        lines += item(clock(remark.at, tz), f"({date}) {remark.by}: {remark.text}")
    return lines


def judged(label: str | None) -> list[str]:
    """Return the verdict of a person afterwards."""
    return section("JUDGED", f"{label} by a human") if label else []

"""Openings: an incident is opened (or continued), decided on, written down, and begun with."""

from dataclasses import replace

from watchdog.core import ending, sending, severity, words
from watchdog.core.decide import decide
from watchdog.core.turn import Turn
from watchdog.domain.incidents import Course, Decision, Finding, Incident
from watchdog.domain.policy import Severity


def open_incident(turn: Turn, findings: tuple[Finding, ...]) -> None:
    """Open (or continue) the incident, decide, and begin with what was decided."""
    decision = decide(
        turn.state,
        turn.policy,
        turn.service,
        findings,
        now=turn.now,
        incident=turn.service.incident,
    )
    if turn.service.incident is None:
        _create(turn, findings, decision.severity)
    carry_out(turn, findings, decision)


def _create(turn: Turn, findings: tuple[Finding, ...], severity: Severity) -> None:
    number = turn.state.incidents + 1
    turn.state = replace(turn.state, incidents=number)
    main = findings[0]
    turn.change(
        incident=Incident(
            id=f"INC-{number}",
            service=turn.name,
            severity=severity,
            opened_at=turn.now,
            onset_at=min(finding.onset_at for finding in findings),
            title=main.text,
        )
    )


def carry_out(turn: Turn, findings: tuple[Finding, ...], decision: Decision) -> None:
    """Write the decision down and begin with it."""
    main = severity.judge(findings, turn.wishes, turn.policy.detection)[2]
    target = decision.target.deploy if decision.target else None
    suspect = decision.blame.suspect if decision.blame else None
    turn.amend(
        severity=decision.severity,
        findings=(main, *(finding for finding in findings if finding is not main)),
        title=main.text,
        decision=decision,
        suspect=suspect.id if suspect else None,
        suspect_code=suspect.code if suspect else None,
        target=target.id if target else None,
        target_code=target.code if target else None,
        channels=turn.policy.matrix[decision.severity].tell,
        reconsidered_at=turn.now,
    )
    _note_decision(turn, decision)
    begin = {
        Course.ROLLBACK: sending.pin,
        Course.ANNOUNCE: sending.announce,
        Course.ASK: sending.ask,
        Course.PAGE: ending.page,
        Course.TELL: ending.tell,
        Course.NOTE: ending.keep_quiet,
    }[decision.course]
    begin(turn)


def _note_decision(turn: Turn, decision: Decision) -> None:
    turn.note(decision.severity.value.upper(), turn.incident.title)
    turn.note("BLAME", words.blame_line(decision))
    turn.note("GUARDS", words.guards_line(decision.guards))
    turn.note("TARGET", words.target_line(decision))
    if decision.would:
        turn.note("WOULD", decision.would)
    turn.note("DECIDED", f"{decision.course.value}: {decision.why}")

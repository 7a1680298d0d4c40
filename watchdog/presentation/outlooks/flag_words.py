"""The sentences about feature flags that are switched off before a rollback. Pure."""

from watchdog.core.note_text import flags
from watchdog.domain.remedies.remedy import RemedyAttempt, RemedyResult
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.situation import Situation
from watchdog.presentation.text import clean

BEFORE = frozenset({Situation.QUESTION, Situation.ANNOUNCED, Situation.SCHEDULED})
"""The situations whose rollback may still be preceded by a flag."""


def remedying(case: Case) -> str:
    """Return that a flag is being switched off, or since when it is off, and what follows if that does not help."""
    attempt = case.incident.remedy
    assert attempt is not None, "the situation has a remedy that is under way"
    flag, fails = clean(attempt.flag), f"If {case.service} still fails"
    then = "the daemon changes nothing more until it is resumed"
    if not case.state.stopped:
        then = f"the daemon decides again, and may roll back to {case.target}"
    if attempt.off_at is None:
        asked = case.by(attempt.requested_at, "since")
        return f"The daemon switches feature flag {flag} off{asked}. {fails} after that, {then}."
    until = case.at(attempt.off_at + attempt.prove_seconds)
    how = f" ({clean(attempt.why)})" if attempt.why else ""
    proof = "The incident ends once fresh probes prove the recovery."
    return f"Feature flag {flag} is off{case.by(attempt.off_at, 'since')}{how}. {proof} {fails} at {until}, {then}."


def planned(case: Case, found: Situation) -> str:
    """Return which flags come before the rollback that is asked about, announced or scheduled; empty: none."""
    decision = case.incident.decision
    if decision is None or not decision.first or found not in BEFORE:
        return ""
    names = [clean(one) for one in decision.first]
    return f"First the daemon switches {flags(names)} off, and rolls back only if that does not help."


def tried(case: Case) -> str:
    """Return what came of the flags that were tried and are over: a flag that is off stays off."""
    return " ".join(_said(case, one) for one in case.incident.remedies if one is not case.incident.remedy)


def _said(case: Case, one: RemedyAttempt) -> str:
    flag = clean(one.flag)
    if one.off_at is not None:
        result = " and did not help" if one.result is RemedyResult.NO_HELP else ""
        return f"Feature flag {flag} is off{case.by(one.off_at, 'since')}{result}; it stays off until you switch it on."
    if one.unknown:
        return f"Whether feature flag {flag} is off is not known: look in your flag service."
    if one.result is RemedyResult.OFF_ALREADY:
        return f"Feature flag {flag} was off already."
    return f"Feature flag {flag} was not switched off."


def left_off(case: Case) -> list[str]:
    """Return the steps that flags leave once the incident is over: each is off until a person switches it on."""
    found = []
    for one in case.incident.remedies:
        if one.off_at is not None:
            off = f"feature flag {clean(one.flag)}, off{case.by(one.off_at, 'since')}"
            cause = "once the code behind it is repaired" if one.result is RemedyResult.HELPED else "when you want it"
            found.append(f"Switch {off}, on again in your flag service {cause}.")
        elif one.unknown:
            look = f"Look in your flag service whether feature flag {clean(one.flag)} is off"
            found.append(f"{look}, and switch it on again when you want it.")
    return found

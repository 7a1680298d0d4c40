"""The sentences about remedies, tried before a rollback or without a suspected deploy. Pure.

Their words are those of the kind (`KINDS`).
"""

from watchdog.domain.remedies.kinds import before, words
from watchdog.domain.remedies.remedy import RemedyAttempt, RemedyResult
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.situation import Situation
from watchdog.presentation.text import clean

BEFORE = frozenset({Situation.QUESTION, Situation.ANNOUNCED, Situation.SCHEDULED})
"""The situations whose rollback may still be preceded by a remedy."""


def remedying(case: Case) -> str:
    """Return that a remedy is being done, or since when it is done, and what follows if that does not help."""
    attempt = case.incident.remedy
    assert attempt is not None, "the situation has a remedy that is under way"
    kind, fails = words(attempt.name), f"If {case.service} still fails"
    then = "the daemon changes nothing more until it is resumed"
    if not case.state.stopped:
        then = f"the daemon decides again, and may roll back to {case.target}"
        then = "the next remedy follows, if the policy has one, and you have it" if attempt.without_deploy else then
    if attempt.done_at is None:
        asked = case.by(attempt.requested_at, "since")
        return f"The daemon {clean(kind.does)}{asked}. {fails} after that, {then}."
    until = case.at(attempt.done_at + attempt.prove_seconds)
    how = f" ({clean(attempt.why)})" if attempt.why else ""
    proof = "The incident ends once fresh probes prove the recovery."
    done = f"{_sentence(kind.done)}{case.by(attempt.done_at, kind.since)}{_was(attempt)}"
    return f"{done}{how}. {proof} {fails} at {until}, {then}."


def planned(case: Case, found: Situation) -> str:
    """Return the remedy that comes before the rollback, or without a suspected deploy, or why none; empty: nothing."""
    decision = case.incident.decision
    if decision is not None and decision.without_deploy and found is Situation.NOT_THE_DEPLOY:
        return _without_deploy(case, decision.without_deploy)
    if decision is not None and decision.why_no_remedy and found is Situation.NOT_THE_DEPLOY:
        return f"No remedy is tried: {clean(decision.why_no_remedy).rstrip('.')}."
    if decision is None or not decision.first or found not in BEFORE:
        return ""
    first = ", then ".join(clean(words(name).does) for name in decision.first)
    return f"First the daemon {first}, and rolls back only if that does not help."


def _without_deploy(case: Case, names: tuple[str, ...]) -> str:
    """Return the first remedy that the incident has not tried, though no deploy is suspected; and by which rule."""
    known = {one.name for one in case.incident.remedies}
    first = next((clean(words(name).does) for name in names if name not in known), "")
    if first and case.incident.escalation.acknowledged_by is not None:
        return "No remedy is tried while the incident is acknowledged."
    return f"The daemon {first}: the policy says so of outages without a suspected deploy." if first else ""


def task(case: Case) -> str:
    """Return the reader's step while a remedy is tried: they have the incident where no deploy is suspected."""
    if case.incident.tries_without_deploy:
        return "Find the cause in the logs: no deploy is suspected. Stop it if nothing more shall be tried."
    return case.named("Stop it if {suspect} is not to blame: then no rollback follows.")


def tried(case: Case) -> str:
    """Return what came of the remedies that were tried and are over: what they changed stays so."""
    return " ".join(_over(case, one) for one in case.incident.remedies if one is not case.incident.remedy)


def _over(case: Case, one: RemedyAttempt) -> str:
    kind = words(one.name)
    if one.done_at is not None:
        result = " and did not help" if one.result is RemedyResult.NO_HELP else ""
        done = f"{_sentence(kind.done)}{case.by(one.done_at, kind.since)}{_was(one)}"
        return f"{done}{result}; {clean(kind.stays)}."
    if one.unknown:
        return f"{_sentence(kind.whether)} is not known{_was(one)}: {clean(kind.look)}."
    if one.result is RemedyResult.DONE_ALREADY:
        return f"{_sentence(kind.already)}."
    # An earlier incident may have changed it, and it stays so.
    return f"{_sentence(kind.undone)} in this incident."


def left_changed(case: Case) -> list[str]:
    """Return the steps that remedies leave once the incident is over: each stays done until a person undoes it."""
    found = []
    for one in case.incident.remedies:
        kind, was = words(one.name), before(one.name, one.was)
        if one.done_at is not None:
            when = kind.when_helped if one.result is RemedyResult.HELPED else kind.when_not
            found.append(clean(kind.undo.format(since=case.by(one.done_at, kind.since), when=when, was=was)))
        elif one.unknown:
            found.append(clean(kind.undo_unknown.format(was=was)))
    return found


def done_line(one: RemedyAttempt) -> str:
    """Return a remedy in the list of what was done: `Feature flag new-checkout: off, helped`."""
    kind = words(one.name)
    own = {RemedyResult.REFUSED: kind.label_undone, RemedyResult.DONE_ALREADY: kind.label_already}
    done = f"{kind.label_done}, " if one.done_at is not None else ""
    return f"{clean(kind.label)}: {done}{own.get(one.result, one.result.value)}"


def _was(one: RemedyAttempt) -> str:
    said = clean(before(one.name, one.was))
    return f" {said}" if said else ""


def _sentence(text: str) -> str:
    return clean(text[:1].upper() + text[1:])

"""Terms: the evidence about the live deploy itself, each a factor of the odds with its reason in words.

Rule: a missing reading makes no term: only evidence that was read counts. Other causes are in other_causes.py.
"""

from dataclasses import replace
from math import inf
from typing import TypeVar

from watchdog.core.assess.blame_input import BlameInput
from watchdog.core.assess.suspect_deploy import first_traffic_at
from watchdog.core.detect import crashes
from watchdog.core.detect.error_limits import NEW
from watchdog.domain.decisions import Blame, Cause, Term
from watchdog.domain.deploys import Deploy

F = TypeVar("F", Term, Cause)


def evidence_terms(case: BlameInput, suspect: Deploy, change: Deploy) -> tuple[Term, ...]:
    """Return the factors of the odds that the suspect caused the failure by the change."""
    return _with_earlier(_found(case, change), case.before, suspect)


def _with_earlier(terms: tuple[Term, ...], before: Blame | None, suspect: Deploy) -> tuple[Term, ...]:
    """Return the terms, with those that acquitted this suspect earlier in the incident: that they no longer hold is no
    evidence against it.
    """
    if before is None or before.suspect is None or before.suspect.id != suspect.id:
        return terms
    now = {term.name: term.factor for term in terms}
    # Only acquitting terms are kept: one that convicts must be observed now.
    kept = [term for term in before.terms if term.name and term.factor < min(1.0, now.get(term.name, inf))]
    weaker = {term.name for term in kept}
    return (*(term for term in terms if term.name not in weaker), *map(as_earlier, kept))


def as_earlier(found: F) -> F:
    """Return a term or a cause, marked as found earlier in this incident."""
    return found if found.earlier else replace(found, why=f"{found.why} (seen before, in this incident)", earlier=True)


def _found(case: BlameInput, change: Deploy) -> tuple[Term, ...]:
    weights = case.policy.blame
    found = []
    since = first_traffic_at(change, weights)
    reports = crashes.reported_since(case.service.checks.values(), -inf)
    # If the code before it crashed lately, too, a crash is no sign of this change.
    if reports and all(at >= since for at, _ in reports):
        why = f"the platform reports, since this deploy: {reports[-1][1]}"
        found.append(Term(weights.platform_reports_crash, why, "crashes"))
    new = _new_errors(case)
    if new:
        found.append(Term(weights.new_errors_in_release, f"errors new in this release: {new[0]}", "new errors"))
    why = _fault_before(case, since)
    if why:
        found.append(Term(weights.same_fault_before, why, "fault before"))
    return tuple(found)


def _fault_before(case: BlameInput, since: float) -> str:
    """Return why the fault may be older than the change, which came right after an incident or in the middle of it.

    In the middle, only if the same check failed then: of another fault the change may be the cause.
    """
    ended_at = case.service.closed_at
    if ended_at is None or ended_at <= since - 3600:
        return ""
    if ended_at <= since:
        return "an incident of this service ended within the hour before it"
    began_at = dict(case.service.failed_from).get(case.main.signal, since)
    return (
        f"{case.main.signal} failed before it as well, in an incident that ended after it" if began_at < since else ""
    )


def has_new_errors(case: BlameInput) -> bool:
    """Return whether there is a flood of errors, with some of them first seen in the live release."""
    return bool(_new_errors(case))


def _new_errors(case: BlameInput) -> tuple[str, ...]:
    # Fewer than a flood speak for themselves alone: beside failing probes they must not convict.
    methods = ("feed", NEW) if case.main.method == NEW else ("feed",)
    flood = next((finding for finding in case.findings if finding.method in methods), None)
    return case.service.checks[flood.signal].new_issues if flood is not None else ()

"""Remedies in an outage of which no deploy is suspected, as a leak after days or a surge: whether one may be tried.

Theory. Nothing is rolled back, so what guards a rollback's target and its suspect is beside the point. All else that
forbids a rollback without a human forbids a remedy here: nobody is asked about one, and people are paged in any case.

Rule 1: it needs a critical incident that is left to people because no deploy is to blame, and no other known cause.
Rule 2: a guard that asks is as one that blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.core.guards import guards as all_guards
from watchdog.core.guards.downtime import availability
from watchdog.domain.decisions import Blame, Course, GuardAnswer, Verdict
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.severity import Severity
from watchdog.domain.texts.prose import Prose

ASKED = frozenset(
    {
        "mode",
        "hold",
        "action hold",
        "armed",
        "key",
        "blind",
        "budget",
        "correlation",
        "flapping",
        "let in",
        "kinds",
        "cooldown",
        "tried",
        "record",
        "newer deploy",
        "service",
        "dependencies",
    }
)
"""The guards that hold for it, by their names; a test holds that each guard is here or in `OF_A_ROLLBACK`."""
OF_A_ROLLBACK = frozenset(
    {"returned", "deny-list", "target", "on top", "migration", "environment", "trailer", "dependants"}
)
"""Those about what a rollback leaves, or leads to."""
AT_THE_CALL = (
    all_guards.mode,
    all_guards.action_hold,
    all_guards.key,
    all_guards.blind,
    all_guards.complete_record,
    all_guards.mass_failure,
    availability,
)
"""The guards asked again at the call itself."""
ACQUITS = frozenset({"onset", "suspect is a rollback"})
"""The vetoes by which no deploy is to blame. Each other one names the cause, or says that too little is known."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The remedies that are tried, or why those of the policy are not. `would`: those that mode observe prevents."""

    names: tuple[str, ...] = ()
    why_not: Prose = ""
    would: tuple[str, ...] = ()


def weigh(
    configured: Sequence[Remedy],
    left: Sequence[Remedy],
    course: Course,
    severity: Severity,
    blame: Blame,
    answers: Sequence[GuardAnswer],
) -> Weighed:
    """Return which remedies may be tried now; `left` are those of the configured ones that are not tried yet."""
    if not any(one.without_deploy for one in configured):
        return Weighed()
    names = tuple(one.name for one in left if one.without_deploy)
    if severity is not Severity.CRITICAL:
        return Weighed(why_not=f"it is {severity}, and only what is critical is a case for a remedy")
    if course is not Course.PAGE or suspected(blame):
        return Weighed(why_not=suspected(blame) or "a deploy is suspected")
    if not names:
        return Weighed(why_not="each was tried, is in its cooldown, or is not for what fails")
    against = [one for one in answers if one.name in ASKED and one.verdict is not Verdict.PASS]
    if not against:
        return Weighed(names)
    first = against[0]
    # Only the mode: people read what would be done.
    observes = len(against) == 1 and first.name == "mode"
    return Weighed(why_not=f"{first.name}: {first.why}", would=names if observes else ())


def suspected(blame: Blame) -> str:
    """Return what is, or may be, to blame: a deploy, or a cause that no remedy of the service cures; else ""."""
    if blame.suspect is None:
        return blame.why
    other = next((veto for veto in blame.vetoed if veto.name not in ACQUITS), None)
    if other is not None:
        return f"{other.name}: {other.why}"
    if blame.convicts or blame.likely or blame.contested:
        return "a deploy is suspected"
    return f"another cause is likelier: {blame.other_cause.why}" if blame.other_cause is not None else ""

"""What an incident proposes for the checklist of deploys: questions that would have stopped the one to blame.

Pure, by a table of rules over the record. People decide which of them they keep; no decision is made by them.
"""

from collections.abc import Callable, Sequence

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Verdict
from watchdog.domain.units import show_seconds
from watchdog.presentation.incident_facts import IncidentFacts

LATE_SECONDS = 600.0
"""What fails later than this after its deploy is missed by a look right after it."""
CHECKS_SHOWN = 5


def proposed(facts: IncidentFacts) -> Sequence[str]:
    """Return the questions; none where no deploy is likely to blame."""
    blame = facts.incident.decision.blame if facts.incident.decision is not None else None
    if blame is None or facts.suspect is None or not blame.likelier_than_not:
        return []
    return [question for rule in RULES for question in rule(facts)]


def _checks(facts: IncidentFacts) -> Sequence[str]:
    """A check that failed is one to look at where a failure reaches no visitor."""
    failed = {one.signal: one.symptom for one in facts.incident.findings}
    how = [(name, f": {symptom}" if symptom else "") for name, symptom in failed.items()][:CHECKS_SHOWN]
    return [f"Is {name} good on staging, with the very same commit? In production it failed{why}" for name, why in how]


def _configuration(facts: IncidentFacts) -> Sequence[str]:
    changed = facts.suspect.changed if facts.suspect is not None else ()
    return (
        [f"Is the configuration of staging the same? {', '.join(changed)} changed with the deploy"] if changed else []
    )


def _migration(facts: IncidentFacts) -> Sequence[str]:
    guards = facts.incident.decision.guards if facts.incident.decision is not None else ()
    # By the guard's answer: an approved migration asks as one that was refused.
    if not any(one.name == "migration" and one.verdict is not Verdict.PASS for one in guards):
        return []
    dump = command_line("database dump", facts.incident.service)
    return [f"Does the code before it work with the new database as well? Dump the database first: {dump}"]


def _late(facts: IncidentFacts) -> Sequence[str]:
    live = facts.suspect.finished_at if facts.suspect is not None else None
    after = facts.incident.onset_at - live if live is not None else 0.0
    if after <= LATE_SECONDS:
        return []
    return [f"Was it on staging for longer than {show_seconds(after)}? So long after going live it began to fail"]


RULES: tuple[Callable[[IncidentFacts], Sequence[str]], ...] = (_checks, _configuration, _migration, _late)
"""Each returns its questions."""

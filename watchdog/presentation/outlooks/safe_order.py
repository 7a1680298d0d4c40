"""The safe order of a rollback over a migration, step by step: for people, as the daemon migrates no database. Pure."""

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Decision
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident
from watchdog.presentation.block_words import SAFE_ORDER, UNDOES_NONE, over_migration
from watchdog.presentation.outlooks.outlook_case import named
from watchdog.presentation.situation import Situation, situation
from watchdog.presentation.text import clean, item, section


def safe_order(decision: Decision, live: Deploy | None = None, command: str = "") -> tuple[str, ...]:
    """Return what the rollback goes over, then the steps; empty where no guard asks about a migration.

    `live` is the deploy to leave where none is blamed, `command` the line to type for the rollback itself.
    """
    asks = over_migration(decision.guards)
    if asks is None:
        return ()
    suspect = decision.blame.accused if decision.blame is not None else live
    target = decision.target.deploy if decision.target is not None else None
    names = {
        "suspect": named(suspect) if suspect is not None else "the live deploy",
        "target": named(target) if target is not None else "the earlier deploy",
        "command": f": {command}" if command else "",
    }
    steps = (step.format(**names) for step in SAFE_ORDER)
    return UNDOES_NONE.format(why=clean(asks.why).rstrip(".")), *steps


def order_of(incident: Incident) -> tuple[str, ...]:
    """Return the same for an incident whose rollback may still come, with the command that is open now."""
    decision = incident.decision
    if decision is None or incident.closed_at is not None or incident.rollback.requested_at is not None:
        return ()
    asked = situation(incident) is Situation.QUESTION
    words = ("approve", incident.id) if asked else ("rollback", incident.service)
    return safe_order(decision, command=f"`{command_line(*map(clean, words))}`")


def order_lines(order: tuple[str, ...]) -> list[str]:
    """Return it as a section for a terminal."""
    if not order:
        return []
    lines = section("SAFE ORDER", order[0])
    for number, step in enumerate(order[1:], 1):
        lines += item(f"{number}.", step)
    return lines

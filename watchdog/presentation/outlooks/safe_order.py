"""The safe order of a rollback over a migration, step by step: for people, as the daemon migrates no database. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Decision
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Policy
from watchdog.domain.remedies.database_step import DatabaseAction
from watchdog.presentation.block_words import SAFE_ORDER, UNDOES_NONE, over_migration
from watchdog.presentation.outlooks.outlook_case import named
from watchdog.presentation.situation import Situation, situation
from watchdog.presentation.text import clean, item, section


@dataclass(frozen=True, slots=True)
class DatabaseSteps:
    """The steps on a service's database that are configured, by which a plan names their commands."""

    service: str = ""
    steps: tuple[DatabaseAction, ...] = ()
    incident: str = ""  # its id; empty: the reader writes it

    @classmethod
    def of(cls, policy: Policy, service: str, incident: str = "") -> "DatabaseSteps":
        """Return those of a service; none for one that the configuration has no more."""
        known = policy.services.get(service)
        return cls(service, known.database_steps if known is not None else (), incident)

    def words(self) -> Mapping[str, str]:
        """Return what stands in the steps of SAFE_ORDER."""
        dump, down = ", with pg_dump or its own tool, to a place that outlives it", ""
        named, given = clean(self.service), ("--incident", clean(self.incident) or "INCIDENT")
        if DatabaseAction.DUMP in self.steps:
            dump = f": `{command_line('database dump', named, *(given if self.incident else ()))}`"
        if DatabaseAction.MIGRATE_DOWN in self.steps:
            typed = command_line("database migrate-down", named, *given, "--as", "NAME")
            down = f"Where that code is checked out: `{typed}`. "
        return {"dump": dump, "down": down}


def safe_order(
    decision: Decision, live: Deploy | None = None, command: str = "", database: DatabaseSteps | None = None
) -> tuple[str, ...]:
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
        **(database or DatabaseSteps()).words(),
    }
    steps = (step.format(**names) for step in SAFE_ORDER)
    return UNDOES_NONE.format(why=clean(asks.why).rstrip(".")), *steps


def order_of(incident: Incident, steps: tuple[DatabaseAction, ...] = ()) -> tuple[str, ...]:
    """Return the same for an incident whose rollback may still come, with the command that is open now.

    `steps` are those on its database that are configured.
    """
    decision = incident.decision
    if decision is None or incident.closed_at is not None or incident.rollback.requested_at is not None:
        return ()
    asked = situation(incident) is Situation.QUESTION
    words = ("approve", incident.id) if asked else ("rollback", incident.service)
    database = DatabaseSteps(incident.service, steps, incident.id)
    return safe_order(decision, command=f"`{command_line(*map(clean, words))}`", database=database)


def order_lines(order: tuple[str, ...]) -> list[str]:
    """Return it as a section for a terminal."""
    if not order:
        return []
    lines = section("SAFE ORDER", order[0])
    for number, step in enumerate(order[1:], 1):
        lines += item(f"{number}.", step)
    return lines

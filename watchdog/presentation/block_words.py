"""The words about what blocks a rollback, a guard or a missing fact: what follows when it passes, the cure; and about a
migration that a rollback goes over: the safe order. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import GuardAnswer, Verdict


@dataclass(frozen=True, slots=True)
class Block:
    """The words about one blocking guard."""

    then: str  # what follows, where time alone does not lift it
    task: str  # the cure
    command: str = ""  # the command of the cure
    by_hand: bool = False  # the cure is a rollback by hand
    reads: str = "{}"  # the guard's reason as a clause
    passes: str = ""  # the event after which the daemon decides again, where time may lift it: `once …`


_AGAIN = "The daemon decides again as soon as that has passed, if {service} still fails."
_BY_HAND = "Roll back to {target} by hand if {suspect} is to blame: this limit does not hold for people."
BLOCKS: Mapping[str, Block] = MappingProxyType(
    {
        "mode": Block(
            "The daemon only observes this service.", "Roll back on Render's dashboard if {suspect} is to blame."
        ),
        "hold": Block(_AGAIN, "Resume the daemon, unless the pause is still needed.", "resume", passes="it is resumed"),
        "armed": Block(
            _AGAIN,
            "Read the daemon's log for the violated invariant; then resume.",
            "resume",
            passes="it is resumed",
        ),
        "key": Block(
            _AGAIN,
            f"Renew the Render API key, then `{command_line('resume')}`; or roll back on Render's dashboard.",
            "resume",
            passes="the key is renewed and the daemon resumed",
        ),
        "blind": Block(
            _AGAIN,
            "Check the daemon's own network: it can reach none of its control targets.",
            passes="a control target answers again",
        ),
        "budget": Block(
            "The daemon changes nothing until one is available again.",
            _BY_HAND,
            by_hand=True,
            reads="the budget is used up ({})",
            passes="fewer services were rolled back in the last 10 min",
        ),
        "correlation": Block(
            _AGAIN,
            "Look for the shared cause: too much fails at once for one deploy.",
            passes="fewer services fail at once",
        ),
        "cooldown": Block("The daemon changes nothing until then.", _BY_HAND, by_hand=True),
        "tried": Block("An incident has one rollback.", "Fix forward, or roll back by hand to an earlier deploy."),
        "newer deploy": Block(
            _AGAIN,
            "Watch the deploy that is on its way; cancel it on Render if it is bad, too.",
            passes="that deploy is live or has failed",
        ),
        "target": Block("No earlier deploy is left to return to.", "Fix forward: deploy a commit that works."),
        "deny-list": Block("That commit was rolled back here before.", "Fix forward: deploy a commit that works."),
        "service": Block(
            "The failure is part of it.",
            "Check on Render's dashboard whether it is meant to be down.",
            passes="that limit is over",
        ),
        "trailer": Block(
            "Its author forbids a rollback.", "Fix forward, or ask its author before you roll back by hand."
        ),
    }
)
"""One row for each guard that can block; a test compares them with the guards."""
UNREAD: Mapping[str, Block] = MappingProxyType(
    {
        "deploy list": Block(_AGAIN, "Check the service on Render's dashboard.", passes="that list can be read again"),
        "control targets": Block(
            _AGAIN, "Check the daemon's own network.", passes="the daemon's control targets are read"
        ),
        "served version": Block(
            _AGAIN, "Check the service on Render's dashboard.", passes="the instances of the deploy before are gone"
        ),
    }
)
"""The vetoes that only lack a fact, as a list of deploys; a test compares them with the core's."""
NO_SUSPECT = Block(_AGAIN, "Check the service on Render's dashboard.", passes="a deploy can be blamed or acquitted")
UNKNOWN = Block("The daemon does nothing more.", "Check the service on Render's dashboard.")


def block_of(answer: GuardAnswer) -> Block:
    """Return the words about a blocking guard; a record of another version may name a guard that is not known here."""
    return BLOCKS.get(answer.name, UNKNOWN)


UNDOES_NONE = "The rollback undoes no migration: {why}."
"""What a rollback means where a guard asks about migrations, with the guard's reason."""
FIRST: Mapping[str, str] = MappingProxyType(
    {
        "migration": "First, unless {target} works with the new schema: dump the database and migrate down.",
        "changed files": "First see whether {suspect} migrates the database; unless {target} works with the new "
        "schema, dump it and migrate down.",
    }
)
"""The guards about migrations, each with the safe order in short: what comes before the rollback."""
ON_TOP = "on top"
"""The guard that asks because a deploy went live on top of the blamed one: a yes takes both back."""
SAFE_ORDER = (
    "Read what changes the database. Where it only adds to the schema (expand), {target} works with it: go on with 4.",
    "Else dump the database{dump}.",
    "Migrate down to the schema of {target} with the code of {suspect}: the older code does not know the way. "
    "{down}Where there is none, or it would lose data that is needed, do not roll back: deploy a fix.",
    "Roll back{command}.",
    "Bring the change back in two deploys: first what only adds (expand); what removes (contract), once no code that "
    "may be rolled back to needs it.",
)
"""The steps of people, in order."""


def over_migration(answers: Sequence[GuardAnswer]) -> GuardAnswer | None:
    """Return the answer of the guard that asks because a rollback goes, or may go, over a migration; else None."""
    return next((one for one in answers if one.name in FIRST and one.verdict is Verdict.ASK), None)

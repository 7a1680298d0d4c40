"""What holds meanwhile beside what happens next: who has it, auto-deploy, Render itself; and what follows. Pure."""

from collections.abc import Sequence

from watchdog.domain.commands.command_line import command_line
from watchdog.presentation.block_words import FIRST, UNDOES_NONE
from watchdog.presentation.outlooks import remedy_words
from watchdog.presentation.outlooks.closed_words import follows
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.outlooks.outlook_words import names_holder
from watchdog.presentation.situation import UNDER_WAY, Situation, situation
from watchdog.presentation.status_text import STALE_SECONDS
from watchdog.presentation.text import clean

ASKS_TO_MERGE_NOTHING = UNDER_WAY - {Situation.SENDING}
"""A rollback that was sent: to merge nothing is all that is asked of people."""
MAY_COME = frozenset({Situation.QUESTION, Situation.SCHEDULED, Situation.SENDING})
"""A rollback that a person decides on, or approved, and that is not sent yet."""
WHY_MAX = 200


def besides(case: Case, commands: Sequence[str]) -> str:
    """Return what the reader has to know beside the next step; `commands` are those that are offered. Of a closed
    incident what follows: what it left is the task."""
    found = situation(case.incident)
    if found is Situation.CLOSED:
        return follows(case)
    said = (
        _migration(case, found, commands),
        remedy_words.planned(case, found),
        remedy_words.tried(case),
        _acknowledged(case, found),
        _maintenance(case),
        _unseen(case),
        _render(case, found),
        _auto_deploy(case, found, commands),
    )
    return " ".join(one for one in said if one)


def _migration(case: Case, found: Situation, commands: Sequence[str]) -> str:
    """Return that the rollback undoes no migration, where it may come or be made by hand; and what comes first,
    unless the step says so."""
    asks = case.over_migration
    by_hand = found is Situation.OBSERVED or ("rollback" in commands and case.culprit is None)
    if asks is None or not (found in MAY_COME or by_hand):
        return ""
    said = UNDOES_NONE.format(why=clean(asks.why, WHY_MAX).rstrip("."))
    return said if found is Situation.QUESTION else f"{said} {case.named(FIRST[asks.name])}"


def _acknowledged(case: Case, found: Situation) -> str:
    """Return who acknowledged it and when, unless the sentence above names them."""
    escalation = case.incident.escalation
    if escalation.acknowledged_by is None or names_holder(case):
        return ""
    said = f"{clean(escalation.acknowledged_by)} acknowledged it{case.by(escalation.acknowledged_at, 'at')}"
    # Who has it is no answer, and need not be the one who gives it.
    still = "; the question is still open to every approver" if found is Situation.QUESTION else ""
    return f"{said}{still}."


def _maintenance(case: Case) -> str:
    """Return that visitors get the maintenance page because of the daemon, and what ends that."""
    until = case.state.maintenance_until
    if until is None:
        return ""
    at_most = f"at {case.at(until)} at the latest" if until > case.now else "as soon as it can"
    command = command_line("stop", case.incident.id)
    return f"Maintenance mode is on while people work: {command} switches it off, the daemon {at_most}."


def _unseen(case: Case) -> str:
    """Return what failed and is not read any more: without that, an incident without a failure in sight stays open."""
    said = [f"{clean(name)} could not be read since {case.at(at)}" for name, at in case.state.unseen]
    return f"{', '.join(said)}: whether it still fails is not known." if said else ""


def _render(case: Case, found: Situation) -> str:
    """Return whether Render answers now, where it kept a rollback from being sent: a read shows no more than that."""
    read_at, why = case.state.deploys_at, clean(case.state.deploys_why).rstrip(".")
    if found is not Situation.NEEDS_A_PERSON or case.incident.rollback.blocked_since is None or read_at is None:
        return ""
    if why or case.now - read_at > STALE_SECONDS:
        return f"Render's list of deploys could not be read since {case.at(read_at)}{f' ({why})' if why else ''}."
    return f"Render answers again (at {case.at(read_at)}, last); the daemon does not try the rollback again."


def _auto_deploy(case: Case, found: Situation, commands: Sequence[str]) -> str:
    """Return that auto-deploy is off and how it gets back on; or that this incident has given it back."""
    was, on = clean(case.state.auto_deploy_was), case.auto_deploy_on
    if not was:
        # While a rollback is under way it is part of the task.
        return f"Auto-deploy is on ({on}): merges are deployed." if on and found not in ASKS_TO_MERGE_NOTHING else ""
    until = "meanwhile" if found in UNDER_WAY else "until you switch it back on"
    off = f'Auto-deploy is off {until} (it was "{was}"): merges are not deployed.'
    if case.state.stopped:
        return f"{off} The daemon switches it on only once it is resumed."
    if "restore-auto-deploy" in commands:
        return off
    return (
        f"{off} You can switch it back on once {'the rollback is over' if found in UNDER_WAY else 'this is decided'}."
    )

"""The reader's next step in each situation, imperative; it names the deploy, and the button beside it does it. Pure."""

from collections.abc import Callable

from watchdog.core.note_text import short
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.incidents import Outcome
from watchdog.presentation.block_words import block_of
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.outlooks.outlook_words import blocking_words
from watchdog.presentation.situation import Situation, blocking
from watchdog.presentation.text import clean

BLOCKED = frozenset({Situation.BLOCKED_FOR_NOW, Situation.ASKS_LATER, Situation.BLOCKED})
_ACKNOWLEDGE = "; acknowledge to stop the escalation"


def always(text: str) -> Callable[[Case], str]:
    """Return the same step for each incident, with its names."""
    return lambda case: case.named(text)


def resume_first(case: Case, task: str) -> str:
    """Return the step of a daemon that is paused or disarmed: it refuses what changes anything until it is resumed."""
    return f"Resume the daemon first ({clean(case.state.stopped)}): until then it changes nothing. {task}".rstrip()


def merge_nothing(case: Case) -> str:
    """Return the one task while a rollback is under way: none, if auto-deploy is off."""
    return "" if case.incident.pin.off else "Merge nothing until it is verified: auto-deploy is not known to be off."


def find_the_cause(case: Case) -> str:
    """Return the step where the daemon does nothing more: the rollback by hand, if its button is there."""
    if case.may_roll_back:
        return case.named("Roll back to {target} by hand if {suspect} is to blame; else find the cause in the logs.")
    return look_for_the_cause(case)


def look_for_the_cause(case: Case) -> str:
    """Return the step where no rollback is worth a try."""
    escalation = case.incident.escalation
    calls = escalation.next_call_at is not None and escalation.acknowledged_by is None
    return f"Find the cause on Render's dashboard and in the logs{_ACKNOWLEDGE if calls else ''}."


def look_at_the_deploys(case: Case) -> str:
    """Return the step where a rollback was tried in vain; after a refusal the deploy to blame is known to be live."""
    rollback = case.incident.rollback
    if rollback.refused_at is None:
        return case.named(
            "Look at {service}'s deploys on Render's dashboard before anything else; if {suspect} is still live and to"
            " blame, roll back there or deploy a fix."
        )
    back = "" if rollback.artefact_gone else ", or look on Render's dashboard for a deploy that can be rolled back to"
    return case.named(f"If {{suspect}} is to blame, deploy a fix{back}.")


def cure(case: Case) -> str:
    """Return the cure of what the reader has to deal with first."""
    held = case.in_peoples_way
    words = blocking_words(case) if held is None or held is blocking(case.incident) else block_of(held)
    # No button without its sentence, and no sentence without its button.
    return find_the_cause(case) if words.by_hand and not case.may_roll_back else case.named(words.task)


def cure_or_stop(case: Case) -> str:
    """Return the cure where the daemon decides again by itself, and when to prevent that."""
    return f'{cure(case)} Answer "Do not roll back" if {case.suspect} is not to blame.'


def beside_the_deploy(case: Case) -> str:
    """Return the step where no deploy is to blame: a suspended service explains itself."""
    block = blocking(case.incident)
    if block is not None and block.name == "service":
        return block_of(block).task
    return f"{'Look at that other cause first. ' if case.other_cause else ''}{find_the_cause(case)}"


def observing(case: Case) -> str:
    """Return the step in mode observe, with the place where it can be taken."""
    # The guard `mode` refuses a rollback by hand, too.
    where = "by hand" if case.may_roll_back else "on Render's dashboard"
    return case.named(f"Roll back to {{target}} {where} if {{suspect}} is to blame.")


def clean_up(case: Case) -> str:
    """Return what a closed incident left for people: auto-deploy that is off, a deny-listed commit."""
    was, code, service = case.state.auto_deploy_was, clean(short(case.incident.suspect_code)), case.service
    # Healed before the rollback could help: the commit may be innocent.
    guilty = case.state.denied and case.incident.rollback.healed_at is None
    # A rollback that did not help convicts no commit.
    fix = f"Fix {code}{'' if case.incident.outcome is Outcome.VERIFIED else ' if it is to blame'}"
    switch = f"{fix}, then switch" if guilty else "Switch"
    steps = [f'{switch} auto-deploy of {service} back on (it was "{clean(was)}"): until then merges are not deployed.']
    if not was:
        steps = [f"{fix}."] if guilty else []
    if case.state.denied:
        trust = command_line("trust", code)
        steps.append(f"{code} is deny-listed: no rollback leads to it, unless you trust it: {trust}.")
    return " ".join(steps)

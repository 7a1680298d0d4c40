"""The reader's next step in each situation, imperative; it names the deploy, and the button beside it does it. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from watchdog.core.note_text import short
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Verdict
from watchdog.domain.incidents import Outcome
from watchdog.presentation.block_words import BLOCKS, FIRST, ON_TOP, block_of
from watchdog.presentation.outlooks import remedy_words
from watchdog.presentation.outlooks.acknowledging import stopped_call
from watchdog.presentation.outlooks.other_service import Culprit
from watchdog.presentation.outlooks.outlook_case import Case, named
from watchdog.presentation.outlooks.recommended import cure_words, elsewhere
from watchdog.presentation.situation import blocking
from watchdog.presentation.text import clean, show_likely

SUSPENDED: Mapping[str, str] = MappingProxyType(
    {
        "billing": "Settle the bill with Render, then check on Render's dashboard that {service} runs again",
        "stuck_crashlooping": "Find in the logs why {service} crashes; deploy a fix, then resume it on Render",
        "user": "Resume {service} on Render's dashboard, unless it is meant to be down",
    }
)
"""The step by who suspended the service, in Render's words; of several the first of this table counts."""


def always(text: str) -> Callable[[Case], str]:
    """Return the same step for each incident, with its names."""
    return lambda case: case.named(text)


def answer(case: Case) -> str:
    """Return when to approve and when to reject, with how likely the evidence makes it; before that the database."""
    blame = case.incident.decision.blame if case.incident.decision is not None else None
    known = blame is not None and blame.probability is not None and blame.accused is not None
    likely = f" ({show_likely(blame.probability or 0.0)} by the evidence)" if blame is not None and known else ""
    asks, newer = case.over_migration, _newer_too(case)
    if asks is not None:
        return case.named(f"{FIRST[asks.name]} Then approve if {{suspect}} is to blame{likely}, else reject.") + newer
    return case.named(f"Approve if {{suspect}} is to blame{likely}, else reject.") + newer


def _newer_too(case: Case) -> str:
    """Return that a yes takes back a newer deploy, too, which may be a person's repair; else nothing."""
    guards = case.incident.decision.guards if case.incident.decision is not None else ()
    asks = next((one for one in guards if one.name == ON_TOP and one.verdict is Verdict.ASK), None)
    return f" Mind that {clean(asks.why)}." if asks is not None else ""


def stop_it(case: Case) -> str:
    """Return when to stop an announced rollback; a daemon that is paused or disarmed has something else to do first."""
    rest = "" if case.state.stopped else "; else there is nothing to do"
    return case.named(f"Stop it if {{suspect}} is not to blame{rest}.")


def resume_first(case: Case, task: str) -> str:
    """Return the step of a daemon that is paused or disarmed: it refuses what changes anything until it is resumed."""
    if case.state.disarmed:
        held = f"Until then the daemon changes nothing: it is {clean(case.state.stopped)}."
        return f"{BLOCKS['armed'].task} {held} {task}".rstrip()
    return f"Resume the daemon first ({clean(case.state.stopped)}): until then it changes nothing. {task}".rstrip()


def other_first(case: Case, rest: str) -> str:
    """Return the step where the deploy of another service is likelier to blame; `rest` is what follows if it is not."""
    found = case.culprit
    first = _about_other(case, found) if found is not None else ""
    then = f"If {case.service} still fails then: " if first and rest else ""
    return " ".join(one for one in (first, f"{then}{rest}") if one)


def _about_other(case: Case, found: Culprit) -> str:
    """Return how likely that deploy is to blame, and what to do about it, as far as its service is known."""
    service, deploy, other = clean(found.service), clean(found.deploy), case.other
    likely = f"{show_likely(found.probability)} to blame"
    lead = f"The deploy {deploy} of {service} is {likely}"
    if found.fails:
        lead = f"{service} fails as well and is {likely} (recent deploy: {deploy})"
    if other is None:
        return f"{lead}: roll {service} back, unless its own incident handles it."
    if other.incident:
        handled = f". {service} is being handled" if other.acts else "; go on with its own incident"
        return f"{lead}{handled}: {clean(other.incident)}."
    if not other.serves:
        return f"{lead} and not live any more: see whether {case.service} recovers."
    if other.target is None:
        why = clean(other.refused).rstrip(".")
        return f"{lead}: roll {service} back on Render's dashboard, or deploy a fix (the daemon would not: {why})."
    return f"{lead}: roll {service} back to {named(other.target)}."


def merge_nothing(case: Case) -> str:
    """Return the one task while a rollback is under way: none, if auto-deploy is off."""
    if case.incident.pin.off and not case.auto_deploy_on:
        return ""
    known = f"on ({case.auto_deploy_on})" if case.auto_deploy_on else "not known to be off"
    return f"Merge nothing until it is verified: auto-deploy is {known}."


def see_it_recover(case: Case) -> str:
    """Return the step while the target is live: none, unless it fails there as well."""
    fails = case.state.fails
    look = f"Look at the logs: {clean(fails.signal)} fails with the earlier deploy, too." if fails is not None else ""
    return " ".join(one for one in (look, merge_nothing(case)) if one)


def find_the_cause(case: Case) -> str:
    """Return the step where the daemon does nothing more: the rollback by hand, if its button is there."""
    if case.may_roll_back:
        return case.named("Roll back to {target} by hand if {suspect} is to blame; else find the cause in the logs.")
    return look_for_the_cause(case)


def look_for_the_cause(case: Case) -> str:
    """Return the step where no rollback is worth a try."""
    return f"Find the cause on Render's dashboard and in the logs{_acknowledge(case)}."


def look_elsewhere(case: Case) -> str:
    """Return the step after a person refused the rollback; one who learns more may still roll back by hand."""
    after_all = " Roll back to {target} by hand if {suspect} proves to be to blame after all."
    return f"{look_for_the_cause(case)}{case.named(after_all) if case.may_roll_back else ''}"


def _acknowledge(case: Case) -> str:
    """Return the second half of a step where the daemon would call further people; else nothing."""
    stopped = stopped_call(case)
    return f"; acknowledge to stop the page{stopped}" if stopped else ""


def look_at_the_deploys(case: Case) -> str:
    """Return the step where a rollback was tried in vain; after a refusal the deploy to blame is known to be live."""
    rollback = case.incident.rollback
    if rollback.refused_at is None:
        return case.named(
            "Look at {service}'s deploys on Render's dashboard before anything else; if {suspect} is still live and to"
            " blame, roll back there or deploy a fix."
        )
    if rollback.artefact_gone:
        return case.named("Look in the logs whether {suspect} is to blame; if it is, deploy a fix.")
    back = "roll back to another deploy on Render's dashboard, or deploy a fix"
    return case.named(f"If {{suspect}} is to blame, {back}; else find the cause in the logs.")


def cure(case: Case) -> str:
    """Return the cure of what the reader has to deal with first."""
    words = cure_words(case)
    # No button without its sentence, and no sentence without its button.
    return find_the_cause(case) if words.by_hand and not case.may_roll_back else case.named(words.task)


def cure_or_stop(case: Case) -> str:
    """Return the cure where the daemon decides again by itself, and when to prevent that."""
    suspect = f"{case.suspect} is not" if case.suspects else "no deploy is"
    return f'{cure(case)} Answer "Do not roll back" if {suspect} to blame.'


def beside_the_deploy(case: Case) -> str:
    """Return the step where no deploy is to blame: what ends a suspension, or the place of the likely cause first."""
    block = blocking(case.incident)
    if block is not None and block.name == "service":
        ends = next((words for who, words in SUSPENDED.items() if who in block.suspenders), "")
        return f"{case.named(ends) or block_of(block).task.rstrip('.')}{_acknowledge(case)}."
    step, first = find_the_cause(case), elsewhere(case)
    return f"Look at {first} first; if nothing is wrong there, {step[0].lower()}{step[1:]}" if first else step


def observing(case: Case) -> str:
    """Return the step in mode observe, with the place where it can be taken."""
    # The guard `mode` refuses a rollback by hand, too.
    where = "by hand" if case.may_roll_back else "on Render's dashboard"
    return f"{case.named(f'Roll back to {{target}} {where} if {{suspect}} is to blame')}{_acknowledge(case)}."


def clean_up(case: Case) -> str:
    """Return what a closed incident left for people: auto-deploy that is off, a deny-listed commit, the next one."""
    if case.incident.outcome is Outcome.CONTINUED:
        return case.named("Go on with the newer incident of {service}.")
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
        steps.append(f"{code} is deny-listed: no rollback leads to it until you trust it: {trust}.")
    return " ".join([*steps, *remedy_words.left_changed(case)])

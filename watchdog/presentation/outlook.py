"""What happens next in an incident, and when; and the next step for the reader. Pure.

Each situation has one row in `ROWS`, each guard that can block has one in `block_words.py`. Terminal, console, chat,
notices and API take label, sentence, next step and buttons from here, so that they never contradict each other.

Rule: a sentence promises only what the daemon does without further input from people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from types import MappingProxyType

from watchdog.core.note_text import short
from watchdog.core.phases.human_commands import NOT_FOR_HUMANS
from watchdog.domain.decisions import GuardAnswer, Verdict
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Then
from watchdog.domain.units import show_seconds
from watchdog.presentation.block_words import UNREAD, Block, block_of
from watchdog.presentation.notices.headlines import time_of_day
from watchdog.presentation.situation import Situation, blocking, situation
from watchdog.presentation.text import clean, sentence, show_probability

LIKELY = 0.5
"""A manual rollback is suggested only if the deploy is more likely guilty than not."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What happens next in an incident, and what the reader has to do."""

    situation: Situation  # its row
    label: str  # progress in a few words, for a badge: `rolling back`, `needs you`
    sentence: str  # what happens next and when; one or two sentences
    until: float | None  # when that happens (UTC epoch seconds); None: no known time
    task: str  # the reader's next step, imperative; empty: there is nothing to do
    commands: tuple[str, ...]  # the commands that do it, the recommended one first; `rollback` is the service's


@dataclass(frozen=True, slots=True)
class _Case:
    """An incident and the moment its sentence is read at."""

    incident: Incident
    now: float
    tz: tzinfo

    @property
    def target(self) -> str:
        """Return the target with its commit: `dep-40 (1b7e0d4)`."""
        rollback = self.incident.rollback
        return (
            f"{clean(rollback.target)} ({short(rollback.target_code)})"
            if rollback.target_code
            else clean(rollback.target or "an earlier deploy")
        )

    @property
    def suspect(self) -> str:
        """Return the blamed deploy with its commit, `dep-42 (9f3c2ab)`; `the deploy` if none is blamed."""
        decision = self.incident.decision
        deploy = decision.blame.accused if decision is not None and decision.blame is not None else None
        if deploy is None:
            return "the deploy"
        return f"{clean(deploy.id)}{f' ({clean(short(deploy.code))})' if deploy.code else ''}"

    @property
    def service(self) -> str:
        """Return the service's name."""
        return clean(self.incident.service)

    def at(self, moment: float | None) -> str:
        """Return a time of day, or nothing for an unknown one."""
        return time_of_day(moment, self.now, self.tz) if moment is not None else ""

    def by(self, moment: float | None, before: str) -> str:
        """Return ` by 16:31 UTC`, with the word in front; empty for an unknown moment."""
        return f" {before} {self.at(moment)}" if moment is not None else ""


@dataclass(frozen=True, slots=True)
class Row:
    """The words of one situation."""

    label: str  # for a badge
    happens: Callable[[_Case], str]  # what happens next and when
    task: Callable[[_Case], str]  # the reader's next step
    commands: tuple[str, ...] = ()  # buttons, the recommended one first
    until: Callable[[Incident], float | None] = lambda _: None  # when it happens


def outlook(incident: Incident, now: float, tz: tzinfo = UTC) -> Outlook:
    """Return what happens next in the incident, read at `now` (UTC epoch seconds) in zone `tz`."""
    found = situation(incident)
    row, case = ROWS[found], _Case(incident, now, tz)
    commands = row.commands
    held = _in_peoples_way(incident)
    if found in (Situation.BLOCKED_FOR_NOW, Situation.ASKS_LATER, Situation.BLOCKED) and held is not None:
        cure = block_of(held).command
        commands = (*((cure,) if cure else ()), *commands)
    # Acknowledged once is enough; a manual rollback is offered only where it may help and would not be refused.
    commands = tuple(
        one
        for one in commands
        if (one != "acknowledge" or incident.escalation.acknowledged_by is None)
        and (one != "rollback" or _worth_a_try(incident))
    )
    return Outlook(found, row.label, row.happens(case), row.until(incident), row.task(case), commands)


def _worth_a_try(incident: Incident) -> bool:
    """Return whether a manual rollback would have a target, no guard or author against it, and a likely culprit.

    A tired reader follows every suggestion, so a rollback that would be refused, or is unlikely to help, is none.
    """
    decision = incident.decision
    if decision is None or decision.target is None or decision.target.deploy is None:
        return False
    # The trailer holds for the daemon alone; yet its author knows why this commit must not be rolled back.
    blocked = {one.name for one in decision.guards if one.verdict is Verdict.BLOCK} - (NOT_FOR_HUMANS - {"trailer"})
    return not blocked and decision.blame is not None and (decision.blame.probability or 0.0) >= LIKELY


def _question(case: _Case) -> str:
    deadline = case.incident.question.deadline
    due = deadline.due_at if deadline is not None else None
    if deadline is None or due is None:
        return f"Roll back to {case.target}? Waits for an answer."
    if case.incident.late_paged:
        return f"Roll back to {case.target}? No answer came by {case.at(due)}; the daemon still waits for one."
    then = {
        Then.ROLLBACK: f"then rolls back to {case.target}, if every guard still passes",
        Then.ESCALATE: "then pages again",
        Then.NOTHING: "then changes nothing",
    }[deadline.then]
    return f"Roll back to {case.target}? Waits for an answer until {case.at(due)}, {then}."


def answer_due_at(incident: Incident) -> float | None:
    """Return when the question's default is carried out, at the earliest; None without one, or once it was."""
    deadline = incident.question.deadline
    return deadline.due_at if deadline is not None and not incident.late_paged else None


def _scheduled(case: _Case) -> str:
    until, who = case.incident.announced_until, clean(case.incident.question.approved_by)
    if until is not None and case.now >= until and case.incident.rollback.blocked_since is not None:
        return f"The rollback to {case.target}, approved by {who}, is due since {case.at(until)}, and not sent yet."
    when = case.by(until, "at")
    return (
        f"Rolls back to {case.target}{when}, approved by {who}, if {case.service} still fails and every guard passes."
    )


def _sending(case: _Case) -> str:
    rollback = case.incident.rollback
    if rollback.blocked_since is not None:
        waits = show_seconds(max(0.0, case.now - rollback.blocked_since))
        return f"Rolling back to {case.target}: due for {waits}, not sent yet; the daemon keeps trying."
    return f"Rolling back to {case.target}: switches auto-deploy off, then sends the rollback."


def _requested(case: _Case) -> str:
    at, pages = case.by(case.incident.rollback.requested_at, "at"), _pages(case, "no answer comes by then")
    return f"Asked Render for {case.target}{at}; no answer yet{_usually(case.incident)}.{pages}"


def _usually(incident: Incident) -> str:
    """Return how long the rollbacks of this service usually take, if it had one."""
    asked, expected = incident.rollback.requested_at, incident.rollback.expected_at
    if asked is None or expected is None:
        return ""
    return f", usually live within {show_seconds(max(1.0, expected - asked))}"


def _pages(case: _Case, unless: str) -> str:
    """Return when people are paged; nothing where they would not be: no channel, a silence, or that moment is past."""
    at = case.incident.rollback.overdue_at
    # Without a channel: a person began this rollback in an incident that the policy only records.
    if at is None or case.now >= at or case.incident.muted or not case.incident.channels:
        return ""
    return f" The daemon pages at {case.at(at)} if {unless}."


def _deploying(case: _Case) -> str:
    rollback = case.incident.rollback
    asked, deploy = case.by(rollback.requested_at, "since"), clean(rollback.deploy)
    how = f"Render deploys {case.target} again{asked}, as {deploy}{_usually(case.incident)}"
    return f"{how}; the daemon verifies it once live.{_pages(case, 'it is not live by then')}"


def _verifying(case: _Case) -> str:
    rollback = case.incident.rollback
    since, expected = case.by(rollback.restored_at, "since"), rollback.expected_at
    earliest = f", at {case.at(expected)} at the earliest" if expected is not None and case.now < expected else ""
    proof = f"the incident ends once fresh probes prove the recovery{earliest}"
    return f"{case.target} is live{since}; {proof}.{_pages(case, 'it is not proved by then')}"


def _merge_nothing(case: _Case) -> str:
    """Return the one task while a rollback is under way: none, if auto-deploy is off."""
    return "" if case.incident.pin.off else "Merge nothing until it is verified: auto-deploy is not known to be off."


def _blocked_why(case: _Case) -> str:
    decision = case.incident.decision
    return clean(decision.why).rstrip(".") if decision is not None else ""


def _blocked(case: _Case) -> str:
    """Return why the rollback is not sent, and what follows."""
    block, acknowledged = blocking(case.incident), case.incident.escalation.acknowledged_by
    words = _block_of(case)
    then = words.then.format(service=case.service)
    if situation(case.incident) is Situation.ASKS_LATER and block is not None:
        then = f"The daemon asks again{case.by(block.clears_at, 'at')}, if {case.service} still fails then."
    elif block is not None and block.clears_at is not None and acknowledged is not None:
        then = f"{clean(acknowledged)} acknowledged it, so the daemon does not ask again."
    elif block is not None and block.clears_at is not None and case.incident.question.asked_at is not None:
        then = "The daemon asked once, and does not ask again."
    if block is None or words is UNREAD:
        return f"Not rolled back: {_blocked_why(case)}. {then}"
    return f"Not rolled back ({clean(block.name)}): {clean(block.why).rstrip('.')}. {then}"


def _block_of(case: _Case) -> Block:
    """Return the words about what blocks: a guard, or a fact that is not known yet (no deploy list, blind)."""
    block = blocking(case.incident)
    waits = situation(case.incident) is Situation.BLOCKED_FOR_NOW
    return block_of(block) if block is not None and (block.passing or not waits) else UNREAD


def _clears_at(incident: Incident) -> float | None:
    block = blocking(incident)
    return block.clears_at if block is not None else None


def _in_peoples_way(incident: Incident) -> GuardAnswer | None:
    """Return the blocking guard that the reader has to deal with first: one that holds for people, too, else the first.

    Budget and cooldown restrain the daemon alone; a pause or a refused key would refuse a manual rollback as well.
    """
    decision = incident.decision
    blocks = [one for one in decision.guards if one.verdict is Verdict.BLOCK] if decision is not None else []
    return next((one for one in blocks if one.name not in NOT_FOR_HUMANS), blocking(incident))


def _cure(case: _Case) -> str:
    held = _in_peoples_way(case.incident)
    if held is None or held is blocking(case.incident):
        return _block_of(case).task.format(suspect=case.suspect)
    # The sentence names another guard: without this one's reason its cure would come out of the blue.
    return f"{sentence(clean(held.why))} {block_of(held).task.format(suspect=case.suspect)}"


def _not_the_deploy(case: _Case) -> str:
    decision = case.incident.decision
    blame = decision.blame if decision is not None else None
    if blame is None or blame.suspect is None or blame.probability is None:
        return f"Nothing is rolled back: {_blocked_why(case)}."
    share = f"P {show_probability(blame.probability)}, needs {blame.need:.2f}"
    why = next((veto.why for veto in blame.vetoed), share)
    # A suspended service fails for a reason that no deploy explains.
    block = blocking(case.incident)
    besides = f" {clean(block.why).rstrip('.')}." if block is not None and block.name == "service" else ""
    return f"Nothing is rolled back: {clean(blame.suspect.id)} is not to blame ({clean(why)}).{besides}"


def _beside_the_deploy(case: _Case) -> str:
    block = blocking(case.incident)
    return block_of(block).task if block is not None and block.name == "service" else _FIND_THE_CAUSE(case)


def _left(why: str) -> Callable[[_Case], str]:
    return lambda case: f"{why} The daemon changes nothing more: {clean(case.incident.human_needed).rstrip('.')}."


def _not_done(case: _Case) -> str:
    sent = case.incident.rollback.requested_at is not None
    return _left("The rollback is not known to be live." if sent else "No rollback was sent.")(case)


def _rejected(case: _Case) -> str:
    said = sentence(clean(case.incident.human_needed))
    return f"{said} The daemon changes nothing in this incident and watches until it is over."


def _no_action(case: _Case) -> str:
    return f"{sentence(_blocked_why(case))} The daemon closes the incident when it is over."


def _observed(case: _Case) -> str:
    would = case.incident.decision.would if case.incident.decision is not None else ""
    return f"Mode observe: the daemon changes nothing; it {clean(would)}."


def _closed(case: _Case) -> str:
    return sentence(clean(case.incident.outcome))


def _always(text: str) -> Callable[[_Case], str]:
    return lambda case: text.format(service=case.service, suspect=case.suspect, target=case.target)


_NOTHING = _always("")
_FIND_THE_CAUSE = _always("Find the cause on Render's dashboard and in the logs; acknowledge to stop the escalation.")
_ACKNOWLEDGE = ("acknowledge",)
ROWS: Mapping[Situation, Row] = MappingProxyType(
    {
        Situation.UNDECIDED: Row("deciding", _always("The daemon decides with the next readings."), _NOTHING),
        Situation.QUESTION: Row(
            "needs your answer",
            _question,
            _always("Approve if {suspect} is to blame, else reject."),
            ("approve", "reject", *_ACKNOWLEDGE),
            answer_due_at,
        ),
        Situation.ANNOUNCED: Row(
            "rollback announced",
            lambda case: f"Rolls back to {case.target}{case.by(case.incident.announced_until, 'at')}, unless stopped.",
            _always("Stop it if {suspect} is not to blame."),
            ("stop", "approve"),
            lambda incident: incident.announced_until,
        ),
        Situation.SCHEDULED: Row(
            "rollback scheduled",
            _scheduled,
            _always("Stop it if {suspect} is not to blame."),
            ("stop", "approve"),
            lambda incident: incident.announced_until,
        ),
        Situation.SENDING: Row("rolling back", _sending, _merge_nothing, ("stop",)),
        Situation.REQUESTED: Row(
            "rolling back",
            _requested,
            _merge_nothing,
        ),
        Situation.DEPLOYING: Row("rolling back", _deploying, _merge_nothing),
        Situation.VERIFYING: Row("verifying", _verifying, _merge_nothing),
        Situation.BLOCKED_FOR_NOW: Row("needs you", _blocked, _cure, ("stop", *_ACKNOWLEDGE)),
        Situation.ASKS_LATER: Row(
            "needs you",
            _blocked,
            _cure,
            ("rollback", *_ACKNOWLEDGE),
            _clears_at,
        ),
        Situation.BLOCKED: Row("needs you", _blocked, _cure, ("rollback", *_ACKNOWLEDGE)),
        Situation.OBSERVED: Row(
            "needs you",
            _observed,
            _always("Roll back to {target} by hand if {suspect} is to blame."),
            ("rollback", *_ACKNOWLEDGE),
        ),
        Situation.NOT_THE_DEPLOY: Row("needs you", _not_the_deploy, _beside_the_deploy, ("rollback", *_ACKNOWLEDGE)),
        Situation.NO_ACTION: Row("for information", _no_action, _NOTHING, _ACKNOWLEDGE),
        Situation.REJECTED: Row("rollback rejected", _rejected, _FIND_THE_CAUSE, _ACKNOWLEDGE),
        Situation.STOPPED: Row("rollback stopped", _rejected, _FIND_THE_CAUSE, _ACKNOWLEDGE),
        Situation.DID_NOT_HELP: Row(
            "needs you",
            _left("The rollback is live and does not count as a recovery."),
            _FIND_THE_CAUSE,
            ("acknowledge", "undo"),
        ),
        Situation.NOT_DONE: Row(
            "needs you",
            _not_done,
            _always("Look at {service}'s deploys on Render's dashboard before anything else."),
            _ACKNOWLEDGE,
        ),
        Situation.NEEDS_A_PERSON: Row(
            "needs you", _left("No rollback was sent."), _FIND_THE_CAUSE, ("rollback", *_ACKNOWLEDGE)
        ),
        Situation.CLOSED: Row("over", _closed, _NOTHING),
    }
)
"""One row for each situation; a test holds that none is missing."""

"""The lines below a notice's title: the cause, the reader's task, the work left; and the evidence and arithmetic."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from types import MappingProxyType

from watchdog.core.note_text import blame_line, guards_line, healed_line, rebuild_words, short, target_line
from watchdog.domain.code_comparison import headline
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Blame
from watchdog.domain.deploys import Deploy
from watchdog.domain.follow_ups import RUNBOOK
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import IncidentNews
from watchdog.domain.units import show_seconds
from watchdog.presentation.decision_text import named, reading_now
from watchdog.presentation.notices.notice_case import NoticeCase
from watchdog.presentation.outlook import rollback_line
from watchdog.presentation.outlooks import remedy_words
from watchdog.presentation.outlooks.safe_order import order_of
from watchdog.presentation.situation import Situation
from watchdog.presentation.text import clean

Lines = tuple[str, ...]
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "approve": "Approve",
        "reject": "Reject",
        "stop": "Stop the rollback",
        "rollback": "Roll back by hand",
        "resume": "Resume the daemon",
        "undo": "Undo the rollback",
        "acknowledge": "Acknowledge",
        "restore-auto-deploy": "Switch auto-deploy on",
    }
)
"""The commands of an outlook, by what they do for the reader."""
EPISODE_SECONDS = 1.0
"""The worst finding may begin this much later than its incident before both times are stated."""


def cause_line(case: NoticeCase) -> str:
    """Return since when it lasts and its cause: `Critical for 72 s, since 16:16 UTC: 4 s after dep-45 … went live.`"""
    incident, severity = case.incident, case.incident.severity.value.capitalize()
    # A person asked for this rollback; no check failed.
    if not incident.findings:
        return f"{severity}, since {case.clock(incident.onset_at)}: {incident.title}."
    onset = incident.findings[0].onset_at
    began, restored = f"{case.clock(onset)}{_in_utc(case, onset)}", incident.rollback.restored_at
    when = f"{severity} for {case.lasted(onset)}, since {began}"
    if restored is not None:
        how = "rebuilt" if incident.rollback.rebuilds else "rolled back"
        when = f"{severity} since {began}, {how} {case.clock(restored)}"
    # The worst finding may have begun later than the incident: readers need both times.
    earlier = onset - incident.onset_at > EPISODE_SECONDS
    whole = f" (the incident began {case.clock(incident.onset_at)})" if earlier else ""
    return f"{when}{whole}{_suspected(incident, onset)}."


def _in_utc(case: NoticeCase, at: float) -> str:
    """Return ` (14:14 UTC)` beside a time of day of another zone: logs and colleagues elsewhere have UTC."""
    utc = replace(case, tz=UTC).clock(at)
    return f" ({utc})" if utc != case.clock(at) else ""


def _suspected(incident: Incident, onset: float) -> str:
    """Return the suspect deploy, and how long it was live at the onset; nothing if it is not likely to blame."""
    blame = incident.decision.blame if incident.decision is not None else None
    change = _accused(blame)
    if blame is None or change is None:
        return ""
    configuration = ", a change of configuration only," if blame.configuration else ""
    name, live_at = f"{name_deploy(change)}{configuration}", change.finished_at
    if live_at is None or live_at > onset:
        return f": suspect {name.rstrip(',')}"
    return f": {show_seconds(onset - live_at)} after {name} went live"


def _accused(blame: Blame | None) -> Deploy | None:
    return blame.accused if blame is not None and blame.likelier_than_not else None


def name_deploy(deploy: Deploy) -> str:
    """Return `dep-45 "Rework the basket" (c0ffee1)`."""
    subject, code = headline(deploy.commit_message), short(deploy.code)
    title = f' "{clean(subject)}"' if subject else ""
    return f"{clean(deploy.id)}{title}{f' ({clean(code)})' if code else ''}"


def task_lines(case: NoticeCase, *, more: bool = False) -> Lines:
    """Return the reader's task, and below it the commands that are open, the recommended one first.

    `more`: another line of the notice names something to do, so that no line says that there is nothing.
    """
    coming = case.outlook
    commands = " · ".join(_spelled(one, case) for one in coming.commands)
    return tuple(line for line in (coming.step if coming.task or not more else "", commands) if line)


def _spelled(command: str, case: NoticeCase) -> str:
    """Return `Approve: watchdog incident approve web-1`; `rollback` is of a service, `resume` the daemon's."""
    incident = case.incident
    words = {"restore-auto-deploy": (clean(incident.service),), "resume": ()}.get(command, (clean(incident.id),))
    label = LABELS.get(command, command.capitalize())
    if command == "approve" and incident.announced_until is not None:
        label = "Do not wait"
    # Blocked, no rollback is under way: the command keeps the daemon from deciding once more.
    if command == "stop" and case.outlook.situation is Situation.BLOCKED_FOR_NOW:
        label = "Do not roll back"
    if command == "acknowledge":
        label = f"{label}{_stops(case)}"
    if command == "rollback":
        label = f"Roll {case.outlook.other} back (plan first)" if case.outlook.other else label
        return f"{label}: {rollback_line(incident, case.outlook)}"
    return f"{label}: {command_line(command, *words)}"


def _stops(case: NoticeCase) -> str:
    """Return what an acknowledgement does: ` (pauses the escalation, cancels that question)`."""
    escalation = ["pauses the escalation"] if case.news.escalates else []
    question = ["cancels that question"] if case.outlook.situation is Situation.ASKS_LATER else []
    ends = ", ".join((*escalation, *question))
    return f" ({ends})" if ends else ""


def answer_lines(case: NoticeCase) -> Lines:
    """Return the terms of an open question beyond its deadline: who may answer, and what may come before an answer."""
    incident, terms = case.incident, case.terms
    lines = only_approver(incident, terms.approver)
    if terms.opens_at is not None:
        policy = f"policy: {incident.severity}: window: {terms.window}"
        when = f"{terms.opens} (in {show_seconds(max(0.0, terms.opens_at - case.at))})"
        lines += (f"An approval is carried out at {when} ({policy}); a second approval, at once.",)
    # The daemon decides anew once a passing obstacle has cleared, with or without an answer.
    if incident.decision is not None and incident.decision.asks_for_now:
        lines += ("Once that has passed, the daemon decides again, and may roll back without an answer.",)
    return lines


def only_approver(incident: Incident, name: str) -> Lines:
    """Return the line about the only person who may approve, if the policy names one."""
    if not name:
        return ()
    return (f"Only {name} may approve (policy: {incident.severity}: approver: {name}); others may reject.",)


def done_lines(incident: Incident) -> Lines:
    """Return the changes made to production so far."""
    lines = []
    if incident.pin.note:
        lines.append(f"Auto-deploy: {incident.pin.note}")
    if incident.rollback.deploy:
        how = rebuild_words(incident)
        what = (
            f"Rebuild: away from {incident.suspect}"
            if how
            else f"Rollback: {incident.suspect} -> {incident.rollback.target}"
        )
        lines.append(f"{what} as {incident.rollback.deploy}{f'; {how}' if how else ''}")
    return (*lines, *map(remedy_words.done_line, incident.remedies))


def left_lines(case: NoticeCase) -> Lines:
    """Return the work left for people after an incident: that of its outlook; and if it may have been needless. Where
    auto-deploy was switched off, how it stands now."""
    healed = case.incident.rollback.healed_at is not None
    maybe = (f"Left to do: {healed_line(case.incident)}.",) if healed else ()
    stands = (case.outlook.besides,) if case.incident.pin.off and case.outlook.besides else ()
    return (*maybe, *task_lines(case, more=healed), *stands)


def todo_lines(incident: Incident) -> Lines:
    """Return the runbook's open items after a rollback, each with owner and due time; none without a rollback."""
    if incident.rollback.requested_at is None:
        return ()
    # Stakeholders whom the daemon informed are no task for people any more.
    open_items = [one for one in RUNBOOK if one.by_people and not (one.id == "stakeholders" and incident.informed)]
    left = [(one, show_seconds(one.within_seconds or 0.0)) for one in open_items]
    return tuple(
        f"{one.text}: {one.owner}, within {by} ({command_line('tick', incident.id, one.id)})" for one, by in left
    )


def now_lines(news: IncidentNews) -> Lines:
    """Return the readings at the moment of the notice, where the evidence of the decision is older."""
    return tuple(f"{one.signal} {reading_now(one)}" for one in news.readings)


def reasoning(incident: Incident) -> Lines:
    """Return the findings, the decision, the arithmetic of the blame, the guards and the target, a line each."""
    decision = incident.decision
    lines = [f"Seen: {finding.signal}: {finding.text}" for finding in incident.findings]
    if decision is None:
        return tuple(lines)
    lines += [f"Seen: {item.signal}: {item.text}" for item in decision.evidence if item.verdict == "unknown"]
    lines.append(f"Decided: {decision.course.value}: {decision.why}")
    if decision.blame is not None and decision.blame.accused is not None:
        lines.append(f"Suspect: {named(decision.blame.accused)}")
    lines.append(f"Blame: {blame_line(decision)}")
    if decision.blame is not None:
        lines += [f"Blame: x {term.factor:g}: {term.why}" for term in decision.blame.factors]
    lines.append(f"Guards: {guards_line(decision.guards)}")
    lines.append(f"Target: {target_line(decision)}")
    lines += [f"Safe order, {number}.: {step}" for number, step in enumerate(order_of(incident)[1:], 1)]
    if decision.would:
        lines.append(f"Mode observe: {decision.would}")
    return tuple(lines)

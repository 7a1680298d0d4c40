"""The open questions, and the reasons why an answer to one does not count. Pure: states in, texts out.

Rule 1: an answer is bound to the question its author saw, with its deploys. A changed question is asked anew. A no to
the same rollback holds, even if it was asked again since. A typed yes names no deploys: it counts for the open
question, once that has been out for READ_SECONDS if it replaced one about another rollback.
Rule 2: a stop is never refused for a detail: its author wants no rollback of that incident.
Rule 3: where the policy names an approver, a yes counts under one of that contact's identities, and under no other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.domain import events as e
from watchdog.domain.effects import Effect, Note
from watchdog.domain.events import Event
from watchdog.domain.identities import of_another_version, read
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.notices import Notice
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import CommandAnswer
from watchdog.domain.units import show_seconds
from watchdog.ports.chat import ChatQuestion
from watchdog.presentation.text import moment

HOLDS_SECONDS = 3600.0
"""Lifetime of a button where the policy sets no deadline; a stop's lasts longer if its rollback is due later."""

READ_SECONDS = 60.0
"""A typed yes this soon after the question changed may answer the one before."""

OTHER_VERSION = (
    "the console that took this approval and this worker are of different versions, and it is unknown whether the name "
    "was proven: ask again when both are of one version"
)

Objection = Callable[[State], str]
"""Returns why an event must not be handled in this state, or an empty string."""


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """The command behind an event: its objection, and the answer made from the core's effects."""

    objection: Objection | None
    answer: Callable[[Sequence[Effect]], CommandAnswer]


VERBS: Mapping[type[Event], str] = {e.Approved: "approve", e.Rejected: "reject", e.Stopped: "stop"}


def refusal(state: State, event: Event, why: str) -> Note:
    """Return the line of the incident's log for a refused answer: its author and the reason."""
    incident, by = getattr(event, "incident", None), getattr(event, "by", "an unnamed person")
    service = state.of_incident(incident)
    said = f"{VERBS.get(type(event), 'an answer')} by {by}: {why}"
    return Note(event.at, service.name if service is not None else "", incident, "REFUSED", said)


def question(state: State, policy: Policy, notice: Notice, now: float) -> ChatQuestion | None:
    """Return the question that a notice carries, or the rollback it lets people stop; None if there is none.

    Its buttons count for the policy's deadline, from the moment the notice is sent.
    """
    service = state.services.get(notice.service)
    if service is None or service.incident is None or service.incident.id != notice.incident or not open_in(service):
        return None
    incident, announced = service.incident, service.phase is Phase.ANNOUNCED
    # An announced rollback can be stopped until it is due, also beyond HOLDS_SECONDS.
    due = incident.announced_until if announced and incident.announced_until is not None else 0.0
    if incident.suspect is None or incident.rollback.target is None:
        return None
    rule = policy.matrix.get(incident.severity)
    holds = rule.within_seconds if rule is not None and not announced else None
    return ChatQuestion(
        incident=incident.id,
        service=service.name,
        suspect=incident.suspect,
        target=incident.rollback.target,
        asked_at=_since(incident, announced),
        # From the sending, not from the decision: a notice may have waited for its channel.
        until=max(now + (holds or HOLDS_SECONDS), due),
        announced=announced,
        suspect_code=incident.suspect_code,
        target_code=incident.rollback.target_code,
    )


def open_in(service: ServiceState) -> bool:
    """Return whether a question is open, or an announced rollback can be stopped."""
    return service.phase in (Phase.ASKING, Phase.ANNOUNCED)


def stale_answer_check(name: str, given: Mapping[str, Any], at: float) -> Objection:
    """Return the check of an answer (approve, reject, stop) with these arguments, given at that time.

    Of `given`, `refused` is why its author has no permission; `question` has the values shown (suspect, target,
    asked_at).
    """
    shown = given.get("question")

    def object_to(state: State) -> str:
        if given.get("refused"):
            return str(given["refused"])
        service = state.of_incident(given["incident"])
        if service is None or service.incident is None:
            return ""
        # Nothing to compare with: the core judges the answer.
        if shown is None:
            typed = name == "approve" and not given.get("seen")
            return _just_replaced(service, service.incident, at) if typed else ""
        if service.incident.closed_at is not None:
            return closed_text(service.incident)
        if name == "stop":
            return ""
        holds_back = (
            name == "reject" and service.is_kept
        )  # a no to an approved rollback that waits for its window is a stop
        decided = "" if holds_back else _decided(service.incident)
        return decided or _changed(service, service.incident, shown, again=name != "reject")

    return object_to


def approver_mismatch(
    state: State, policy: Policy, incident: str, identity: str, *, names_are_proven: bool = True
) -> str:
    """Return why an approval under this identity does not count, naming the approver, or an empty string."""
    service = state.of_incident(incident)
    if service is None or service.incident is None or not open_in(service):
        return ""  # the core says why nothing is asked
    severity = service.incident.severity
    rule = policy.matrix.get(severity)
    approver = rule.approver if rule is not None else None
    if approver is None or read(identity, names_are_proven=names_are_proven) in approver.answers_as:
        return ""
    asked = f"only {approver.name} may approve this (policy: {severity}: approver: {approver.name})"
    # During an upgrade the older console writes identities without saying how the name was proven.
    if names_are_proven and of_another_version(identity):
        return f"{asked}; {OTHER_VERSION}"
    return f"{asked}; you are {identity or 'not named'}"


def closed_text(incident: Incident) -> str:
    """Return the text of a closed incident: since when, and its outcome."""
    at = f" since {moment(incident.closed_at)}" if incident.closed_at is not None else ""
    return f"{incident.id} is over{at}: {incident.outcome or 'closed'}; no question is open"


def _decided(incident: Incident) -> str:
    """Return who decided before, or an empty string."""
    question = incident.question
    if question.approved_by and question.approved_at is not None:
        return f"it is decided already: approved by {question.approved_by} at {moment(question.approved_at)}"
    return f"it is decided already: {incident.human_needed}" if incident.human_decision is not None else ""


def _changed(service: ServiceState, incident: Incident, shown: Mapping[str, Any], *, again: bool) -> str:
    """Return the change since the question was shown, or an empty string; `again`: a repeated question is a change."""
    if service.live is not None and service.live != shown.get("suspect"):
        return f"another deploy is live now ({service.live}) than the one you were asked about ({shown.get('suspect')})"
    if not open_in(service):
        return ""  # the core says why nothing is asked
    if incident.suspect != shown.get("suspect") or incident.rollback.target != shown.get("target"):
        now = f"{incident.suspect} -> {incident.rollback.target}"
        return f"the question is another one now ({now}): answer the newer message"
    if again and _since(incident, service.phase is Phase.ANNOUNCED) != shown.get("asked_at"):
        return "it was asked again since: answer the newer message"
    return ""


def _just_replaced(service: ServiceState, incident: Incident, at: float) -> str:
    """Return that the open question is another one since a moment ago, or an empty string."""
    since = incident.question.asked_anew_at
    if service.phase is not Phase.ASKING or since is None or at - since >= READ_SECONDS:
        return ""
    now = f"{incident.suspect} -> {incident.rollback.target}"
    left = show_seconds(since + READ_SECONDS - at)
    return f"since {moment(since)} the question is another one ({now}): if you mean that one, approve it in {left}"


def _since(incident: Incident, announced: bool) -> float:
    """Return the moment that identifies a question: when it was asked, or when the announced rollback is due."""
    at = incident.announced_until if announced else incident.question.asked_at
    return at if at is not None else 0.0

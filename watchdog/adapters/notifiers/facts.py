"""The facts of a notice about an incident, for channels that show them apart from its text: typed, and as named rows.

Rule 1: what happens next, and the reader's next step, are those of `presentation/outlook.py`, as in every other place.
Rule 2: a fault in here costs the facts, never the notice: title and lines are all that a page needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchdog.adapters.notifiers import text
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import Subject
from watchdog.domain.decisions import Blame, Decision
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.notices import IncidentNews, Notice
from watchdog.domain.units import show_seconds
from watchdog.presentation.decision_text import named
from watchdog.presentation.notices.notice_case import state_of_news
from watchdog.presentation.outlook import Outlook, outlook, rollback_line
from watchdog.presentation.outlooks.outlook_case import likely_to_blame
from watchdog.presentation.text import moment, percent

MAX_SHORT, MAX_LONG = 255, 500
IN_THE_NEWS = frozenset({"what happens next", "next step", "command", "severity", "incident"})
"""Rows that the news, or the frame around it, has said already where both are shown together."""


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """The facts of one incident at the moment of the notice. Times are UTC epoch seconds."""

    incident: Incident  # as it stood at the decision to send the notice
    at: float  # the moment of the notice
    began_at: float  # begin of the failure, as the title states it
    ended_at: float | None  # when the service was well again; None: not yet, or not known
    blame: Blame | None  # how likely the suspect is to blame; None: nothing was weighed
    next: Outlook  # what happens next, and the reader's next step
    commands: tuple[str, ...]  # the lines to type for it, the recommended one first

    @property
    def lasted_seconds(self) -> float:
        """Return how long the failure lasts, or lasted."""
        return max(0.0, (self.ended_at if self.ended_at is not None else self.at) - self.began_at)

    @property
    def suspect(self) -> Deploy | None:
        """Return the deploy that was weighed as the cause."""
        return self.blame.accused if self.blame is not None else None


def facts(notice: Notice) -> NoticeFacts | None:
    """Return the facts; None for a notice that is not about an incident, or is for people outside engineering."""
    if notice.about is None or notice.plain:
        return None
    try:
        return _facts(notice.about, notice.at)
    except Exception as error:  # noqa: BLE001  a fault in a table of facts must not keep a page from people
        # Imported where it is needed: settings load every kind of channel, and a short command logs nothing.
        import structlog

        log = structlog.get_logger("watchdog")
        log.warning("facts of a notice left out", incident=notice.incident, error=type(error).__name__)
        return None


def _facts(news: IncidentNews, at: float) -> NoticeFacts:
    incident, coming = news.incident, outlook(news.incident, at, state=state_of_news(news))
    # Once it is over the title counts from the first failed reading; before, from the worst finding's.
    over = incident.closed_at is not None or not incident.findings
    return NoticeFacts(
        incident=incident,
        at=at,
        began_at=incident.onset_at if over else incident.findings[0].onset_at,
        ended_at=_ended_at(incident),
        blame=incident.decision.blame if incident.decision is not None else None,
        next=coming,
        commands=tuple(_typed(name, incident, coming) for name in coming.commands),
    )


def _ended_at(incident: Incident) -> float | None:
    """Return the end that the all-clear's title counts to: a verified rollback went live, or the incident ended."""
    if incident.cure is not None:
        return incident.cure.done_at
    verified = incident.outcome is Outcome.VERIFIED
    return (incident.rollback.restored_at if verified else None) or incident.closed_at


def _typed(name: str, incident: Incident, coming: Outlook) -> str:
    """Return the line to type for a command about the incident, or about a service."""
    if name == "rollback":
        return rollback_line(incident, coming)
    subjects = {Subject.INCIDENT: (incident.id,), Subject.SERVICE: (incident.service,)}
    return command_line(name, *subjects.get(COMMANDS[name].subject, ()))


def rows(notice: Notice) -> Mapping[str, str]:
    """Return short named facts for people, in the order of reading; none for people outside engineering."""
    if notice.plain:
        return {}
    known = facts(notice)
    about = {} if known is None else _about(known)
    said = {**about, "severity": notice.severity.value, "incident": notice.incident}
    return {name: text.clean(value, MAX_LONG) for name, value in said.items() if value}


def brief(notice: Notice) -> Mapping[str, str]:
    """Return the rows to show below the news: since, lasts or lasted, suspect, target, outcome, mode."""
    return {name: value for name, value in rows(notice).items() if name not in IN_THE_NEWS}


def _about(known: NoticeFacts) -> Mapping[str, str]:
    over = known.incident.closed_at is not None
    return {
        "since": moment(known.began_at),
        "lasted" if over else "lasts": show_seconds(known.lasted_seconds),
        "suspect": _suspect(known),
        "target": _target(known.incident.decision),
        "outcome" if over else "what happens next": known.next.sentence,
        "next step": known.next.task,
        "command": " or ".join(known.commands),
        "mode": known.incident.decision.mode if known.incident.decision is not None else "",
    }


def _suspect(known: NoticeFacts) -> str:
    """Return the deploy, `dep-42  9f3c2ab "Refactor sessions"`, with its probability; empty if none was weighed."""
    if known.blame is None or known.suspect is None:
        return ""
    if known.blame.probability is None:
        return named(known.suspect)
    chance = f"{likely_to_blame(known.incident)} (acts from {percent(known.blame.need, 0)})"
    return f"{named(known.suspect)}, {chance}"


def _target(decision: Decision | None) -> str:
    """Return the deploy that a rollback leads to, and why this one; empty if there is none."""
    choice = decision.target if decision is not None else None
    return f"{named(choice.deploy)}, {choice.why}" if choice is not None and choice.deploy is not None else ""


def typed(notice: Notice) -> Mapping[str, Any] | None:
    """Return the facts for machines: ids, numbers, times in UTC epoch seconds; None for a notice without any."""
    known = facts(notice)
    if known is None:
        return None
    incident, decision = known.incident, known.incident.decision
    return {
        "situation": known.next.situation.value,
        "progress": known.next.label,
        "since": known.began_at,
        "onset_at": incident.onset_at,
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "lasted_seconds": round(known.lasted_seconds, 1),
        "outcome": incident.outcome.value or None,
        "course": decision.course.value if decision is not None else None,
        "symptom": text.clean(incident.findings[0].symptom, MAX_SHORT) if incident.findings else None,
        "suspect": _deploy(known.suspect),
        "target": _deploy(decision.target.deploy if decision is not None and decision.target is not None else None),
        "probability": _rounded(known.blame),
        "needed": known.blame.need if known.blame is not None else None,
        "next": {
            "sentence": text.clean(known.next.sentence, MAX_LONG),
            "until": known.next.until,
            "task": text.clean(known.next.task, MAX_LONG),
            "commands": list(known.commands),
        },
    }


def _rounded(blame: Blame | None) -> float | None:
    return round(blame.probability, 6) if blame is not None and blame.probability is not None else None


def _deploy(deploy: Deploy | None) -> Mapping[str, str] | None:
    """Return a deploy; None where none is known."""
    if deploy is None:
        return None
    subject = deploy.commit_message.strip().split("\n")[0]
    said = {"id": deploy.id, "code": deploy.code or "", "message": subject}
    return {name: text.clean(value, MAX_SHORT) for name, value in said.items()}

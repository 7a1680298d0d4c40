"""Endings: an incident left to a human, only told, only noted, or closed."""

from dataclasses import replace

from watchdog.core import notice_text
from watchdog.core.assess import maintenance
from watchdog.core.context import Turn
from watchdog.core.fold import observations
from watchdog.core.guards import guards
from watchdog.core.phases import escalation, restore_auto_deploy
from watchdog.domain.effects import RestoreAutoDeploy
from watchdog.domain.incidents import History, Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Severity
from watchdog.domain.units import show_seconds

AGAIN_SECONDS = 3600.0


def alarm_title(turn: Turn) -> str:
    """Return the incident's headline; it begins with a warning while auto-deploy is off because of us."""
    return notice_text.alarm_title(turn.incident, turn.service.auto_deploy_off)


def page(turn: Turn) -> None:
    """Leave it to a human, with everything known."""
    turn.enter(Phase.PAGED)
    decision = turn.incident.decision
    why = (f"Left to you: {decision.why}",) if decision is not None else ()
    wakes = turn.incident.severity in (Severity.CRITICAL, Severity.HIGH)
    turn.tell(
        NoticeKind.HUMAN_NEEDED, alarm_title(turn), (*why, *notice_text.decision_lines(turn.incident)), wakes=wakes
    )
    escalation.call(turn)


def tell(turn: Turn) -> None:
    """Tell, without waking anybody."""
    turn.enter(Phase.PAGED)
    turn.tell(NoticeKind.OPENED, alarm_title(turn), notice_text.decision_lines(turn.incident))


def keep_quiet(turn: Turn) -> None:
    """Only write it down; nobody would hear that auto-deploy is off for it."""
    turn.enter(Phase.PAGED)
    give_back_or_say(turn)


def close(turn: Turn, outcome: str, how: str) -> None:
    """End the incident: written down, told to whoever was told of it; what was pinned for nothing goes back.

    Who was told of nothing hears at least that auto-deploy stays off. What failed as it was meant to teaches nothing.
    """
    planned = guards.was_down(turn.incident) and maintenance.explains(turn.service, turn.incident.onset_at)
    given = not turn.incident.tried and give_auto_deploy_back(turn)
    how = f"{how}; auto-deploy, switched off for it, is being given back" if given else how
    turn.amend(closed_at=turn.now, outcome=outcome, planned=planned)
    lasted = show_seconds(turn.now - turn.incident.onset_at)
    turn.note("CLOSED", f"{outcome}: {how}; {lasted} since onset")
    if turn.incident.paged or given:
        lines = (
            f"How: {how}",
            *notice_text.done_lines(turn.incident),
            *notice_text.left_lines(turn.incident, "" if given else turn.service.auto_deploy_off),
        )
        title = f"{turn.name} RESOLVED: {outcome} ({lasted} since onset)"
        turn.tell(NoticeKind.RESOLVED, title, lines, todo=notice_text.todo_lines(turn.incident))
    elif turn.incident.pin_previous is not None:
        restore_auto_deploy.left_off(turn)
    turn.put(observations.forget(turn.service, turn.now, spells=False))
    if not planned:
        turn.change(closed_at=turn.now, history=_wiser(turn))
    turn.enter(Phase.CALM)


def _wiser(turn: Turn) -> History:
    """Return the service's history with this incident, if it was one.

    A deploy that was suspected and that somebody replaced was bad; where it still serves, nobody knows. Anything else
    is another incident, once an hour: one outage that comes and goes is one. What a human undoes is none.
    """
    history, incident, service = turn.service.history, turn.incident, turn.service
    if incident.undoes or incident.severity not in (Severity.CRITICAL, Severity.HIGH):
        return history
    blame = incident.decision.blame if incident.decision is not None else None
    if blame is not None and blame.likely:
        replaced = service.live != incident.suspect
        return replace(history, bad_deploys=history.bad_deploys + 1) if replaced else history
    again = service.closed_at is not None and incident.opened_at - service.closed_at < AGAIN_SECONDS
    return history if again else replace(history, others=history.others + 1)


def give_back_or_say(turn: Turn) -> None:
    """Give auto-deploy back that this incident switched off and needs no longer; when that must wait, say so."""
    if not give_auto_deploy_back(turn) and turn.incident.pin_previous is not None:
        restore_auto_deploy.left_off(turn)


def give_auto_deploy_back(turn: Turn) -> bool:
    """Begin to restore auto-deploy if it is off because of this incident and nothing is withheld; tell whether."""
    value = turn.incident.pin_previous
    if value in (None, "off") or not turn.service.auto_deploy_off or turn.wishes.platform_id is None:
        return False
    if guards.withheld(turn.state):
        return False
    turn.amend(pin_note=f"off, is being given back (was {value})")
    turn.emit(RestoreAutoDeploy(turn.name, turn.incident.id, turn.wishes.platform_id, value))
    return True

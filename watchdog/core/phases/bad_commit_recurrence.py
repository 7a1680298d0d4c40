"""The bad commit coming back (auto-deploy, a Blueprint sync, a colleague): recognised by commit, said once per deploy.

Rule 1: it is answered by switching auto-deploy off again (once) and a page; never by a second rollback: in an incident
that it begins, a human is asked (guard.returned).
Rule 2: a deploy that people know of is bad news no more: what was listed when its code was denied, what was said.
"""

from watchdog.core import notice_text
from watchdog.core.context import Turn
from watchdog.core.guards import guards
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import PinAutoDeploy
from watchdog.domain.incidents import Incident, Phase
from watchdog.domain.notices import NoticeKind

KNOWN_MAX = 40
AFTER_THE_ROLLBACK = (Phase.DEPLOYING, Phase.VERIFYING, Phase.PAGED)


def remember(turn: Turn, code: str) -> None:
    """The code was denied just now: people know of the deploys that are listed."""
    _know(turn, [deploy for deploy in turn.service.deploys if deploy.code == code])


def _know(turn: Turn, deploys: list[Deploy]) -> None:
    new = [(deploy.code or "", deploy.id) for deploy in deploys]
    turn.change(bad=tuple(dict.fromkeys((*turn.service.bad, *new)))[-KNOWN_MAX:])


def watch(turn: Turn) -> None:
    """Look through a fresh deploy list for denied code that is live, or on its way, again."""
    if not turn.service.bad:
        return
    codes = {code for code, _ in turn.service.bad}.intersection(turn.state.denied)
    known = {deploy for _, deploy in turn.service.bad}
    back = [
        deploy
        for deploy in turn.service.deploys
        if deploy.code in codes and deploy.id not in known and (deploy.is_live or deploy.in_progress)
    ]
    if not back:
        return
    _know(turn, back)
    _pin(turn)
    for deploy in back:
        _say(turn, deploy)


def describe(deploy: Deploy) -> str:
    """Return what came back, how far it is, and who started it."""
    how = "live again" if deploy.is_live else "on its way again"
    return f"the bad commit {notice_text.short(deploy.code)} is {how} ({deploy.id}, {deploy.trigger})"


def _say(turn: Turn, deploy: Deploy) -> None:
    what = describe(deploy)
    turn.note("RETURNED", what)
    incident = _open(turn)
    if incident is not None and turn.service.phase is Phase.VERIFYING and deploy.is_live:
        return  # verification hands over in this very turn, in these words
    title = f"{turn.name}: {what}"
    lines = (
        "It is not rolled back a second time unless a human says so.",
        f"To roll back once more: watchdog rollback {turn.name}. If it is good now: watchdog trust {deploy.code}",
    )
    if incident is not None and incident.channels:
        turn.tell(NoticeKind.HUMAN_NEEDED, title, (*lines, *notice_text.done_lines(incident)), wakes=True)
    else:
        turn.tell_besides(NoticeKind.HUMAN_NEEDED, deploy.id, title, lines, wakes=True)


def _open(turn: Turn) -> Incident | None:
    incident = turn.service.incident
    return incident if incident is not None and incident.closed_at is None else None


def _pin(turn: Turn) -> None:
    """Switch auto-deploy off again, once, if somebody switched it on after our rollback."""
    incident, facts = _open(turn), turn.service.facts
    if incident is None or incident.rollback_deploy is None or turn.service.phase not in AFTER_THE_ROLLBACK:
        return
    if facts is None or facts.auto_deploy == "off" or incident.repinned:
        return
    if turn.wishes.platform_id is None or guards.withheld(turn.state):
        return
    turn.amend(repinned=True, pinned=False)
    turn.note("ACT", "auto-deploy -> off once more, to be read back")
    turn.emit(PinAutoDeploy(turn.name, incident.id, turn.wishes.platform_id, listed=facts.auto_deploy))

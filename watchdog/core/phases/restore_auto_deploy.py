"""Auto-deploy that is off because of us: offered back once a new commit is live, given back when a human asks.

Rule 1: only a human gives it back after a rollback; what somebody else switched on is theirs (perceive).
Rule 2: a new commit is one that somebody deployed by hand. Render tells of no commit that auto-deploy passed over
(neither in deploys nor in events): of those the repository is asked, and blocked_merges.py tells.
Rule 3: what people are told of it is an alert of its own, for the incident's is closed by then: opened by the first
word, closed when auto-deploy is on again, by whoever.
"""

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import Turn
from watchdog.core.guards import guards
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Note, RestoreAutoDeploy
from watchdog.domain.notices import NoticeKind


def is_ours(turn: Turn) -> bool:
    """Tell whether auto-deploy is off because of us."""
    return turn.service.auto_deploy_off not in ("", "off")


def offer(turn: Turn) -> None:
    """A fresh deploy list in calm: say once that auto-deploy can be given back, when a new commit is live."""
    if not is_ours(turn):
        return
    live = live_deploy(turn.service.deploys)
    if live is None or live.id == turn.service.offered or not _is_new(turn, live):
        return
    turn.change(offered=live.id)
    old = turn.service.auto_deploy_off
    lines = (
        f"{live.id} is live, a new commit; it was not shipped by auto-deploy, which is off because of us.",
        f"To give auto-deploy back ({old}): watchdog restore-auto-deploy {turn.name}",
    )
    turn.note("OFFER", " ".join(lines))
    tell(turn, f"{turn.name}: auto-deploy can be given back", lines)


def tell(turn: Turn, title: str, lines: tuple[str, ...], *, wakes: bool = False) -> None:
    """Tell of auto-deploy that is off because of us."""
    about = turn.service.told_off
    kind = NoticeKind.HUMAN_NEEDED if wakes else NoticeKind.UPDATED if about else NoticeKind.OPENED
    about = about or f"{turn.service.pinned_for or turn.name}/auto-deploy"
    turn.change(told_off=about)
    turn.tell_besides(kind, about, title, lines, wakes=wakes)


def left_off(turn: Turn) -> None:
    """Its incident needs it off no longer, but it is not given back now: say so, unless people know that it is off."""
    if not is_ours(turn) or turn.service.told_off:
        return
    withheld = guards.withheld(turn.state)
    until = f" ({withheld}: nothing is changed before a watchdog resume)" if withheld else ""
    say_off(turn, f"it was switched off for {turn.service.pinned_for}{until}", sure=turn.incident.pinned)


def say_off(turn: Turn, why: str, *, sure: bool) -> None:
    """Say that auto-deploy is off (or may be, if it was not read back) for nothing that goes on."""
    title = f"AUTO-DEPLOY {'IS' if sure else 'MAY BE'} OFF on {turn.name}"
    line = f"It was {turn.service.auto_deploy_off}; {why}."
    note(turn, "HUMAN", f"{title}. {line}")
    tell(turn, title, (line, f"To give it back: watchdog restore-auto-deploy {turn.name}"))


def note(turn: Turn, label: str, text: str) -> None:
    """Write it into the story of the incident that auto-deploy is off for, though that may be over."""
    turn.emit(Note(turn.now, turn.name, turn.service.pinned_for or None, label, text))


def over(turn: Turn, how: str) -> None:
    """Say that auto-deploy is on again, if it is and people were told that it is off."""
    about = turn.service.told_off
    if about and not is_ours(turn):
        turn.change(told_off="")
        lines = (f"{how}. What is merged from now on ships by itself, and with it what was merged meanwhile.",)
        turn.tell_besides(NoticeKind.RESOLVED, about, f"{turn.name}: auto-deploy is on again", lines)


def _is_new(turn: Turn, live: Deploy) -> bool:
    """Tell whether it brings code that is not denied and never ran before."""
    if live.code is None or live.is_rollback or live.code in turn.state.denied:
        return False
    return not any(item.code == live.code and item.was_live and item.id != live.id for item in turn.service.deploys)


def restore(turn: Turn) -> None:
    """A human asks to give auto-deploy back."""
    event = turn.event
    assert isinstance(event, e.RestoreRequested)
    withheld = guards.withheld(turn.state)
    if not is_ours(turn) or turn.wishes.platform_id is None:
        turn.note("REFUSED", f"auto-deploy of {turn.name} is not off because of us")
    elif withheld:
        turn.note("REFUSED", f"{withheld}: nothing is changed before a watchdog resume")
    else:
        value = turn.service.auto_deploy_off
        turn.note("BY HAND", f"auto-deploy -> {value}, asked for by {event.by}")
        turn.emit(RestoreAutoDeploy(turn.name, turn.service.pinned_for or turn.name, turn.wishes.platform_id, value))


def not_now(turn: Turn) -> None:
    """While something is being looked into, auto-deploy stays as it is."""
    phase = turn.service.phase.value.replace("_", " ")
    turn.note("REFUSED", f"auto-deploy is not given back now: {turn.name} is {phase}")

"""Keeping: a rollback that a human said yes to, and that the policy keeps for a window (`do: schedule`).

Rule 1: until the window begins it can be stopped; a second yes means now. Nobody is called meanwhile.
Rule 2: then everything is decided anew, with the yes counted. What holds it up and passes is waited for as long as the
window lasts; a window in which it was not done is followed by the next one.
Rule 3: a yes is for what was asked: of another deploy, or of worse trouble, it is decided as if nobody had said it.
"""

from watchdog.core.assess import schedule
from watchdog.core.context import Turn
from watchdog.core.fold import observations
from watchdog.core.guards import guards
from watchdog.core.phases import approval, close_incident, open_incident, paged, rollback_outcome, rollback_request
from watchdog.domain.decisions import Course, Decision, Verdict
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Window
from watchdog.domain.units import show_seconds

SAID_ONCE_SECONDS = 10.0
"""A second yes so soon after the first is the same one: pressed twice, or said by two at once."""
HELD_UP = (Course.PAGE, Course.ASK)


def wait(turn: Turn) -> None:
    """An announced rollback: that of a veto window (acting), or one that was agreed to."""
    if not turn.service.is_kept:
        rollback_outcome.await_veto(turn)
    elif observations.calm(turn.service, turn.policy, turn.now, turn.policy.detection.calm_seconds):
        close_incident.close(
            turn, "recovered by itself", "it recovered before the window for which the rollback was kept"
        )
    elif _is_another_matter(turn):
        forget(turn)
        approval.decide_anew(turn)
    elif turn.incident.muted and turn.silenced_by(NoticeKind.ANNOUNCED) is None:
        rollback_request.say_kept(turn)  # a silence kept it from people
    elif turn.now >= (turn.incident.announced_until or 0.0):
        _begin(turn)


def _is_another_matter(turn: Turn) -> bool:
    findings = observations.findings(turn.service, turn.policy, turn.now)
    return approval.suspect_gone(turn) or (bool(findings) and approval.worse(turn, findings))


def forget(turn: Turn) -> None:
    """The yes counts no longer."""
    turn.amend(approved_by=None, approved_at=None, announced_until=None)


def _begin(turn: Turn) -> None:
    """Its time has come: do it, unless the window is over already (nobody was there), or something passing is at it."""
    window, held_up = turn.rule.window, turn.incident.put_off_at is not None
    if window is not None and not schedule.within(window.hours, turn.now):
        rollback_request.keep(turn, "what held it up did not pass" if held_up else "no watchdog ran")
    elif window is None or not _is_held_up(turn, window):
        turn.amend(put_off_at=None)
        rollback_outcome.act_now(turn, turn.incident.approved_by, in_window=True)


def _is_held_up(turn: Turn, window: Window) -> bool:
    """Tell whether all that is against it will pass, and the window still lasts; looked at again every few seconds."""
    since = turn.incident.put_off_at
    if since is not None and turn.now - turn.incident.reconsidered_at < open_incident.RECONSIDER_SECONDS:
        return True
    findings = rollback_outcome.known_findings(turn)
    if not findings:
        return True  # it was left to a human
    decision = open_incident.weigh(turn, findings, approved=True)
    if not _passes(turn, decision):
        return False
    if since is None:
        turn.note("WAIT", f"{decision.why}; waiting while {window.name} lasts")
    turn.amend(put_off_at=turn.now if since is None else since, reconsidered_at=turn.now)
    return True


def _passes(turn: Turn, decision: Decision) -> bool:
    """Tell whether nothing is against it but what time alone may lift."""
    answered = guards.asked(turn.incident)
    against = [
        one.passing
        for one in decision.guards
        if one.verdict is Verdict.BLOCK or (one.verdict is Verdict.ASK and one.name not in answered)
    ]
    vetoes = [veto.name in paged.PASSING_VETOES for veto in decision.blame.vetoed] if decision.blame is not None else []
    return decision.course in HELD_UP and bool(against or vetoes) and all((*against, *vetoes))


def said_twice(turn: Turn) -> str:
    """Return why a yes to what is kept does not mean now, or nothing."""
    by, at = turn.incident.approved_by, turn.incident.approved_at or 0.0
    if turn.now - at >= SAID_ONCE_SECONDS:
        return ""
    return (
        f"{by} approved it {show_seconds(turn.now - at)} ago, and it is kept for its window; not to wait for that,"
        f" approve it again in {show_seconds(at + SAID_ONCE_SECONDS - turn.now)}"
    )

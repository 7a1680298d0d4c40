"""Sending: what goes out for an incident. Announce, ask or keep; pin auto-deploy, then roll back; hand over to a human.

Rule 1: nothing is sent without a fresh bad reading at that moment (I2), and one of the deploy that is live: what was
seen of the one before says nothing of it. A site that recovered is left alone.
Rule 2: auto-deploy that we switched off and no longer need off is given back.
"""

from watchdog.core import notice_text
from watchdog.core.assess import schedule
from watchdog.core.assess.suspect_deploy import live_deploy, took_traffic_at
from watchdog.core.context import Turn
from watchdog.core.fold import observations
from watchdog.core.guards import guards, rollback_budget
from watchdog.core.phases import close_incident, escalation, overdue_rollback
from watchdog.domain.effects import PinAutoDeploy, Rollback
from watchdog.domain.incidents import Deadline, Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Rule, Then
from watchdog.domain.units import show_seconds

PIN_PATIENCE_SECONDS = 60.0
"""An outcome of the pin that does not come in this time does not come: the outage does not wait."""
SEND_PATIENCE_SECONDS = 300.0
"""Likewise for the rollback; longer than the shell looks for a lost answer."""
PUT_OFF_SECONDS = 120.0
"""How long a rollback that was decided may be kept from being sent, again and again, before a human has the outage."""


def announce(turn: Turn) -> None:
    """Say what will be done, and wait for a stop."""
    until = turn.now + turn.wishes.veto_seconds
    turn.amend(announced_until=until)
    turn.enter(Phase.ANNOUNCED)
    turn.wake_at(until)
    veto = show_seconds(turn.wishes.veto_seconds)
    lines = (
        f"In {veto}: roll {turn.name} back to {turn.incident.target} {notice_text.short(turn.incident.target_code)}.",
        f"To prevent it: watchdog stop {turn.incident.id}",
        *notice_text.decision_lines(turn.incident),
    )
    turn.tell(NoticeKind.ANNOUNCED, close_incident.alarm_title(turn), lines, wakes=True)


def keep(turn: Turn, missed: str = "") -> None:
    """Keep what was agreed to until its window begins next; `missed` says why it was not done in the last one."""
    window = turn.rule.window
    assert window is not None, "what is scheduled has a window"
    until = schedule.next_beginning(window.hours, turn.now)
    turn.amend(announced_until=until, put_off_at=None)
    escalation.answered(turn)
    turn.enter(Phase.ANNOUNCED)
    turn.wake_at(until)
    say_kept(turn, *((f"It was not done in its window: {missed}.",) if missed else ()))


def say_kept(turn: Turn, *before: str) -> None:
    """Say until when a rollback is kept, and how to stop it."""
    until, window = turn.incident.announced_until or turn.now, turn.rule.window
    left = f"{show_seconds(until - turn.now)} from now"  # a reload may have taken the window away
    when = notice_text.when_it_begins(window, until, turn.now) if window is not None else left
    turn.note("KEPT", f"for {when}; stop: watchdog stop {turn.incident.id}")
    lines = (*before, *notice_text.kept_lines(turn.incident, turn.rule), *notice_text.decision_lines(turn.incident))
    turn.tell(NoticeKind.ANNOUNCED, f"KEPT for {when}: {close_incident.alarm_title(turn)}", lines)


def ask(turn: Turn) -> None:
    """Ask a human; without an answer happens what the policy says (asking)."""
    clock = deadline(turn.rule, turn.now)
    turn.amend(asked_at=turn.now, deadline=clock, late_paged=False, reminded=False, put_off_at=None)
    escalation.call(turn, climbs=False)
    turn.enter(Phase.ASKING)
    for at in (clock.remind_at, clock.due_at):
        if at is not None:
            turn.wake_at(at)
    tell_who_is_asked(turn, NoticeKind.ASKED, f"APPROVAL: {close_incident.alarm_title(turn)}")
    turn.note("ASKED", f"roll back to {turn.incident.target}? watchdog approve|reject {turn.incident.id}")


def tell_who_is_asked(turn: Turn, kind: NoticeKind, title: str, *before: str) -> None:
    """Say what is asked: to the incident's people, and to who alone may say yes to it."""
    lines = (*before, *notice_text.asking_lines(turn.incident, turn.rule, turn.now))
    own = turn.rule.approver.channels if turn.rule.approver is not None else ()
    channels = tuple(dict.fromkeys((*turn.incident.channels, *own)))
    turn.tell(kind, title, lines, wakes=True, channels=channels)


def deadline(rule: Rule, now: float) -> Deadline:
    """Return the clock of a question that is asked now, as the policy has it."""
    within, remind = rule.within_seconds, rule.remind_seconds
    return Deadline(now, rule.then, within, now + within if within else None, now + remind if remind else None)


def pin(turn: Turn) -> None:
    """Switch auto-deploy off first: an API rollback leaves it on, and the next merge would undo it."""
    assert turn.wishes.platform_id is not None, "a guard blocks a service the platform did not tell of"
    turn.enter(Phase.PINNING)
    turn.wake_at(turn.now + PIN_PATIENCE_SECONDS)
    overdue_rollback.wake(turn)
    turn.note("ACT", "auto-deploy -> off, to be read back")
    turn.emit(PinAutoDeploy(turn.name, turn.incident.id, turn.wishes.platform_id, listed=_listed(turn)))


def _listed(turn: Turn) -> str:
    """Return the auto-deploy setting from the last successful read of the service."""
    return turn.service.facts.auto_deploy if turn.service.facts is not None else ""


def send(turn: Turn) -> None:
    """Send the one rollback, if the site is still bad at this moment and nobody said stop."""
    withheld = guards.withheld(turn.state)
    if withheld:
        hand_over(turn, f"{withheld} before the rollback was sent")
        return
    if _target_is_gone(turn):
        why = f"the artefact of {turn.incident.expired} is gone, and so are older ones; no other target is tried"
        hand_over(turn, why, restore=True)
        return
    not_now = _not_by_hand_now(turn)
    if not_now:
        hand_over(turn, f"nothing was sent: {not_now}; ask again", restore=True)
        return
    why_wait = _why_wait(turn)
    if why_wait:
        put_off(turn, why_wait)
        return
    incident = turn.incident
    assert incident.suspect is not None and incident.target is not None and turn.wishes.platform_id is not None
    rollback_budget.spend(turn)
    turn.amend(tried=True, requested_at=turn.now, late_paged=False)
    turn.enter(Phase.ROLLING_BACK)
    turn.change(phase_since=turn.now)
    turn.wake_at(turn.now + SEND_PATIENCE_SECONDS)
    rebuild = notice_text.rebuild_words(incident)
    what = f"{incident.suspect} -> {incident.target}{f', {rebuild}' if rebuild else ''}"
    turn.note("INTENT", f"{what}, saved; newest deploy then {turn.service.deploys[0].id}")
    turn.emit(
        Rollback(
            service=turn.name,
            incident=incident.id,
            platform_id=turn.wishes.platform_id,
            suspect=incident.suspect,
            target=incident.target,
            target_code=incident.target_code,
            baseline=turn.service.deploys[0].id,
            approved_by=incident.approved_by,
            rebuild=bool(rebuild),
        )
    )


def put_off(turn: Turn, why: str) -> None:
    """Nothing was sent: look again and decide anew, but not in silence for ever."""
    since = turn.incident.put_off_at if turn.incident.put_off_at is not None else turn.now
    turn.amend(put_off_at=since)
    waited = turn.now - since
    if waited >= PUT_OFF_SECONDS:
        hand_over(turn, f"for {show_seconds(waited)} nothing could be sent: {why}", restore=True)
        return
    turn.note("WAIT", f"nothing was sent: {why}; looking again")
    turn.enter(Phase.SUSPECT)
    overdue_rollback.say(turn)


def _target_is_gone(turn: Turn) -> bool:
    """Tell whether another target is meant than the one whose artefact was gone; a human may name one."""
    expired = turn.incident.expired
    return expired not in (None, turn.incident.target) and not notice_text.by_hand(turn.incident)


def _not_by_hand_now(turn: Turn) -> str:
    """Return why what was asked for by hand is not what the human meant any more, or nothing.

    It may have been lost on the way for long, and people read meanwhile that nothing was sent.
    """
    decision = turn.incident.decision
    if decision is None or not notice_text.by_hand(turn.incident):
        return ""
    age = turn.now - decision.at
    if age >= PUT_OFF_SECONDS:
        return f"it was asked for {show_seconds(age)} ago"
    if turn.incident.target_code in turn.state.denied:
        return f"{turn.incident.target} was deny-listed meanwhile"
    coming = guards.on_its_way(turn.service)
    return f"{coming.id} is on its way ({coming.status})" if coming is not None else ""


def _why_wait(turn: Turn) -> str:
    """Return why nothing may be sent at this moment, or nothing; what was asked for by hand waits for no finding."""
    if notice_text.by_hand(turn.incident):
        return ""
    if turn.state.blind_since is not None:
        return "blind"
    if turn.incident.defaulted_at is not None and turn.rule.then is not Then.ROLLBACK:
        return "nobody answered, and the policy does not say rollback any more"
    if observations.failing_now(turn.service, turn.incident.findings, turn.policy, turn.now):
        return _not_seen_yet(turn) or guards.at_sending(turn)
    return f"no failure in the last {show_seconds(turn.policy.detection.fresh_seconds)}"


def _not_seen_yet(turn: Turn) -> str:
    """Return that no failure was seen since the live deploy is live, or nothing.

    Somebody's repair may have gone live while we were frozen or blind. Where the platform does not say since when, or
    its clock is ahead of ours, what counts is when the deploy could first take traffic.
    """
    live = live_deploy(turn.service.deploys)
    if live is None:
        return ""
    said = live.finished_at
    since = said if said is not None and said <= turn.now else took_traffic_at(live, turn.policy.blame)
    findings = observations.still_judged(turn.service, turn.incident.findings, turn.policy)
    checks = [(finding.fails, turn.service.checks[finding.signal]) for finding in findings]
    bad = [check.last_bad_at if fails else check.last_at for fails, check in checks]
    return "" if any(at is not None and at >= since for at in bad) else f"no failure was seen since {live.id} is live"


def hand_over(turn: Turn, why: str, *, restore: bool = False) -> None:
    """Leave it to a human; `restore`: nothing was changed, so auto-deploy that we switched off goes back."""
    turn.amend(human_needed=why)
    turn.note("HUMAN", why)
    turn.enter(Phase.PAGED)
    given = restore and close_incident.give_auto_deploy_back(turn)
    lines = (
        f"What happened: {why}",
        *notice_text.done_lines(turn.incident),
        *notice_text.decision_lines(turn.incident),
    )
    title = notice_text.title(turn.incident) if given else close_incident.alarm_title(turn)
    turn.tell(NoticeKind.HUMAN_NEEDED, title, lines, wakes=True)
    escalation.call(turn)

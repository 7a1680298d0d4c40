"""Sending: announce, ask or schedule; pin auto-deploy, then roll back; or leave the incident to a human.

Rule 1: nothing is sent without a fresh bad reading at that moment (I2). The reading must be of the live deploy: one of
the deploy before says nothing about it. A site that recovered is left alone.
Rule 2: auto-deploy that the daemon switched off and no longer needs off is restored.
"""

from watchdog.core import note_text
from watchdog.core.assess import schedule
from watchdog.core.assess.rollback_duration import usual_rollback_seconds
from watchdog.core.assess.suspect_deploy import first_traffic_at, live_deploy
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.guards import guards, rollback_budget
from watchdog.core.phases import close_incident, escalation, overdue_rollback
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Finding
from watchdog.domain.effects import PinAutoDeploy, Rollback
from watchdog.domain.incident_parts import Deadline, Rebuild
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import AnswerTerms, NoticeKind, Topic
from watchdog.domain.policy import Rule, Then
from watchdog.domain.units import show_seconds

PIN_PATIENCE_SECONDS = 60.0
"""The longest wait for the outcome of the pin; after it the rollback is sent without, as the outage does not wait."""
SEND_PATIENCE_SECONDS = 300.0
"""The same for the outcome of the rollback; longer than the shell searches for a lost answer."""
PUT_OFF_SECONDS = 120.0
"""How long a decided rollback may be postponed, again and again, before the incident is left to a human."""


def announce(ctx: StepContext) -> None:
    """Announce the rollback, and wait for a veto."""
    until = ctx.now + ctx.service_policy.veto_seconds
    ctx.update_incident(announced_until=until)
    # Before the notice: in ASKING it would still state the terms of an answer.
    ctx.enter_phase(Phase.ANNOUNCED)
    ctx.wake_at(until)
    ctx.notify(NoticeKind.ANNOUNCED, Topic.ANNOUNCED, wakes=True)


def schedule_rollback(ctx: StepContext, missed: str = "") -> None:
    """Keep an approved rollback until its next window; `missed` says why the last window passed without it."""
    window = ctx.rule.window
    assert window is not None, "what is scheduled has a window"
    until = schedule.next_beginning(window.hours, ctx.now)
    ctx.update_incident(announced_until=until)
    ctx.update_rollback(blocked_since=None)
    escalation.answered(ctx)
    ctx.enter_phase(Phase.ANNOUNCED)
    ctx.wake_at(until)
    announce_schedule(ctx, missed)


def announce_schedule(ctx: StepContext, missed: str = "") -> None:
    """Notify of the window that the rollback waits for, and of the command that stops it."""
    until, window = ctx.incident.announced_until or ctx.now, ctx.rule.window
    left = show_seconds(until - ctx.now)
    # A reload may have removed the window from the policy.
    opens = schedule.show(window.hours, until) if window is not None else ""
    ctx.note(
        "SCHEDULED",
        f"for {f'{opens} (in {left})' if opens else f'{left} from now'}; stop: {command_line('stop', ctx.incident.id)}",
    )
    kept = AnswerTerms(window=window.name if window is not None else "", opens=opens, opens_at=until)
    ctx.notify(NoticeKind.ANNOUNCED, Topic.SCHEDULED, why=missed, terms=kept)


def ask(ctx: StepContext) -> None:
    """Ask a human; the policy's default applies at the deadline (approval)."""
    clock, about = deadline(ctx.rule, ctx.now), (ctx.incident.suspect or "", ctx.incident.rollback.target or "")
    if ctx.incident.question.asked_about not in ((), about):
        ctx.update_question(asked_anew_at=ctx.now)
    ctx.update_question(asked_at=ctx.now, deadline=clock, reminded=False, asked_about=about)
    ctx.update_incident(late_paged=False)
    ctx.update_rollback(blocked_since=None)
    # Before the call: no step of an escalation is due in a phase in which the daemon acts.
    ctx.enter_phase(Phase.ASKING)
    # An unsure blame may mean any other cause: the escalation then climbs as it does for a page.
    escalation.call(ctx, climbs=None if close_incident.unsure(ctx.incident) else False)
    for at in (clock.remind_at, clock.due_at):
        if at is not None:
            ctx.wake_at(at)
    tell_who_is_asked(ctx, NoticeKind.ASKED, Topic.ASKED)
    answers = (command_line(name, ctx.incident.id) for name in ("approve", "reject"))
    way = note_text.way_back(ctx.incident, ctx.incident.rollback.target or "")
    ctx.note("ASKED", f"{way.do}? {' or '.join(answers)}")


def tell_who_is_asked(
    ctx: StepContext, kind: NoticeKind, topic: Topic, *, why: str = "", since: float | None = None
) -> None:
    """Send the question to the incident's channels, and to the person who alone may approve."""
    wakes = not close_incident.unsure(ctx.incident) or ctx.incident.severity in escalation.WAKING
    ctx.notify(kind, topic, wakes=wakes, channels=escalation.everyone(ctx), why=why, since=since)


def deadline(rule: Rule, now: float) -> Deadline:
    """Return the clock of a question that is asked at `now`, by the policy's rule."""
    within, remind = rule.within_seconds, rule.remind_seconds
    return Deadline(now, rule.then, within, now + within if within else None, now + remind if remind else None)


def disable_auto_deploy(ctx: StepContext) -> None:
    """Switch auto-deploy off first: a rollback by Render's API leaves it on, and a merge would undo the rollback."""
    assert ctx.service_policy.platform_id is not None, "a guard blocks a service that the platform does not list"
    unseen = _not_failing(ctx)
    # A flood may be in a pause as a veto window or a question ends: nothing could be sent, and auto-deploy would be off
    # for nothing. A person who says yes wants it prepared.
    if unseen and ctx.incident.question.approved_by is None:
        retry_later(ctx, unseen)
        return
    ctx.enter_phase(Phase.PINNING)
    ctx.wake_at(ctx.now + PIN_PATIENCE_SECONDS)
    overdue_rollback.wake(ctx)
    ctx.note("ACT", "auto-deploy -> off, to be read back")
    ctx.emit(PinAutoDeploy(ctx.name, ctx.incident.id, ctx.service_policy.platform_id, listed=_listed(ctx)))


def _listed(ctx: StepContext) -> str:
    """Return the auto-deploy setting from the last successful read of the service."""
    return ctx.service.facts.auto_deploy if ctx.service.facts is not None else ""


def send(ctx: StepContext) -> None:
    """Send the one rollback, if the site is still bad at this moment and no person stopped it."""
    withheld = ctx.state.stop_reason
    if withheld:
        escalate_to_human(ctx, f"{withheld} before the rollback was sent")
        return
    if _target_is_gone(ctx):
        why = (
            f"the artefact of {ctx.incident.rollback.expired} is gone, and so are older ones; no other target is tried"
        )
        escalate_to_human(ctx, why, restore=True)
        return
    if ctx.incident.rollback.rebuilds and (whether := whether_rebuilt(ctx)) is not Rebuild.ARTEFACT_GONE:
        # It was put off, and a reload or a later decision forbids it by now.
        why = ctx.incident.rollback.refusal or "its artefact is gone"
        ctx.update_rollback(
            expired=None, rebuild=whether, tried=True, refused_at=ctx.now, refusal=why, artefact_gone=True
        )
        escalate_to_human(ctx, f"the platform refused the rollback: {why}", restore=True)
        return
    not_now = _not_by_hand_now(ctx)
    if not_now:
        escalate_to_human(ctx, f"nothing was sent: {not_now}; ask again", restore=True)
        return
    # Last: the obstacles above end with a human, these may clear by themselves.
    obstacle = why_wait(ctx)
    if obstacle:
        retry_later(ctx, obstacle)
        return
    incident = ctx.incident
    assert (
        incident.suspect is not None
        and incident.rollback.target is not None
        and ctx.service_policy.platform_id is not None
    )
    # The budget and `tried` are in the same saved step as the effect: a crash after it cannot send a second one.
    rollback_budget.spend(ctx)
    ctx.update_incident(late_paged=False)
    usual = None if incident.rollback.rebuilds else usual_rollback_seconds(ctx.service.deploys)
    ctx.update_rollback(
        tried=True,
        requested_at=ctx.now,
        expected_at=None if usual is None else ctx.now + usual,
        overdue_at=ctx.now + SEND_PATIENCE_SECONDS,
    )
    ctx.enter_phase(Phase.ROLLING_BACK)
    # Explicitly: a rebuild is sent from ROLLING_BACK itself, and the patience counts from this request.
    ctx.update_service(phase_since=ctx.now)
    ctx.wake_at(ctx.now + SEND_PATIENCE_SECONDS)
    rebuild = note_text.rebuild_words(incident)
    towards = f"{incident.suspect} -> {incident.rollback.target}"
    what = f"redeploy_commit: {rebuild}, away from {incident.suspect}" if rebuild else towards
    # Not "saved": the engine saves it after this step, and sends nothing if that fails.
    ctx.note("INTENT", f"{what}; newest deploy then {ctx.service.deploys[0].id}")
    ctx.emit(
        Rollback(
            service=ctx.name,
            incident=incident.id,
            platform_id=ctx.service_policy.platform_id,
            suspect=incident.suspect,
            target=incident.rollback.target,
            target_code=incident.rollback.target_code,
            # If the answer is lost, a newer deploy than this one that leads to the target is ours.
            baseline=ctx.service.deploys[0].id,
            approved_by=incident.question.approved_by,
            rebuild=incident.rollback.rebuilds,
        )
    )


def whether_rebuilt(ctx: StepContext) -> Rebuild:
    """Return whether the commit of a target whose artefact is gone is built anew, and why."""
    if not ctx.service_policy.redeploy_commit:
        return Rebuild.NOT_IN_POLICY
    decision = ctx.incident.decision
    # A rollback brings the target's own configuration back; a build takes the present one, which is to blame.
    if decision is not None and decision.blame is not None and decision.blame.configuration:
        return Rebuild.CONFIGURATION
    # The platform keeps nothing to rebuild an image from.
    named = any(deploy.id == ctx.incident.rollback.target and deploy.commit for deploy in ctx.service.deploys)
    return Rebuild.ARTEFACT_GONE if named else Rebuild.NO_COMMIT


def expect_live(ctx: StepContext) -> None:
    """Record when people are paged if the accepted rollback is not live; once paged, when the daemon stops waiting."""
    limits, requested = ctx.policy.verification, ctx.incident.rollback.requested_at or ctx.now
    expect_by(ctx, requested + (limits.give_up_seconds if ctx.incident.late_paged else limits.late_seconds))


def expect_by(ctx: StepContext, overdue_at: float) -> None:
    """Record when people are paged if the present step is not over (UTC epoch seconds)."""
    if ctx.incident.rollback.overdue_at != overdue_at:
        ctx.update_rollback(overdue_at=overdue_at)


def retry_later(ctx: StepContext, why: str) -> None:
    """Look again and decide anew, as nothing was sent; after PUT_OFF_SECONDS the incident is left to a human."""
    since = ctx.incident.rollback.blocked_since if ctx.incident.rollback.blocked_since is not None else ctx.now
    ctx.update_rollback(blocked_since=since)
    waited = ctx.now - since
    if waited >= PUT_OFF_SECONDS:
        escalate_to_human(ctx, f"for {show_seconds(waited)} nothing could be sent: {why}", restore=True)
        return
    ctx.note("WAIT", f"nothing was sent: {why}; looking again")
    # SUSPECT, with the incident still open: its handler decides again with the next fresh bad reading.
    ctx.enter_phase(Phase.SUSPECT)
    overdue_rollback.page_if_overdue(ctx)


def _target_is_gone(ctx: StepContext) -> bool:
    """Return whether the target changed after its artefact proved to be gone; a human may name any target."""
    expired = ctx.incident.rollback.expired
    return expired not in (None, ctx.incident.rollback.target) and not ctx.incident.by_hand


def _not_by_hand_now(ctx: StepContext) -> str:
    """Return why a request by hand no longer fits its human's intention, or "".

    The request may have been delayed for minutes, in which people read that nothing was sent.
    """
    decision = ctx.incident.decision
    if decision is None or not ctx.incident.by_hand:
        return ""
    age = ctx.now - decision.at
    if age >= PUT_OFF_SECONDS:
        return f"it was asked for {show_seconds(age)} ago"
    if ctx.incident.rollback.target_code in ctx.state.denied:
        return f"{ctx.incident.rollback.target} was deny-listed meanwhile"
    coming = guards.on_its_way(ctx.service)
    return f"{coming.id} is on its way ({coming.status_words})" if coming is not None else ""


def why_wait(ctx: StepContext) -> str:
    """Return why nothing may be sent at this moment, or ""; a request by hand needs no finding."""
    if ctx.incident.by_hand:
        return ""
    if ctx.state.blind_since is not None:
        return "blind"
    # A reload may have changed the default after it was counted as an answer.
    if ctx.incident.question.defaulted_at is not None and ctx.rule.then is not Then.ROLLBACK:
        return "no answer came, and the policy no longer says rollback"
    return _not_failing(ctx) or not_seen_yet(ctx) or guards.at_sending(ctx)


def _not_failing(ctx: StepContext, found: tuple[Finding, ...] = ()) -> str:
    """Return that no failure was seen lately, or ""; a request by hand needs none. `found`: as in `not_seen_yet`."""
    findings = found or ctx.incident.findings
    if ctx.incident.by_hand or observations.failing_now(ctx.service, findings, ctx.policy, ctx.now):
        return ""
    return f"no failure in the last {show_seconds(ctx.policy.detection.fresh_seconds)}"


def not_seen_yet(ctx: StepContext, found: tuple[Finding, ...] = ()) -> str:
    """Return that no failure was seen since the live deploy went live, or "".

    `found`: what fails now, where that may be something else than what was decided about.

    A repair may have gone live while the daemon was frozen or blind. Where the platform does not state since when, or
    its clock is ahead of ours, the moment counts at which the deploy could first take traffic. Where that is ahead too,
    our clock is slow and cannot place it: a failure seen lately has to do, and there must be one.
    """
    live = live_deploy(ctx.service.deploys)
    if live is None:
        return ""
    said = live.finished_at
    since = said if said is not None and said <= ctx.now else first_traffic_at(live, ctx.policy.blame)
    if since > ctx.now:
        return _not_failing(ctx, found)
    findings = observations.still_judged(ctx.service, found or ctx.incident.findings, ctx.policy)
    checks = [(finding.fails, ctx.service.checks[finding.signal]) for finding in findings]
    # A latency finding has no single bad reading: any reading since then is part of its statistics.
    bad = [check.last_bad_at if fails else check.last_at for fails, check in checks]
    return "" if any(at is not None and at >= since for at in bad) else f"no failure was seen since {live.id} is live"


def escalate_to_human(ctx: StepContext, why: str, *, restore: bool = False) -> None:
    """Leave the incident to a human; `restore`: nothing was changed, so auto-deploy goes back to its value."""
    ctx.update_incident(human_needed=why, human_decision=None)
    ctx.note("HUMAN", why)
    ctx.enter_phase(Phase.PAGED)
    # Before the page, which then says whether auto-deploy is being restored.
    given = restore and close_incident.give_auto_deploy_back(ctx)
    escalation.call(ctx)
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.STOPPED_SHORT, wakes=True, restored=given, why=why)

"""A rollback that the platform lists and our record lacks: the store was restored from a backup, or a person rolled
back while no worker looked.

Rule 1: it is looked for once, in the first deploy list after a service was taken up, among the deploys that are newer
than all recorded ones. Older code built anew by the API is one, too: so it is rolled back where the artefact is gone.
Rule 2: newer code that it left counts as found bad here: it is denied, and a rollback from it is asked about, never
made. Code that a later one led back to was taken back by a person, and is not denied. A canceled one led nowhere.
Rule 3: people are notified of auto-deploy that was on by the record and is off; also where the record never had it, and
no worker looked for a time. An order of before to give it back does not hold any more. Where an open incident had
ordered it off, that order is held to have been carried out.
Rule 4: these notices are alerts of their own. Each ends with its matter, and after a day at the latest: auto-deploy may
be off on purpose, which no list can show.
Rule 5: the rollback that this record has under way is no such one, though neither its id nor its code may be known yet.
Rule 6: any of these changes, a canceled rollback too, shows that the record is not complete: a guard asks a human
before each rollback for an outage that begins soon after (guards.complete_record).
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from watchdog.core import note_text
from watchdog.core.context import StepContext
from watchdog.core.guards import guards
from watchdog.core.phases import bad_commit_recurrence, restore_auto_deploy
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import BY_API, Deploy, ServiceFacts
from watchdog.domain.incidents import Incident, Phase, ServiceState
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Mode
from watchdog.domain.units import show_seconds

NOT_ON = ("off", "unknown")
CANCELED = "canceled"
LANDS_SECONDS = 60.0
"""How long after a request was recorded its rollback may be made: its deadline, and what the network holds back."""
GAP_SECONDS = 60.0
"""From this time without a worker on, a record without a deploy list may be a copy: a restart takes less."""
OPEN_SECONDS = 86400.0
"""How long an alert about what the record lacked is open at most."""
ASKED = (
    f"What else the record lacks is not known: a rollback for an outage that begins within "
    f"{show_seconds(guards.RECORD_SECONDS)} is asked about."
)


def remember_gap(ctx: StepContext) -> None:
    """Record, as a service is taken up, that no worker looked for a time, and that its deploys were never listed."""
    service = ctx.service
    seen_at = service.last_reading_at(service.watching_since)
    # What is only observed was not switched off by a daemon: the second start of a new user is no gap.
    may_act = ctx.service_policy.mode is not Mode.OBSERVE
    if may_act and service.facts is None and ctx.now - seen_at >= GAP_SECONDS:
        ctx.update_service(unread_gap=True)


def deny_what_it_left(ctx: StepContext, recorded: ServiceState) -> None:
    """Compare the first list after a take-up with what the record had."""
    # Only in the step of a fresh list: the remembered one is the record itself, and lacks nothing.
    if not ctx.service.unlisted or ctx.service.deploys_at != ctx.now:
        return
    ctx.update_service(unlisted=False, unread_gap=False)
    denied: dict[str, Deploy] = {}
    lacked: list[str] = []
    for rollback in missing(ctx.service.deploys, recorded.deploys, ctx.service.incident):
        left = _left_by(ctx.service.deploys, rollback)
        code = left.code if left is not None else None
        led_back = code is not None and _led_back(ctx.service.deploys, rollback, code)
        # A pipeline that deploys new code by the API does so while a worker starts, too.
        if led_back or rollback.is_rollback:
            lacked.append(rollback.id)
        if code is not None and led_back and rollback.status != CANCELED:
            denied[code] = rollback
        # A later rollback led back to this code, so a person holds it to be good.
        if rollback.is_rollback and rollback.code is not None and (rollback.was_live or rollback.in_progress):
            denied.pop(rollback.code, None)
    if lacked:
        ctx.update_service(record_lacked_at=ctx.now)
    if lacked and not denied:
        ctx.note("HUMAN", f"the record lacks {', '.join(lacked)}: canceled, or taken back by a person. {ASKED}")
    for code, rollback in denied.items():
        _deny(ctx, rollback, code)
    if denied:
        # A restored record may hold an order to give auto-deploy back that is older than this rollback.
        ctx.update_service(overtaken=True)
    else:
        _tell_of_auto_deploy(ctx, recorded)


def missing(listed: Sequence[Deploy], recorded: Sequence[Deploy], incident: Incident | None) -> list[Deploy]:
    """Return the rollbacks (and builds that may be one) made after the newest recorded deploy, oldest first.

    Without those of this incident.
    """
    # Without a recorded deploy (the first start, a start without the store) nothing can be missing. Not "all that is
    # newer than now": on a host whose clock is behind, that is every deploy.
    if not recorded:
        return []
    newest = max(deploy.created_at for deploy in recorded)
    newer = [one for one in reversed(listed) if one.created_at > newest]
    return [one for one in newer if (one.is_rollback or one.trigger == BY_API) and not _is_ours(incident, one)]


def _is_ours(incident: Incident | None, deploy: Deploy) -> bool:
    """Return whether a deploy is this incident's rollback; without its id yet, by time and code."""
    if incident is None or not incident.rollback.tried:
        return False
    if incident.rollback.deploy is not None:
        return deploy.id == incident.rollback.deploy
    target, requested = incident.rollback.target_code, incident.rollback.requested_at
    # A copy of a moment before it was sent has it as under way, too; what was made long after that is another one.
    late = requested is not None and deploy.created_at > requested + LANDS_SECONDS
    ours = deploy.created_at >= incident.opened_at and not late
    return ours and (None in (target, deploy.code) or deploy.code == target)


def _led_back(deploys: Sequence[Deploy], rollback: Deploy, code: str) -> bool:
    """Return whether a deploy led back: its own code was first deployed before the code that it left.

    Code that the list shows for the first time is new, unless its deploy is marked as a rollback.
    """
    first: dict[str | None, int] = {}
    for number, deploy in enumerate(reversed(deploys[deploys.index(rollback) + 1 :])):
        if not deploy.is_rollback:
            first.setdefault(deploy.code, number)
    # The platform's word is enough for a rollback; a build leads back only if its code is listed as older.
    unlisted = -inf if rollback.is_rollback else inf
    # Code that was left and is not listed came by a rollback itself: it is older than all that is.
    return first.get(rollback.code, unlisted) < first.get(code, 0)


def _left_by(deploys: Sequence[Deploy], rollback: Deploy) -> Deploy | None:
    """Return the deploy that served when this rollback was requested, or None if the list does not reach back so far.

    A deploy that was under way then, and went live before it, is not the one it was requested against.
    """
    # A deploy that never served cannot be what the rollback led away from.
    older = [deploy for deploy in deploys[deploys.index(rollback) + 1 :] if deploy.was_live]
    at = rollback.created_at
    return next((one for one in older if one.finished_at is None or one.finished_at <= at), None)


def _deny(ctx: StepContext, rollback: Deploy, code: str) -> None:
    deploys = ctx.service.deploys
    older = [deploy for deploy in deploys[deploys.index(rollback) + 1 :] if deploy.code == code]
    bad_commit_recurrence.know(ctx, older)  # not what came back since: that is reported as any return is
    if code not in ctx.state.denied:
        ctx.state = replace(ctx.state, denied=(*ctx.state.denied, code))
    what = f"the record lacks {rollback.id}, a rollback away from {note_text.short(code)}"
    lines = (
        "The store was restored from a backup, or a person rolled back while no worker looked.",
        f"{note_text.short(code)} is deny-listed: a rollback from it is asked about. If it is good: "
        f"{command_line('trust', code)}",
        *_auto_deploy(ctx),
        ASKED,
    )
    ctx.note("HUMAN", " ".join((f"{what}.", *lines)))
    _tell(ctx, rollback.id, f"{ctx.name}: {what}", lines)


def _tell_of_auto_deploy(ctx: StepContext, recorded: ServiceState) -> None:
    """Notify people that auto-deploy is off though it was on by the record, unless an open incident ordered that.

    It may have been switched off for an incident that the record lacks: then only a human restores it.
    """
    facts, incident = ctx.service.facts, ctx.service.incident
    if facts is None or facts.auto_deploy != "off" or ctx.service.auto_deploy_off:
        return
    if recorded.facts is None:
        # Else it is a first start, and auto-deploy is off on purpose. Nothing shows that a change is missing, so no
        # rollback is asked about.
        if recorded.unread_gap:
            _say_off(ctx, "By the record it was never read: it may have been switched off while no worker looked.")
        return
    was = recorded.facts.auto_deploy
    if was in NOT_ON:
        return
    if incident is not None and incident.closed_at is None:
        # The record may have been copied after the order and before its answer: the next one reads back our own `off`.
        # What an approval or a veto window delays is ordered only in its time.
        put_off = incident.rollback.blocked_since is not None and recorded.phase is not Phase.ANNOUNCED
        ordered = recorded.phase is Phase.PINNING or put_off
        if ordered:
            if incident.pin.previous is None:
                ctx.update_pin(previous=was)
            return
    ctx.update_service(record_lacked_at=ctx.now)
    how = f"By the record it was {was}: it was switched off while no worker looked, or the store is a restored copy."
    _say_off(ctx, how, ASKED)


def _say_off(ctx: StepContext, how: str, *more: str) -> None:
    lines = (how, "Switch it on at the platform, unless it is to stay off.", *more)
    title = f"AUTO-DEPLOY IS OFF on {ctx.name}"
    ctx.note("HUMAN", " ".join((f"{title}.", *lines)))
    about = restore_auto_deploy.thread(ctx.name)
    ctx.update_service(auto_deploy_notice_thread=about)
    _tell(ctx, about, title, lines)


def _tell(ctx: StepContext, about: str, title: str, lines: tuple[str, ...]) -> None:
    ctx.notify_service(NoticeKind.HUMAN_NEEDED, about, title, lines)
    others = [one for one in ctx.service.record_gap_notices if one[0] != about]
    ctx.update_service(record_gap_notices=(*others, (about, ctx.now))[-bad_commit_recurrence.KNOWN_MAX :])


def end_notices(ctx: StepContext, facts: ServiceFacts) -> None:
    """End the notice about each rollback that serves no more, and each notice that is a day old, by a list's facts."""
    # What is off because of us has a notice of its own; otherwise this one may be all that says so.
    is_off = facts.auto_deploy == "off" and not ctx.service.auto_deploy_off
    for about, since in ctx.service.record_gap_notices:
        of_auto_deploy = restore_auto_deploy.is_thread(about)
        if of_auto_deploy and (about != ctx.service.auto_deploy_notice_thread or restore_auto_deploy.is_ours(ctx)):
            _forget(ctx, about)  # it was ended as auto-deploy is on, or is about a switch of ours by now
        elif ctx.now - since >= OPEN_SECONDS:
            lines = (
                "A day has passed since it was opened: what is so now is taken to be meant.",
                f"Auto-deploy is {facts.auto_deploy}.",
            )
            _end(ctx, about, "an alert about what the record lacked is closed", lines)
        elif not of_auto_deploy and not is_off and (why := bad_commit_recurrence.why_not_serving(ctx, about)):
            _end(ctx, about, f"a rollback that the record lacked: {about} is over", (why,))


def _end(ctx: StepContext, about: str, what: str, lines: tuple[str, ...]) -> None:
    _forget(ctx, about)
    if about == ctx.service.auto_deploy_notice_thread:
        ctx.update_service(auto_deploy_notice_thread="")
    ctx.notify_service(NoticeKind.RESOLVED, about, f"{ctx.name}: {what}", lines)


def _forget(ctx: StepContext, about: str) -> None:
    ctx.update_service(record_gap_notices=tuple(one for one in ctx.service.record_gap_notices if one[0] != about))


def _auto_deploy(ctx: StepContext) -> tuple[str, ...]:
    """Return that auto-deploy is off, where the record does not know of that."""
    facts = ctx.service.facts
    if facts is None or facts.auto_deploy not in NOT_ON or ctx.service.auto_deploy_off:
        return ()
    how = "IS" if facts.auto_deploy == "off" else "MAY BE"
    return (f"AUTO-DEPLOY {how} OFF; its former value is not known: if it was on, switch it on at the platform.",)

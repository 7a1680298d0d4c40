"""Auto-deploy that is off because of us: offered back once a new commit is live, given back when a human asks.

Rule 1: only a human gives it back after a rollback; what somebody else switched on is theirs (fold/observations).
Rule 2: a new commit is one that somebody deployed by hand. Render tells of no commit that auto-deploy passed over
(neither in deploys nor in events): of those the repository is asked, and blocked_merges.py tells.
Rule 3: what people are told of it is an alert of its own, for the incident's is closed by then: opened by the first
word, closed when auto-deploy is on again, by whoever.
"""

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.guards import guards
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Note, RestoreAutoDeploy
from watchdog.domain.note_labels import NoteLabel
from watchdog.domain.notices import NoticeKind


def is_ours(ctx: StepContext) -> bool:
    """Tell whether auto-deploy is off because of us."""
    return ctx.service.auto_deploy_off not in ("", "off")


def offer(ctx: StepContext) -> None:
    """A fresh deploy list in calm: say once that auto-deploy can be given back, when a new commit is live."""
    if not is_ours(ctx):
        return
    live = live_deploy(ctx.service.deploys)
    if live is None or live.id == ctx.service.offered or not _is_new(ctx, live):
        return
    ctx.update_service(offered=live.id)
    old = ctx.service.auto_deploy_off
    lines = (
        f"{live.id} is live, a new commit; it was not shipped by auto-deploy, which is off because of us.",
        f"To give auto-deploy back ({old}): {command_line('restore-auto-deploy', ctx.name)}",
    )
    ctx.note("OFFER", " ".join(lines))
    tell(ctx, f"{ctx.name}: auto-deploy can be given back", lines)


def tell(ctx: StepContext, title: str, lines: tuple[str, ...], *, wakes: bool = False) -> None:
    """Tell of auto-deploy that is off because of us."""
    about = ctx.service.auto_deploy_notice_thread
    kind = NoticeKind.HUMAN_NEEDED if wakes else NoticeKind.UPDATED if about else NoticeKind.OPENED
    about = about or f"{ctx.service.pinned_for or ctx.name}/auto-deploy"
    ctx.update_service(auto_deploy_notice_thread=about)
    ctx.notify_service(kind, about, title, lines, wakes=wakes)


def left_off(ctx: StepContext) -> None:
    """Its incident needs it off no longer, but it is not given back now: say so, unless people know that it is off."""
    if not is_ours(ctx) or ctx.service.auto_deploy_notice_thread:
        return
    withheld = guards.global_stop_reason(ctx.state)
    until = f" ({withheld}: nothing is changed before a {command_line('resume')})" if withheld else ""
    say_off(ctx, f"it was switched off for {ctx.service.pinned_for}{until}", sure=ctx.incident.pin.off)


def say_off(ctx: StepContext, why: str, *, sure: bool) -> None:
    """Say that auto-deploy is off (or may be, if it was not read back) for nothing that goes on."""
    title = f"AUTO-DEPLOY {'IS' if sure else 'MAY BE'} OFF on {ctx.name}"
    line = f"It was {ctx.service.auto_deploy_off}; {why}."
    note(ctx, "HUMAN", f"{title}. {line}")
    tell(ctx, title, (line, f"To give it back: {command_line('restore-auto-deploy', ctx.name)}"))


def note(ctx: StepContext, label: NoteLabel, text: str) -> None:
    """Write it into the story of the incident that auto-deploy is off for, though that may be over."""
    ctx.emit(Note(ctx.now, ctx.name, ctx.service.pinned_for or None, label, text))


def over(ctx: StepContext, how: str) -> None:
    """Say that auto-deploy is on again, if it is and people were told that it is off."""
    about = ctx.service.auto_deploy_notice_thread
    if about and not is_ours(ctx):
        ctx.update_service(auto_deploy_notice_thread="")
        lines = (f"{how}. What is merged from now on ships by itself, and with it what was merged meanwhile.",)
        ctx.notify_service(NoticeKind.RESOLVED, about, f"{ctx.name}: auto-deploy is on again", lines)


def _is_new(ctx: StepContext, live: Deploy) -> bool:
    """Tell whether it brings code that is not denied and never ran before."""
    if live.code is None or live.is_rollback or live.code in ctx.state.denied:
        return False
    return not any(item.code == live.code and item.was_live and item.id != live.id for item in ctx.service.deploys)


def restore(ctx: StepContext) -> None:
    """A human asks to give auto-deploy back."""
    event = ctx.event
    assert isinstance(event, e.RestoreRequested)
    withheld = guards.global_stop_reason(ctx.state)
    if not is_ours(ctx) or ctx.service_policy.platform_id is None:
        ctx.note("REFUSED", f"auto-deploy of {ctx.name} is not off because of us")
    elif withheld:
        ctx.note("REFUSED", f"{withheld}: nothing is changed before a {command_line('resume')}")
    else:
        value = ctx.service.auto_deploy_off
        ctx.note("BY HAND", f"auto-deploy -> {value}, asked for by {event.by}")
        ctx.emit(RestoreAutoDeploy(ctx.name, ctx.service.pinned_for or ctx.name, ctx.service_policy.platform_id, value))


def not_now(ctx: StepContext) -> None:
    """While something is being looked into, auto-deploy stays as it is."""
    phase = ctx.service.phase.value.replace("_", " ")
    ctx.note("REFUSED", f"auto-deploy is not given back now: {ctx.name} is {phase}")

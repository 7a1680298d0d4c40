"""Auto-deploy that the daemon switched off: offered back once a new commit is live, restored when a human asks.

Rule 1: after a rollback only a human restores it; a switch by another person is theirs (fold/deploy_lists).
Rule 2: a new commit is one that a person deployed by hand. Render reports no commit that auto-deploy passed over
(neither as a deploy nor as an event): those come from the repository (blocked_merges.py).
Rule 3: its notices form an alert of their own, as the incident's alert is closed by then. The first notice opens it,
and it closes when auto-deploy is on again, whether by the daemon or a person.
"""

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.fold.deploy_lists import auto_deploy_is_on
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Note, RestoreAutoDeploy
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.notices import NoticeKind

OF_A_THREAD = "/auto-deploy"


def thread(of: str) -> str:
    """Return the thread of the notices about auto-deploy that was switched off for an incident, or of a service."""
    return f"{of}{OF_A_THREAD}"


def is_thread(about: str) -> bool:
    """Return whether a notice's thread is about auto-deploy."""
    return about.endswith(OF_A_THREAD)


def is_ours(ctx: StepContext) -> bool:
    """Return whether auto-deploy is off because the daemon switched it off."""
    return ctx.service.auto_deploy_off not in ("", "off")


def offer(ctx: StepContext) -> None:
    """Offer once, in calm, to restore auto-deploy when a new commit is live."""
    if not is_ours(ctx):
        return
    live = live_deploy(ctx.service.deploys)
    # Once for each live deploy: a standing offer is no news.
    if live is None or live.id == ctx.service.offered or not is_new(ctx, live):
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
    """Notify of auto-deploy that the daemon switched off; the first notice opens the alert, later ones update it."""
    about = ctx.service.auto_deploy_notice_thread
    kind = NoticeKind.HUMAN_NEEDED if wakes else NoticeKind.UPDATED if about else NoticeKind.OPENED
    # The incident in the key keeps two incidents of a service from sharing one alert at the pager.
    about = about or thread(ctx.service.pinned_for or ctx.name)
    ctx.update_service(auto_deploy_notice_thread=about)
    ctx.notify_service(kind, about, title, lines, wakes=wakes)


def left_off(ctx: StepContext) -> None:
    """Say that auto-deploy stays off although its incident needs it no longer, unless people know that already."""
    if not is_ours(ctx) or ctx.service.auto_deploy_notice_thread:
        return
    withheld = ctx.state.stop_reason
    until = f" ({withheld}: nothing is changed before a {command_line('resume')})" if withheld else ""
    say_off(ctx, f"it was switched off for {ctx.service.pinned_for}{until}", sure=ctx.incident.pin.off)


def say_off(ctx: StepContext, why: str, *, sure: bool) -> None:
    """Say that auto-deploy is off (or may be, if the switch was not read back) without an incident that needs it."""
    title = f"AUTO-DEPLOY {'IS' if sure else 'MAY BE'} OFF on {ctx.name}"
    line = f"It was {ctx.service.auto_deploy_off}; {why}."
    note(ctx, "HUMAN", f"{title}. {line}")
    tell(ctx, title, (line, f"To give it back: {command_line('restore-auto-deploy', ctx.name)}"))


def note(ctx: StepContext, label: NoteLabel, text: str) -> None:
    """Write into the story of the incident that auto-deploy is off for, even if that is over."""
    ctx.emit(Note(ctx.now, ctx.name, ctx.service.pinned_for or None, label, text))


def over(ctx: StepContext, how: str) -> None:
    """Say that auto-deploy is on again, where a notice said that it is off."""
    about = ctx.service.auto_deploy_notice_thread
    if about and not is_ours(ctx):
        ctx.update_service(auto_deploy_notice_thread="")
        lines = (f"{how}. From now on merges ship, together with those made meanwhile.",)
        ctx.notify_service(NoticeKind.RESOLVED, about, f"{ctx.name}: auto-deploy is on again", lines)


def over_by_list(ctx: StepContext) -> None:
    """Say so once a deploy list shows it as on: a person switched it."""
    # What another worker, or no worker at all, switched off is not ours either: only the platform's word ends that.
    if auto_deploy_is_on(ctx.service):
        over(ctx, "A person switched it on")


def is_new(ctx: StepContext, live: Deploy) -> bool:
    """Return whether the live deploy brings code that is not denied and was never live before."""
    if live.code is None or live.is_rollback or live.code in ctx.state.denied:
        return False
    # A redeploy of code that was live before brings no new commit.
    return not any(item.code == live.code and item.was_live and item.id != live.id for item in ctx.service.deploys)


def order(ctx: StepContext, incident: str, platform_id: str, value: str) -> None:
    """Order that it is given back, by all that is known now."""
    ctx.update_service(overtaken=False)
    ctx.emit(RestoreAutoDeploy(ctx.name, incident, platform_id, value))


def restore(ctx: StepContext) -> None:
    """Restore auto-deploy at a human's request."""
    event = ctx.event
    assert isinstance(event, e.RestoreRequested)
    withheld = ctx.state.stop_reason
    if not is_ours(ctx) or ctx.service_policy.platform_id is None:
        ctx.note("REFUSED", f"auto-deploy of {ctx.name} is not off because of us")
    elif withheld:
        ctx.note("REFUSED", f"{withheld}: nothing is changed before a {command_line('resume')}")
    else:
        value = ctx.service.auto_deploy_off
        ctx.note("BY HAND", f"auto-deploy -> {value}, asked for by {event.by}")
        order(ctx, ctx.service.pinned_for or ctx.name, ctx.service_policy.platform_id, value)


def not_now(ctx: StepContext) -> None:
    """Refuse to restore auto-deploy while an incident is being investigated or acted on."""
    phase = ctx.service.phase.value.replace("_", " ")
    ctx.note("REFUSED", f"auto-deploy is not given back now: {ctx.name} is {phase}")

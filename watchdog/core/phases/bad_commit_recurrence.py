"""The bad commit coming back (auto-deploy, a Blueprint sync, a colleague): recognised by commit, said once per deploy.

Rule 1: it is answered by switching auto-deploy off again (once) and a page; never by a second rollback: in an incident
that it begins, a human is asked (guards.recurring_commit).
Rule 2: a deploy that people know of is bad news no more: what was listed when its code was denied, what was said.
Rule 3: outside an incident the page is an alert of its own, for each deploy: closed once that serves no more, will not
serve, or its code is trusted.
"""

from watchdog.core import note_text
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import Facts, StepContext
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import PinAutoDeploy
from watchdog.domain.incidents import Incident, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Mode

# A limit, as these are saved with every state; a platform lists some 20 deploys.
KNOWN_MAX = 40
AFTER_THE_ROLLBACK = (Phase.DEPLOYING, Phase.VERIFYING, Phase.PAGED)


def remember(ctx: StepContext, code: str) -> None:
    """The code was denied just now: people know of the deploys that are listed."""
    know(ctx, [deploy for deploy in ctx.service.deploys if deploy.code == code])


def know(ctx: StepContext, deploys: list[Deploy]) -> None:
    """Remember deploys of denied code as known to people: they are no return of it."""
    new = [(deploy.code or "", deploy.id) for deploy in deploys]
    ctx.update_service(bad=tuple(dict.fromkeys((*ctx.service.bad, *new)))[-KNOWN_MAX:])


def watch(ctx: StepContext) -> None:
    """Look through a fresh deploy list for denied code that is live, or on its way, again, or is so no more."""
    # First: trust in the code, or its last return, may have ended what an open page is about.
    _close_pages(ctx)
    if not ctx.service.bad:
        return
    # Code that was trusted since is bad no more; code that only another service denied was never bad here.
    codes = {code for code, _ in ctx.service.bad}.intersection(ctx.state.denied)
    known = {deploy for _, deploy in ctx.service.bad}
    back = [
        deploy
        for deploy in ctx.service.deploys
        if deploy.code in codes and deploy.id not in known and (deploy.is_live or deploy.in_progress)
    ]
    if not back:
        return
    # Known before it is said: the next list comes within seconds, and must not page again.
    know(ctx, back)
    # An order to give auto-deploy back that is still tried was given when other code was the newest.
    ctx.update_service(overtaken=True)
    _pin(ctx)
    for deploy in back:
        _say(ctx, deploy)


def describe(deploy: Deploy) -> str:
    """Return what came back, how far it is, and who started it."""
    how = "live again" if deploy.is_live else "on its way again"
    return f"the bad commit {note_text.short(deploy.code)} is {how} ({deploy.id}, {deploy.trigger})"


def _say(ctx: StepContext, deploy: Deploy) -> None:
    what = describe(deploy)
    ctx.note("RETURNED", what)
    incident = _open(ctx)
    if incident is not None and ctx.service.phase is Phase.VERIFYING and deploy.is_live:
        return  # verification hands over in this very step, in these words
    returned: Facts = {"why": what, "by": deploy.id, "code": deploy.code or "", "under_way": not deploy.is_live}
    # An incident that was only noted has no readers: the page is then an alert of its own.
    if incident is not None and incident.channels:
        ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.RETURNED, wakes=True, **returned)
        return
    # The guard `mode` refuses a rollback by hand, too.
    observed = ctx.service_policy.mode is Mode.OBSERVE
    once_more = "on the platform's dashboard" if observed else command_line("rollback", ctx.name)
    lines = (
        "It is not rolled back a second time unless a human says so.",
        f"To roll back once more: {once_more}. If it is good now: {command_line('trust', deploy.code)}",
    )
    ctx.notify_service(NoticeKind.HUMAN_NEEDED, deploy.id, f"{ctx.name}: {what}", lines, wakes=True)
    # Saved with the state: after a restart the page is still open, and has to be closed.
    ctx.update_service(returned=(*ctx.service.returned, deploy.id)[-KNOWN_MAX:])


def _close_pages(ctx: StepContext) -> None:
    """Close the page about each deploy that came back and whose matter is over, however it ended."""
    for about in ctx.service.returned:
        why = why_not_serving(ctx, about) or _why_trusted(ctx, about)
        if why:
            ctx.update_service(returned=tuple(one for one in ctx.service.returned if one != about))
            what = f"{ctx.name}: the return of the bad commit by {about} is over"
            ctx.notify_service(NoticeKind.RESOLVED, about, what, (why,))


def why_not_serving(ctx: StepContext, about: str) -> str:
    """Return that a deploy neither serves nor is on its way, or ""."""
    deploy = next((one for one in ctx.service.deploys if one.id == about), None)
    if deploy is not None and (deploy.is_live or deploy.in_progress):
        return ""
    live = live_deploy(ctx.service.deploys)
    return f"{live.id} is live." if live is not None else f"{about} is not live."


def _why_trusted(ctx: StepContext, about: str) -> str:
    # By what was denied when the page was sent; a version before wrote rollbacks to good code into this list as well.
    code = next((code for code, deploy in ctx.service.bad if deploy == about), None)
    return f"{note_text.short(code)} is trusted now." if code is not None and code not in ctx.state.denied else ""


def _open(ctx: StepContext) -> Incident | None:
    incident = ctx.service.incident
    return incident if incident is not None and incident.closed_at is None else None


def _pin(ctx: StepContext) -> None:
    """Switch auto-deploy off again, once, if a person or program switched it on after our rollback."""
    incident, facts = _open(ctx), ctx.service.facts
    if incident is None or incident.rollback.deploy is None or ctx.service.phase not in AFTER_THE_ROLLBACK:
        return
    # Once only: against a person or a Blueprint that switches it on, it would go back and forth for ever.
    if facts is None or facts.auto_deploy == "off" or incident.pin.again:
        return
    if ctx.service_policy.platform_id is None or ctx.state.stop_reason:
        return
    ctx.update_pin(again=True, off=False)
    ctx.note("ACT", "auto-deploy -> off once more, to be read back")
    ctx.emit(PinAutoDeploy(ctx.name, incident.id, ctx.service_policy.platform_id, listed=facts.auto_deploy))

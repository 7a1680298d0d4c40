"""A rollback that the platform lists and our record lacks: the store was restored from a backup, or a person rolled
back while no watchdog ran.

Rule 1: it is looked for once, in the first deploy list after a service was taken up, among the deploys that are newer
than all recorded ones.
Rule 2: the code it left counts as found bad here: it is denied, and a rollback from it is asked about, never made.
Rule 3: code that another such rollback led back to was taken back by a person, and is not denied.
Rule 4: the rollback that this record has under way is no such one, though its id may not be known yet.
"""

from collections.abc import Sequence
from dataclasses import replace

from watchdog.core import note_text
from watchdog.core.context import StepContext
from watchdog.core.phases import bad_commit_recurrence
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import NoticeKind

NOT_ON = ("off", "unknown")


def deny_what_it_left(ctx: StepContext, recorded: Sequence[Deploy]) -> None:
    """Compare the first list after a take-up with the deploys that the record had."""
    if not ctx.service.unlisted or ctx.service.deploys_at != ctx.now:
        return
    ctx.update_service(unlisted=False)
    missing = _missing(ctx, recorded)
    back = {rollback.code for rollback in missing}
    for rollback in missing:
        left = _left_by(ctx.service.deploys, rollback)
        if left is not None and left.code is not None and left.code not in back:
            _deny(ctx, rollback, left.code)


def _missing(ctx: StepContext, recorded: Sequence[Deploy]) -> list[Deploy]:
    """Return the rollbacks that were made after the newest recorded deploy, oldest first."""
    newest = max((deploy.created_at for deploy in recorded), default=ctx.now)
    newer = [one for one in reversed(ctx.service.deploys) if one.is_rollback and one.created_at > newest]
    return [one for one in newer if not _is_under_way(ctx, one)]


def _is_under_way(ctx: StepContext, deploy: Deploy) -> bool:
    incident = ctx.service.incident
    if incident is None:
        return False
    requested = ctx.service.phase is Phase.ROLLING_BACK and deploy.code == incident.rollback.target_code
    return requested or deploy.id == incident.rollback.deploy


def _left_by(deploys: Sequence[Deploy], rollback: Deploy) -> Deploy | None:
    """Return what served before this rollback, or None if the list does not reach back so far."""
    older = deploys[deploys.index(rollback) + 1 :]
    return next((deploy for deploy in older if deploy.was_live), None)


def _deny(ctx: StepContext, rollback: Deploy, code: str) -> None:
    deploys = ctx.service.deploys
    older = [deploy for deploy in deploys[deploys.index(rollback) + 1 :] if deploy.code == code]
    bad_commit_recurrence.know(ctx, older)  # not what came back since: that is told as any return is
    if code not in ctx.state.denied:
        ctx.state = replace(ctx.state, denied=(*ctx.state.denied, code))
    what = f"the record lacks {rollback.id}, a rollback away from {note_text.short(code)}"
    lines = (
        "The store was restored from a backup, or a person rolled back while no watchdog ran.",
        f"{note_text.short(code)} is deny-listed: a rollback from it is asked about. If it is good: "
        f"watchdog trust {code}",
        *_auto_deploy(ctx),
    )
    ctx.note("HUMAN", " ".join((f"{what}.", *lines)))
    ctx.notify_service(NoticeKind.HUMAN_NEEDED, rollback.id, f"{ctx.name}: {what}", lines)


def _auto_deploy(ctx: StepContext) -> tuple[str, ...]:
    """Return that auto-deploy is off, where the record does not know of that."""
    facts = ctx.service.facts
    if facts is None or facts.auto_deploy not in NOT_ON or ctx.service.auto_deploy_off:
        return ()
    how = "IS" if facts.auto_deploy == "off" else "MAY BE"
    return (f"AUTO-DEPLOY {how} OFF; its former value is not known: if it was on, switch it on at the platform.",)

"""The outcomes of switching auto-deploy: off for a rollback (the pin), off once more, and given back.

Rule 1: the outage does not wait: without a confirmed pin the rollback is sent all the same, and the page says so.
Rule 2: the value to give back is the one before our first switch, also where the outcome comes late, or of a pin that
no incident needs any more.
"""

from dataclasses import replace

from watchdog.core.context import StepContext
from watchdog.core.fold import deploy_lists
from watchdog.core.phases import blocked_merges, close_incident, overdue_rollback, restore_auto_deploy, rollback_request
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.incidents import ACTING, Phase
from watchdog.domain.notices import NoticeKind, Topic

PinOutcome = e.PinConfirmed | e.PinUnconfirmed | e.RollbackPostponed
"""The possible outcomes of switching auto-deploy off; each carries the value before it, if that is known."""


def pinned(ctx: StepContext) -> None:
    """Send the rollback: auto-deploy is off, read back."""
    event = ctx.event
    assert isinstance(event, e.PinConfirmed)
    remember_pin(ctx, event)
    _read_back(ctx)
    rollback_request.send(ctx)


def not_pinned(ctx: StepContext) -> None:
    """Send the rollback without a confirmed pin: the outage does not wait, and the page mentions it."""
    event = ctx.event
    assert isinstance(event, e.PinUnconfirmed)
    remember_pin(ctx, event)
    _go_on_unpinned(ctx, event.why)


def pin_overdue(ctx: StepContext) -> None:
    """Send the rollback without the pin, if no outcome of the pin came in time."""
    if ctx.now - ctx.service.phase_since >= rollback_request.PIN_PATIENCE_SECONDS:
        _go_on_unpinned(ctx, "no answer came")
    else:
        overdue_rollback.page_if_overdue(ctx)


def _go_on_unpinned(ctx: StepContext, why: str) -> None:
    ctx.update_pin(note=f"NOT CONFIRMED to be off: {why}; a merge may bring the bad commit back")
    ctx.note("ACT", f"auto-deploy {ctx.incident.pin.note}")
    rollback_request.send(ctx)


def _read_back(ctx: StepContext) -> None:
    ctx.update_pin(off=True, note=f"off, read back (was {ctx.incident.pin.previous})")
    ctx.note("ACT", f"auto-deploy {ctx.incident.pin.note}")


def remember_pin(ctx: StepContext, event: PinOutcome) -> None:
    """Keep the value before our switch; a second pin may read back our own `off`, which is not that value."""
    if event.previous is None:
        return
    if event.previous != "off" or ctx.incident.pin.previous is None:
        ctx.update_pin(previous=event.previous)
    _remember_off(ctx, event, ctx.incident.pin.previous, ctx.incident.suspect)


def _remember_off(
    ctx: StepContext,
    event: PinOutcome,
    previous: str | None,
    live: str | None,
) -> None:
    """Record auto-deploy as off because of us, until it is restored or a later read shows it as on."""
    if previous is None or previous == "off":
        return
    sure = isinstance(event, e.PinConfirmed)
    # Until then a deploy list may still show the value before the switch, which must not count as a person's doing.
    settles = deploy_lists.PIN_SHOWS_SECONDS if sure else deploy_lists.PIN_LANDS_SECONDS
    ctx.update_service(
        auto_deploy_off=previous,
        pinned_for=event.incident,
        pinned_at=ctx.service.pinned_at or ctx.now,
        switch_visible_at=ctx.now + settles,
        offered=live or "",
    )


def pin_came_late(ctx: StepContext) -> None:
    """Handle a pin outcome that no phase waits for: restore auto-deploy if the action ended without it."""
    event = ctx.event
    assert isinstance(event, PinOutcome)
    incident = ctx.service.incident
    if incident is None or incident.id != event.incident:
        _pinned_for_one_that_is_over(ctx, event)
        return
    if incident.pin.again and not incident.pin.off:
        _pinned_again(ctx, event)
        return
    remember_pin(ctx, event)
    # Nothing to restore: the switch was not made, or auto-deploy was off before.
    if event.previous in (None, "off"):
        return
    if isinstance(event, e.PinConfirmed):
        _read_back(ctx)
    # No rollback came of it, so nothing needs auto-deploy off.
    if incident.rollback.deploy is None and ctx.service.phase in (Phase.PAGED, Phase.CALM):
        close_incident.give_back_or_say(ctx)


def put_off_late(ctx: StepContext) -> None:
    """Handle a postponement that no phase waits for; a pin inside it may still have switched auto-deploy off."""
    event, incident = ctx.event, ctx.service.incident
    assert isinstance(event, e.RollbackPostponed)
    ours = incident is not None and incident.id == event.incident
    if incident is not None and ours and incident.pin.again and not incident.pin.off:
        _pinned_again(ctx, event)
    elif event.previous is not None:
        pin_came_late(ctx)


def _pinned_for_one_that_is_over(ctx: StepContext, event: PinOutcome) -> None:
    """Leave auto-deploy as it is for a human: the record of its incident, and of a rollback in it, is gone."""
    if event.previous in (None, "off"):
        return
    _remember_off(ctx, event, ctx.service.auto_deploy_off or event.previous, ctx.service.live)
    why = f"it was to be switched off for {event.incident}, which is over"
    restore_auto_deploy.say_off(ctx, why, sure=isinstance(event, e.PinConfirmed))


def _pinned_again(ctx: StepContext, event: PinOutcome) -> None:
    """Record the outcome of switching auto-deploy off again after the bad commit came back."""
    remember_pin(ctx, event)
    if isinstance(event, e.PinConfirmed):
        ctx.update_pin(off=True, note="off once more, read back")
        # Shown as off at once: the facts of the last list would let the next event report it as on again.
        facts = ctx.service.facts
        ctx.update_service(facts=replace(facts, auto_deploy="off") if facts is not None else None)
        ctx.note("ACT", f"auto-deploy {ctx.incident.pin.note}")
        return
    if isinstance(event, e.PinUnconfirmed):
        # It may be off all the same, also where the value before it could not be read: that is the first one.
        _remember_off(ctx, event, ctx.incident.pin.previous, ctx.incident.suspect)
    line = f"Auto-deploy could not be switched off again: {event.why}. Switch it off by hand."
    ctx.update_pin(note=f"NOT off again: {event.why}")
    ctx.note("HUMAN", line)
    ctx.notify(NoticeKind.UPDATED, Topic.AUTO_DEPLOY_NOT_OFF, wakes=True, why=event.why)


def auto_deploy_restored(ctx: StepContext) -> None:
    """Record that auto-deploy has its former value again."""
    event = ctx.event
    assert isinstance(event, e.AutoDeployRestored)
    # Before that moment our own switch to `off` may still arrive after the restore; the next deploy list decides.
    if ctx.now >= ctx.service.switch_visible_at:
        ctx.update_service(auto_deploy_off="", pinned_for="", offered="")
        blocked_merges.forget(ctx)
    incident = ctx.service.incident
    if incident is not None and incident.id == event.incident:
        ctx.update_pin(off=False, previous=None, note=f"given back ({event.value})")
    _note_of_pin(ctx, event.incident, "ACT", f"auto-deploy given back: {event.value}")
    restore_auto_deploy.over(ctx, f"It was given back ({event.value})")


def auto_deploy_not_restored(ctx: StepContext) -> None:
    """Page that auto-deploy stays off: an earlier notice announced that it is being restored."""
    event = ctx.event
    assert isinstance(event, e.AutoDeployNotRestored)
    off = f"AUTO-DEPLOY IS OFF on {ctx.name} and could not be given back"
    _note_of_pin(ctx, event.incident, "HUMAN", f"{off}: {event.why}")
    acting, incident = ctx.service.phase in ACTING, ctx.service.incident
    if incident is not None and incident.id == event.incident:
        ctx.update_pin(note=f"still OFF, it could not be given back: {event.why}")
        if incident.closed_at is None and incident.channels:
            topic = Topic.AUTO_DEPLOY_NOT_RESTORED
            ctx.notify(NoticeKind.HUMAN_NEEDED, topic, wakes=True, why=event.why, under_way=acting)
            return
    # During a rollback the command would be refused, so the hint is for afterwards.
    again = "Once that is over" if acting else "Switch it on by hand, or try again"
    lines = (f"Why: {event.why}", f"{again}: {command_line('restore-auto-deploy', ctx.name)}")
    restore_auto_deploy.tell(ctx, off, lines, wakes=True)


def _note_of_pin(ctx: StepContext, incident: str, label: NoteLabel, text: str) -> None:
    """Write into the story of the incident that auto-deploy is off for, even if that is over."""
    ctx.emit(Note(ctx.now, ctx.name, incident if incident != ctx.name else None, label, text))

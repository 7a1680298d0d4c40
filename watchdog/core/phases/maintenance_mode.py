"""Maintenance mode while people work: switched on by policy in a critical incident, and off again by itself.

Theory. It cures nothing, so it is none of the remedies that a decision tries, and no phase waits for it: the incident
stays with the people who have it. `settle` looks after every event at what the service has become. What probes read
behind the page is explained as by any maintenance mode (assess/maintenance.py, guards/downtime.py); once the page is
gone they prove the recovery, or page.

Rule 1: on only where a person has acknowledged a critical incident that fails now and that the daemon leaves to people;
once in an incident, by the guards of a remedy without a suspected deploy.
Rule 2: off when a person says so (`stop`), when its incident is over or left to people no more, and at its time limit;
asked for again while it fails, since off twice is off. Where that does not help soon, or may not be done, people are
paged.
Rule 3: one that was on before is a person's, and so is one that a person switched off and on again: never touched.
Rule 4: the order is saved with the state, so a crash forgets neither; what may be on counts as on.
Rule 5: what probes see of the page proves nothing: the incident closes by readings after it alone.
"""

from dataclasses import replace

from watchdog.core.assess import maintenance
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.guards import guards, without_deploy
from watchdog.core.phases import paged
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import failure_types
from watchdog.domain.effects import Note, TryRemedy
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.incidents import Phase, ServiceState
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Mode
from watchdog.domain.remedies.maintenance_mode import OFF_TRIES, OFFS, ON, OwnMaintenance
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds

ANSWER_PATIENCE_SECONDS = 120.0
"""The longest wait for the outcome of a request; longer than the shell looks for a lost answer."""
AGAIN_SECONDS = 30.0
PAGED_AFTER = 3
"""After so many requests to switch it off in vain people are paged; it is asked for further on."""
SHOWN_SECONDS = 60.0
"""So long after the switch a list of Render may still have been read before it."""

Outcome = e.RemedyDone | e.RemedyRefused | e.RemedyPostponed | e.RemedyLost


def settle(ctx: StepContext, was: ServiceState) -> None:
    """Switch it on or off where that is due; `was` is the service before the event was handled."""
    own = ctx.service.own_maintenance
    if own is None and ctx.service.remedied and (asked_at := dict(ctx.service.remedied).get(ON)) is not None:
        # A worker of an earlier version was in between: it drops the record, and keeps that the request was made.
        last = f"{ctx.name}-{ctx.service.incidents}"
        own = OwnMaintenance(last, asked_at, asked_at, on_at=ctx.now, why_off="its record was lost")
        ctx.update_service(own_maintenance=own)
    if own is None or not own.may_be_on:
        # First the phase: this is asked after every healthy reading.
        if ctx.service.phase is not Phase.PAGED:
            return
        remedy = next((one for one in ctx.service_policy.remedies if one.at_most_seconds), None)
        if remedy is not None and not _why_not(ctx, remedy):
            _switch_on(ctx, remedy)
        return
    if isinstance(ctx.event, e.Restarted):
        _wake(ctx, own)
    if not maintenance.is_ours(was):
        # Only what a saved state knows to be ours is switched off (invariants).
        ctx.wake_at(ctx.now)
        return
    if _shown_as_off(ctx, own):
        _over(ctx, "Render shows it as off")
    elif _may_order_off(ctx, own):
        _due(ctx, own)


def _why_not(ctx: StepContext, remedy: Remedy) -> str:
    """Return why it is not switched on now, or ""."""
    incident, own = ctx.service.incident, ctx.service.own_maintenance
    if incident is None or incident.closed_at is not None:
        return "no incident is left to people"
    decision = incident.decision
    if incident.severity is not Severity.CRITICAL or incident.escalation.acknowledged_by is None:
        return "no one has acknowledged it, or it is not critical"
    if decision is None or decision.blame is None or decision.target is None:
        return "nothing was weighed"
    if not incident.human_needed and paged.obstacle_may_pass(decision) and not incident.unhindered:
        return "a rollback may still come"
    if (incident.announced_until or 0.0) > ctx.now:
        return "a rollback is kept for its window"
    if own is not None and (own.incident == incident.id or ctx.now - own.asked_at < _pause(own, remedy)):
        return "it was asked for already"
    if not remedy.suits(failure_types(incident.findings)):
        return "it is not for what fails"
    if not observations.failing_now(ctx.service, incident.findings, ctx.policy, ctx.now):
        return "nothing was seen failing just now"
    asked = without_deploy.AT_THE_CALL
    return ctx.state.stop_reason or guards.blocked(asked, ctx.state, ctx.policy, ctx.service, ctx.now)


def _pause(own: OwnMaintenance, remedy: Remedy) -> float:
    """Return how long after the last request it is not made again."""
    return remedy.cooldown_seconds if own.incident else AGAIN_SECONDS


def _switch_on(ctx: StepContext, remedy: Remedy) -> None:
    own = OwnMaintenance(ctx.incident.id, ctx.now, ctx.now + remedy.at_most_seconds)
    others = [one for one in ctx.service.remedied if one[0] != ON]
    # In the same saved step as the effect: a crash after it cannot forget to switch it off. Among the remedies it
    # stands while it may be on, for a worker of an earlier version (settle).
    ctx.update_service(own_maintenance=own, remedied=(*others, (ON, ctx.now)))
    by, limit = ctx.incident.escalation.acknowledged_by, show_seconds(remedy.at_most_seconds)
    ctx.note("INTENT", f"maintenance mode on while people work ({by} acknowledged it), for {limit} at most")
    _wake(ctx, own)
    ctx.emit(TryRemedy(ctx.name, own.incident, ON, ctx.incident.question.approved_by))


def _wake(ctx: StepContext, own: OwnMaintenance) -> None:
    for at in (own.until, max(own.asked_at, own.off_asked_at) + ANSWER_PATIENCE_SECONDS):
        ctx.wake_at(max(ctx.now, at))


def _shown_as_off(ctx: StepContext, own: OwnMaintenance) -> bool:
    """Return whether Render was read without it, long enough after our last request: a person switched it off."""
    facts, read_at = ctx.service.facts, ctx.service.deploys_at
    if facts is None or facts.maintenance or read_at is None or own.on_at is None:
        return False
    return read_at >= max(own.on_at, own.off_asked_at) + SHOWN_SECONDS


def _may_order_off(ctx: StepContext, own: OwnMaintenance) -> bool:
    """Return whether no request of ours is under way."""
    asked_at = own.off_asked_at or (own.asked_at if own.on_at is None else 0.0)
    return ctx.now - asked_at >= ANSWER_PATIENCE_SECONDS or not asked_at


def _due(ctx: StepContext, own: OwnMaintenance) -> None:
    incident = ctx.service.incident
    why = own.why_off
    if not why and (incident is None or incident.id != own.incident or incident.closed_at is not None):
        why = "its incident is over"
    if not why and ctx.service.phase is not Phase.PAGED:
        why = "the incident is not left to people any more"
    if not why and ctx.now >= own.until:
        why = f"its time is over ({show_seconds(own.until - own.asked_at)})"
    if not why:
        return
    if why != own.why_off:
        own = _update(ctx, why_off=why)
    hinders = ctx.state.stop_reason or ("mode observe" if ctx.service_policy.mode is Mode.OBSERVE else "")
    if hinders:
        _page(ctx, own, f"{hinders}: the daemon changes nothing")
        return
    if own.tries >= PAGED_AFTER:
        own = _page(ctx, own, f"{own.tries} requests did not switch it off")
    if own.tries < OFF_TRIES:
        name = OFFS[own.tries]
        own = _update(ctx, tries=own.tries + 1, off_asked_at=ctx.now)
        _note(ctx, own, "INTENT", f"maintenance mode off: {why}")
        _wake(ctx, own)
        ctx.emit(TryRemedy(ctx.name, own.incident, name, None))


def end(ctx: StepContext, by: str) -> bool:
    """Have it switched off because a person says that the work is done; return whether it is on."""
    own = ctx.service.own_maintenance
    if own is None or not own.may_be_on:
        return False
    # Asked twice it is no order about a rollback: none is sent while it is on.
    _update(ctx, why_off=own.why_off or f"{by} ended it")
    ctx.note("STOPPED", f"by {by}: maintenance mode is switched off")
    return True


def end_unread(ctx: StepContext, why: str) -> None:
    """Leave it to people, as no worker can switch it off: of a service that the configuration has no more."""
    own = ctx.service.own_maintenance
    if own is not None and own.may_be_on:
        _page(ctx, _update(ctx, why_off=own.why_off or "its incident is over"), why)


def outcome(ctx: StepContext) -> None:
    """Take the outcome of a request, in any phase."""
    event, own = ctx.event, ctx.service.own_maintenance
    assert isinstance(event, Outcome)
    ours = own is not None and own.incident == event.incident and own.may_be_on
    if event.remedy != ON:
        if own is not None and ours:
            _off(ctx, own, event)
    elif isinstance(event, e.RemedyDone) and not ours and not _known(own, event):
        # It came late, or no record knows of it, as after a restore of the store: it must not stay on.
        why = "it was switched on late, or no record says why"
        tries = own.tries if own is not None and own.incident == event.incident else 0  # a row of each is kept
        own = _update(ctx, OwnMaintenance(event.incident, ctx.now, ctx.now), on_at=ctx.now, why_off=why, tries=tries)
        _note(ctx, own, "ACT", "maintenance mode is on, and is wanted no longer")
    elif own is not None and ours and own.on_at is None:
        _on(ctx, own, event)


def _known(own: OwnMaintenance | None, event: Outcome) -> bool:
    """Return whether this yes is no news: delivered again, as after a restart, or of before one that is switched off.

    What is on now that the record says is over may be a person's.
    """
    return own is not None and (own.may_be_on or (own.incident == event.incident and own.on_at is not None))


def _on(ctx: StepContext, own: OwnMaintenance, event: Outcome) -> None:
    if isinstance(event, e.RemedyDone | e.RemedyLost):
        _update(ctx, on_at=ctx.now)
        sure = isinstance(event, e.RemedyDone)
        until = show_seconds(max(0.0, own.until - ctx.now))
        said = f"maintenance mode {'is' if sure else 'may be'} on"
        _note(ctx, own, "ACT", f"{said}{f': {event.why}' if event.why else ''}")
        lines = (
            "Visitors get the maintenance page while people work on it; the daemon switches it off by itself "
            f"in {until} at the latest, or when the incident ends.",
            f"Work done: {command_line('stop', own.incident)} switches it off, and probes prove the recovery.",
        )
        ctx.notify_service(NoticeKind.OPENED, _thread(own), f"{ctx.name}: {said}", lines)
        return
    # From the order on: what is in maintenance mode by now is so because of a person.
    _end(ctx, own.asked_at)
    if isinstance(event, e.RemedyPostponed):
        # Nothing was sent: it is asked for again, unless a person ended it meanwhile.
        _update(ctx, incident=own.incident if own.why_off else "", asked_at=ctx.now)
        ctx.wake_at(ctx.now + AGAIN_SECONDS)
        _note(ctx, own, "WAIT", f"maintenance mode was not switched on: {event.why}")
        return
    theirs = isinstance(event, e.RemedyRefused) and event.already
    why = "it was on before, so it is a person's, and stays as it is" if theirs else event.why
    _note(ctx, own, "ACT", f"maintenance mode was not switched on: {why}")


def _off(ctx: StepContext, own: OwnMaintenance, event: Outcome) -> None:
    already = isinstance(event, e.RemedyRefused) and event.already
    if isinstance(event, e.RemedyDone) or already:
        _over(ctx, own.why_off if not already else f"{own.why_off}; it was off already")
        return
    _note(ctx, own, "WAIT", f"maintenance mode is not off: {event.why}")
    # The next try waits as long as is left of the patience with the last one.
    again = min(ANSWER_PATIENCE_SECONDS, AGAIN_SECONDS * 2 ** (own.tries - 1))
    _update(ctx, off_asked_at=ctx.now - ANSWER_PATIENCE_SECONDS + again)
    ctx.wake_at(ctx.now + again)


def _end(ctx: StepContext, at: float) -> OwnMaintenance:
    """End the record: it is off, or was never on because of us."""
    ctx.update_service(remedied=tuple(one for one in ctx.service.remedied if one[0] != ON))
    return _update(ctx, off_at=at)


def _over(ctx: StepContext, why: str) -> None:
    own = _end(ctx, ctx.now)
    incident = ctx.service.incident
    if incident is not None and incident.id == own.incident and incident.closed_at is None:
        ctx.set_service(observations.reset_detectors(ctx.service, ctx.now))
    _note(ctx, own, "ACT", f"maintenance mode is off: {why}")
    lines = (f"Why: {why}.", "Probes prove the recovery from now on; what still fails a minute later pages.")
    ctx.notify_service(NoticeKind.RESOLVED, _thread(own), f"{ctx.name}: maintenance mode is off", lines)


def _page(ctx: StepContext, own: OwnMaintenance, why: str) -> OwnMaintenance:
    """Page once that it stays on."""
    if own.paged:
        return own
    own = _update(ctx, paged=True)
    title = f"MAINTENANCE MODE IS ON on {ctx.name}"
    _note(ctx, own, "HUMAN", f"{title}: {why}")
    lines = (f"It was to be switched off: {own.why_off}. {why[:1].upper()}{why[1:]}.", "Switch it off on Render.")
    ctx.notify_service(NoticeKind.HUMAN_NEEDED, _thread(own), title, lines, wakes=True)
    return own


def _thread(own: OwnMaintenance) -> str:
    return f"{own.incident}/maintenance"


def _note(ctx: StepContext, own: OwnMaintenance, label: NoteLabel, text: str) -> None:
    """Write into the story of its incident, even if that is over."""
    ctx.emit(Note(ctx.now, ctx.name, own.incident, label, text))


def _update(ctx: StepContext, own: OwnMaintenance | None = None, **fields: object) -> OwnMaintenance:
    known = own or ctx.service.own_maintenance
    assert known is not None, "it is about one"
    found = replace(known, **fields)  # type: ignore[arg-type]
    ctx.update_service(own_maintenance=found)
    return found

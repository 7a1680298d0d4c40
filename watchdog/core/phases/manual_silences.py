"""Silences and action holds that people create by command: begin, end, expiry; and the notices when a silence ends.

Rule: people who missed notices learn that the silence is over. Each end is announced once, and an incident that is
still open and was muted is notified then. The same holds for the implicit silence of a downtime (see maintenance).
"""

from dataclasses import replace

from watchdog.core.assess import maintenance, suppression
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.phases import escalation, open_incident, rollback_request
from watchdog.domain import events as e
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.incidents import Phase, State
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Suppression
from watchdog.domain.units import show_seconds


def silence(ctx: StepContext, event: e.Silenced) -> None:
    """Mute notices until the given end."""
    made = Suppression(
        _new_name("silence", ctx.state),
        event.of,
        event.by,
        event.reason,
        event.at,
        event.until,
        None,
        event.signal,
        event.severity,
    )
    if _made(ctx, "SILENCED", made):
        ctx.state = replace(ctx.state, silences=(*ctx.state.silences, made), quiets=ctx.state.quiets + 1)


def hold(ctx: StepContext, event: e.Held) -> None:
    """Hold automatic rollbacks until the given end."""
    made = Suppression(_new_name("hold", ctx.state), event.of, event.by, event.reason, event.at, event.until)
    if _made(ctx, "HELD", made):
        ctx.state = replace(ctx.state, holds=(*ctx.state.holds, made), quiets=ctx.state.quiets + 1)


def _made(ctx: StepContext, label: NoteLabel, made: Suppression) -> bool:
    assert made.ends_at is not None, "what people type in has an end"
    # A command may have waited in the queue while no worker ran.
    if made.ends_at <= ctx.now:
        ctx.emit(Note(ctx.now, "", None, "REFUSED", "it would be over already"))
        return False
    ctx.wake_at(made.ends_at)
    lasts = show_seconds(made.ends_at - ctx.now)
    ctx.emit(Note(ctx.now, "", None, label, f"{suppression.describe(made)}, for {lasts}"))
    return True


def _new_name(kind: str, state: State) -> str:
    """Return a name that was never used before: ending a silence by name must end no other."""
    # Counted over all that were ever made, not over those in force.
    return f"{kind}-{state.quiets + 1}"


def end(ctx: StepContext, event: e.Unsilenced) -> None:
    """End a silence or hold before its time, at a human's command."""
    all_of_them = (*ctx.state.silences, *ctx.state.holds)
    known = [one for one in all_of_them if one.name == event.name]
    if known:
        ctx.state = _without(ctx.state, known)
        ctx.emit(Note(ctx.now, "", None, "UNSILENCED", f"{suppression.describe(known[0])}: ended by {event.by}"))
        return
    names = ", ".join(one.name for one in all_of_them) or "none"
    why = f"no silence or hold {event.name}; there is: {names} (what the configuration says is ended there)"
    ctx.emit(Note(ctx.now, "", None, "REFUSED", why))


def expire(ctx: StepContext) -> None:
    """Remove expired silences and holds, and announce each end once."""
    over = [one for one in _typed_in(ctx.state) if one.ends_at is not None and one.ends_at <= ctx.now]
    if not over:
        return
    ctx.state = _without(ctx.state, over)
    lines = tuple(suppression.describe(one) for one in over)
    for line in lines:
        ctx.emit(Note(ctx.now, "", None, "EXPIRED", line))
    title = f"Over: {', '.join(one.name for one in over)}"
    ctx.notify_operators(NoticeKind.UPDATED, "silences", title, lines)


def wake(ctx: StepContext) -> None:
    """Ask to be woken at each end, after a restart."""
    for one in _typed_in(ctx.state):
        ctx.wake_at(max(one.ends_at or ctx.now, ctx.now))


def by_platform(ctx: StepContext) -> None:
    """Note a downtime that the deploy list shows: its begin, its end, and once that it has lasted long."""
    down = ctx.service.downtime
    if down is None:
        return
    ours = maintenance.was_ours(ctx.service, down)
    lasted = f"{ctx.name} was {down.what} for {show_seconds(ctx.now - down.since)}"
    # `since` and `ended_at` equal to this event's time mean that the fold of this very event set them.
    if down.since == ctx.now:
        off = "rollbacks are off" if ours else "notifications and rollbacks are off"
        ctx.note("DOWNTIME", f"it is {down.what}, says the platform: {off}")
    if down.ended_at == ctx.now:
        _downtime_ended(ctx, lasted, ours=ours)
    elif down.ended_at is None and not down.told and ctx.now - down.since >= maintenance.LONG_SECONDS:
        ctx.update_service(downtime=replace(down, told=True))
        ctx.note("DOWNTIME", f"{lasted}, and still is")
        lines = ("Failures there are not notified. If it was forgotten: switch it back on at the platform.",)
        ctx.notify_operators(NoticeKind.UPDATED, "silences", f"{lasted}, and still is", lines)


def _downtime_ended(ctx: StepContext, lasted: str, *, ours: bool) -> None:
    """End the downtime's silence: probe closely again, and notify of the failures that outlast the grace period."""
    # The deploy list of a downtime was read rarely (context._deploys_every); the phase's own interval returns.
    ctx.enter_phase(ctx.service.phase)
    facts = ctx.service.facts
    # Render itself suspends a service for billing or abuse: that is no planned downtime, and its failures are real.
    if facts is not None and facts.suspended:
        by = ", ".join(facts.suspenders) or "an unknown account"
        ctx.note("DOWNTIME", f"over: {lasted}; it is suspended by {by} now")
        return
    waits = ctx.service.phase in (Phase.PAGED, Phase.ASKING)
    # Of our own page people read that probes decide now, so the one who ended it hears of a failure, too.
    if waits and ctx.incident.paged and (ours or not ctx.incident.human_needed):
        # Its people read of the outage before or during the downtime; as muted, it is notified and decided anew.
        ctx.update_incident(muted=True)
    grace = show_seconds(maintenance.GRACE_SECONDS)
    ctx.note("DOWNTIME", f"over: {lasted}; failures that remain after {grace} are notified")
    ctx.wake_at(ctx.now + maintenance.GRACE_SECONDS)
    if ours:
        return
    ctx.notify_operators(
        NoticeKind.UPDATED, "silences", f"Over: {lasted}", (f"Failures that remain after {grace} are notified.",)
    )


def _typed_in(state: State) -> tuple[Suppression, ...]:
    return (*state.silences, *state.holds)


def _without(state: State, over: list[Suppression]) -> State:
    return replace(
        state,
        silences=tuple(one for one in state.silences if one not in over),
        holds=tuple(one for one in state.holds if one not in over),
    )


def notify_after_silence(ctx: StepContext) -> bool:
    """Notify of an open incident that was muted and is muted no longer; return whether there was one."""
    if not ctx.incident.muted or ctx.silenced_by() is not None:
        return False
    ctx.update_incident(muted=False)
    ctx.note("UNMUTED", "the silence is over, or does not name all that fails now; it is still open")
    known = {finding.signal for finding in ctx.incident.findings}
    failing = observations.findings(ctx.service, ctx.policy, ctx.now)
    # While a remedy is tried nothing else is decided: people are only notified.
    free = not ctx.incident.human_needed and ctx.incident.remedy is None
    if failing and maintenance.overlapped(ctx.service, ctx.incident.onset_at) and free:
        # The old decision was made in or before the downtime. The guard `service` asks a human now, whatever it was.
        open_incident.open_incident(ctx, failing)
        return True
    if ctx.service.phase is Phase.ASKING:
        rollback_request.ask(ctx)
        return True
    besides = tuple(finding.text for finding in failing if finding.signal not in known)
    wakes = ctx.incident.severity in escalation.WAKING
    escalation.call(ctx)
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.UNMUTED, wakes=wakes, also=besides)
    return True

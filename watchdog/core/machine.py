"""The incident state machine: `step(state, event, policy) -> (state, effects)`.

Theory. A service is in one phase; an event may move it to another. The core receives events and returns effects; it
never performs one, and the outcome of an effect comes back as the next event. The same input gives the same output,
so a recording of events replays every decision, and a restart continues from the saved state. Waiting is an effect
too: `WakeAt` asks for a `TimePassed` at that moment, because the core reads no clock.

Rule 1: TRANSITIONS is total: every phase has an entry for every event, and doing nothing is written (`ignore`).
Rule 2: readings are folded into the state before the table is consulted, in every phase alike, except bad
readings while the daemon is blind. The phases differ only in their actions.

    CALM ──bad──► SUSPECT ──confirmed──► ANNOUNCED ─┐        ┌─► VERIFYING ──good──► CALM
                     │                   ASKING ────┼► PINNING ─► ROLLING_BACK ─► DEPLOYING
                     └──────────────────► PAGED ◄───┴──(every step that fails)

    REMEDYING comes before PINNING where a remedy is left to try: ──good──► CALM, else back to SUSPECT.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import get_args

from watchdog.core import fleet, unguarded_service
from watchdog.core.context import StepContext
from watchdog.core.fold import clock_skew, deploy_lists, migrations_read, observations
from watchdog.core.guards import active_criticals, flapping
from watchdog.core.phases import (
    approval,
    bad_commit_recurrence,
    blocked_merges,
    escalation,
    human_commands,
    maintenance_mode,
    manual_silences,
    overdue_rollback,
    paged,
    pin_outcome,
    remedies,
    restore_auto_deploy,
    rollback_outcome,
    scheduled_rollback,
    suspicion,
    undo_rollback,
    unrecorded_rollback,
    verification,
)
from watchdog.core.updates import (
    certificate_notices,
    deploy_success,
    drill_reminders,
    follow_up_reminders,
    stakeholder_updates,
)
from watchdog.domain import events as e
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad
from watchdog.domain.remedies.maintenance_mode import is_switch

Handler = Callable[[StepContext], None]


def ignore(ctx: StepContext) -> None:
    """Do nothing, on purpose."""


FLEET_ONLY: Mapping[type[Event], Handler] = MappingProxyType(
    {
        e.ControlChecked: ignore,
        e.ProbesJudged: ignore,
        e.VendorChecked: ignore,
        e.Paused: ignore,
        e.Resumed: ignore,
        e.InvariantBroken: ignore,
        e.CommitTrusted: ignore,
        e.Silenced: ignore,
        e.Held: ignore,
        e.Unsilenced: ignore,
        e.WeekSummedUp: ignore,
        e.AnnouncementPosted: ignore,
        e.PastDecidedAgain: ignore,
        e.IntegrationJudged: ignore,
        e.DeploysUnread: ignore,
    }
)
"""Events that only change shared knowledge; no phase reacts to them (see fleet, fold/deploy_lists)."""

IN_ANY_PHASE: Mapping[type[Event], Handler] = MappingProxyType(
    {
        e.CommitsSeen: blocked_merges.seen,
        e.CommitsUnread: blocked_merges.unseen,
        e.AuthorsRead: deploy_success.written,
        e.CertificateSeen: certificate_notices.seen,
        # Only kept for the next decision: an open question is decided anew with the next reading of a signal.
        e.MigrationsRead: ignore,
        e.Acknowledged: human_commands.acknowledge,
        # Only an open question has a clock: ASKING overrides this row.
        e.QuestionDelivered: ignore,
        e.FollowUpsFellDue: follow_up_reminders.remind,
        e.DrillFellDue: drill_reminders.remind,
    }
)

LATE: Mapping[type[Event], Handler] = MappingProxyType(
    {
        e.PinConfirmed: pin_outcome.pin_came_late,
        e.PinUnconfirmed: pin_outcome.pin_came_late,
        e.RollbackAccepted: rollback_outcome.acceptance_came_late,
        # No phase waits for it; a refused key is noted by the fleet's handler (fleet.forbid).
        e.RollbackRefused: ignore,
        e.RollbackStoodDown: ignore,
        e.RollbackPostponed: pin_outcome.put_off_late,
        e.RollbackLost: ignore,
        e.AutoDeployRestored: pin_outcome.auto_deploy_restored,
        e.AutoDeployNotRestored: pin_outcome.auto_deploy_not_restored,
        e.RemedyDone: remedies.came_late,
        e.RemedyRefused: remedies.settled_late,
        e.RemedyPostponed: remedies.settled_late,
        e.RemedyLost: remedies.settled_late,
    }
)
"""Outcomes that a phase does not wait for, or that belong to another incident."""

NOT_ASKED: Mapping[type[Event], Handler] = MappingProxyType(
    {
        e.Approved: human_commands.nothing_asked,
        e.Rejected: human_commands.nothing_asked,
        e.Stopped: human_commands.nothing_to_stop,
    }
)

TRANSITIONS: Mapping[Phase, Mapping[type[Event], Handler]] = MappingProxyType(
    {
        Phase.CALM: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: suspicion.enter_suspect,
            e.DeploysListed: restore_auto_deploy.offer,
            e.TimePassed: ignore,
            e.Restarted: suspicion.resume,
            e.RollbackRequested: human_commands.rollback_by_hand,
            e.UndoRequested: undo_rollback.undo,
            e.RestoreRequested: restore_auto_deploy.restore,
        },
        Phase.SUSPECT: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: suspicion.confirm,
            e.DeploysListed: suspicion.confirm,
            e.TimePassed: suspicion.confirm,
            e.Restarted: suspicion.resume,
            e.RollbackAccepted: rollback_outcome.accepted_after_all,
            # Also here: an incident whose rollback waits for a fresh bad reading is back under suspicion.
            e.Rejected: human_commands.stop,
            e.Stopped: human_commands.stop,
            e.RollbackRequested: human_commands.rollback_by_hand,
            e.UndoRequested: undo_rollback.undo,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.ANNOUNCED: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            e.Observed: scheduled_rollback.wait,
            e.DeploysListed: scheduled_rollback.wait,
            e.TimePassed: scheduled_rollback.wait,
            e.Restarted: rollback_outcome.resume_announcing,
            e.Approved: human_commands.approve,
            e.Rejected: human_commands.reject,
            e.Stopped: human_commands.stop,
            e.RollbackRequested: human_commands.refuse_in_progress,
            e.UndoRequested: human_commands.refuse_in_progress,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.ASKING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            e.Observed: approval.await_approval,
            e.DeploysListed: approval.await_approval,
            e.TimePassed: approval.await_approval,
            e.QuestionDelivered: approval.question_delivered,
            e.Restarted: approval.resume,
            e.Approved: human_commands.approve,
            e.Rejected: human_commands.reject,
            e.Stopped: human_commands.reject,
            e.RollbackRequested: human_commands.rollback_by_hand,
            e.UndoRequested: undo_rollback.undo,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.REMEDYING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: paged.follow_remedy,
            e.DeploysListed: paged.follow_remedy,
            e.TimePassed: paged.follow_remedy,
            e.Restarted: remedies.resume,
            e.RemedyDone: remedies.done,
            e.RemedyRefused: remedies.refused,
            e.RemedyPostponed: remedies.postponed,
            e.RemedyLost: remedies.lost,
            e.Rejected: human_commands.stop,
            e.Stopped: human_commands.stop,
            e.RollbackRequested: human_commands.refuse_in_progress,
            e.UndoRequested: human_commands.refuse_in_progress,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.PINNING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: overdue_rollback.page_if_overdue,
            e.DeploysListed: ignore,
            e.TimePassed: pin_outcome.pin_overdue,
            e.Restarted: rollback_outcome.resume_acting,
            e.PinConfirmed: pin_outcome.pinned,
            e.PinUnconfirmed: pin_outcome.not_pinned,
            e.RollbackAccepted: rollback_outcome.accepted_after_all,
            e.RollbackStoodDown: rollback_outcome.aborted,
            e.RollbackPostponed: rollback_outcome.postponed,
            e.Rejected: human_commands.stop,
            e.Stopped: human_commands.stop,
            e.RollbackRequested: human_commands.refuse_in_progress,
            e.UndoRequested: human_commands.refuse_in_progress,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.ROLLING_BACK: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: overdue_rollback.page_if_overdue,
            e.DeploysListed: ignore,
            e.TimePassed: rollback_outcome.send_overdue,
            e.Restarted: rollback_outcome.resume_acting,
            e.RollbackAccepted: rollback_outcome.accepted,
            e.RollbackRefused: rollback_outcome.refused,
            e.RollbackStoodDown: rollback_outcome.aborted,
            e.RollbackPostponed: rollback_outcome.postponed,
            e.RollbackLost: rollback_outcome.outcome_unknown,
            e.RollbackRequested: human_commands.refuse_in_progress,
            e.UndoRequested: human_commands.refuse_in_progress,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.DEPLOYING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: verification.follow,
            e.DeploysListed: verification.follow,
            e.TimePassed: verification.follow,
            e.Restarted: verification.resume,
            e.RollbackRequested: human_commands.refuse_in_progress,
            e.UndoRequested: human_commands.refuse_in_progress,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.VERIFYING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: verification.verify,
            e.DeploysListed: verification.verify,
            e.TimePassed: verification.verify,
            e.Restarted: verification.resume,
            e.RollbackRequested: human_commands.refuse_in_progress,
            e.UndoRequested: human_commands.refuse_in_progress,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.PAGED: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: paged.keep_watching,
            e.DeploysListed: paged.keep_watching,
            e.TimePassed: paged.keep_the_clock,
            e.Restarted: paged.resume,
            e.Rejected: human_commands.stop_waiting,
            e.Stopped: human_commands.stop_waiting,
            e.RollbackRequested: human_commands.rollback_by_hand,
            e.UndoRequested: undo_rollback.undo,
            e.RestoreRequested: restore_auto_deploy.restore,
        },
    }
)

EVENTS: tuple[type[Event], ...] = get_args(Event)


def step(state: State, event: Event, policy: Policy) -> tuple[State, tuple[Effect, ...]]:
    """Return the new state and the effects that the shell performs, in order."""
    ctx = StepContext(state, event, policy)
    # Fleet-wide knowledge first: the handlers below decide with it (after `Restarted`, without refused keys).
    fleet.perceive_event(ctx)
    for name in _concerned(ctx):
        ctx.name = name
        if name not in ctx.state.services:
            # A service that a reload added has no state yet; its observation time begins with this event.
            ctx.set_service(ServiceState(name, watching_since=event.at, phase_since=event.at))
        _apply_observation(ctx)
        # Taken after the fold and before the handler: stakeholder_updates compares this with the handler's result.
        seen = ctx.service
        # Before the handler: it closes the notice of a switch that a person flipped, and a returned bad commit
        # re-pins auto-deploy, so the phase's handler already sees both.
        if isinstance(event, e.DeploysListed):
            restore_auto_deploy.over_by_list(ctx)
            bad_commit_recurrence.watch(ctx)
            unrecorded_rollback.end_notices(ctx, event.facts)
            manual_silences.by_platform(ctx)
        _handler(ctx)(ctx)
        # After the handler: these five read the phase and the incident that it left.
        maintenance_mode.settle(ctx, seen)
        active_criticals.clear(ctx)
        flapping.settle(ctx)
        stakeholder_updates.settle(ctx, seen)
        deploy_success.settle(ctx)
        ctx.update_probe_interval()
    if isinstance(event, e.Restarted):
        unguarded_service.end_incidents(ctx, event.services)
    return ctx.state, tuple(ctx.effects)


def _concerned(ctx: StepContext) -> list[str]:
    """Return the names of the services this event is about, without those the policy no longer guards."""
    event = ctx.event
    # First, as nearly every event is a reading of one service.
    name = getattr(event, "service", None)
    if name is not None:
        return [name] if name in ctx.policy.services else []
    if isinstance(event, e.OF_AN_INCIDENT):
        service = ctx.state.of_incident(event.incident)
        return [service.name] if service is not None and service.name in ctx.policy.services else []
    if isinstance(event, e.Restarted):
        # An empty list means that this worker took up every service it guards.
        return [name for name in event.services or ctx.policy.services if name in ctx.policy.services]
    # Every service, as each has clocks of its own in its state; waking does not name one.
    if isinstance(event, e.TimePassed):
        return [name for name in ctx.state.services if name in ctx.policy.services]
    return []


def _handler(ctx: StepContext) -> Handler:
    """Return the handler of the event; an outcome that names another incident goes to the LATE table.

    A restart delivers outcomes again, so the phase's own handler must never take one that belongs to an earlier
    incident for its own.
    """
    event, service = ctx.event, ctx.service
    if type(event) in LATE:
        # No phase waits for it: the incident stays with people meanwhile.
        if isinstance(event, maintenance_mode.Outcome) and is_switch(event.remedy):
            return maintenance_mode.outcome
        incident = service.incident
        if incident is None or incident.id != getattr(event, "incident", None):
            return LATE[type(event)]
    return TRANSITIONS[service.phase][type(event)]


def _apply_observation(ctx: StepContext) -> None:
    event = ctx.event
    if isinstance(event, e.Observed):
        if isinstance(event.reading, Bad) and ctx.state.blind_since is not None:
            # Blind means that our own network is at fault: a failed probe then says nothing about the site.
            return
        ctx.set_service(observations.apply_observation(ctx.service, event, ctx.policy))
    elif isinstance(event, e.DeploysListed):
        # The list before this event, to tell a newly live deploy and unrecorded rollbacks from known ones.
        was = ctx.service
        ctx.set_service(deploy_lists.apply_deploy_list(was, event, ctx.policy))
        unrecorded_rollback.deny_what_it_left(ctx, was)
        deploy_success.begin_watch(ctx, was.live)
    elif isinstance(event, e.MigrationsRead):
        ctx.set_service(migrations_read.apply_migrations(ctx.service, event, ctx.policy))
    elif isinstance(event, e.DeploysUnread):
        ctx.set_service(deploy_lists.apply_deploy_list_error(ctx.service, event))
    elif isinstance(event, e.Restarted):
        # Before its times are changed, which say how long no worker watched it.
        escalation.remember_gap(ctx)
        unrecorded_rollback.remember_gap(ctx)
        # A worker with a fast clock may have saved times that lie ahead of this worker's.
        ctx.set_service(clock_skew.clamp_future_times(ctx.service, event.at))
        ctx.update_service(unlisted=True)

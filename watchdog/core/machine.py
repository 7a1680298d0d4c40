"""The machine: `step(state, event, policy) -> (state, effects)`. Same input, same output.

Rule 1: the core is told; it never asks. It reads no clock; waiting is an effect.
Rule 2: the table is total: every phase has an entry for every event, and silence is written (`ignore`).
Rule 3: perception comes first and is the same in every phase; only what is *done* differs.

    CALM ──bad──► SUSPECT ──confirmed──► ANNOUNCED ─┐        ┌─► VERIFYING ──good──► CALM
                     │                   ASKING ────┼► PINNING ─► ROLLING_BACK ─► DEPLOYING
                     └──────────────────► PAGED ◄───┴──(anything that does not go well)
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import get_args

from watchdog.core import fleet
from watchdog.core.context import Turn
from watchdog.core.fold import clock_skew, observations
from watchdog.core.guards import active_criticals, flapping
from watchdog.core.phases import (
    approval,
    bad_commit_recurrence,
    blocked_merges,
    human_commands,
    manual_silences,
    overdue_rollback,
    paged,
    restore_auto_deploy,
    rollback_outcome,
    scheduled_rollback,
    suspicion,
    undo_rollback,
    verification,
)
from watchdog.core.updates import deploy_success, follow_up_reminders, stakeholder_updates
from watchdog.domain import events as e
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad

Handler = Callable[[Turn], None]


def ignore(turn: Turn) -> None:
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
        e.IntegrationJudged: ignore,
        e.DeploysUnread: ignore,
    }
)
"""Events whose whole meaning is in the knowledge they change (see fleet, perceive)."""

IN_ANY_PHASE: Mapping[type[Event], Handler] = MappingProxyType(
    {
        e.CommitsSeen: blocked_merges.seen,
        e.CommitsUnread: blocked_merges.unseen,
        e.AuthorsRead: deploy_success.written,
        e.Acknowledged: human_commands.acknowledge,
        e.QuestionHeard: ignore,
        e.FollowUpsFellDue: follow_up_reminders.remind,
    }
)

LATE: Mapping[type[Event], Handler] = MappingProxyType(
    {
        e.PinConfirmed: rollback_outcome.pin_came_late,
        e.PinUnconfirmed: rollback_outcome.pin_came_late,
        e.RollbackAccepted: rollback_outcome.acceptance_came_late,
        e.RollbackRefused: ignore,
        e.RollbackStoodDown: ignore,
        e.RollbackPostponed: rollback_outcome.put_off_late,
        e.RollbackLost: ignore,
        e.AutoDeployRestored: rollback_outcome.auto_deploy_restored,
        e.AutoDeployNotRestored: rollback_outcome.auto_deploy_not_restored,
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

TABLE: Mapping[Phase, Mapping[type[Event], Handler]] = MappingProxyType(
    {
        Phase.CALM: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: suspicion.look_closer,
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
            e.RollbackRequested: human_commands.already_at_it,
            e.UndoRequested: human_commands.already_at_it,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.ASKING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            e.Observed: approval.await_answer,
            e.DeploysListed: approval.await_answer,
            e.TimePassed: approval.await_answer,
            e.QuestionHeard: approval.heard,
            e.Restarted: approval.resume,
            e.Approved: human_commands.approve,
            e.Rejected: human_commands.reject,
            e.Stopped: human_commands.reject,
            e.RollbackRequested: human_commands.rollback_by_hand,
            e.UndoRequested: undo_rollback.undo,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.PINNING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: overdue_rollback.say,
            e.DeploysListed: ignore,
            e.TimePassed: rollback_outcome.pin_overdue,
            e.Restarted: rollback_outcome.resume_acting,
            e.PinConfirmed: rollback_outcome.pinned,
            e.PinUnconfirmed: rollback_outcome.not_pinned,
            e.RollbackPostponed: rollback_outcome.postponed,
            e.Rejected: human_commands.stop,
            e.Stopped: human_commands.stop,
            e.RollbackRequested: human_commands.already_at_it,
            e.UndoRequested: human_commands.already_at_it,
            e.RestoreRequested: restore_auto_deploy.not_now,
        },
        Phase.ROLLING_BACK: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: overdue_rollback.say,
            e.DeploysListed: ignore,
            e.TimePassed: rollback_outcome.send_overdue,
            e.Restarted: rollback_outcome.resume_acting,
            e.RollbackAccepted: rollback_outcome.accepted,
            e.RollbackRefused: rollback_outcome.refused,
            e.RollbackStoodDown: rollback_outcome.stood_down,
            e.RollbackPostponed: rollback_outcome.postponed,
            e.RollbackLost: rollback_outcome.lost,
            e.RollbackRequested: human_commands.already_at_it,
            e.UndoRequested: human_commands.already_at_it,
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
            e.RollbackRequested: human_commands.already_at_it,
            e.UndoRequested: human_commands.already_at_it,
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
            e.RollbackRequested: human_commands.already_at_it,
            e.UndoRequested: human_commands.already_at_it,
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
    """Return the new state and what is to be done, in order."""
    turn = Turn(state, event, policy)
    fleet.perceive_event(turn)
    for name in _concerned(turn):
        turn.name = name
        if name not in turn.state.services:
            turn.put(ServiceState(name, watching_since=event.at, phase_since=event.at))
        _perceive(turn)
        seen = turn.service
        if isinstance(event, e.DeploysListed):
            restore_auto_deploy.over(turn, "Somebody switched it on")
            bad_commit_recurrence.watch(turn)
            manual_silences.by_platform(turn)
        _handler(turn)(turn)
        active_criticals.settle(turn)
        flapping.settle(turn)
        stakeholder_updates.settle(turn, seen)
        deploy_success.settle(turn)
        turn.settle_pace()
    return turn.state, tuple(turn.effects)


def _concerned(turn: Turn) -> list[str]:
    """Return the services this event is about; those the policy does not know are passed over."""
    event = turn.event
    name = getattr(event, "service", None)  # first: it is a reading, nearly always
    if name is not None:
        return [name] if name in turn.policy.services else []
    if isinstance(event, e.OF_AN_INCIDENT):
        known = [item for name, item in turn.state.services.items() if name in turn.policy.services]
        return [item.name for item in known if item.incident is not None and item.incident.id == event.incident]
    if isinstance(event, e.Restarted):
        return [name for name in event.services or turn.policy.services if name in turn.policy.services]
    if isinstance(event, e.TimePassed):
        return [name for name in turn.state.services if name in turn.policy.services]
    return []


def _handler(turn: Turn) -> Handler:
    """Return what to do; an outcome that a restart tells again belongs to the incident it names, and to no other."""
    event, service = turn.event, turn.service
    if type(event) in LATE:
        incident = service.incident
        if incident is None or incident.id != getattr(event, "incident", None):
            return LATE[type(event)]
    return TABLE[service.phase][type(event)]


def _perceive(turn: Turn) -> None:
    event = turn.event
    if isinstance(event, e.Observed):
        if isinstance(event.reading, Bad) and turn.state.blind_since is not None:
            return
        turn.put(observations.observed(turn.service, event, turn.policy))
    elif isinstance(event, e.DeploysListed):
        was_live = turn.service.live
        turn.put(observations.listed(turn.service, event, turn.policy))
        deploy_success.begin(turn, was_live)
    elif isinstance(event, e.DeploysUnread):
        turn.put(observations.unread(turn.service, event))
    elif isinstance(event, e.Restarted):
        turn.put(clock_skew.not_ahead(turn.service, event.at))

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

from watchdog.core import (
    acting,
    ahead,
    asking,
    delayed,
    flapping,
    fleet,
    good_news,
    handing_back,
    keeping,
    merges,
    paged,
    people,
    perceive,
    proving,
    reminding,
    returning,
    silences,
    stakeholders,
    troubles,
    undoing,
    watching,
)
from watchdog.core.turn import Turn
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
        e.CommitsSeen: merges.seen,
        e.CommitsUnread: merges.unseen,
        e.AuthorsRead: good_news.written,
        e.Acknowledged: people.acknowledge,
        e.QuestionHeard: ignore,
        e.FollowUpsFellDue: reminding.remind,
    }
)

LATE: Mapping[type[Event], Handler] = MappingProxyType(
    {
        e.PinConfirmed: acting.pin_came_late,
        e.PinUnconfirmed: acting.pin_came_late,
        e.RollbackAccepted: acting.acceptance_came_late,
        e.RollbackRefused: ignore,
        e.RollbackStoodDown: ignore,
        e.RollbackPostponed: acting.put_off_late,
        e.RollbackLost: ignore,
        e.AutoDeployRestored: acting.auto_deploy_restored,
        e.AutoDeployNotRestored: acting.auto_deploy_not_restored,
    }
)
"""Outcomes that a phase does not wait for, or that belong to another incident."""

NOT_ASKED: Mapping[type[Event], Handler] = MappingProxyType(
    {e.Approved: people.nothing_asked, e.Rejected: people.nothing_asked, e.Stopped: people.nothing_to_stop}
)

TABLE: Mapping[Phase, Mapping[type[Event], Handler]] = MappingProxyType(
    {
        Phase.CALM: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: watching.look_closer,
            e.DeploysListed: handing_back.offer,
            e.TimePassed: ignore,
            e.Restarted: watching.resume,
            e.RollbackRequested: people.rollback_by_hand,
            e.UndoRequested: undoing.undo,
            e.RestoreRequested: handing_back.restore,
        },
        Phase.SUSPECT: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: watching.confirm,
            e.DeploysListed: watching.confirm,
            e.TimePassed: watching.confirm,
            e.Restarted: watching.resume,
            e.Rejected: people.stop,
            e.Stopped: people.stop,
            e.RollbackRequested: people.rollback_by_hand,
            e.UndoRequested: undoing.undo,
            e.RestoreRequested: handing_back.not_now,
        },
        Phase.ANNOUNCED: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            e.Observed: keeping.wait,
            e.DeploysListed: keeping.wait,
            e.TimePassed: keeping.wait,
            e.Restarted: acting.resume_announcing,
            e.Approved: people.approve,
            e.Rejected: people.reject,
            e.Stopped: people.stop,
            e.RollbackRequested: people.already_at_it,
            e.UndoRequested: people.already_at_it,
            e.RestoreRequested: handing_back.not_now,
        },
        Phase.ASKING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            e.Observed: asking.await_answer,
            e.DeploysListed: asking.await_answer,
            e.TimePassed: asking.await_answer,
            e.QuestionHeard: asking.heard,
            e.Restarted: asking.resume,
            e.Approved: people.approve,
            e.Rejected: people.reject,
            e.Stopped: people.reject,
            e.RollbackRequested: people.rollback_by_hand,
            e.UndoRequested: undoing.undo,
            e.RestoreRequested: handing_back.not_now,
        },
        Phase.PINNING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: delayed.say,
            e.DeploysListed: ignore,
            e.TimePassed: acting.pin_overdue,
            e.Restarted: acting.resume_acting,
            e.PinConfirmed: acting.pinned,
            e.PinUnconfirmed: acting.not_pinned,
            e.RollbackPostponed: acting.postponed,
            e.Rejected: people.stop,
            e.Stopped: people.stop,
            e.RollbackRequested: people.already_at_it,
            e.UndoRequested: people.already_at_it,
            e.RestoreRequested: handing_back.not_now,
        },
        Phase.ROLLING_BACK: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: delayed.say,
            e.DeploysListed: ignore,
            e.TimePassed: acting.send_overdue,
            e.Restarted: acting.resume_acting,
            e.RollbackAccepted: acting.accepted,
            e.RollbackRefused: acting.refused,
            e.RollbackStoodDown: acting.stood_down,
            e.RollbackPostponed: acting.postponed,
            e.RollbackLost: acting.lost,
            e.RollbackRequested: people.already_at_it,
            e.UndoRequested: people.already_at_it,
            e.RestoreRequested: handing_back.not_now,
        },
        Phase.DEPLOYING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: proving.follow,
            e.DeploysListed: proving.follow,
            e.TimePassed: proving.follow,
            e.Restarted: proving.resume,
            e.RollbackRequested: people.already_at_it,
            e.UndoRequested: people.already_at_it,
            e.RestoreRequested: handing_back.not_now,
        },
        Phase.VERIFYING: {
            **FLEET_ONLY,
            **IN_ANY_PHASE,
            **LATE,
            **NOT_ASKED,
            e.Observed: proving.verify,
            e.DeploysListed: proving.verify,
            e.TimePassed: proving.verify,
            e.Restarted: proving.resume,
            e.RollbackRequested: people.already_at_it,
            e.UndoRequested: people.already_at_it,
            e.RestoreRequested: handing_back.not_now,
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
            e.Rejected: people.stop_waiting,
            e.Stopped: people.stop_waiting,
            e.RollbackRequested: people.rollback_by_hand,
            e.UndoRequested: undoing.undo,
            e.RestoreRequested: handing_back.restore,
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
            handing_back.over(turn, "Somebody switched it on")
            returning.watch(turn)
            silences.by_platform(turn)
        _handler(turn)(turn)
        troubles.settle(turn)
        flapping.settle(turn)
        stakeholders.settle(turn, seen)
        good_news.settle(turn)
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
        turn.put(perceive.observed(turn.service, event, turn.policy))
    elif isinstance(event, e.DeploysListed):
        was_live = turn.service.live
        turn.put(perceive.listed(turn.service, event, turn.policy))
        good_news.begin(turn, was_live)
    elif isinstance(event, e.DeploysUnread):
        turn.put(perceive.unread(turn.service, event))
    elif isinstance(event, e.Restarted):
        turn.put(ahead.not_ahead(turn.service, event.at))

"""The facts that the author of a command saw: the daemon refuses the command if they have changed since. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.guards.decision import find_target
from watchdog.domain import events as e
from watchdog.domain.decisions import NOT_WEIGHED
from watchdog.domain.events import Event
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.presentation.rollback_plan import replaced

QUESTION = "moment of the question"
HAS_CHANGED = "is another one than you saw: look again, then decide"
PLAN = ("blamed", "planned")
"""The arguments of a rollback by hand that bind it to its plan, beside the live deploy."""


def carries_facts(given: Mapping[str, Any]) -> bool:
    """Return whether a command with these arguments names facts that its author saw."""
    return any(given.get(name) for name in ("seen", *PLAN))


def changed(state: State, policy: Policy, event: Event, given: Mapping[str, Any]) -> str:
    """Return the first fact that changed since the author of a command with the arguments `given` saw it, or an empty
    string (also if it names none)."""
    # A stop always counts: it only prevents a rollback, also in an incident that changed.
    if isinstance(event, e.Stopped):
        return ""
    if isinstance(event, e.RollbackRequested) and (service := state.services.get(event.service)) is not None:
        why = replaced(service.name, service.deploys, given.get("blamed")) or _of_plan(state, policy, service, given)
        if why:
            return why
    seen: Mapping[str, Any] = given.get("seen") or {}
    now = _as_it_is(state, event)
    if isinstance(event, e.Rejected):
        now = {name: value for name, value in now.items() if name != "asked_at"}  # a no holds, asked again or not
    what = next((name for name in seen if name in now and seen[name] != now[name]), "")
    return f"the {QUESTION if what == 'asked_at' else what} {HAS_CHANGED}" if what else ""


def _of_plan(state: State, policy: Policy, service: ServiceState, given: Mapping[str, Any]) -> str:
    """Return that another target is chosen now than by the plan, or an empty string.

    The core chooses the target anew, by its own rules: to name it as one by hand would skip its health record.
    """
    live, wanted = live_deploy(service.deploys), given.get("planned")
    if not wanted or live is None:
        return ""
    chosen = find_target(state, policy, service, replace(NOT_WEIGHED, suspect=live, change=live)).deploy
    now = given.get("target") or (chosen.id if chosen is not None else None)
    return "" if now == wanted else f"the target {HAS_CHANGED}"


def _as_it_is(state: State, event: Event) -> Mapping[str, Any]:
    """Return the present values that an answer, or a rollback by hand, depends on."""
    if isinstance(event, (e.RollbackRequested, e.UndoRequested)):
        live = live_deploy(state.services[event.service].deploys) if event.service in state.services else None
        return {"live deploy": live.id if live is not None else None}
    if isinstance(event, (e.Approved, e.Rejected, e.Stopped)):
        service = state.of_incident(event.incident)
        if service is not None and service.incident is not None:
            one = service.incident
            return {"suspect": one.suspect, "target": one.rollback.target, "asked_at": service.asked_at}
    return {}

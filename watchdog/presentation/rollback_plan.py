"""The plan of a manual rollback, or of an undo, with the answer of every guard: the core's own decision. Pure.

`watchdog rollback SERVICE --dry-run` and the console's confirmation show the same plan; likewise for an undo.
"""

from collections.abc import Sequence

from watchdog.core.assess.suspect_deploy import live_deploy, same_code_run
from watchdog.core.machine import step
from watchdog.core.phases.undo_rollback import asked_for
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Decision
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect, Note
from watchdog.domain.errors import Refused
from watchdog.domain.events import DeploysListed, RollbackRequested, UndoRequested
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.presentation.text import clean

WHO = "--dry-run"


def planned(policy: Policy, state: State, listed: DeploysListed, to: str | None, blamed: str | None = None) -> Decision:
    """Return the core's own decision for a manual rollback; nothing is saved or done. Raises Refused, also where the
    deploy that is `blamed` is not live any more."""
    if why := replaced(listed.service, listed.deploys, blamed):
        raise Refused(why)
    return _decided(policy, state, listed, RollbackRequested(listed.at, listed.service, WHO, to))[0]


def replaced(service: str, deploys: Sequence[Deploy], blamed: str | None) -> str:
    """Return that the blamed deploy is not live any more, nor another one of its code; empty if it is, or none is
    blamed. Without a live deploy the core itself refuses."""
    live = live_deploy(deploys)
    if not blamed or live is None or blamed in {one.id for one in same_code_run(deploys, live)}:
        return ""
    return f"{clean(blamed)} is not live at {clean(service)} any more; nothing to roll back"


def planned_undo(policy: Policy, state: State, listed: DeploysListed, incident: Incident) -> tuple[Decision, str]:
    """Return the core's own decision for an undo, and its text about it; nothing is saved or done.

    `listed` is the deploy list of the incident's service. Raises Refused.
    """
    decision, effects = _decided(policy, state, listed, asked_for(incident, listed.at, WHO))
    said = [effect.text for effect in effects if isinstance(effect, Note) and effect.label == "UNDO"]
    return decision, said[0]


def _decided(
    policy: Policy, state: State, listed: DeploysListed, asked: RollbackRequested | UndoRequested
) -> tuple[Decision, Sequence[Effect]]:
    # The guards judge by the current deploy list, as the daemon does before it sends a rollback.
    state, _ = step(state, listed, policy)
    state, effects = step(state, asked, policy)
    for effect in effects:
        if isinstance(effect, Note) and effect.label == "REFUSED":
            raise Refused(effect.text)
    incident = state.services[listed.service].incident
    # A decision of another moment is an older one: the core ignored the request without a word.
    if incident is None or incident.decision is None or incident.decision.at != listed.at:
        raise Refused(f"the watchdog is busy with this service: see `{command_line('status')}`")
    return incident.decision, effects

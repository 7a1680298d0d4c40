"""What a rollback by hand would do now, and what every guard answers: the core's own decision. Pure.

`watchdog rollback SERVICE --dry-run` and the console's confirmation show the same plan.
"""

from watchdog.core.machine import step
from watchdog.domain.decisions import Decision
from watchdog.domain.effects import Note
from watchdog.domain.errors import Refused
from watchdog.domain.events import DeploysListed, RollbackRequested
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy


def planned(policy: Policy, state: State, listed: DeploysListed, to: str | None) -> Decision:
    """Return the core's own decision for a rollback by hand; nothing of it is saved or done. Raises Refused."""
    state, _ = step(state, listed, policy)
    asked = RollbackRequested(listed.at, listed.service, "--dry-run", to)
    state, effects = step(state, asked, policy)
    for effect in effects:
        if isinstance(effect, Note) and effect.label == "REFUSED":
            raise Refused(effect.text)
    incident = state.services[listed.service].incident
    if incident is None or incident.decision is None or incident.decision.at != listed.at:
        raise Refused("the watchdog is busy with this service: see `watchdog status`")
    return incident.decision

"""The deploy of another guarded service that is likelier than not to blame for an incident; what people can do. Pure.

Theory. The core rolls back only the service that fails; the other's own checks may be clean, so nothing else acts on
that deploy. The incident's record names it. Where the state of all services is known, the core's own plan of a rollback
by hand says whether it can be rolled back, and where to; elsewhere people see that plan before they do it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.phases.paged import PASSING_VETOES, PLATFORM_VETO
from watchdog.domain.decisions import Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.errors import Refused
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import ACTING, Incident, Phase, State
from watchdog.domain.policy import Policy
from watchdog.presentation.rollback_plan import planned, replaced
from watchdog.presentation.situation import BY_ITSELF, Situation, situation
from watchdog.presentation.status_text import open_incident

UNSURE = frozenset({PLATFORM_VETO, *PASSING_VETOES, "blind", "service"})
"""Vetoes and blocking guards that explain the failure otherwise, or lack the fact that would: no service is named."""
DECIDES = ACTING | {Phase.ANNOUNCED, Phase.ASKING}
"""The phases in which an incident is about to be, or is being, rolled back."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """A deploy of another guarded service that is likelier than not to blame."""

    service: str  # its name
    deploy: str  # the platform's id of the deploy
    probability: float  # that it is to blame, 0.5-1
    fails: bool  # that service fails as well


@dataclass(frozen=True, slots=True)
class OtherService:
    """The culprit's service as it stands now."""

    serves: bool = True  # the blamed deploy is live, or another one of its code
    target: Deploy | None = None  # where a rollback by hand would lead; None: it would be refused
    refused: str = ""  # why it would be
    incident: str = ""  # its own open incident, which has the next step
    acts: bool = False  # the daemon rolls it back in that incident, or has


def culprit(incident: Incident) -> Culprit | None:
    """Return the culprit; None without one, or where the daemon or an explanation of another kind comes first."""
    decision = incident.decision
    if decision is None or decision.blame is None or decision.blame.other_cause is None:
        return None
    if situation(incident) in (*BY_ITSELF, Situation.QUESTION, Situation.NO_ACTION, Situation.CLOSED):
        return None
    blocks = {one.name for one in decision.guards if one.verdict is Verdict.BLOCK}
    if UNSURE & (blocks | {one.name for one in decision.blame.vetoed}):
        return None
    likely, blame = decision.blame.other_cause, decision.blame
    # A guarded dependency that fails is a cause of its own beside its deploy, which alone names both.
    for one in blame.causes:
        fails = likely.name == f"upstream {one.service}"
        if one.service and (one is likely or fails):
            return Culprit(one.service, one.deploy, blame.chance_of(likely), fails)
    return None


def unreported(error: Exception) -> None:
    """Leave a fault of a plan unreported: the command that shows the plan shows the fault."""


class OtherServices:
    """How the services of culprits stand in one state, at `now` (UTC epoch seconds).

    Theory. A plan is a whole decision of the core, and many incidents may name the same deploy: each plan is made once.
    A plan that fails unexpectedly leaves its service unknown, as an unread one: it must not take from people the page
    about what fails. `report` gets the exception.
    """

    def __init__(
        self, state: State, policy: Policy, now: float, report: Callable[[Exception], None] = unreported
    ) -> None:
        self._state, self._policy, self._now, self._report = state, policy, now, report
        self._by_plan: dict[tuple[str, str], OtherService | None] = {}

    def of(self, found: Culprit) -> OtherService | None:
        """Return how the culprit's service stands; None: not known."""
        service = self._state.services.get(found.service)
        if service is None or service.facts is None or live_deploy(service.deploys) is None:
            return None
        own = open_incident(service)
        # What fails itself has its own incident, with the evidence about its own deploy.
        if own is not None and (service.phase in DECIDES or found.fails):
            return OtherService(incident=own.id, acts=service.phase in ACTING)
        about = found.service, found.deploy
        if about not in self._by_plan:
            listed = DeploysListed(self._now, service.name, service.deploys, service.facts)
            self._by_plan[about] = self._planned(listed, found.deploy)
        return self._by_plan[about]

    def _planned(self, listed: DeploysListed, blamed: str) -> OtherService | None:
        if replaced(listed.service, listed.deploys, blamed):
            return OtherService(serves=False)
        if listed.service not in self._policy.services:
            return OtherService(refused="the daemon does not guard it any more")
        # The step itself says that a pause has to end first.
        state = replace(self._state, paused_by="", disarmed="")
        try:
            plan = planned(self._policy, state, listed, None)
        except Refused as error:
            return OtherService(refused=str(error))
        except Exception as error:  # noqa: BLE001  a fault here must not take down the page about the outage
            self._report(error)
            return None
        return OtherService(target=plan.target.deploy if plan.target is not None else None)

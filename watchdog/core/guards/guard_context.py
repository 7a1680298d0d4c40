"""The input of a guard, and the three answers it can give."""

from dataclasses import dataclass

from watchdog.domain.decisions import Blame, Finding, GuardAnswer, GuardReason, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy


@dataclass(frozen=True, slots=True)
class GuardContext:
    """The input of a guard: an intended rollback. `found` is the main finding, with the onset of its incident."""

    state: State
    policy: Policy
    service: ServiceState
    service_policy: ServicePolicy
    blame: Blame
    target: TargetChoice
    incident: Incident | None
    now: float
    found: Finding | None = None

    @property
    def code(self) -> str | None:
        """Return the code that the rollback would leave."""
        return self.blame.suspect.code if self.blame.suspect is not None else None

    def between(self) -> list[Deploy]:
        """Return the suspect and the deploys between it and the target, newest first."""
        if self.blame.suspect is None or self.target.deploy is None:
            return []
        ids = [deploy.id for deploy in self.service.deploys]
        # Without the target itself: it is what the rollback brings back, and its own changes stay.
        start, end = ids.index(self.blame.suspect.id), ids.index(self.target.deploy.id)
        return list(self.service.deploys[start:end])


def passes(name: str, why: str) -> GuardAnswer:
    """Return that the guard has no objection."""
    return GuardAnswer(name, Verdict.PASS, why)


def asks(name: str, why: str, *, passing: bool = False, reason: GuardReason | None = None) -> GuardAnswer:
    """Return that a human has to agree; `passing`: the reason may pass by itself."""
    return GuardAnswer(name, Verdict.ASK, why, passing, reason)


def blocks(
    name: str,
    why: str,
    *,
    passing: bool = False,
    reason: GuardReason | None = None,
    clears_at: float | None = None,
    suspenders: tuple[str, ...] = (),
) -> GuardAnswer:
    """Return that nothing is sent; `passing`: the reason may pass, and the incident is decided anew then.

    `clears_at` (UTC epoch seconds) is when the reason passes by itself, if that is known; `suspenders` are those of the
    service.
    """
    return GuardAnswer(name, Verdict.BLOCK, why, passing, reason, clears_at, suspenders)

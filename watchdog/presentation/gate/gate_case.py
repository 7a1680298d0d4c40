"""What the gate judges: one service, one commit, and what the record has of both services. Pure lookups.

Theory. Everything is read before the first reason is asked, so that all of them speak of one moment. What could not be
read is absent here, and each reason that needs it answers `not known`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.fold.served_versions import SIGNS_MIN
from watchdog.domain.checks import Check, Served
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad, Good
from watchdog.domain.store_records import Minute
from watchdog.presentation.availability import Availability
from watchdog.presentation.gate.gate_rules import GateReason, GateRules, GateVerdict

STALE_SECONDS = 300.0
"""Older facts say nothing of now. A daemon reads deploys every 15 s, and saves its state every 30 s."""
STALE_TURNS = 4.0
"""With many services, or slow signals, facts are read more rarely: so many turns may be missing."""


@dataclass(frozen=True, slots=True)
class GateCase:
    """The facts for one answer; `now` is UTC epoch seconds."""

    service: ServicePolicy  # the production service
    commit: str  # the commit in question, in lower case; perhaps its first letters only
    rules: GateRules
    policy: Policy
    state: State
    now: float
    runs: bool  # a daemon runs on this record
    minutes: Sequence[Minute] = ()  # aggregates of staging since it carries the commit
    incidents: Sequence[Incident] = ()  # the newest incidents of staging
    available: Availability | None = None  # of production, in 30 days; None: not read

    @property
    def production(self) -> ServiceState | None:
        """Return what the record has of production."""
        return self.state.services.get(self.service.name)

    @property
    def staging(self) -> ServiceState | None:
        """Return what the record has of staging."""
        return self.state.services.get(self.rules.staging or "")

    @property
    def staging_policy(self) -> ServicePolicy | None:
        """Return the configuration of staging."""
        return self.policy.services.get(self.rules.staging or "")


def passed(name: str, why: str) -> GateReason:
    """Return that the reason lets the commit through."""
    return GateReason(name, GateVerdict.PASSED, why)


def refused(name: str, why: str) -> GateReason:
    """Return that the reason refuses the commit."""
    return GateReason(name, GateVerdict.REFUSED, why)


def not_known(name: str, why: str) -> GateReason:
    """Return that the reason cannot be answered, which refuses as well."""
    return GateReason(name, GateVerdict.UNKNOWN, why)


def same_commit(one: str | None, other: str | None) -> bool:
    """Return whether two names mean the same code: one begins with the other, of at least seven letters."""
    left, right = ((name or "").removeprefix("sha256:").lower() for name in (one, other))
    if min(len(left), len(right)) < SIGNS_MIN:
        return False
    return left.startswith(right) or right.startswith(left)


def deploys_stale_seconds(policy: Policy) -> float:
    """Return the age from which a deploy list says nothing of now."""
    return max(STALE_SECONDS, STALE_TURNS * policy.calm_seconds)


def reading_stale_seconds(signal: SignalPolicy) -> float:
    """Return the age from which a reading of the signal says nothing of now."""
    return max(STALE_SECONDS, STALE_TURNS * signal.every_seconds)


def evidence_at(check: Check) -> float:
    """Return when the signal was last read with a result (UTC epoch seconds); 0: never."""
    return check.last_at if isinstance(check.last, Good | Bad) else check.seen_at


def served_now(service: ServiceState) -> Served | None:
    """Return the version that the newest answer named, over all signals; None where no answer names one."""
    named = [one for check in service.checks.values() for one in check.served if one.version]
    return max(named, key=lambda one: one.last_at, default=None)


def staged_deploy(case: GateCase) -> Deploy | None:
    """Return the live deploy of staging if it is of the commit, else None."""
    live = live_deploy(case.staging.deploys) if case.staging is not None else None
    return live if live is not None and same_commit(live.code, case.commit) else None


def staged_since(case: GateCase) -> float | None:
    """Return since when staging carries the commit (UTC epoch seconds); None if it does not, or that is not known."""
    if case.staging is None or case.staging_policy is None:
        return None
    if case.staging_policy.platform_id is None:
        # Not at a platform: its own answers are all that names its code.
        served = served_now(case.staging)
        return served.first_at if served is not None and same_commit(served.version, case.commit) else None
    deploy = staged_deploy(case)
    return deploy.finished_at if deploy is not None else None

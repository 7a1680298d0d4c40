"""What blame is weighed from, and what of other services is seen in it."""

from dataclasses import dataclass

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.decisions import Blame, Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.readings import Bad

STALE_VENDOR_SECONDS = 900.0
RUN_PROBES_MIN = 3
"""Failing probes in a row from which it is no blip."""
PARTLY_CUSUM = 10.0
"""More than one run of failures, however long, adds to a check's sum (two failures of log(p1/p0) = 4.6 each)."""
BLIP_SECONDS = 60.0
"""A dependency that failed a probe within so long before us, and is well again, may be partly down."""


@dataclass(frozen=True, slots=True)
class BlameInput:
    """What blame is weighed from; `before` is what was found when this incident was judged last."""

    state: State
    policy: Policy
    service: ServiceState
    wishes: ServicePolicy
    findings: tuple[Finding, ...]
    main: Finding
    share: float
    now: float
    before: Blame | None = None

    @property
    def onset_at(self) -> float:
        """Return when the main finding began."""
        return self.main.onset_at

    def page_trouble(self, name: str) -> Bad | None:
        """Return what a status page reports, or None: nothing, or old news."""
        at, reading = self.state.vendors.get(name, (0.0, None))
        return reading if isinstance(reading, Bad) and self.now - at < STALE_VENDOR_SECONDS else None

    def failing_since(self, name: str) -> float | None:
        """Return since when another service fails, or failed a probe about when we began to; None: it is well."""
        other, trouble = self.state.services.get(name), self.state.troubles.get(name)
        began = failing_since(other) if other is not None else None
        if began is None and other is not None:
            lately = [one.last_bad_at for one in other.checks.values() if one.last_bad_at is not None]
            began = max((at for at in lately if at >= self.onset_at - BLIP_SECONDS), default=None)
        return began if began is not None or trouble is None else trouble.at

    def same_code(self, name: str, suspect: Deploy) -> bool:
        """Tell whether another service runs the suspect code (or fails on it, where another worker holds it)."""
        other, trouble = self.state.services.get(name), self.state.troubles.get(name)
        live = live_deploy(other.deploys) if other is not None else None
        known = trouble.suspect_code if other is None and trouble is not None else None
        code = live.code if live is not None else known
        return suspect.code is not None and code == suspect.code


def failing_since(service: ServiceState) -> float | None:
    """Return when a service began to fail: its open incident, its oldest run of failing probes, or its oldest sum of
    more failures than one run counts for; None: nothing of that.
    """
    incident = service.incident
    if incident is not None and incident.closed_at is None:
        return incident.onset_at
    starts = [check.run_started_at for check in service.checks.values() if check.run_started_at is not None]
    partly = [check for check in service.checks.values() if check.cusum >= PARTLY_CUSUM]
    starts += [check.cusum_zero_at for check in partly if check.cusum_zero_at is not None]
    return min(starts, default=None)


def is_no_blip(service: ServiceState) -> bool:
    """Tell whether it fails for sure: an open incident, some failing probes in a row, or failures again and again."""
    if service.incident is not None and service.incident.closed_at is None:
        return True
    return any(one.run_probes >= RUN_PROBES_MIN or one.cusum >= PARTLY_CUSUM for one in service.checks.values())

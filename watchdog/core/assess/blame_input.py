"""What blame is weighed from, and what of other services is seen in it."""

from dataclasses import dataclass

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Blame, Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.readings import Bad

STALE_VENDOR_SECONDS = 900.0
SURE_FAILURES = 3
"""So many failed probes of one check within LATELY_SECONDS are no blip, whether or not one was good between them."""
LATELY_SECONDS = 60.0


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
            began = self.stumbled_at(other)
        return began if began is not None or trouble is None else trouble.at

    def stumbled_at(self, other: ServiceState) -> float | None:
        """Return when another service last failed a probe, if that was not long before we began to; else None."""
        lately = [one.last_bad_at for one in other.checks.values() if one.last_bad_at is not None]
        return max((at for at in lately if at >= self.onset_at - LATELY_SECONDS), default=None)

    def same_code(self, name: str, suspect: Deploy) -> bool:
        """Tell whether another service runs the suspect code (or fails on it, where another worker holds it)."""
        other, trouble = self.state.services.get(name), self.state.troubles.get(name)
        live = live_deploy(other.deploys) if other is not None else None
        known = trouble.suspect_code if other is None and trouble is not None else None
        code = live.code if live is not None else known
        return suspect.code is not None and code == suspect.code


def failing_since(service: ServiceState) -> float | None:
    """Return when a service began to fail: its open incident, its oldest run of failing probes, or the first of several
    that failed lately; None: nothing of that.
    """
    incident = service.incident
    if incident is not None and incident.closed_at is None:
        return incident.onset_at
    starts = [check.run_started_at for check in service.checks.values() if check.run_started_at is not None]
    starts += [failed[0] for failed in map(_failed_lately, service.checks.values()) if len(failed) >= SURE_FAILURES]
    return min(starts, default=None)


def is_no_blip(service: ServiceState) -> bool:
    """Tell whether it fails for sure: an open incident, or several failed probes lately."""
    if service.incident is not None and service.incident.closed_at is None:
        return True
    return any(len(_failed_lately(check)) >= SURE_FAILURES for check in service.checks.values())


def _failed_lately(check: Check) -> list[float]:
    return [at for at, failed in check.recent if failed and at >= check.last_at - LATELY_SECONDS]

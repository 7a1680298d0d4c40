"""The input of blame, and its view of other services."""

from dataclasses import dataclass, replace

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Blame, Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.readings import Bad
from watchdog.domain.units import show_seconds

# Status pages are edited by hand and read rarely: an old answer neither accuses nor acquits.
STALE_VENDOR_SECONDS = 900.0
UNREAD_VENDOR_SECONDS = 120.0
"""A page with an open incident is read once a minute: from here on people are shown how old its word is."""
SURE_FAILURES = 3
"""This many failed probes of one check within LATELY_SECONDS are no blip, even with a good one between them."""
LATELY_SECONDS = 60.0
PEER_SECONDS = 180.0
"""An onset further off than this belongs to another failure."""


@dataclass(frozen=True, slots=True)
class BlameInput:
    """The input of blame; `before` is the blame of this incident's previous decision."""

    state: State
    policy: Policy
    service: ServiceState
    service_policy: ServicePolicy
    findings: tuple[Finding, ...]
    main: Finding
    share: float
    now: float
    before: Blame | None = None

    @property
    def onset_at(self) -> float:
        """Return the onset of the main finding (UTC epoch seconds)."""
        return self.main.onset_at

    def page_trouble(self, name: str) -> Bad | None:
        """Return the trouble that a status page reports, or None if it reports none or was last read long ago."""
        at, reading = self.state.vendors.get(name, (0.0, None))
        if not isinstance(reading, Bad) or self.now - at >= STALE_VENDOR_SECONDS:
            return None
        return replace(reading, why=f"{reading.why}{read_ago(at, self.now)}")

    def failing_since(self, name: str) -> float | None:
        """Return since when another service fails, or None: its oldest run of failing probes, else its open incident,
        else the first of several probes that failed lately. Of another worker's service its critical state is known.
        """
        other, trouble = self._other(name), self.state.troubles.get(name)
        if other is None:
            return trouble.at if trouble is not None else None
        # A run of failing probes dates the failure most exactly; an incident's onset may be the minute of a feed.
        runs = [check.run_started_at for check in self._checks(other) if check.run_started_at is not None]
        if runs:
            return min(runs)
        if other.incident is not None and other.incident.closed_at is None:
            return other.incident.onset_at
        failed = [_failed_lately(check) for check in self._checks(other)]
        return min((times[0] for times in failed if len(times) >= SURE_FAILURES), default=None)

    def fails_for_sure(self, name: str) -> bool:
        """Return whether another service's failure is no blip: several recent failures, or an open incident."""
        other = self._other(name)
        if other is None:
            # Other workers share their critical services alone, and those are confirmed.
            return name in self.state.troubles
        return _is_open(other) or any(len(_failed_lately(one)) >= SURE_FAILURES for one in self._checks(other))

    def failed_once_at(self, name: str) -> float | None:
        """Return when another service failed a probe near our onset, or None."""
        other = self._other(name)
        times = [one.last_bad_at for one in self._checks(other) if one.last_bad_at is not None] if other else []
        near = [at for at in times if -LATELY_SECONDS <= at - self.onset_at <= PEER_SECONDS]
        return max(near, default=None)

    @property
    def known_at(self) -> float:
        """Return since when this service is known to be critical; the present time if it is not yet."""
        mine = self.state.troubles.get(self.service.name)
        return mine.at if mine is not None else self.now

    def _other(self, name: str) -> ServiceState | None:
        """Return a guarded service that this worker watches, or None: a service no longer guarded is no evidence."""
        return self.state.services.get(name) if name in self.policy.services else None

    def _checks(self, other: ServiceState) -> list[Check]:
        """Return the other service's checks with a configured signal that were read within the last minute."""
        known = {signal.name for signal in self.policy.services[other.name].signals}
        # A check that was not read lately shows neither failure nor health.
        return [one for one in other.checks.values() if one.name in known and self.now - one.last_at <= LATELY_SECONDS]

    def same_code(self, name: str, suspect: Deploy) -> bool:
        """Return whether another service runs the suspect code (or failed on it, if its live deploy is not known)."""
        other, trouble = self.state.services.get(name), self.state.troubles.get(name)
        live = live_deploy(other.deploys) if other is not None else None
        known = trouble.suspect_code if trouble is not None else None
        code = live.code if live is not None else known
        return suspect.code is not None and code == suspect.code


def read_ago(at: float, now: float) -> str:
    """Return how long ago a status page was read, as words to add to what it said; "" if it was lately."""
    return f" (read {show_seconds(now - at)} ago)" if now - at > UNREAD_VENDOR_SECONDS else ""


def _is_open(service: ServiceState) -> bool:
    return service.incident is not None and service.incident.closed_at is None


def _failed_lately(check: Check) -> list[float]:
    return [at for at, failed in check.recent if failed and at >= check.last_at - LATELY_SECONDS]

"""Paces: how often each service is probed, as the core asks for it, and the control targets with the most worried."""

from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.probing.scheduler import ProbeScheduler
from watchdog.domain.effects import SetPace

CONTROL_SECONDS_MIN = 2.0
"""Other people's sites are never asked more often than this."""


class ProbeIntervals:
    """The pace of each service, in seconds between two probes."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def set(self, effect: SetPace, idle_seconds: float, scheduler: ProbeScheduler | None) -> None:
        """Probe the service so often, ahead of others if that is faster than the idle pace. A new worry has all else
        looked at as well: status pages are rarely read else.
        """
        worried = effect.every_seconds < self._seconds.get(effect.service, 0.0)
        self._seconds[effect.service] = effect.every_seconds
        if scheduler is None:
            return
        if worried:
            scheduler.read_now(VENDORS)
            scheduler.read_now(effect.service)
        scheduler.set_pace(effect.service, effect.every_seconds, urgent=effect.every_seconds < idle_seconds)
        scheduler.set_pace(CONTROL, max(CONTROL_SECONDS_MIN, min(self._seconds.values())), urgent=True)

    def forget(self, service: str) -> None:
        """Another worker has it now."""
        self._seconds.pop(service, None)

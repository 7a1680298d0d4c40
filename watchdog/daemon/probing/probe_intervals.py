"""Probe intervals: each service's as the core asks for it, the control targets' with the shortest of them."""

from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.probing.scheduler import ProbeScheduler
from watchdog.domain.effects import SetPace

CONTROL_SECONDS_MIN = 2.0
"""Least interval of control targets: they are other people's sites."""


class ProbeIntervals:
    """The interval of each service, in seconds between two probes."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def set(self, effect: SetPace, idle_seconds: float, scheduler: ProbeScheduler | None) -> None:
        """Probe the service at this interval, ahead of calm ones if it is shorter than the idle interval.

        A shorter interval than before also reads the status pages and the service's other sources at once.
        """
        # An unknown service has interval 0: its first pace after a start is no new suspicion.
        worried = effect.every_seconds < self._seconds.get(effect.service, 0.0)
        self._seconds[effect.service] = effect.every_seconds
        if scheduler is None:
            return
        if worried:
            scheduler.read_now(VENDORS)
            scheduler.read_now(effect.service)
        scheduler.set_pace(effect.service, effect.every_seconds, urgent=effect.every_seconds < idle_seconds)
        # Control targets separate an outage of the daemon's network from a site's, so they keep the fastest pace.
        scheduler.set_pace(CONTROL, max(CONTROL_SECONDS_MIN, min(self._seconds.values())), urgent=True)

    def forget(self, service: str) -> None:
        """Drop the interval of a service that moved to another worker."""
        self._seconds.pop(service, None)

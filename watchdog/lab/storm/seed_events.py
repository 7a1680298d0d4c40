"""The events of one seed and their moments: at least one bad deploy, and others by chance."""

from collections.abc import Callable

from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.render import Render, Service

STORM_SECONDS = (320.0, 440.0)
# A clock is off by an hour (time zone, daylight saving), or by the seconds that NTP corrects.
HOUR_SECONDS = 3600.0
NTP_SECONDS = 5.0


class Plot:
    """Draws the events of a seed. `ends_at` is when the faults stop (virtual seconds)."""

    def __init__(self, nature: Nature) -> None:
        self.nature = nature
        self.ends_at = nature.chance.uniform(*STORM_SECONDS)

    def during(self, begin: float = 30.0) -> float:
        """Return a moment of the storm."""
        return self.nature.chance.uniform(begin, self.ends_at - 10.0)

    def some(self, fault: str, most: int) -> int:
        """Return how often a kind of event of the weather happens: not at all, or up to so many times."""
        if not self.nature.happens(getattr(self.nature.weather, fault)):
            return 0
        number = self.nature.chance.randint(1, most)
        # Counted as they are drawn: tests demand that each kind of fault happens often enough.
        self.nature.struck[fault] += number
        return number

    def maybe(self, probability: float, most: int) -> int:
        """Return how often something of this probability happens: not at all, or up to so many times."""
        return self.nature.chance.randint(1, most) if self.nature.happens(probability) else 0

    def incidents(self, render: Render, changed: Callable[[Service], None]) -> None:
        """Plan the bad deploys and the outages that no deploy is to blame for."""
        chance, services = self.nature.chance, list(render.services.values())
        # One bad deploy is certain, as a seed without one tests no rollback; the workers have started by then.
        self.nature.later(chance.uniform(15.0, 60.0), self._bad_deploy, render, chance.choice(services))
        for _ in range(self.maybe(0.7, 2)):
            self.nature.later(self.during(60.0), self._bad_deploy, render, chance.choice(services))
        for _ in range(self.maybe(0.4, 2)):
            at = self.during()
            # An outage of another cause ends with the storm: in the calm after it, everything must come to rest.
            seconds = chance.uniform(20.0, max(21.0, min(240.0, self.ends_at - at)))
            self.nature.later(at, self._outage, chance.choice(services), seconds, changed)

    def _bad_deploy(self, render: Render, service: Service) -> None:
        chance = self.nature.chance
        # A fault may show only a minute after the deploy is live: it is to blame all the same.
        fails, onset = chance.choice((1.0, 1.0, 1.0, 1.0, 1.0, 0.5)), chance.choice((0.0, 0.0, 5.0, 30.0, 60.0))
        render.begin(service, "new_commit", render.commit(), by="author", fails=fails, onset_seconds=onset)

    def _outage(self, service: Service, seconds: float, changed: Callable[[Service], None]) -> None:
        service.broken_share = self.nature.chance.choice((1.0, 1.0, 1.0, 0.5))
        service.broken_until = self.nature.loop.time() + seconds
        changed(service)
        self.nature.later(seconds, changed, service)

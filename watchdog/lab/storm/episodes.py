"""The real failures of the sites: one episode for each time a service began to fail. The score judges by these."""

from dataclasses import dataclass, field

from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.render import Release, Service

CRITICAL_SHARE = 0.5
RISE = 0.25
"""So much more of it fails when another outage came on top."""


@dataclass(slots=True)
class Episode:
    """One failure of a service: its begin, its end (virtual seconds; None while it lasts), and its cause.

    `rises` are the moments it became worse, with the share that fails from then on: another outage came on top.
    """

    service: str
    number: int
    began: float
    share: float
    culprit: Release | None
    ended: float | None = None
    rises: list[tuple[float, float]] = field(default_factory=list)

    @property
    def worst(self) -> float:
        """Return the highest share so far."""
        return max([self.share, *(share for _, share in self.rises)])


@dataclass(slots=True)
class Episodes:
    """The episodes of all services, oldest first. `look` is called whenever a service's health may have changed."""

    nature: Nature
    all: list[Episode] = field(default_factory=list)

    def look(self, service: Service) -> None:
        """Begin or end an episode, if the service began to fail or to work."""
        now = self.nature.loop.time()
        share, open_one = service.share(now), self.open_of(service.name)
        if share > 0 and open_one is None:
            # During an outage from elsewhere the deploy that serves is not to blame, even if it is bad itself.
            culprit = None if now < service.broken_until else service.live
            self.all.append(Episode(service.name, len(self.all) + 1, now, share, culprit))
            cause = culprit.deploy.id if culprit is not None else "not the deploy's fault"
            self.nature.note(f"{service.name} FAILS ({share:g}; {cause})")
        # No new episode, as the site never worked in between; the judge of targets dates blame from the rise.
        elif open_one is not None and share >= open_one.worst + RISE:
            open_one.rises.append((now, share))
            self.nature.note(f"{service.name} FAILS MORE ({share:g})")
        elif share == 0 and open_one is not None:
            open_one.ended = now
            self.nature.note(f"{service.name} WORKS")

    def open_of(self, service: str) -> Episode | None:
        """Return the episode that lasts, if one does."""
        return next((one for one in reversed(self.all) if one.service == service and one.ended is None), None)

    def latest(self, service: str, at: float) -> Episode | None:
        """Return the last episode that had begun by then."""
        begun = [one for one in self.all if one.service == service and one.began <= at]
        return begun[-1] if begun else None

    def healthy_since(self, service: str, at: float) -> float | None:
        """Return since when the service worked at that moment, or None if it failed then."""
        last = self.latest(service, at)
        if last is None:
            return 0.0
        return last.ended if last.ended is not None and last.ended <= at else None

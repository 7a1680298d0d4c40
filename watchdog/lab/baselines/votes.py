"""Votes with decay, after Gandalf (NSDI 2020): failures vote for the deploys that they follow, and fade with their age.

Every half minute, for each deploy of a service: a failing probe since it went live votes for it, by exp(-age / DECAY)
with the deploy's age at the failure; one in the half hour before votes against it. With enough votes it is rolled back.
Gandalf's other evidence, which nodes had the rollout, does not exist where one service has one version.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp

from watchdog.domain.readings import Bad
from watchdog.lab.baselines.actions import Hands, Plan, judge_deploys
from watchdog.lab.baselines.prober import ROUTES
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.simulated_service import Release, Service

PROBES_SECONDS = 10.0
LOOKS_SECONDS = 30.0
BEFORE_SECONDS = 1800.0
DECAY_SECONDS = 1800.0
WATCHED_SECONDS = 7200.0
"""So long a deploy is voted about."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Rolls a deploy back once it has so many votes (`enough`); with `vetoed` our vetoes may forbid it."""

    name: str
    family: str
    enough: float
    vetoed: bool

    def play(self, scene: EpisodeWorld) -> Record:
        """Judge every deploy of an episode, until its end."""
        return self.watch(scene, Hands(scene, Plan.VETOED if self.vetoed else Plan.LATEST), scene.ends_at)

    def watch(self, _scene: EpisodeWorld, hands: Hands, until: float) -> Record:
        """Judge every deploy that goes live in a scene, up to a moment (UTC epoch seconds)."""
        return judge_deploys(hands, lambda service, release: self._condemned(service, release, until))

    def _condemned(self, service: Service, release: Release, until: float) -> float | None:
        """Return when the deploy has enough votes (UTC epoch seconds), or None."""
        live_at = release.live_at
        later = [one.live_at for one in service.releases if one.live_at > live_at]
        votes = -float(sum(1 for _ in _failures(service, live_at - BEFORE_SECONDS, live_at)))
        for at in _failures(service, live_at, min(until, live_at + WATCHED_SECONDS, *later)):
            votes += exp(-(at - live_at) / DECAY_SECONDS)
            if votes >= self.enough:
                # It looks again every half minute only.
                return live_at + ((at - live_at) // LOOKS_SECONDS + 1) * LOOKS_SECONDS
        return None


def _failures(service: Service, begins: float, ends: float) -> Iterator[float]:
    """Yield the moments of failing probes, of all routes, in order of time."""
    for number in range(int((ends - begins) / PROBES_SECONDS)):
        at = begins + PROBES_SECONDS * number
        yield from (at for route in ROUTES if isinstance(service.probe(route, at).reading, Bad))

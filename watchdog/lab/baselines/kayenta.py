"""Kayenta's judge without a canary, as on a platform that has none: minutes before a deploy against minutes since.

Rule 1: every metric is critical: one that is High rolls the deploy back.
Rule 2: a minute of the error tracker is known when it has arrived; a probe at once.

Its usual configuration compares metrics of one minute; so a minute's latency is the median of its probes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf
from statistics import median

from watchdog.domain.readings import Bad
from watchdog.lab.baselines.actions import Hands, Plan
from watchdog.lab.baselines.mann_whitney import high
from watchdog.lab.baselines.prober import ROUTES
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.simulated_service import Release, Service

MINUTE = 60.0
BEFORE_MINUTES = 30
POINTS_MIN = 10
EVERY_MINUTE = tuple(range(POINTS_MIN, 31))
AT_THE_END = (30,)
LAST_LOOK_SECONDS = 1920.0
PROBES_SECONDS = 10.0
FEED = "errors"


@dataclass(frozen=True, slots=True)
class Kayenta:
    """Looks so many minutes after each deploy; with or without the share of the probes that fail as a metric."""

    name: str
    family: str
    looks: tuple[int, ...]
    failures: bool

    def play(self, scene: EpisodeWorld) -> Record:
        """Judge every deploy of an episode; its half hour is granted, also where the episode is shorter."""
        return self.watch(scene, Hands(scene, Plan.LATEST), scene.ends_at + LAST_LOOK_SECONDS)

    def watch(self, scene: EpisodeWorld, hands: Hands, until: float) -> Record:
        """Judge every deploy that goes live in a scene, up to a moment (UTC epoch seconds)."""
        for service in scene.services.values():
            for release in list(service.releases):
                at = self._condemned(scene, service, release, until) if release.live_at >= scene.begins_at else None
                if at is not None:
                    hands.alert(at, service.name)
        hands.record.did.sort(key=lambda one: one.at)
        return hands.record

    def _condemned(self, scene: EpisodeWorld, service: Service, release: Release, until: float) -> float | None:
        """Return when a deploy was found to be bad."""
        minutes = _Minutes(service, self.failures)
        for at in self._moments(service, release):
            if at > until:
                break
            feed_known = at - scene.chance.generator("kayenta", at).uniform(*scene.feed_delay_seconds)
            if any(
                _worse(minutes, metric, release.live_at, feed_known if metric == FEED else at)
                for metric in minutes.metrics
            ):
                return at
        return None

    def _moments(self, service: Service, release: Release) -> Sequence[float]:
        """Return when to look: until the next deploy is live; at last once more, for late minutes of the feed."""
        superseded_at = min((one.live_at for one in service.releases if one.live_at > release.live_at), default=inf)
        moments = [release.live_at + minutes * MINUTE for minutes in (*self.looks, self.looks[-1] + 2)]
        return [at for at in moments if at < superseded_at]


def _worse(minutes: "_Minutes", metric: str, live_at: float, known_until: float) -> bool:
    before, since = windows(live_at, known_until)
    if len(before) < POINTS_MIN or len(since) < POINTS_MIN:
        return False
    after = [value for start in since if (value := minutes.value(metric, start)) is not None]
    earlier = [value for start in before if (value := minutes.value(metric, start)) is not None]
    return min(len(after), len(earlier)) >= POINTS_MIN and high(after, earlier)


def windows(live_at: float, known_until: float) -> tuple[Sequence[float], Sequence[float]]:
    """Return the full minutes (their starts) of the half hour before a deploy, and of the half hour at most since."""
    first = ceil(live_at / MINUTE) * MINUTE
    since = [first + MINUTE * n for n in range(30) if first + MINUTE * (n + 1) <= known_until]
    last = live_at // MINUTE * MINUTE
    return [last - MINUTE * n for n in range(BEFORE_MINUTES, 0, -1)], since


class _Minutes:
    """The metrics of a service by the minute, each looked up once."""

    def __init__(self, service: Service, failures: bool) -> None:
        self.metrics = (FEED, *(f"latency {route}" for route in ROUTES))
        if failures:
            self.metrics += tuple(f"failures {route}" for route in ROUTES)
        self._service = service
        self._known: dict[tuple[str, float], float | None] = {}

    def value(self, metric: str, start: float) -> float | None:
        """Return a metric of the minute that starts then; a latency needs a probe that succeeded."""
        if (metric, start) not in self._known:
            self._look(metric, start)
        return self._known[metric, start]

    def _look(self, metric: str, start: float) -> None:
        if metric == FEED:
            self._known[metric, start] = self._service.minute(start).count
            return
        route = metric.split()[1]
        looks = [self._service.probe(route, start + PROBES_SECONDS * n) for n in range(int(MINUTE / PROBES_SECONDS))]
        took = [look.seconds for look in looks if not isinstance(look.reading, Bad)]
        self._known[f"latency {route}", start] = median(took) if took else None
        self._known[f"failures {route}", start] = float(len(looks) - len(took))

"""Kayenta's judge for a platform without canaries: it compares the minutes before a deploy with the minutes since.

Rule 1: every metric is critical: a single High metric rolls the deploy back.
Rule 2: a minute of the error tracker is known when it has arrived; a probe at once.

Its usual configuration compares one-minute metrics, so a minute's latency is the median of its probes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf
from statistics import median

from watchdog.domain.readings import Bad
from watchdog.lab.baselines.actions import Hands, Plan, judge_deploys
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
    """Judges each deploy after so many minutes (`looks`); with `failures` the failing probes are a metric, too."""

    name: str
    family: str
    looks: tuple[int, ...]
    failures: bool

    def play(self, scene: EpisodeWorld) -> Record:
        """Judge every deploy of an episode, each with its full half hour even if the episode ends before."""
        return self.watch(scene, Hands(scene, Plan.LATEST), scene.ends_at + LAST_LOOK_SECONDS)

    def watch(self, scene: EpisodeWorld, hands: Hands, until: float) -> Record:
        """Judge every deploy that goes live in a scene, up to a moment (UTC epoch seconds)."""
        return judge_deploys(hands, lambda service, release: self._condemned(scene, service, release, until))

    def _condemned(self, scene: EpisodeWorld, service: Service, release: Release, until: float) -> float | None:
        """Return the moment at which a deploy is judged bad (UTC epoch seconds), or None."""
        minutes = _Minutes(service, self.failures)
        for at in self._moments(service, release):
            if at > until:
                break
            # The delay is keyed by the moment, so every metric of one look sees the same state of the feed.
            feed_known = at - scene.chance.generator("kayenta", at).uniform(*scene.feed_delay_seconds)
            if any(
                _worse(minutes, metric, release.live_at, feed_known if metric == FEED else at)
                for metric in minutes.metrics
            ):
                return at
        return None

    def _moments(self, service: Service, release: Release) -> Sequence[float]:
        """Return the moments of judging, until the next deploy is live; the last one is for the feed's late data."""
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
    """Return the starts of the full minutes: of the half hour before a deploy, and of at most half an hour since."""
    # The minute in which the deploy went live belongs to neither side: it mixes both versions.
    first = ceil(live_at / MINUTE) * MINUTE
    since = [first + MINUTE * n for n in range(30) if first + MINUTE * (n + 1) <= known_until]
    last = live_at // MINUTE * MINUTE
    return [last - MINUTE * n for n in range(BEFORE_MINUTES, 0, -1)], since


class _Minutes:
    """The metrics of a service by the minute, each computed once."""

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
        # The same probes give both metrics of the route.
        looks = [self._service.probe(route, start + PROBES_SECONDS * n) for n in range(int(MINUTE / PROBES_SECONDS))]
        took = [look.seconds for look in looks if not isinstance(look.reading, Bad)]
        self._known[f"latency {route}", start] = median(took) if took else None
        self._known[f"failures {route}", start] = float(len(looks) - len(took))

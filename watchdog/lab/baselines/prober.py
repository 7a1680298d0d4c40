"""A rival that probes: every route of every service at its own pace, each watched by a rule of its own.

Rule 1: the probes of all checks are spread by chance, and told in the order in which they are answered.
Rule 2: whichever route of a service fires first alerts for the service; what goes on is not told twice.
Rule 3: stop and go: after an alert its service is left alone for ten minutes.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from watchdog.domain.readings import Bad
from watchdog.lab.baselines.actions import Hands, Plan
from watchdog.lab.baselines.rules import Rule
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld

ROUTES = ("home", "api")
IGNORES_SECONDS = 600.0


@dataclass(slots=True)
class _Known:
    """What a lookout knows of a service: which routes fire, whether it was told of, and until when it is left alone."""

    firing: set[str] = field(default_factory=set)
    told: bool = False
    ignored_until: float = 0.0


class Lookout:
    """One rival at its post in one scene."""

    def __init__(self, rule: Callable[[], Rule], hands: Hands) -> None:
        self.hands = hands
        self._rules = {(name, route): rule() for name in hands.scene.services for route in ROUTES}
        self._known = {name: _Known() for name in hands.scene.services}

    def see(self, at: float, name: str, route: str, failed: bool) -> None:
        """Take one probe, and alert if it is time to."""
        known = self._known[name]
        if not self._rules[name, route].see(at, failed):
            known.firing.discard(route)
            known.told = known.told and bool(known.firing)
            return
        known.firing.add(route)
        if known.told or at < known.ignored_until:
            return
        known.told = True
        known.ignored_until = at + IGNORES_SECONDS
        self.hands.alert(at, name)


@dataclass(frozen=True, slots=True)
class Prober:
    """A rule at a pace (seconds), and what its alerts lead to. `family` is shared by the settings of one method."""

    name: str
    family: str
    rule: Callable[[], Rule]
    every_seconds: float
    plan: Plan

    def play(self, scene: EpisodeWorld) -> Record:
        """Watch one episode to its end."""
        hands = Hands(scene, self.plan)
        lookout = Lookout(self.rule, hands)
        for at, name, route, failed in looks(scene, self.every_seconds, scene.ends_at):
            lookout.see(at, name, route, failed)
            hands.record.probes += 1
        return hands.record


def looks(scene: EpisodeWorld, every_seconds: float, until: float) -> Iterator[tuple[float, str, str, bool]]:
    """Yield (when answered, service, route, whether it failed) of every probe; the world may change meanwhile."""
    dice, order = scene.chance.generator("rivals", every_seconds), count()
    due: list[tuple[float, int, str, str, bool | None]] = [
        (scene.begins_at + dice.random() * every_seconds, next(order), name, route, None)
        for name in scene.services
        for route in ROUTES
    ]
    heapq.heapify(due)
    while due:
        at, _, name, route, failed = heapq.heappop(due)
        if failed is not None:
            yield at, name, route, failed
        elif at <= until:
            look = scene.services[name].probe(route, at)
            heapq.heappush(due, (at + look.seconds, next(order), name, route, isinstance(look.reading, Bad)))
            heapq.heappush(due, (at + every_seconds, next(order), name, route, None))

"""A rival that probes every route of every service at a fixed pace, each route watched by a rule of its own.

Rule 1: the probes of all routes start at random phases, and the rules receive them in the order of their answers.
Rule 2: the first route to fire alerts for its service; a firing that continues raises no second alert.
Rule 3: after an alert the service is ignored for ten minutes.
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
    """The alert state of a service: its firing routes, whether it was alerted, and until when it is ignored."""

    firing: set[str] = field(default_factory=set)
    told: bool = False
    ignored_until: float = 0.0


class Lookout:
    """One rival watching one scene: a rule per route, and the alert state of each service."""

    def __init__(self, rule: Callable[[], Rule], hands: Hands) -> None:
        self.hands = hands
        self._rules = {(name, route): rule() for name in hands.scene.services for route in ROUTES}
        self._known = {name: _Known() for name in hands.scene.services}

    def see(self, at: float, name: str, route: str, failed: bool) -> None:
        """Pass one probe's outcome to its rule, and alert if the service newly fires."""
        known = self._known[name]
        if not self._rules[name, route].see(at, failed):
            known.firing.discard(route)
            # The alert is over only when no route of the service fires any more.
            known.told = known.told and bool(known.firing)
            return
        known.firing.add(route)
        if known.told or at < known.ignored_until:
            return
        # Alerted, and ignored for a time: the two are independent, since a firing may end before that time does.
        known.told = True
        known.ignored_until = at + IGNORES_SECONDS
        self.hands.alert(at, name)


@dataclass(frozen=True, slots=True)
class Prober:
    """A rule, its probe interval in seconds and its plan for alerts. `family` is shared by all settings of a method."""

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
    """Yield (time of the answer, service, route, failed) of every probe; the consumer may change the world between."""
    dice, order = scene.chance.generator("rivals", every_seconds), count()
    due: list[tuple[float, int, str, str, bool | None]] = [
        (scene.begins_at + dice.random() * every_seconds, next(order), name, route, None)
        for name in scene.services
        for route in ROUTES
    ]
    heapq.heapify(due)
    while due:
        at, _, name, route, failed = heapq.heappop(due)
        # An entry is either a probe to send (None) or an answer that lands: slow answers may overtake each other.
        if failed is not None:
            yield at, name, route, failed
        elif at <= until:
            look = scene.services[name].probe(route, at)
            heapq.heappush(due, (at + look.seconds, next(order), name, route, isinstance(look.reading, Bad)))
            heapq.heappush(due, (at + every_seconds, next(order), name, route, None))

"""One episode: a few services, the fault of one of them, and the truth about its cause. Built from a seed alone.

Rule: building it again gives the same world, so that every decider meets the same incident.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import exp, inf
from random import Random

from watchdog.domain.readings import FailureKind
from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.faults import Fault, Symptom
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.profile import (
    BLIPS_PER_DAY,
    Profile,
    draw_blip_seconds,
    draw_profile,
    draw_restart_blip_seconds,
)
from watchdog.lab.simulated_service import Release, Service
from watchdog.lab.varied_worlds import USUAL, Season, World

EPOCH = 1_798_934_400.0
"""A Sunday, 2027-01-03 00:00 UTC."""
WARM_UP_SECONDS = 2400.0
HISTORY = 5
OFTEN = ((0.25, 1800.0), (0.2, 7200.0), (0.1, 18000.0))
"""Pairs of share and seconds: this share of episodes has its last deploy uniformly within so many seconds; the rest
draw it from the service's own deploy rate."""
DEVELOPMENT = "dev"
"""The prefix of the seeds that are used for tuning."""
HELD_OUT_SHARE = 1 / 3
"""The upper share of every range, from which development seeds never draw."""
MAIN = "web"
MOST = 0.5
"""A fault that meets so many visitors meets fewer in a world that says so."""
ALWAYS = (0.0, 0.0)
"""A recurring fault is a pair: its period, and the seconds it lasts in each period. This pair means a constant one."""


class Right(StrEnum):
    """The action of a good operator."""

    ROLLBACK = "rollback"
    ASK = "ask"
    PAGE = "page"
    SELF = "self-alert"
    TICKET = "ticket"
    NOTHING = "nothing"


@dataclass(slots=True)
class Truth:
    """The truth about an episode. Times are UTC epoch seconds; `share` is the share of all requests that fail.

    `right` is the best action, `also` the ones that are as good. `commit` is the guilty commit, None if no deploy is
    the cause; `targets` are the commits that a rollback may go to. `tags` name the delay statistics it counts for.
    """

    right: Right = Right.NOTHING
    onset_at: float | None = None
    ends_at: float = inf
    share: float = 0.0
    service: str = MAIN
    commit: str | None = None
    targets: frozenset[str] = frozenset()
    also: frozenset[Right] = frozenset()
    tags: frozenset[str] = frozenset()


@dataclass(slots=True)
class Outside:
    """Outages of control targets and vendors' status pages, each from..until (UTC epoch seconds)."""

    control_down: list[tuple[float, float]] = field(default_factory=list)
    vendors_down: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


class EpisodeWorld:
    """The world of one episode; a fault class builds it with `deploy`, `bad_deploy`, `trouble` and `add_background`."""

    def __init__(self, name: str, seed: object, world: World = USUAL) -> None:
        self.name = name
        self.world = world
        self.kind: FaultClass | None = None
        self.for_development = str(seed).startswith(DEVELOPMENT)
        # Keyed numbers answer probes in any order; the sequential dice build the world once.
        self.chance = KeyedRandom("episode", name, seed)
        self.dice: Random = self.chance.generator("draws")
        # A random moment of four weeks: weekday, hour and so the traffic differ from episode to episode.
        self.begins_at = EPOCH + self.dice.uniform(1.0, 29.0) * DAY_SECONDS
        self.horizon_seconds = 1500.0
        self.services: dict[str, Service] = {}
        self.depends_on: dict[str, tuple[str, ...]] = {}
        self.outside = Outside()
        self.truth = Truth()
        self.pre_deploy_command: str | None = None
        self.feed_delay_seconds = world.feed_delay_seconds or (30.0, 90.0)
        self.weight = 1.0
        self._commits = 0
        for name_ in (MAIN, "docs", "shop"):
            self.add_service(name_)

    @property
    def main(self) -> Service:
        """Return the service that the episode is about."""
        return self.services[MAIN]

    @property
    def fault_at(self) -> float:
        """Return the moment of the fault (UTC epoch seconds): after the history and the warm-up."""
        return self.begins_at + self.world.history_days * DAY_SECONDS + WARM_UP_SECONDS

    @property
    def ends_at(self) -> float:
        """Return the end of the episode (UTC epoch seconds)."""
        return (self.truth.onset_at or self.fault_at) + self.horizon_seconds

    def draw(self, low: float, high: float) -> float:
        """Return a parameter from a range; a development seed never draws from the held-out upper third."""
        # The draw is scaled, not repeated: both kinds of seeds use up one number, so the rest of the world is alike.
        drawn = self.dice.random() * (1.0 - HELD_OUT_SHARE if self.for_development else 1.0)
        return low + (high - low) * drawn

    def leave_alone(self) -> None:
        """Remove all services but the main one: they would cost time, and add false alarms of their own."""
        self.services = {MAIN: self.main}

    def add_service(self, name: str) -> Service:
        """Add a service with a few good deploys behind it."""
        service = Service(name, draw_profile(self.dice), self.chance)
        if self.world.seasons:
            service.season = Season(self.chance.apart(name, "season"))
        # Of dice of their own, here and below: in other worlds all else stays as it is.
        if self.world.platform_clock_seconds is not None:
            service.clock_seconds = self.chance.generator(name, "clock").uniform(*self.world.platform_clock_seconds)
        live_at = self.begins_at - self.dice.uniform(3600.0, 3 * DAY_SECONDS)
        for _ in range(HISTORY):
            # Drawn from the newest backwards; the list is in order of time.
            service.releases.insert(0, self._release(service.profile, live_at))
            live_at -= self.dice.uniform(3600.0, 3 * DAY_SECONDS)
        self.services[name] = service
        return service

    def deploy(self, live_at: float, service: str = MAIN, *, blip: bool = False, message: str = "") -> Release:
        """Deploy a new commit to a service, live at `live_at`; with `blip` requests fail while it restarts."""
        one = self.services[service]
        release = self._release(one.profile, live_at, message)
        one.release(release)
        if blip:
            one.add_blip(release.serves_at, draw_restart_blip_seconds(self.dice) * self.world.restart_seconds)
        return release

    def deploy_by_chance(self, *without: str) -> None:
        """Give services a last good deploy before the fault, at the age that their deploy rate makes likely.

        A deploy shortly before an unrelated outage is the coincidence in which a watchdog may blame wrongly, and it is
        rare. So most episodes force one within the last half hour or hours and get a lower weight in return (importance
        sampling with the balance heuristic, Veach and Guibas 1995).
        """
        for name, service in self.services.items():
            if name in without:
                continue
            # Only the main service's gap is forced, so the episode's weight is the ratio of one density.
            gap = self._gap_seconds(service.profile.deploys_per_day / DAY_SECONDS, often=name == MAIN)
            # Within the simulated time it is a deploy that the core sees happen; before that it is shifted history.
            if gap < WARM_UP_SECONDS:
                blip = self.dice.random() < service.profile.restart_blip_share
                self.deploy(self.fault_at - gap, name, blip=blip)
            else:
                service.shift_releases(self.fault_at - gap)

    def deploy_before_upstream(self) -> None:
        """Give services a last good deploy before an upstream fails: by chance, or as near as the world says."""
        if self.world.upstream_after_seconds is None:
            self.deploy_by_chance()
        else:
            self.deploy(self.fault_at - self.chance.generator("upstream").uniform(*self.world.upstream_after_seconds))

    def _gap_seconds(self, rate: float, *, often: bool) -> float:
        """Return the seconds from the last deploy to the fault, drawn from a Poisson process of this rate.

        With `often` it is drawn from the mixture of OFTEN instead, and the episode's weight is set to the ratio of the
        natural density to the mixture's.
        """
        gap = self.dice.expovariate(rate)
        if not often:
            return gap
        chosen = self.dice.random()
        # Walks through the mixture's components; a number beyond all of them keeps the natural gap.
        for share, within in OFTEN:
            if 0.0 <= chosen < share:
                gap = self.dice.uniform(0.0, within)
            chosen -= share
        natural = rate * exp(-rate * gap)
        forced = sum(share / within for share, within in OFTEN if gap < within)
        self.weight = natural / (forced + (1.0 - sum(share for share, _ in OFTEN)) * natural)
        return gap

    def add_background(self) -> None:
        """Add the usual random blips to every service."""
        # Own generators by name: the blips of a service stay the same when a class draws more or fewer parameters.
        for name, service in self.services.items():
            dice, at = self.chance.generator(name, "blips"), self.begins_at
            while (at := at + dice.expovariate(self.world.blips * BLIPS_PER_DAY / DAY_SECONDS)) < self.ends_at:
                service.add_blip(at, draw_blip_seconds(dice) * self.world.blip_seconds)

    def _release(self, profile: Profile, live_at: float, message: str = "") -> Release:
        self._commits += 1
        number = self._commits
        updates_at = live_at - self.dice.uniform(10.0, 60.0)
        # Render switches the traffic some seconds before it reports the deploy live: failures may come before that.
        serves_at = live_at - self.dice.uniform(0.0, 5.0)
        commit = f"{number:02d}" + f"{int(self.chance.uniform(number) * 16**10):010x}"
        return Release(
            f"dep-{number}", commit, updates_at - profile.build_seconds, updates_at, serves_at, live_at, message=message
        )

    def bad_deploy(
        self,
        symptom: Symptom,
        *,
        after: float = 0.0,
        routes: tuple[str, ...] = (),
        grows: float = 0.0,
        again: tuple[float, float] = ALWAYS,
    ) -> Release:
        """Deploy a commit with this symptom; the release before it is the rollback target. `again`: see ALWAYS."""
        good = self.main.releases[-1]
        bad = self.deploy(self.fault_at)
        if self.world.felt_share is not None and symptom.share >= MOST:
            symptom = replace(symptom, share=self.chance.generator("felt by").uniform(*self.world.felt_share))
        every, on = again
        fault = Fault(
            symptom,
            bad.commit,
            after_seconds=after,
            routes=routes,
            grows_seconds=grows,
            every_seconds=every,
            on_seconds=on,
        )
        self.main.faults.append(fault)
        self.truth.commit = bad.commit
        self.truth.targets = frozenset({good.commit})
        self.truth.onset_at = bad.serves_at + after
        self.truth.share = symptom.share
        return bad

    def trouble(
        self,
        symptom: Symptom,
        at: float,
        *,
        lasts: float = inf,
        services: tuple[str, ...] = (MAIN,),
        grows: float = 0.0,
        again: tuple[float, float] = ALWAYS,
    ) -> None:
        """Add a fault that no deploy causes to services, from `at` on for `lasts` seconds. `again`: see ALWAYS."""
        every, on = again
        for name in services:
            fault = Fault(
                symptom, begins_at=at, lasts_seconds=lasts, grows_seconds=grows, every_seconds=every, on_seconds=on
            )
            self.services[name].faults.append(fault)
        # The first fault defines the onset; a class with several faults corrects it afterwards.
        if self.truth.onset_at is None:
            self.truth.onset_at, self.truth.ends_at, self.truth.share = at, at + lasts, symptom.share


@dataclass(frozen=True, slots=True)
class FaultClass:
    """A kind of episode; `held_out` classes are never tuned on; `file` is the scenario file it was read from, if any.

    `weight` of an incident is its share within its half of the realistic mix (deploys or others). The weight of a
    harmless class is the number of such events for each incident.
    """

    name: str
    words: str
    make: Callable[[EpisodeWorld], None]
    deploy_caused: bool = False
    weight: float = 1.0
    held_out: bool = False
    file: str = ""

    def scene(self, seed: object, world: World = USUAL) -> EpisodeWorld:
        """Return the episode of this seed."""
        scene = EpisodeWorld(self.name, seed, world)
        scene.kind = self
        self.make(scene)
        # Last, because the blips reach to the horizon, which `make` sets.
        scene.add_background()
        return scene


DOWN: tuple[Symptom, ...] = (
    Symptom(1.0, FailureKind.CONNECT, "connection refused"),
    Symptom(1.0, FailureKind.GATEWAY, "HTTP 502"),
    Symptom(1.0, FailureKind.STATUS, "HTTP 503"),
    Symptom(1.0, FailureKind.TIMEOUT, "no answer"),
)
"""Total outages that leave no trace in the error tracker."""

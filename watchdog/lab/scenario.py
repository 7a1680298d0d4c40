"""A user's own fault class as data: the deploys, the faults, the feed's delay, and the action that is right.

Rule 1: all times count from one moment, 40 minutes after the world begins; each range is drawn from once an episode.
Rule 2: a scenario is plain data, so that a worker process can receive it pickled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

from watchdog.domain.readings import FailureKind
from watchdog.lab.episode import MAIN, EpisodeWorld, FaultClass, Right
from watchdog.lab.faults import Fault, Symptom
from watchdog.lab.simulated_service import Release

Range = tuple[float, float]
"""From..to, both included; one number is a range of no width. Times in seconds."""
NO_ROLLBACK = "\n\nWatchdog: no-rollback"
PREVIOUS, START = "previous", "start"
"""The rollback target: the deploy that served before the guilty one, or before all deploys of the scenario."""


@dataclass(frozen=True, slots=True)
class PlannedDeploy:
    """A deploy that goes live `at` seconds after the moment (negative: before); `blip`: seconds of failing at start."""

    service: str
    at: Range = (0.0, 0.0)
    name: str = ""
    blip: Range | None = None
    no_rollback: bool = False


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault of services: from the moment on, or while a named `deploy` serves; services that depend on it fail too.

    The numbers have the meaning and the units of `Symptom` and `Fault`.
    """

    services: tuple[str, ...] = (MAIN,)
    deploy: str = ""
    begins: Range = (0.0, 0.0)
    lasts: Range = (inf, inf)
    grows: Range = (0.0, 0.0)
    every: Range = (0.0, 0.0)
    each_lasts: Range = (0.0, 0.0)
    routes: tuple[str, ...] = ()
    share: Range = (0.0, 0.0)
    kind: FailureKind = FailureKind.STATUS
    why: str = "HTTP 500"
    slow: Range = (1.0, 1.0)
    errors: Range = (0.0, 0.0)
    traffic: Range = (1.0, 1.0)
    crash_every: Range = (0.0, 0.0)
    new_error: str = ""
    silent: bool = False

    def symptom(self, scene: EpisodeWorld) -> Symptom:
        """Return the symptom of this fault, its numbers drawn from the ranges for this episode."""
        return Symptom(
            _drawn(scene, self.share),
            self.kind,
            self.why,
            _drawn(scene, self.slow),
            _drawn(scene, self.errors),
            self.new_error,
            _drawn(scene, self.crash_every),
            _drawn(scene, self.traffic),
            self.silent,
        )


@dataclass(frozen=True, slots=True)
class PlannedOutage:
    """An outage outside the guarded services: a status page reports it, or a control target does not answer."""

    begins: Range = (0.0, 0.0)
    lasts: Range = (inf, inf)


@dataclass(frozen=True, slots=True)
class ScenarioTruth:
    """The truth: the `right` action and those that are as good (`also`), the guilty `deploy` if any, and its `target`.

    `share` is the share of all requests that fail, if it differs from that of the service's first fault.
    """

    right: Right
    also: frozenset[Right] = frozenset()
    deploy: str = ""
    target: str = PREVIOUS
    service: str = MAIN
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario file. `services` exist beside the main one; their numbers replace those that chance would draw."""

    words: str
    truth: ScenarioTruth
    weight: float = 1.0
    horizon_seconds: float = 1500.0
    services: Mapping[str, Mapping[str, Range]] | None = None
    depends_on: Mapping[str, tuple[str, ...]] | None = None
    deploys: tuple[PlannedDeploy, ...] = ()
    faults: tuple[PlannedFault, ...] = ()
    vendors_down: Mapping[str, PlannedOutage] | None = None
    control_down: PlannedOutage | None = None
    pre_deploy_command: str | None = None
    feed_delay: Range | None = None

    def kind(self, name: str, file: str) -> FaultClass:
        """Return it as a fault class."""
        return FaultClass(name, self.words, self.make, bool(self.truth.deploy), self.weight, file=file)

    def make(self, scene: EpisodeWorld) -> None:
        """Build an episode of it."""
        scene.horizon_seconds = self.horizon_seconds
        scene.pre_deploy_command = self.pre_deploy_command
        scene.feed_delay_seconds = self.feed_delay or scene.feed_delay_seconds
        scene.depends_on |= dict(self.depends_on or {})
        self._settle(scene)
        # Read before the scenario deploys anything: the rollback target START means these commits.
        start = {name: service.releases[-1].commit for name, service in scene.services.items()}
        deployed = self._deploy(scene)
        for fault in self.faults:
            self._break(scene, fault, deployed)
        for name, outage in (self.vendors_down or {}).items():
            scene.outside.vendors_down[name] = [_spell(scene, outage)]
        if self.control_down is not None:
            scene.outside.control_down.append(_spell(scene, self.control_down))
        self._judge(scene, deployed, start)

    def _settle(self, scene: EpisodeWorld) -> None:
        """Keep the main service and the named ones; without named services keep those of every scene."""
        named = self.services or {}
        for name in [name for name in scene.services if named and name not in (MAIN, *named)]:
            del scene.services[name]
        for name, other in named.items():
            service = scene.services.get(name) or scene.add_service(name)
            # Draws come after add_service, in file order: a seed must give the same world on every run.
            drawn = {key: _drawn(scene, value) for key, value in other.items()}
            service.profile = replace(service.profile, **drawn)

    def _deploy(self, scene: EpisodeWorld) -> Mapping[str, Release]:
        """Deploy in the order of the drawn times; return the named deploys by name."""
        # The number breaks ties: PlannedDeploy has no order, and equal times keep the order of the file.
        planned = sorted(((_drawn(scene, one.at), n, one) for n, one in enumerate(self.deploys)), key=lambda p: p[:2])
        found = {}
        for at, _, one in planned:
            message = f"Change {one.name}{NO_ROLLBACK}" if one.no_rollback else ""
            release = scene.deploy(scene.fault_at + at, one.service, message=message)
            if one.blip is not None:
                scene.services[one.service].add_blip(release.serves_at, _drawn(scene, one.blip))
            found[one.name] = release
        return found

    def _break(self, scene: EpisodeWorld, planned: PlannedFault, deployed: Mapping[str, Release]) -> None:
        symptom, begins = planned.symptom(scene), _drawn(scene, planned.begins)
        fault = Fault(
            symptom,
            lasts_seconds=_drawn(scene, planned.lasts),
            routes=planned.routes,
            grows_seconds=_drawn(scene, planned.grows),
            every_seconds=_drawn(scene, planned.every),
            on_seconds=_drawn(scene, planned.each_lasts),
        )
        if not planned.deploy:
            fault = replace(fault, begins_at=scene.fault_at + begins)
            began = fault.begins_at
        else:
            release = deployed[planned.deploy]
            fault = replace(fault, commit=release.commit, after_seconds=begins)
            began = release.serves_at + begins
        # A service that fails with another's deploy reads that service's live commit, so a rollback there mends it too.
        source = next((one.service for one in self.deploys if one.name and one.name == planned.deploy), "")
        for name in planned.services:
            other = scene.services[source] if source not in ("", name) else None
            scene.services[name].faults.append(replace(fault, source=other))
        # The incident begins with the first fault of the judged service.
        if self.truth.service in planned.services and scene.truth.onset_at is None:
            scene.truth.onset_at, scene.truth.share = began, symptom.share
            scene.truth.ends_at = inf if planned.deploy else began + fault.lasts_seconds

    def _judge(self, scene: EpisodeWorld, deployed: Mapping[str, Release], start: Mapping[str, str]) -> None:
        truth, wanted = scene.truth, self.truth
        truth.right, truth.also, truth.service = wanted.right, wanted.also, wanted.service
        if wanted.share is not None:
            truth.share = wanted.share
        if not wanted.deploy:
            return
        guilty = deployed[wanted.deploy]
        truth.commit = guilty.commit
        if wanted.target == START:
            target = start[wanted.service]
        elif wanted.target == PREVIOUS:
            # A millisecond before the guilty deploy took traffic: the deploys of a scenario may overlap.
            target = scene.services[wanted.service].serving(guilty.serves_at - 0.001).commit
        else:
            target = deployed[wanted.target].commit
        truth.targets = frozenset({target})


def _drawn(scene: EpisodeWorld, span: Range) -> float:
    low, high = span
    # A fixed number uses up no draw: adding one to a file leaves the other drawn numbers of a seed as they were.
    return low if low == high else scene.draw(low, high)


def _spell(scene: EpisodeWorld, outage: PlannedOutage) -> tuple[float, float]:
    begins = scene.fault_at + _drawn(scene, outage.begins)
    return begins, begins + _drawn(scene, outage.lasts)

"""The kinds of episodes played with real processes, each drawn from the scene that the lab plays.

Rule 1: everything that affects the delay is drawn as the lab draws it: the fault, its share, its time after the deploy,
the platform's reports and their lateness. Parts that only take time (builds of minutes, faults that appear later than a
minute) are not played, and the lab's episodes are chosen by the same rule.
Rule 2: no value is tuned to agree. Where the sandbox's configuration and the lab's differ, the lab's replaces it, in
the open: `replacements`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from typing import Any

from watchdog.domain.readings import FailureKind
from watchdog.lab.classes import BY_NAME
from watchdog.lab.episode import EpisodeWorld, Right
from watchdog.lab.faults import Fault, Symptom
from watchdog.lab.simulated_monitor import EVENTS_LATE_SECONDS

KINDS = (
    "hard-down",
    "hard-down-reported",
    "half-failing",
    "fifth-failing",
    "wrong-body",
    "restart-blip",
    "other-incident",
    "comes-and-goes",
)
"""Classes of the lab (watchdog/lab/classes), in the order of the report."""
ROUND = (*KINDS, "half-failing", "fifth-failing", "fifth-failing")
"""The order of play: kinds with widely spread delays (a fifth failing: 28 to 110 s) come more often, to narrow them."""
PHASE_SECONDS = (5.0, 25.0)
"""How long after the daemon is ready the episode begins: at any point between two probes."""
LATEST_SECONDS = 60.0
"""Faults that appear later after the deploy are not played."""
ALONE_SECONDS = 7200.0
"""A fault without a deploy is played if nothing was deployed for this long: the sandbox's last deploy is days old."""
BUILD_SECONDS = 18.0
PERIOD_SECONDS_MAX = 60.0
"""Longest period of an intermittent fault; the lab draws periods of up to ten minutes."""
UPDATE_SECONDS_MAX = 20.0
"""A deploy takes longer than the time between two reads of the list (15 s), as in the lab, but not minutes."""
PATHS = {"home": "/", "api": "/api/test"}
"""The lab's routes, as the sandbox's site has them."""
LIVE_BEFORE = "dep-40"
"""The deploy that serves in the sandbox before anything is deployed, and the right target of a rollback."""

Body = Mapping[str, Any]
"""A body for the sandbox's admin."""


@dataclass(frozen=True, slots=True)
class EpisodePlan:
    """One episode. All in seconds; `right` is the course of a good operator.

    `behaviour` is the site's fault in the sandbox, which begins `after` the deploy is live; without `deploys` it begins
    without one. With `lasts` the site recovers by itself after that time. `crash_every` is the interval of the
    platform's crash reports (0: none), `crash_first` the time of the first one after the onset. `luck` is the sandbox's
    own seed, which picks the failing requests.
    """

    kind: str
    seed: str
    right: Right
    behaviour: Body
    phase: float
    luck: int = 1
    deploys: bool = True
    build: float = BUILD_SECONDS
    update: float = UPDATE_SECONDS_MAX
    after: float = 0.0
    lasts: float | None = None
    crash_every: float = 0.0
    crash_first: float = 0.0
    replacements: Mapping[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str | None:
        """Return the right target of a rollback, or None."""
        return LIVE_BEFORE if self.right is Right.ROLLBACK else None


def seeds(kind: str, seed: str, number: int) -> list[str]:
    """Return the seeds of the first `number` scenes of a kind that real processes can play."""
    every = (f"{seed}-{one}" for one in count())
    return list(islice((one for one in every if playable(BY_NAME[kind].scene(one))), number))


def plans(kinds: Sequence[str], seed: str, episodes: int) -> list[EpisodePlan]:
    """Return `episodes` episodes of these kinds, in turn."""
    turns = list(islice(cycle(kind for kind in ROUND if kind in kinds), episodes))
    drawn = {kind: iter(seeds(kind, seed, turns.count(kind))) for kind in kinds}
    return [plan(BY_NAME[kind].scene(one), one) for kind in turns for one in islice(drawn[kind], 1)]


def playable(scene: EpisodeWorld) -> bool:
    """Return whether real processes can play this scene, and soon."""
    if scene.kind is not None and scene.kind.deploy_caused:
        return scene.main.faults[-1].after_seconds <= LATEST_SECONDS
    if not scene.main.faults:
        return True
    fault = scene.main.faults[-1]
    symptom = fault.symptom
    # The sandbox shuts and opens a port only when its cloud changes, so it cannot refuse connections periodically.
    if fault.every_seconds > PERIOD_SECONDS_MAX or (fault.every_seconds and symptom.kind is FailureKind.CONNECT):
        return False
    alone = all(one.releases[-1].live_at < scene.fault_at - ALONE_SECONDS for one in scene.services.values())
    # The sandbox lets a share of the requests fail with a status alone: see `behaviour`.
    return alone and (symptom.share == 1.0 or symptom.kind in (FailureKind.STATUS, FailureKind.GATEWAY))


def plan(scene: EpisodeWorld, seed: str) -> EpisodePlan:
    """Return the episode that plays this scene."""
    # A stream of its own: these draws do not shift the draws that made the scene.
    dice = scene.chance.generator("live")
    phase, luck = dice.uniform(*PHASE_SECONDS), dice.getrandbits(31)
    release = scene.main.releases[-1]
    deploys = release.live_at >= scene.fault_at
    update = min(release.live_at - release.updates_at, UPDATE_SECONDS_MAX)
    right, replaced = scene.truth.right, replacements(scene.name)
    if not scene.main.faults:
        return EpisodePlan(
            scene.name,
            seed,
            right,
            # The response of a platform's router while no instance listens.
            {"kind": "error", "status": 502},
            phase,
            luck,
            update=update,
            lasts=restart_seconds(scene),
            replacements=replaced,
        )
    fault = scene.main.faults[-1]
    every = fault.symptom.crash_every_seconds
    return EpisodePlan(
        scene.name,
        seed,
        right,
        {**behaviour(fault.symptom, fault.routes), **coming_again(fault)},
        phase,
        luck,
        deploys=deploys,
        update=update,
        after=fault.after_seconds,
        crash_every=every,
        crash_first=dice.uniform(0.0, every) + dice.uniform(*EVENTS_LATE_SECONDS),
        replacements=replaced,
    )


def restart_seconds(scene: EpisodeWorld) -> float:
    """Return how long visitors notice the restart of the scene's newest deploy."""
    serves_at = scene.main.releases[-1].serves_at
    return max(ends - begins for begins, ends in scene.main.blips_between(serves_at - 60.0, serves_at + 0.001))


def behaviour(symptom: Symptom, routes: tuple[str, ...]) -> Body:
    """Return the sandbox's fault for a symptom."""
    where = {"routes": [PATHS[route] for route in routes]} if routes else {}
    if symptom.kind is FailureKind.BODY:
        return {"kind": "wrong_body", **where}
    if symptom.kind is FailureKind.CONNECT:
        # The sandbox reports no crash by itself: the plan reports them at the lab's times.
        return {"kind": "refused", "reported": False, **where}
    if symptom.kind is FailureKind.TIMEOUT:
        return {"kind": "hang", **where}
    status = int(symptom.why.removeprefix("HTTP "))
    if symptom.share < 1.0:
        return {"kind": "partial", "status": status, "share": symptom.share, **where}
    return {"kind": "error", "status": status, **where}


def coming_again(fault: Fault) -> Body:
    """Return the period of an intermittent fault for the sandbox; empty for a permanent one."""
    return {"period_seconds": fault.every_seconds, "down_seconds": fault.on_seconds} if fault.every_seconds else {}


def replacements(kind: str) -> Mapping[str, str]:
    """Return the replacements in the sandbox's configuration, so that the lab's checks see the same.

    The lab counts new errors by release, and both its checks see a wrong page.
    """
    found = {"errors: {sentry: acme/web}": 'errors: {sentry: acme/web, release: "{commit}"}'}
    if kind == "wrong-body":
        found["p95: 800ms}"] = 'p95: 800ms, contains: "ok"}'
    return found

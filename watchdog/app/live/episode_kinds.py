"""The kinds of episodes that are played with real processes, each drawn from the scene that the lab plays.

Rule 1: what matters for the delay (what fails, how, for how many, how long after the deploy, what the platform reports,
when, and how late) is as the lab draws it; what would only take time (builds of minutes, faults that show later than a
minute) is not played, and the lab's episodes beside it are chosen by the same rule.
Rule 2: nothing is tuned to agree. What the sandbox's configuration asks for and the lab's does not, or the reverse, is
replaced by the lab's, in the open: `replacements`.
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
"""Classes of the lab (watchdog/lab/classes), in the order in which they are shown."""
ROUND = (*KINDS, "half-failing", "fifth-failing", "fifth-failing")
"""What is played in turn: more of the kinds whose delays are spread (a fifth failing: 28 to 110 s), which need more."""
PHASE_SECONDS = (5.0, 25.0)
"""How long after the daemon is ready it begins: anywhere between two looks at anything."""
LATEST_SECONDS = 60.0
"""Faults that show later after the deploy are not waited for."""
ALONE_SECONDS = 7200.0
"""What fails by itself is played if nothing was deployed for so long: the sandbox's last deploy is days old."""
BUILD_SECONDS = 18.0
PERIOD_SECONDS_MAX = 60.0
"""Of what comes and goes; the lab draws periods of up to ten minutes."""
UPDATE_SECONDS_MAX = 20.0
"""A deploy is on its way for longer than it is between two looks at the list (15 s), as in the lab; not for minutes."""
PATHS = {"home": "/", "api": "/api/test"}
"""The lab's routes, as the sandbox's site has them."""
LIVE_BEFORE = "dep-40"
"""What serves in the sandbox before anything is deployed, and is right to go back to."""

Body = Mapping[str, Any]
"""What the sandbox's admin is posted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One episode. All in seconds; `right` is what a good operator would do.

    `behaviour` is what the sandbox's site does while it fails, `after` so long after the deploy is live; without
    `deploys` nothing is deployed, and it fails by itself. With `lasts` it is well again so much later, by itself;
    `crash_every`: how often the platform reports a crash (0: never), the first time `crash_first` after the onset.
    `luck` is the sandbox's own seed: which requests fail.
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
        """Return which deploy is right to go back to."""
        return LIVE_BEFORE if self.right is Right.ROLLBACK else None


def seeds(kind: str, seed: str, number: int) -> list[str]:
    """Return the seeds of the first so many scenes of a kind that can be played with real processes."""
    every = (f"{seed}-{one}" for one in count())
    return list(islice((one for one in every if playable(BY_NAME[kind].scene(one))), number))


def plans(kinds: Sequence[str], seed: str, episodes: int) -> list[Plan]:
    """Return so many episodes of these kinds, in turn."""
    turns = list(islice(cycle(kind for kind in ROUND if kind in kinds), episodes))
    drawn = {kind: iter(seeds(kind, seed, turns.count(kind))) for kind in kinds}
    return [plan(BY_NAME[kind].scene(one), one) for kind in turns for one in islice(drawn[kind], 1)]


def playable(scene: EpisodeWorld) -> bool:
    """Tell whether real processes can show this scene, and soon."""
    if scene.kind is not None and scene.kind.deploy_caused:
        return scene.main.faults[-1].after_seconds <= LATEST_SECONDS
    if not scene.main.faults:
        return True
    fault = scene.main.faults[-1]
    symptom = fault.symptom
    if fault.every_seconds > PERIOD_SECONDS_MAX or (fault.every_seconds and symptom.kind is FailureKind.CONNECT):
        return False
    alone = all(one.releases[-1].live_at < scene.fault_at - ALONE_SECONDS for one in scene.services.values())
    return alone and (symptom.share == 1.0 or symptom.kind is FailureKind.STATUS)


def plan(scene: EpisodeWorld, seed: str) -> Plan:
    """Return the episode that plays this scene."""
    dice = scene.chance.generator("live")
    phase, luck = dice.uniform(*PHASE_SECONDS), dice.getrandbits(31)
    release = scene.main.releases[-1]
    deploys = release.live_at >= scene.fault_at
    update = min(release.live_at - release.updates_at, UPDATE_SECONDS_MAX)
    right, replaced = scene.truth.right, replacements(scene.name)
    if not scene.main.faults:
        return Plan(
            scene.name,
            seed,
            right,
            {"kind": "error", "status": 502},  # what a platform's router answers while nothing listens
            phase,
            luck,
            update=update,
            lasts=restart_seconds(scene),
            replacements=replaced,
        )
    fault = scene.main.faults[-1]
    every = fault.symptom.crash_every_seconds
    return Plan(
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
    """Return how long the restart of the scene's newest deploy is felt."""
    serves_at = scene.main.releases[-1].serves_at
    return max(ends - begins for begins, ends in scene.main.blips_between(serves_at - 60.0, serves_at + 0.001))


def behaviour(symptom: Symptom, routes: tuple[str, ...]) -> Body:
    """Return how the sandbox's site shows a symptom."""
    where = {"routes": [PATHS[route] for route in routes]} if routes else {}
    if symptom.kind is FailureKind.BODY:
        return {"kind": "wrong_body", **where}
    if symptom.kind is FailureKind.CONNECT:
        return {"kind": "refused", "reported": False, **where}  # crashes are reported when the lab has them reported
    if symptom.kind is FailureKind.TIMEOUT:
        return {"kind": "hang", **where}
    status = int(symptom.why.removeprefix("HTTP "))
    if symptom.share < 1.0:
        return {"kind": "partial", "status": status, "share": symptom.share, **where}
    return {"kind": "error", "status": status, **where}


def coming_again(fault: Fault) -> Body:
    """Return the period of an intermittent fault, as the sandbox takes it; nothing for a permanent one."""
    return {"period_seconds": fault.every_seconds, "down_seconds": fault.on_seconds} if fault.every_seconds else {}


def replacements(kind: str) -> Mapping[str, str]:
    """Return what is replaced in the sandbox's written configuration, so that the lab's checks see the same.

    The lab counts new errors by release, and its wrong page is seen by both checks.
    """
    found = {"errors: {sentry: acme/web}": 'errors: {sentry: acme/web, release: "{commit}"}'}
    if kind == "wrong-body":
        found["p95: 800ms}"] = 'p95: 800ms, contains: "ok"}'
    return found

"""One episode judged: what was done first, whether that was right, and how long it took."""

from dataclasses import dataclass

from watchdog.lab.closed_loop import DECISIVE, ActionTaken, Record
from watchdog.lab.episode import EpisodeWorld, FaultClass, Right
from watchdog.lab.page_judgement import CALLS, mends, needless

HEARD = ("rollback", "ask", "page")
"""What makes a human look at a service; that the watchdog is blind does not."""


@dataclass(frozen=True, slots=True)
class Played:
    """One episode, played by one decider.

    `did` is what was done first of rollback, ask, page and self-alert (or nothing), `at` seconds after the onset;
    `right` what should have been. A rollback is `false` unless it goes to the right commit of the right service when
    that was right, `wrong_service` if the service was not even to blame. `blame` is the probability at the first
    decision, `guilty` whether the live deploy really did it.

    For the cost it counts what came of it, not what should have been done: `heard_at` is when a human first heard of
    the service, `asked_at` when the question was put whose yes mends, `mended_at` when the rollback was requested that
    does (0 if before the onset). A rollback did `harm` if it mended nothing and was not right, or if nothing was to be
    seen yet; `needless` pages and questions are those that should not have been. The fault reached its share in
    `grows_seconds`. All of them in seconds after the onset. `kind` is the class, where it is not one of the table.
    `weight`: how often such an episode comes, against the others of its class (rare coincidences are played more often
    than they come).
    """

    name: str
    seed: str
    right: str
    did: str
    good: bool
    at: float | None = None
    rollback_at: float | None = None
    false: bool = False
    wrong_service: bool = False
    rollbacks: int = 0
    share: float = 0.0
    lasts_seconds: float = 0.0
    tags: frozenset[str] = frozenset()
    blame: float | None = None
    guilty: bool = False
    observations: int = 0
    probes: int = 0
    heard_at: float | None = None
    asked_at: float | None = None
    mended_at: float | None = None
    harm: bool = False
    needless: int = 0
    kind: FaultClass | None = None
    grows_seconds: float = 0.0
    weight: float = 1.0


def judge(scene: EpisodeWorld, seed: str, record: Record) -> Played:
    """Return what the run came to."""
    truth = scene.truth
    begins = truth.onset_at if truth.onset_at is not None else scene.fault_at
    first = next((one for one in record.did if one.what in DECISIVE and not _beside_the_point(scene, one)), None)
    rollbacks = [one for one in record.did if one.what == "rollback"]
    false = [one for one in rollbacks if not _right_rollback(scene, one)]
    did = first.what if first is not None else Right.NOTHING.value
    blames = [chance for _, name, chance in record.blame if name == truth.service and chance is not None]
    return Played(
        name=scene.name,
        seed=seed,
        right=truth.right.value,
        did=did,
        good=not false and (did == truth.right or did in truth.also),
        at=first.at - begins if first is not None else None,
        rollback_at=rollbacks[0].at - begins if rollbacks else None,
        false=bool(false),
        wrong_service=any(one.service != truth.service for one in false) and truth.commit is not None,
        rollbacks=len(rollbacks),
        share=truth.share,
        lasts_seconds=truth.ends_at - begins,
        tags=truth.tags,
        blame=blames[0] if blames else None,
        guilty=truth.commit is not None,
        observations=record.observations,
        probes=record.probes,
        heard_at=_first(begins, [one for one in record.did if _heard(scene, one) and one.at >= begins]),
        asked_at=_first(begins, [one for one in record.did if one.what == "ask" and mends(scene, one)]),
        mended_at=_first(begins, [one for one in rollbacks if mends(scene, one)]),
        harm=any(one.at < begins or not (mends(scene, one) or _right_rollback(scene, one)) for one in rollbacks),
        needless=needless(scene, record),
        kind=scene.kind,
        grows_seconds=max((fault.grows_seconds for fault in scene.services[truth.service].faults), default=0.0),
        weight=scene.weight,
    )


def _beside_the_point(scene: EpisodeWorld, did: ActionTaken) -> bool:
    """Tell whether a call is about a service that only suffers from another's deploy: true, and no answer to it."""
    service = scene.services.get(did.service)
    return did.what in CALLS and service is not None and any(fault.source for fault in service.faults)


def _heard(scene: EpisodeWorld, did: ActionTaken) -> bool:
    return did.what in HEARD and did.service in (scene.truth.service, "")


def _first(begins: float, done: list[ActionTaken]) -> float | None:
    return max(0.0, done[0].at - begins) if done else None


def _right_rollback(scene: EpisodeWorld, did: ActionTaken) -> bool:
    truth = scene.truth
    allowed = truth.right is Right.ROLLBACK or Right.ROLLBACK in truth.also
    return allowed and did.service == truth.service and did.commit in truth.targets

"""Judges one episode: the first decisive action, whether it was right, and its delay."""

from dataclasses import dataclass

from watchdog.lab.closed_loop import DECISIVE, ActionTaken, Record
from watchdog.lab.episode import EpisodeWorld, FaultClass, Right
from watchdog.lab.page_judgement import CALLS, mends, needless

HEARD = ("rollback", "ask", "page")
"""The actions that make a human look at a service; a self-alert does not."""


@dataclass(frozen=True, slots=True)
class Played:
    """One episode, played by one decider.

    `did` is the first of rollback, ask, page and self-alert (or nothing), `at` its seconds after the onset; `right` is
    the best action. A rollback is `false` unless a rollback is right and goes to a right commit of the right service;
    it is `wrong_service` if another service is to blame. `blame` is the probability of guilt at the first decision,
    `guilty` the truth about the live deploy.

    The cost counts consequences, not intentions. `heard_at` is the first notification of a human about the service,
    `asked_at` the approval request whose yes mends the outage, `mended_at` the request of the rollback that does. All
    are seconds after the onset, 0 if earlier. A rollback did `harm` if it mended nothing and was not right, or came
    before the onset. `needless` counts needless pages and questions. The fault reaches its share in `grows_seconds`.
    `kind` is the class of a scenario file. `weight` is the frequency of such an episode against the others of its
    class, because rare coincidences are played more often than they happen.
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
    """Return the judgement of one run against the truth of its scene."""
    truth = scene.truth
    begins = truth.onset_at if truth.onset_at is not None else scene.fault_at
    first = next((one for one in record.did if one.what in DECISIVE and not _beside_the_point(scene, one)), None)
    rollbacks = [one for one in record.did if one.what == "rollback"]
    false = [one for one in rollbacks if not _right_rollback(scene, one)]
    did = first.what if first is not None else Right.NOTHING.value
    # The service of the truth alone: the probability of another one answers another question.
    blames = [chance for _, name, chance in record.blame if name == truth.service and chance is not None]
    return Played(
        name=scene.name,
        seed=seed,
        right=truth.right.value,
        did=did,
        # A later false rollback makes the episode wrong, even if its first action was right.
        good=not false and (did == truth.right or did in truth.also),
        at=first.at - begins if first is not None else None,
        rollback_at=rollbacks[0].at - begins if rollbacks else None,
        false=bool(false),
        # Without a guilty deploy there is no right service that it could have hit instead.
        wrong_service=any(one.service != truth.service for one in false) and truth.commit is not None,
        rollbacks=len(rollbacks),
        share=truth.share,
        lasts_seconds=truth.ends_at - begins,
        tags=truth.tags,
        blame=blames[0] if blames else None,
        guilty=truth.commit is not None,
        observations=record.observations,
        probes=record.probes,
        # A call before the onset is noise, not the notification of this outage.
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
    """Return whether a call is about a service that fails only because of another one's deploy.

    Such a call is true, but does not answer the incident: the decisive action is looked for after it. Where the truth
    is about that service itself, as the other one shows nothing, the call is the answer.
    """
    if did.service == scene.truth.service:
        return False
    service = scene.services.get(did.service)
    return did.what in CALLS and service is not None and any(fault.source for fault in service.faults)


def _heard(scene: EpisodeWorld, did: ActionTaken) -> bool:
    # A call that names no service (a mass failure) makes the operator look at all of them.
    return did.what in HEARD and did.service in (scene.truth.service, "")


def _first(begins: float, done: list[ActionTaken]) -> float | None:
    return max(0.0, done[0].at - begins) if done else None


def _right_rollback(scene: EpisodeWorld, did: ActionTaken) -> bool:
    truth = scene.truth
    allowed = truth.right is Right.ROLLBACK or Right.ROLLBACK in truth.also
    return allowed and did.service == truth.service and did.commit in truth.targets

"""The bound: a decider that knows the truth and acts as soon as evidence can exist; on average no rule is faster.

Formula: with the mean time to a false alarm at least gamma, the worst-case delay is at least log(gamma) / KL(p1 || p0)
probes, asymptotically (Lorden 1971; Moustakides 1986: CUSUM attains it), where p0 and p1 are the shares of probes that
fail before and after, and KL = p1 log(p1/p0) + (1-p1) log((1-p1)/(1-p0)). Of a latency, taken as lognormal (sigma),
that becomes `times` as long, each answered probe adds log(times)^2 / (2 sigma^2). Here gamma is one false alarm a year
at 10 s; the first probe that shows it comes at a 5 s pace, 5 (1/p1 - 1/2) s after the onset on the average; the rest
follow at 1 s. A fault that grows is found when the evidence of all its probes has summed up to log(gamma).

It bounds the mean: on a single episode a decider may be luckier.
"""

from dataclasses import dataclass
from math import inf, log

from watchdog.lab.clean_years import YEAR_SECONDS
from watchdog.lab.closed_loop import ActionTaken, Record
from watchdog.lab.episode import EpisodeWorld, Right
from watchdog.lab.faults import Fault, Symptom
from watchdog.lab.page_judgement import mends
from watchdog.lab.profile import PROBE_NOISE

LOG_GAMMA = log(YEAR_SECONDS / 10.0)
FIRST_PACE_SECONDS = 5.0
PACE_SECONDS = 1.0
LONGEST_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class Oracle:
    """Takes the best action after the shortest possible delay."""

    name: str = "oracle"
    family: str = "oracle"

    def play(self, scene: EpisodeWorld) -> Record:
        """Return the record of the best action, empty if there is nothing to do."""
        truth = scene.truth
        if truth.right in (Right.NOTHING, Right.TICKET) or truth.onset_at is None:
            return Record()
        at = truth.onset_at + delay_seconds(scene)
        rollback = ActionTaken(at, "rollback", truth.service, min(truth.targets, default=None))
        if mends(scene, rollback):
            return Record(did=[rollback])
        return Record(did=[ActionTaken(at, "self-alert" if truth.right is Right.SELF else "page", truth.service)])


def delay_seconds(scene: EpisodeWorld) -> float:
    """Return the seconds from the onset until a fault is distinguishable from noise, infinite if it never is."""
    service = scene.services[scene.truth.service]
    began = scene.truth.onset_at or 0.0
    # A fault of the surroundings that was there before the onset is the world's noise, not this incident.
    own = [fault for fault in service.faults if fault.commit is not None or fault.begins_at >= began]
    return min((_delay_seconds(fault, service.profile.latency_sigma) for fault in own), default=0.0)


def _delay_seconds(fault: Fault, sigma: float) -> float:
    if fault.grows_seconds:
        return _growing_seconds(fault, sigma)
    evidence = information(fault.symptom, sigma)
    if evidence <= 0:
        return inf
    # A pure latency fault has no failing share: every probe shows it, so the first one is enough.
    shows = fault.symptom.share or 1.0
    waits = FIRST_PACE_SECONDS * (1 / shows - 0.5)
    return waits + max(0.0, LOG_GAMMA / evidence - 1.0) * PACE_SECONDS


def _growing_seconds(fault: Fault, sigma: float) -> float:
    evidence = 0.0
    # No closed form: the divergence is not linear in the strength, so it is summed second by second.
    for second in range(1, LONGEST_SECONDS):
        grown = min(1.0, second / fault.grows_seconds)
        evidence += information(fault.symptom.at_strength(grown), sigma) * PACE_SECONDS
        if evidence >= LOG_GAMMA:
            return float(second)
    return inf


def information(symptom: Symptom, sigma: float) -> float:
    """Return the KL divergence of one probe's outcome (nats) between the symptom and health."""
    p = min(1.0, symptom.share + (1.0 - symptom.share) * PROBE_NOISE)
    failing = _term(p, PROBE_NOISE) + _term(1.0 - p, 1.0 - PROBE_NOISE)
    # A failed probe has no latency, so only the answered share (1 - p) adds evidence of slowness.
    return failing + (1.0 - p) * log(symptom.slow) ** 2 / (2 * sigma**2)


def _term(p: float, q: float) -> float:
    return p * log(p / q) if p > 0 else 0.0

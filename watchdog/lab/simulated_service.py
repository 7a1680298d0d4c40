"""One simulated service in virtual time: the answers of its routes, its error tracker and its platform at a moment.

Rule: each answer depends on the seed, the moment and the deploys, never on the reads before it. So all deciders meet
the same service, however often they probe.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from math import ceil, exp, inf, log
from random import Random
from typing import TYPE_CHECKING

from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.readings import Bad, FailureKind, Good, MinuteCount, Reading
from watchdog.lab.faults import Fault, Symptom
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.profile import PROBE_NOISE, Profile
from watchdog.lab.varied_worlds import Season

if TYPE_CHECKING:
    from watchdog.lab.error_seasons import ErrorJobs

TIMEOUT_SECONDS = 5.0
LISTED = 20
"""The platform lists this many of the newest deploys: the one page that the daemon reads."""
MINUTES_KEPT = 200
NORMAL_Q = 8
TAIL_Q = 16
TAIL_TIMES = 10.0
"""Answers in the tail of a symptom take this many times the usual latency."""
BLIP = Bad("connection refused", FailureKind.CONNECT)
HEALTHY = Good("HTTP 200")


@dataclass(frozen=True, slots=True)
class Release:
    """One deploy of the simulated world. Times are UTC epoch seconds; it takes traffic from `serves_at` on.

    `serves_at` lies before `live_at`: the platform reports a deploy live some seconds after it switched the traffic.
    """

    id: str
    commit: str
    created_at: float
    updates_at: float
    serves_at: float
    live_at: float
    trigger: str = "new_commit"
    message: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """The reading of one probe and its duration in seconds."""

    reading: Reading
    seconds: float


@dataclass(frozen=True, slots=True)
class _Span:
    """The serving release and the platform's deploy list from one change to the next (UTC epoch seconds)."""

    begins: float
    ends: float
    deploys: int
    serving: Release
    listed: tuple[Deploy, ...]


class Service:
    """A service with its deploys, its blips (begin, end in UTC epoch seconds) and its faults."""

    def __init__(self, name: str, profile: Profile, chance: KeyedRandom) -> None:
        self.name = name
        self.platform_id = f"srv-{name}"
        self.profile = profile
        self.releases: list[Release] = []
        self.faults: list[Fault] = []
        self.auto_deploy = "commit"
        self._probes = chance.apart(name, "probes")
        self._latency = chance.apart(name, "latency")
        self._feed = chance.apart(name, "feed")
        self._median_seconds, self._slow_share = profile.latency_median_seconds, profile.slow_share
        # sqrt(3) / pi = 0.5513: the scale of a logistic distribution with the normal's standard deviation.
        self._spread = profile.latency_sigma * 0.5513
        self._blips: list[tuple[float, float]] = []
        self._no_blip = (inf, -inf)
        """The last searched interval without a blip, cached because most probes fall into the same one."""
        self._span: _Span | None = None
        self._minute_dice = Random()
        self._minutes: dict[float, MinuteCount] = {}
        self._facts: ServiceFacts | None = None
        self.season: Season | None = None
        self.clock_seconds = 0.0
        """How far the platform's clock is ahead of ours."""
        self.error_jobs: ErrorJobs | None = None
        self.counts_requests = False
        """Whether the error tracker knows the number of requests as well."""

    # --- building ---

    def add_blip(self, begins_at: float, seconds: float) -> None:
        """Add a short failure without a cause (seconds); overlapping blips are merged into one."""
        ends_at = begins_at + seconds
        # `blips` finds the last blip before a moment by bisection, which is right only for disjoint, sorted blips.
        met = [one for one in self._blips if one[0] <= ends_at and one[1] >= begins_at]
        met.append((begins_at, ends_at))
        joined = min(begins for begins, _ in met), max(ends for _, ends in met)
        self._blips = sorted([*(one for one in self._blips if one not in met), joined])
        self._no_blip = (inf, -inf)

    def release(self, release: Release) -> None:
        """Add a deploy; the newest comes last."""
        self.releases.append(release)

    def shift_releases(self, live_at: float) -> None:
        """Move all its deploys in time, so that the newest was live at that moment."""
        self._span = None
        later = live_at - self.releases[-1].live_at
        self.releases[:] = [
            replace(
                one,
                created_at=one.created_at + later,
                updates_at=one.updates_at + later,
                serves_at=one.serves_at + later,
                live_at=one.live_at + later,
            )
            for one in self.releases
        ]

    # --- the truth ---

    def serving(self, at: float) -> Release:
        """Return the release that takes the traffic; before the first one served, the oldest."""
        return self._span_at(at).serving

    def _span_at(self, at: float) -> _Span:
        """Return the span of a moment; it is rebuilt only when the moment or the deploys have left the cached one."""
        span = self._span
        if span is None or not span.begins <= at < span.ends or span.deploys != len(self.releases):
            span = self._span = self._make_span(at)
        return span

    def _make_span(self, at: float) -> _Span:
        times = [(one.created_at, one.updates_at, one.serves_at, one.live_at) for one in self.releases]
        moments = sorted(moment for several in times for moment in several)
        index = bisect_right(moments, at)
        served = [release for release in self.releases if release.serves_at <= at]
        begun = [release for release in self.releases if release.created_at <= at]
        # The last to go live, not the last created: a rollback without a build overtakes a slow deploy.
        live = max((one for one in begun if one.live_at <= at), key=lambda one: one.live_at, default=None)
        return _Span(
            begins=moments[index - 1] if index else -inf,
            ends=moments[index] if index < len(moments) else inf,
            deploys=len(self.releases),
            serving=max(served, key=lambda release: release.serves_at) if served else self.releases[0],
            listed=tuple(_deploy(release, at, live, self.clock_seconds) for release in reversed(begun[-LISTED:])),
        )

    def symptoms(self, at: float, route: str) -> list[Symptom]:
        """Return the symptoms that a route shows at a moment, each at its current strength."""
        if not self.faults:
            return []
        found = []
        for fault in self.faults:
            # A fault with a source follows the other service's deploys: a rollback there ends it here too.
            now = (fault.source or self).serving(at)
            strength = fault.strength(at, route, now.commit, now.serves_at)
            if strength > 0:
                found.append(fault.symptom.at_strength(strength))
        return found

    def blips(self, at: float) -> bool:
        """Return whether the service is in one of its blips."""
        begin, end = self._no_blip
        if begin <= at < end:
            return False
        index = bisect_right(self._blips, (at, inf))
        if index and at < self._blips[index - 1][1]:
            return True
        self._no_blip = at, self._blips[index][0] if index < len(self._blips) else inf
        return False

    def blips_between(self, begin: float, end: float) -> list[tuple[float, float]]:
        """Return the blips (begin, end) that begin in [begin, end)."""
        return [one for one in self._blips if begin <= one[0] < end]

    # --- the observable side ---

    def probe(self, route: str, at: float) -> Look:
        """Return the answer that a visitor of the route gets at that moment."""
        return Look(*self.look(route, at))

    def look(self, route: str, at: float) -> tuple[Reading, float]:
        """Return the answer of `probe` as a plain tuple: clean years take millions of them."""
        # One key per millisecond and route length, times 64 so that the offsets of further draws do not collide.
        key = int(at * 1000) * 64 + len(route)
        seconds = self._seconds(key)
        if self.season is not None:
            seconds *= self.season.times(at)
        if self.blips(at):
            # A refused connection fails faster than the service would answer.
            return BLIP, min(seconds, 0.05)
        dice = self._probes.uniform(key)
        for symptom in self.symptoms(at, route) if self.faults else ():
            seconds *= symptom.slow
            if symptom.tail and self._probes.uniform(key + TAIL_Q) < symptom.tail:
                seconds *= TAIL_TIMES
            if dice < symptom.share:
                took = TIMEOUT_SECONDS if symptom.kind is FailureKind.TIMEOUT else seconds
                return Bad(symptom.why, symptom.kind), min(took, TIMEOUT_SECONDS)
        # The upper end of the same number; a symptom's share takes its lower end.
        if dice > 1.0 - PROBE_NOISE:
            return Bad("no answer", FailureKind.TIMEOUT), TIMEOUT_SECONDS
        if seconds >= TIMEOUT_SECONDS:
            return Bad("no answer within 5 s", FailureKind.TIMEOUT), TIMEOUT_SECONDS
        return HEALTHY, seconds

    def _seconds(self, key: int) -> float:
        first, second = self._latency.uniform(key), self._latency.uniform(key + NORMAL_Q)
        # The logistic distribution is a lognormal's near relative (in its logarithm) with a heavier tail, and cheap.
        seconds = self._median_seconds * exp(self._spread * log((first + 1e-9) / (1.0 - first + 1e-9)))
        return seconds * self.profile.slow_times if second < self._slow_share else seconds

    def minute(self, start: float) -> MinuteCount:
        """Return the errors of one minute as an error tracker counts them: over-dispersed, proportional to traffic."""
        # With faults a count depends on the deploys made so far, which the played actions change: no cache then.
        if self.faults:
            return self._count(start)
        known = self._minutes.get(start)
        if known is None:
            if len(self._minutes) >= MINUTES_KEPT:
                self._minutes.clear()
            known = self._minutes[start] = self._count(start)
        return known

    def _count(self, start: float) -> MinuteCount:
        profile = self.profile
        chance = self._minute_dice
        # Seeded by the minute, so that every read gets the same count; reseeding is cheaper than a new generator.
        chance.seed(int(self._feed.uniform(int(start)) * 2**53))
        # The symptoms in the middle of the minute stand for all of it.
        symptoms = self.symptoms(start + 30.0, "")
        traffic = profile.traffic(start)
        errors = profile.error_share
        for symptom in symptoms:
            traffic *= symptom.traffic
            errors += symptom.errors
        if any(symptom.silent for symptom in symptoms):
            return MinuteCount(start, 60.0, 0.0)
        mean = traffic * errors + (self.error_jobs.at(start + 30.0) if self.error_jobs is not None else 0.0)
        total = traffic if self.counts_requests else None
        return MinuteCount(start, 60.0, float(_dispersed(chance, mean, profile.error_phi)), total)

    def new_errors(self, at: float) -> tuple[str, ...]:
        """Return the kinds of errors that were first seen in the serving release."""
        return tuple(symptom.new_error for symptom in self.symptoms(at, "") if symptom.new_error)

    def crashes(self, since: float, until: float) -> list[float]:
        """Return the times of the process crashes that the platform reports in [since, until), to the second."""
        if not self.faults:
            return []
        # Whole seconds: a second that two reads share would report its crash twice.
        found, at = [], float(ceil(since))
        while at < until:
            every = max((symptom.crash_every_seconds for symptom in self.symptoms(at, "")), default=0.0)
            if every and int(at / every) != int((at - 1.0) / every):
                found.append(at)
            at += 1.0
        return found

    def listed(self, at: float) -> tuple[Deploy, ...]:
        """Return the deploys as the platform lists them at a moment, newest first."""
        return self._span_at(at).listed

    def facts(self, pre_deploy_command: str | None = None) -> ServiceFacts:
        """Return the platform's record of the service; the same object until one of its settings changes."""
        facts = self._facts
        if facts is None or (facts.auto_deploy, facts.pre_deploy_command) != (self.auto_deploy, pre_deploy_command):
            facts = self._facts = ServiceFacts(
                self.platform_id, self.name, auto_deploy=self.auto_deploy, pre_deploy_command=pre_deploy_command
            )
        return facts


def _deploy(release: Release, at: float, live: Release | None, clock: float) -> Deploy:
    if at >= release.live_at:
        status = "live" if release is live else "deactivated"
    else:
        status = "update_in_progress" if at >= release.updates_at else "build_in_progress"
    return Deploy(
        id=release.id,
        status=status,
        trigger=release.trigger,
        commit=release.commit,
        commit_message=release.message,
        created_at=release.created_at + clock,
        started_at=release.created_at + clock,
        finished_at=release.live_at + clock if at >= release.live_at else None,
    )


def _dispersed(chance: Random, mean: float, phi: float) -> int:
    """Return a random count whose variance is `phi` times its mean (negative binomial: Poisson with a gamma mean)."""
    if mean <= 0:
        return 0
    if phi > 1.0:
        shape = mean / (phi - 1.0)
        mean = chance.gammavariate(shape, phi - 1.0)
    return _poisson(chance, mean)


def _poisson(chance: Random, mean: float) -> int:
    """Return a Poisson count: Knuth's product of uniforms, or a rounded normal from a mean of 50 on."""
    # Knuth's method takes `mean` draws; from 50 on the normal approximation is within the noise of the model.
    if mean > 50.0:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    limit, count, product = exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count

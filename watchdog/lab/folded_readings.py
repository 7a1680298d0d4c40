"""Folding: while the state is at rest, good readings are collected and added to it in one batch instead of one by one.

At rest means that every check is healthy and nothing is suspected; then one more good reading only extends counters,
samples and timestamps. A clean service-year is 19 million events, and nearly all of them are such readings. They are
collected here and merged into the state before the core receives the next event that could change a decision.

Rule 1: exact. The merged state equals the state that the core's `step` would have reached, to the last digit.
Rule 2: whether a reading only adds is decided beforehand, by few and plain conditions. Every other reading goes through
the core: through the detectors (`detect.observe`) if one check must decide, through the whole `step` if a service must.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import inf
from types import MappingProxyType
from typing import Any

from watchdog.core import detect
from watchdog.core.detect import intermittent, latency, probes, slow_answers, slower_than_usual
from watchdog.core.fold.observations import HEALTHY_GAP_SECONDS, HEALTHY_MAX, HEALTHY_STEP_SECONDS
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.events import Event
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.policy import Detection, Policy, SignalPolicy
from watchdog.domain.readings import Good, Reading

LONGEST_SECONDS = 1e9
"""An upper limit of every latency; a reading without a latency counts as infinite and goes to the detector."""


class CheckAtRest:
    """One check at rest, and the good readings of it that are not yet merged into its state.

    A reading only adds if three conditions hold. It took at most `ceiling_seconds`; the last slower one (at `slow_at`)
    is no longer fresh; and it comes before `steps_at`, when the baseline is next updated. Then no limit is exceeded and
    the baseline stays as it is, so the order of merging cannot matter.
    """

    __slots__ = ("_check", "_given", "ats", "ceiling_seconds", "last", "seconds", "signal", "slow_at", "steps_at")

    def __init__(self, check: Check, signal: SignalPolicy, given: detect.Conditions) -> None:
        self.signal = signal
        self._given = given
        self.put(check)

    def put(self, check: Check) -> None:
        """Restart from this state of the check, with no collected readings."""
        self._check = check
        self.ats: list[float] = []
        self.seconds: list[float] = []
        self.last: Reading | None = check.last
        self.ceiling_seconds, self.slow_at, self.steps_at = CEILINGS.get(check.kind, _thinks)(check, self.signal)

    def think(self, event: e.Observed) -> bool:
        """Pass the reading to the detector; return whether the check is still at rest.

        The result is kept only if it is: otherwise the core must see the same event itself, through `step`.
        """
        check = detect.observe(self.known(), event, self.signal, self._given.limits)
        if not is_well(check, self._given):
            return False
        self.put(check)
        return True

    def gather(self, at: float, reading: Reading, seconds: float) -> None:
        """Collect a reading that only adds: its time (UTC epoch seconds) and its latency in seconds."""
        self.ats.append(at)
        self.seconds.append(seconds)
        self.last = reading

    def known(self) -> Check:
        """Return the check with the collected readings merged in."""
        if not self.ats:
            return self._check
        more = GATHERED[self._check.kind](self._check, self.ats, self.seconds, self.signal, self._given.limits)
        return fast_replace(self._check, last=self.last, last_at=self.ats[-1], seen_at=self.ats[-1], **more)


def is_well(check: Check, given: detect.Conditions) -> bool:
    """Return whether no sequence of good readings, at any times, can make the check suspicious."""
    # A good reading ends a run, a trouble or a crash report: that changes the check instead of adding to it.
    # So does one while the CUSUM is above zero: it lowers the sum.
    unbroken = check.run_started_at is None and check.troubled_since is None and not check.crashes and check.cusum == 0
    return unbroken and isinstance(check.last, Good) and not detect.suspicious(check, given)


def _thinks(check: Check, signal: SignalPolicy) -> tuple[float, float, float]:
    return -inf, -inf, -inf


def _always_adds(check: Check, signal: SignalPolicy) -> tuple[float, float, float]:
    return inf, -inf, inf


def _adds_if_quick(check: Check, signal: SignalPolicy) -> tuple[float, float, float]:
    if not latency.is_timed(signal):
        return _always_adds(check, signal)
    # A confirmed slow-answer finding may end with any reading, so the detector must judge each one.
    if any(one.confirmed for one in check.slow):
        return _thinks(check, signal)
    # The core's slow-answer detectors count an answer above this limit as slow; at or below it as quick evidence.
    bound = min(slow_answers.lowest(check.usual, signal), LONGEST_SECONDS)
    slow_at = max([at for at, seconds in check.samples if seconds > bound], default=-inf)
    return bound, slow_at, check.usual.stepped_at + slower_than_usual.STEP_SECONDS


def _probed(
    check: Check, ats: list[float], seconds: list[float], signal: SignalPolicy, limits: Detection
) -> dict[str, Any]:
    gap = probes.gap_seconds(signal, limits)
    known = (check.seen_at or ats[0], *ats)
    resumed = [at for before, at in pairwise(known) if before < at - gap]
    # At most RECENT_MAX of them can stay in the window; a calm month has collected a quarter of a million.
    looks = (*check.recent, *[(at, False) for at in ats[-probes.RECENT_MAX :]])
    oldest = max(ats) - probes.RECENT_SECONDS
    return {
        "good_run": check.good_run + len(ats),
        "recent": tuple([item for item in looks if item[0] > oldest][-probes.RECENT_MAX :]),
        "spells": intermittent.settled(check.spells, max(ats)),
        "interrupted_at": resumed[-1] if resumed else check.interrupted_at,
    }


def _timed(
    check: Check, ats: list[float], seconds: list[float], signal: SignalPolicy, limits: Detection
) -> dict[str, Any]:
    if not latency.is_timed(signal):
        return _probed(check, ats, seconds, signal, limits)
    samples = _samples(check, ats, seconds, signal)
    slow = slow_answers.after_quick_answers(check.slow, check.usual, signal, len(ats)) if check.slow else ()
    return {**_probed(check, ats, seconds, signal, limits), "samples": samples, "slow": slow}


def _samples(check: Check, ats: list[float], seconds: list[float], signal: SignalPolicy) -> latency.Samples:
    """Return the latency window of the check, extended by the collected readings."""
    more = tuple(zip(ats[len(ats) - len(seconds) :], seconds, strict=True))
    return latency.window((*check.samples, *more), signal) if more else check.samples


def _nothing_more(*_: object) -> dict[str, Any]:
    return {}


CEILINGS: Mapping[str, Callable[[Check, SignalPolicy], tuple[float, float, float]]] = MappingProxyType(
    {"http": _adds_if_quick, "latency": _adds_if_quick, "render_events": _always_adds}
)
"""By kind of check: the ceiling in seconds, the time of the last slower reading, and when the baseline next updates.

For a kind that is not listed every reading goes to the detector."""
GATHERED: Mapping[str, Callable[..., dict[str, Any]]] = MappingProxyType(
    {"http": _timed, "latency": _timed, "render_events": _nothing_more}
)


class ServiceAtRest:
    """One service at rest: its checks, and the seconds of observed health that were collected since it came to rest."""

    __slots__ = (
        "_fresh_seconds",
        "_from",
        "_healthy_at",
        "_healthy_seconds",
        "_service",
        "_watch_until",
        "checks",
        "deploys_at",
        "in_watch",
    )

    def __init__(
        self, service: ServiceState, checks: Mapping[str, CheckAtRest], limits: Detection, *, in_watch: bool
    ) -> None:
        self._fresh_seconds = limits.fresh_seconds
        self._service = service
        self._watch_until = service.watch_until
        self.checks = checks
        self.in_watch = in_watch
        self.deploys_at = service.deploys_at
        self._healthy_at = service.healthy_at
        self._healthy_seconds = self._from = service.observed_healthy_seconds.get(service.live or "", 0.0)

    def is_same_watch(self, at: float) -> bool:
        """Return whether `at` lies on the same side of the watch window's end, so that the probe pace is unchanged."""
        return (at < self._watch_until) is self.in_watch

    def only_adds(self, check: CheckAtRest, at: float, reading: Reading, seconds: float) -> bool:
        """Return whether this reading of one of the service's checks would only add to the state."""
        quick = seconds <= check.ceiling_seconds and check.slow_at < at - self._fresh_seconds and at < check.steps_at
        return quick and type(reading) is Good and (at < self._watch_until) is self.in_watch

    def gather(self, check: CheckAtRest, at: float, reading: Reading, seconds: float) -> None:
        """Collect a reading that only adds."""
        check.gather(at, reading, seconds)
        since = self._healthy_at
        if since is None or at - since >= HEALTHY_STEP_SECONDS:
            self.seen_healthy(at)

    def seen_healthy(self, at: float) -> None:
        """Add the seconds since the last reading to the observed health of the live deploy."""
        since = self._healthy_at
        # A gap is time that nothing observed; the core does not count it as healthy either (fold/observations.py).
        if since is None or at - since > HEALTHY_GAP_SECONDS:
            self._healthy_at = at
        elif at - since >= HEALTHY_STEP_SECONDS:
            self._healthy_seconds += at - since
            self._healthy_at = at

    def known(self) -> ServiceState:
        """Return the service with the collected readings of all its checks merged in."""
        service = self._service
        checks = {**service.checks, **{name: check.known() for name, check in self.checks.items()}}
        record = service.observed_healthy_seconds
        if self._healthy_seconds != self._from and service.live is not None:
            # The live deploy goes last: the core keeps the HEALTHY_MAX newest entries by the order of the mapping.
            others = {name: seconds for name, seconds in record.items() if name != service.live}
            kept = list(others.items())[-HEALTHY_MAX + 1 :]
            record = {**dict(kept), service.live: self._healthy_seconds}
        return fast_replace(
            service,
            checks=checks,
            deploys_at=self.deploys_at,
            healthy_at=self._healthy_at,
            observed_healthy_seconds=record,
        )


def service_at_rest(service: ServiceState, policy: Policy, now: float) -> ServiceAtRest | None:
    """Return the service at rest, or None if it is not.

    It is not at rest while it has an open incident, a downtime, a pending action (auto-deploy off, a pin, a merge),
    a bad deploy, a trial, an unknown live deploy, or a check that is missing or suspicious.
    """
    calm = service.phase is Phase.CALM and service.incident is None and service.flapping_since is None
    owed = (
        service.auto_deploy_off
        or service.pinned_at
        or service.merged
        or service.merges_why
        or service.auto_deploy_notice_thread
    )
    down = service.downtime is not None and service.downtime.ended_at is None
    unknown = service.live is None or service.deploys_why or service.unlisted or service.trial is not None
    if not calm or owed or down or service.bad or unknown:
        return None
    in_watch = now < service.watch_until
    # The core changes a pace only in a step, so while the pace is not yet the one of this window, steps must run.
    if service.pace_seconds != (policy.pace.watch_seconds if in_watch else policy.pace.idle_seconds):
        return None
    checks = {}
    for signal in policy.services[service.name].signals:
        check = service.checks.get(signal.name)
        # Judged at moment 0, at which no feed is stale: only readings count here, not the time since the last one.
        given = detect.Conditions(0.0, signal, policy.detection, in_watch)
        if check is None or check.kind != signal.kind or not is_well(check, given):
            return None
        checks[signal.name] = CheckAtRest(check, signal, given)
    return ServiceAtRest(service, checks, policy.detection, in_watch=in_watch)


def can_see(state: State) -> bool:
    """Return whether the watchdog's own network works, as far as the control targets and probes show."""
    return state.blind_since is None and not state.unseen


def sees(state: State, event: e.ControlChecked) -> bool:
    """Return whether a control target answers as before; such an answer only adds, even during an incident."""
    return can_see(state) and type(event.reading) is Good


class Rest:
    """The whole state at rest, while `on`; `folded` counts the events that were collected instead of stepped.

    Protocol: after each stepped event the loop calls `begin`, which turns `on` if every service is at rest. While on,
    `takes` collects an event or refuses it. Before a refused event is stepped, `end` returns the merged state. No event
    may reach the core between `begin` and `end`, because the state that the core holds is stale in that time.
    """

    def __init__(self, policy: Policy) -> None:
        self.on = False
        self.folded = 0
        self._policy = policy
        self.services: dict[str, ServiceAtRest] = {}
        self._control: dict[str, tuple[float, Reading]] = {}
        self._vendors: dict[str, tuple[float, Reading]] = {}
        self._pages_bad = False
        self._listed: dict[str, e.DeploysListed] = {}

    def begin(self, state: State, event: Event, now: float) -> None:
        """Start folding if the whole state is at rest after this event was stepped."""
        # Remembered even without rest: `only_adds` compares later lists with the newest one that was stepped.
        if isinstance(event, e.DeploysListed):
            self._listed[event.service] = event
        if not can_see(state) or state.troubles:
            return
        # The first reading of each control target and status page goes through the core, which then holds one of each.
        if len(state.control) < len(self._policy.control) or len(state.vendors) < len(self._policy.vendors):
            return
        services = {}
        for name in self._policy.services:
            service = state.services.get(name)
            resting = service_at_rest(service, self._policy, now) if service is not None else None
            if resting is None:
                return
            services[name] = resting
        self.on, self.services, self._control, self._vendors = True, services, {}, {}
        self._pages_bad = bool(state.vendors_bad_since)

    def end(self, state: State) -> State:
        """Stop folding; return the state with everything collected since `begin` merged in."""
        if not self.on:
            return state
        self.on = False
        return fast_replace(
            state,
            services={**state.services, **{name: one.known() for name, one in self.services.items()}},
            control={**state.control, **self._control},
            vendors={**state.vendors, **self._vendors},
        )

    def only_adds(self, event: Event) -> bool:
        """Return whether the event would only add to the state; if so, it may be collected when it is due."""
        # Exact types, the most frequent first: this runs for nearly every event of a simulated year.
        if type(event) is e.Observed:
            place = self.services[event.service]
            return place.only_adds(place.checks[event.signal], event.at, event.reading, _seconds(event))
        if type(event) is e.DeploysListed:
            known = self._listed.get(event.service)
            # Identity is enough and cheap: the simulated service returns the same tuple until a deploy changes it.
            same = known is not None and event.deploys is known.deploys and event.facts is known.facts
            return same and self.services[event.service].is_same_watch(event.at)
        if type(event) is e.ControlChecked:
            return type(event.reading) is Good and event.target in self._policy.control
        return type(event) is e.VendorChecked and type(event.reading) is Good and not self._pages_bad

    def gather(self, event: Event, *, of: int = 1) -> None:
        """Collect an event that only adds, as the last of `of` equal ones: the state keeps only the newest of those."""
        self.folded += of
        if type(event) is e.Observed:
            place = self.services[event.service]
            place.gather(place.checks[event.signal], event.at, event.reading, _seconds(event))
        elif type(event) is e.DeploysListed:
            self.services[event.service].deploys_at = event.at
        elif type(event) is e.ControlChecked:
            self._control[event.target] = (event.at, event.reading)
        elif type(event) is e.VendorChecked:
            self._vendors[event.vendor] = (event.at, event.reading)

    def takes(self, event: Event) -> bool:
        """Collect a due event, or let its check's detector handle it; return False if the core must step it."""
        if self.only_adds(event):
            self.gather(event)
            return True
        if type(event) is not e.Observed or type(event.reading) is not Good:
            return False
        place = self.services[event.service]
        if not place.is_same_watch(event.at) or not place.checks[event.signal].think(event):
            return False
        place.seen_healthy(event.at)
        self.folded += 1
        return True


def _seconds(event: e.Observed) -> float:
    return event.latency_seconds if event.latency_seconds is not None else inf

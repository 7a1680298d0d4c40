"""The healthy path takes shortcuts, for it is gone at every look: each gives what the long way gives.

The long ways are written out here, as plainly as they can be.
"""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as generated
from hypothesis import strategies as st

from tests.core.limits import LIMITS
from tests.core.scenes import FACTS, NOW, given, step
from watchdog.core import detect
from watchdog.core.detect import METHODS, error_counts, latency, slow_answers
from watchdog.core.fold.observations import HEALTHY_GAP_SECONDS, HEALTHY_STEP_SECONDS
from watchdog.domain.checks import Check, SlowAnswers, UsualLatency
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect, SetPace
from watchdog.domain.events import DeploysListed, Observed
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.policy import DEFAULT_MATRIX, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Good, MinuteCount, Unknown

pytestmark = pytest.mark.no_cover  # thousands of readings, each step of which a test of its own covers

MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
moments = st.floats(NOW - 700.0, NOW)
minutes = st.builds(
    MinuteCount,
    st.integers(1, 100).map(lambda ago: NOW - 60.0 * ago),
    st.just(60.0),
    st.sampled_from((0.0, 1.0, 1.0, 2.0, 8.0, 60.0)),
    st.sampled_from((None, 100.0)),
)
seconds = st.sampled_from((0.05, 0.1, 0.1, 0.1, 0.2, 0.5, 1.0, 3.0))
checks = st.builds(
    Check,
    st.just("it"),
    st.sampled_from(sorted(METHODS)),
    run_probes=st.sampled_from((0, 0, 0, 1, 9)),
    cusum=st.sampled_from((0.0, 0.0, 0.0, 0.2, 5.0, 20.0)),
    over_since=st.sampled_from((None, None, NOW - 9.0)),
    samples=st.lists(st.tuples(moments, seconds), max_size=40).map(lambda found: tuple(sorted(found))),
    counts=st.lists(minutes, max_size=40, unique_by=lambda one: one.start).map(
        lambda found: tuple(sorted(found, key=lambda one: one.start))
    ),
    counts_from=st.sampled_from((0.0, 0.0, NOW - 200.0)),
    crashes=st.lists(st.tuples(moments, st.just("failed")), max_size=2).map(tuple),
    usual=st.builds(
        UsualLatency,
        stepped_at=moments,
        average=st.sampled_from((500.0, 1000.0, 4000.0)),
        steps=st.sampled_from((0, 9, 10, 500)),
        excess=st.sampled_from((0.0, 0.0, 0.4, 3.0)),
    ),
)
objectives = st.dictionaries(st.sampled_from(sorted(slow_answers.QUANTILES)), seconds)
slow_signals = st.builds(
    SignalPolicy,
    st.just("it"),
    st.just("latency"),
    limits_seconds=objectives,
    times_baseline=st.sampled_from((None, 1.5, 3.0)),
)


@MANY
@generated(checks, st.booleans())
def test_a_check_at_rest_is_suspicious_to_no_method(check: Check, in_watch: bool) -> None:
    """Whatever its kind, and whether a deploy is fresh or not: it need not be asked."""
    quick = replace(check.usual, excess=0.0)
    rested = replace(check, run_probes=0, cusum=0.0, over_since=None, crashes=(), counts=(), usual=quick)
    assert detect.at_rest(rested)
    for one in (check, rested):
        if detect.at_rest(one):
            assert not detect.suspicious(one, given(SignalPolicy("it", one.kind), in_watch=in_watch))


def test_a_check_with_anything_in_it_is_not_at_rest() -> None:
    """One failure, a sum, slowness, a crash, a minute of a feed."""
    rested = Check("it", "http", good_run=9, last=Good(), last_bad_at=NOW - 900.0, samples=((NOW, 0.1),))
    assert detect.at_rest(rested)
    minute = MinuteCount(NOW - 60.0, 60.0, 0.0)
    for more in (
        {"run_probes": 1},
        {"cusum": 0.1},
        {"over_since": NOW},
        {"slow": (SlowAnswers("p95", 0.9, NOW, 0.8),)},
        {"usual": UsualLatency(excess=0.1)},
        {"crashes": ((NOW, "failed"),)},
        {"counts": (minute,)},
    ):
        assert not detect.at_rest(replace(rested, **more)), more


@MANY
@generated(checks, st.sampled_from((None, 7.0)))
def test_a_feed_is_judged_as_if_every_minute_were(check: Check, limit: float | None) -> None:
    """The newest minute is looked at first; all are, if it is bad."""
    signal = SignalPolicy("it", "sentry", limit_per_minute=limit)
    window, history = check.counts[-LIMITS.feed_window_minutes :], list(check.counts[: -LIMITS.feed_window_minutes])
    judged = [
        (one, error_counts.why_bad(one, history, signal, LIMITS)) for one in window if one.start >= check.counts_from
    ]
    bad = [(one, why) for one, why in judged if why]
    fresh = bool(window) and NOW - (window[-1].start + window[-1].seconds) <= error_counts.STALE_SECONDS
    looked = fresh and bool(bad) and bad[-1][0] is window[-1]
    found = error_counts.find(check, given(signal))
    assert error_counts.suspicious(check, given(signal)) is looked
    assert (found is not None) is (looked and len(bad) >= LIMITS.feed_minutes)
    if found is not None:
        assert found.onset_at == bad[0][0].start and found.text.startswith(f"{bad[-1][1]}; {len(bad)} of 5 minutes")


@MANY
@generated(checks, slow_signals, seconds)
def test_a_latency_is_over_its_objective_as_if_all_percentiles_were_taken(
    check: Check, signal: SignalPolicy, newest: float
) -> None:
    """Nothing is sorted while no sample exceeds the lowest one; no sum begins while no answer does."""
    signal = replace(signal, times_baseline=None)
    seen = detect.observe(check, Observed(NOW, "web", "it", Good(), newest), signal, LIMITS)
    limits = signal.limits_seconds
    values = [value for _, value in seen.samples]
    recent = [value for at, value in seen.samples if at >= NOW - LIMITS.fresh_seconds]
    over = any(
        latency.quantile(values, slow_answers.QUANTILES[name]) > limit and any(value > limit for value in recent)
        for name, limit in limits.items()
    )
    assert seen.over_since == ((NOW if check.over_since is None else check.over_since) if over else None)
    assert {one.limit for one in seen.slow} == {name for name, limit in limits.items() if newest > limit}


# --- the whole step ---

HOME = SignalPolicy("home", "http", critical=True)
POLICY = Policy({"web": ServicePolicy("web", "srv-web", signals=(HOME,))}, DEFAULT_MATRIX)
LIVE = Deploy("dep-41", "live", commit="aaaaaaa1", created_at=NOW - 1000.0, finished_at=NOW - 900.0)
gaps = st.lists(st.tuples(st.sampled_from((1.0, 5.0, 9.9, 10.0, 61.0, 700.0)), st.sampled_from("ggggu")), max_size=40)


def long_way(state: State, event: Observed) -> tuple[State, tuple[Effect, ...]]:
    """Return what a reading of a calm service comes to that is good, or could not be made."""
    service = state.services["web"]
    check = replace(
        service.checks.get("home", Check("home", "http", watched_from=event.at)), last=event.reading, last_at=event.at
    )
    if isinstance(event.reading, Good):
        recent = tuple(item for item in check.recent if item[0] > event.at - 180.0)[-255:]
        gap = 0.0 < check.seen_at < event.at - 30.0
        known = {"seen_at": event.at, "interrupted_at": event.at if gap else check.interrupted_at}
        check = replace(check, good_run=check.good_run + 1, recent=(*recent, (event.at, False)), **known)
    pace = 5.0 if event.at < service.watch_until else 10.0
    told = (SetPace("web", pace),) if pace != service.pace_seconds else ()
    service = replace(service, checks={**service.checks, "home": check}, pace_seconds=pace)
    return replace(state, services={"web": recorded(service, event)}), told


def recorded(service: ServiceState, event: Observed) -> ServiceState:
    """Return the service with its healthy record kept."""
    since = service.healthy_at
    if not isinstance(event.reading, Good) or service.live is None:
        return replace(service, healthy_at=None)
    if since is None or event.at - since > HEALTHY_GAP_SECONDS:
        return replace(service, healthy_at=event.at)
    if event.at - since < HEALTHY_STEP_SECONDS:
        return service
    lasted = service.observed_healthy_seconds.get(service.live, 0.0) + event.at - since
    return replace(
        service,
        healthy_at=event.at,
        observed_healthy_seconds={**service.observed_healthy_seconds, service.live: lasted},
    )


@MANY
@generated(gaps, st.booleans())
def test_a_calm_step_changes_the_check_the_record_and_the_pace_and_nothing_else(
    looks: list[tuple[float, str]], listed: bool
) -> None:
    """Through gaps, unknown readings and the end of the watch window; nothing is asked for but another pace."""
    state, at = State(services={"web": ServiceState("web", phase_since=NOW, watching_since=NOW)}), NOW
    if listed:
        state, _ = step(state, DeploysListed(NOW, "web", (LIVE,), FACTS), POLICY)
    for gap, kind in looks:
        at += gap
        event = Observed(at, "web", "home", Good("HTTP 200") if kind == "g" else Unknown("void"), 0.1)
        expected = long_way(state, event)
        state, effects = step(state, event, POLICY)
        assert (state, effects) == expected

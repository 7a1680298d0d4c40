"""Probes of a route: a run timer for hard outages, a CUSUM for partial ones.

The run timer confirms an unbroken run of failures that outlasts the blips a healthy service has. The CUSUM
(Page 1954; optimal by Moustakides 1986) adds log(p1/p0) for a failure and log((1-p1)/(1-p0)) for a success, and
confirms at its limit. Each run counts only its first failures, so that one blip, however long, is one blip; and where
nearly all fails, one lucky probe makes no two blips of one: then the sum convicts no sooner than the timer would.
Time without readings is no evidence: a run lasts from its first failure to its last, and ends in a gap.
How long its blips last and what share of its probes fails is learned of each check (baseline); outages that are too
short for the one and too far apart for the other are counted by the time they take (see intermittent).
"""

from dataclasses import replace
from itertools import groupby
from math import log
from typing import TYPE_CHECKING, Any

from watchdog.core.detect import baseline, intermittent
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.units import show_seconds

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

RECENT_SECONDS = 180.0
RECENT_MAX = 256
CUSUM_CAP = 1.25
"""Times the limit: what lies beyond would only make the end of an outage known later."""
AMBIGUOUS = 3.0
"""Onsets whose log-likelihoods differ by less than this are not told apart (a factor of 20)."""
BLIP_SECONDS = 14.0
"""Nine of ten blips of a healthy service last no longer."""
BLIP_PROBES = 200.0
"""A blip begins once in so many probes: some a day at one in ten seconds, and many more after deploys."""
NEARLY_ALL = 0.9
"""Share of failed probes (0 to 1) from which it may be one blip, with a lucky probe in it."""
CLOSE_PROBES = 20
"""Two failures within so many probes are more than chance, also where 1 in 100 fails."""

Outcomes = tuple[tuple[float, bool], ...]
Rates = tuple[float, float]
"""The CUSUM's p0 and p1."""


def observe(check: Check, event: Observed, signal: SignalPolicy, limits: Detection) -> dict[str, Any]:
    """Return what one probe changes."""
    failed = isinstance(event.reading, Bad)
    oldest = event.at - RECENT_SECONDS
    kept = [item for item in check.recent if item[0] > oldest][-RECENT_MAX + 1 :]
    unbroken = bool(kept) and event.at - kept[-1][0] <= gap_seconds(signal, limits)
    recent = (*kept, (event.at, failed))
    quiet = not failed and check.cusum == 0
    rates = (limits.cusum_p0, limits.cusum_p1) if quiet else baseline.rates(check, event.at, signal, limits)
    if failed:
        return _fail(check, event.at, recent, limits, rates, unbroken=unbroken)
    return _succeed(check, event.at, recent, rates, unbroken=unbroken)


def gap_seconds(signal: SignalPolicy, limits: Detection) -> float:
    """Return how long readings may be missing within one run of failures: one was due, and was not just slow."""
    return signal.every_seconds + signal.timeout_seconds + limits.fresh_seconds


def _fail(
    check: Check, at: float, recent: Outcomes, limits: Detection, rates: Rates, *, unbroken: bool
) -> dict[str, Any]:
    run_probes = check.run_probes + 1 if unbroken else 1
    again = any(failed for _, failed in recent[-CLOSE_PROBES:-1])
    cusum = check.cusum
    if run_probes <= limits.cusum_failures_per_run:
        cusum = min(cusum + log(rates[1] / rates[0]), CUSUM_CAP * limits.cusum_limit)
    return {
        "run_started_at": check.run_started_at if unbroken and check.run_started_at is not None else at,
        "run_probes": run_probes,
        "unseen_seconds": check.unseen_seconds if run_probes > 1 else 0.0,
        "failing_since": check.failing_since if check.failing_since is not None else at,
        "good_run": 0,
        "stumbled_at": at if again else check.stumbled_at,
        "recent": recent,
        "cusum": cusum,
        "cusum_zero_at": check.cusum_zero_at if check.cusum > 0 else at,
    }


def _succeed(check: Check, at: float, recent: Outcomes, rates: Rates, *, unbroken: bool) -> dict[str, Any]:
    cusum = after_success(check.cusum, rates)
    if check.run_probes:
        spells = intermittent.added(check, at if unbroken else None, rates[0])
    else:
        spells = intermittent.settled(check.spells, at)
    return {
        "spells": spells,
        "run_started_at": None,
        "run_probes": 0,
        "unseen_seconds": 0.0,
        "failing_since": None,
        "good_run": check.good_run + 1,
        "recent": recent,
        "cusum": cusum,
        "cusum_zero_at": check.cusum_zero_at if cusum > 0 else None,
    }


def after_success(cusum: float, rates: Rates) -> float:
    """Return what one success leaves of the sum; `rates` are p0 and p1."""
    return max(0.0, cusum + log((1 - rates[1]) / (1 - rates[0]))) if cusum > 0 else 0.0


def run_limit_seconds(check: Check, given: "Conditions") -> float:
    """Return how long an unbroken run of failures must last: longer than blips do, unless others report it, too."""
    seconds = _limit_seconds(given)
    if given.corroborated:
        return seconds
    limit = baseline.limit_above_blips(check, given.now, seconds)
    if given.restarting:
        limit = baseline.limit_above_restarts(check, given.now, limit, given.limits.run_seconds_restart_max)
    return limit


def confirmed(check: Check, given: "Conditions") -> bool:
    """Tell whether its run of failures was long enough, or its sum high enough, to be an outage."""
    if check.run_started_at is None or check.last_bad_at is None:
        return False
    lasted = check.last_bad_at - check.run_started_at - check.unseen_seconds
    return lasted >= run_limit_seconds(check, given) or check.cusum >= cusum_limit(given)


def _limit_seconds(given: "Conditions") -> float:
    if given.corroborated:
        return given.limits.run_seconds_corroborated
    return given.limits.run_seconds_in_watch if given.in_watch else given.limits.run_seconds


def learnt_words(check: Check, given: "Conditions") -> str:
    """Return why its run limit is longer than usual, or nothing."""
    if run_limit_seconds(check, given) <= _limit_seconds(given):
        return ""
    blips, restarts = baseline.blip_seconds(check, given.now), baseline.restart_seconds(check, given.now)
    if given.restarting and restarts > blips:
        return f", as its restarts are felt for up to {show_seconds(restarts)}"
    return f", as its blips last up to {show_seconds(blips)}"


def cusum_limit(given: "Conditions") -> float:
    """Return the CUSUM's limit."""
    return given.limits.cusum_limit_in_watch if given.in_watch else given.limits.cusum_limit


def share_failing(check: Check, since: float) -> tuple[int, int]:
    """Return (failed, all) probes since then."""
    outcomes = [failed for at, failed in check.recent if at >= since]
    return sum(outcomes), len(outcomes)


def find(check: Check, given: "Conditions") -> Finding | None:
    """Return what the run timer, the CUSUM or the time lost in short outages has confirmed."""
    return _find_run(check, given) or _find_cusum(check, given) or _find_intermittent(check, given)


def _find_run(check: Check, given: "Conditions") -> Finding | None:
    if check.run_started_at is None or check.run_probes < given.limits.run_probes_min:
        return None
    failed_at = _fresh_failure(check, given)
    limit = run_limit_seconds(check, given)
    if failed_at is None:
        return None
    lasted = failed_at - check.run_started_at - check.unseen_seconds
    if lasted < limit:
        return None
    text = (
        f"{check.run_probes} of {check.run_probes} probes failed for {show_seconds(lasted)} "
        f"(limit {show_seconds(limit)}{learnt_words(check, given)})"
    )
    return _finding(check, "run", check.run_started_at, check.failing_since, text)


def _find_cusum(check: Check, given: "Conditions") -> Finding | None:
    limit = cusum_limit(given)
    onset = check.cusum_zero_at
    failed_at = _fresh_failure(check, given)
    if onset is None or failed_at is None or check.cusum < limit:
        return None
    if failed_at - onset < given.limits.cusum_span_seconds:
        return None
    p0 = baseline.rates(check, given.now, given.signal, given.limits)[0]
    since = _likeliest_onset(check, onset, p0, forgiving=False)
    if _one_blip(check, since, failed_at) and failed_at - since < run_limit_seconds(check, given):
        return None
    onset = _likeliest_onset(check, onset, p0, forgiving=True)
    failed, probes = share_failing(check, onset)
    text = (
        f"{failed} of {probes} probes failed in {show_seconds(failed_at - onset)} "
        f"(CUSUM {check.cusum:.1f}, limit {limit:.0f}{_as_usual(p0, given.limits)})"
    )
    return _finding(check, "cusum", onset, check.troubled_since, text)


def _find_intermittent(check: Check, given: "Conditions") -> Finding | None:
    if check.spells.whole < intermittent.WHOLE_MIN - 1 or _fresh_failure(check, given) is None:
        return None
    spells = intermittent.confirmed(check, baseline.rates(check, given.now, given.signal, given.limits)[0])
    if spells is None:
        return None
    found = _finding(check, "intermittent", spells.began_at, check.troubled_since, intermittent.describe(spells))
    share = spells.down_seconds / (spells.ended_at - spells.began_at)
    return replace(found, share=share, pause_seconds=spells.pause_seconds)


def _one_blip(check: Check, onset: float, failed_at: float) -> bool:
    """Tell whether nearly all probes failed from its first failure to its last; good ones since then say it is over."""
    outcomes = [failed for at, failed in check.recent if onset <= at <= failed_at]
    return sum(outcomes) >= NEARLY_ALL * len(outcomes)


def _as_usual(p0: float, limits: Detection) -> str:
    return f", {p0:.1%} is usual" if p0 > 2 * limits.cusum_p0 else ""


def _likeliest_onset(check: Check, zero_at: float, p0: float, *, forgiving: bool) -> float:
    """Return with which run of failures it began: where the probes speak most for one outage since, and none before.

    Since then: max n KL(p, p0), p = failed / n, the generalised likelihood ratio's change point (Willsky and Jones
    1976). Of beginnings that fit nearly as well the earliest: what is not clear acquits. Where not all is kept:
    `zero_at`. `forgiving`: one short run before it that healed is a blip, as a healthy service has one in BLIP_PROBES
    probes, and no failures by chance; without that, a blip minutes before would date it to before a deploy that did it.
    """
    if not check.recent or check.recent[0][0] > zero_at:
        return zero_at
    outcomes = [one for one in check.recent if one[0] >= zero_at]
    left, failed, runs = len(outcomes), sum(bad for _, bad in outcomes), 0
    found: list[tuple[float, float]] = []
    healed = 0.0
    for bad, run in groupby(outcomes, key=lambda one: one[1]):
        seen = list(run)
        if bad:
            blip = healed if forgiving and runs == 1 else 0.0
            found.append((left * divergence(failed / left, p0) + blip, seen[0][0]))
            short = seen[-1][0] - seen[0][0] <= BLIP_SECONDS
            healed = max(0.0, len(seen) * log(1 / p0) - log(BLIP_PROBES)) if short else 0.0
            failed -= len(seen)
            runs += 1
        left -= len(seen)
    best = max((evidence for evidence, _ in found), default=0.0)
    return min((at for evidence, at in found if evidence >= best - AMBIGUOUS), default=zero_at)


def divergence(p: float, q: float) -> float:
    """Return the Kullback-Leibler divergence of two coins, KL(p || q), with 0 < q < 1."""
    healthy = (1 - p) * log((1 - p) / (1 - q)) if p < 1 else 0.0
    return p * log(p / q) + healthy if p > 0 else healthy


def _fresh_failure(check: Check, given: "Conditions") -> float | None:
    """Return when it last failed, if that is not too long ago to act on."""
    at = check.last_bad_at
    return at if at is not None and given.now - at <= given.limits.fresh_seconds else None


def _finding(check: Check, method: str, onset: float, before: float | None, text: str) -> Finding:
    failed, probes = share_failing(check, onset)
    return Finding(
        signal=check.name,
        kind=check.kind,
        method=method,
        onset_at=began(onset, before),
        share=failed / probes,
        text=f"{text}: {check.last_why}",
        failure_kind=check.last_kind,
        symptom=check.last_why,
    )


def began(onset: float, before: float | None) -> float:
    """Return the onset, or since when it was in trouble before readings went missing.

    A restart or another worker ends the run and the sum, and not the outage: no deploy is to blame that came in the
    middle of it.
    """
    return onset if before is None else min(onset, before)


def suspicious(check: Check, given: "Conditions") -> bool:
    """One failure is enough to look closer, and so is it to have failed twice lately: it may come back."""
    unsettled = check.run_probes > 0 or check.cusum >= cusum_limit(given) / 4
    return unsettled or intermittent.may_return(check, given.now)


def failing(check: Check, given: "Conditions") -> bool:
    """It failed a moment ago."""
    return _fresh_failure(check, given) is not None


def calm(check: Check, given: "Conditions") -> bool:
    """Two successes in a row, the CUSUM below a quarter of its limit, and not in a pause of what comes and goes."""
    settled = check.good_run >= given.limits.calm_successes and check.cusum < cusum_limit(given) / 4
    return settled and not intermittent.is_in_a_pause(check, given.now)

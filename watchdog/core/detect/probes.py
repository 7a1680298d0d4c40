"""Probes of a route: a run timer for hard outages, a CUSUM for partial ones.

Theory. The run timer confirms an unbroken run of failures that outlasts the blips of a healthy service. The CUSUM
(Page 1954; optimal by Moustakides 1986) adds log(p1/p0) for a failure and log((1-p1)/(1-p0)) for a success, and
confirms at its limit. Each run counts only its first failures, so that one blip, however long, is one blip. Where
nearly all probes fail, one lucky probe does not turn one blip into two: the sum then confirms no sooner than the timer.
The moment at which the sum left zero is the likeliest onset of an outage of share p1, but the sum of a blip takes
dozens of probes to run down, and the next outage adds to it. So suspicion, with its fast probes, ends at zero only; and
that moment only bounds the onset from below: it is estimated with a free p (generalised likelihood ratio) from all
probes since then, which are kept for it. The sum itself is never cut: one that began anew after each good minute would
not find what fails one probe in five.
Time without readings is no evidence: a run lasts from its first failure to its last, and ends in a gap, as a sum does.
Each check learns how long its blips last and which share of its probes fails (baseline). Outages too short for the
timer and too far apart for the CUSUM are counted by the time they take (see intermittent).
"""

from dataclasses import replace
from itertools import groupby
from math import log
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from watchdog.core.detect import baseline, corroboration, failure_kinds, intermittent
from watchdog.core.detect.likeliest_onset import likeliest_onset
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.units import show_seconds

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

RECENT_SECONDS = 180.0
RECENT_MAX = 256
CUSUM_CAP = 1.25
"""Times the limit: a higher sum would only delay the end of the outage."""
NEARLY_ALL = 0.9
"""Share of failed probes (0 to 1) from which on they may be one blip with a lucky probe in it."""
CLOSE_PROBES = 20
"""Two failures within this many probes are more than chance, also where 1 in 100 fails."""

Outcomes = tuple[tuple[float, bool], ...]
Rates = tuple[float, float]
"""The CUSUM's p0 and p1."""


def observe(check: Check, event: Observed, signal: SignalPolicy, limits: Detection) -> dict[str, Any]:
    """Return the fields of the check that one probe changes."""
    failed, gap = isinstance(event.reading, Bad), gap_seconds(signal, limits)
    missed = 0.0 < check.seen_at < event.at - gap
    if missed and check.cusum_zero_at is not None:
        # Or the failures of another day would confirm with one blip of now.
        onset = began(check.cusum_zero_at, check.troubled_since)
        check = fast_replace(check, cusum=0.0, cusum_zero_at=None, troubled_since=onset)
    known = _kept(check, event.at)
    kept = known[-RECENT_MAX + 1 :]
    # After a longer gap the site may have recovered and failed again unseen, so it is another run.
    unbroken = bool(kept) and event.at - kept[-1][0] <= gap
    late = bool(kept) and event.at < kept[-1][0]
    recent = (*kept, (event.at, failed)) if not late else tuple(sorted((*kept, (event.at, failed))))
    # A success at a sum of zero changes nothing, whatever p0 is: this common case spares the learned rates.
    quiet = not failed and check.cusum == 0
    rates = (limits.cusum_p0, limits.cusum_p1) if quiet else baseline.rates(check, event.at, signal, limits)
    left_zero = check.cusum_zero_at
    # With no room for the first probe since the sum left zero, what all of them say of the onset takes its place.
    if left_zero is not None and len(known) >= RECENT_MAX and known[0][0] <= left_zero < kept[0][0]:
        check = fast_replace(check, cusum_zero_at=likeliest_onset(check, left_zero, rates[0], forgiving=True))
    if isinstance(event.reading, Bad):
        if late and any(not bad and began > event.at for began, bad in kept):
            changed = _fail_late(check, event.at, recent, limits, rates)
        else:
            changed = _fail(check, event.at, recent, limits, rates, unbroken=unbroken)
        changed["not_curable"] = failure_kinds.after_failure(check, event.at, event.reading.kind, recent[0][0])
    elif check.run_started_at is not None and check.last_bad_at is not None and event.at < check.last_bad_at:
        changed = _succeed_late(check, event.at, recent, rates, run_started_at=check.run_started_at)
    else:
        changed = _succeed(check, event.at, recent, rates, unbroken=unbroken)
    # Nor is it known to have been calm in such a gap. Feeds and lists of events tell later what they missed.
    if missed:
        changed |= {"interrupted_at": event.at, "troubled_since": check.troubled_since}
    return changed


def _kept(check: Check, at: float) -> list[tuple[float, bool]]:
    """Return the outcomes of the last minutes, and all since the sum left zero: the onset is estimated from these."""
    oldest, left_zero = at - RECENT_SECONDS, check.cusum_zero_at
    since = at if left_zero is None else left_zero
    return [item for item in check.recent if item[0] > oldest or item[0] >= since]


def gap_seconds(signal: SignalPolicy, limits: Detection) -> float:
    """Return the longest gap between two readings of one run: the next was due, and was not merely slow."""
    return signal.every_seconds + signal.timeout_seconds + limits.fresh_seconds


def _fail(
    check: Check, at: float, recent: Outcomes, limits: Detection, rates: Rates, *, unbroken: bool
) -> dict[str, Any]:
    run_probes = check.run_probes + 1 if unbroken else 1
    # A timeout may be known only after refusals that began later: an unclear onset must acquit.
    started = min(check.run_started_at, at) if unbroken and check.run_started_at is not None else at
    return _risen(check, at, recent, limits, rates, run_probes=run_probes) | {
        "run_started_at": started,
        "run_probes": run_probes,
        "unseen_seconds": check.unseen_seconds if run_probes > 1 else 0.0,
        "failing_since": min(check.failing_since, at) if check.failing_since is not None else at,
        "good_run": 0,
    }


def _fail_late(check: Check, at: float, recent: Outcomes, limits: Detection, rates: Rates) -> dict[str, Any]:
    """Return the fields that a failed probe changes which began before good ones that are known already.

    One instance of several hangs, and the others answer before the probe times out. The failure counts for all but the
    run: that has ended, or began after those good answers.
    """
    runs = [[began for began, _ in run] for failed, run in groupby(recent, key=itemgetter(1)) if failed]
    run = next(one for one in runs if at in one)
    good_since = sum(not failed for began, failed in recent if began > at)
    # Beside a run that goes on it may be of the same blip, of which no more failures count than of one run.
    return _risen(check, at, recent, limits, rates, run_probes=check.run_probes + len(run)) | {
        "good_run": min(check.good_run, good_since),
        "spells": intermittent.with_ended(check.spells, run, recent, rates[0]),
    }


def _risen(
    check: Check, at: float, recent: Outcomes, limits: Detection, rates: Rates, *, run_probes: int
) -> dict[str, Any]:
    """Return the fields that any failure changes; it is one of `run_probes` in a row."""
    # Two failures close together break the good stretch of a verification (its rule 3); one does not.
    again = sum(failed for _, failed in recent[-CLOSE_PROBES:]) > 1
    # Only the first failures of a run count (see above), and the sum has a cap.
    cusum = check.cusum
    if run_probes <= limits.cusum_failures_per_run:
        # One step of the sum: the log-likelihood ratio of a failure in an incident (p1) and in health (p0).
        cusum = min(cusum + log(rates[1] / rates[0]), CUSUM_CAP * limits.cusum_limit)
    left_zero = check.cusum_zero_at
    # `cusum_zero_at` is a CUSUM's estimate of the change point, from which `likeliest_onset` searches.
    return {
        "stumbled_at": max(check.stumbled_at, at) if again else check.stumbled_at,
        "recent": recent,
        "cusum": cusum,
        "cusum_zero_at": min(left_zero, at) if left_zero is not None and check.cusum > 0 else at,
    }


def _succeed(check: Check, at: float, recent: Outcomes, rates: Rates, *, unbroken: bool) -> dict[str, Any]:
    cusum = after_success(check.cusum, rates)
    # A run that has just ended becomes a spell; without one the bucket leaks.
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


def _succeed_late(check: Check, at: float, recent: Outcomes, rates: Rates, *, run_started_at: float) -> dict[str, Any]:
    """Return the fields that a good probe changes which began before failures that are known already.

    Old instances answer their slow requests while new ones fail at once. Such an answer ends the run up to itself, a
    spell as any is: the failures that began later are unbroken, and go on.
    """
    cusum = after_success(check.cusum, rates)
    later = [began for began, failed in recent if failed and began > at]
    ended = [began for began, failed in recent if failed and run_started_at <= began <= at]
    before_it = at < run_started_at
    return {
        "spells": intermittent.with_ended(check.spells, ended, recent, rates[0]) if ended else check.spells,
        "run_started_at": run_started_at if before_it else min(later),
        "run_probes": check.run_probes if before_it else len(later),
        "unseen_seconds": check.unseen_seconds if before_it else 0.0,
        "failing_since": check.failing_since if before_it else min(later),
        "recent": recent,
        "cusum": cusum,
        "cusum_zero_at": check.cusum_zero_at if cusum > 0 else None,
    }


def after_success(cusum: float, rates: Rates) -> float:
    """Return the sum after one success; `rates` are p0 and p1."""
    return max(0.0, cusum + log((1 - rates[1]) / (1 - rates[0]))) if cusum > 0 else 0.0


def run_limit_seconds(check: Check, given: "Conditions") -> float:
    """Return how long an unbroken run of failures must last: longer than blips, unless other signals agree with it."""
    plain, agreed = _limit_seconds(given), corroboration.limit_seconds(given.blip_share)
    seconds = max(given.limits.run_seconds_corroborated, min(plain, agreed))
    # Enough signals outweigh what this check's own blips and restarts taught; fewer do not, as those are its own: the
    # shares of blips are those of a service whose restarts end within 40 s, and such a lesson says that these do not.
    if given.blip_share <= corroboration.OUTWEIGHS:
        return seconds
    limit = baseline.limit_above_blips(check, given.now, seconds, plain)
    # A rollback waits longer, and the page with it; outside of the watch window such an outage is reported sooner.
    if given.in_watch:
        limit = baseline.limit_above_outages(check, given.now, limit, given.limits)
    # A start that is longer than any before looks just like this. Waiting costs a minute, a needless rollback fifteen.
    if given.unanswered:
        return max(limit, given.limits.run_seconds_restart_max)
    if given.restarting:
        limit = baseline.limit_above_restarts(check, given.now, limit, given.limits.run_seconds_restart_max)
    return limit


def confirmed(check: Check, given: "Conditions") -> bool:
    """Return whether the run of failures is long enough, or the sum high enough, for an outage."""
    if check.run_started_at is None or check.last_bad_at is None:
        return False
    # Unseen time is in the run but not in its length: without a probe there was no failure.
    lasted = check.last_bad_at - check.run_started_at - check.unseen_seconds
    return lasted >= run_limit_seconds(check, given) or check.cusum >= cusum_limit(given)


def _limit_seconds(given: "Conditions") -> float:
    return given.limits.run_seconds_in_watch if given.in_watch else given.limits.run_seconds


def learnt_words(check: Check, given: "Conditions") -> str:
    """Return why the run limit is longer than configured, or ""."""
    if run_limit_seconds(check, given) <= _limit_seconds(given):
        return ""
    if given.unanswered:
        return ", as the new deploy has not answered yet"
    blips, restarts = baseline.blip_seconds(check, given.now), baseline.restart_seconds(check, given.now)
    if given.restarting and restarts > blips:
        return f", as its restarts are felt for up to {show_seconds(restarts)}"
    outages = baseline.outage_seconds(check, given.now) if given.in_watch else 0.0
    if outages > blips:
        return f", as outages of up to {show_seconds(outages)} ended by themselves"
    return f", as its blips last up to {show_seconds(blips)}"


def cusum_limit(given: "Conditions") -> float:
    """Return the CUSUM's limit."""
    return given.limits.cusum_limit_in_watch if given.in_watch else given.limits.cusum_limit


def share_failing(check: Check, since: float) -> tuple[int, int]:
    """Return (failed, all) probes since then."""
    outcomes = [failed for at, failed in check.recent if at >= since]
    return sum(outcomes), len(outcomes)


def find(check: Check, given: "Conditions") -> Finding | None:
    """Return the finding of the run timer, the CUSUM or the count of short outages, or None."""
    # In this order: a hard outage has the most exact onset, and blame depends on it.
    return _find_run(check, given) or _find_cusum(check, given) or _find_intermittent(check, given)


def _find_run(check: Check, given: "Conditions") -> Finding | None:
    # A count as well as a time: with slow or missing probes a long run may consist of two readings.
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
    left_zero = check.cusum_zero_at
    failed_at = _fresh_failure(check, given)
    if left_zero is None or failed_at is None or check.cusum < limit:
        return None
    rates = baseline.rates(check, given.now, given.signal, given.limits)
    # One blip with a lucky probe in it is still one blip: then the limit of the run timer decides.
    since = likeliest_onset(check, left_zero, rates[0], forgiving=False)
    if _one_blip(check, since, failed_at) and failed_at - since < run_limit_seconds(check, given):
        return None
    onset = likeliest_onset(check, left_zero, rates[0], forgiving=True)
    # Both in time and in number: a sum of a few seconds may be one burst of probes.
    if failed_at - onset < given.limits.cusum_span_seconds:
        return None
    # What is left of a blip that healed is no evidence of this outage.
    if onset > left_zero and _sum_since(check, onset, rates, given.limits) < limit:
        return None
    failed, probes = share_failing(check, onset)
    text = (
        f"{failed} of {probes} probes failed in {show_seconds(failed_at - onset)} "
        f"(CUSUM {check.cusum:.1f}, limit {limit:.0f}{_as_usual(rates[0], given.limits)})"
    )
    return _finding(check, "cusum", onset, check.troubled_since, text)


def _sum_since(check: Check, onset: float, rates: Rates, limits: Detection) -> float:
    """Return the sum as it would be if it had been zero until the onset."""
    total = 0.0
    for failed, run in groupby([bad for at, bad in check.recent if at >= onset]):
        probes = len(list(run))
        if failed:
            total += min(probes, limits.cusum_failures_per_run) * log(rates[1] / rates[0])
        else:
            total = max(0.0, total + probes * log((1 - rates[1]) / (1 - rates[0])))
    return total


def _find_intermittent(check: Check, given: "Conditions") -> Finding | None:
    # The cheap test first: the present run adds one whole spell at most.
    if check.spells.whole < intermittent.WHOLE_MIN - 1 or _fresh_failure(check, given) is None:
        return None
    spells = intermittent.confirmed(check, baseline.rates(check, given.now, given.signal, given.limits)[0])
    if spells is None:
        return None
    found = _finding(check, "intermittent", spells.began_at, check.troubled_since, intermittent.describe(spells))
    share = spells.down_seconds / (spells.ended_at - spells.began_at)
    return replace(found, share=share, pause_seconds=spells.pause_seconds)


def _one_blip(check: Check, onset: float, failed_at: float) -> bool:
    """Return whether nearly all probes failed between its first failure and its last, so that it may be one blip."""
    outcomes = [failed for at, failed in check.recent if onset <= at <= failed_at]
    return sum(outcomes) >= NEARLY_ALL * len(outcomes)


def _as_usual(p0: float, limits: Detection) -> str:
    return f", {p0:.1%} is usual" if p0 > 2 * limits.cusum_p0 else ""


def _fresh_failure(check: Check, given: "Conditions") -> float | None:
    """Return the time of the last failure, if that is recent enough to act on."""
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
        failure_kind=failure_kinds.kind_since(check, onset),
        symptom=check.last_why,
    )


def began(onset: float, before: float | None) -> float:
    """Return the onset, or since when the check was in trouble before readings went missing.

    A restart or another worker ends the run and the sum, but not the outage: a deploy in the middle of it is not to
    blame.
    """
    return onset if before is None else min(onset, before)


def suspicious(check: Check, given: "Conditions") -> bool:
    """Return whether one probe failed just now, or the sum or recent short outages suggest another failure."""
    # A quarter of the limit: that far the sum of a healthy service rarely gets.
    unsettled = check.run_probes > 0 or check.cusum >= cusum_limit(given) / 4
    # A pause of an intermittent outage is no recovery: fast probes date the next spell exactly.
    return unsettled or intermittent.may_return(check, given.now)


def failing(check: Check, given: "Conditions") -> bool:
    """Return whether a probe failed a moment ago."""
    return _fresh_failure(check, given) is not None


def run_goes_on(check: Check, given: "Conditions") -> bool:
    """Return whether a run of failures was last read no longer ago than a gap within a run may be."""
    if check.run_started_at is None or check.last_bad_at is None:
        return False
    return given.now - check.last_bad_at <= gap_seconds(given.signal, given.limits)


def calm(check: Check, given: "Conditions") -> bool:
    """Return whether two probes in a row succeeded, the CUSUM is below a quarter of its limit, and no intermittent
    outage is in one of its pauses.
    """
    # Two, as one probe in a partial outage succeeds by chance; and the sum has to have run down as well.
    settled = check.good_run >= given.limits.calm_successes and check.cusum < cusum_limit(given) / 4
    return settled and not intermittent.is_in_a_pause(check, given.now)

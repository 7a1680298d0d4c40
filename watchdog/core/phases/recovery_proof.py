"""The proof of a recovery: fresh good readings since a moment at which something was done about the outage.

The moment is that at which a rollback was live, or a remedy done: no earlier reading counts.

Rule 1: one failed probe does not break a good stretch (one in a thousand fails by itself); two close together do.
Rule 2: only readings prove. A gap in the probes begins the stretch anew. A feed or list of events that cannot be read
proves nothing: where probes had failed, and are good again, they prove it, and the proof names what is unknown.
"""

from collections.abc import Mapping
from types import MappingProxyType

from watchdog.core import detect
from watchdog.core.context import StepContext
from watchdog.core.detect import error_counts, intermittent
from watchdog.core.fold import observations
from watchdog.domain.checks import Check
from watchdog.domain.policy import PROBES, SignalPolicy
from watchdog.domain.readings import Unknown
from watchdog.domain.units import show_seconds

# Fewer good probes than this are no evidence, however long the stretch: a slow probe interval reads only a few.
PROBES_MIN = 5
PATIENCE_SECONDS = 120.0
"""How long, beyond the verification itself, the daemon waits for an unbroken good stretch."""
FEED = "sentry"
NONE: Mapping[str, str] = MappingProxyType({})


def proof_seconds(ctx: StepContext) -> float:
    """Return the seconds of good readings that prove recovery.

    An intermittent outage may be in one of its pauses, and slowness takes its own time to show again: the stretch
    covers both, up to PAUSE_MAX_SECONDS.
    """
    waits = [max(intermittent.PAUSES * one.pause_seconds, one.unseen_seconds) for one in ctx.incident.findings]
    longest = min(max(waits, default=0.0), intermittent.PAUSE_MAX_SECONDS)
    return max(ctx.policy.verification.seconds, longest)


def overdue_at(ctx: StepContext, restored: float) -> float:
    """Return when the absence of a proof is left to a human (UTC epoch seconds).

    Time spent blind or in a downtime does not use up the patience. A gap in the probes begins the stretch anew, but
    only within the first patience: probes that come and go would be waited for without end.
    """
    late = error_counts.LATE_SECONDS if _waits_for_feeds(ctx, restored) else 0.0
    patience, judged = proof_seconds(ctx) + PATIENCE_SECONDS + late, judged_since(ctx, restored)
    return min(unbroken_since(ctx, restored), judged + patience) + patience


def _waits_for_feeds(ctx: StepContext, restored: float) -> bool:
    """Return whether only a feed can prove it, which reports late: feeds alone failed, or one had a bad minute since.

    Instances of the old code that drain bring such a minute after a good rollback, too.
    """
    alone = {one.kind for one in ctx.incident.findings} == {FEED}
    return alone or any(check.kind == FEED and broken_at(ctx, check) > restored for check in watched(ctx))


def watched(ctx: StepContext) -> list[Check]:
    """Return the checks that must be good: the failed and the critical ones, or all if there are none."""
    failed = {finding.signal for finding in ctx.incident.findings}
    signals = [signal for signal in ctx.service_policy.signals if signal.critical or signal.name in failed]
    checks = ctx.service.checks
    return [checks.get(item.name, Check(item.name, item.kind)) for item in signals or ctx.service_policy.signals]


def good_since(ctx: StepContext, restored: float) -> float:
    """Return since when nothing broke the good stretch (UTC epoch seconds)."""
    return max([unbroken_since(ctx, restored), *(broken_at(ctx, check) for check in watched(ctx))])


def broken_at(ctx: StepContext, check: Check) -> float:
    """Return when a failure last broke this check's good stretch (UTC epoch seconds; 0: never)."""
    # A feed is never bad as a whole: its minutes are.
    if check.kind == FEED:
        return error_counts.last_bad_at(check, _signal(ctx, check), ctx.policy.detection)
    # Probes have their own rule (rule 1); each crash report counts.
    return check.stumbled_at if check.kind in PROBES else check.last_bad_at or 0.0


def unbroken_since(ctx: StepContext, restored: float) -> float:
    """Return since when readings count and the probes were read without a gap (UTC epoch seconds)."""
    return max([judged_since(ctx, restored), *(check.interrupted_at for check in watched(ctx))])


def judged_since(ctx: StepContext, restored: float) -> float:
    """Return since when readings count: the rollback live, connectivity back, and a downtime over."""
    return max([restored, *(check.counts_from for check in watched(ctx))])


def is_proved_by_probes(ctx: StepContext) -> bool:
    """Return whether good probes show the recovery: some had failed, or no finding names what had."""
    return any(one.kind in PROBES for one in ctx.incident.findings or watched(ctx))


def unknown_since(ctx: StepContext, restored: float) -> Mapping[str, str]:
    """Return the feeds and lists of events that showed nothing bad since, and too little good: name and reason."""
    others = [check for check in watched(ctx) if check.kind not in PROBES and broken_at(ctx, check) <= restored]
    missing = {check.name: _why_unproved(ctx, check, restored) for check in others}
    return {name: why for name, why in missing.items() if why}


def unproved(ctx: StepContext, restored: float, unknown: Mapping[str, str] = NONE, still: str = "") -> str:
    """Return the missing part of the proof, or "". No evidence at all is no proof; `unknown`: what it does without.

    `still`: that the code which was left still answers, if it does.
    """
    needed = [check for check in watched(ctx) if check.name not in unknown]
    missing = {check.name: _why_unproved(ctx, check, restored) for check in needed}
    if not missing:
        return "no signal could prove it"
    if still:
        return still
    if any(missing.values()):
        return next(f"{name}: {why}" for name, why in missing.items() if why)
    calm = observations.is_healthy(ctx.service, ctx.policy, ctx.now, seen=False)
    return "" if calm else "not every check is back to normal"


def _signal(ctx: StepContext, check: Check) -> SignalPolicy:
    signal = ctx.service_policy.signal(check.name)
    assert signal is not None, "a watched check belongs to a signal"
    return signal


def _why_unproved(ctx: StepContext, check: Check, restored: float) -> str:
    """Return why this check proves no recovery yet (not read since, stale, too few good readings), or ""."""
    why = _feed_unproved(ctx, check, restored) if check.kind == FEED else _reads_unproved(ctx, check, restored)
    return f"{why} ({check.last.why})" if why and isinstance(check.last, Unknown) else why


def _feed_unproved(ctx: StepContext, check: Check, restored: float) -> str:
    # Whole minutes: that in which the rollback went live still has errors of the old code. As many as confirm a flood.
    broken, needed = broken_at(ctx, check), max(ctx.policy.detection.feed_minutes, 1)
    minutes = sum(count.start >= max(restored, broken) for count in check.counts)
    if minutes < needed and broken > restored:
        return f"too many errors until {show_seconds(ctx.now - broken)} ago"
    if minutes < needed:
        return f"only {minutes} full minute{'s' if minutes > 1 else ''} since" if minutes else "no full minute since"
    return _too_old(ctx, check)


def _reads_unproved(ctx: StepContext, check: Check, restored: float) -> str:
    # An unknown reading is no evidence, however new it is.
    if check.seen_at < restored:
        return "not read since"
    good = sum(at >= restored and not failed for at, failed in check.recent)
    few = check.kind in PROBES and good < PROBES_MIN
    return _too_old(ctx, check) or (f"only {good} good probes since" if few else "")


def _too_old(ctx: StepContext, check: Check) -> str:
    """Return how old its evidence is, if it may be from before a new failure; else ""."""
    given = observations.conditions(ctx.service, check.name, ctx.policy, ctx.now)
    return "" if detect.is_seen(check, given) else f"last read {show_seconds(ctx.now - detect.seen_at(check))} ago"


def words(ctx: StepContext, restored: float, unknown: Mapping[str, str], began: str) -> tuple[str, tuple[str, ...]]:
    """Return the proof in words, and the signals that it does without; `began`: since what its readings count."""
    # A quiet feed does not delay the proof, but the proof must not claim it as good.
    unknown = {**dict.fromkeys(_silent_feeds(ctx, restored), "no full minute since"), **unknown}
    proved = [_of_check(ctx, check, restored, began) for check in watched(ctx) if check.name not in unknown]
    proof = "; ".join([*proved, *(f"{name} still unknown: {why}" for name, why in unknown.items())])
    return proof, tuple(unknown)


def _of_check(ctx: StepContext, check: Check, restored: float, began: str) -> str:
    outcomes = [failed for at, failed in check.recent if at >= restored]
    if check.kind not in PROBES:
        broken = broken_at(ctx, check)
        when = "since" if broken <= restored else f"for {show_seconds(ctx.now - broken)}"
        return f"{check.name}: nothing bad {when}"
    good = len(outcomes) - sum(outcomes)
    return f"{check.name}: {good} of {len(outcomes)} probes good since {began}"


def _silent_feeds(ctx: StepContext, restored: float) -> tuple[str, ...]:
    feeds = [check for check in ctx.service.checks.values() if check.kind == "sentry"]
    return tuple(check.name for check in feeds if not any(count.start >= restored for count in check.counts))

"""Feeds of counts per minute (error trackers): detect a count that is unusual for this service.

A minute is bad when its count is at least `feed_events_min`, at least `feed_ratio` times the earlier mean, and
improbable: the Poisson tail at count/phi, with the over-dispersion phi = max(1, var/mean) taken from the
service's own history (facts: without phi a before/after test is wrong up to 25 % of the time). Two bad minutes of
five confirm. Where the source gives a denominator the expectation follows the traffic. A feed without recent minutes
is no evidence: its newest minute must be recent.

What is expected is the mean of the last 85 minutes until the hour has a history of four days; from then on what is
usual at this hour (see usual_errors). So a nightly batch that always brings errors is no flood, and one that begins
just after it is not hidden by the batch in those minutes. From a flood on, its bad minutes stay out of that history
until the last of them is 90 minutes old: they would soon explain it, and the next one. Good minutes well apart
from them join it, as otherwise the morning's rise after a short burst would be measured by the night.

Minutes that come late, as the feed could not be read, are judged one after the other as if it had been: at once, a
flood among them would explain itself.

A flood swings, so one good minute does not end it: it lasts until its last bad minute could not confirm with another,
and in longer pauses as an intermittent outage does (see intermittent).

Known errors without a traffic count are a "count", not a flood: ten times the visitors cause ten times as many.

Of errors new in the release fewer are too many, over ten minutes (see error_limits): from half of `feed_events_min` on.
"""

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from statistics import fmean, median, pvariance
from typing import TYPE_CHECKING, Any

from watchdog.core.detect import intermittent, usual_by_hour, usual_errors
from watchdog.core.detect.error_limits import NEW, WINDOW_MINUTES, limit_of_rare, poisson_tail
from watchdog.domain.checks import Check, UsualErrors
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import MinuteCount

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

COUNTS_MAX = 90
# Fewer minutes give no variance worth the name, and without phi every burst would look improbable.
HISTORY_MIN = 10
UNKNOWN = UsualErrors()
LEVEL_MINUTES = 30
LATE_SECONDS = 300.0
"""A feed's newest minute is at most so old when it is read."""
STALE_SECONDS = LATE_SECONDS + 60.0
"""A feed whose newest minute is older has fallen silent: it is read every minute."""
NEW_SHARE = 0.5
"""Errors new in the release count from this share of `feed_events_min` on: if that is raised, so is this."""
STILL = 0.5
"""They go on at this share of what confirms them; also in the last LAST_MINUTES, as the window may hold ended ones."""
LAST_MINUTES = 3


def observe(check: Check, event: Observed, signal: SignalPolicy, limits: Detection) -> dict[str, Any]:
    """Merge the feed's complete buckets into the check; a bucket that comes again replaces the old one."""
    found: dict[str, Any] = {"new_issues": event.new_issues}
    for listed in _minute_by_minute(check.counts, event.counts):
        counts = _merged(check.counts, listed)
        found |= {"counts": counts, "usual_errors": usual_errors.after(check.usual_errors, counts)}
        check = fast_replace(check, **found)
        found["counts_before"] = _before_flood(check, signal, limits)
        check = fast_replace(check, **found)
    return found


def _minute_by_minute(known: Sequence[MinuteCount], listed: Sequence[MinuteCount]) -> Iterator[Sequence[MinuteCount]]:
    """Yield the minutes as they would have come; all at once where the known ones are older than a history may be.

    Those are of another time of the day: by them, the morning would be a flood.
    """
    newest = known[-1].start if known else 0.0
    new = [one for one in listed if newest < one.start]
    # The common case: one minute is new, or none.
    if not known or len(new) < 2 or new[0].start - newest > COUNTS_MAX * 60.0:
        new = new[-1:]
    first = len(listed) - len(new) + 1
    if listed:
        yield listed[:first]
    for one in listed[first:]:
        yield (one,)


def known_until(check: Check) -> float:
    """Return the end of the newest counted minute (UTC epoch seconds); 0 if none is known."""
    return check.counts[-1].start + check.counts[-1].seconds if check.counts else 0.0


def _before_flood(check: Check, signal: SignalPolicy, limits: Detection) -> tuple[MinuteCount, ...]:
    """Return the history without a confirmed flood, as long as any minute of it is in `counts`; or none."""
    before, complete = check.counts_before, check.counts[: -limits.feed_window_minutes]
    if not before:
        now, enough = known_until(check), max(limits.feed_minutes, 1)
        if len(_bad_minutes(check, signal, limits, now)) >= enough:
            return complete
        return check.counts[:-LEVEL_MINUTES] if len(_new_minutes(check, limits, now)) >= enough else ()
    known = {one.start for one in before}
    since = [one for one in check.counts if one.start not in known]
    # One good minute is no end, as a flood swings; and the next one may come soon, which this one must not explain.
    flood = {one.start for one in since if _why(one, check, before, signal, limits)}
    if not flood:
        return ()
    # Not those close to it: where a flood swings about the limit, its lower half would soon explain the rest.
    apart = 60.0 * (limits.feed_window_minutes + (WINDOW_MINUTES if check.new_issues else 0))
    good = [one for one in complete if one.start not in known and all(abs(one.start - bad) > apart for bad in flood)]
    return (*before, *good)[-COUNTS_MAX:]


def _merged(known: Sequence[MinuteCount], listed: Sequence[MinuteCount]) -> tuple[MinuteCount, ...]:
    before = listed[:-1]
    # The common case: the feed answers with the known minutes and one more, so no merge and no sort is needed.
    if known and before and tuple(known[-len(before) :]) == tuple(before) and listed[-1].start > known[-1].start:
        return (*known, listed[-1])[-COUNTS_MAX:]
    merged = {count.start: count for count in known} | {count.start: count for count in listed}
    return tuple(merged[start] for start in sorted(merged))[-COUNTS_MAX:]


def _expected(minute: MinuteCount, history: Sequence[MinuteCount], usual: UsualErrors) -> float:
    """Return the expected count of this minute, from its hour or the history and (where known) its traffic."""
    at_hour = usual_errors.expected(usual, minute) if usual_by_hour.is_known(usual) else 0.0
    if _per_request(minute, history):
        known = _with_traffic(history)
        assert minute.total is not None, "its traffic is known"
        per_request = sum(count.count for count in known) / sum(count.total or 0.0 for count in known)
        # A batch brings errors without visitors, and a crowd more of them than this hour usually has.
        return max(per_request * minute.total, at_hour, 0.1)
    if usual_by_hour.is_known(usual):
        return max(at_hour, 0.1)
    return max(fmean(count.count for count in history), 0.1)


def _phi(history: Sequence[MinuteCount], usual: UsualErrors) -> float:
    """Return the over-dispersion of minutes."""
    if usual_by_hour.is_known(usual):
        return usual.phi
    counts = [count.count for count in history]
    # At least 1: a history that is smoother than Poisson is luck, and must not sharpen the test.
    return max(1.0, pvariance(counts) / max(fmean(counts), 0.1))


def _per_request(minute: MinuteCount, history: Sequence[MinuteCount]) -> bool:
    """Return whether the expected count follows the minute's traffic."""
    return bool(minute.total) and len(_with_traffic(history)) >= HISTORY_MIN


def _with_traffic(history: Sequence[MinuteCount]) -> list[MinuteCount]:
    return [count for count in history if count.total]


def why_bad(
    minute: MinuteCount,
    history: Sequence[MinuteCount],
    signal: SignalPolicy,
    limits: Detection,
    usual: UsualErrors = UNKNOWN,
) -> str:
    """Return the arithmetic if this minute is bad, else ""."""
    # The user's own limit needs no history, and holds from the first minute.
    over = _objective(minute, signal)
    if over:
        return over
    known = usual_by_hour.is_known(usual)
    if minute.count < limits.feed_events_min or (len(history) < HISTORY_MIN and not known):
        return ""
    expected = _expected(minute, history, usual)
    if minute.count < limits.feed_ratio * expected:
        return ""
    phi = _phi(history, usual)
    chance = poisson_tail(minute.count / phi, expected / phi)
    if chance >= limits.feed_alpha:
        return ""
    hour = " at this hour" if known else ""
    usually = expected * 60 / minute.seconds
    return f"{minute.per_minute:.0f} errors/min, {usually:.1f} expected{hour} (phi {phi:.1f}, chance {chance:.0e})"


def _objective(minute: MinuteCount, signal: SignalPolicy) -> str:
    """Return the arithmetic if the minute exceeds the user's own limit, else ""."""
    limit = signal.limit_per_minute
    if limit is None or minute.per_minute <= limit:
        return ""
    return f"{minute.per_minute:.0f} errors/min > {limit:g} (objective)"


def _why(
    minute: MinuteCount, check: Check, history: Sequence[MinuteCount], signal: SignalPolicy, limits: Detection
) -> str:
    return why_bad(minute, history, signal, limits, check.usual_errors) or _why_new(minute, check, history, limits)


def _why_new(minute: MinuteCount, check: Check, history: Sequence[MinuteCount], limits: Detection) -> str:
    """Return the arithmetic if the ten minutes to this one have too many errors for rare ones that are new, else ""."""
    since = minute.start - (WINDOW_MINUTES - 1) * 60.0
    share = STILL if check.counts_before else 1.0
    least = share * NEW_SHARE * limits.feed_events_min * WINDOW_MINUTES
    window = [one for one in check.counts if max(since, check.counts_from) <= one.start <= minute.start]
    errors, last = sum(one.count for one in window), sum(one.count for one in window[-LAST_MINUTES:])
    if not check.new_issues or errors < least or last < STILL * least * LAST_MINUTES / WINDOW_MINUTES:
        return ""
    # As they may come slowly: those of the last half hour would soon explain themselves.
    before = [one for one in history if one.start < minute.start - LEVEL_MINUTES * 60.0]
    known = usual_by_hour.is_known(check.usual_errors)
    if len(before) < HISTORY_MIN and not known:
        return ""
    expected = sum(_expected(one, before, check.usual_errors) for one in window)
    rare = limit_of_rare(expected, _phi(before, check.usual_errors))
    if errors < share * max(limits.feed_ratio * expected, rare):
        return ""
    return f"{errors:.0f} errors in {WINDOW_MINUTES} min, {expected:.1f} expected, and some are new in the release"


def _new_minutes(check: Check, limits: Detection, now: float) -> list[MinuteCount]:
    """Return the minutes up to which there were too many errors new in the release; none unless the newest is one."""
    if not check.new_issues or now - known_until(check) > STALE_SECONDS:
        return []
    history = check.counts_before or check.counts
    bad = [one for one in check.counts[-limits.feed_window_minutes :] if _why_new(one, check, history, limits)]
    return bad if bad and bad[-1] is check.counts[-1] else []


def _bad_minutes(check: Check, signal: SignalPolicy, limits: Detection, now: float) -> list[tuple[MinuteCount, str]]:
    """Return the bad minutes of the window with their arithmetic; none unless the newest one is bad."""
    window = check.counts[-limits.feed_window_minutes :]
    if now - known_until(check) > STALE_SECONDS:
        return []
    history = _history(check, limits)
    bad: list[tuple[MinuteCount, str]] = []
    # The newest first: it decides, and this runs with every probe of the service.
    for minute in reversed(window):
        # Minutes from before the statistics were cleared are history: they explain, and are not judged.
        judged = minute.start >= check.counts_from
        why = why_bad(minute, history, signal, limits, check.usual_errors) if judged else ""
        if why:
            bad.insert(0, (minute, why))
        elif minute is window[-1]:
            return []
    return bad


def find(check: Check, given: "Conditions") -> Finding | None:
    """Return a flood: enough bad minutes among the last ones, the newest among them."""
    bad = _bad_minutes(check, given.signal, given.limits, given.now)
    if len(bad) < max(given.limits.feed_minutes, 1):
        return _find_new(check, given)
    text = f"{bad[-1][1]}; {len(bad)} of {given.limits.feed_window_minutes} minutes (limit {given.limits.feed_minutes})"
    per_minute = f"{bad[-1][0].per_minute:.0f}/min"
    # "feed" means that code may be to blame: new errors, the user's own limit, or a rate that allows for the traffic.
    history = _history(check, given.limits)
    sure = check.new_issues or _objective(bad[-1][0], given.signal) or _per_request(bad[-1][0], history)
    return Finding(check.name, check.kind, "feed" if sure else "count", bad[0][0].start, 0.0, text, symptom=per_minute)


def _find_new(check: Check, given: "Conditions") -> Finding | None:
    """Return errors new in the release that are fewer than a flood: never acted on unasked (see severity)."""
    bad = _new_minutes(check, given.limits, given.now)
    if len(bad) < max(given.limits.feed_minutes, 1):
        return None
    history = check.counts_before or check.counts
    text = f"{_why_new(bad[-1], check, history, given.limits)}: {check.new_issues[0]}"
    recent = [one for one in check.counts if one.start >= check.counts_from]
    lasting = [one for one in recent if one.start > bad[-1].start - WINDOW_MINUTES * 60.0]
    per_minute = f"{fmean(one.per_minute for one in lasting):.1f}/min"
    return Finding(check.name, check.kind, NEW, _began_at(recent), 0.0, text, symptom=per_minute)


def _began_at(counts: Sequence[MinuteCount]) -> float:
    """Return the begin of the minute from which on the errors exceed half of their present rate the most (CUSUM)."""
    half = fmean(one.count for one in counts[-WINDOW_MINUTES:]) / 2
    best, total, began = 0.0, 0.0, counts[-1].start
    for one in reversed(counts):
        total += one.count - half
        if total > best:
            best, began = total, one.start
    return began


def _history(check: Check, limits: Detection) -> Sequence[MinuteCount]:
    return check.counts_before or check.counts[: -limits.feed_window_minutes]


def per_minute(check: Check) -> float:
    """Return the errors per minute of the last minutes that are known."""
    return fmean([one.per_minute for one in check.counts[-LEVEL_MINUTES:]] or [0.0])


def flooding(check: Check, given: "Conditions") -> bool:
    """Return whether the newest minute is bad."""
    return bool(_bad_minutes(check, given.signal, given.limits, given.now))


def suspicious(check: Check, given: "Conditions") -> bool:
    """Return whether the newest minute is bad, or the last ten have too many errors new in the release."""
    return flooding(check, given) or bool(_new_minutes(check, given.limits, given.now))


def calm(check: Check, given: "Conditions") -> bool:
    """Return whether the newest minute is not bad, and no flood is in one of its pauses."""
    return not suspicious(check, given) and not _is_in_a_pause(check, given)


def _is_in_a_pause(check: Check, given: "Conditions") -> bool:
    """Return whether a flood is confirmed, and may go on after its last good minutes.

    It is over once its last bad minute can no longer confirm with a next one, as that is how long a pause may be in the
    window. Where it has had longer ones, after PAUSES times the longest, as an intermittent outage (see intermittent).
    """
    known, limits = known_until(check), given.limits
    if not check.counts_before or given.now - known > STALE_SECONDS:
        return False
    bad, confirming = _bad_since_cleared(check, given.signal, limits), max(limits.feed_minutes, 1)
    newest = list(islice(bad, confirming))
    # A flood is over once the statistics are cleared, as a rollback goes live: a minute of the old instances is none.
    if len(newest) < confirming:
        return False
    needed = least = 60.0 * (limits.feed_window_minutes - confirming + 1)
    good = known - newest[0].start - newest[0].seconds
    # Short circuit: only longer pauses need every minute judged, and this runs with every probe.
    if good < least:
        return True
    for one, later in pairwise(reversed([*newest, *bad])):
        pause = later.start - one.start - one.seconds
        longer = min(intermittent.PAUSES * pause, intermittent.PAUSE_MAX_SECONDS)
        needed = least if pause >= needed else max(needed, longer)
    return good < needed


def last_bad_at(check: Check, signal: SignalPolicy, limits: Detection) -> float:
    """Return the end of the last bad minute since the statistics were cleared (UTC epoch seconds); 0 without one."""
    bad = _bad_since_cleared(check, signal, limits)
    return next((one.start + one.seconds for one in bad), 0.0)


def _bad_since_cleared(check: Check, signal: SignalPolicy, limits: Detection) -> Iterator[MinuteCount]:
    """Yield the bad minutes since the statistics were cleared, the newest first."""
    history = _history(check, limits)
    judged = (one for one in reversed(check.counts) if one.start >= check.counts_from)
    return (one for one in judged if _why(one, check, history, signal, limits))


def lasts(check: Check, hours: int, known_min: int, limits: Detection) -> bool:
    """Return whether the errors of the last minutes are no more than what each of these hours had already."""
    last = [one.per_minute for one in check.counts]
    before = usual_errors.lasting(check.usual_errors, hours)
    if len(before) < known_min:
        return False
    # The highest minutes, not the mean: that of half an hour would hide a flood of some minutes on top.
    now = fmean(sorted(last[-LEVEL_MINUTES:])[-limits.feed_window_minutes :])
    # With the present hour, which is not closed yet.
    return now < limits.feed_ratio * min(*before, median(last))

"""Intermittent (flapping) outages: each too short for the run timer, all of them too far apart for the CUSUM.

Theory. A leaky bucket over time, which is the CUSUM of the share of time down (Page 1954). It fills with the seconds of
each spell (failed probes in a row), at most SPELL_MAX_SECONDS of one. It leaks LEAK of all time, or twice the share of
probes that usually fails. It confirms at LIMIT_SECONDS and WHOLE_MIN spells since it was last empty; a spell shorter
than WHOLE_SECONDS counts as a part of one. So one blip, however long, cannot confirm, nor can three with a stray
failure between them. A spell begins half-way between the last good probe and its first failure, and ends half-way
between its last failure and the next good probe; at most EDGE_MAX_SECONDS are added on either side.
"""

from collections.abc import Sequence
from dataclasses import replace

from watchdog.domain.checks import Check, Spells
from watchdog.domain.units import show_seconds

LEAK = 0.03
"""The share of time (0 to 1) that spells may take forever without confirming."""
LIMIT_SECONDS = 25.0
LEVEL_MAX_SECONDS = 50.0
"""Cap on the bucket: without it, hours of flapping would take hours to leak away after recovery."""
SPELL_MAX_SECONDS = 20.0
WHOLE_MIN = 4.0
WHOLE_SECONDS = 10.0
EDGE_MAX_SECONDS = 5.0
PAUSES = 1.5
"""The outage is over after this many times the longest pause between two spells without another spell."""
TWICE_MAX_SECONDS = 150.0
PAUSE_MAX_SECONDS = 840.0


def added(check: Check, good_at: float | None, usual_share: float) -> Spells:
    """Return the spells with the present run of failures, which ends with a good probe or (None) still goes on.

    `usual_share` of the check's probes fails by itself (0 to 1, see baseline).
    """
    if check.run_started_at is None or check.last_bad_at is None:
        return check.spells
    ends = check.last_bad_at + (0.0 if good_at is None else _edge(good_at - check.last_bad_at))
    begins = _begin(check, check.run_started_at)
    return _with(check.spells, begins, ends, max(LEAK, 2 * usual_share))


def with_ended(
    spells: Spells, run: Sequence[float], recent: Sequence[tuple[float, bool]], usual_share: float
) -> Spells:
    """Return the spells with a run that had ended when one of its failures became known: a timeout lasts so long.

    What is known of that run already only grows: it stays one spell.
    """
    before = max([at for at, _ in recent if at < run[0]], default=run[0])
    after = min(at for at, _ in recent if at > run[-1])
    begins, ends = run[0] - _edge(run[0] - before), run[-1] + _edge(after - run[-1])
    leak = max(LEAK, 2 * usual_share)
    if spells.ended_at <= begins:
        return _with(spells, begins, ends, leak)
    if ends <= spells.ended_at:
        return spells
    known, lasted = spells.ended_at - begins, ends - begins
    return replace(
        spells,
        ended_at=ends,
        whole=spells.whole + _whole(lasted) - _whole(known),
        level_seconds=min(spells.level_seconds + _fills(lasted, leak) - _fills(known, leak), LEVEL_MAX_SECONDS),
        down_seconds=spells.down_seconds + lasted - known,
    )


def _begin(check: Check, failed_at: float) -> float:
    """Return the begin of the present run, whose first failure was then; without a good probe before it, just then."""
    good_at = next((at for at, failed in reversed(check.recent) if not failed), failed_at)
    return failed_at - _edge(failed_at - good_at)


def _edge(gap_seconds: float) -> float:
    return min(gap_seconds / 2, EDGE_MAX_SECONDS)


def _with(spells: Spells, begins: float, ends: float, leak: float) -> Spells:
    """Return the spells with one more; the first one after the bucket was empty starts the count anew."""
    lasted = ends - begins
    fills, whole = _fills(lasted, leak), _whole(lasted)
    left = spells.level_seconds - leak * (begins - spells.ended_at)
    # The bucket was empty in between: the earlier spells are of another outage.
    if left <= 0 or _is_over(spells, begins):
        return Spells(begins, ends, 1, whole, fills, lasted)
    return replace(
        spells,
        ended_at=ends,
        count=spells.count + 1,
        whole=spells.whole + whole,
        level_seconds=min(left + fills, LEVEL_MAX_SECONDS),
        down_seconds=spells.down_seconds + lasted,
        pause_seconds=max(spells.pause_seconds, begins - spells.ended_at),
    )


def _fills(lasted: float, leak: float) -> float:
    # A spell beyond the cap adds no more, while the bucket leaks: one long outage fills it less than a short one.
    return min(lasted, SPELL_MAX_SECONDS) - leak * lasted


def _whole(lasted: float) -> float:
    return min(1.0, lasted / WHOLE_SECONDS)


def confirmed(check: Check, usual_share: float) -> Spells | None:
    """Return the spells, with the one that goes on, if they are an intermittent outage; else None."""
    spells = added(check, None, usual_share)
    return spells if spells.whole >= WHOLE_MIN and spells.level_seconds >= LIMIT_SECONDS else None


def describe(spells: Spells) -> str:
    """Return the number of spells, their mean length and their share of the time, in words."""
    lasted = spells.ended_at - spells.began_at
    mean = show_seconds(spells.down_seconds / spells.count)
    share = f"{spells.down_seconds / lasted:.0%}"
    times = f"down {spells.count} times in {show_seconds(lasted)}"
    return f"intermittent failures: {times}, {mean} each on average, {share} of it"


def is_suspicious(spells: Spells, leaked_seconds: float = 0.0) -> bool:
    """Return whether there was more than one spell lately, and the bucket is at a quarter of the limit (as for the
    CUSUM): two single failed probes are not suspicious.
    """
    return spells.count > 1 and spells.level_seconds - leaked_seconds >= LIMIT_SECONDS / 4


def may_return(check: Check, now: float) -> bool:
    """Return whether another spell may follow within the usual pause."""
    spells = check.spells
    gone = now - spells.ended_at
    return is_suspicious(spells, LEAK * gone) and gone < well_again_seconds(spells)


def is_in_a_pause(check: Check, now: float) -> bool:
    """Return whether it is a confirmed intermittent outage, and another spell is to be expected."""
    return check.spells.whole >= WHOLE_MIN and may_return(check, now)


def settled(spells: Spells, now: float) -> Spells:
    """Return the spells; empty ones, once the bucket has leaked out or the outage has not come back in time."""
    leaked = is_suspicious(spells) and spells.level_seconds <= LEAK * (now - spells.ended_at)
    return Spells() if leaked or _is_over(spells, now) else spells


def _is_over(spells: Spells, now: float) -> bool:
    """Return whether it was a confirmed intermittent outage, and has not come back in time."""
    return spells.whole >= WHOLE_MIN and now - spells.ended_at >= well_again_seconds(spells)


def well_again_seconds(spells: Spells) -> float:
    """Return how long all probes must succeed before the outage counts as over."""
    # Two spells have shown one pause only, which may be far from the longest: hence the lower cap.
    return min(PAUSES * spells.pause_seconds, TWICE_MAX_SECONDS if spells.count == 2 else PAUSE_MAX_SECONDS)

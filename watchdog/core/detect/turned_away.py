"""A site that turns our probes away (429, a challenge) since a deploy.

A rate limit or challenge may affect all visitors or only our probes; the probe cannot tell which, so it is no evidence
of an outage. It becomes a finding only if it starts in the watch window of a deploy, after a good probe. The guard
`let in` then requires an approval for a rollback.
"""

from typing import TYPE_CHECKING

from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.policy import PROBES
from watchdog.domain.readings import Good, Reading, Unknown, Unread
from watchdog.domain.units import show_seconds

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

METHOD = "turned away"
# A rate limit refuses single probes now and then; a row of them is a rule that holds for every probe.
PROBES_MIN = 5


def observed(before: Check, after: Check, at: float, *, in_watch: bool) -> Check:
    """Return the check with this reading counted, where the refusals began in a watch window, after a good reading."""
    if not is_turned_away(after.last):
        # Any answer ends it, good or bad; another Unknown, such as a void probe, does not.
        answered = not isinstance(after.last, Unknown) and after.turned_since is not None
        return fast_replace(after, turned_since=None, turned_probes=0) if answered else after
    if after.turned_since is not None:
        return fast_replace(after, turned_probes=after.turned_probes + 1)
    # Only then is the deploy a suspect: otherwise the site may have limited us before it.
    if in_watch and after.kind in PROBES and isinstance(before.last, Good):
        return fast_replace(after, turned_since=at, turned_probes=1)
    return after


def is_turned_away(reading: Reading | None) -> bool:
    """Return whether the site refused the probe."""
    return isinstance(reading, Unknown) and reading.cause is Unread.TURNED_AWAY


def find(check: Check, given: "Conditions") -> Finding | None:
    """Return a finding once every probe was refused for as long as confirms an outage soon after a deploy."""
    if check.turned_since is None or not failing(check, given) or check.turned_probes < PROBES_MIN:
        return None
    lasted = check.last_at - check.turned_since
    if lasted < given.limits.run_seconds_in_watch:
        return None
    assert isinstance(check.last, Unknown), "it fails now"
    text = f"{check.turned_probes} probes in a row turned away for {show_seconds(lasted)}: {check.last.why}"
    return Finding(check.name, check.kind, METHOD, check.turned_since, 1.0, text, symptom=check.last.why)


def failing(check: Check, given: "Conditions") -> bool:
    """Return whether the last probe was refused, and is fresh."""
    return is_turned_away(check.last) and given.now - check.last_at <= given.limits.fresh_seconds

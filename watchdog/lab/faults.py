"""Symptoms, and the faults that cause them for a time.

A fault belongs to a commit (it lasts while that commit serves) or to the surroundings (it comes and goes by itself,
independent of deploys).
"""

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from watchdog.domain.readings import FailureKind

if TYPE_CHECKING:
    from watchdog.lab.simulated_service import Service


@dataclass(frozen=True, slots=True)
class Symptom:
    """The observable effects of a fault at full strength.

    `share` of the requests fail (0 to 1), and latency is `slow` times the usual; `tail` of the answers (0 to 1) take
    ten times as long. `errors` are reported per request beyond the usual ones; `new_error` names an error that no
    earlier release had; with `silent` the error tracker receives nothing. `traffic` is a factor of the usual. The
    platform reports a crash of the process every `crash_every_seconds` (0: none).
    """

    share: float = 0.0
    kind: FailureKind = FailureKind.STATUS
    why: str = "HTTP 500"
    slow: float = 1.0
    errors: float = 0.0
    new_error: str = ""
    crash_every_seconds: float = 0.0
    traffic: float = 1.0
    silent: bool = False
    tail: float = 0.0

    def at_strength(self, strength: float) -> "Symptom":
        """Return the symptom at a strength from 0 to 1, while its fault grows."""
        # Most symptoms are at full strength: no copy for each of millions of probes.
        if strength >= 1.0:
            return self
        return Symptom(
            self.share * strength,
            self.kind,
            self.why,
            1.0 + (self.slow - 1.0) * strength,
            self.errors * strength,
            self.new_error,
            # A weaker fault crashes less often, so its interval is longer.
            self.crash_every_seconds / strength if strength > 0 else 0.0,
            1.0 + (self.traffic - 1.0) * strength,
            self.silent,
            self.tail * strength,
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """The time and the routes of a symptom (all routes, if none is named).

    With a `commit` it begins `after_seconds` after that commit took traffic; with a `source` the commit is one of that
    other service, on which this one depends. Without a commit it begins at `begins_at` (UTC epoch seconds). It lasts
    `lasts_seconds` and reaches full strength in `grows_seconds`. With `every_seconds` it recurs with that period, for
    `on_seconds` each time.
    """

    symptom: Symptom
    commit: str | None = None
    after_seconds: float = 0.0
    begins_at: float = 0.0
    lasts_seconds: float = inf
    routes: tuple[str, ...] = ()
    grows_seconds: float = 0.0
    every_seconds: float = 0.0
    on_seconds: float = 0.0
    source: "Service | None" = field(default=None, compare=False, repr=False)

    def strength(self, at: float, route: str, commit: str, serving_since: float) -> float:
        """Return the strength (0 to 1) on a route ("" for any), given the serving commit and since when it serves."""
        # The route "" is the whole service, as its error tracker sees it: a fault of any route shows there.
        if self.routes and route and route not in self.routes:
            return 0.0
        if self.commit is not None and commit != self.commit:
            return 0.0
        began = self.begins_at if self.commit is None else serving_since + self.after_seconds
        since = at - began
        if not 0.0 <= since < self.lasts_seconds:
            return 0.0
        if self.every_seconds and since % self.every_seconds >= self.on_seconds:
            return 0.0
        return min(1.0, since / self.grows_seconds) if self.grows_seconds else 1.0


ONE_CRASH = Symptom(crash_every_seconds=2.0)
"""The platform reports one crash, in a fault of two seconds."""

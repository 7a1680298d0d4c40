"""What goes wrong, and when: a symptom, and the fault that brings it.

A fault belongs to a commit (it comes with it, and goes when another one serves) or to the surroundings (it comes and
goes by itself, whatever is deployed).
"""

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from watchdog.domain.readings import FailureKind

if TYPE_CHECKING:
    from watchdog.lab.simulated_service import Service


@dataclass(frozen=True, slots=True)
class Symptom:
    """What can be seen of a fault at full strength.

    `share` of the requests fail (0 to 1), latency is `slow` times the usual, `errors` are reported per request beyond
    the usual ones, `traffic` is times the usual; a crash of the process is reported every `crash_every_seconds` (0:
    none); `new_error` names an error that no earlier release had; `silent` says that the error tracker hears nothing;
    `tail` of the answers take ten times as long (0 to 1).
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
        """Return it while it grows (0 to 1)."""
        if strength >= 1.0:
            return self
        return Symptom(
            self.share * strength,
            self.kind,
            self.why,
            1.0 + (self.slow - 1.0) * strength,
            self.errors * strength,
            self.new_error,
            self.crash_every_seconds / strength if strength > 0 else 0.0,
            1.0 + (self.traffic - 1.0) * strength,
            self.silent,
            self.tail * strength,
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """When a symptom shows, and on which routes (all, if none is named).

    With a `commit`: `after_seconds` after that commit began to serve, for `lasts_seconds`; with a `source`, too, it is
    that other service, which this one needs, whose commit it is. Without: from `begins_at` on
    (UTC epoch seconds). It reaches its full strength in `grows_seconds`; with `every_seconds` it comes again and again,
    for `on_seconds` each.
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
        """Return how strong it is (0 to 1) on a route ("" for any), given what serves since when."""
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

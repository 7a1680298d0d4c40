"""The behaviour of a version of a site, as data. The table lists every kind of fault with its usual numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The fault of a version.

    `after_seconds` counts from the moment the version is live. `routes` are the affected paths (none named: all).
    `share` is the share of requests that fail (0 to 1), `factor` multiplies the usual latency. With `reported` Render
    reports a crash at once. With a period it fails only during the first `down_seconds` of each `period_seconds`; a
    fault of kind `refused` ignores the period. With a `flag` it fails only while that feature flag is on; where
    `restart_cures`, until the service is restarted; with `enough_instances`, while the service has fewer.
    """

    kind: str = "good"
    after_seconds: float = 0.0
    status: int = 503
    share: float = 1.0
    factor: float = 1.0
    routes: tuple[str, ...] = ()
    reported: bool = True
    period_seconds: float = 0.0
    down_seconds: float = 0.0
    flag: str = ""
    restart_cures: bool = False
    enough_instances: int = 0

    def touches(self, path: str) -> bool:
        """Return whether this path is affected."""
        return self.kind != "good" and (not self.routes or path in self.routes)

    def cured(self, flags: Mapping[str, bool], instances: int) -> bool:
        """Return whether nothing of the fault shows with these flags and so many instances."""
        # Code behind a feature flag that is off does not run; enough instances carry a surge.
        return not flags.get(self.flag, True) or 0 < self.enough_instances <= instances

    def shows(self, bad_for_seconds: float) -> bool:
        """Return whether the fault is active, so many seconds after it began."""
        return not self.period_seconds or bad_for_seconds % self.period_seconds < self.down_seconds


GOOD = Behaviour()
"""The behaviour of a version without a fault."""

KINDS: dict[str, Behaviour] = {
    "good": GOOD,
    # Every request gets a 5xx.
    "error": Behaviour("error", after_seconds=4.0),
    # A share of the requests gets a 5xx.
    "partial": Behaviour("partial", after_seconds=4.0, status=500, share=0.3),
    # Crashed: the port refuses connections.
    "refused": Behaviour("refused", after_seconds=4.0),
    # Accepts connections and never answers.
    "hang": Behaviour("hang", after_seconds=4.0),
    # Latency is `factor` times the usual.
    "slow": Behaviour("slow", after_seconds=4.0, factor=3.0),
    # HTTP 200 with another page.
    "wrong_body": Behaviour("wrong_body", after_seconds=4.0),
    # Latency grows by `factor` times the usual each second.
    "leak": Behaviour("leak", after_seconds=4.0, factor=1.0),
}


def behaviour(kind: str, **numbers: Any) -> Behaviour:
    """Return a behaviour of the table with some numbers changed. Raises ValueError, TypeError on unknown names."""
    if kind not in KINDS:
        raise ValueError(f"behaviour {kind!r} is none of {tuple(KINDS)}")
    if "routes" in numbers:
        numbers["routes"] = tuple(numbers["routes"])
    return replace(KINDS[kind], **numbers)

"""How a version of a site behaves, as data. The table names every way a site can be bad and its usual numbers."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a site does once it turns bad.

    `after_seconds` counts from the moment the version is live. `routes` are the paths affected (none named: all).
    `share` is the part of requests that fails (0 to 1), `factor` multiplies the usual latency. `reported`: Render tells
    at once that it crashed, if it did. With a period it fails during the first `down_seconds` of each `period_seconds`
    only; one that refuses connections does so all the time.
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

    def touches(self, path: str) -> bool:
        """Say whether this path is affected."""
        return self.kind != "good" and (not self.routes or path in self.routes)

    def shows(self, bad_for_seconds: float) -> bool:
        """Say whether it fails now, so long after it first did."""
        return not self.period_seconds or bad_for_seconds % self.period_seconds < self.down_seconds


GOOD = Behaviour()
"""It works."""

KINDS: dict[str, Behaviour] = {
    "good": GOOD,
    "error": Behaviour("error", after_seconds=4.0),  # every request 5xx
    "partial": Behaviour("partial", after_seconds=4.0, status=500, share=0.3),  # a share of requests 5xx
    "refused": Behaviour("refused", after_seconds=4.0),  # crashed: nothing listens
    "hang": Behaviour("hang", after_seconds=4.0),  # accepts and never answers
    "slow": Behaviour("slow", after_seconds=4.0, factor=3.0),  # latency times N
    "wrong_body": Behaviour("wrong_body", after_seconds=4.0),  # 200, but not our page
    "leak": Behaviour("leak", after_seconds=4.0, factor=1.0),  # latency grows by its usual self each second
}


def behaviour(kind: str, **numbers: Any) -> Behaviour:
    """Return a behaviour of the table with some numbers changed. Raises ValueError, TypeError on unknown names."""
    if kind not in KINDS:
        raise ValueError(f"behaviour {kind!r} is none of {tuple(KINDS)}")
    if "routes" in numbers:
        numbers["routes"] = tuple(numbers["routes"])
    return replace(KINDS[kind], **numbers)

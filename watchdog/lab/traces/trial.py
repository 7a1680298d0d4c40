"""The common form of all sets of traces: buckets of a site's failures and latency, and the labelled faults in them.

Mapping, one for all sets, because a user of the watchdog has just these three signals (README, minimal configuration):

- a bucket's share of failures and its latency percentiles are the distribution that our own probes would have met. So
  `home` (http) and `api` (latency) are probed at their own pace, faster under suspicion, and each probe is one draw
  from its bucket. A recorded minute is not one probe: read as one, no run and no percentile could ever be confirmed
  (`run_probes_min`, `latency_samples_min`, and the gap rule of core/detect/probes.py).
- where requests are counted, failed ones are a feed of errors with its traffic (`errors`), a minute after the bucket.

Assumptions: within a bucket draws are independent and identically distributed. A fault in a part of a bucket is diluted
over all of it and may be met before it began: times are known only to a bucket's length. The distribution is cut off at
its ends: above the highest percentile nothing is recorded, and below the median nothing matters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from watchdog.domain.deploys import Deploy


class Bucket(NamedTuple):
    """The recorded failures and latency of a site from `start` to `end` (UTC epoch seconds).

    `failing` is the share of requests that failed, `latency` pairs of share and seconds, rising; None: not recorded.
    `requests` is the number of requests in the bucket.
    """

    start: float
    end: float
    failing: float | None = None
    latency: tuple[tuple[float, float], ...] | None = None
    requests: float | None = None
    why: str = ""


class Culprit(NamedTuple):
    """The deploy that caused a fault, by its service and its commit."""

    service: str
    commit: str


class Label(NamedTuple):
    """A labelled fault of the set: its time (to `tolerance_seconds`), its service and its kind.

    `culprit`: the deploy that a rollback should lead away from; None: no deploy caused it.
    """

    start: float
    end: float
    service: str
    kind: str
    tolerance_seconds: float
    culprit: Culprit | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One stretch of time to be played; `row` names its line of the table.

    `deploys` of a service are in order of time. A service without any has two old ones, so that any rollback is wrong.
    """

    row: str
    name: str
    tracks: Mapping[str, Sequence[Bucket]]
    labels: Sequence[Label] = ()
    notes: Sequence[str] = field(default=())
    deploys: Mapping[str, tuple[Deploy, ...]] = field(default_factory=dict)
    depends_on: Mapping[str, Sequence[str]] = field(default_factory=dict)


def quantile_at(latency: Sequence[tuple[float, float]], share: float) -> float:
    """Return the latency in seconds at a share of the distribution, interpolated between its recorded percentiles."""
    below_share, below = latency[0]
    for at, seconds in latency:
        if share <= at:
            # Without width the share lies below the lowest recorded percentile, where the distribution is cut off.
            width = at - below_share
            return seconds if width <= 0 else below + (seconds - below) * (share - below_share) / width
        below_share, below = at, seconds
    return below


def percentile(bucket: Bucket, share: float = 0.95) -> float | None:
    """Return a percentile of a bucket in seconds, None if it has no latency."""
    return None if bucket.latency is None else quantile_at(bucket.latency, share)

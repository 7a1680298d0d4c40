"""NAB (numenta/NAB, MIT): series of one value every five minutes, with windows of labelled anomalies.

One series is a signal that the watchdog reads, the latency of requests (in ms). The others (CPU, network, disk, counts)
it does not read, because no raw metric shows that a release is bad. They are played as latencies with a first-day
median of 100 ms, in a row of their own: it shows how often a metric that merely moves would page an operator. Series
that do not come from servers (temperatures, taxis, keys) and artificial ones are left out.
Trap 1: a window is centred on its anomaly and long, so it begins earlier, and the delay counts from its beginning.
Trap 2: a bucket is one average: it holds no failure, and every probe of it takes the same time.
Trap 3: where clocks were set, an hour's rows share their times two by two: the second of each is left out.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from watchdog.lab.traces.trial import Bucket, Label, Trial

LATENCY = "realKnownCause/ec2_request_latency_system_failure.csv"
OTHERS = ("realKnownCause/cpu_utilization_asg_misconfiguration.csv", "realAWSCloudwatch/")
ROW_LATENCY, ROW_OTHERS = "nab: latency of requests", "nab: CPU, network, disk, counts as if latencies"
FIVE_MINUTES = 300.0
DAY_BUCKETS = 288
MEDIAN_SECONDS = 0.1
LEAST_SECONDS = 0.001
NOTE = "one average every 5 min, and windows that begin hours before what is odd: the delay is from their beginning"


def trials(folder: Path) -> Iterator[Trial]:
    """Yield each series. Raises OSError, KeyError or ValueError for a folder of another shape."""
    windows = json.loads((folder / "labels" / "combined_windows.json").read_text(encoding="utf-8"))
    for name in sorted(windows):
        if name != LATENCY and not name.startswith(OTHERS):
            continue
        labels = [Label(_at(begin), _at(end), "front", "odd", FIVE_MINUTES) for begin, end in windows[name]]
        rows = list(_rows(folder / "data" / name))
        first_day = median(value for _, value in rows[:DAY_BUCKETS])
        # The latency is in milliseconds; the other series have units of their own.
        scale = 1 / 1000 if name == LATENCY else MEDIAN_SECONDS / max(first_day, 1e-9)
        track = {"front": list(_buckets(rows, scale))}
        yield Trial(ROW_LATENCY if name == LATENCY else ROW_OTHERS, name, track, labels, (NOTE,))


def _buckets(rows: Sequence[tuple[float, float]], scale: float) -> Iterator[Bucket]:
    told_until = float("-inf")
    for at, value in rows:
        # Trap 3: a time that repeats after the clocks were set back is skipped.
        if at > told_until:
            # A metric may be 0; no request takes no time.
            seconds = max(value * scale, LEAST_SECONDS)
            yield Bucket(max(at - FIVE_MINUTES, told_until), at, latency=((1.0, seconds),))
            told_until = at


def _rows(path: Path) -> Iterator[tuple[float, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield _at(row["timestamp"]), float(row["value"])


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

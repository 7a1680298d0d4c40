"""PetShop (amazon-science/petshop-root-cause-analysis, CC-BY-4.0): 68 injected issues, in buckets of five minutes.

Read at the front (PetSite): availability, latency percentiles, requests. Each traffic is one stream: first its period
"without issue", moved in time so that it ends where the issues begin; the baseline is learned from it, and its alarms
are false. Then come its issues at their own times, 25 minutes of each. The two temporal traffics have no such period:
their baseline is the ten minutes before each issue.
Trap 1: the time between two issues is not recorded: it is a gap, and ends every run of failures.
Trap 2: "without issue" is not without trouble: with low traffic, availability falls to 41 % in it.
Trap 3: an issue begins somewhere in a bucket. One that began late is diluted over it, and may be reported too early.
"""

import csv
import json
from collections.abc import Iterator
from math import isnan
from pathlib import Path

from watchdog.lab.traces.trial import Bucket, Label, Trial

ROW = "petshop"
FRONT = "PetSite"
FIVE_MINUTES = 300.0
HEAD_ROWS = 3
NOTE = (
    "probes drawn from buckets of 5 min, most issues are two or three of these; 25 min of each half hour are recorded"
)
PERCENTILES = ((0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"))


def trials(folder: Path) -> Iterator[Trial]:
    """Yield each traffic. Raises OSError, KeyError or ValueError for a folder of another shape."""
    for traffic in sorted((folder / "dataset").iterdir()):
        buckets: list[Bucket] = []
        labels: list[Label] = []
        for issue in traffic.glob("*/issue_*"):
            rows = _buckets(issue / "metrics.csv")
            target = json.loads((issue / "target.json").read_text(encoding="utf-8"))["target"]
            buckets += rows
            label = Label(float(target["timestamp"]), rows[-1].end, "front", target["metric"], FIVE_MINUTES)
            labels.append(label)
        # The folders of the issues are not in order of time.
        buckets.sort()
        quiet = traffic / "noissue" / "metrics.csv"
        if quiet.exists():
            buckets = _before(_buckets(quiet), buckets[0].start) + buckets
        yield Trial(ROW, traffic.name, {"front": buckets}, sorted(labels), (NOTE,))


def _before(quiet: list[Bucket], moment: float) -> list[Bucket]:
    moved = moment - quiet[-1].end
    return [bucket._replace(start=bucket.start + moved, end=bucket.end + moved) for bucket in quiet]


def _buckets(path: Path) -> list[Bucket]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    names = list(zip(*rows[:HEAD_ROWS], strict=True))
    column = {(metric, statistic): n for n, (node, metric, statistic) in enumerate(names) if node == FRONT}
    return [_bucket(row, column) for row in rows[HEAD_ROWS:] if row[0].replace(".", "").isdigit()]


def _bucket(row: list[str], column: dict[tuple[str, str], int]) -> Bucket:
    def value(metric: str, statistic: str) -> float | None:
        number = float(row[column[metric, statistic]] or "nan")
        return None if isnan(number) else number

    start = float(row[0])
    latency = [(share, value("latency", name)) for share, name in PERCENTILES]
    known = tuple((share, seconds) for share, seconds in latency if seconds is not None)
    available = value("availability", "Average")
    failing = None if available is None else 1 - available / 100
    return Bucket(start, start + FIVE_MINUTES, failing, known or None, value("requests", "Sum"))

"""Nezha (IntelligentDDS/Nezha, MIT): four days of a front end, minute by minute, with injected faults.

Front-end success and P50–P99 per minute; no count of requests, so that there is no feed. Two days are of Online
Boutique, two of Train Ticket.
Trap 1: on the Train-Ticket days success is 0 in every row: not measured, so only latency is read.
Trap 2: there `inject_timestamp` is 8 h off its own `inject_time`, which is UTC as the rows are: the latter is read.
Trap 3: no row is known to be free of faults (the "fault-free" files of the set are copies of the fault days). The time
between the labels counts as quiet here, so a fault that outlasts its window counts as a false alarm.
The set does not say how long a fault lasts; the rows show three to six minutes.
"""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from watchdog.lab.traces.trial import Bucket, Label, Trial

ROWS = {"2022": "nezha: Online Boutique", "2023": "nezha: Train Ticket (latency only)"}
FAULT_SECONDS = 300.0
MINUTE = 60.0
NOTE = "probes drawn from one-minute percentiles; what lies between the labels counts as quiet, though nobody said so"
PERCENTILES = ((0.5, "LatencyP50(s)"), (0.9, "LatencyP90(s)"), (0.95, "LatencyP95(s)"), (0.99, "LatencyP99(s)"))


def trials(folder: Path) -> Iterator[Trial]:
    """Yield each day. Raises OSError, KeyError or ValueError for a folder of another shape."""
    for day in sorted(path for path in folder.iterdir() if path.is_dir()):
        buckets = list(_buckets(day / "front_service.csv"))
        # The folders are named by date, and each year is of another application.
        yield Trial(ROWS[day.name[:4]], day.name, {"front": buckets}, list(_labels(day / "fault_list.json")), (NOTE,))


def _buckets(path: Path) -> Iterator[Bucket]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # Trap 1: a column of zeros means that success was not measured, not that every request failed.
    measured = any(float(row["SuccessRate(%)"]) > 0 for row in rows)
    for row in rows:
        end = float(row["TimeStamp"])
        failing = 1 - float(row["SuccessRate(%)"]) / 100 if measured else None
        latency = tuple((share, float(row[name])) for share, name in PERCENTILES)
        yield Bucket(end - MINUTE, end, failing, latency)


def _labels(path: Path) -> Iterator[Label]:
    by_hour = json.loads(path.read_text(encoding="utf-8"))
    for fault in (one for hour in by_hour.values() for one in hour):
        at = datetime.fromisoformat(fault["inject_time"]).replace(tzinfo=UTC).timestamp()
        yield Label(at, at + FAULT_SECONDS, "front", fault["inject_type"], MINUTE)

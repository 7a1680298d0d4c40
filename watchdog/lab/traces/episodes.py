"""Episodes of your own, or of any data set: samples, deploys, dependencies, and the truth about its faults.

One folder each. `episode.json` names the services, what each depends on, and the faults; times are epoch seconds or
ISO 8601. A fault without `culprit` is no deploy's doing, so a rollback in it is wrong:

    {"set": "ours",
     "services": {"web": {"depends_on": ["api"]}, "api": {}},
     "faults": [{"service": "api", "begins": "2026-11-25T03:12:00Z", "ends": "2026-11-25T03:40:00Z", "kind": "leak",
                 "culprit": {"service": "api", "commit": "9f1c2ab"}}]}

Beside it lies one file of samples for each service (`web.csv`, columns SAMPLES: a share of 0 to 1 that failed, seconds,
requests in that time), and where it was deployed `web.deploys.csv` (replay/imports/deploys_csv.py), which begins with
the deploy that was live before.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import BlameWeights
from watchdog.lab.traces.trial import Bucket, Culprit, Label, Trial
from watchdog.replay.imports.csv_rows import CsvRow, rows
from watchdog.replay.imports.deploys_csv import deploys_of
from watchdog.replay.imports.history import moment, text_of

FILE = "episode.json"
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
SAMPLES = ("failing", *PERCENTILES, "requests", "why")
"""The columns beside `start` and `end`; what was not recorded is left out, or empty."""


def trials(folder: Path) -> Iterator[Trial]:
    """Yield each episode, by name. Raises OSError, KeyError, TypeError or ValueError for one of another shape."""
    for path in sorted(folder.glob(f"*/{FILE}")):
        document = json.loads(text_of(path))
        services: Mapping[str, Mapping[str, Any]] = document["services"]
        deploys = {name: _deploys(path.parent / f"{name}.deploys.csv") for name in services}
        yield Trial(
            str(document.get("set", folder.name)),
            path.parent.name,
            {name: _samples(path.parent / f"{name}.csv") for name in services},
            sorted((_label(fault, deploys) for fault in document.get("faults", ())), key=lambda one: one.start),
            deploys={name: found for name, found in deploys.items() if found},
            depends_on={name: tuple(one.get("depends_on", ())) for name, one in services.items()},
        )


def _deploys(path: Path) -> tuple[Deploy, ...]:
    return deploys_of(path, BlameWeights().first_traffic_lead_seconds) if path.exists() else ()


def _samples(path: Path) -> list[Bucket]:
    buckets = sorted(_bucket(row) for row in rows(path, ("start", "end"), SAMPLES))
    if not buckets:
        raise ValueError(f"{path.name} has no samples")
    return buckets


def _bucket(row: CsvRow) -> Bucket:
    start, end, failing = row.at("start"), row.at("end"), row.number("failing")
    if start >= end or (failing or 0.0) > 1.0:
        row.refuse("it ends before it starts, or more than all failed", "write start < end and a share of 0 to 1")
    known = [(share, row.number(name)) for name, share in PERCENTILES.items()]
    latency = tuple((share, seconds) for share, seconds in known if seconds is not None)
    return Bucket(start, end, failing, latency or None, row.number("requests"), row.text("why"))


def _label(fault: Mapping[str, Any], deploys: Mapping[str, tuple[Deploy, ...]]) -> Label:
    given, culprit = fault.get("culprit"), None
    if given is not None:
        culprit = Culprit(given["service"], given["commit"])
        if not any(one.commit == culprit.commit for one in deploys[culprit.service]):
            raise ValueError(f"{culprit.service} has no deploy of {culprit.commit}")
    begins, ends = moment(str(fault["begins"])), moment(str(fault["ends"]))
    return Label(begins, ends, fault["service"], str(fault.get("kind", "fault")), 0.0, culprit)

"""Upptime (d33bs/upptime-curc, TORO-Server/upptime, MIT): when real sites went down and came back, as a monitor saw it.

A row is written when the state changes or once in a while; between two rows the state is held, as Upptime saw no change
at its checks (every five minutes by its schedule, often later). So this measures the response to outages of real
lengths, to many sites at once and to flapping sites. It does not measure speed, nor outages shorter than a check.
All sites of one monitor are services of one policy. Only the time around the changes is played, since the rest is
constant: from five minutes before a site goes down, or one minute before it recovers, to half an hour after.
Trap: nothing says why a site was down. Without a label of the cause any page about an outage is right.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from watchdog.lab.traces.trial import Bucket, Label, Trial

ROW = "upptime"
BEFORE_DOWN, BEFORE_UP, AFTER = 300.0, 60.0, 1800.0
NOTE = "states are held between two rows: what is done about real outages and many at once, not how fast they are seen"

Change = tuple[float, bool, str]
"""The time of a change, whether the site is up since then, and the failure's text."""


def trials(folder: Path) -> Iterator[Trial]:
    """Yield each monitor. Raises OSError, KeyError or ValueError for a folder of another shape."""
    for path in sorted(folder.glob("*.csv")):
        sites = _changes(path)
        ends_at = max(changes[-1][0] for changes in sites.values()) + AFTER
        # Without each site's first row: it is a state, and the change that led to it was not recorded.
        spans = _spans([change for changes in sites.values() for change in changes[1:]])
        names = {site: f"site-{number}" for number, site in enumerate(sites, 1)}
        tracks = {names[site]: _held(changes, spans, ends_at) for site, changes in sites.items()}
        labels = [label for site, changes in sites.items() for label in _labels(names[site], changes, ends_at)]
        yield Trial(ROW, path.stem, {name: track for name, track in tracks.items() if track}, sorted(labels), (NOTE,))


def _changes(path: Path) -> dict[str, list[Change]]:
    """Return the first state of each site and every later change."""
    sites: dict[str, list[Change]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            up, changes = row["state"] != "down", sites[row["site"]]
            # Rows also repeat a state: only a change begins a new stretch.
            if not changes or changes[-1][1] != up:
                changes.append((float(row["unix_time"]), up, f"HTTP {row['http_code']} at the monitor"))
    return sites


def _spans(changes: Sequence[Change]) -> list[tuple[float, float]]:
    """Return the stretches of time to be played; overlapping ones are merged."""
    spans: list[tuple[float, float]] = []
    for at, up, _ in sorted(changes):
        begin, end = at - (BEFORE_UP if up else BEFORE_DOWN), at + AFTER
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


def _held(changes: Sequence[Change], spans: Sequence[tuple[float, float]], ends_at: float) -> list[Bucket]:
    """Return the state of one site within the spans, from one change to the next."""
    buckets: list[Bucket] = []
    states = zip(changes, [*changes[1:], (ends_at, True, "")], strict=True)
    place = 0
    for (begin, up, why), (end, _, _) in states:
        # States and spans are both in order of time, so spans that ended before this state are done with.
        while place < len(spans) and spans[place][1] <= begin:
            place += 1
        for span in spans[place:]:
            if span[0] >= end:
                break
            start, stop = max(begin, span[0]), min(end, span[1])
            if start < stop:
                buckets.append(Bucket(start, stop, 0.0 if up else 1.0, why=why))
    return buckets


def _labels(name: str, changes: Sequence[Change], ends_at: float) -> Iterator[Label]:
    """Yield each outage; one that lasts since the first row begins with that row."""
    for place, (at, up, _) in enumerate(changes):
        if not up:
            end = changes[place + 1][0] if place + 1 < len(changes) else ends_at
            yield Label(at, end, name, "down", 0.0)

"""The metrics, from the registry that `/metrics` and remote write read."""

from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from tests.handbook.reference.markdown import code, page, table
from watchdog.daemon.telemetry.metrics import Metrics

ABOUT = """\
Served at `/metrics` of `metrics.listen`, and sent by `metrics.remote_write`; the same names on both ways. Labels hold
names of the configuration and closed words only. Seconds and bytes are the units; a name that ends in
`_timestamp_seconds` is a moment in UTC epoch seconds. A page of many services is made anew at most every 10 s.

A histogram has the series `_bucket`, `_sum` and `_count`. Alerts for Prometheus: `deploy/prometheus/watchdog.yaml` in
the repository; [what each of them means](reference-alerts.md)."""


def text() -> str:
    rows = [(code(name), kind, " ".join(map(code, labels)) or "–", about) for name, kind, labels, about in families()]
    return page(
        "Reference: metrics",
        ABOUT,
        "watchdog/daemon/telemetry/metrics.py",
        table(("Name", "Type", "Labels", "Meaning"), rows),
    )


def families() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Yield name, type, labels and help of every family; those of the process itself have no labels."""
    registry = Metrics("0").registry
    labels = {
        description.name: one._labelnames
        for one in registry._collector_to_names
        if isinstance(one, MetricWrapperBase)
        for description in one.describe()
    }
    # A family without a series yet is described all the same; what describes itself only by its series is collected.
    known = {
        family.name: family
        for one in registry._collector_to_names
        for family in (one.describe() if isinstance(one, MetricWrapperBase) else one.collect())
    }
    for name, family in sorted(known.items()):
        shown = f"{name}_total" if family.type == "counter" else name
        yield shown, family.type, labels.get(name, ()), family.documentation

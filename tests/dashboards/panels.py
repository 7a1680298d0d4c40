"""The shape of a dashboard before it is Grafana's JSON; a query that names no metric of the registry is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tests.handbook.reference.metrics import families

METRIC = re.compile(r"\b(?:watchdog|process)_\w+")
OF_HISTOGRAMS = ("_bucket", "_sum", "_count")


@dataclass(frozen=True)
class Panel:
    """One panel: `kind` and `unit` are Grafana's words, `queries` PromQL by legend, `width` of 24 columns."""

    title: str
    about: str
    queries: Mapping[str, str]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 12
    bad_above: float | None = None  # red from here on; None: no limit
    bad_below: float | None = None  # red below it


@dataclass(frozen=True)
class Dashboard:
    """One dashboard; `variables` are labels to choose by: name to the query of its values."""

    uid: str
    title: str
    about: str
    panels: tuple[Panel, ...]
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Raise ValueError for a metric that the daemon does not have."""
        known = names()
        asked = {name for one in self.panels for query in one.queries.values() for name in METRIC.findall(query)}
        asked |= {name for query in self.variables.values() for name in METRIC.findall(query)}
        if unknown := asked - known:
            raise ValueError(f"{self.uid}: no such metric: {', '.join(sorted(unknown))}")


def names() -> set[str]:
    """Return the names of all series that `/metrics` may have."""
    found = set()
    for name, kind, _, _ in families():
        found |= {f"{name}{suffix}" for suffix in OF_HISTOGRAMS} if kind == "histogram" else {name}
    return found


def number(title: str, about: str, query: str, **more: float | str) -> Panel:
    """Return a panel with one number; red from `bad_above`, or below `bad_below`."""
    return Panel(title, about, {"": query}, kind="stat", width=4, **more)  # type: ignore[arg-type]

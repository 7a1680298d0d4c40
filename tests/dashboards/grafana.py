"""A dashboard as Grafana's JSON (schema 39: Grafana 10.3 and later), panels laid out in rows of 24 columns."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.dashboards.dashboards import DASHBOARDS
from tests.dashboards.panels import Dashboard, Panel

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana"
COLUMNS = 24
HEIGHTS = {"stat": 4, "timeseries": 8}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
SCHEMA = 39


def files() -> dict[Path, str]:
    """Return the text of each dashboard's file."""
    return {FOLDER / f"{one.uid}.json": json.dumps(dashboard(one), indent=1) + "\n" for one in DASHBOARDS}


def dashboard(made: Dashboard) -> dict[str, Any]:
    """Return one dashboard."""
    return {
        "uid": made.uid,
        "title": made.title,
        "description": made.about,
        "tags": ["watchdog"],
        "schemaVersion": SCHEMA,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": list(_variables(made))},
        "panels": list(_panels(made)),
    }


def _variables(made: Dashboard) -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    for name, query in made.variables.items():
        # Refreshed on load: a service that was added since must be there.
        yield {"name": name, "type": "query", "datasource": SOURCE, "query": query, "refresh": 1, "sort": 1}


def _panels(made: Dashboard) -> Iterator[dict[str, Any]]:
    left = top = row = 0
    for number, one in enumerate(made.panels, start=1):
        if left + one.width > COLUMNS:
            left, top, row = 0, top + row, 0
        height = HEIGHTS[one.kind]
        yield _panel(number, one) | {"gridPos": {"x": left, "y": top, "w": one.width, "h": height}}
        left, row = left + one.width, max(row, height)


def _panel(number: int, one: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green" if one.bad_below is None else "red", "value": None}]
    if one.bad_above is not None:
        steps.append({"color": "red", "value": one.bad_above})
    if one.bad_below is not None:
        steps.append({"color": "green", "value": one.bad_below})
    return {
        "id": number,
        "type": one.kind,
        "title": one.title,
        "description": one.about,
        "datasource": SOURCE,
        "fieldConfig": {
            "defaults": {"unit": one.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        # A number whose legend has a label shows that name: the mode is a label, not a value.
        "options": {"textMode": "name" if any(one.queries) else "value"} if one.kind == "stat" else {},
        "targets": [
            {"refId": chr(ord("A") + place), "expr": query, "legendFormat": legend, "datasource": SOURCE}
            for place, (legend, query) in enumerate(one.queries.items())
        ],
    }

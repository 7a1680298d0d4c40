"""The Grafana dashboards: written from their table, and every query answered by a real Prometheus."""

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.daemon.telemetry.test_metrics import use
from tests.dashboards.dashboards import DASHBOARDS, FLEET
from tests.dashboards.grafana import COLUMNS, FOLDER, files
from tests.dashboards.panels import Dashboard, number
from tests.support.loopback import serve
from tests.support.prometheus_server import Prometheus, running_prometheus
from watchdog.daemon.telemetry.exposition import written
from watchdog.daemon.telemetry.metrics import Metrics

CHOSEN = {"$__rate_interval": "1m", "$service": "api"}
"""What Grafana puts in place of its variables."""


def test_the_files_are_those_of_the_table() -> None:
    """Written by `python -m tests.dashboards --write`; none is left over."""
    assert {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == files()


@pytest.mark.parametrize("text", files().values(), ids=[one.uid for one in DASHBOARDS])
def test_panels_fill_rows_without_overlap(text: str) -> None:
    """Each has a place of its own within the columns, a title, a description, and queries with a letter each."""
    panels = json.loads(text)["panels"]
    taken: set[tuple[int, int]] = set()
    for one in panels:
        place = one["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert max(x for x, _ in cells) < COLUMNS and not cells & taken
        taken |= cells
        letters = [target["refId"] for target in one["targets"]]
        assert one["title"] and one["description"].endswith(".") and letters == sorted(set(letters))
    assert len({one["id"] for one in panels}) == len(panels)


def test_a_metric_that_is_not_there_is_refused() -> None:
    """A renamed metric must not leave an empty panel."""
    panel = number("Gone", "Was renamed.", "sum(watchdog_services_hold)")
    with pytest.raises(ValueError, match="x: no such metric: watchdog_services_hold"):
        Dashboard("x", "X", "About.", (panel,))
    with pytest.raises(ValueError, match="no such metric: watchdog_modes"):
        Dashboard("x", "X", "About.", FLEET.panels, {"service": "label_values(watchdog_modes, service)"})


def asked(made: Dashboard) -> list[str]:
    """Return every query of a dashboard as Grafana would send it."""
    queries = [query for panel in made.panels for query in panel.queries.values()]
    for name, value in CHOSEN.items():
        queries = [query.replace(name, value) for query in queries]
    return queries


async def empty(prometheus: Prometheus) -> list[str]:
    """Return the queries that have no number for an answer yet."""
    found = []
    for query in (one for made in DASHBOARDS for one in asked(made)):
        values = [value for _, value in await prometheus.values(query)]
        if not values or any(math.isnan(value) for value in values):
            found.append(query)
    return found


@pytest.mark.long
async def test_every_query_has_an_answer(tmp_path: Path) -> None:
    """Scraped from a daemon's metrics of which every one is in use: no panel stays empty, none shows a NaN."""
    metrics = Metrics("1.2.3")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        use(metrics)
        assert Request(scope).url.path == "/metrics"
        await Response(written(metrics.collect()), media_type="text/plain")(scope, receive, send)

    async with (
        serve(app) as url,
        running_prometheus(tmp_path, {"watchdog": [url.removeprefix("http://")]}) as prometheus,
    ):
        left: list[str] = []

        async def none_is_empty() -> bool:
            left[:] = await empty(prometheus)
            return not left

        with suppress(TimeoutError):  # the queries that stay empty say more
            await prometheus.wait_for(none_is_empty)
        # Not asked anew: on a busy machine the next scrape may be late, and its series are stale for a moment.
        assert left == []

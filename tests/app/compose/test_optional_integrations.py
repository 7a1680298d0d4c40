"""What runs beside the decisions is wired exactly where it is configured."""

from pathlib import Path

import pytest

from tests.app.scenes import settings_of, wired
from watchdog.sandbox import keys

TOKEN = {"WATCHDOG_PAGERDUTY_API_TOKEN": keys.PAGERDUTY_API_TOKEN}


@pytest.mark.parametrize(
    ("mode", "more", "change", "environ", "running"),
    [
        ("observe", "", {}, {}, set()),
        ("assist", "", {}, {}, {"merges"}),
        ("observe", "repository: github", {}, {}, {"merges", "suspect-commits", "authors"}),
        ("observe", "", {}, TOKEN, {"responders"}),
        ("observe", "", {"pagerduty: {}": "pagerduty: {changes: true}"}, {}, {"change-events"}),
        ("observe", "", {"  pagerduty: {}\n": ""}, TOKEN, set()),
    ],
)
async def test_each_part_runs_only_where_it_is_asked_for(
    tmp_path: Path, mode: str, more: str, change: dict[str, str], environ: dict[str, str], running: set[str]
) -> None:
    async with wired(settings_of(tmp_path, mode, more, environ=environ, **change)) as app:
        assert set(app.beside) == running
        annotators = 2 if "suspect-commits" in running else 1
        assert {len(getattr(one, "annotators", ())) for one in app.notifiers.values()} == {annotators}

"""What runs beside the decisions is wired exactly where it is configured."""

from pathlib import Path

import pytest

from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.compose.composition import build
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.sandbox import keys
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.server import Sandbox
from watchdog.settings.load.load import load

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
    async with Sandbox() as sandbox:
        path = write_config(tmp_path, sandbox.urls, mode, more=more)
        text = path.read_text(encoding="utf-8")
        for old, new in change.items():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        clock = SystemClock()
        app = build(load(path, environ, tmp_path), clock, on_error=lambda *_: None, store=MemoryStore(clock))
        assert set(app.beside) == running
        annotators = 2 if "suspect-commits" in running else 1
        assert {len(getattr(one, "annotators", ())) for one in app.notifiers.values()} == {annotators}
        await app.close()

"""Times are those of the reader's zone, named once, or UTC where that is asked for."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from tests.cli import examples as x
from tests.cli.conftest import Typed
from watchdog.cli.command_context import LocalZone
from watchdog.presentation import table_rows
from watchdog.presentation.history_table import history
from watchdog.presentation.text import clock, moment, zone

pytestmark = pytest.mark.usefixtures("_berlin")
SUMMER = 1782871200.0
"""2026-07-01 02:00:00 UTC."""


@pytest.fixture
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_offset_is_that_of_the_moment() -> None:
    evening = x.BEGIN + 21 * 3600
    assert moment(evening, LocalZone()) == "2026-11-26 00:14:04 CET", "the day is that of the zone, too"
    assert (clock(SUMMER, LocalZone()), zone(SUMMER, LocalZone())) == ("04:00:00", "CEST")
    winter = datetime(2026, 11, 25, 3, 14, 4, tzinfo=LocalZone())
    assert winter.timestamp() == x.BEGIN and winter.tzname() == "CET"
    assert datetime(2026, 7, 1, 4, tzinfo=LocalZone()).timestamp() == SUMMER


@pytest.mark.parametrize(
    ("words", "local", "utc"),
    [
        ("explain web-1", "Began 2026-11-25 03:14:14 CET", "Began 2026-11-25 02:14:14 UTC"),
        ("explain web-1", "DONE (CET)", "DONE (UTC)"),
        ("incident show web-1", "  03:14:53   rollback to dep-40", "  02:14:53   rollback to dep-40"),
        ("incident list", "ONSET (CET)", "ONSET (UTC)"),
        ("incident list", "2026-11-25 03:14:14", "2026-11-25 02:14:14"),
        ("report history", "03:14", "02:14"),
        ("status", "Times are CE", "Times are UTC."),
        (
            "service why-not web 2026-11-25T02:14:30Z",
            "web at 2026-11-25 03:14:30 CET",
            "web at 2026-11-25 02:14:30 UTC",
        ),
        ("report follow-ups", "DUE (CE", "DUE (UTC)"),
    ],
)
def test_what_people_read_is_local(words: str, local: str, utc: str, typed: Typed) -> None:
    assert local in typed(*words.split())
    assert utc in typed(*words.split(), "--utc") and utc in typed("--utc", *words.split())


def test_a_time_of_the_other_season_has_its_own_zone() -> None:
    """Else it would be an hour off below a head that names the present one."""
    summer = replace(x.incident(), onset_at=SUMMER)
    assert [row[1] for row in table_rows.incidents([summer, x.incident()], {}, x.BEGIN, LocalZone())] == [
        "2026-07-01 04:00:00 CEST",
        "2026-11-25 03:14:14",
    ]
    acted = [x.incident(), x.incident(requested_at=SUMMER)]
    assert [line.split()[1] for line in history(acted, {}, "table", tz=LocalZone())] == ["TIME", "03:14", "04:00"]
    assert " 04:00 CEST  " in history(acted, {}, "table", tz=LocalZone())[2]


def test_a_time_that_is_typed_is_local(typed: Typed) -> None:
    told = "web at 2026-11-25 03:14:30 CET"
    assert typed("service", "why-not", "web", "2026-11-25 03:14:30").startswith(told)
    assert typed("service", "why-not", "web", "2026-11-25 02:14:30 UTC").startswith(told)
    in_utc = typed("service", "why-not", "web", "2026-11-25 02:14:30", "--utc")
    assert in_utc.startswith("web at 2026-11-25 02:14:30 UTC")


def test_scripts_and_documents_are_utc(typed: Typed) -> None:
    """JSON, the runbook's table, the post-mortem: they are read elsewhere."""
    assert json.loads(typed("explain", "web-1", "--json"))["incident"]["onset_at"] == "2026-11-25T02:14:14Z"
    assert "| 2026-11-25 | 02:14 |" in typed("report", "history", "--format", "markdown")
    assert "Times are UTC" in typed("incident", "postmortem", "web-1")

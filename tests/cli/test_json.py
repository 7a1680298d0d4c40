"""`--json`: facts for scripts, in the shapes of the console's API, with times in ISO 8601."""

import json
from dataclasses import dataclass, fields
from typing import Any

import pytest

from tests.cli.conftest import Typed
from watchdog.cli.json_output import json_lines, plain
from watchdog.console.views.follow_up_views import ChecklistView
from watchdog.console.views.view_models import Incidents, IncidentView, Overview
from watchdog.domain.readings import Bad
from watchdog.domain.reports import SignalReport
from watchdog.domain.severity import Severity
from watchdog.presentation.status_text import report_record

ONSET = "2026-11-25T02:14:14Z"


def names(view: type) -> set[str]:
    return {field.name for field in fields(view)}


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("status", names(Overview)),
        ("incident list", names(Incidents)),
        ("incident show web-1", names(IncidentView)),
        ("explain web-1", names(IncidentView)),
        ("service why-not web 2026-11-25T02:14:30Z", {"service", "at", "because", "minutes", "notes", "incidents"}),
        ("report digest", {"since", "until", "title", "lines"}),
        (
            "incident postmortem web-1",
            {"incident", "checklists", "ended_at", "target_seconds", "timeline", "minutes", "notes", "root_cause"}
            | {"commits", "commits_why"},
        ),
    ],
)
def test_one_object_in_the_documented_shape(words: str, keys: set[str], typed: Typed) -> None:
    told = json.loads(typed(*words.split(), "--json"))
    assert set(told) == keys and not list(numbers_for_times(told))


def numbers_for_times(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from numbers_for_times(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from numbers_for_times(one)
    elif isinstance(value, float) and value > 1e9:
        yield name, value


@pytest.mark.parametrize("words", ["incident checklist web-1", "report history", "report stats", "report follow-ups"])
def test_an_array_of_records(words: str, typed: Typed) -> None:
    assert isinstance(json.loads(typed(*words.split(), "--json")), list)


def test_the_incident_is_told_as_the_api_tells_it(typed: Typed) -> None:
    one = json.loads(typed("incident", "show", "web-1", "--json"))
    assert one["incident"]["onset_at"] == ONSET and one["decision"]["course"] == "rollback"
    (row,) = json.loads(typed("incident", "list", "--json"))["incidents"]
    assert row == one["incident"]
    before_it_was_opened = "2026-11-25T02:14:30Z"
    assert json.loads(typed("service", "why-not", "web", before_it_was_opened, "--json"))["incidents"]
    draft = json.loads(typed("incident", "postmortem", "web-1", "--json"))
    assert draft["incident"] == one | {"at": draft["incident"]["at"]}
    assert set(draft["checklists"]) == names(ChecklistView)
    assert {"at": "2026-11-25T02:14:53Z", "source": "done"}.items() <= draft["timeline"][-6].items()


@dataclass(frozen=True)
class Facts:
    """Something of every kind."""

    at: float
    closed_at: float | None
    seconds: float
    severity: Severity
    parts: tuple[str, ...]


def test_times_are_told_by_their_names() -> None:
    """A duration stays a number; a foreign word drives no terminal."""
    facts = Facts(1795572844.0, None, 4.0, Severity.HIGH, ("\x9b31m",))
    assert plain(facts) == {
        "at": "2026-11-25T02:14:04Z", "closed_at": None, "seconds": 4.0, "severity": "high", "parts": ["\x9b31m"]
    }  # fmt: skip
    (line,) = json_lines(facts, compact=True)
    assert line.isascii() and json.loads(line)["parts"] == ["\x9b31m"]
    assert report_record(SignalReport("web", "home", Bad("HTTP 503"), 0.00412)) == {
        "service": "web", "signal": "home", "verdict": "bad", "why": "HTTP 503", "latency_seconds": 0.0041
    }  # fmt: skip

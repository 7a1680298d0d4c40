"""The demo's judge: a run is as expected only if the sandbox's own log says so. (CI runs whole demos.)"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.app.scenes import settings_of, wired
from tests.cli import examples as x
from watchdog.app.sandbox_demo.announcer import Announcer
from watchdog.app.sandbox_demo.demo import EXPECTED, FULL, Pacing, demo, judge
from watchdog.domain.errors import Permanent
from watchdog.domain.reports import DemoResult
from watchdog.sandbox.scenarios.scenario_table import SCENARIOS

Entry = dict[str, Any]
RENDER = {"what": "request", "vendor": "render"}
ONSET = {"at": 100.0, "what": "fault_started", "target": "web"}
PATCH = {"at": 149.0, **RENDER, "method": "PATCH", "path": "/render/v1/services/srv-web"}
PINNED = {"at": 149.1, "what": "auto_deploy_changed", "from": "commit", "to": "off"}
POST = {"at": 150.0, **RENDER, "method": "POST", "path": "/render/v1/services/srv-web/rollback"}
ACCEPTED = {"at": 150.1, "what": "rollback_accepted", "deploy": "dep-43", "target": "dep-40"}
PAGE = {"at": 151.0, "what": "pagerduty_trigger", "dedup_key": "web-1"}
LIVE = {"at": 210.0, "what": "deploy_live", "deploy": "dep-43"}
RESOLVED = {"at": 260.0, "what": "pagerduty_resolve", "dedup_key": "web-1"}
GOOD: tuple[Entry, ...] = (ONSET, PATCH, PINNED, POST, ACCEPTED, PAGE, LIVE, RESOLVED)


async def judged(folder: Path, scenario: str, story: Sequence[Entry], verified: bool = True) -> DemoResult:
    async with wired(settings_of(folder)) as app:
        incident = x.incident(verified_at=250.0 if verified else None)
        return judge(scenario, story, incident, app, folder / "watchdog.yaml")


async def test_the_right_answer_is_as_expected(tmp_path: Path) -> None:
    """Numbers are seconds since the onset in the sandbox's log."""
    result = await judged(tmp_path, "bad-deploy", GOOD)
    assert (result.as_expected, result.deviations) == (True, ())
    assert (result.onset_to_rollback_request_seconds, result.onset_to_restored_seconds) == (50.0, 110.0)
    assert (result.rollbacks, result.pages, result.rolled_back_to) == (1, 1, "dep-40")
    assert result.writes == ("PATCH service 1", "POST rollback 1")


@pytest.mark.parametrize(
    ("story", "verified", "word"),
    [
        ((*GOOD, POST, {**ACCEPTED, "deploy": "dep-44"}), True, "rollbacks is 2"),
        (tuple(entry for entry in GOOD if entry not in (POST, ACCEPTED, LIVE)), False, "rollbacks is 0"),
        ((ONSET, POST, ACCEPTED, PATCH, PINNED, PAGE, LIVE, RESOLVED), True, "auto-deploy was not off before"),
        (tuple(entry for entry in GOOD if entry is not PAGE), True, "pages is 0"),
        ((*GOOD, PAGE), True, "pages is 2"),
        ((*GOOD[:4], {**ACCEPTED, "target": "dep-39"}, *GOOD[5:]), True, "rolled back to is dep-39"),
        ((ONSET, PATCH, PINNED, {**POST, "at": 180.0}, *GOOD[4:]), True, "the rollback request took 80.0 s"),
        ((*GOOD[:6], {**LIVE, "at": 401.0}, RESOLVED), True, "restoring took 301.0 s"),
        (GOOD, False, "verified is False"),
    ],
)
async def test_anything_else_is_said_in_words(
    tmp_path: Path, story: Sequence[Entry], verified: bool, word: str
) -> None:
    result = await judged(tmp_path, "bad-deploy", story, verified)
    assert not result.as_expected and any(word in why for why in result.deviations), result.deviations


async def test_where_nothing_may_be_written_a_write_is_a_deviation(tmp_path: Path) -> None:
    """A pin alone is one too."""
    result = await judged(tmp_path, "upstream-outage", (ONSET, PATCH, PINNED, PAGE), verified=False)
    assert any("Render was written to" in why for why in result.deviations)


async def test_every_scenario_of_the_sandbox_has_its_right_answer_and_an_unknown_one_is_refused() -> None:
    assert set(EXPECTED) == set(SCENARIOS)
    with pytest.raises(Permanent, match="bad-deploy"):
        await demo("sunny")


def test_what_is_shortened_is_said() -> None:
    """The shipped defaults shorten nothing; the demo names both figures it changes."""
    assert [words.partition(" ")[0] for words in Pacing().shortened] == ["verification", "the"]
    assert "180s" in FULL.yaml or "3m" in FULL.yaml


@pytest.mark.nightly
@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize("scenario", EXPECTED)
def test_a_scenario_ends_as_expected_in_both_shapes(scenario: str, quirks: bool) -> None:
    result = asyncio.run(demo(scenario, quirks=quirks))
    assert result.as_expected, result.deviations


SERVED = {"at": 110.0, "what": "deploy_live", "service": "web", "deploy": "dep-42", "commit": "9f3c2abd4e5f"}
BROKEN = {"at": 114.0, "what": "fault_started", "target": "web", "kind": "error", "deploy": "dep-42"}
OUTSIDE = {"at": 120.0, "what": "fault_started", "target": "openai", "kind": "outage"}
ASKED = {"at": 111.0, "what": "request", "vendor": "render", "method": "GET", "path": "/"}


def test_each_entry_is_announced_once() -> None:
    """The demo says which deploy breaks the site, as the simulated cloud's log has it."""
    told: list[tuple[float, str, str]] = []
    announcer = Announcer(lambda *line: told.append(line))
    for story in ([SERVED, ASKED], [SERVED, ASKED], [SERVED, ASKED, BROKEN, OUTSIDE]):
        announcer.tell(story)
    assert told == [
        (110.0, "DEPLOY", "dep-42 (commit 9f3c2ab) is live on web"),
        (114.0, "FAULT", "web begins to fail (error): dep-42 breaks it"),
        (120.0, "FAULT", "openai begins to fail (outage)"),
    ]

"""A whole drill in the sandbox: the real daemon, a known-bad commit, a scoreboard, and nothing left behind."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from tests.app.test_live_episode import processes_in
from tests.support.daemon_processes import SHORT
from watchdog.app.drills.sandbox_drill import SandboxDrill, sandbox_drill
from watchdog.app.sandbox_demo import sandbox_process
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.drills.drill import TARGETS, DrillStep
from watchdog.presentation.drills.drill_text import record, scoreboard
from watchdog.sandbox.world import COMMITS, STAGING

LIMITS = {step.value: target.seconds for step, target in TARGETS.items()}


def held(folder: Path, limits: dict[str, float], said: list[str]) -> SandboxDrill:
    return asyncio.run(sandbox_drill("terminal:ann", SystemClock(), said.append, limits, shortened=SHORT, into=folder))


@pytest.mark.long
def test_a_known_bad_commit_is_rolled_back_timed_and_cleaned_up(tmp_path: Path) -> None:
    """By the daemon alone; the times are in their order; production is untouched; no process is left.

    A limit that was missed fails the drill.
    """
    said: list[str] = []
    found = held(tmp_path, {**LIMITS, DrillStep.DECIDED: 0.1}, said)
    drill = found.drill
    assert (drill.verdict, drill.missed) == ("failed", (DrillStep.DECIDED,)), (drill, said)
    assert (drill.problems, drill.left, drill.good, drill.incident) == ((), (), "dep-32", f"{STAGING}-1")
    order = [drill.took[step] for step in ("detected", "decided", "requested", "restored", "verified")]
    assert order == sorted(order) and set(drill.took) == {*drill.steps}
    story = sandbox_process.lines_of(tmp_path / "sandbox.jsonl")
    changes = [
        (one["method"], one["path"].rpartition("/v1")[2])
        for one in story
        if one["what"] == "request" and one.get("vendor") == "render" and one["method"] != "GET"
    ]
    path = f"/services/srv-{STAGING}"
    assert changes == [("POST", f"{path}/deploys"), ("PATCH", path), ("POST", f"{path}/rollback"), ("PATCH", path)]
    commits = [one["commit"] for one in story if one["what"] == "deploy_live"]
    assert commits == [COMMITS["bad"][0], COMMITS["40"][0]]
    assert [one["to"] for one in story if one["what"] == "auto_deploy_changed"] == ["off", "commit"]
    assert not processes_in(tmp_path)
    lines = scoreboard(drill)
    assert lines[0].endswith("FAILED") and sum(line.endswith("too late") for line in lines) == 1
    assert lines[-1] == "  Cleaned up: nothing is left."
    assert [one["step"] for one in json.loads(json.dumps(record(drill)))["steps"]] == list(drill.steps)


@pytest.mark.long
def test_ctrl_c_in_the_middle_leaves_the_good_version_live(tmp_path: Path) -> None:
    """It cleans up first, and ends its processes then."""
    said: list[str] = []

    async def broken_off() -> None:
        drill = sandbox_drill("terminal:ann", SystemClock(), said.append, LIMITS, shortened=SHORT, into=tmp_path)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(drill)
            while not any("outage begins" in line for line in said):
                await asyncio.sleep(0.05)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    asyncio.run(broken_off())
    assert "interrupted: cleaning up first" in said
    assert not any(line.startswith("LEFT") for line in said), said
    story = sandbox_process.lines_of(tmp_path / "sandbox.jsonl")
    live = [one["commit"] for one in story if one["what"] == "deploy_live"]
    assert live == [COMMITS["bad"][0], COMMITS["40"][0]]
    assert sum(one["what"] == "rollback_accepted" for one in story) == 1
    assert not processes_in(tmp_path)

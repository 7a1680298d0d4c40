"""One live episode with real processes, and that none of them outlives it. (The command plays many, at full length.)"""

import asyncio
import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.scenes import URLS
from tests.support.clocks import PATIENCE_SECONDS, eventually
from tests.support.daemon_processes import SHORT, environment, until
from watchdog.app.live.episode_kinds import KINDS, EpisodePlan, plans
from watchdog.app.live.live_episode import configure
from watchdog.app.live.live_suite import play_all
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import Permanent


def soon(plan: EpisodePlan) -> EpisodePlan:
    """Return the plan with everything that only takes time left out."""
    return dataclasses.replace(plan, phase=0.0, build=0.2, update=0.2, after=0.0)


def processes_in(folder: Path) -> dict[int, list[str]]:
    """Return the numbers and command lines of the processes that work in a folder or were told of it."""
    found = {}
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (one / "cmdline").read_text().split("\0")
            if str(folder) in " ".join(told) or str(folder) in os.readlink(one / "cwd"):
                found[int(one.name)] = told
    return found


@pytest.mark.long
def test_a_bad_deploy_is_rolled_back_by_the_real_daemon(tmp_path: Path) -> None:
    """To what served before, once, with one page; then both processes are gone. Detection is shortened."""
    (seen,) = asyncio.run(play_all([soon(plans(("hard-down",), "1", 1)[0])], tmp_path, SystemClock(), 1, SHORT))
    assert seen.wrong == () and (seen.target, seen.rollbacks, seen.pages) == ("dep-40", 1, 1)
    assert seen.at is not None and seen.pinned_at is not None and 3.0 <= seen.pinned_at <= seen.at
    assert not processes_in(tmp_path)


async def test_processes_are_ended_when_it_is_called_off(tmp_path: Path) -> None:
    """As Ctrl-C calls it off: in the middle of an episode."""
    plan = dataclasses.replace(plans(("hard-down",), "1", 1)[0], phase=120.0)
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(play_all([plan], tmp_path, SystemClock(), 1, SHORT))
        await eventually(lambda: len(processes_in(tmp_path)) == 2 or playing.done())
        assert not playing.done()
        playing.cancel()
    assert not processes_in(tmp_path)


def test_the_command_leaves_nothing_when_it_is_terminated(tmp_path: Path) -> None:
    """No process, no folder; the exit code is that of an interruption."""
    command = [sys.executable, "-m", "watchdog", "lab", "live", "--episodes", "1", "--kinds", "hard-down"]
    variables = environment({"TMPDIR": str(tmp_path)})
    process = subprocess.Popen(command, env=variables, start_new_session=True)
    try:
        until(lambda: len(processes_in(tmp_path)) == 2 or process.poll() is not None)
        assert process.poll() is None and any(tmp_path.iterdir())
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 130
    finally:
        process.kill()
        process.wait()
    assert not processes_in(tmp_path) and not any(tmp_path.iterdir())


@pytest.mark.long
async def test_a_daemon_that_is_dead_does_not_pass_for_one_that_left_a_blip_alone(tmp_path: Path) -> None:
    """Nothing is done by it, and the episode is wrong all the same."""
    plan = dataclasses.replace(soon(plans(("restart-blip",), "1", 1)[0]), lasts=120.0)
    playing = asyncio.create_task(play_all([plan], tmp_path, SystemClock(), 1, SHORT))
    await eventually(lambda: any("fault_started" in one.read_text() for one in tmp_path.glob("*/sandbox.jsonl")))
    for process, told in processes_in(tmp_path).items():
        if "run" in told:
            os.kill(process, signal.SIGKILL)
    (seen,) = await playing
    assert not seen.played and any("the daemon ended" in one for one in seen.wrong)


def test_what_is_wrong_with_the_machinery_is_one_error_in_words(tmp_path: Path) -> None:
    """Not a group of them: the command line tells it in a line."""
    plan = dataclasses.replace(soon(plans(("hard-down",), "1", 1)[0]), replacements={"no such line": ""})
    with pytest.raises(Permanent, match="no such line"):
        asyncio.run(play_all([plan], tmp_path, SystemClock(), 1, SHORT))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_replaced_is_there(tmp_path: Path, kind: str) -> None:
    """The sandbox's written configuration has every line that an episode replaces."""
    text = configure(tmp_path, URLS, plans((kind,), "1", 1)[0], "").read_text()
    assert 'release: "{commit}"' in text and ('contains: "ok"' in text) is (kind == "wrong-body")
    assert "{render_events: default}" in text

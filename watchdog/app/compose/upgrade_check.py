"""After an upgrade, once: this version decides the recorded past again, and people see what is other before it acts.

Rule 1: until then nothing is rolled back unasked: an action hold, which ends by itself should this never come to its
end. A rollback that it holds back is asked about.
Rule 2: the past is replayed by a process of its own (`watchdog lab replay --since-upgrade`), with low priority: the
site is watched meanwhile as ever.
Rule 3: it is done when people were told, also that it could not be done: MARK in the folder of recordings says for
which version. Where nothing was recorded, as without a disk, there is nothing to decide again, and the log says so.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from watchdog import __version__
from watchdog.adapters.recordings.recording_reader import version_of
from watchdog.app.compose.composition import App
from watchdog.core.updates import upgrade_notice
from watchdog.domain.events import Held, PastDecidedAgain
from watchdog.domain.policy import Mode

MARK = "decided-again.json"
REPLAY_SECONDS_MAX = 1800.0
HOLD_SECONDS = 2000.0
PRIORITY = 10
LOOK_SECONDS = 1.0
AGAIN_SECONDS = 10.0
HOW = "watchdog lab replay --since-upgrade"

log = structlog.get_logger("watchdog")


async def decide_past_again(app: App) -> None:
    """Do so if another version recorded something before this one, and it was not done yet."""
    folder = app.settings.record.folder
    if folder is None or not await asyncio.to_thread(_is_due, folder):
        return
    while not app.engine.held:
        await app.clock.sleep(LOOK_SECONDS)
    await _hold(app)
    title, lines = await _replayed(folder)
    log.info("the past was decided again after an upgrade", result=title)
    while not await app.engine.submit_and_wait(PastDecidedAgain(app.clock.now(), title, lines)):
        await app.clock.sleep(AGAIN_SECONDS)  # it cannot be written down now, so nothing came of it
    await asyncio.to_thread(_mark, folder)


async def _hold(app: App) -> None:
    """Have nothing rolled back unasked, where that could be; a start before this one may have done so."""
    engine, now = app.engine, app.clock.now()
    may_act = any(service.mode is Mode.AUTONOMOUS for service in engine.policy.services.values())
    if may_act and not any(one.by == upgrade_notice.BY for one in engine.state.holds):
        reason = f"watchdog {__version__} first decides again what earlier versions did"
        await engine.submit_and_wait(Held(now, upgrade_notice.BY, now + HOLD_SECONDS, reason))


def _is_due(folder: Path) -> bool:
    try:
        if json.loads((folder / MARK).read_text(encoding="utf-8"))["watchdog"] == __version__:
            return False
    except (OSError, ValueError, KeyError, TypeError):
        pass  # it was never done
    recordings = sorted(folder.glob("*.jsonl.gz"), reverse=True) if folder.is_dir() else []
    if not recordings:
        log.info("nothing recorded before: should this be an upgrade, the past is not decided again")
    return any(version_of(path) not in ("", __version__) for path in recordings)


def _mark(folder: Path) -> None:
    try:
        (folder / MARK).write_text(json.dumps({"watchdog": __version__}), encoding="utf-8")
    except OSError as error:
        log.warning("the past will be decided again at the next start, too", why=error.strerror)


async def _replayed(folder: Path) -> tuple[str, tuple[str, ...]]:
    """Return what is to be told: what came of the replay, or why nothing did."""
    command = ("-m", "watchdog", "lab", "replay", "--since-upgrade", "--json", str(folder))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=pipe, stderr=pipe)
    try:
        os.setpriority(os.PRIO_PROCESS, process.pid, PRIORITY)
        async with asyncio.timeout(REPLAY_SECONDS_MAX):
            out, err = await process.communicate()
    except TimeoutError:
        return _not_done(f"it took more than {REPLAY_SECONDS_MAX / 60:.0f} min")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found = _found(out)
    if found is None:
        words = err.decode(errors="replace").strip().splitlines()
        return _not_done(words[-1] if words else f"the replay ended with exit code {process.returncode}")
    return str(found["title"]), tuple(map(str, found["lines"]))


def _found(out: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(out)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"title", "lines"} <= found.keys() else None


def _not_done(why: str) -> tuple[str, tuple[str, ...]]:
    title = f"watchdog {__version__} could not decide again what earlier versions did"
    return title, (
        f"Why: {why}.",
        f"What to do: run `{HOW}` beside the daemon; it acts as its modes allow from now on.",
    )

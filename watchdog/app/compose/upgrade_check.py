"""After an upgrade, once: this version decides the recorded past again, and people see differences before it acts.

Rule 1: until then nothing is rolled back without approval: an action hold, which expires by itself if the comparison
never finishes, turns a rollback into a question. If a decision differs, the hold lasts LOOK_SECONDS longer.
Rule 2: a process of its own replays the past (`watchdog lab replay --since-upgrade`) at low priority, so that probes
are not delayed.
Rule 3: MARK in the folder of recordings names the version for which it was done, and the number of attempts; if it
cannot be written, no attempt is made. Without recordings, as without a disk, there is nothing to decide again.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from watchdog import __version__
from watchdog.adapters.recordings.judgement_digest import ours
from watchdog.adapters.recordings.recording_format import SUFFIX
from watchdog.adapters.recordings.recording_reader import judgement_of
from watchdog.adapters.stores import database_path
from watchdog.app.compose.composition import App
from watchdog.core.assess.suppression import UPGRADE
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.events import Held, PastDecidedAgain
from watchdog.domain.policy import Mode

MARK = "decided-again.json"
TRIES_MAX = 2
REPLAY_SECONDS_MAX = 1800.0
# Longer than REPLAY_SECONDS_MAX: the hold outlasts even a replay that is cut off.
HOLD_SECONDS = 2000.0
LOOK_SECONDS = 900.0
# As `nice` counts: 0 is usual, 19 the lowest.
PRIORITY = 10
POLL_SECONDS = 0.05
AGAIN_SECONDS = 10.0
HOW = command_line("lab replay", "--since-upgrade")

log = structlog.get_logger("watchdog")


class UpgradeResult(NamedTuple):
    """The result for people; `other`: at least one decision differs."""

    title: str
    lines: tuple[str, ...]
    other: bool = False


def is_due(folder: Path | None) -> bool:
    """Return whether another version left recordings not yet compared. Reads the disk."""
    try:
        if folder is None or not folder.is_dir() or _mark(folder)["done"]:
            return False
        # Newest first: `any` stops at the first file of another version.
        recordings = sorted(folder.glob(f"*{SUFFIX}"), reverse=True)
        return any(judgement_of(path) not in (None, ours()) for path in recordings)
    # No permission, or a name that is too long: the recorder reports it, and the daemon must start all the same.
    except OSError:
        return False


async def decide_past_again(app: App, folder: Path) -> None:
    """Replay and report; a start that was killed half-way is followed by one that begins anew."""
    engine, clock = app.engine, app.clock
    # The hold needs a lease: without a service of ours the step would not be saved.
    while not engine.held:
        await clock.sleep(POLL_SECONDS)
    tries = _mark(folder)["tries"]
    # Counted before it begins: a replay that kills the process must not be tried at every start for ever.
    if not await asyncio.to_thread(_write_mark, folder, {"tries": tries + 1}):
        return
    holds = await _hold(app)
    again = f"it was begun {tries} times, and never came to its end"
    # Given up, people are notified all the same: silence would look like a comparison without differences.
    found = await _replayed(folder) if tries < TRIES_MAX else _not_done(again)
    log.info("upgrade check finished", result=found.title)
    until = clock.now() + LOOK_SECONDS if found.other else None
    while not await engine.submit_and_wait(PastDecidedAgain(clock.now(), found.title, found.lines, holds, until)):
        # The step could not be saved now, so it had no effect.
        await clock.sleep(AGAIN_SECONDS)
    # Marked only once people have the result: a crash before repeats the comparison.
    await asyncio.to_thread(_write_mark, folder, {"done": True})


async def _hold(app: App) -> tuple[str, ...]:
    """Hold rollbacks without approval; return the names of the holds that end with the comparison.

    If no other worker uses this store, the holds of a killed start end with it as well.
    """
    engine, now = app.engine, app.clock.now()
    # A store in a file has one worker; on a shared one another worker's hold may still be needed.
    alone = database_path(app.settings.store_url) is not None
    # In mode observe nothing is rolled back, so there is nothing to hold.
    if all(service.mode is Mode.OBSERVE for service in engine.policy.services.values()):
        return ()
    reason = f"watchdog {__version__} first decides again what was decided before the upgrade"
    made = await engine.answer(Held(now, UPGRADE, now + HOLD_SECONDS, reason))
    known = () if alone else [one.name for one in made.before.holds]
    return tuple(one.name for one in made.after.holds if one.by == UPGRADE and one.name not in known)


def _mark(folder: Path) -> Mapping[str, Any]:
    """Return the attempts of this version's comparison, and whether it is done."""
    try:
        found = json.loads((folder / MARK).read_text(encoding="utf-8"))
        # By version and digest of the code: two builds of one version may decide differently.
        if found["judgement"] == list(ours()):
            return {"tries": int(found.get("tries", 0)), "done": found.get("done") is True}
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        # Missing, or of another version: no attempt was made by this one.
        pass
    return {"tries": 0, "done": False}


def _write_mark(folder: Path, what: Mapping[str, Any]) -> bool:
    try:
        (folder / MARK).write_text(json.dumps({"judgement": ours(), **what}), encoding="utf-8")
    except OSError as error:
        log.warning("upgrade check skipped, file not writable", file=MARK, why=error.strerror)
        return False
    return True


async def _replayed(folder: Path) -> UpgradeResult:
    """Return the notice to send: the result of the replay, or the reason why there is none."""
    command = ("-m", "watchdog", "lab", "replay", "--since-upgrade", "--json", str(folder))
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=pipe, stderr=pipe)
    except OSError as error:
        return _not_done(f"the replay could not be started ({error.strerror})")
    try:
        # It may fail where this process runs at a lower priority already.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, PRIORITY)
        async with asyncio.timeout(REPLAY_SECONDS_MAX):
            out, err = await process.communicate()
    except TimeoutError:
        return _not_done(f"it took more than {REPLAY_SECONDS_MAX / 60:.0f} min")
    finally:
        # Also when the daemon stops meanwhile: the replay must not outlive it.
        if process.returncode is None:
            process.kill()
            await process.wait()
    # The last line of stderr: an expected error is one sentence there, and a traceback ends with its cause.
    words = err.decode(errors="replace").strip().splitlines()
    return _found(out) or _not_done(words[-1] if words else f"the replay ended with exit code {process.returncode}")


def _found(out: bytes) -> UpgradeResult | None:
    try:
        found = json.loads(out)
        other, lines = not found["same"], tuple(map(str, found["lines"]))
        if other:
            lines += (f"For {LOOK_SECONDS / 60:.0f} min from now each rollback needs approval. Again: `{HOW}`.",)
        return UpgradeResult(str(found["title"]), lines, other)
    except (ValueError, KeyError, TypeError):
        return None


def _not_done(why: str) -> UpgradeResult:
    lines = (f"Why: {why}.", f"What to do: run `{HOW}` beside the daemon; it acts as its modes allow from now on.")
    return UpgradeResult(f"watchdog {__version__} could not decide the past again", lines)

"""One live episode: a sandbox and a daemon as processes of their own, a deploy that breaks the site, and the end.

The daemon is started as a user would start it, with shipped defaults in mode autonomous. Only the verification is
shorter, which comes after the measured delay.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from watchdog.app.live.episode_kinds import EpisodePlan
from watchdog.app.live.live_judgement import PAGED, Seen, judge
from watchdog.app.sandbox_demo import sandbox_process
from watchdog.app.sandbox_demo.sandbox_process import Entry
from watchdog.domain.errors import Permanent
from watchdog.lab.episode import Right
from watchdog.ports import Clock
from watchdog.sandbox.config_file import write_config

SHORTENED = "advanced:\n  verification: {seconds: 10s}\n"
ROLLBACK_SECONDS = "5"
READY_WITHIN_SECONDS = 90.0
ACTS_WITHIN_SECONDS = 660.0
"""The daemon must alert on an intermittent outage within 600 s; one minute is left for the page to arrive."""
CLOSED_WITHIN_SECONDS = 90.0
WATCHED_SECONDS = 20.0
"""A daemon without a probe for this long is dead, so that its inaction proves nothing."""
QUIET_SECONDS = 30.0
"""How long a run continues after its end, or after a blip, to check that no other action follows."""
LOOK_SECONDS = 0.25
STORY_LINES = 12


@dataclass(frozen=True, slots=True)
class LivePair:
    """A running sandbox and daemon: their logs, and the sandbox's admin."""

    folder: Path
    admin: str
    daemon: asyncio.subprocess.Process
    clock: Clock

    def log(self) -> list[Entry]:
        """Return the sandbox's log."""
        return sandbox_process.lines_of(self.folder / "sandbox.jsonl")

    def said(self) -> list[Entry]:
        """Return the daemon's log."""
        return sandbox_process.lines_of(self.folder / "daemon.jsonl")

    def has(self, what: str, **fields: str) -> bool:
        """Return whether the sandbox's log has an entry."""
        return sandbox_process.first_at(self.log(), what=what, **fields) is not None

    async def post(self, path: str, **body: Any) -> None:
        """Post to the sandbox's admin."""
        # A proxy from the environment must not stand in between: every address is on this machine.
        async with httpx.AsyncClient(trust_env=False, timeout=10.0) as client:
            (await client.post(f"{self.admin}/{path}", json=body)).raise_for_status()

    async def until(self, condition: Callable[[], bool], within_seconds: float) -> bool:
        """Wait for a condition; False after the timeout. Raises Permanent if the daemon ended."""
        give_up = self.clock.monotonic() + within_seconds
        while not condition():
            if self.daemon.returncode is not None:
                raise Permanent(f"the daemon ended with {self.daemon.returncode}: {self.words()}")
            if self.clock.monotonic() > give_up:
                return False
            await self.clock.sleep(LOOK_SECONDS)
        return True

    async def passing(self, seconds: float) -> None:
        """Wait. Raises Permanent if the daemon ended."""
        await self.until(lambda: False, seconds)

    async def still_watched(self) -> list[str]:
        """Return a problem if the site is no longer probed: inaction counts only if the daemon was watching."""
        async with httpx.AsyncClient(trust_env=False, timeout=10.0) as client:
            hits = (await client.get(f"{self.admin}/hits")).json()
        looked_at = max((at for at, service, _, _ in hits if service == "web"), default=0.0)
        ago = self.clock.now() - looked_at
        return [] if ago <= WATCHED_SECONDS else [f"the site was not probed for the last {ago:.0f} s"]

    def words(self) -> str:
        """Return the end of the daemon's story, and of its stderr, in one line."""
        told = [str(line.get("text", "")) for line in self.said() if line.get("event") == "story"]
        errors = (self.folder / "daemon.err").read_text(encoding="utf-8", errors="replace")
        return " / ".join([*told[-STORY_LINES:], *errors.splitlines()[-3:]])


async def play(plan: EpisodePlan, folder: Path, clock: Clock, shortened: str = SHORTENED) -> Seen:
    """Play an episode in an empty folder, and return its judgement; its processes are ended in any case."""
    async with AsyncExitStack() as stack:
        log = folder / "sandbox.jsonl"
        errors = stack.enter_context((folder / "sandbox.err").open("wb"))
        options = ("--seed", str(plan.luck), "--rollback-seconds", ROLLBACK_SECONDS, "--log-file", str(log))
        urls = await stack.enter_async_context(sandbox_process.sandbox(*options, errors=errors))
        config = configure(folder, urls, plan, shortened)
        out = stack.enter_context((folder / "daemon.jsonl").open("wb"))
        err = stack.enter_context((folder / "daemon.err").open("wb"))
        daemon = await stack.enter_async_context(
            sandbox_process.running("watchdog", "run", "-c", str(config), out=out, errors=err, folder=folder)
        )
        return await _play(plan, LivePair(folder, urls["admin"], daemon, clock))


def configure(folder: Path, urls: dict[str, Any], plan: EpisodePlan, shortened: str) -> Path:
    """Write the configuration of an episode. Raises Permanent if a replacement finds no match."""
    config = write_config(folder, urls, more=shortened)
    text = config.read_text(encoding="utf-8")
    for old, new in plan.replacements.items():
        if old not in text:
            raise Permanent(f"the sandbox's configuration has no {old!r} any more: adapt app/live/episode_kinds.py")
        text = text.replace(old, new)
    config.write_text(text, encoding="utf-8")
    return config


async def _play(plan: EpisodePlan, pair: LivePair) -> Seen:
    played = False
    try:
        if await pair.until(lambda: _ready(pair), READY_WITHIN_SECONDS):
            await pair.passing(plan.phase)
            troubles, played = await _told(plan, pair), True
        else:
            troubles = ["the daemon did not get ready: is the machine too busy?"]
    # The machinery failed, which says nothing about the delay: the episode counts as wrong, and not as played.
    except (Permanent, httpx.HTTPError) as error:
        troubles = [f"{type(error).__name__}: {error}"]
    seen = judge(plan, pair.log(), troubles, played=played)
    return replace(seen, wrong=(*seen.wrong, f"its story: {pair.words()}")) if seen.wrong else seen


async def _told(plan: EpisodePlan, pair: LivePair) -> list[str]:
    """Start the fault, and wait for the end; return the steps that did not finish in time."""
    await _begin(plan, pair)
    if plan.lasts is not None:
        await pair.passing(plan.lasts)
        await pair.post("faults", target="web", kind="good")
        await pair.passing(QUIET_SECONDS)
        return await pair.still_watched()
    done = await _until_done(plan, pair)
    if not done:
        return [f"nothing was done in {ACTS_WITHIN_SECONDS:.0f} s"]
    # No recovery is waited for: a paged incident is left to people. Only a second action would be wrong.
    if plan.right is Right.PAGE:
        await pair.passing(QUIET_SECONDS)
        return []
    closed = await pair.until(lambda: pair.has("pagerduty_resolve"), CLOSED_WITHIN_SECONDS)
    return [] if closed else ["its recovery was not proved"]


def _ready(pair: LivePair) -> bool:
    """Return whether the daemon watches and has read the deploys."""
    watching = any(line.get("event") == "watching" for line in pair.said())
    return watching and any(entry.get("path", "").endswith("/deploys") for entry in pair.log())


async def _begin(plan: EpisodePlan, pair: LivePair) -> None:
    """Deploy, if the plan has a deploy, and start the fault."""
    if plan.deploys:
        # The deploy of a blip is good: only its restart fails, by the fault posted below and ended by the caller.
        bad = {} if plan.lasts is not None else {"behaviour": {**plan.behaviour, "after_seconds": plan.after}}
        await pair.post("deploys", build_seconds=plan.build, update_seconds=plan.update, **bad)
        live = plan.build + plan.update + 30.0
        await pair.until(lambda: pair.has("deploy_live", deploy="dep-42"), live)
    if not plan.deploys or plan.lasts is not None:
        await pair.post("faults", target="web", **plan.behaviour)
    await pair.until(lambda: pair.has("fault_started"), plan.after + 30.0)


async def _until_done(plan: EpisodePlan, pair: LivePair) -> bool:
    """Wait for the rollback, or for the page without one; meanwhile the platform reports its crashes."""
    what = "rollback_accepted" if plan.right is Right.ROLLBACK else PAGED
    if not plan.crash_every:
        return await pair.until(lambda: pair.has(what), ACTS_WITHIN_SECONDS)
    await pair.passing(plan.crash_first)
    for _ in range(int(ACTS_WITHIN_SECONDS / plan.crash_every)):
        await pair.post("events", type="server_failed", details={"reason": {"evicted": False, "nonZeroExit": 1}})
        if await pair.until(lambda: pair.has(what), plan.crash_every):
            return True
    return False

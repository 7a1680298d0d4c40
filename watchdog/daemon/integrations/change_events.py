"""Tells a pager of deploys and rollbacks, so that they stand beside its incidents; nobody is notified.

Rule 1: it is told when another deploy serves than before. What served when we first looked is no change.
Rule 2: it may be lost: a few attempts, a short queue, and never in the way of anything else.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import structlog

from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.runtime.hooks import service_of
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.pager import Change
from watchdog.ports import Clock

GAPS_SECONDS = (2.0, 10.0, 60.0)
"""Pauses before the further attempts; then it is given up."""
WAITING_MAX = 50

log = structlog.get_logger("watchdog")


class ChangeLog(Protocol):
    """Where changes of production are shown beside pages; nobody is notified. Raises Temporary or Permanent."""

    async def note(self, change: Change) -> None:
        """Show it there, in one attempt."""


class ChangeEvents:
    """Notes each change of the deploy that serves."""

    def __init__(self, changes: ChangeLog, clock: Clock) -> None:
        self._changes = changes
        self._clock = clock
        self._waiting: deque[Change] = deque(maxlen=WAITING_MAX)
        self._nudged = asyncio.Event()

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Queue a change, if there is one since this turn."""
        was, now = service_of(event, before), service_of(event, after)
        if was is None or now is None or was.live in (None, now.live):
            return
        live = live_deploy(now.deploys)
        if live is not None and live.id == now.live:
            self._waiting.append(change_of(now, live, event.at))
            self._nudged.set()

    async def run(self) -> None:
        """Tell for ever, one after the other."""
        while True:
            self._nudged.clear()
            while self._waiting:
                await self._tell(self._waiting.popleft())
            await self._nudged.wait()

    async def _tell(self, change: Change) -> None:
        why = ""
        for gap in (0.0, *GAPS_SECONDS):
            await self._clock.sleep(gap)
            try:
                await self._changes.note(change)
                return
            except Temporary as error:
                why = str(error)
            except Permanent as error:
                why = str(error)
                break
        log.warning("a change could not be told to the pager", deploy=change.deploy, why=why)


def change_of(service: ServiceState, live: Deploy, at: float) -> Change:
    """Return the deploy that serves now as a change; `at` (UTC epoch seconds) is when that was seen."""
    title = live.commit_message.partition("\n")[0]
    code = (live.code or "no commit").removeprefix("sha256:")[:7]
    incident = service.incident
    what = f'deploy {live.id} {code} "{title}" is live'
    if incident is not None and incident.rollback.deploy == live.id:
        what = f"rolled back by the watchdog to {incident.rollback.target} {code} ({incident.id})"
    elif live.is_rollback:
        what = f"rolled back on the platform to {code}"
    page = service.facts.dashboard_url if service.facts is not None else None
    return Change(
        at=live.finished_at or at,
        service=service.name,
        summary=f"{service.name}: {what}",
        deploy=live.id,
        commit=live.code or "",
        message=title,
        trigger=live.trigger,
        href=f"{page}/deploys/{live.id}" if page else "",
    )

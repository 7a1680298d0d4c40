"""Sends deploys and rollbacks to a pager, which shows them beside its incidents and notifies no one.

Rule 1: a change is sent when another deploy serves than before. The deploy that served at the first look is no change.
Rule 2: a change may be lost: a few attempts, a short queue, and never in the way of anything else.
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
"""Pauses before the further attempts; then the change is dropped."""
WAITING_MAX = 50

log = structlog.get_logger("watchdog")


class ChangeLog(Protocol):
    """Shows changes of production beside pages, without a notification. Raises Temporary or Permanent."""

    async def note(self, change: Change) -> None:
        """Show the change, in one attempt."""


class ChangeEvents:
    """Notes each change of the deploy that serves."""

    def __init__(self, changes: ChangeLog, clock: Clock) -> None:
        self._changes = changes
        self._clock = clock
        self._waiting: deque[Change] = deque(maxlen=WAITING_MAX)
        self._nudged = asyncio.Event()

    def stepped(self, before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
        """Queue a change if this step made another deploy live."""
        was, now = service_of(event, before), service_of(event, after)
        # `was.live` None: the first look, which is no change (Rule 1).
        if was is None or now is None or was.live in (None, now.live):
            return
        live = live_deploy(now.deploys)
        # `live` is kept while a list lacks the deploy: only a listed one has a commit to show.
        if live is not None and live.id == now.live:
            self._waiting.append(change_of(now, live, event.at))
            self._nudged.set()

    async def run(self) -> None:
        """Send queued changes one after the other, for ever."""
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
        log.warning("change event not sent to pager", deploy=change.deploy, why=why)


def change_of(service: ServiceState, live: Deploy, at: float) -> Change:
    """Return the live deploy as a change; `at` (UTC epoch seconds) is when the daemon saw it live."""
    title = live.commit_message.partition("\n")[0]
    code = (live.code or "no commit").removeprefix("sha256:")[:7]
    incident = service.incident
    what = f'deploy {live.id} {code} "{title}" is live'
    if incident is not None and incident.rollback.deploy == live.id:
        what = f"rolled back by the watchdog to {incident.rollback.target} {code} ({incident.id})"
        if incident.rollback.rebuilds:
            what = f"commit {code} rebuilt by the watchdog ({incident.id})"
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

"""The effects of a step, each to the part of the daemon that performs it.

Theory. Notices and changes of production have rows in the store, and take time: each runs as a task of its own, for the
outbox or the action runner, and comes back as an event. What concerns the daemon itself (how often something is read,
when the core is woken, the log) is done at once; nothing of it is saved, as a restart asks for it anew.

Rule: an effect with a row runs in one task at a time: a row that is handed over again meanwhile is left alone.
"""

from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

import structlog

from watchdog.daemon.actions.runner import ACTS, ActionRunner
from watchdog.daemon.engine.timers import Timers
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.probing.deploy_poller import DeployPoller
from watchdog.daemon.probing.probe_intervals import ProbeIntervals
from watchdog.daemon.probing.scheduler import ProbeScheduler
from watchdog.daemon.runtime.hooks import Hooks, call_safely
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.domain import effects as fx
from watchdog.domain.effects import Effect, Note
from watchdog.domain.policy import Pace
from watchdog.domain.store_records import PendingEffect

log = structlog.get_logger("watchdog")


class EffectDispatcher:
    """Starts the task of each effect. `delivered` is called with a notice that has no row, once it was sent.

    `scheduler` and `deploy_watches` (by service) read at the pace that the core asks for; their owner sets them.
    """

    def __init__(
        self,
        acts: ActionRunner,
        outbox: Outbox,
        timers: Timers,
        supervisor: Supervisor,
        listeners: Hooks,
        delivered: Callable[[fx.Tell], None],
    ) -> None:
        self.scheduler: ProbeScheduler | None = None
        self.deploy_watches: dict[str, DeployPoller] = {}
        self._acts = acts
        self._outbox = outbox
        self._timers = timers
        self._supervisor = supervisor
        self._listeners = listeners
        self._delivered = delivered
        self._paces = ProbeIntervals()
        self._under_way: set[int] = set()

    @property
    def under_way(self) -> Collection[int]:
        """Return the rows of effects whose task runs."""
        return self._under_way

    def perform(self, item: PendingEffect, *, resumed: bool = False) -> None:
        """Start an effect, unless its task runs already: a service that moved away and back is resumed here."""
        effect, row = item.effect, item.id >= 0
        if item.id in self._under_way:
            return
        if isinstance(effect, fx.Tell):
            work = self._outbox.deliver(item.id, effect, resumed=resumed) if row else self._tell_from_memory(effect)
            self._begin(item.id, f"tell:{effect.notice.incident}", work)
        elif isinstance(effect, ACTS):
            work = self._acts.run(item.id, effect, resumed=resumed)
            self._begin(item.id, f"act:{effect.incident}", work)

    async def _tell_from_memory(self, tell: fx.Tell) -> None:
        await self._outbox.deliver(None, tell)
        self._delivered(tell)

    def _begin(self, effect_id: int, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._supervisor.spawn(name, work)
        # Effects without a row share the id -1, and several may run at once.
        if effect_id >= 0:
            self._under_way.add(effect_id)
            task.add_done_callback(lambda _: self._under_way.discard(effect_id))

    def adjust(self, effects: Sequence[Effect], pace: Pace) -> None:
        """Perform the effects within the daemon: probe intervals, wake-ups, notes."""
        for effect in effects:
            if isinstance(effect, fx.SetPace):
                self._paces.set(effect, pace.idle_seconds, self.scheduler)
            elif isinstance(effect, fx.ReadDeploys) and effect.service in self.deploy_watches:
                self.deploy_watches[effect.service].set_pace(effect.every_seconds)
            elif isinstance(effect, fx.WakeAt):
                self._timers.wake_at(effect.at)
            elif isinstance(effect, Note):
                self._write_note(effect)

    def _write_note(self, note: Note) -> None:
        log.info("story", service=note.service, incident=note.incident, label=note.label, text=note.text)
        for listener in self._listeners.note:
            call_safely(listener, note)

    def forget(self, service: str) -> None:
        """Drop the probe interval of a service that moved to another worker."""
        self._paces.forget(service)

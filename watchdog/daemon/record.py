"""Writing down what was decided, and what becomes of it when the journal does not take it.

Rule: without a record nothing is changed in production (fails closed), but people are told from memory (fails open).
What was told from memory and turns out to stand in the journal after all is not told again: the outbox sees to that.
"""

from collections.abc import Callable, Collection, Sequence

import structlog

from watchdog.daemon.acts import unrecorded
from watchdog.daemon.listeners import Listeners, safely
from watchdog.domain.effects import Effect, Tell
from watchdog.domain.errors import Displaced, Permanent, Stale, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import State
from watchdog.ports import Clock, PendingEffect, Store

OURSELVES = "watchdog"
"""The service that a notice about the watchdog itself names."""
OTHERS_SECONDS = 60.0
"""A notice about the watchdog itself that is older, and still pending, is taken up by whoever has the fleet."""

log = structlog.get_logger("watchdog")


class Recorder:
    """Records steps. `refuse` takes the refusals of changes that could not be recorded; `recovered` is called after."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        listeners: Listeners,
        refuse: Callable[[Event], None],
        recovered: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._listeners = listeners
        self._refuse = refuse
        self._recovered = recovered
        self.trouble = ""

    async def save(self, event: Event | None, state: State, effects: Sequence[Effect]) -> Sequence[PendingEffect]:
        """Write it all down and return what is to be done. Raises Displaced or Stale."""
        try:
            pending = await self._store.save(event, state, effects)
        except (Displaced, Stale):
            raise
        except Exception as error:  # noqa: BLE001  whatever the store dies of, people are told
            return self.failed(effects, error)
        if self.trouble:
            self.trouble = ""
            self._recovered()
        return pending

    def failed(self, effects: Sequence[Effect], error: Exception) -> Sequence[PendingEffect]:
        """Return the notices, to be sent from memory; changes become refusals that the core hears of."""
        known = isinstance(error, (Temporary, Permanent))
        self.trouble = str(error) if known else f"a fault of our own ({type(error).__name__})"
        log.error(
            "the store did not take a record; nothing is changed in production",
            why=self.trouble,
            exc_info=None if known else error,
        )
        for listener in self._listeners.store_failed:
            safely(listener, self.trouble)
        for effect in effects:
            refusal = unrecorded(effect, self._clock.now())
            if refusal is not None:
                self._refuse(refusal)
        return [PendingEffect(-1, effect) for effect in effects if isinstance(effect, Tell)]

    async def left_over(self, names: Collection[str], under_way: Collection[int]) -> Sequence[PendingEffect]:
        """Return recorded effects that nobody performs: a lost commit, or a worker that died. Raises Temporary."""
        pending = await self._store.pending(names)
        return [item for item in pending if item.id not in under_way and not self._may_be_anothers(item.effect)]

    def _may_be_anothers(self, effect: Effect) -> bool:
        """Tell whether another worker may be delivering it now: every worker tells of itself, whoever has the fleet."""
        if not isinstance(effect, Tell) or effect.notice.service != OURSELVES:
            return False
        return self._clock.now() - effect.notice.at < OTHERS_SECONDS

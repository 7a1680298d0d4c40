"""Who was told what: in memory for us, in the store for the next start.

Rule 1: a store that fails or hangs never keeps a page back; what it missed is written when it is back.
Rule 2: memory comes first, for it is never older than the store: it forgets the services that another worker had.
Rule 3: what was sent from memory is not sent again by a row of the same notice: a save whose answer was lost may have
been taken after all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from itertools import chain, repeat
from typing import TypeVar

from cachetools import LRUCache

from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, ServiceState
from watchdog.domain.notices import Notice
from watchdog.ports import Clock, Store

GAPS_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Pauses between attempts, growing; where there is no end to them, the last one for ever."""
STORE_SECONDS = 5.0
REMEMBERED = 1000
"""References kept in memory, deliveries that wait for the store, and notices that were sent without a row."""
GIVE_UP_SECONDS = 86400.0
"""A store that was away for so long is left alone: the next start delivers once more."""

Complain = Callable[[Notice, str], None]
"""Told each time the store fails: the notice at hand, and why."""
Key = tuple[str, str, str]
"""Service, incident, channel."""
T = TypeVar("T")


class DeliveryLog:
    """The record of deliveries. `effect_id` is None for an effect the store has no row of."""

    def __init__(self, store: Store, clock: Clock, complain: Complain) -> None:
        self._store = store
        self._clock = clock
        self._complain = complain
        self._references: LRUCache[Key, str | None] = LRUCache(REMEMBERED)
        self._unrecorded: LRUCache[tuple[int, str], None] = LRUCache(REMEMBERED)
        self._from_memory: LRUCache[tuple[Notice, str], None] = LRUCache(REMEMBERED)

    def settled(self, effect_id: int | None, notice: Notice, channel: str) -> None:
        """Remember that a notice without a row has reached a channel, or need not any more."""
        if effect_id is None:
            self._from_memory[notice, channel] = None

    def settled_from_memory(self, effect_id: int | None, notice: Notice, channel: str) -> bool:
        """Tell whether a notice that has a row now was settled before, when it had none as far as we knew."""
        return effect_id is not None and (notice, channel) in self._from_memory

    async def heard_by(self, effect_id: int | None, notice: Notice) -> Sequence[str]:
        """Return the channels that have it already, from before a restart; none if the store does not say."""
        if effect_id is None:
            return ()
        try:
            return await self._ask(notice, self._store.deliveries(effect_id))
        except Temporary:
            return ()  # then somebody hears it twice

    def forget(self, services: Collection[str]) -> None:
        """Forget what was told of these services: the store knows better, for another worker tells of them."""
        for key in [key for key in self._references if key[0] in services]:
            del self._references[key]

    async def reference(self, notice: Notice, channel: str) -> str | None:
        """Return what the channel's last send for the incident returned; None if nothing is known of one."""
        try:
            return await self._last(notice, channel)
        except Temporary:
            return None  # at worst a second thread; the channel knows that it does not know

    async def was_told(self, effect_id: int | None, notice: Notice, channel: str) -> bool:
        """Tell whether a channel is known to have been told of the incident.

        A store that does not say is asked again, for a day. What it has no row of is known from memory only.
        """
        gaps = chain(GAPS_SECONDS, repeat(GAPS_SECONDS[-1]))
        while True:
            try:
                return await self._last(notice, channel) is not None
            except Temporary:
                if effect_id is None or self._clock.now() - notice.at > GIVE_UP_SECONDS:
                    return False
                await self._clock.sleep(next(gaps))

    async def _last(self, notice: Notice, channel: str) -> str | None:
        """Return the last reference, from memory or else the store. Raises Temporary if the store does not say."""
        key = (notice.service, notice.incident, channel)
        if key in self._references:
            return self._references[key]
        return await self._ask(notice, self._store.reference(notice.incident, channel))

    async def incident(self, notice: Notice) -> Incident | None:
        """Return a notice's incident as the store has it. Raises Temporary if the store does not say."""
        return await self._ask(notice, self._store.incident(notice.incident))

    async def service(self, notice: Notice) -> ServiceState | None:
        """Return a notice's service as the worker that has it saved it. Raises Temporary if the store does not say."""
        state = await self._ask(notice, self._store.load_readonly([notice.service]))
        return state.services.get(notice.service) if state is not None else None

    async def record(self, effect_id: int | None, notice: Notice, channel: str, reference: str | None) -> None:
        """Remember that this channel has it."""
        key = (notice.service, notice.incident, channel)
        self._references[key] = reference
        self.settled(effect_id, notice, channel)
        if effect_id is None:
            return
        try:
            await self._ask(notice, self._store.delivered(effect_id, channel, notice.incident, reference))
        except Temporary:
            self._unrecorded[effect_id, channel] = None

    async def finish(self, effect_id: int | None, notice: Notice, outcomes: Mapping[str, str]) -> None:
        """Close the effect's row, as soon as the store takes it. One that stays away keeps it for the next start."""
        if effect_id is None:
            return
        outcome = ", ".join(f"{channel}: {what}" for channel, what in outcomes.items()) or "nobody to tell"
        for gap in chain(GAPS_SECONDS, repeat(GAPS_SECONDS[-1])):
            try:
                await self._catch_up(effect_id, notice)
                await self._ask(notice, self._store.finish(effect_id, outcome))
                return
            except Temporary:
                if self._clock.now() - notice.at > GIVE_UP_SECONDS:
                    return
                await self._clock.sleep(gap)

    async def _catch_up(self, effect_id: int, notice: Notice) -> None:
        """Write the deliveries of an effect that the store missed, with the newest reference."""
        for missed in [missed for missed in self._unrecorded if missed[0] == effect_id]:
            channel = missed[1]
            newest = self._references.get((notice.service, notice.incident, channel))
            await self._ask(notice, self._store.delivered(effect_id, channel, notice.incident, newest))
            self._unrecorded.pop(missed, None)

    async def _ask(self, notice: Notice, call: Awaitable[T]) -> T:
        """Ask the store, within a bound. Raises Temporary whatever goes wrong with it."""
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return await call
        except Exception as error:  # noqa: BLE001  whatever the store's fault is, paging goes on
            self._complain(notice, type(error).__name__)
            raise Temporary("the store did not answer") from None

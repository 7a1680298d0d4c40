"""Deliveries: in memory for this process, in the store for the next start.

Theory. A restart, and a worker that takes a service over, must know which channels have a notice (or people get it
twice), and the channel's own reference (or the next notice begins a new thread). The store has both; but a page may
not wait for a store that is away, so this process remembers what it sent and writes it later.

Rule 1: a store that fails or hangs never keeps a page back; missed deliveries are written when it is back.
Rule 2: memory is read first, as it is never older than the store; of services that another worker had, the store is,
which does not know what this worker sent from memory.
Rule 3: a channel that had a notice from memory has it, too, when a row of that notice turns up: a save whose answer was
lost may have been made.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import chain, repeat
from typing import TypeVar

from cachetools import LRUCache

from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, State
from watchdog.domain.notices import Notice
from watchdog.ports import Clock, Store

GAPS_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Growing pauses between attempts; the last one repeats for ever."""
STORE_SECONDS = 5.0
STALLED_SECONDS = STORE_SECONDS + 1.0
"""A call that took so long did not wait for its answer: the process stood still, and its time ran out unused."""
STALLS_MAX = 3
"""So often the store is asked for one thing where the process stood still instead of waiting for the answer."""
# Bounded: a store that stays away for a day must not fill the memory. Beyond it a duplicate may be sent.
REMEMBERED = 1000
"""Most references, unrecorded deliveries, and notices without a row that are kept in memory."""
GIVE_UP_SECONDS = 86400.0
"""A store away for longer is given up: the next start delivers once more."""

Complain = Callable[[Notice, str], None]
"""Receives the notice and the reason each time the store fails."""
Key = tuple[str, str, str]
"""Service, incident, channel."""
T = TypeVar("T")


class DeliveryLog:
    """The record of deliveries. `effect_id` is None for an effect without a row in the store."""

    def __init__(self, store: Store, clock: Clock, complain: Complain) -> None:
        self._store = store
        self._clock = clock
        self._complain = complain
        self._references: LRUCache[Key, str | None] = LRUCache(REMEMBERED)
        self._older: LRUCache[Key, str | None] = LRUCache(REMEMBERED)
        self._unrecorded: LRUCache[tuple[int, str], None] = LRUCache(REMEMBERED)
        self._from_memory: LRUCache[Notice, dict[str, None]] = LRUCache(REMEMBERED)

    def settled(self, effect_id: int | None, notice: Notice, channel: str) -> None:
        """Remember that a notice without a row was delivered to a channel, or superseded there."""
        if effect_id is None:
            self._from_memory.setdefault(notice, {})[channel] = None

    async def delivered_to(self, effect_id: int | None, notice: Notice, otherwise: Sequence[str] = ()) -> Sequence[str]:
        """Return the channels that have the notice: from before a restart, or from memory before its row was known.

        If the store does not answer, the latter alone, and those `otherwise` taken to have it.
        """
        if effect_id is None:
            return ()
        from_memory = self._from_memory.get(notice, {})
        try:
            known = await self._ask(notice, lambda: self._store.deliveries(effect_id))
            return tuple({**from_memory, **dict.fromkeys(known)})
        except Temporary:
            return (*from_memory, *otherwise)  # without the latter a person gets it twice

    def forget(self, services: Collection[str]) -> None:
        """Ask the store first about these services: another worker notifies of them."""
        for key in [key for key in self._references if key[0] in services]:
            self._older[key] = self._references.pop(key)

    async def reference(self, notice: Notice, channel: str) -> str | None:
        """Return the reference from the channel's last send for the incident; None if none is known."""
        try:
            return await self._last(notice, channel)
        except Temporary:
            return None  # at worst a second thread in the channel

    async def was_delivered(self, effect_id: int | None, notice: Notice, channel: str) -> bool:
        """Return whether the channel is known to have a notice of the incident.

        A store that does not answer is asked again for a day. A notice without a row is known from memory alone.
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
        """Return the last reference, from memory or else the store. Raises Temporary if the store does not answer."""
        key = (notice.service, notice.incident, channel)
        if key in self._references:
            return self._references[key]
        try:
            found = await self._ask(notice, lambda: self._store.reference(notice.incident, channel))
        except Temporary:
            # What this worker sent before the service moved away is true also where the store cannot be asked.
            if key in self._older:
                return self._older[key]
            raise
        return found if found is not None else self._older.get(key)

    async def incident(self, notice: Notice) -> Incident | None:
        """Return a notice's incident from the store. Raises Temporary if the store does not answer."""
        return await self._ask(notice, lambda: self._store.incident(notice.incident))

    async def state(self, notice: Notice) -> State | None:
        """Return the state with a notice's service as its worker saved it. Raises Temporary without an answer."""
        return await self._ask(notice, lambda: self._store.load_readonly([notice.service]))

    async def record(self, effect_id: int | None, notice: Notice, channel: str, reference: str | None) -> None:
        """Record a delivery to this channel."""
        # Memory first: if the store hangs, the next notice must still find the reference.
        key = (notice.service, notice.incident, channel)
        self._references[key] = reference
        self.settled(effect_id, notice, channel)
        if effect_id is None:
            return
        try:
            await self._ask(notice, lambda: self._store.delivered(effect_id, channel, notice.incident, reference))
        except Temporary:
            # `finish` writes it before it closes the row.
            self._unrecorded[effect_id, channel] = None

    async def finish(self, effect_id: int | None, notice: Notice, outcomes: Mapping[str, str]) -> None:
        """Close the effect's row as soon as the store takes it; if the store stays away, the next start finds it
        pending.
        """
        if effect_id is None:
            return
        outcome = ", ".join(f"{channel}: {what}" for channel, what in outcomes.items()) or "no channel"
        # Retried for a day: the next start delivers an open row once more.
        for gap in chain(GAPS_SECONDS, repeat(GAPS_SECONDS[-1])):
            try:
                # Before the row closes: an open row without its deliveries would be sent again by the next start.
                await self._catch_up(effect_id, notice)
                await self._ask(notice, lambda: self._store.finish(effect_id, outcome))
                return
            except Temporary:
                if self._clock.now() - notice.at > GIVE_UP_SECONDS:
                    return
                await self._clock.sleep(gap)

    async def _catch_up(self, effect_id: int, notice: Notice) -> None:
        """Write the effect's deliveries that the store missed, with the newest reference."""
        for missed in [missed for missed in self._unrecorded if missed[0] == effect_id]:
            channel = missed[1]
            key = (notice.service, notice.incident, channel)
            # The service may have moved since: without a reference the next worker could not find the message.
            newest = self._references.get(key, self._older.get(key))
            await self._ask(notice, partial(self._store.delivered, effect_id, channel, notice.incident, newest))
            self._unrecorded.pop(missed, None)

    async def _ask(self, notice: Notice, call: Callable[[], Awaitable[T]]) -> T:
        """Ask the store within STORE_SECONDS. Raises Temporary for every failure."""
        for _ in range(STALLS_MAX):
            asked_at = self._clock.monotonic()
            try:
                async with asyncio.timeout(STORE_SECONDS):
                    return await call()
            except Exception as error:  # noqa: BLE001  paging goes on after any failure of the store
                self._complain(notice, type(error).__name__)
                if self._clock.monotonic() - asked_at < STALLED_SECONDS:
                    break
        raise Temporary("the store did not answer")

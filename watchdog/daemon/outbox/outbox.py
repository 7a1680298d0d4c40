"""The outbox: delivers every notice to its channels at least once.

Theory. A notice is an effect, saved with the decision that caused it and pending until it is delivered (a
transactional outbox). Each channel has a circuit breaker, and each incident a queue in it: failures are retried
with backoff, an open breaker lets one trial through at a time, and the other channels are not delayed. An
incident's notices keep their order in a channel; a newer page or all-clear supersedes some (channel_queue.py). This
file decides which channels are to have a notice, and when each is tried; one try is in attempt.py.

Rule 1: in doubt a notice is sent again: a duplicate page is the worst accepted outcome (fails open).
Rule 2: nothing may stop a page: neither another channel, nor the store, nor an error of the daemon.
Rule 3: an effect is finished when every named channel has the notice or a newer one superseded it. A notice that is
neither a page nor an all-clear for engineers is dropped after a day. A cancelled delivery stays pending in the store,
and the next start delivers it.
Rule 4: while a channel fails with a page, or no channel has the notice, the first configured channel that was not named
is the fallback, then the next (never the console or tickets); the failing channel is retried. A fallback that
delivered also gets the all-clear.
Rule 5: a channel that refuses some of its recipients has delivered; those refused for now are retried for an hour.
Rule 6: notices to stakeholders go to the channels they name and to no other; these channels (`aside`) are never a
fallback, so stakeholders do not read engineers' notices.
Rule 7: a page does not ring after the all-clear of another worker, which has the service now: see late_pages.py. Nor
does one about the watchdog itself that waited, or that a dead worker left, when that is over (`own_page_is_over`); if
it was on its way, it is ended again: see own_pages.py.
Rule 8: one notice is one delivery. The row of a notice that is on its way already, as its save seemed to fail, waits
for that delivery, and then brings it only to the channels that lack it.
"""

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import tzinfo
from itertools import chain, count, repeat
from typing import Any
from weakref import WeakValueDictionary

from watchdog.daemon.outbox.attempt import ATTEMPT_SECONDS, Attempts, Report, next_gap
from watchdog.daemon.outbox.channel_queue import ChannelQueue, Place, QueuedNotice
from watchdog.daemon.outbox.circuit_breaker import NEVER, CircuitBreaker
from watchdog.daemon.outbox.delivery import PASSIVE_CHANNELS, Delivery
from watchdog.daemon.outbox.delivery_log import GAPS_SECONDS, DeliveryLog
from watchdog.daemon.outbox.late_pages import ASK_SECONDS, LatePages
from watchdog.daemon.outbox.own_pages import OwnPages
from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.ports import Clock, Notifier, Store

BROKEN_GAP_SECONDS = 300.0
"""Pause after a channel refused a notice for good: a human may have repaired it meanwhile."""
PARTLY_SECONDS = 3600.0
"""Age until which a notice is retried for recipients refused for now: greylisting takes minutes."""
STALE_SECONDS = 86400.0
"""Age at which a notice that is neither a page nor an all-clear for engineers is dropped."""


class Outbox:
    """Delivers notices. `notifiers` are in fallback order, without those `aside`; `zones`: of their readers."""

    def __init__(
        self,
        store: Store,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        report: Report,
        *,
        aside: Collection[str] = (),
        zones: Mapping[str, tzinfo] | None = None,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._delivery_log = DeliveryLog(
            store, clock, lambda notice, why: self._attempts.report("store", "failed", notice, why=why)
        )
        self._late = LatePages(self._delivery_log, clock, lambda tell: self.deliver(None, tell))
        self._own_pages = OwnPages(self._delivery_log, clock)
        self._notifiers = notifiers
        self._others = tuple(name for name in notifiers if name not in aside)
        self._clock = clock
        # A queue lives as long as one of its notices.
        self._queues: WeakValueDictionary[tuple[str, str], ChannelQueue] = WeakValueDictionary()
        self._breakers = {name: CircuitBreaker(clock) for name in notifiers}
        self._attempts = Attempts(
            notifiers, self._breakers, self._delivery_log, self._late, clock, report, zones or {}, attempt_seconds
        )
        self._deliveries: list[Delivery] = []
        self._numbers = count(1)
        self._newest_row = 0
        self.own_page_is_over: Callable[[str], bool] = lambda condition: False

    @property
    def up(self) -> Mapping[str, bool]:
        """Return for each channel whether its breaker is closed."""
        return {name: not breaker.open for name, breaker in self._breakers.items()}

    @property
    def failing(self) -> Mapping[str, str]:
        """Return channels with waiting notices after a failed attempt, with their number and the reason."""
        owing = {name: one for name, one in self._breakers.items() if one.why and one.waiting}
        failing = {name: f"{one.why} (notices that wait for it: {one.waiting})" for name, one in owing.items()}
        return failing | ({"report": error} if (error := self._attempts.report_error) else {})

    @property
    def waiting(self) -> int:
        """Return the number of notices that some channel lacks."""
        return len(self._deliveries)

    @property
    def undelivered(self) -> int:
        """Return the number of notices that no channel but the console or a ticket has, without opt-in news."""
        due = [delivery for delivery in self._for_engineers if not delivery.notice.news]
        return sum(all(name in PASSIVE_CHANNELS for name in delivery.delivered_to) for delivery in due)

    @property
    def silenced(self) -> bool:
        """Return whether notices wait while every breaker is open, apart from console and tickets."""
        waking = [self._breakers[name] for name in self._others if name not in PASSIVE_CHANNELS]
        return bool(self._for_engineers and waking) and all(breaker.open for breaker in waking)

    @property
    def _for_engineers(self) -> list[Delivery]:
        return [delivery for delivery in self._deliveries if not delivery.notice.plain]

    def forget(self, services: Collection[str]) -> None:
        """Forget the deliveries of these services, which moved here: another worker sent notices, too."""
        self._delivery_log.forget(services)
        self._late.take(services)

    def renewed(self, at: float) -> None:
        """Note that a renewal of the leases begun then (monotonic seconds) left this worker the services it has."""
        self._late.renewed(at)

    def late_ends(self, read_at: float) -> Sequence[Tell]:
        """Return the ends of pages about the watchdog itself that may have come after their end.

        `own_page_is_over` answers by the shared state as it was at that moment (monotonic seconds), or later.
        """
        ending = [one.notice.incident for one in self._deliveries if one.notice.resolves]
        return self._own_pages.late_ends(read_at, self.own_page_is_over, ending)

    def lose(self, services: Collection[str]) -> Coroutine[Any, Any, None]:
        """Forget the deliveries of services that moved away; return the task that resolves what is over there."""
        self._delivery_log.forget(services)
        self._late.lose(services)
        return self._look_after_pages()

    def drop(self, services: Collection[str]) -> Coroutine[Any, Any, None]:
        """Return the task that resolves the incidents from memory of services that go on with others."""
        self._late.drop(services)
        return self._look_after_pages()

    def _look_after_pages(self) -> Coroutine[Any, Any, None]:
        return self._late.look(lambda: any(self._late.may_ring_forgotten(one) for one in self._deliveries))

    async def deliver(self, effect_id: int | None, tell: Tell, *, resumed: bool = False) -> None:
        """Deliver a notice to its channels and finish the effect; `effect_id` is None without a row in the store.

        `resumed`: its row was found in the store. May be called again for the same effect after a restart; may be
        cancelled at any moment.
        """
        began_at = self._clock.monotonic()
        while (before := self._on_its_way(effect_id, tell)) is not None:
            await before.ended.wait()
        delivery = Delivery(effect_id, tell.notice, self._named(tell), self._place(effect_id), began_at, resumed)
        # Before the first await: notices queue in the order in which they were decided.
        for name in delivery.named:
            self._queue(delivery, name)
        self._deliveries.append(delivery)
        try:
            for name in await self._delivery_log.delivered_to(effect_id, delivery.notice):
                delivery.mark_delivered(name)
                if resumed:  # the process that brought it may have died before it could look whether it was over
                    self._own_pages.tried(delivery.notice, name, None)
            delivery.compared.set()
            async with delivery.group:
                for queued in tuple(delivery.queued.values()):
                    delivery.group.create_task(self._bring(delivery, queued))
                if delivery.notice.resolves and not delivery.notice.plain:
                    delivery.group.create_task(self._bring_the_end_to_others(delivery))
        finally:
            self._deliveries.remove(delivery)
            for queued in delivery.queued.values():
                # A cancelled delivery must not block the queue for later notices.
                queued.queue.leave(queued)
            delivery.compared.set()
            delivery.ended.set()
        # Not in `finally`: a cancelled delivery stays pending for the next start (Rule 3).
        await self._delivery_log.finish(effect_id, delivery.notice, delivery.outcomes)

    def _on_its_way(self, effect_id: int | None, tell: Tell) -> Delivery | None:
        """Return the delivery of this notice that has no row, or to which this one is the row; or None.

        Two groups of stakeholders have equal notices, and a row each: the channels tell them apart, and neither waits.
        """
        same = (one for one in self._deliveries if one.notice == tell.notice and one.named == self._named(tell))
        return next((one for one in same if None in (one.effect_id, effect_id)), None)

    def _place(self, effect_id: int | None) -> Place:
        """Return a notice's place in the order of decisions.

        That is the order of rows; a notice without a row comes after all rows seen before it.
        """
        self._newest_row = max(self._newest_row, effect_id or 0)
        return (effect_id, 0) if effect_id is not None else (self._newest_row, next(self._numbers))

    def _named(self, tell: Tell) -> tuple[str, ...]:
        """Return the configured channels of the notice.

        With the first fallback, if one is not configured, and no other but the console or tickets is (not for news).
        """
        named = tuple(dict.fromkeys(name for name in tell.channels if name in self._notifiers))
        for name in tell.channels:
            if name not in self._notifiers:
                self._attempts.report(name, "failed", tell.notice, why="no such channel is configured")
        if tell.notice.plain or tell.notice.news or PASSIVE_CHANNELS.issuperset(tell.channels):
            return named
        # A channel that left the configuration since the decision: a page goes to a fallback rather than to no person.
        if PASSIVE_CHANNELS.issuperset(named):
            active = tuple(name for name in self._others if name not in PASSIVE_CHANNELS)
            named = tuple(dict.fromkeys((*named, *(active or self._others)[:1])))
        return named

    def _queue(self, delivery: Delivery, name: str) -> QueuedNotice:
        queue = self._queues.setdefault((delivery.notice.incident, name), ChannelQueue())
        queued = delivery.queued[name] = queue.join(name, delivery.notice, delivery.place)
        return queued

    async def _bring_the_end_to_others(self, delivery: Delivery) -> None:
        """Send the all-clear also to channels that have a notice of this incident, such as fallbacks."""
        for name in [name for name in self._others if name not in delivery.named]:
            has_it = await self._delivery_log.was_delivered(delivery.effect_id, delivery.notice, name)
            if has_it and name not in delivery.queued:
                delivery.group.create_task(self._bring(delivery, self._queue(delivery, name)))

    async def _bring(self, delivery: Delivery, queued: QueuedNotice) -> None:
        """Try until this channel has the notice, a newer one superseded it, or it is no longer needed."""
        breaker = self._breakers[queued.channel]
        breaker.join(queued)
        try:
            for gap in chain(GAPS_SECONDS, repeat(GAPS_SECONDS[-1])):
                if not await self._turn(delivery, queued):
                    return
                failure = await self._attempts.attempt(delivery, queued)
                self._own_pages.tried(delivery.notice, queued.channel, failure)
                if failure is None:
                    queued.queue.arrived(queued)
                    return
                broken = queued.partly or isinstance(failure, Permanent)
                pause = BROKEN_GAP_SECONDS if broken else next_gap(failure, gap)
                queued.not_before = self._clock.monotonic() + pause
                if not queued.partly:
                    queued.queue.failed(queued, broken=broken)
                    self._call_a_stand_in(delivery)
        finally:
            breaker.leave(queued)

    async def _turn(self, delivery: Delivery, queued: QueuedNotice) -> bool:
        """Wait until the notice may be tried on its channel; return False when it is no longer needed."""
        breaker = self._breakers[queued.channel]
        while not self._over(delivery, queued):
            if breaker.open:  # also before a trial: it may hang
                queued.queue.blocked(queued)
                self._call_a_stand_in(delivery)
            if breaker.take(queued):
                if await self._is_to_be_sent(delivery, queued, breaker):
                    return True
                # It may have been superseded meanwhile: judged again at the top.
                continue
            await self._stirred(queued, breaker.wait_seconds(queued))
        queued.queue.leave(queued)
        return False

    async def _is_to_be_sent(self, delivery: Delivery, queued: QueuedNotice, breaker: CircuitBreaker) -> bool:
        """Return whether to send the notice now; else free its place. Its end may come while the store is asked."""
        wanted = False
        try:
            # What the channel has is brought again behind a page alone: then its end is no reason to hold it back.
            if queued.channel not in delivery.delivered_to and await self._is_over_before(delivery, queued.channel):
                queued.supersede()
            wanted = not self._over(delivery, queued)
        finally:
            if not wanted:
                breaker.given_back(queued)
        return wanted

    async def _is_over_before(self, delivery: Delivery, channel: str) -> bool:
        """Return whether the channel has the all-clear already, or another worker ended the incident.

        An all-clear that the channel lacks is queued behind its page anyway.
        """
        notice = delivery.notice
        ends = [one for one in self._deliveries if one.notice.resolves and one.notice.incident == notice.incident]
        if ends:
            # A dead worker may have recorded the delivery of the end, and not yet that of the page. Both are taken up
            # at once: the page alone could ring before the store said that the channel has its end.
            return any([await self._has_the_end(one, channel) for one in ends if one.place > delivery.place])
        if notice.kind is NoticeKind.SELF_ALERT:
            return await self._own_pages.is_over(delivery, channel, known=self.own_page_is_over(notice.incident))
        return await self._late.is_over(delivery)

    async def _has_the_end(self, end: Delivery, channel: str) -> bool:
        """Return whether a channel has an all-clear by now.

        The store is asked again once it may be another worker that brings it: this one may have stood still since.
        """
        await end.compared.wait()
        if channel in end.delivered_to or self._clock.monotonic() - end.began_at < ASK_SECONDS:
            return channel in end.delivered_to
        # Not noted in the delivery: a page of this worker may have arrived after that end, whose own then follows it.
        return channel in await self._delivery_log.delivered_to(end.effect_id, end.notice)

    async def _stirred(self, queued: QueuedNotice, within_seconds: float) -> None:
        """Return when the notice is stirred, or after so many seconds."""
        if within_seconds == NEVER:
            await queued.stir.wait()
        else:
            await sleep_until_set(self._clock, within_seconds, queued.stir)
        # Cleared after the wait: the caller checks every condition again, so no wake-up is lost.
        queued.stir.clear()

    def _over(self, delivery: Delivery, queued: QueuedNotice) -> bool:
        """Return whether the channel has the notice, or needs it no longer; record which."""
        name = queued.channel
        if queued.partly:
            return queued.overtaken or self._clock.now() - delivery.notice.at > PARTLY_SECONDS
        if name in delivery.delivered_to:
            # An end that a dead worker brought is brought again, if a page from before it goes out after all.
            return not queued.follows and not (delivery.notice.resolves and queued.queue.has_page_before(queued))
        if not queued.overtaken and not self._stale(delivery.notice):
            return False
        # A fallback that is no longer needed is no outcome to report; nor is one that was reported when its turn came.
        if queued not in delivery.stand_ins and delivery.outcomes.get(name) != "gave way":
            delivery.outcomes[name] = "gave way"
            self._delivery_log.settled(delivery.effect_id, delivery.notice, name)
            self._attempts.report(name, "gave_way", delivery.notice)
        return True

    def _call_a_stand_in(self, delivery: Delivery) -> None:
        """Start the next fallback, if all fallbacks started so far are failing."""
        if not delivery.needs_fallback or any(
            not (queued.troubled or queued.overtaken) for queued in delivery.stand_ins
        ):
            return
        name = next(
            (name for name in self._others if name not in delivery.queued and name not in PASSIVE_CHANNELS), None
        )
        if name is not None:
            queued = self._queue(delivery, name)
            delivery.stand_ins.append(queued)
            delivery.group.create_task(self._bring(delivery, queued))

    def _stale(self, notice: Notice) -> bool:
        lasts = notice.wakes or (notice.resolves and not notice.plain)
        return not lasts and self._clock.now() - notice.at > STALE_SECONDS

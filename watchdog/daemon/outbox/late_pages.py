"""Pages of a worker that lost the service: they must not ring after the all-clear of the new worker.

Theory. A worker that stalled, or whose store did not answer, may still be sending a page while another worker has taken
the service over, closed the incident and sent its all-clear. The page would then ring with nothing to end it.

Rule 1: a page is not sent once the store has its incident closed, and told of: who closed it without a notice sent no
all-clear either, so that people would never hear of the outage. The store is asked if another worker has the service,
if the page was found in the store, whose worker may have closed the incident since, or if it is late; a store that does
not answer keeps no page back.
Rule 2: a page sent all the same is resolved again: each incident of a lost service that this worker paged is looked up
until it is closed, while this process lives and for a day at most. What arrived before the last renewal of the leases
came before the heir, and has the heir's all-clear. No time of another worker says so: its clock may be wrong.
Rule 3: an incident that the store never had is resolved once the other worker has another one open, or saw every check
good for some time. Missing readings are no all-clear.
Rule 4: the same holds for what is in this worker's state no more, so that no step of its core ends it: every page of a
service that was decided before the service moved, also if it came back since; and the incident from memory that was
dropped as the store turned out to have another one open.
Rule 5: an alert of its own (a bad commit that came back, auto-deploy that is off) is resolved once the other worker
read a deploy list, after the alert was decided, in which its matter is over, and does not have it open itself.
"""

from asyncio import TaskGroup
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from cachetools import LRUCache

from watchdog.core.phases import own_alerts
from watchdog.daemon.actions.timings import SHIPPED
from watchdog.daemon.engine.persistence import OURSELVES
from watchdog.daemon.outbox.delivery import Delivery
from watchdog.daemon.outbox.delivery_log import GIVE_UP_SECONDS, REMEMBERED, DeliveryLog
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, Phase, ServiceState
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.readings import Good
from watchdog.ports import Clock

ASK_SECONDS = SHIPPED.lease_seconds
"""From this age on, a notice's service may be another worker's: before that the lease was this worker's."""
LOOK_SECONDS, SELDOM_SECONDS, OFTEN_SECONDS = 5.0, 60.0, 600.0
"""Intervals of the lookups: SELDOM once a service has been lost for OFTEN_SECONDS."""
CLOCKS_SECONDS = 30.0
"""Tolerated difference of two workers' clocks: a list read this long after an alert was decided is newer."""
SEEN_SECONDS = 120.0
"""Time for which the other worker must see every check good, where the store has no such incident."""

AWAY = float("inf")
"""Until when the deliveries of a service are forgotten, while another worker has it."""
FORGOTTEN_SECONDS = 3600.0
"""A check without a reading for this long is no longer configured."""

log = structlog.get_logger("watchdog")


@dataclass(slots=True)
class _Sent:
    """The newest notice of an incident sent by this worker, and each channel's time of delivery (monotonic seconds).

    `late` are the channels that got it when the service may have been another worker's.
    """

    notice: Notice
    lost_at: float | None  # since when the service is another worker's, by the monotonic clock; None: it never was
    channels: dict[str, float] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)


class LatePages:
    """Remembers which channel has a page of which incident, and resolves those that another worker closed.

    `resolve` sends a notice.
    """

    def __init__(
        self, delivery_log: DeliveryLog, clock: Clock, resolve: Callable[[Tell], Coroutine[Any, Any, None]]
    ) -> None:
        self._delivery_log = delivery_log
        self._clock = clock
        self._resolve = resolve
        self._sent: LRUCache[tuple[str, str], _Sent] = LRUCache(REMEMBERED)
        # What was on its way before (monotonic seconds) may be in the state of the service no more. A notice's own time
        # does not say so: it may be of another worker's clock.
        self._forgotten_until: dict[str, float] = {}
        self._renewed_at = float("-inf")
        self._looking = False

    def renewed(self, at: float) -> None:
        """Note that a renewal begun then (monotonic seconds) left this worker the services that it has."""
        self._renewed_at = at

    def lose(self, services: Collection[str]) -> None:
        """Note that another worker has these services; their paged incidents are looked up from now on."""
        self._forget(services, AWAY)

    def drop(self, services: Collection[str]) -> None:
        """Note that these services, of this worker, go on with other incidents than those of its memory."""
        self._forget(services, self._clock.monotonic())

    def _forget(self, services: Collection[str], until: float) -> None:
        self._forgotten_until.update(dict.fromkeys(services, until))
        for sent in self._sent.values():
            if sent.notice.service in services:
                # Also of what was lost before: it may have come back, and have been paged again.
                sent.late.update(name for name, at in sent.channels.items() if at >= self._renewed_at)
                sent.lost_at = self._clock.monotonic() if sent.lost_at is None else sent.lost_at

    def take(self, services: Collection[str]) -> None:
        """Note that this worker has these services. Earlier pages are still looked up: they may be closed by now."""
        back = [service for service in services if self._is_away(service)]
        self._forgotten_until.update(dict.fromkeys(back, self._clock.monotonic()))

    def may_ring_forgotten(self, delivery: Delivery) -> bool:
        """Return whether a notice on its way may ring though no step of this worker's core ends it."""
        return may_ring(delivery.notice) and self._is_forgotten(delivery)

    def _is_forgotten(self, delivery: Delivery) -> bool:
        return delivery.began_at <= self._forgotten_until.get(delivery.notice.service, float("-inf"))

    def _is_away(self, service: str) -> bool:
        return self._forgotten_until.get(service) == AWAY

    def sent(self, delivery: Delivery, channel: str) -> None:
        """Note that a channel has a notice: a page, or the all-clear that ends it."""
        notice = delivery.notice
        key = (notice.service, notice.incident)
        if notice.resolves and key in self._sent:
            self._sent[key].channels.pop(channel, None)
        elif may_ring(notice):
            # The page was in flight when the service moved.
            lost_at = self._clock.monotonic() if self._is_forgotten(delivery) else None
            sent = self._sent.setdefault(key, _Sent(notice, lost_at))
            sent.notice = notice
            sent.channels[channel] = self._clock.monotonic()
            if lost_at is not None:
                sent.late.add(channel)

    async def is_over(self, delivery: Delivery) -> bool:
        """Return whether another worker closed the notice's incident. The store is asked only where that is
        possible.
        """
        notice, forgotten = delivery.notice, self._is_forgotten(delivery)
        # The store took what this worker decided just now, or did not answer. Of what was found there the age says
        # nothing: it may be of another worker's clock.
        fresh = not delivery.resumed and 0.0 <= self._clock.now() - notice.at <= ASK_SECONDS
        if not may_ring(notice) or (fresh and not forgotten):
            return False
        try:
            return await self._is_ended(notice, forgotten=forgotten)
        # A store that does not answer keeps no page back (Rule 1).
        except Temporary:
            return False

    async def _is_ended(self, notice: Notice, *, forgotten: bool) -> bool:
        incident = await self._delivery_log.incident(notice)
        if incident is None and notice.about is None:
            return forgotten and await self._is_settled(notice)
        # Not by when it was closed: a page is of an open incident, and a fast clock may have dated it after the close.
        return incident is not None and incident.closed_at is not None and incident.paged

    async def look(self, is_under_way: Callable[[], bool]) -> None:
        """Look until no page of a lost service is left unresolved, and none `is_under_way`."""
        # One loop serves all lost services.
        if self._looking:
            return
        self._looking, began = True, self._clock.monotonic()
        async with TaskGroup() as sending:  # a channel that is down must not delay another's all-clear
            try:
                while self._astray() or is_under_way():
                    for key in self._astray():
                        await self._settle(key, sending)
                    often = self._clock.monotonic() - began < OFTEN_SECONDS
                    await self._clock.sleep(LOOK_SECONDS if often else SELDOM_SECONDS)
            finally:
                self._looking = False

    def _astray(self) -> list[tuple[str, str]]:
        """Return the incidents to look up."""
        return [key for key, sent in self._sent.items() if sent.lost_at is not None and sent.channels]

    async def _settle(self, key: tuple[str, str], sending: TaskGroup) -> None:
        """Resolve an incident that is over at the other worker; keep one that is still open there."""
        sent = self._sent.pop(key, None)
        if sent is None or sent.lost_at is None or self._clock.monotonic() - sent.lost_at > GIVE_UP_SECONDS:
            return
        try:
            end = await self._end_of(sent)
        # Without an answer the page is kept for the next look.
        except Temporary:
            end = None
        if end is None:
            # While the store was asked, another page of the incident may have been sent.
            newer = self._sent.setdefault(key, sent)
            newer.lost_at, newer.channels = sent.lost_at, {**sent.channels, **newer.channels}
            newer.late |= sent.late
        elif end.channels:
            log.warning("incident is over, resolving its page again", incident=sent.notice.incident)
            sending.create_task(self._resolve(end))

    async def _end_of(self, sent: _Sent) -> Tell | None:
        """Return the all-clear that is due (no channel: the other worker sent it), or None: not yet. Raises Temporary.

        A worker that did not know of this page sent no all-clear.
        """
        notice = sent.notice
        incident = await self._delivery_log.incident(notice)
        recorded = f"{self._whose(notice)}, and the record shows that it is over."
        # Without facts it may be about an incident all the same: a row of another version.
        if incident is None and notice.about is None:
            # From the decision, not the delivery: a list that was read meanwhile is newer than what the page says.
            over = await self._is_settled(notice)
            return self._tell(notice, f"{notice.incident} is over", recorded, list(sent.channels)) if over else None
        if incident is None:
            return await self._end_of_unknown(sent)
        if incident.closed_at is None:
            return None
        if not incident.paged:
            return self._tell(notice, f"{notice.incident} is over", recorded, list(sent.channels))
        # Channels that got the page before the other worker had the service also got its all-clear.
        late = [name for name in sent.channels if name in sent.late]
        how = f"{self._whose(notice)}; its page may have come after the all-clear."
        return self._tell(notice, f"{notice.incident} is over", how, late)

    async def _is_settled(self, notice: Notice) -> bool:
        """Return whether an alert of its own is over at the other worker. Raises Temporary."""
        state = await self._delivery_log.state(notice)
        return state is not None and not own_alerts.may_be_open(
            state, notice.service, notice.incident, notice.at + CLOCKS_SECONDS
        )

    async def _end_of_unknown(self, sent: _Sent) -> Tell | None:
        notice, state = sent.notice, await self._delivery_log.state(sent.notice)
        service = state.services.get(notice.service) if state is not None else None
        other = service.incident if service is not None else None
        whose = self._whose(notice)
        if other is not None and _speaks_for(other, notice):
            how = f"{whose}; the record has the same outage as {other.id}."
            return self._tell(notice, f"{notice.incident} goes on as {other.id}", how, list(sent.channels))
        arrived_at = self._clock.now() - (self._clock.monotonic() - max(sent.channels.values()))
        if service is None or not _is_well(service, arrived_at + SEEN_SECONDS):
            return None
        how = f"{whose}, and every check of the service is good."
        return self._tell(notice, f"{notice.incident} is over", how, list(sent.channels))

    def _whose(self, notice: Notice) -> str:
        away = self._is_away(notice.service)
        return "Another worker has this service now" if away else "What this worker knew of it gave way to the record"

    def _tell(self, notice: Notice, what: str, how: str, channels: list[str]) -> Tell:
        return end_of(notice, self._clock.now(), what, how, channels)


def end_of(page: Notice, at: float, what: str, how: str, channels: Collection[str]) -> Tell:
    """Return the notice that resolves a page in these channels, at `at` (UTC epoch seconds)."""
    end = Notice(
        at=at,
        incident=page.incident,
        service=page.service,
        severity=page.severity,
        kind=NoticeKind.RESOLVED,
        title=f"{page.service}: {what}",
        lines=(how,),
        links=page.links,
    )
    return Tell(end, tuple(channels))


def may_ring(notice: Notice) -> bool:
    """Return whether a notice may ring: it is about an incident, or wakes for a service, and is not the end of that."""
    # Of what has no facts only a page: what is said beside an incident (a button, a follow-up) has its key, or no end.
    of_a_service = notice.about is not None or (notice.wakes and notice.service != OURSELVES)
    return of_a_service and not (notice.resolves or notice.plain or notice.news)


def _speaks_for(other: Incident, notice: Notice) -> bool:
    """Return whether people were paged for another open incident that is at least as severe."""
    called = other.closed_at is None and other.paged and not other.muted
    return called and other.id != notice.incident and other.severity.rank >= notice.severity.rank


def _is_well(service: ServiceState, since: float) -> bool:
    """Return whether every check of a service was read as good after a moment; checks long unread are ignored."""
    read = [check for check in service.checks.values() if check.last_at > since - FORGOTTEN_SECONDS]
    readings = [(check.last, check.last_at) for check in read]
    good = all(isinstance(reading, Good) and at >= since for reading, at in readings)
    return service.phase is Phase.CALM and bool(readings) and good

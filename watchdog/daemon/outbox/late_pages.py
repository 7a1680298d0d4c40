"""Pages of a worker that no longer has the service: they must not ring after the all-clear of the one that has it.

Theory. A worker that stood still, or whose store did not answer, may still be sending a page while another worker has
taken the service over, closed the incident and sent its all-clear. The page would then ring with nothing to end it.

Rule 1: a page that is late, or of a service that is another worker's, is not sent once the store has its incident
closed. A store that does not answer keeps no page back.
Rule 2: what was sent all the same is resolved again: after the service has moved, each incident that people were told
of here is looked up until it is settled.
Rule 3: an incident that the store never had is resolved when the other worker has had time to see it, and does not.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

import structlog
from cachetools import LRUCache

from watchdog.daemon.actions.timings import SHIPPED
from watchdog.daemon.outbox.delivery_log import GIVE_UP_SECONDS, REMEMBERED, DeliveryLog
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.ports import Clock

ASK_SECONDS = SHIPPED.lease_seconds
"""A notice of this age may be of a service that another worker has by now: before that the lease was ours."""
LOOK_SECONDS = 5.0
CLOCKS_SECONDS = 30.0
"""The clocks of two workers may differ by this much: a page that was sent so long before the close counts as late."""
SEEN_SECONDS = 120.0
"""So long the other worker has to see an outage that the store knows nothing of."""

log = structlog.get_logger("watchdog")


@dataclass(slots=True)
class _Sent:
    """The newest notice of an incident that was sent here, and when each channel got one (UTC epoch seconds)."""

    notice: Notice
    channels: dict[str, float] = field(default_factory=dict)


class LatePages:
    """Remembers who was told of which incident, and resolves what another worker closed. `resolve` sends a notice."""

    def __init__(self, told: DeliveryLog, clock: Clock, resolve: Callable[[Tell], Awaitable[None]]) -> None:
        self._told = told
        self._clock = clock
        self._resolve = resolve
        self._sent: LRUCache[tuple[str, str], _Sent] = LRUCache(REMEMBERED)
        self._lost: set[str] = set()

    def lose(self, services: Collection[str]) -> None:
        """Note that these services are another worker's."""
        self._lost.update(services)

    def take(self, services: Collection[str]) -> None:
        """Note that these services are ours."""
        self._lost.difference_update(services)

    def sent(self, notice: Notice, channel: str) -> None:
        """Note that a channel has a notice: one that may ring, or the end of it."""
        key = (notice.service, notice.incident)
        if notice.resolves and key in self._sent:
            self._sent[key].channels.pop(channel, None)
        elif _may_ring(notice):
            sent = self._sent.setdefault(key, _Sent(notice))
            sent.notice = notice
            sent.channels[channel] = self._clock.now()

    async def is_over(self, notice: Notice) -> bool:
        """Tell whether another worker closed the incident after this was decided. It asks only where that may be."""
        late = self._clock.now() - notice.at > ASK_SECONDS
        if not _may_ring(notice) or not (late or notice.service in self._lost):
            return False
        try:
            incident = await self._told.incident(notice)
        except Temporary:
            return False
        return incident is not None and incident.closed_at is not None and incident.closed_at >= notice.at

    async def call_off(self, services: Collection[str], under_way: Callable[[], bool]) -> None:
        """Look until nothing told of these services is left that another worker closed, and none is `under_way`."""
        began = self._clock.monotonic()
        while True:
            known = [key for key, sent in self._sent.items() if key[0] in services and sent.channels]
            waited = self._clock.monotonic() - began
            for key in known:
                await self._settle(key, waited)
            left = any(key in self._sent for key in known)
            if not (left or under_way()) or waited > GIVE_UP_SECONDS:
                return
            await self._clock.sleep(LOOK_SECONDS)

    async def _settle(self, key: tuple[str, str], waited: float) -> None:
        """Resolve what is over elsewhere; forget what the other worker will resolve itself; else keep it."""
        sent = self._sent.pop(key, None)
        if sent is None:
            return  # the service moved twice, and the other look has it in hand
        try:
            due = await self._due(sent, waited)
        except Temporary:
            due = None
        if due is None:
            newer = self._sent.setdefault(key, sent)
            newer.channels = {**sent.channels, **newer.channels}
        elif due:
            log.warning("another worker closed the incident: it is resolved again", incident=sent.notice.incident)
            await self._resolve(Tell(_end_of(sent.notice, self._clock.now()), due))

    async def _due(self, sent: _Sent, waited: float) -> tuple[str, ...] | None:
        """Return the channels that need an all-clear of ours; None while that is not known. Raises Temporary."""
        notice = sent.notice
        incident = await self._told.incident(notice)
        if incident is None:
            return tuple(sent.channels) if waited >= SEEN_SECONDS and await self._unseen(notice) else None
        closed_at = incident.closed_at
        if closed_at is None or closed_at < notice.at:
            return ()
        return tuple(name for name, at in sent.channels.items() if at >= closed_at - CLOCKS_SECONDS)

    async def _unseen(self, notice: Notice) -> bool:
        """Tell whether who has the service now sees nothing of this incident. Raises Temporary."""
        service = await self._told.service(notice)
        if service is None:
            return False
        other = service.incident is not None and service.incident.id != notice.incident
        return service.phase is Phase.CALM or other


def _may_ring(notice: Notice) -> bool:
    """Tell whether a notice is of an incident, for engineers, and not its end."""
    return not (notice.resolves or notice.plain or notice.news) and notice.service != "watchdog"


def _end_of(notice: Notice, at: float) -> Notice:
    return Notice(
        at=at,
        incident=notice.incident,
        service=notice.service,
        severity=notice.severity,
        kind=NoticeKind.RESOLVED,
        title=f"{notice.service}: {notice.incident} is over",
        lines=("Another worker has this service now; a page of this one may have come after its all-clear.",),
        links=notice.links,
    )

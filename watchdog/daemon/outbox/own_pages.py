"""Pages about the watchdog itself that this worker brought: none is the last that a channel has, once it is over.

Theory. Such a page is no single worker's: any may bring it, and another may end it meanwhile, as the last one that was
blind, or as it took a frozen worker for dead. A page that arrived after that end would ring with nothing to end it.

Rule: after a page has arrived, the shared state is looked at as the store has it then. If its condition lasts, the end
is yet to be decided, and comes after the page. If it is over, the end may have come first, and is sent again. So it is
where a dead process left the page unfinished, also on a channel that has it. Not known is a page that was finished
everywhere as its process died, within the seconds before that look. So a page that another process left, or that is
late, is held back where the store has its condition as over: this process may have stood still since it read that.
"""

from collections.abc import Callable, Collection, Sequence

from cachetools import LRUCache

from watchdog.core import fleet
from watchdog.daemon.outbox.delivery import Delivery
from watchdog.daemon.outbox.delivery_log import REMEMBERED, DeliveryLog
from watchdog.daemon.outbox.late_pages import ASK_SECONDS, end_of
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.ports import Clock


class OwnPages:
    """Remembers the newest page of each condition and channel, until the shared state was read after it."""

    def __init__(self, delivery_log: DeliveryLog, clock: Clock) -> None:
        self._delivery_log = delivery_log
        self._clock = clock
        self._brought: LRUCache[tuple[str, str], tuple[Notice, float]] = LRUCache(REMEMBERED)

    def tried(self, notice: Notice, channel: str, failure: Exception | None) -> None:
        """Note an attempt. A page may have arrived though it failed: the answer may be lost."""
        key = (notice.incident, channel)
        if notice.kind is NoticeKind.SELF_ALERT and not isinstance(failure, Permanent):
            self._brought[key] = (notice, self._clock.monotonic())
        elif notice.resolves and failure is None:
            self._brought.pop(key, None)

    async def is_over(self, delivery: Delivery, channel: str, *, known: bool) -> bool:
        """Return whether a page is held back, as its condition is over; `known`: it is by the state of this worker."""
        # Without a row it is this worker's own, and ended by it.
        over = delivery.effect_id is not None and (known or await self._is_over_there(delivery))
        if over and delivery.resumed:
            # Its process may have died while the page was on its way, and the end have come before it.
            self.tried(delivery.notice, channel, None)
        return over

    async def _is_over_there(self, delivery: Delivery) -> bool:
        """Return whether the store has the condition of a page as over; one that does not answer keeps no page back."""
        if not delivery.resumed and self._clock.monotonic() - delivery.began_at < ASK_SECONDS:
            return False
        try:
            state = await self._delivery_log.state(delivery.notice)
        except Temporary:
            return False
        return state is not None and fleet.page_is_over(state, delivery.notice.incident)

    def late_ends(self, read_at: float, is_over: Callable[[str], bool], ending: Collection[str]) -> Sequence[Tell]:
        """Return the ends to send again; `is_over` answers by the shared state of that moment (monotonic) or later.

        Conditions whose end this worker is `ending` anyway wait for that.
        """
        found: dict[str, tuple[Notice, list[str]]] = {}
        for (condition, channel), (notice, at) in tuple(self._brought.items()):
            if at >= read_at or condition in ending:
                continue
            del self._brought[condition, channel]
            if is_over(condition):
                found.setdefault(condition, (notice, []))[1].append(channel)
        now, how = self._clock.now(), "Its page may have come after the all-clear."
        return [end_of(page, now, f"{page.incident} is over", how, channels) for page, channels in found.values()]

"""Pages about the watchdog itself that this worker brought: none is the last that a channel has, once it is over.

Theory. Such a page is no single worker's: any may bring it, and another may end it meanwhile, as the last one that was
blind, or as it took a frozen worker for dead. A page that arrived after that end would ring with nothing to end it.

Rule: after a page has arrived, the shared state is looked at as the store has it then. If its condition lasts, the end
is yet to be decided, and comes after the page. If it is over, the end may have come first, and is sent again. So it is
where a dead process left the page unfinished, also on a channel that has it. Not known is a page that was finished
everywhere as its process died, within the seconds before that look.
"""

from collections.abc import Callable, Collection, Sequence

from cachetools import LRUCache

from watchdog.daemon.outbox.delivery_log import REMEMBERED
from watchdog.daemon.outbox.late_pages import end_of
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.ports import Clock


class OwnPages:
    """Remembers the newest page of each condition and channel, until the shared state was read after it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._brought: LRUCache[tuple[str, str], tuple[Notice, float]] = LRUCache(REMEMBERED)

    def tried(self, notice: Notice, channel: str, failure: Exception | None) -> None:
        """Note an attempt. A page may have arrived though it failed: the answer may be lost."""
        key = (notice.incident, channel)
        if notice.kind is NoticeKind.SELF_ALERT and not isinstance(failure, Permanent):
            self._brought[key] = (notice, self._clock.monotonic())
        elif notice.resolves and failure is None:
            self._brought.pop(key, None)

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

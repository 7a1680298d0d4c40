"""One attempt: a notice goes to one channel once, and what came of it is recorded.

Theory. An attempt ends as sent; as partly sent, if some recipients lack it (for now or for good); or as failed, for now
(Temporary) or for good (Permanent). It changes the breaker of the channel and the queue of the notice. Whether and when
to try again is decided in outbox.py; a channel may ask for a longer pause (Retry-After), within limits.

Rule: no error of a channel, of a library or of our own log ends a delivery; only its cancellation does.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo

import structlog

from watchdog.daemon.outbox.channel_queue import QueuedNotice
from watchdog.daemon.outbox.circuit_breaker import CircuitBreaker
from watchdog.daemon.outbox.delivery import Delivery
from watchdog.daemon.outbox.delivery_log import DeliveryLog
from watchdog.daemon.outbox.late_pages import LatePages
from watchdog.domain.errors import Partly, Permanent, Temporary
from watchdog.domain.notices import Notice
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Notifier
from watchdog.presentation.notices.notice_text import worded

ATTEMPT_SECONDS = 30.0
"""The longest one attempt may take: an edit, a reply, or a resolve and a trigger."""
# A vendor may ask for hours by mistake; ten minutes is the longest that a page may be held by a header.
RETRY_AFTER_MAX_SECONDS = 600.0

Report = Callable[[str, str, Notice], None]
"""Receives each attempt: channel (or "store"), outcome (sent, partly, failed, gave_way), notice."""
log = structlog.get_logger(__name__)


class Attempts:
    """Sends a notice to a channel, once a call. `zones` are of the channels' readers; one without a zone reads UTC.

    `report_error` is the type of the last exception in our own log or metrics; empty without one.
    """

    def __init__(
        self,
        notifiers: Mapping[str, Notifier],
        breakers: Mapping[str, CircuitBreaker],
        delivery_log: DeliveryLog,
        late: LatePages,
        clock: Clock,
        count: Report,
        zones: Mapping[str, tzinfo],
        attempt_seconds: float,
    ) -> None:
        self.report_error = ""
        self._notifiers = notifiers
        self._breakers = breakers
        self._delivery_log = delivery_log
        self._late = late
        self._clock = clock
        self._count = count
        self._zones = zones
        self._attempt_seconds = attempt_seconds

    async def attempt(self, delivery: Delivery, queued: QueuedNotice) -> Exception | None:
        """Send once and record it; return the failure, or None."""
        name, breaker = queued.channel, self._breakers[queued.channel]
        try:
            async with queued.queue.attempt:
                # While it waited, the service may have moved, and the new worker delivered the same row. An all-clear
                # that another worker brought before the page of this one has to be sent after it; one that another
                # worker brings between two attempts came after it, and is not sent again.
                if queued.follows:
                    # Without an answer it follows as before: else the page could be the last that the channel has.
                    row, notice = delivery.effect_id, delivery.notice
                    queued.follows = name in await self._delivery_log.delivered_to(row, notice, otherwise=(name,))
                elif queued.troubled and not queued.partly and await self._was_brought_meanwhile(delivery, name):
                    breaker.given_back(queued)
                    return None
                reference = await self._send(delivery, name)
                queued.queue.sent(queued)
        except Partly as failure:
            # The channel works: it refused recipients, not the notice.
            breaker.passed(queued)
            queued.queue.sent(queued)
            await self._has(delivery, name, failure.reference, "partly", why=str(failure))
            if failure.again:
                queued.queue.partly(queued)
            return failure if failure.again else None
        except (Temporary, Permanent) as failure:
            if queued.partly:
                return self._failed_for_some(delivery, queued, failure)
            # A notice refused twice says nothing new about the channel: it must not open the breaker.
            again = queued.broken and isinstance(failure, Permanent)
            breaker.failed(queued, str(failure), asked_gap(failure), counts=not again)
            self.report(name, "failed", delivery.notice, why=str(failure))
            return failure
        except asyncio.CancelledError:
            breaker.given_back(queued)
            raise
        breaker.passed(queued)
        await self._has(delivery, name, reference, "sent")
        return None

    async def _has(self, delivery: Delivery, name: str, reference: str | None, outcome: str, why: str = "") -> None:
        """Record that a channel has the notice."""
        self.report(name, outcome, delivery.notice, why=why)
        delivery.mark_delivered(name)
        # Before the await: the service may be lost while the store records the delivery.
        self._late.sent(delivery, name)
        await self._delivery_log.record(delivery.effect_id, delivery.notice, name, reference)

    def _failed_for_some(self, delivery: Delivery, queued: QueuedNotice, failure: Exception) -> Exception | None:
        """Log that the remaining recipients lack the notice; return None if that is for good.

        It says nothing about the channel, which delivered to others.
        """
        self._breakers[queued.channel].given_back(queued)
        self.report(queued.channel, "partly", delivery.notice, why=str(failure))
        return None if isinstance(failure, Permanent) else failure

    async def _was_brought_meanwhile(self, delivery: Delivery, name: str) -> bool:
        """Return whether the channel got the notice from another worker while this one waited."""
        for each in await self._delivery_log.delivered_to(delivery.effect_id, delivery.notice):
            if each not in delivery.delivered_to:
                delivery.mark_delivered(each)
        return name in delivery.delivered_to

    async def _send(self, delivery: Delivery, name: str) -> str | None:
        """Send and return the reference. Raises Temporary, Permanent, Partly, or the cancellation of this task.

        An unknown exception counts as Temporary, and its text is not repeated: it may hold a secret address.
        """
        try:
            # Over the whole attempt: a vendor that sends a byte now and then would never meet a timeout per read.
            async with asyncio.timeout(self._attempt_seconds):
                before, tz = await self._delivery_log.reference(delivery.notice, name), self._zones.get(name, UTC)
                return await self._notifiers[name].send(worded(delivery.notice, self._clock.now(), tz), before)
        except (Temporary, Permanent, Partly):
            raise
        except TimeoutError:
            raise Temporary(f"it took longer than {show_seconds(self._attempt_seconds)}") from None
        except (Exception, asyncio.CancelledError) as error:
            # A library's leaked CancelledError would otherwise end the delivery silently.
            if isinstance(error, asyncio.CancelledError) and _are_we_cancelled():
                raise
            raise Temporary(f"unexpected error ({type(error).__name__})") from None

    def report(self, name: str, outcome: str, notice: Notice, why: str = "") -> None:
        """Log and count an attempt; an exception there must not stop a page."""
        try:
            speak = log.warning if outcome in ("failed", "partly") else log.info
            speak("notice", channel=name, outcome=outcome, incident=notice.incident, kind=notice.kind.value, why=why)
            self._count(name, outcome, notice)
        except Exception as error:  # noqa: BLE001
            self.report_error = type(error).__name__


def asked_gap(failure: Exception) -> float:
    """Return the channel's Retry-After, within RETRY_AFTER_MAX_SECONDS."""
    asked = failure.retry_after_seconds if isinstance(failure, Temporary) else 0.0
    return min(asked, RETRY_AFTER_MAX_SECONDS)


def next_gap(failure: Exception, gap: float) -> float:
    """Return the seconds to wait: the own gap, or the channel's Retry-After, if longer."""
    return max(gap, asked_gap(failure))


def _are_we_cancelled() -> bool:
    """Return whether this task is being cancelled, rather than a library's future."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0

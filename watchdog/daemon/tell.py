"""The outbox: brings every notice to people, at least once, whatever happens.

Rule 1: in doubt it is sent again; the same page twice is the worst accepted outcome (reliability: fails open).
Rule 2: nothing here may stop a page: neither another channel, nor the store, nor a fault of our own.
Rule 3: an effect is finished only when every named channel has the notice or a newer one spoke for it. A cancelled
delivery stays pending in the store and is delivered by the next start.
Rule 4: while a channel fails, the next configured one stands in, so that somebody hears soon; the failing one is
tried on. Whoever was told of an incident as a stand-in also gets its all-clear.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from weakref import WeakValueDictionary

import structlog

from watchdog.daemon.lane import Lane, Parcel
from watchdog.daemon.told import GAPS_SECONDS, Told
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.notices import Notice
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Notifier, Store

BROKEN_GAP_SECONDS = 300.0
"""Pause after a channel refused for good: a human may have repaired it meanwhile."""
RETRY_AFTER_MAX_SECONDS = 600.0
ATTEMPT_SECONDS = 30.0
"""The longest one attempt may take: an edit, a reply, or a resolve and a trigger."""
STALE_SECONDS = 86400.0
"""A notice that wakes nobody is dropped at this age."""

Report = Callable[[str, str, Notice], None]
"""Told of each attempt: channel (or "store"), outcome (sent, failed, gave_way), notice."""
log = structlog.get_logger(__name__)


@dataclass(eq=False)
class _Errand:
    """One `Tell` on its way. `heard_by` are the channels that have it."""

    effect_id: int | None
    notice: Notice
    named: tuple[str, ...]
    heard_by: set[str] = field(default_factory=set)
    outcomes: dict[str, str] = field(default_factory=dict)
    standing_in: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def needs_a_stand_in(self) -> bool:
        """Nobody heard it; or a page, which a named channel failed to bring, and no stand-in has it."""
        return not self.heard_by or (self.notice.wakes and self.heard_by <= set(self.named))


class Teller:
    """Delivers notices. `notifiers` are in the order in which they stand in for each other."""

    def __init__(
        self,
        store: Store,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        report: Report,
        *,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._told = Told(store, clock, lambda notice, why: self._say("store", "failed", notice, why=why))
        self._notifiers = notifiers
        self._clock = clock
        self._report = report
        self._attempt_seconds = attempt_seconds
        self._lanes: WeakValueDictionary[tuple[str, str], Lane] = WeakValueDictionary()
        self._failing: dict[str, str] = {}
        self._waiting = 0

    @property
    def failing(self) -> Mapping[str, str]:
        """Channels whose last attempt failed, with the reason."""
        return dict(self._failing)

    @property
    def waiting(self) -> int:
        """How many notices some channel has not got yet."""
        return self._waiting

    async def deliver(self, effect_id: int | None, tell: Tell) -> None:
        """Bring a notice to its channels and finish the effect; `effect_id` is None when the store has no row of it.

        May be called again for the same effect after a restart; may be cancelled at any moment.
        """
        errand = _Errand(effect_id, tell.notice, self._named(tell))
        # Before the first await: notices queue in the order in which they were decided.
        parcels = [self._lane(errand.notice, name).join(name, errand.notice) for name in errand.named]
        self._waiting += 1
        try:
            errand.heard_by.update(await self._told.heard_by(errand.effect_id, errand.notice))
            errand.outcomes.update(dict.fromkeys(errand.heard_by, "sent"))
            parcels += await self._all_clear_for_stand_ins(errand)
            for parcel in parcels:
                if parcel.channel in errand.heard_by:
                    parcel.lane.leave(parcel)
            async with asyncio.TaskGroup() as group:
                for parcel in parcels:
                    if parcel.channel not in errand.heard_by:
                        group.create_task(self._bring(errand, parcel))
        finally:
            self._waiting -= 1
            for parcel in parcels:
                parcel.lane.leave(parcel)
        await self._told.finish(errand.effect_id, errand.notice, errand.outcomes)

    def _named(self, tell: Tell) -> tuple[str, ...]:
        """Return the channels to bring it to; when none of the named ones is configured, the first that is."""
        named = tuple(dict.fromkeys(name for name in tell.channels if name in self._notifiers))
        for name in tell.channels:
            if name not in self._notifiers:
                self._say(name, "failed", tell.notice, why="no such channel is configured")
        return named or (tuple(self._notifiers)[:1] if tell.channels else ())

    async def _all_clear_for_stand_ins(self, errand: _Errand) -> list[Parcel]:
        """Return parcels for channels that were told of this incident, though nobody named them for its end."""
        others = [name for name in self._notifiers if name not in errand.named] if errand.notice.resolves else []
        told = []
        for name in others:
            try:
                if await self._told.reference(errand.effect_id, errand.notice, name) is not None:
                    told.append(name)
            except Temporary:
                continue
        return [self._lane(errand.notice, name).join(name, errand.notice) for name in told]

    async def _bring(self, errand: _Errand, parcel: Parcel) -> None:
        """Try until this channel has the notice, or a newer one spoke for it, or it is stale."""
        notice, name = parcel.notice, parcel.channel
        for gap in chain(GAPS_SECONDS, repeat(GAPS_SECONDS[-1])):
            await parcel.go.wait()
            if parcel.overtaken.is_set() or self._stale(notice):
                errand.outcomes[name] = "gave way"
                parcel.lane.leave(parcel)
                self._say(name, "gave_way", notice)
                return
            failure = await self._attempt(errand, name)
            if failure is None:
                parcel.lane.arrived(parcel)
                return
            broken = isinstance(failure, Permanent)
            parcel.lane.failed(parcel, broken=broken)
            await self._stand_in(errand, name)
            await self._pause(BROKEN_GAP_SECONDS if broken else _gap(failure, gap), parcel.overtaken)

    async def _attempt(self, errand: _Errand, name: str) -> Exception | None:
        """Send once and remember it; return why it failed, or None. Only a cancellation comes out of here."""
        lane = self._lane(errand.notice, name)
        async with lane.attempt:
            try:
                async with asyncio.timeout(self._attempt_seconds):
                    before = await self._told.reference(errand.effect_id, errand.notice, name)
                    reference = await self._notifiers[name].send(errand.notice, before)
            except (Temporary, Permanent) as error:
                return self._failed(errand, name, error)
            except TimeoutError:
                return self._failed(
                    errand, name, Temporary(f"it took longer than {show_seconds(self._attempt_seconds)}")
                )
            except asyncio.CancelledError as error:
                if _are_we_cancelled():
                    raise
                return self._failed(errand, name, error)
            except Exception as error:  # noqa: BLE001  a fault of our own must not stop a page
                return self._failed(errand, name, error)
            self._failing.pop(name, None)
            self._say(name, "sent", errand.notice)
            await self._record(errand, name, reference)
        return None

    def _failed(self, errand: _Errand, name: str, error: BaseException) -> Exception:
        """Report a failed attempt; what nobody foresaw counts as temporary, and its text is not repeated."""
        known = error if isinstance(error, (Temporary, Permanent)) else None
        failure = known or Temporary(f"it failed in a way nobody foresaw ({type(error).__name__})")
        self._failing[name] = str(failure)
        self._say(name, "failed", errand.notice, why=str(failure))
        return failure

    async def _stand_in(self, errand: _Errand, failing: str) -> None:
        """Let the next channels that nobody named try, each once, until one has it."""
        async with errand.standing_in:
            names = tuple(self._notifiers)
            first = names.index(failing) + 1
            for name in (*names[first:], *names[:first]):
                if not errand.needs_a_stand_in:
                    return
                if name not in errand.named:
                    await self._attempt(errand, name)

    async def _record(self, errand: _Errand, name: str, reference: str | None) -> None:
        errand.heard_by.add(name)
        errand.outcomes[name] = "sent" if name in errand.named else "sent as a stand-in"
        await self._told.record(errand.effect_id, errand.notice, name, reference)

    async def _pause(self, seconds: float, cut: asyncio.Event) -> None:
        """Sleep, or return sooner when the event is set."""
        async with asyncio.TaskGroup() as group:
            either = (group.create_task(self._clock.sleep(seconds)), group.create_task(cut.wait()))
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            for task in either:
                task.cancel()

    def _lane(self, notice: Notice, name: str) -> Lane:
        return self._lanes.setdefault((notice.incident, name), Lane())

    def _stale(self, notice: Notice) -> bool:
        return not notice.wakes and self._clock.now() - notice.at > STALE_SECONDS

    def _say(self, name: str, outcome: str, notice: Notice, why: str = "") -> None:
        """Tell log and metrics; a fault of theirs must not stop a page."""
        try:
            speak = log.warning if outcome == "failed" else log.info
            speak("notice", channel=name, outcome=outcome, incident=notice.incident, kind=notice.kind.value, why=why)
            self._report(name, outcome, notice)
        except Exception as error:  # noqa: BLE001
            self._failing["report"] = type(error).__name__


def _gap(failure: Exception, gap: float) -> float:
    """Return the seconds to wait: our own gap, or what the channel asks for, within a bound."""
    asked = failure.retry_after_seconds if isinstance(failure, Temporary) else 0.0
    return max(gap, min(asked, RETRY_AFTER_MAX_SECONDS))


def _are_we_cancelled() -> bool:
    """Tell a cancellation sent to us from one that leaked out of a library's future."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0

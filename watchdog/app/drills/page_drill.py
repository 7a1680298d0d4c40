"""A drill of the people side: a test page through the channels that wake, timed until a person acknowledges it.

Rule 1: the page is recorded before it is sent, so that a second run can close what a killed one left open.
Rule 2: it is sent once to each channel, under a name that no incident has, and its title says that it is a test.
Rule 3: it is closed in every channel however the drill ends.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from watchdog.app.drills.drill_ground import Tell
from watchdog.core.assess.schedule import whose
from watchdog.daemon.integrations.pager_sync import PagerReader
from watchdog.daemon.outbox.delivery import PASSIVE_CHANNELS
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep
from watchdog.domain.errors import Permanent, Refused, Temporary, WatchdogError
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Notifier, Store
from watchdog.settings import Settings

TITLE = "TEST PAGE, a drill: nothing is wrong, acknowledge it"
OVER = "The test page is over: nothing was wrong"
LOOK_SECONDS, PAGER_LOOK_SECONDS = 1.0, 5.0
CLOSE_ATTEMPTS, CLOSE_AGAIN_SECONDS = 3, 2.0
CLOSING_SECONDS = 60.0
"""How long its process may take beside the waiting: to send the page, and to close it."""
DRILLS_READ = 20
KILLED = "it was killed, or left its page open, and was closed later"


def called(settings: Settings, whom: str | None, now: float) -> tuple[str, ...]:
    """Return the channels that page a contact, rotation or channel; by default those of a critical page.

    Raises Refused for one that is not known, or wakes no one.
    """
    if whom is None:
        named = settings.policy.matrix[Severity.CRITICAL].tell
    elif whom in settings.channels:
        named = (whom,)
    else:
        # Of a rotation the contact on call now; a contact may stand outside the escalation.
        steps = [whose(one, now) for one in settings.policy.escalation if one.name == whom]
        named = (
            steps[0].channels if steps else tuple(one for one in settings.channels if one.rpartition("-")[0] == whom)
        )
    if not named:
        known = ", ".join(name for name in settings.channels if name not in PASSIVE_CHANNELS)
        raise Refused(f"{whom or 'a critical page'} has no channel: one of {known or 'none is configured'}")
    quiet = PASSIVE_CHANNELS | settings.policy.plain_channels
    found = tuple(one for one in named if one not in quiet)
    if not found:
        raise Refused(f"{', '.join(named)} wakes no one: name another channel, or a contact")
    return found


@dataclass(slots=True)
class PageDrill:
    """Drills of the people side. `pager` reads who acknowledged, or is None; `tell` shows a line of progress."""

    settings: Settings
    store: Store
    channels: Mapping[str, Notifier]
    pager: PagerReader | None
    clock: Clock
    tell: Tell
    targets: Mapping[str, float]
    within_seconds: float
    _unread: str = field(default="", init=False)

    async def run(self, whom: str | None, by: str) -> Drill:
        """Page them, wait until a person acknowledges it, close the page, and return the scoreboard.

        Raises Refused before a page is sent; after Ctrl-C or a fault it closes the page first, and raises that then.
        """
        channels = called(self.settings, whom, self.clock.now())
        await self._not_now()
        await self.close_left(force=False)
        drill = await self._begin(whom, channels, by)
        failed: BaseException | None = None
        try:
            drill = await self._send(drill)
            drill = await self._wait(drill) if DrillStep.PAGED in drill.took else drill
        except WatchdogError as error:
            drill = replace(drill, problems=(*drill.problems, str(error)))
        # Ctrl-C, and every fault of our own: the page must not stay open.
        except BaseException as error:  # noqa: BLE001
            failed = error
            what = "interrupted" if isinstance(error, asyncio.CancelledError) else type(error).__name__
            self.tell(f"{what}: closing the page first")
            drill = replace(drill, problems=(*drill.problems, what))
        drill = await self._end(drill)
        if failed is not None:
            raise failed
        return drill

    async def close_left(self, *, force: bool) -> Sequence[Drill]:
        """Close what killed drills left open; return them. Raises Refused for one that may still run, unless forced."""
        pages = [one for one in await self.store.drills() if one.method is DrillMethod.PAGE]
        found = [one for one in pages if one.unclean]
        if running := next((one for one in found if one.may_run(self.clock.now()) and not force), None):
            raise Refused(
                f"test page {running.number}, by {running.by}, may still run, and is closed by itself; if it was "
                f"killed: {command_line('drill', '--page', '--clean', '--force')}"
            )
        closed = []
        for one in found:
            self.tell(f"closing test page {one.number} of {one.by}")
            said = () if KILLED in one.problems else (KILLED,)
            closed.append(await self._end(replace(one, problems=(*one.problems, *said))))
        return closed

    async def _not_now(self) -> None:
        """Raise Refused while people are paged for a real incident: a test would look like a part of it."""
        state = await self.store.load_readonly()
        for name, service in state.services.items() if state is not None else ():
            if service.incident is not None and service.incident.closed_at is None and service.incident.paged:
                raise Refused(f"no test page now: people are paged for {service.incident.id} of {name}")

    async def _begin(self, whom: str | None, channels: Sequence[str], by: str) -> Drill:
        now = self.clock.now()
        drill = Drill(
            now,
            f"page {whom}" if whom is not None else "page",
            DrillMethod.PAGE,
            by,
            began_at=now,
            # A new store begins to count again, and the pager keeps old keys: the moment makes it one of its own.
            incident=f"drill-{now * 1000:.0f}",
            pages=dict.fromkeys(channels, ""),
            targets=self.targets,
            within_seconds=self.within_seconds + CLOSING_SECONDS,
        )
        begun = await self.store.begin_drill(drill)
        if begun is None:
            raise Refused(f"another test page is open: {command_line('drill', '--page', '--clean')}")
        return begun

    async def _send(self, drill: Drill) -> Drill:
        """Send the page to each channel, once, and record who has it."""
        self.tell(f"paging {', '.join(drill.pages)}: {TITLE}")
        sent = await asyncio.gather(*(self._sent(name, drill) for name in drill.pages))
        references = {name: reference for name, reference, _, _ in sent}
        arrived = [at for _, _, at, _ in sent if at is not None]
        wrong = tuple(why for *_, why in sent if why)
        drill = replace(drill, pages=references, problems=(*drill.problems, *wrong))
        if not arrived:
            return drill
        took = {DrillStep.PAGED.value: round(max(0.0, min(arrived) - drill.at), 1)}
        drill = replace(drill, took=took)
        await self.store.put_drill(drill)
        self.tell(f"paged after {show_seconds(took[DrillStep.PAGED])}")
        if self._reads(drill):
            self.tell(f"acknowledge it in PagerDuty, or with: {command_line('drill', '--ack')}")
        else:
            self.tell(f"acknowledge it with: {command_line('drill', '--ack')}")
        return drill

    async def _sent(self, name: str, drill: Drill) -> tuple[str, str, float | None, str]:
        """Return the channel, its reference, when it had the page, and why it has not."""
        try:
            reference = await self.channels[name].send(self._notice(drill, NoticeKind.TEST), None)
        # A page whose answer was lost may have rung: it is closed like the others, and not sent again.
        except WatchdogError as error:
            return name, "", None, f"{name}: {error}"
        return name, reference or "", self.clock.now(), ""

    async def _wait(self, drill: Drill) -> Drill:
        """Wait until a person acknowledges the page, or the time is up."""
        give_up, asked = self.clock.monotonic() + self.within_seconds, -PAGER_LOOK_SECONDS
        while True:
            found = await self._recorded(drill)
            # Acknowledged by the command, or closed by another process.
            if found.acknowledged_by or found.ended_at is not None:
                return found
            if self._reads(drill) and self.clock.monotonic() - asked >= PAGER_LOOK_SECONDS:
                asked = self.clock.monotonic()
                if done := await self._acknowledged(drill):
                    return done
            if self.clock.monotonic() >= give_up:
                more = (self._unread,) if self._unread else ()
                what = f"no one acknowledged it within {show_seconds(self.within_seconds)}"
                return replace(drill, problems=(*drill.problems, what, *more))
            await self.clock.sleep(LOOK_SECONDS)

    async def _recorded(self, drill: Drill) -> Drill:
        """Return the drill as the store has it; where it does not answer, as it is known here: it is read again."""
        try:
            rows = await self.store.drills(DRILLS_READ)
        except Temporary:
            return drill
        return next((one for one in rows if one.number == drill.number), drill)

    def _reads(self, drill: Drill) -> bool:
        return self.pager is not None and self.pager.name in drill.pages

    async def _acknowledged(self, drill: Drill) -> Drill | None:
        """Return the drill, acknowledged, if a person answered the page in the pager."""
        assert self.pager is not None, "asked before"
        try:
            responses = await self.pager.responses(self._notice(drill, NoticeKind.TEST).dedup_key, drill.at)
        except Temporary:
            return None
        except Permanent as error:
            self._unread = f"who acknowledged cannot be read: {error}"
            return None
        if not responses:
            return None
        first = responses[0]
        return drill.acknowledged(first.who, first.at + self.pager.ahead_seconds)

    async def _end(self, drill: Drill) -> Drill:
        """Close the page in every channel, and record the scoreboard."""
        left = [await self._closed(name, reference, drill) for name, reference in drill.pages.items()]
        # A person may have acknowledged it while it was being closed.
        known = await self._recorded(drill)
        if known.acknowledged_by and not drill.acknowledged_by:
            drill = replace(drill, acknowledged_by=known.acknowledged_by, took=known.took)
        drill = replace(drill, left=tuple(filter(None, left)), ended_at=drill.ended_at or self.clock.now())
        await self.store.put_drill(drill)
        if drill.acknowledged_by:
            self.tell(
                f"acknowledged by {drill.acknowledged_by} after {show_seconds(drill.took[DrillStep.ACKNOWLEDGED])}"
            )
        self.tell("the test page is closed" if not drill.left else f"LEFT FOR YOU: {'; '.join(drill.left)}")
        return drill

    async def _closed(self, name: str, reference: str, drill: Drill) -> str:
        """Close the page in one channel; return what is left, or ""."""
        why = "it is no channel any more"
        for attempt in range(CLOSE_ATTEMPTS if name in self.channels else 0):
            try:
                await self.channels[name].send(self._notice(drill, NoticeKind.RESOLVED), reference or None)
            except WatchdogError as error:
                why = str(error)
                if isinstance(error, Permanent) or attempt + 1 == CLOSE_ATTEMPTS:
                    break
                await self.clock.sleep(CLOSE_AGAIN_SECONDS)
            else:
                return ""
        return f"the test page may be open in {name} ({why}): close it there"

    def _notice(self, drill: Drill, kind: NoticeKind) -> Notice:
        """Return the page, or its end. Both have the drill's moment: another one would be another page."""
        if kind is NoticeKind.RESOLVED:
            return Notice(self.clock.now(), drill.incident, "watchdog", Severity.CRITICAL, kind, OVER)
        lines = (
            "A drill times how long it takes until a person acknowledges this page.",
            f"Acknowledge it in PagerDuty, or run `{command_line('drill', '--ack')}`.",
        )
        return Notice(drill.at, drill.incident, "watchdog", Severity.CRITICAL, kind, TITLE, lines, wakes=True)

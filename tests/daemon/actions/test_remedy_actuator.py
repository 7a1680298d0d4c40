"""A feature flag is switched off at most once, and its outcome is looked up: against the sandbox's flag service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.actuator_scene import Guarded
from tests.support.clocks import FakeClock
from tests.support.stores import store_at
from watchdog.adapters.options import Context
from watchdog.adapters.remedies.flag_off import TOKEN, FlagOff, FlagOffOptions
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.remedy_actuator import CONTENDED, INTERRUPTED, UNCONFIGURED, UNREAD
from watchdog.daemon.actions.timings import SHIPPED
from watchdog.domain import events as e
from watchdog.domain.effects import TryRemedy
from watchdog.domain.errors import Displaced, Stale
from watchdog.domain.events import Event
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.ports import Before, Store
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

FLAG = TryRemedy("web", "web-1", "new-checkout")
PLANNED = ActionRow("web-1", "flag new-checkout", "planned", target="new-checkout", baseline="", service="web")
SENDING = replace(PLANNED, state="sending", attempts=1, sent_at=1.0)


@dataclass
class Scene:
    """An actuator with one flag, in its world."""

    sandbox: Sandbox
    clock: FakeClock
    store: Store
    actuator: Actuator

    @property
    def on(self) -> bool:
        return self.sandbox.cloud.flags["new-checkout"]

    @property
    def sent(self) -> int:
        return len(self.sandbox.events.requests("flags", "PATCH"))

    async def ends(self, kind: type[Event], words: str = "", *, resumed: bool = False, **said: bool) -> None:
        """Perform; the outcome is of that kind, of this flag, and has these words in its reason."""
        outcome: Any = await self.actuator.perform(FLAG, resumed=resumed)
        assert type(outcome) is kind, outcome
        for name in ("settled", "already"):
            assert getattr(outcome, name, False) is said.get(name, False), outcome
        assert (outcome.service, outcome.incident, outcome.remedy) == ("web", "web-1", "new-checkout")
        assert words in getattr(outcome, "why", ""), outcome.why

    async def row(self) -> ActionRow:
        row = await self.store.action("web-1", PLANNED.step)
        assert row is not None
        return row


def options(url: str, *, look: bool = True) -> FlagOffOptions:
    """Return the flag of the sandbox, as a configuration has it."""
    request = {
        "method": "PATCH",
        "url": f"{url}/new-checkout",
        "headers": {"authorization": "{token}"},
        "body": {"enabled": False},
    }
    seen = {"look": {"url": f"{url}/new-checkout", "json": "$.state.enabled", "equals": False}} if look else {}
    return FlagOffOptions.model_validate({"flag": "new-checkout", "request": request, **seen})


@asynccontextmanager
async def scene(
    *,
    look: bool = True,
    store_url: str = "memory://",
    hook: Callable[[Scene, str], Awaitable[None]] | None = None,
    before: Callable[[ActionRow, str | None], bool | None] | None = None,
    made: type[Guarded] = Guarded,
) -> AsyncIterator[Scene]:
    clock = FakeClock()
    store = made(clock, before) if before is not None else store_at(store_url, clock)
    async with Sandbox() as sandbox:
        context = Context(clock=clock, endpoints={}, secrets={TOKEN: keys.FLAG_TOKEN})
        switch = FlagOff(options(sandbox.urls["flags"], look=look), context)
        scenes: list[Scene] = []

        async def at(point: str) -> None:
            if hook is not None:
                await hook(scenes[0], point)

        actuator = Actuator(None, store, clock, at, remedies={("web", "new-checkout"): switch})
        scenes.append(Scene(sandbox, clock, store, actuator))
        await store.open()
        try:
            yield scenes[0]
        finally:
            await switch.close()
            await store.close()


@pytest.mark.parametrize("look", [True, False])
async def test_it_is_off_by_one_request(tmp_path: Path, look: bool) -> None:
    """Without a right to change anything at Render: that is another key."""
    async with scene(look=look, store_url=f"sqlite:///{tmp_path}/journal.db") as s:
        await s.ends(e.RemedyDone)
        assert (s.on, s.sent, (await s.row()).state, s.actuator.writing) == (False, 1, "done", False)
        await s.ends(e.RemedyDone, resumed=True)
        assert s.sent == 1, "the outcome of the row is told again"


@pytest.mark.parametrize("mode", ["drop", "error_after"])
async def test_an_answer_that_was_lost_is_looked_up(mode: str) -> None:
    """The flag tells what came of it; without a look nothing does, and it is not sent again."""
    async with scene() as s:
        s.sandbox.modes.set("flag", mode)
        await s.ends(e.RemedyDone)
        assert (s.on, s.sent) == (False, 1)
    async with scene(look=False) as s:
        s.sandbox.modes.set("flag", mode)
        await s.ends(e.RemedyLost, "it may or may not have happened")
        await s.ends(e.RemedyLost, "it may or may not have happened", resumed=True)
        assert (s.sent, (await s.row()).state, (await s.row()).result) == (1, "failed", None)


async def test_a_request_that_was_lost_ends_after_the_settle_window() -> None:
    """Read as on, it is on. Not read, nothing tells, but nothing can still arrive: the rollback need not wait."""
    async with scene() as s:
        s.sandbox.modes.set("flag", "reset_before")
        await s.ends(e.RemedyRefused, "it is on 30 s later")
        assert (s.on, s.sent) == (True, 1) and s.clock.elapsed > 30.0
        await s.ends(e.RemedyRefused, "it is on 30 s later", resumed=True)
    async with scene() as s:
        s.sandbox.modes.set("flags", "down")
        for resumed in (False, True):
            await s.ends(e.RemedyLost, "it cannot be read 30 s later", settled=True, resumed=resumed)
        assert (await s.row()).result is ActionResult.UNREAD


@pytest.mark.parametrize(("mode", "why"), [("refuse_429", "429"), ("refuse_403", "403"), ("refuse_404", "404")])
async def test_a_refusal_is_final(mode: str, why: str) -> None:
    """Nothing was changed, and the outage does not wait for a rate limit."""
    async with scene() as s:
        s.sandbox.modes.set("flag", mode)
        await s.ends(e.RemedyRefused, why)
        assert (s.on, s.sent, (await s.row()).result) == (True, 1, ActionResult.REFUSED)
        await s.ends(e.RemedyRefused, why)
        assert s.sent == 1


async def test_an_answer_is_not_believed_before_it_is_read_back() -> None:
    """The service says yes, and the flag stays on: an approval there, perhaps."""
    async with scene() as s:
        s.sandbox.cloud.set_flag = lambda flag, enabled: None  # type: ignore[method-assign]
        await s.ends(e.RemedyRefused, "it is on 30 s later (it answered yes)")


async def unread(s: Scene, point: str) -> None:
    """Let the token switch flags, and read none."""
    s.sandbox.modes.set("flags", "ok" if point == "before_send" else "down")


@pytest.mark.parametrize("row", [None, replace(SENDING, result=ActionResult.WITHOUT_ID)])
async def test_an_answer_is_believed_where_the_flag_cannot_be_read(tmp_path: Path, row: ActionRow | None) -> None:
    """It answered yes: people must read that it is off, and that nobody saw it. So after a crash."""
    async with scene(hook=unread, store_url=f"sqlite:///{tmp_path}/journal.db") as s:
        s.sandbox.modes.set("flags", "down")
        if row is not None:
            assert await s.store.put_action(row, expect=None)
        await s.ends(e.RemedyDone, UNREAD)
        assert (s.on, s.sent, (await s.row()).note) == (row is not None, int(row is None), UNREAD)
        await s.ends(e.RemedyDone, UNREAD, resumed=True)


async def test_a_flag_that_is_off_already_is_no_remedy() -> None:
    """Switching it changes nothing; a person may have done it, and the site fails still."""
    async with scene() as s:
        s.sandbox.cloud.set_flag("new-checkout", enabled=False)
        for resumed in (False, True):
            await s.ends(e.RemedyRefused, "it is off already", already=True, resumed=resumed)
        assert s.sent == 0


async def test_a_flag_that_is_not_configured_is_refused() -> None:
    """A reload took it away."""
    async with scene() as s:
        actuator = Actuator(None, s.store, s.clock)
        assert actuator.perform and isinstance(outcome := await actuator.perform(FLAG), e.RemedyRefused)
        assert outcome.why == UNCONFIGURED
        assert await s.store.put_action(SENDING, expect=None)
        assert isinstance(await actuator.perform(FLAG, resumed=True), e.RemedyLost), "it may be off"


@pytest.mark.parametrize(
    ("state", "kind"), [("sending", e.RemedyLost), ("done", e.RemedyDone), (None, e.RemedyRefused)]
)
async def test_a_kind_that_only_a_newer_worker_knows_is_never_done(state: str | None, kind: type[Event]) -> None:
    """What the newer one sent, and did not see the end of, is not known."""
    newer = TryRemedy("web", "web-1", "scale:3")
    async with scene() as s:
        if state is not None:
            row = replace(SENDING, step="remedy scale:3", target="scale:3", state=state)
            assert await s.store.put_action(row, expect=None)
        assert type(await s.actuator.perform(newer, resumed=state is not None)) is kind and s.sent == 0


# --- a crash at every point ---


@pytest.mark.parametrize("row", [None, PLANNED])
async def test_after_a_crash_before_the_send_nothing_was_sent(row: ActionRow | None) -> None:
    """Before the intent, or after it: the core decides anew, and then it is sent once."""
    async with scene() as s:
        if row is not None:
            assert await s.store.put_action(row, expect=None)
        await s.ends(e.RemedyPostponed, INTERRUPTED, resumed=True)
        assert s.sent == 0
        await s.ends(e.RemedyDone)
        assert (s.on, s.sent) == (False, 1)


@pytest.mark.parametrize(("arrived", "look"), [(True, True), (False, True), (True, False), (False, False)])
async def test_after_a_crash_at_the_send_it_is_looked_up_and_not_sent_again(arrived: bool, look: bool) -> None:
    """Whether the request left is not known: the flag tells, or people have to look."""
    async with scene(look=look) as s:
        assert await s.store.put_action(SENDING, expect=None)
        if arrived:
            s.sandbox.cloud.set_flag("new-checkout", enabled=False)
        kind = (e.RemedyDone if arrived else e.RemedyRefused) if look else e.RemedyLost
        await s.ends(kind, resumed=True)
        assert s.sent == 0
        await s.ends(kind, resumed=True)


class Slow:
    """A remedy whose looks take longer than the settle window: what was sent arrives during the first one."""

    can_look, believed, needs_before = True, False, False

    def __init__(self, clock: FakeClock, *, arrives: bool) -> None:
        self.clock, self.arrives, self.looks = clock, arrives, 0

    async def before(self) -> Before:
        return Before()

    async def apply(self) -> None:
        raise AssertionError("it was sent already")

    async def look(self, baseline: str) -> bool:
        self.looks += 1
        self.clock.freeze(SHIPPED.settle_seconds + 1.0)
        return self.arrives and self.looks > 1

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("arrives", "kind"), [(True, e.RemedyDone), (False, e.RemedyRefused)])
async def test_only_a_look_that_began_after_the_whole_window_says_that_nothing_arrived(
    arrives: bool, kind: type[Event]
) -> None:
    """A slow answer tells what was there when it was asked for, not when it came."""
    async with scene() as s:
        assert await s.store.put_action(SENDING, expect=None)
        slow = Slow(s.clock, arrives=arrives)
        actuator = Actuator(None, s.store, s.clock, remedies={("web", "new-checkout"): slow})
        assert type(await actuator.perform(FLAG, resumed=True)) is kind and slow.looks == 2


# --- what comes in between ---


async def test_the_last_look_keeps_it_from_being_sent() -> None:
    """A pause, or a freeze of the process: nothing is sent, and the row says so."""
    async with scene() as s:
        s.actuator.forbids = lambda change, at: "paused by ann"
        await s.ends(e.RemedyPostponed, "paused by ann")
        assert (s.sent, (await s.row()).state) == (0, "planned")
        s.actuator.forbids = lambda change, at: ""
        await s.ends(e.RemedyDone)

    async def freeze(s: Scene, point: str) -> None:
        if point == "before_send":
            await s.clock.advance(6.0)

    async with scene(hook=freeze) as s:
        await s.ends(e.RemedyPostponed, "more than 5 s since the last look")
        assert s.sent == 0


def stale(row: ActionRow, expect: str | None) -> bool | None:
    if row.state == "sending":
        raise Stale
    return None


def displaced(row: ActionRow, expect: str | None) -> bool | None:
    raise Displaced(("web",))


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (lambda row, expect: False, CONTENDED),
        (lambda row, expect: False if row.state == "sending" else None, CONTENDED),
        (stale, str(Stale())),
    ],
)
async def test_another_worker_that_is_at_it_is_left_to_it(before: Any, why: str) -> None:
    """Its row is newer, or the shared state changed: nothing is sent."""
    async with scene(before=before) as s:
        await s.ends(e.RemedyPostponed, why)
        assert s.sent == 0


@pytest.mark.parametrize(("row", "kind"), [(SENDING, e.RemedyRefused), (replace(SENDING, state="done"), e.RemedyDone)])
async def test_what_another_worker_sent_meanwhile_is_looked_up(row: ActionRow, kind: type[Event]) -> None:
    """This one stood still, and may have the service again: "nothing was sent" would hide what is done."""

    async def overtake(s: Scene, point: str) -> None:
        if point == "after_intent":
            assert await s.store.put_action(row, expect="planned")

    async with scene(hook=overtake) as s:
        await s.ends(kind)
        assert s.sent == 0


async def test_a_request_of_another_worker_is_not_taken_back() -> None:
    """This one stood still right before its call; the other did what the row allowed then, and died."""

    async def overtake(s: Scene, point: str) -> None:
        if point == "before_send":
            s.clock.freeze(60.0)
            row = await s.row()
            await s.store.put_action(replace(row, state="planned"), "sending")
            await s.store.put_action(replace(row, sent_at=s.clock.now()), "planned")

    async with scene(hook=overtake) as s:
        await s.ends(e.RemedyRefused, "30 s later")
        assert ((await s.row()).state, s.sent) == ("failed", 0), "looked up, and not sent again in this incident"


async def test_what_another_worker_did_meanwhile_was_not_so_before() -> None:
    """This one finds it off, and stood still before that: "off already" would hide that we did it."""

    async def overtake(s: Scene, point: str) -> None:
        if point == "after_intent":
            assert await s.store.put_action(replace(SENDING, state="done"), expect="planned")
            s.sandbox.cloud.flags["new-checkout"] = False

    async with scene(hook=overtake) as s:
        await s.ends(e.RemedyDone)
        assert s.sent == 0 and (await s.row()).state == "done"


async def test_a_service_that_moved_to_another_worker_is_left_to_it() -> None:
    """It looks the switch up."""
    async with scene(before=displaced) as s:
        with pytest.raises(Displaced):
            await s.actuator.perform(FLAG)
        assert s.sent == 0

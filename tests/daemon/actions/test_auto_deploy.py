"""Auto-deploy off and on again, against the sandbox's Render: bounded, read back, and never somebody else's value."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from tests.support.actuator_scene import INCIDENT, PIN, RESTORE, Told, scene
from tests.support.clocks import FakeClock
from watchdog.adapters.platforms.render import Render
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.actions.auto_deploy import LATE
from watchdog.daemon.actions.timings import SHIPPED
from watchdog.domain import events as e
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import Stale, Temporary
from watchdog.domain.store_records import ActionRow

SHORT = replace(PIN, within_seconds=1.5)
"""Long enough for one try on a busy machine."""
SENDING = ActionRow(INCIDENT, "pin", "sending", target="off", baseline="commit", service="web")
SPENT = "Render takes no more requests for 40 s (its rate limit is used up)"


@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize("mode", ["ok", "slow", "drop", "error_after"])
@pytest.mark.parametrize("before", ["commit", "checksPass"])
async def test_it_is_off_and_the_old_value_known_whatever(tmp_path: Path, before: str, mode: str, quirks: bool) -> None:
    """The answer may be lost: what counts is what is read back."""
    async with scene(store_url=f"sqlite:///{tmp_path}/journal.db", quirks=quirks) as s:
        s.web.auto_deploy_trigger = before
        s.sandbox.modes.slow_seconds = 0.05
        s.sandbox.set_mode("patch", mode)
        await s.tells(PIN, e.PinConfirmed, before)
        assert (s.web.auto_deploy_trigger, (await s.row("pin")).baseline, s.sent("PATCH")) == ("off", before, 1)
        # Render's own answer to the change says what it is set to now.
        assert mode != "ok" or quirks or s.sent("GET") == 1


@pytest.mark.parametrize("mode", ["reset_before", "refuse_429", "ignore"])
async def test_a_switch_that_did_nothing_is_tried_again(mode: str) -> None:
    """It is idempotent, so unlike a rollback it may be."""
    async with scene() as s:
        s.sandbox.set_mode("patch", mode, times=1)
        assert isinstance(await s.actuator.perform(PIN), e.PinConfirmed) and s.web.auto_deploy_trigger == "off"


@pytest.mark.parametrize(
    ("name", "mode", "left", "previous", "why"),
    [
        ("render", "hang", None, None, "it was not read back in time"),
        ("render", "error_500", None, None, "it was not read back in time"),
        ("render", "error_500", SENDING, "commit", "it was not read back in time"),
        ("patch", "ignore", None, "commit", "it is not read back as off"),
        ("patch", "slow", None, "commit", "it was not read back in time"),
    ],
)
async def test_the_whole_pin_is_bounded(
    name: str, mode: str, left: ActionRow | None, previous: str | None, why: str
) -> None:
    """What an attempt of a killed worker may have switched is told though nothing can be read, from the journal."""
    async with scene(clock=FakeClock(auto=False)) as s:
        if left:
            await s.store.put_action(left, expect=None)
        s.sandbox.set_mode(name, mode)
        outcome = await s.ends(SHORT, e.PinUnconfirmed, resumed=left is not None)
        assert (outcome.previous, outcome.why, s.actuator.writing) == (previous, why, False)


async def test_what_is_off_already_is_left_off() -> None:
    """Nothing to change, nothing to give back."""
    async with scene() as s:
        s.web.auto_deploy_trigger = "off"
        await s.tells(PIN, e.PinConfirmed, "off")
        assert (s.sent("PATCH"), s.sent("GET")) == (0, 1)


async def test_our_own_off_is_never_the_value_to_restore_and_what_a_human_chose_is() -> None:
    """Pinned, killed, pinned again: the value of the first look counts, from the journal.

    Given back, changed by a human, pinned again for another try: theirs is the value.
    """
    async with scene() as s:
        await s.actuator.perform(PIN)
        await s.tells(PIN, e.PinConfirmed, "commit", resumed=True)
        assert s.sent("PATCH") == 1
        s.sandbox.cloud.set_auto_deploy(s.web, "checksPass")
        await s.tells(PIN, e.PinConfirmed, "checksPass")
        assert (await s.row("pin")).baseline == "checksPass"


async def test_the_old_value_is_written_down_before_the_switch() -> None:
    """Killed right after the switch, the next start still knows what to restore."""
    rows: list[tuple[str, str]] = []

    class Watched(Render):
        async def set_auto_deploy(self, service_id: str, value: str) -> None:
            rows.append(((await s.row("pin")).baseline, s.web.auto_deploy_trigger))
            await super().set_auto_deploy(service_id, value)

    async with scene(made=Watched) as s:
        await s.actuator.perform(PIN)
    assert rows == [("commit", "commit")]


async def test_two_at_the_same_pin_do_not_overwrite_the_old_value() -> None:
    """The row came between our look and our write: look again."""

    class Raced(MemoryStore):
        async def put_action(self, row: ActionRow, expect: str | None) -> bool:
            if expect is None and await self.action(row.incident, row.step) is None:
                await super().put_action(replace(row, baseline="checksPass"), None)
            return await super().put_action(row, expect)

    clock = FakeClock()
    async with scene(store=Raced(clock), clock=clock) as s:
        s.sandbox.cloud.set_auto_deploy(s.web, "off")
        await s.tells(PIN, e.PinConfirmed, "checksPass")


@pytest.mark.parametrize(
    ("why", "listed", "previous"),
    [
        (SPENT, "checksPass", "checksPass"),
        (SPENT, "", None),
        (SPENT, "off", None),
        (SPENT, "unknown", None),
        (LATE, "checksPass", "checksPass"),
        (LATE, "", None),
    ],
)
async def test_case_48_it_is_switched_off_though_nothing_can_be_read(
    why: str, listed: str, previous: str | None
) -> None:
    """No reads are left this minute, or one hangs: what was listed last is the value to restore; without one, nothing
    is switched.
    """

    class Unread(Render):
        async def facts(self, service_id: str) -> ServiceFacts:
            if why == LATE:
                await asyncio.Event().wait()
            raise Temporary(why)

    async with scene(made=Unread, clock=FakeClock(auto=False)) as s:
        actuator = Told(s.platform, s.store, s.clock, timings=replace(SHIPPED, value_seconds=0.01))
        event = await actuator.perform(replace(SHORT, listed=listed))
        assert isinstance(event, e.PinConfirmed if previous else e.PinUnconfirmed) and event.previous == previous
        assert getattr(event, "why", why) == why
        assert s.web.auto_deploy_trigger == ("off" if previous else "commit")


async def test_what_an_earlier_attempt_read_is_the_value_to_restore() -> None:
    """Not what was listed before it: somebody may have changed it since."""

    class OnceRead(Render):
        reads = 0

        async def facts(self, service_id: str) -> ServiceFacts:
            self.reads += 1
            if self.reads > 1:
                raise Temporary(SPENT)
            return await super().facts(service_id)

    async with scene(made=OnceRead) as s:
        s.sandbox.cloud.set_auto_deploy(s.web, "checksPass")
        s.sandbox.set_mode("patch", "refuse_429", times=1)
        event = await s.actuator.perform(replace(PIN, listed="commit"))
        assert isinstance(event, e.PinConfirmed) and event.previous == "checksPass"


async def test_a_refused_switch_is_not_tried_again() -> None:
    async with scene() as s:
        gone = replace(PIN, platform_id="srv-gone")
        outcome = await s.ends(gone, e.PinUnconfirmed)
        assert ("404" in outcome.why, outcome.previous, s.clock.elapsed) == (True, None, 0.0)
        await s.ends(replace(RESTORE, platform_id="srv-gone"), e.AutoDeployNotRestored, "404")


@pytest.mark.parametrize("mode", ["ok", "drop", "error_after", "slow"])
@pytest.mark.parametrize("value", ["commit", "checksPass"])
async def test_the_old_value_is_given_back_whatever_the_answer(value: str, mode: str) -> None:
    async with scene() as s:
        await s.actuator.perform(PIN)
        s.sandbox.modes.slow_seconds = 0.05
        s.sandbox.set_mode("patch", mode)
        await s.tells(replace(RESTORE, value=value), e.AutoDeployRestored, value)
        assert s.web.auto_deploy_trigger == value


async def test_a_value_that_somebody_else_set_is_left_alone() -> None:
    async with scene() as s:
        await s.actuator.perform(PIN)
        s.sandbox.cloud.set_auto_deploy(s.web, "checksPass")
        await s.tells(RESTORE, e.AutoDeployRestored, "checksPass")
        assert (s.web.auto_deploy_trigger, s.sent("PATCH")) == ("checksPass", 1)


@pytest.mark.parametrize(("name", "mode"), [("patch", "ignore"), ("patch", "reset_before"), ("render", "down")])
async def test_what_cannot_be_given_back_is_said(name: str, mode: str) -> None:
    async with scene() as s:
        await s.actuator.perform(PIN)
        s.sandbox.set_mode(name, mode)
        outcome = await s.ends(RESTORE, e.AutoDeployNotRestored)
        assert outcome.why and (s.web.auto_deploy_trigger, s.actuator.writing) == ("off", False)


class Untold(Render):
    """Render, at some of whose looks it is not said what auto-deploy is set to."""

    looks: ClassVar[list[bool]] = []

    async def facts(self, service_id: str) -> ServiceFacts:
        facts = await super().facts(service_id)
        told = not self.looks or self.looks.pop(0)
        return facts if told else replace(facts, auto_deploy="unknown")


@pytest.mark.parametrize("looks", [[False], [True, True, False, False]])
async def test_what_the_platform_does_not_say_is_no_value_to_restore(looks: list[bool]) -> None:
    """Before the first switch, or between two tries: it is looked again, and the old value stays what it was."""
    Untold.looks[:] = looks
    async with scene(made=Untold) as s:
        await s.tells(PIN, e.PinConfirmed, "commit")


async def test_what_the_platform_does_not_say_was_not_given_back() -> None:
    async with scene(made=Untold) as s:
        await s.actuator.perform(PIN)
        Untold.looks[:] = [False]
        assert isinstance(await s.actuator.perform(RESTORE), e.AutoDeployRestored)
        s.sandbox.cloud.set_auto_deploy(s.web, "off")
        Untold.looks[:] = [False] * 3
        await s.ends(RESTORE, e.AutoDeployNotRestored, "does not say")


async def test_what_the_platform_never_says_is_said() -> None:
    async with scene(made=Untold, clock=FakeClock(auto=False)) as s:
        Untold.looks[:] = [False]
        outcome = await s.ends(SHORT, e.PinUnconfirmed)
        assert outcome.why == "the platform does not say what auto-deploy is set to"


async def test_the_whole_restore_is_bounded() -> None:
    async with scene() as s:
        await s.actuator.perform(PIN)
        s.sandbox.set_mode("render", "hang")
        actuator = Told(s.platform, s.store, s.clock, timings=replace(SHIPPED, restore_seconds=0.3))
        outcome = await actuator.perform(RESTORE)
        assert isinstance(outcome, e.AutoDeployNotRestored) and outcome.why == "it was not read back in time"


async def test_two_at_the_same_switch_say_so() -> None:
    """The store lets one of them through; the other one looks again, and in the end a human does."""

    for effect, clock in ((SHORT, FakeClock(auto=False)), (RESTORE, FakeClock())):
        async with scene(before=lambda row, expect: False, clock=clock) as s:
            s.sandbox.cloud.set_auto_deploy(s.web, "off" if effect is RESTORE else "commit")
            outcome = await s.actuator.perform(effect)
            assert type(outcome) is (e.AutoDeployNotRestored if effect is RESTORE else e.PinUnconfirmed)
            assert getattr(outcome, "why", "") == "another worker switches it at the same time" and s.sent("PATCH") == 0


async def test_too_long_since_the_look_it_is_not_switched() -> None:
    """The process slept in between: it looks again first; asleep each time, it says why."""

    class Asleep(Render):
        sleeps = 1

        async def facts(self, service_id: str) -> ServiceFacts:
            if self.sleeps > 0:
                self.sleeps -= 1
                s.clock.freeze(SHIPPED.guard_seconds + 1.0)
            return await super().facts(service_id)

    ages: list[float] = []
    async with scene(made=Asleep) as s:
        s.actuator.forbids = lambda _, looked_at: ages.append(s.clock.monotonic() - looked_at) or ""  # type: ignore[func-returns-value]
        assert isinstance(await s.actuator.perform(PIN), e.PinConfirmed)
        assert len(ages) == 1 and ages[0] <= SHIPPED.guard_seconds
    async with scene(made=Asleep, clock=FakeClock(auto=False)) as s:
        s.platform.sleeps = 100  # type: ignore[attr-defined]
        outcome = await s.actuator.perform(SHORT)
        assert isinstance(outcome, e.PinUnconfirmed) and outcome.why == "more than 5 s since the last look"


@pytest.mark.parametrize("sent", [True, False])
async def test_a_pin_that_was_put_off_after_a_switch_tells_the_old_value(sent: bool) -> None:
    """Other workers changed what all share before it was sent, or between two tries."""

    def shared(row: ActionRow, expect: str | None) -> None:
        if row.state == "sending" and sent is bool(s.sent("PATCH")):
            raise Stale

    async with scene(before=shared) as s:
        s.sandbox.set_mode("patch", "ignore", times=1)
        outcome = await s.actuator.perform(SHORT)
        assert type(outcome) is (e.PinUnconfirmed if sent else e.RollbackPostponed)
        assert getattr(outcome, "previous", None) == ("commit" if sent else None)


@pytest.mark.parametrize("forbids", ["", "paused by ann"])
async def test_a_pin_is_tried_again_once_what_another_worker_changed_is_read(forbids: str) -> None:
    """Of a bad commit that came back nothing else would try it, and people would be woken. After a pause it is put
    off, and certain that nothing was sent.
    """
    first = [Stale()]

    def shared(row: ActionRow, expect: str | None) -> None:
        if first:
            raise first.pop()

    async with scene(before=shared) as s:
        s.actuator.forbids = lambda *_: forbids
        outcome = await s.ends(PIN, e.RollbackPostponed if forbids else e.PinConfirmed)
        assert (outcome.previous, s.sent("PATCH")) == ((None, 0) if forbids else ("commit", 1))
        assert (await s.store.action(INCIDENT, "pin") is None) == bool(forbids)


async def test_a_pin_that_is_put_off_tells_what_an_earlier_attempt_may_have_switched() -> None:
    """Resumed by another worker, and what all share has changed: looked at again, but the old value is known."""

    def changed(row: ActionRow, expect: str | None) -> None:
        if expect is not None:
            raise Stale

    async with scene(before=changed) as s:
        await s.store.put_action(SENDING, expect=None)
        outcome = await s.ends(SHORT, e.RollbackPostponed, resumed=True)
        assert (outcome.previous, s.sent("PATCH")) == ("commit", 0)

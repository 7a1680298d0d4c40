"""A page that could not be written down, and that nobody has heard yet: who comes after us must know of it."""

import pytest

from tests.daemon.supervision.test_command_poller import with_incident
from tests.daemon.supervision.test_lease_manager import NAMES, Worker
from tests.daemon.test_renewal import fail
from tests.support.clocks import eventually
from tests.support.engine_scene import SHUT, Scene, scene
from watchdog.daemon.supervision.lease_manager import RENEW_SECONDS, TTL_SECONDS
from watchdog.domain import events as e
from watchdog.domain.effects import Tell
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Phase

NEVER = 10_000
"""Attempts: more than any test waits for."""


async def page_from_memory(s: Scene) -> None:
    """Let the store be away for the one step that pages, and then be back."""
    await s.know_deploys()
    with_incident(s, Phase.ROLLING_BACK, channels=("pager",))
    s.store.saving = SHUT  # type: ignore[attr-defined]
    await s.engine.submit_and_wait(e.RollbackStoodDown(s.clock.now(), "web", "web-1", "dep-42 is live"))
    assert s.web.phase is Phase.PAGED
    s.store.saving = None  # type: ignore[attr-defined]


@pytest.mark.parametrize("ending", ["killed", "asked to stop"])
async def test_it_is_written_with_the_next_record_and_told_by_the_next_start(ending: str) -> None:
    """No channel worked as long as we lived, and the state that says "a human was told" is all that was saved."""
    async with scene() as s:
        s.pager.script = [Temporary("503")] * NEVER
        await page_from_memory(s)
        if ending == "killed":
            await s.engine.submit_and_wait(e.Paused(s.clock.now(), "ann"))
        else:
            await s.engine.halt()
        await s.stop()
        if ending == "asked to stop":
            await s.engine.save_final_state()
        assert s.pages == []
        s.pager.script = []
        after = await s.another()
        assert after.web.phase is Phase.PAGED
        await eventually(lambda: s.pages)
        await after.quiet()
        assert await s.store.pending() == ()
        await after.stop()


async def test_we_tell_it_ourselves_once_though_it_has_a_row_now() -> None:
    """The channel comes back while we live: one page, and the row is finished."""
    async with scene() as s:
        s.pager.script = [Temporary("503")] * 3
        await page_from_memory(s)
        await s.engine.submit_and_wait(e.Resumed(s.clock.now(), "ann"))
        await s.quiet()
        assert len(s.pages) == len(set(s.pages)) > 0 and await s.store.pending() == ()


async def test_a_page_without_a_row_does_not_keep_another_one_back() -> None:
    """Both have the same number, which is none."""
    async with scene() as s:
        s.pager.script = [Temporary("503")] * 3
        await page_from_memory(s)
        s.store.saving = SHUT  # type: ignore[attr-defined]
        await s.engine.submit_and_wait(e.InvariantBroken(s.clock.now(), "a promise of ours"))
        await s.quiet()
        assert len(s.pages) == len(set(s.pages)) == 2


async def test_what_people_have_heard_is_not_written() -> None:
    """The next start must not ring again."""
    async with scene() as s:
        await page_from_memory(s)
        await s.quiet()
        told = list(s.pages)
        await s.engine.submit_and_wait(e.Paused(s.clock.now(), "ann"))
        await s.stop()
        after = await s.another()
        await after.quiet()
        assert s.pages == told != []
        await after.stop()


async def test_what_another_worker_decides_anew_is_left_to_it(one: Worker, other: Worker) -> None:
    """The service moved away: our page of it is not written, and does not hinder what else we record."""
    one.pager.script = [Temporary("503")] * NEVER
    await one.sharing.begin()
    one.store.gone = True
    await fail(one, "shop", 100.0)
    assert one.engine.state.services["shop"].phase is Phase.PAGED
    await other.sharing.begin()
    assert other.held == set(NAMES)
    one.store.gone = False
    await one.sharing.renew()
    await other.clock.advance(TTL_SECONDS + RENEW_SECONDS)
    await one.take_all()
    await one.engine.handle(e.Paused(one.clock.now(), "ann"))
    pending = [item.effect for item in await one.store.pending()]
    assert one.held == set(NAMES) and one.engine.store_trouble == ""
    assert not [effect for effect in pending if isinstance(effect, Tell) and effect.notice.service == "shop"]

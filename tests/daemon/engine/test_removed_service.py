"""A service that the configuration lost while auto-deploy was being switched off: people read that it may stay off."""

import asyncio
from dataclasses import replace

from tests.support.engine_scene import POLICY, Scene, scene
from watchdog.adapters.platforms.render import Render
from watchdog.domain import events as e
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.store_records import FLEET

OFF = "AUTO-DEPLOY MAY BE OFF on web"


class Unanswered(Render):
    """The switch arrives, and its answer does not."""

    async def set_auto_deploy(self, service_id: str, value: str) -> str | None:
        await super().set_auto_deploy(service_id, value)
        await asyncio.Event().wait()
        return None


async def restarted_without_web(s: Scene) -> Scene:
    """End the worker, and start one whose configuration lacks web; it takes web up to end its incident."""
    await s.stop()
    again = Scene(s.sandbox, s.clock, s.store, s.platform, pager=s.pager)
    again.engine.policy = replace(POLICY, services={})
    await again.engine.adopt_services({FLEET: 2, "web": 2})
    again.supervisor.start("engine", again.engine.run)
    await again.quiet()
    return again


async def test_case_51_a_switch_under_way_when_its_service_was_removed_is_told() -> None:
    """With the value before it and what to do; nothing more is changed at the platform."""
    async with scene(made=Unanswered, listed=True) as s:
        await s.engine.submit_and_wait(e.RollbackRequested(s.clock.now(), "web", "ann"))
        while s.sandbox.cloud.services["web"].auto_deploy_trigger != "off":
            await asyncio.sleep(0)
        assert s.web.phase is Phase.PINNING and s.web.auto_deploy_off == ""
        changed = s.sent("PATCH")
        again = await restarted_without_web(s)
        assert again.web.incident is not None and again.web.incident.outcome is Outcome.UNSEEN
        assert [title for title in again.pages if title.startswith(OFF)] == [OFF]
        notes = [one.text for one in await s.store.notes(incident="web-1") if one.label == "HUMAN"]
        assert f"{OFF}. It was commit; it was switched off for web-1." in notes
        assert (again.web.auto_deploy_off, again.sent("PATCH"), again.accepted, again.errors) == (
            "commit",
            changed,
            [],
            [],
        )
        assert again.engine.fault == "" and not again.engine.state.disarmed
        await again.stop()


async def test_a_switch_that_was_not_sent_is_not_told() -> None:
    """The platform did not say what it is set to, so the intent was never saved: auto-deploy is as it was."""
    async with scene(listed=True) as s:
        s.sandbox.set_mode("render", "hang")
        await s.engine.submit_and_wait(e.RollbackRequested(s.clock.now(), "web", "ann"))
        s.sandbox.set_mode("render", "ok")
        again = await restarted_without_web(s)
        assert (again.web.phase, again.web.auto_deploy_off) == (Phase.CALM, "")
        assert not [title for title in again.pages if "AUTO-DEPLOY" in title]
        assert s.sandbox.cloud.services["web"].auto_deploy_trigger == "commit"
        await again.stop()


async def test_case_51_a_flag_that_is_off_after_its_service_was_removed_is_told() -> None:
    """Its answer came when nobody waited for it any more; what is as it was is no news."""
    place = ("web", "web-1", "new-checkout")
    async with scene(listed=True) as s:
        await s.engine.submit_and_wait(e.RollbackRequested(s.clock.now(), "web", "ann"))
        again = await restarted_without_web(s)
        for kind in (e.RemedyRefused, e.RemedyPostponed, e.RemedyLost):
            await again.engine.submit_and_wait(kind(s.clock.now(), *place, "no"))
        assert not [title for title in again.pages if "flag" in title]
        await again.engine.submit_and_wait(e.RemedyDone(s.clock.now(), *place))
        await again.quiet()
        assert [title for title in again.pages if "flag" in title] == ["web: feature flag new-checkout is off"]
        await again.stop()

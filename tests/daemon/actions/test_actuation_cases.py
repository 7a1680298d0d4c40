"""Numbered faults on the Render side, with engine, actuator, real Render client and sandbox: what becomes of each."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support import actuator_scene
from tests.support.actuator_scene import INCIDENT, ROLLBACK
from tests.support.clocks import eventually
from tests.support.engine_scene import Scene, scene
from watchdog.adapters.platforms.render import Render
from watchdog.daemon.actions.timings import SHIPPED
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.errors import OutcomeUnknown
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase
from watchdog.sandbox.world import COMMITS
from watchdog.sandbox.world import Deploy as Made

REBUILD = replace(ROLLBACK, rebuild=True)


class LandsLate(Render):
    """A request that the network keeps: our deadline passes, and then it arrives at Render after all."""

    kept: tuple[str, str] | None = None
    gave_up_at = 0.0
    lands_after = SHIPPED.landing_seconds

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        await self._clock.sleep(SHIPPED.post_seconds)
        self.kept, self.gave_up_at = (service_id, deploy_id), self._clock.monotonic()
        raise OutcomeUnknown("Render timed out")

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        """List; what is on its way arrives at its time: at the latest as late as the protocol assumes that it can."""
        if self.kept is not None and self._clock.monotonic() - self.gave_up_at >= self.lands_after:
            kept, self.kept = self.kept, None
            await super().rollback(*kept)
        return await super().deploys(service_id, back_to)


@pytest.mark.parametrize("store", ["memory://", "sqlite:///{}/journal.db"])
@pytest.mark.parametrize("after_seconds", [0.0, SHIPPED.landing_seconds / 2, SHIPPED.landing_seconds])
async def test_case_12_a_request_that_lands_after_we_gave_up_is_adopted(
    tmp_path: Path, after_seconds: float, store: str
) -> None:
    """The settle window is longer than the deadline, the guard and the longest plausible delay together."""
    latest = SHIPPED.post_seconds + SHIPPED.guard_seconds + SHIPPED.landing_seconds
    assert SHIPPED.settle_seconds > latest
    async with actuator_scene.scene(made=LandsLate, store_url=store.format(tmp_path)) as s:
        s.platform.lands_after = after_seconds  # type: ignore[attr-defined]
        outcome = await s.ends(ROLLBACK, e.RollbackAccepted)
        assert (outcome.adopted, len(s.accepted), s.sent("POST")) == (True, 1, 1)
        assert await s.actuator.perform(ROLLBACK) == replace(outcome, at=s.clock.now())
        assert (len(s.accepted), s.sent("POST")) == (1, 1), "and never sent again"


class Cancelled:
    """Awaits something and cancels the task that does so at the Nth time that it waits; `waits` counts them."""

    def __init__(self, inner: Coroutine[Any, Any, Event], at: int) -> None:
        self.inner, self.at, self.waits = inner, at, 0

    def __await__(self) -> Generator[Any, None, Event]:
        go_on: Callable[[], Any] = partial(self.inner.send, None)
        while True:
            try:
                waits_for = go_on()
            except StopIteration as done:
                return done.value
            self.waits += 1
            if self.waits == self.at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                yield waits_for
                go_on = partial(self.inner.send, None)
            except BaseException as error:
                go_on = partial(self.inner.throw, error)


async def cancelled_at(wait: int, store_url: str) -> bool:
    """Cancel a rollback at its Nth wait and take it up as the next start does; return whether it waited so often."""
    async with actuator_scene.scene(store_url=store_url) as s:
        ending = Cancelled(s.actuator.perform(ROLLBACK), wait)

        async def run() -> Event:
            return await ending

        task = asyncio.ensure_future(run())
        await asyncio.wait([task])
        row = await s.store.action(INCIDENT, "rollback")
        if s.sent("POST"):
            assert row is not None and row.state in ("sending", "accepted"), f"wait {wait}: sent, and marked {row}"
        else:
            assert row is None or row.state in ("planned", "sending"), f"wait {wait}: not sent, and marked {row}"
        outcome = await s.actuator.perform(ROLLBACK, resumed=True)
        for _ in range(3):  # put off is decided anew: after a commit that was in hand, perhaps more than once
            if isinstance(outcome, e.RollbackPostponed):
                outcome = await s.actuator.perform(ROLLBACK)
        assert isinstance(outcome, e.RollbackAccepted), f"wait {wait}: {outcome}"
        assert (len(s.accepted), s.sent("POST")) == (1, 1), f"wait {wait}"
        return task.cancelled() or ending.waits >= wait


@pytest.mark.parametrize("store", ["memory://", pytest.param("sqlite:///{}/{}.db", marks=pytest.mark.long)])
async def test_case_05_cancelled_at_each_wait_it_is_marked_and_done_once(tmp_path: Path, store: str) -> None:
    """Never a call in flight that the journal does not know of; whatever was in hand, one rollback in total."""
    waits = 1
    while await cancelled_at(waits, store.format(tmp_path, waits)):
        waits += 1
    assert waits > 10, "it waits for a store, a list and an answer at least"


@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize(
    ("mode", "adopted"), [("ok", False), ("drop", True), ("error_after", True), ("refuse_429", None)]
)
async def test_case_15_the_rebuild_goes_by_the_same_protocol(mode: str, adopted: bool | None, quirks: bool) -> None:
    """Its own row, one request, looked up when its answer is lost; a deploy of the commit newer than the baseline."""
    async with actuator_scene.scene(quirks=quirks) as s:
        s.sandbox.set_mode("create_deploy", mode, times=1)
        outcome = await s.actuator.perform(REBUILD)
        if adopted is None:
            assert isinstance(outcome, e.RollbackPostponed)
            outcome = await s.actuator.perform(REBUILD)
        assert isinstance(outcome, e.RollbackAccepted)
        made = s.web.find(outcome.deploy)
        assert made is not None and (made.commit, made.trigger, s.accepted) == (COMMITS["39"][0], "api", [])
        assert outcome.adopted is (bool(adopted) or quirks)
        row = await s.row("alternative")
        assert (row.state, row.deploy) == ("accepted", outcome.deploy)
        assert await s.store.action(INCIDENT, "rollback") is None
        await s.tells(REBUILD, e.RollbackAccepted, outcome.deploy, adopted=True, resumed=True)
        assert s.sent("POST") == (2 if adopted is None else 1)


@pytest.mark.parametrize("mode", ["refuse_400", "refuse_404", "reset_before"])
async def test_case_15_a_rebuild_that_fails_has_no_alternative(mode: str) -> None:
    """Refused is final and never "expired"; without a trace it is tried once more, and then a human must look."""
    async with actuator_scene.scene() as s:
        s.sandbox.set_mode("create_deploy", mode)
        outcome = await s.actuator.perform(REBUILD)
        if mode == "reset_before":
            assert isinstance(outcome, e.RollbackPostponed)
            assert isinstance(await s.actuator.perform(REBUILD), e.RollbackLost)
            return
        assert isinstance(outcome, e.RollbackRefused) and (outcome.expired, outcome.forbidden) == (False, False)


async def on_its_way(s: Scene) -> Made:
    """Let a rollback be accepted, and return the deploy that it made."""
    await s.rollback_by_hand(until=Phase.DEPLOYING)
    await s.quiet()
    assert s.web.incident is not None
    made = s.sandbox.cloud.services["web"].find(s.web.incident.rollback.deploy)
    assert made is not None
    return made


async def test_case_15_an_expired_artefact_is_rebuilt_once_and_then_followed() -> None:
    """From the refusal to the rebuild that is live: one rollback refused, one deploy of the same commit."""
    async with scene() as s:
        s.sandbox.set_mode("rollback", "expired")
        made = await on_its_way(s)
        assert [entry["path"] for entry in s.sandbox.events.requests("render", "POST")] == [
            "/render/v1/services/srv-web/rollback",
            "/render/v1/services/srv-web/deploys",
        ]
        assert (made.commit, made.trigger) == (COMMITS["39"][0], "api")
        assert (s.web.auto_deploy_off, len(s.web.acted_at), len(s.engine.state.acted_at)) == ("commit", 1, 1)


async def test_case_14_a_refused_key_is_one_page_and_nothing_more_is_tried() -> None:
    """Auto-deploy is given back as far as the key allows; the service is not touched again."""
    async with scene() as s:
        s.sandbox.set_mode("rollback", "refuse_403")
        await s.rollback_by_hand()
        await s.until(Phase.PAGED)
        await s.quiet()
        assert (s.sent("POST"), s.accepted) == (1, [])
        assert len(s.pages) == 1 and s.web.incident is not None and "403" in s.web.incident.human_needed
        assert s.web.forbidden
        await s.rollback_by_hand()
        await s.quiet()
        assert s.sent("POST") == 1


@pytest.mark.parametrize(("ends", "words"), [("update_failed", "update failed"), ("canceled", "canceled")])
async def test_case_18_a_rollback_that_fails_is_paged_and_nothing_more_is_sent(ends: str, words: str) -> None:
    """Render calls a rollback that fails its health check either way."""
    async with scene() as s:
        ours = await on_its_way(s)
        ours.status = ends
        await s.know_deploys()
        await s.until(Phase.PAGED)
        await s.quiet()
        assert s.web.incident is not None and f"ended as {words}" in s.web.incident.human_needed
        assert s.sent("POST") == 1 and s.sandbox.cloud.services["web"].auto_deploy_trigger == "commit"


async def test_case_19_the_bad_commit_that_comes_back_is_pinned_and_paged_not_rolled_back_again() -> None:
    """Somebody switched auto-deploy on and a merge brought the denied commit: recognised by commit, said once."""
    async with scene() as s:
        await on_its_way(s)
        # By hand nobody is blamed, so the code is denied here as a rollback of our own would have done.
        bad = COMMITS["40"][0]
        state = s.engine.state
        service = replace(state.services["web"], bad=((bad, "dep-40"),))
        s.engine.state = replace(state, denied=(bad,), services={**state.services, "web": service})
        s.sandbox.cloud.set_auto_deploy(s.sandbox.cloud.services["web"], "commit")
        back = s.sandbox.cloud.merge("web", commit=bad)
        assert back is not None
        for _ in range(2):
            await s.know_deploys()
            await s.quiet()
        await eventually(lambda: s.web.incident is not None and s.web.incident.pin.off)
        assert s.sandbox.cloud.services["web"].auto_deploy_trigger == "off"
        assert (len(s.accepted), s.sent("POST")) == (1, 1)
        assert sum("is on its way again" in title for title in s.pages) == 1


async def test_auto_deploy_is_given_back_when_a_human_asks() -> None:
    """After the incident, by the command's event; the row says so."""
    async with scene() as s:
        ours = await on_its_way(s)
        await s.engine.submit_and_wait(e.RestoreRequested(s.clock.now(), "web", "ann"))
        assert s.sandbox.cloud.services["web"].auto_deploy_trigger == "off"
        ours.status = "update_failed"
        await s.know_deploys()
        await s.until(Phase.PAGED)
        await eventually(lambda: s.sandbox.cloud.services["web"].auto_deploy_trigger == "commit")
        await s.quiet()
        row = await s.store.action(s.web.incident.id, "restore")  # type: ignore[union-attr]
        assert row is not None and (row.state, row.target, row.service) == ("done", "commit", "web")

"""The rollback, at most once, against the sandbox's Render over real HTTP, whatever becomes of the answer."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.actuator_scene import INCIDENT, PIN, RESTORE, ROLLBACK, Scene, SteppedClock, Told, scene
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.platforms.render import Render, build_render
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.core.fold.deploy_lists import PIN_SHOWS_SECONDS
from watchdog.daemon.actions.actuator import CONTENDED
from watchdog.daemon.actions.reconcile import DeployLookup, look_up
from watchdog.daemon.actions.timings import SHIPPED, Answer, Change, NoTrace, nothing_forbids
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.errors import Displaced, OutcomeUnknown, Permanent, Stale, Temporary
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.sandbox import keys
from watchdog.sandbox.site.behaviours import behaviour
from watchdog.sandbox.world import COMMITS

STORES = ("memory://", "sqlite:///{}/journal.db")


@pytest.mark.parametrize("quirks", [False, True])
@pytest.mark.parametrize("url", STORES)
@pytest.mark.parametrize(
    ("mode", "adopted"), [("ok", False), ("slow", False), ("too slow", True), ("drop", True), ("error_after", True)]
)
async def test_case_09_10_11_whatever_the_answer_one_rollback_is_accepted(
    tmp_path: Path, mode: str, adopted: bool, url: str, quirks: bool
) -> None:
    """A lost answer, or one without a body (quirks), is settled by reading the deploy list; asking again is free."""
    async with scene(store_url=url.format(tmp_path), quirks=quirks, timeout_seconds=1.0) as s:
        s.sandbox.modes.slow_seconds = 1.5 if mode == "too slow" else 0.05
        s.sandbox.set_mode("rollback", mode.removeprefix("too "))
        outcome = await s.ends(ROLLBACK, e.RollbackAccepted)
        assert (outcome.service, outcome.incident) == ("web", INCIDENT) and outcome.adopted is (adopted or quirks)
        assert [entry["deploy"] for entry in s.accepted] == [outcome.deploy]
        row = await s.row()
        assert (row.state, row.deploy, row.target, row.attempts) == ("accepted", outcome.deploy, "dep-39", 1)
        assert not s.actuator.writing
        for resumed in (True, False):
            await s.tells(ROLLBACK, e.RollbackAccepted, outcome.deploy, adopted=True, resumed=resumed)
        assert s.sent("POST") == 1


@pytest.mark.parametrize("step_seconds", [0.0, 3600.0, -3600.0])
async def test_case_10_a_send_without_a_trace_is_tried_once_more_and_then_a_human_must_look(
    step_seconds: float,
) -> None:
    """Each time the list is read through the whole settle window, also if the wall clock is set in the middle."""
    async with scene(clock=SteppedClock(step_seconds)) as s:
        s.sandbox.set_mode("rollback", "reset_before")
        first = await s.ends(ROLLBACK, e.RollbackPostponed, "no trace of it")
        assert SHIPPED.settle_seconds < s.clock.elapsed < SHIPPED.settle_seconds + 10
        row = await s.row()
        assert (row.state, row.attempts, s.sent("POST")) == ("planned", 1, 1)
        assert row.note == first.why and first.why.endswith(": it may or may not have happened)")
        began = s.clock.elapsed
        second = await s.ends(ROLLBACK, e.RollbackLost)
        assert SHIPPED.settle_seconds < s.clock.elapsed - began < SHIPPED.settle_seconds + 10
        row = await s.row()
        assert (row.state, row.attempts, s.sent("POST")) == ("failed", SHIPPED.attempts_max, 2)
        assert row.note == second.why and s.accepted == []
        # Told again by a restart it stays lost: the row says that it was given up, no third attempt begins.
        await s.ends(ROLLBACK, e.RollbackLost, resumed=True)
        assert s.sent("POST") == SHIPPED.attempts_max == 2


@pytest.mark.parametrize("step_seconds", [0.0, 3600.0, -3600.0])
async def test_a_list_that_cannot_be_read_proves_nothing_and_ends_with_a_human(step_seconds: float) -> None:
    """Unreadable is not "no trace": nothing is sent again, and after two and a half minutes somebody must look."""
    async with scene(clock=SteppedClock(step_seconds, 60.0), made=ListGoneAfterSending) as s:
        s.sandbox.set_mode("rollback", "drop")
        await s.ends(ROLLBACK, e.RollbackLost, "cannot be read")
        assert SHIPPED.lost_seconds < s.clock.elapsed < SHIPPED.lost_seconds + 10
        assert ((await s.row()).state, s.sent("POST"), len(s.accepted)) == ("failed", 1, 1)


class ListGoneAfterSending(Render):
    """After the rollback its deploy list answers no more."""

    gone = False

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        self.gone = True
        return await super().rollback(service_id, deploy_id)

    async def deploys(self, service_id: str, back_to: str | None = None) -> tuple[Deploy, ...]:
        if self.gone:
            raise Temporary("Render answered 503")
        return tuple(await super().deploys(service_id, back_to))


@pytest.mark.parametrize(
    ("mode", "words", "forbidden", "expired"),
    [
        ("expired", "cannot roll back to deploy dep-39", False, True),
        ("refuse_404", "404", False, True),
        ("refuse_410", "410", False, True),
        ("refuse_401", "refused our key (401)", True, False),
        ("refuse_403", "403", True, False),
    ],
)
async def test_case_14_15_a_refusal_is_final_and_told_again_after_a_restart(
    mode: str, words: str, forbidden: bool, expired: bool
) -> None:
    """The platform says no, for good: nothing happened, nothing is sent again, and why is not forgotten."""
    async with scene() as s:
        s.sandbox.set_mode("rollback", mode)
        outcome = await s.ends(ROLLBACK, e.RollbackRefused, words)
        assert (outcome.forbidden, outcome.expired) == (forbidden, expired)
        assert ((await s.row()).state, s.accepted) == ("failed", [])
        again = await s.actuator.perform(ROLLBACK, resumed=True)
        assert again == replace(outcome, at=again.at) and s.sent("POST") == 1


async def test_a_refusal_for_another_reason_is_neither_of_these() -> None:
    """Nothing is built anew for it, and the key is not to blame."""

    class Refusing(Render):
        async def rollback(self, service_id: str, deploy_id: str) -> str | None:
            raise Permanent("Render says: not today")

    async with scene(made=Refusing) as s:
        await s.tells(ROLLBACK, e.RollbackRefused, "Render says: not today")
        row = await s.row()
        assert (row.result, row.note) == (ActionResult.REFUSED, "Render says: not today")


async def test_case_13_a_rate_limit_is_waited_for_and_not_for_ever() -> None:
    async with scene() as s:
        s.sandbox.set_mode("rollback", "refuse_429")
        for attempt in range(1, SHIPPED.limited_max):
            began = s.clock.elapsed
            put_off = await s.ends(ROLLBACK, e.RollbackPostponed)
            assert s.clock.elapsed - began == pytest.approx(3.0)
            row = await s.row()
            assert (row.state, row.attempts, row.note) == ("planned", attempt, put_off.why)
        await s.ends(ROLLBACK, e.RollbackRefused, f"given up after {SHIPPED.limited_max} attempts")
        assert ((await s.row()).state, s.sent("POST"), s.accepted) == ("failed", SHIPPED.limited_max, [])


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 1.0), (20.0, 20.0), (86_400.0, SHIPPED.retry_after_max_seconds)])
async def test_case_13_a_retry_after_is_honoured_within_reason(asked: float, waited: float) -> None:
    """An outage does not wait a day because a header says so."""

    class Limited(Render):
        async def rollback(self, service_id: str, deploy_id: str) -> str | None:
            raise Temporary("Render answered 429", retry_after_seconds=asked)

    async with scene(made=Limited) as s:
        assert isinstance(await s.actuator.perform(ROLLBACK), e.RollbackPostponed)
        assert s.clock.elapsed == pytest.approx(waited)


async def test_another_rollback_by_hand_in_the_same_incident_is_really_sent() -> None:
    """Another target and another newest deploy: not what the row of the first one tells of."""
    async with scene() as s:
        first = await s.ends(ROLLBACK, e.RollbackAccepted)
        s.web.find(first.deploy).status = "deactivated"
        s.web.find("dep-40").status = "deactivated"
        s.web.deploys[-1].status = "live"
        given = {"suspect": first.deploy, "baseline": first.deploy, "approved_by": "ann"}
        by_hand = replace(ROLLBACK, target="dep-40", target_code=COMMITS["40"][0], **given)
        assert isinstance(await s.actuator.perform(by_hand, resumed=True), e.RollbackPostponed)
        second = await s.ends(by_hand, e.RollbackAccepted)
        assert (second.adopted, [entry["target"] for entry in s.accepted]) == (False, ["dep-39", "dep-40"])
        resumed = await s.ends(by_hand, e.RollbackAccepted, resumed=True)
        assert (resumed.deploy, resumed.adopted, s.sent("POST")) == (second.deploy, True, 2)


async def sending(s: Scene, target: str = "dep-39") -> None:
    """Let the journal say that a rollback was being sent when the watchdog died, an older one: it names no service."""
    await s.store.put_action(ActionRow(INCIDENT, "rollback", "planned", target, "dep-41"), expect=None)
    row = ActionRow(INCIDENT, "rollback", "sending", target, "dep-41", attempts=1, sent_at=s.clock.now())
    assert await s.store.put_action(row, expect="planned")


class ListGoneAtFirst(Render):
    """Its deploy list answers only after a minute."""

    answers_at: float | None = None

    async def deploys(self, service_id: str, back_to: str | None = None) -> tuple[Deploy, ...]:
        self.answers_at = self.answers_at or self._clock.monotonic() + 60.0
        if self._clock.monotonic() < self.answers_at:
            raise Temporary("Render answered 503")
        return tuple(await super().deploys(service_id, back_to))


@pytest.mark.parametrize(
    ("left", "resumed", "made", "live"),
    [
        *(("", False, Render, live) for live in (False, True)),
        *((left, True, made, False) for left in ("", "planned", "sending") for made in (Render, ListGoneAtFirst)),
    ],
)
async def test_case_17_55_what_the_row_says_was_never_sent_is_looked_for_when_it_is_taken_up(
    left: str, resumed: bool, made: type[Render], live: bool
) -> None:
    """The store is a copy of the moment before the send, or we died in it: that in the list is ours, none is sent.

    So is one that a human, who clicked faster, made to the same code: as good as ours, on its way or live.
    """
    async with scene(made=made) as s:
        if left == "sending":
            await sending(s)
        elif left:
            row = ActionRow(INCIDENT, "rollback", "planned", "dep-39", "dep-41", service="web")
            assert await s.store.put_action(row, expect=None)
        ours, suspect = s.sandbox.cloud.rollback(s.web, s.web.find("dep-39")), s.web.find("dep-40")
        if live:
            suspect.status, ours.status = "deactivated", "live"
        await s.tells(ROLLBACK, e.RollbackAccepted, ours.id, adopted=True, resumed=resumed)
        row = await s.row()
        assert (row.state, row.deploy, row.target, s.sent("POST")) == ("accepted", ours.id, "dep-39", 0)
        assert row.note == "adopted from the deploy list"


async def test_killed_before_it_was_sent_it_is_decided_afresh() -> None:
    """It had not arrived: after the settle window the core looks at the site again."""
    async with scene() as s:
        await sending(s)
        lost = await s.ends(ROLLBACK, e.RollbackPostponed, resumed=True)
        row = await s.row()
        assert lost.why.endswith(" (answer lost)") and (row.state, row.service) == ("planned", "web")
        assert s.sent("POST") == 0
        await s.tells(ROLLBACK, e.RollbackPostponed, "it was interrupted before it was sent", resumed=True)
        assert isinstance(await s.actuator.perform(ROLLBACK), e.RollbackAccepted) and len(s.accepted) == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_an_earlier_send_of_unknown_outcome_is_settled_before_another_target_is_sent(arrived: bool) -> None:
    """A human names another target while the first call may still be on its way: never two at once."""
    async with scene() as s:
        await sending(s)
        newest = s.sandbox.cloud.rollback(s.web, s.web.find("dep-39")).id if arrived else "dep-41"
        s.web.find("dep-41").status = "deactivated"
        other = replace(ROLLBACK, target="dep-41", target_code=COMMITS["41"][0], baseline=newest)
        outcome = await s.ends(other, e.RollbackPostponed)
        assert ("an earlier rollback to dep-39 was accepted" in outcome.why) is arrived
        row = await s.row()
        assert (row.state, row.target) == ("accepted" if arrived else "planned", "dep-39") and s.sent("POST") == 0


class HumanActs(Render):
    """The answer to the rollback is lost, it never arrives, and a human makes another deploy live meanwhile."""

    act: Callable[[], None]

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        self.act()
        raise OutcomeUnknown("no answer")


async def test_case_17_a_human_who_acts_while_a_lost_answer_is_looked_for_wins() -> None:
    """No trace of ours, and another deploy is live than the one we blamed: stood down, not sent again."""
    async with scene(made=HumanActs) as s:

        def act() -> None:
            s.web.find("dep-40").status, s.web.find("dep-41").status = "deactivated", "live"

        s.platform.act = act  # type: ignore[attr-defined]
        outcome = await s.ends(ROLLBACK, e.RollbackStoodDown)
        assert outcome.why == (
            "dep-41 is live, no longer dep-40; no trace of it in the deploy list after 30 s (no answer)"
        )
        row = await s.row()
        assert (row.state, row.note) == ("done", outcome.why)


async def test_case_17_a_service_of_which_no_deploy_is_live_is_left_alone() -> None:
    """Whom we blamed is live no longer; there is nothing to go back from."""
    async with scene() as s:
        s.web.find("dep-40").status = "deactivated"
        outcome = await s.ends(ROLLBACK, e.RollbackStoodDown)
        assert (outcome.why, s.sent("POST")) == ("no deploy is live, no longer dep-40", 0)


async def test_case_15_only_a_commit_can_be_rebuilt() -> None:
    async with scene() as s:
        with pytest.raises(AssertionError, match=r"^only a commit can be rebuilt$"):
            await s.actuator.perform(replace(ROLLBACK, rebuild=True, target_code=None))


class Gated(Render):
    """Each rollback, and each switch of auto-deploy, is in hand until its gate is opened."""

    gates: tuple[asyncio.Event, ...] = ()
    begun = 0

    async def in_hand(self) -> None:
        gate = self.gates[self.begun]
        self.begun += 1
        await gate.wait()

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        await self.in_hand()
        return f"dep-9{self.begun}"

    async def set_auto_deploy(self, service_id: str, value: str) -> None:
        await self.in_hand()
        await super().set_auto_deploy(service_id, value)


@pytest.mark.parametrize("effect", [ROLLBACK, PIN])
async def test_a_stop_waits_for_every_call_in_hand(effect: Change) -> None:
    """One alone; then two at the same time: after the first has its answer, one is still in hand."""
    async with scene(made=Gated) as s, asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        s.platform.gates = gates = tuple(asyncio.Event() for _ in range(3))  # type: ignore[attr-defined]

        async def begin(nth: int) -> asyncio.Task[e.Event]:
            s.sandbox.cloud.set_auto_deploy(s.web, "commit")
            task = tasks.create_task(s.actuator.perform(replace(effect, incident=f"web-{nth}")))
            while s.platform.begun < nth:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
            return task

        async def end(task: asyncio.Task[e.Event], nth: int) -> None:
            assert s.actuator.writing
            gates[nth - 1].set()
            await task

        await end(await begin(1), 1)
        assert not s.actuator.writing
        two, three = await begin(2), await begin(3)
        await end(two, 2)
        await end(three, 3)
        assert not s.actuator.writing


@pytest.mark.parametrize("quirks", [False, True])
async def test_case_16_17_a_changed_world_is_left_alone(quirks: bool) -> None:
    """Another deploy is live than the one that was blamed: stood down. A newer one is on its way, or in a state that we
    do not know, so that it may be: wait and see. With the world as it was, the next attempt goes out.
    """
    async with scene(quirks=quirks) as s:
        stood_down = await s.ends(replace(ROLLBACK, suspect="dep-39"), e.RollbackStoodDown, "dep-40 is live")
        assert (await s.row()).state == "done"
        assert await s.actuator.perform(replace(ROLLBACK, suspect="dep-39"), resumed=True) == stood_down
        made = s.sandbox.deploy("web", behaviour=behaviour("good"), build_seconds=600)
        for status in ("build_in_progress", "waiting_for_approval"):
            made.status = status
            outcome = await s.ends(ROLLBACK, e.RollbackPostponed)
            assert outcome.why == f"dep-42 is on its way ({status.replace('_', ' ')})"
        assert s.sent("POST") == 0
        made.status = "canceled"
        assert isinstance(await s.actuator.perform(ROLLBACK), e.RollbackAccepted) and s.sent("POST") == 1


async def test_case_20_without_a_readable_list_nothing_is_sent() -> None:
    """Empty is never everything: a baseline that is not in the list justifies nothing either."""
    async with scene() as s:
        await s.ends(replace(ROLLBACK, baseline="dep-99"), e.RollbackPostponed)
        s.sandbox.set_mode("render", "error_500")
        assert isinstance(await s.actuator.perform(ROLLBACK), e.RollbackPostponed) and s.sent("POST") == 0
        assert (await s.row()).state == "planned"


@pytest.mark.parametrize("frozen_seconds", [SHIPPED.guard_seconds, SHIPPED.guard_seconds + 1.0])
async def test_case_06_07_too_long_since_the_last_look_it_is_not_sent(frozen_seconds: float) -> None:
    """The process slept between the look and the send (a paused machine): look again."""

    def slow_to_mark(row: ActionRow, expect: str | None) -> None:
        if row.state == "sending":
            s.clock.freeze(frozen_seconds)

    async with scene(before=slow_to_mark) as s:
        looked_at: list[float] = []
        s.actuator.stood_still = lambda at: looked_at.append(at) or ""  # type: ignore[func-returns-value]
        outcome = await s.actuator.perform(ROLLBACK)
        row = await s.row()
        if frozen_seconds == SHIPPED.guard_seconds:
            assert (row.state, s.sent("POST"), looked_at) == ("accepted", 1, [s.clock.monotonic() - frozen_seconds])
        else:
            assert isinstance(outcome, e.RollbackPostponed) and "since the last look" in outcome.why
            assert (row.state, row.attempts, s.sent("POST"), looked_at) == ("planned", 0, 0, [])


@pytest.mark.parametrize(
    ("effect", "step", "expected"),
    [
        (ROLLBACK, "rollback", e.RollbackPostponed),
        (PIN, "pin", e.PinUnconfirmed),
        (RESTORE, "restore", e.AutoDeployNotRestored),
    ],
)
async def test_what_forbids_a_change_at_the_very_moment_is_asked_last(
    effect: Change, step: str, expected: type[e.Event]
) -> None:
    async with scene() as s:
        s.web.auto_deploy_trigger = "off" if effect is RESTORE else "commit"
        asked: list[tuple[Change, bool]] = []

        def paused(change: Change, looked_at: float) -> str:
            asked.append((change, s.clock.monotonic() - looked_at < SHIPPED.guard_seconds))
            return "paused by ann"

        s.actuator.forbids = paused
        await s.ends(effect, expected, "paused by ann")
        assert asked == [(effect, True)] and (s.sent("POST"), s.sent("PATCH")) == (0, 0)
        row = await s.row(step)
        assert (row.state, row.attempts) in (("planned", 0), ("sending", 0))
        s.actuator.forbids = nothing_forbids
        await s.actuator.perform(effect)
        assert s.sent("POST") + s.sent("PATCH") == 1


class AcceptedUnseen(Render):
    """Render takes it (2xx without a body), and its list never shows it."""

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        await super().rollback(service_id, deploy_id)
        return None

    async def deploys(self, service_id: str, back_to: str | None = None) -> tuple[Deploy, ...]:
        found = await super().deploys(service_id, back_to)
        return tuple(deploy for deploy in found if not deploy.is_rollback)


async def test_what_the_platform_is_known_to_have_taken_is_never_sent_again() -> None:
    """No assumption about the list is needed: a human looks. So also after a restart in the middle of the search."""
    async with scene(made=AcceptedUnseen) as s:
        await s.ends(ROLLBACK, e.RollbackLost, "accepted without an id")
        assert (await s.row()).state == "failed"
        before = await s.row()
        assert await s.store.put_action(replace(before, state="sending", result=ActionResult.WITHOUT_ID), "failed")
        await s.ends(ROLLBACK, e.RollbackLost, resumed=True)
        assert (s.sent("POST"), len(s.accepted)) == (1, 1)


async def test_that_it_was_taken_is_written_down_before_it_is_looked_for() -> None:
    """Whoever dies in the middle of the search leaves that word behind."""
    rows: list[ActionRow] = []

    async def look(search: DeployLookup) -> Answer:
        rows.append(await s.row())
        return await look_up(search)

    async with scene(made=AcceptedUnseen) as s:
        at = s.clock.now()
        await Told(s.platform, s.store, s.clock, reconcile=look).perform(ROLLBACK)
        assert [(row.state, row.note, row.sent_at) for row in rows] == [("sending", "accepted without an id", at)]


class AcceptedWithoutId(Render):
    """Accepts with an empty answer, while another worker changes what all share."""

    store: MemoryStore

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        await super().rollback(service_id, deploy_id)
        self.store._db.revision += 1
        return None


async def test_case_21_what_was_taken_without_an_id_is_followed_whatever_other_workers_change_meanwhile() -> None:
    async with scene(made=AcceptedWithoutId) as s:
        s.platform.store = s.store  # type: ignore[attr-defined]
        outcome = await s.ends(ROLLBACK, e.RollbackAccepted)
        assert (outcome.deploy, outcome.adopted) == (s.accepted[0]["deploy"], True)


async def test_an_answer_that_does_not_come_in_time_is_looked_for() -> None:
    """The deadline is that of the whole call. A search that ends without a list says of no human that they acted."""
    async with scene() as s:
        s.sandbox.modes.slow_seconds = 2.0
        s.sandbox.set_mode("rollback", "slow")
        rows: list[str] = []

        async def look(search: DeployLookup) -> Answer:
            rows.append(search.effect.target)
            return NoTrace("not looked for")

        timings = replace(SHIPPED, post_seconds=0.3)
        outcome = await Told(s.platform, s.store, s.clock, timings=timings, reconcile=look).perform(ROLLBACK)
        assert isinstance(outcome, e.RollbackPostponed)
        assert (outcome.why, rows) == ("not looked for (no answer within 0 s)", ["dep-39"])


async def test_a_switch_is_given_the_time_to_land() -> None:
    """Its deadline, its way, and as long as an old answer may still be shown."""
    async with scene() as s:
        await s.actuator.let_land()
        assert s.clock.elapsed == SHIPPED.post_seconds + SHIPPED.landing_seconds + PIN_SHOWS_SECONDS


@pytest.mark.parametrize("state", ["failed", "done"])
async def test_what_came_of_another_target_is_not_told_of_this_one(state: str) -> None:
    """The row is that of an earlier attempt in the same incident; a restart tells the effect again."""
    async with scene() as s:
        other = ActionRow(INCIDENT, "rollback", state, target="dep-38", baseline="dep-41", note="lost", service="web")
        await s.store.put_action(other, expect=None)
        await s.ends(ROLLBACK, e.RollbackPostponed, "interrupted", resumed=True)


async def test_without_the_intent_in_the_store_nothing_is_sent() -> None:
    """The row comes first; a store that does not take it makes no call."""

    def shut(row: ActionRow, expect: str | None) -> None:
        raise Temporary("the store does not answer")

    async with scene(before=shut) as s:
        with pytest.raises(Temporary):
            await s.actuator.perform(ROLLBACK)
        await s.ends(replace(PIN, within_seconds=0.3), e.PinUnconfirmed)
        assert (s.sent("POST"), s.sent("PATCH"), s.web.auto_deploy_trigger) == (0, 0, "commit")


@pytest.mark.parametrize("error", [Stale(), Displaced(("web",))])
async def test_what_another_worker_changed_keeps_it_from_being_sent(error: Exception) -> None:
    """A pause or a wave that came meanwhile: look again. The service has another worker now: not ours to say."""

    def shared(row: ActionRow, expect: str | None) -> None:
        if row.state == "sending":
            raise error

    async with scene(before=shared) as s:
        for effect in (ROLLBACK, replace(PIN, within_seconds=0.3)):
            if isinstance(error, Displaced):
                with pytest.raises(Displaced):
                    await s.actuator.perform(effect)
            else:
                outcome = await s.ends(effect, e.RollbackPostponed)
                assert outcome.why == str(error)
        assert (await s.row()).state == "planned" and (s.sent("POST"), s.sent("PATCH")) == (0, 0)


async def test_every_row_names_the_service_whose_lease_it_needs() -> None:
    async with scene() as s:
        await s.actuator.perform(PIN)
        await s.actuator.perform(ROLLBACK)
        await s.actuator.perform(replace(ROLLBACK, rebuild=True, baseline=s.accepted[0]["deploy"]))
        await s.actuator.perform(RESTORE)
        rows = [await s.row(step) for step in ("pin", "rollback", "alternative", "restore")]
        assert {row.service for row in rows} == {"web"}
        assert [row.state for row in rows] == ["done", "accepted", "planned", "done"]


@pytest.mark.parametrize("state", ["planned", "sending"])
async def test_a_row_that_somebody_else_moved_is_not_sent_over(state: str) -> None:
    """Two at the same action: the store lets one of them through."""

    async with scene(before=lambda row, expect: False if row.state == state else None) as s:
        await s.tells(ROLLBACK, e.RollbackPostponed, "another worker carries out this action")
        assert s.sent("POST") == 0


@pytest.mark.parametrize(
    ("effect", "expected"), [(ROLLBACK, e.RollbackRefused), (PIN, e.PinUnconfirmed), (RESTORE, e.AutoDeployNotRestored)]
)
@pytest.mark.parametrize("given", ["nothing", "a reader", "no right to this service"])
async def test_without_the_right_nothing_is_changed(effect: object, expected: type[e.Event], given: str) -> None:
    """No key, a client that only reads, or one for other services: each says so."""
    async with scene() as s:
        writable = frozenset({"srv-api"} if given == "no right to this service" else ())
        key, url = keys.RENDER_API_KEY, s.sandbox.urls["render"]
        platform = build_render(key, url, s.clock, writable_ids=writable, all_ids=frozenset({"srv-api"}))
        if isinstance(effect, type(RESTORE)):
            s.sandbox.cloud.set_auto_deploy(s.web, "off")
        actuator = Told(None if given == "nothing" else platform, s.store, s.clock)
        outcome = await actuator.perform(effect)  # type: ignore[arg-type]
        assert type(outcome) is expected
        said = getattr(outcome, "why", "") == "this watchdog was given no right to change anything"
        assert said == (not writable) and (s.sent("POST"), s.sent("PATCH")) == (0, 0)
        if effect is ROLLBACK and writable:
            assert (await s.row()).state == "failed"
        await platform.close()


async def test_the_marked_points_come_in_order_and_writing_is_told() -> None:
    """Fault tests kill the process there; a graceful stop waits while a call is in hand."""
    points: list[tuple[str, str, bool]] = []
    async with scene() as s:

        async def hook(point: str) -> None:
            points.append((point, (await s.row()).state, actuator.writing))

        actuator = Told(s.platform, s.store, s.clock, hook)
        await actuator.perform(ROLLBACK)
    assert points == [
        ("after_intent", "planned", False),
        ("before_send", "sending", False),
        ("after_answer", "sending", True),
    ]


SENDING = ActionRow(
    INCIDENT, "rollback", "sending", target="dep-39", baseline="dep-41", attempts=1, sent_at=1.0, service="web"
)


@pytest.mark.parametrize(
    ("row", "kind", "words"),
    [
        (SENDING, e.RollbackPostponed, "no trace of it"),
        (replace(SENDING, state="accepted", deploy="dep-43"), e.RollbackAccepted, ""),
        (replace(SENDING, state="failed", note="no trace of it"), e.RollbackLost, "no trace of it"),
        (replace(SENDING, state="planned"), e.RollbackPostponed, CONTENDED),
    ],
)
async def test_what_another_worker_sent_meanwhile_is_looked_up(row: ActionRow, kind: type[e.Event], words: str) -> None:
    """This one stood still, and may have the service again: "nothing was sent" would hide what is done."""
    kept: list[MemoryStore] = []

    def overtaken(written: ActionRow, expect: str | None) -> bool | None:
        if expect != "planned":
            return None
        kept[0]._db.actions[row.incident, row.step] = row
        return False

    async with scene(before=overtaken) as s:
        assert isinstance(s.store, MemoryStore)
        kept.append(s.store)
        await s.ends(ROLLBACK, kind, words)
        assert s.sent("POST") == 0


async def test_a_send_of_another_worker_is_not_taken_back() -> None:
    """This one stood still right before its call. The other found no trace of it, and sent; then it died."""
    async with scene() as s:

        async def hook(point: str) -> None:
            if point == "before_send":
                s.clock.freeze(60.0)
                row = await s.row()
                await s.store.put_action(replace(row, state="planned"), "sending")
                await s.store.put_action(replace(row, attempts=2, sent_at=s.clock.now()), "planned")
                await s.platform.rollback("srv-web", "dep-39")  # type: ignore[attr-defined]

        actuator = Told(s.platform, s.store, s.clock, hook)
        outcome = await actuator.perform(ROLLBACK)
        assert isinstance(outcome, e.RollbackAccepted), outcome
        assert ((await s.row()).state, s.sent("POST"), len(s.accepted)) == ("accepted", 1, 1)

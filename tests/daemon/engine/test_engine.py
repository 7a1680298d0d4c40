"""Decide, record, act: in that order, whatever the store, the listeners or our own faults do meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.daemon.supervision.test_command_poller import answer, with_incident
from tests.support.clocks import PATIENCE_SECONDS, FakeClock, eventually
from tests.support.engine_scene import POLICY, SHUT, Scene, ShakyStore, scene
from tests.support.simulated_daemon import Site
from watchdog.adapters.platforms.render import Render
from watchdog.daemon.actions.runner import UNRECORDED, UNWANTED
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.engine.engine import FAULT_SECONDS
from watchdog.daemon.engine.persistence import OTHERS_SECONDS
from watchdog.daemon.engine.timers import FIRST_SNAPSHOT_SECONDS
from watchdog.daemon.probing.scheduler import Lateness
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.readings import Bad, Good, MinuteCount
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import PendingEffect, Write
from watchdog.ports import Sample


async def test_a_rollback_by_hand_goes_its_way() -> None:
    async with scene() as s:
        await s.rollback_by_hand(until=Phase.DEPLOYING)
        await s.quiet()
        assert [entry["target"] for entry in s.accepted] == ["dep-39"]
        assert (s.sent("PATCH"), s.sent("POST"), s.web.auto_deploy_off) == (1, 1, "commit") and s.pages
        assert await s.store.pending() == ()
        assert {"PinConfirmed", "RollbackAccepted"} <= set(s.store.finished)  # type: ignore[attr-defined]
        assert s.errors == []


async def test_nothing_is_done_before_it_is_written_down() -> None:
    """While the store still writes, Render hears nothing, nobody is told, and the story does not go on."""
    async with scene(SlowAnswer, listed=True) as s:
        reads, story = s.sent("GET"), list[fx.Note]()
        s.listeners.note.append(story.append)
        store = await in_a_turn(s, e.RollbackRequested(s.clock.now(), "web", "ann"))
        await s.clock.settle()
        assert (s.sent("GET"), s.sent("PATCH"), s.pages, story) == (reads, 0, [], [])
        store.gate.set()
        await s.until(Phase.DEPLOYING)
        assert len(s.accepted) == 1 and story


@pytest.mark.parametrize("error", [SHUT, Permanent("the disk is full"), TypeError("a bug in the codec")])
async def test_a_store_that_fails_changes_nothing_and_still_pages(error: Exception) -> None:
    """Fails closed for changes, open for people; when it is back the engine goes on as if nothing had been."""
    async with scene() as s:
        failed: list[str] = []
        s.listeners.store_failed.append(failed.append)
        s.store.saving = error  # type: ignore[attr-defined]
        await s.outage_after_a_deploy(until=Phase.PAGED)
        await eventually(lambda: s.pages)
        assert (s.sent("PATCH"), s.sent("POST")) == (0, 0) and UNRECORDED in s.web.incident.human_needed
        assert s.engine.store_trouble and failed and "engine" in s.supervisor.alive()
        s.store.saving = None  # type: ignore[attr-defined]
        await s.rollback_by_hand(until=Phase.DEPLOYING)
        assert (s.engine.store_trouble, len(s.accepted), s.errors) == ("", 1, [])


class FailsOnce(ShakyStore):
    """The first record of a switch of auto-deploy is not made."""

    failed = False

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        first = not self.failed and any(isinstance(one, fx.PinAutoDeploy) for one in write.effects)
        self.failed = self.failed or first
        return await self.first(write) if first else await super().save(write)

    async def first(self, write: Write) -> Sequence[PendingEffect]:
        raise SHUT


class LostAnswer(FailsOnce):
    """The store has that record, and its answer is lost."""

    async def first(self, write: Write) -> Sequence[PendingEffect]:
        await ShakyStore.save(self, write)
        raise SHUT


@pytest.mark.parametrize("store", [FailsOnce, LostAnswer])
async def test_case_22_one_failed_record_costs_an_automatic_rollback_neither_its_pin_nor_its_arithmetic(
    store: type[FailsOnce],
) -> None:
    """It is decided anew with the next bad reading, and auto-deploy is off before anything is sent."""
    async with scene(store) as s:
        await s.outage_after_a_deploy(until=Phase.DEPLOYING)
        assert isinstance(s.store, FailsOnce) and s.store.failed
        assert (s.sent("PATCH"), len(s.accepted), s.web.auto_deploy_off) == (1, 1, "commit")
        labels = [note.label for note in await s.store.notes() if note.incident == s.web.incident.id]
        assert {"BLAME", "GUARDS", "WAIT"} <= set(labels) and await s.store.pending() == ()


class FailsForATime(FailsOnce):
    """No record is made of the suspicion, nor the first one of that switch; all later ones are."""

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        if not self.failed and any(one.phase is Phase.SUSPECT for one in write.state.services.values()):
            raise SHUT
        return await super().save(write)


async def test_case_22_without_its_pin_and_its_arithmetic_no_rollback_goes_out() -> None:
    """The records before it failed as well, and the next would be made: people are paged at once, nothing is sent."""
    async with scene(FailsForATime) as s:
        await s.outage_after_a_deploy(until=Phase.PAGED)
        await eventually(lambda: s.pages)
        assert isinstance(s.store, FailsOnce) and s.store.failed
        assert (s.sent("PATCH"), s.sent("POST")) == (0, 0) and UNRECORDED in s.web.incident.human_needed


@pytest.mark.parametrize(("store", "ok"), [(FailsOnce, False), (LostAnswer, True)])
async def test_case_52_what_is_answered_to_a_rollback_by_hand_is_what_becomes_of_it(
    store: type[FailsOnce], ok: bool
) -> None:
    """Nothing is done where its author reads that; a record whose answer was lost has the answer too, and goes on."""
    async with scene(store, listed=True) as s:
        command = await answer(s, "rollback", service="web")
        assert command.ok == ok and ("nothing is done; ask again" in command.answer) == (not ok)
        await s.quiet()
        assert s.web.phase is (Phase.DEPLOYING if ok else Phase.CALM)
        assert (s.sent("PATCH"), len(s.accepted)) == (int(ok), int(ok))
        if not ok:
            await s.engine.adopt_services({"web": 1})  # as the next renewal of the leases does
            assert (await answer(s, "rollback", service="web")).ok


async def test_a_restore_that_cannot_be_recorded_is_said_and_not_made() -> None:
    """The pin was made, the rollback refused, and then the store stays away."""
    async with scene() as s:
        s.sandbox.set_mode("rollback", "expired")
        done: list[Event] = []

        def shut_after(before: State, after: State, event: Event, effects: Sequence[Effect]) -> None:
            done.append(event)
            if any(isinstance(effect, fx.Rollback) for effect in effects):
                s.store.saving = SHUT  # type: ignore[attr-defined]

        s.listeners.stepped.append(shut_after)
        await s.rollback_by_hand()
        await eventually(lambda: any(isinstance(event, e.AutoDeployNotRestored) for event in done))
        assert (s.sent("PATCH"), s.sandbox.cloud.services["web"].auto_deploy_trigger) == (1, "off")
        assert s.web.auto_deploy_off == "commit"


async def test_a_restore_by_hand_that_was_not_recorded_is_answered_and_pages_nobody() -> None:
    """Its author reads that nothing is done."""
    async with scene(listed=True) as s:
        off = replace(s.web, auto_deploy_off="commit", pinned_for="web-1")
        s.engine.state = replace(s.engine.state, services={"web": off})
        s.store.saving = SHUT  # type: ignore[attr-defined]
        assert "nothing is done" in (await answer(s, "restore-auto-deploy", service="web")).answer
        await s.quiet()
        assert (s.sent("PATCH"), s.pages) == (0, [])


async def test_listeners_that_fail_lose_neither_the_page_nor_the_rollback() -> None:
    """The screen, the charts and the metrics are only told."""

    def broken(*_: object) -> None:
        raise RuntimeError("a listener's own fault")

    async with scene() as s:
        for kind in (s.listeners.note, s.listeners.stepped, s.listeners.sampled, s.listeners.store_failed):
            kind.append(broken)
        await s.engine.on_samples("web", Site("home"), [Sample(Good("fine"))], Lateness(0.0, s.clock.now(), 0.1))
        await s.rollback_by_hand(until=Phase.DEPLOYING)
        await s.quiet()
        assert len(s.accepted) == 1 and s.pages and s.errors == []
        s.store.saving = SHUT  # type: ignore[attr-defined]
        await s.engine.submit_and_wait(e.Paused(s.clock.now(), "ann"))
        assert s.engine.state.paused_by == "ann"


async def test_an_event_that_cannot_be_handled_is_reported_and_stops_nothing() -> None:
    async with scene() as s:
        with pytest.raises(Permanent, match="NotAnEvent could not be handled"):
            await s.engine.submit_and_wait(NotAnEvent(s.clock.now()))  # type: ignore[arg-type]
        await s.engine.submit(NotAnEvent(s.clock.now()))  # type: ignore[arg-type]
        await s.rollback_by_hand(until=Phase.DEPLOYING)
        assert ("NotAnEvent" in s.engine.fault, "engine" in s.supervisor.alive()) == (True, True)
        assert [name for name, _ in s.errors] == ["event", "event"]
        s.clock.freeze(FAULT_SECONDS + 1)
        assert s.engine.fault == ""
        # Nor does a state that the core cannot take up: the start would end, with every other service unwatched.
        s.engine.policy = NotAnEvent(0.0)  # type: ignore[assignment]
        await s.engine.adopt_services({"web": 2})
        assert s.engine.held["web"] == 2 and "Restarted" in s.engine.fault


class NotAnEvent:
    """Something that the core's table does not know: what a bug in the core looks like from here."""

    service = "web"

    def __init__(self, at: float) -> None:
        self.at = at


async def test_killed_between_an_outcome_and_its_finish_it_is_looked_up_and_not_sent_again() -> None:
    """The effects are still pending at the next start: the journal's row answers for them."""
    async with scene() as s:
        s.store.finishing = SHUT  # type: ignore[attr-defined]
        await s.rollback_by_hand(until=Phase.DEPLOYING)
        await s.stop()
        assert {type(item.effect) for item in await s.store.pending()} >= {fx.PinAutoDeploy, fx.Rollback}
        deploy = s.web.incident.rollback.deploy
        s.store.finishing = None  # type: ignore[attr-defined]
        again = await s.another()
        await again.quiet()
        assert await s.store.pending() == ()
        assert (again.web.phase, again.web.incident.rollback.deploy) == (Phase.DEPLOYING, deploy)
        assert (again.sent("PATCH"), again.sent("POST"), len(again.accepted)) == (1, 1, 1)
        assert again.web.auto_deploy_off == "commit"
        await again.stop()


async def test_a_pin_left_over_from_an_incident_that_no_longer_waits_for_it_is_not_performed() -> None:
    """Stopped by a human, and killed before the pin was made: the next start does not switch auto-deploy off."""
    async with scene(listed=True) as s:
        s.sandbox.set_mode("render", "hang")
        await s.engine.submit_and_wait(e.RollbackRequested(s.clock.now(), "web", "ann"))
        await s.engine.submit_and_wait(e.Stopped(s.clock.now(), s.web.incident.id, "ann"))
        await s.stop()
        assert [type(item.effect) for item in await s.store.pending()].count(fx.PinAutoDeploy) == 1
        s.sandbox.set_mode("render", "ok")
        again = await s.another()
        await again.quiet()
        assert UNWANTED in s.store.finished  # type: ignore[attr-defined]
        assert (s.sent("PATCH"), s.sandbox.cloud.services["web"].auto_deploy_trigger) == (0, "commit")
        await again.stop()


@pytest.mark.parametrize("outcome", [e.PinUnconfirmed, e.RollbackPostponed])
async def test_a_switch_that_nothing_waits_for_any_more_is_recorded_with_its_outcome(
    outcome: Callable[[float, str, str, str, str], Event],
) -> None:
    """Nothing else follows from it. Its effect is finished then, so that after a kill nothing else says it is off."""
    async with scene(listed=True) as s:
        with_incident(s, Phase.SUSPECT)
        await s.engine.recorder.snapshot(s.engine.state)
        await s.engine.submit_and_wait(outcome(s.clock.now(), "web", "web-1", UNWANTED, "commit"))
        await s.stop()
        again = await s.another()
        assert (again.web.auto_deploy_off, again.web.pinned_for) == ("commit", "web-1")
        await again.stop()


class SlowAnswer(ShakyStore):
    """The store has the record of what a human asks, and its answer takes until the test says so."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.inside, self.gate = asyncio.Event(), asyncio.Event()

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        saved = await super().save(write)
        if isinstance(write.event, e.Paused | e.RollbackRequested):
            self.inside.set()
            await self.gate.wait()
        return saved

    def written_by_another(self, **shared: object) -> None:
        self._db.shared = replace(self._db.shared, **shared)  # type: ignore[arg-type]
        self._db.revision += 1


async def in_a_turn(s: Scene, event: Event) -> SlowAnswer:
    """Begin the turn of an event, and return the store while it has not answered."""
    assert isinstance(s.store, SlowAnswer)
    await s.engine.submit(event)
    await asyncio.wait_for(s.store.inside.wait(), PATIENCE_SECONDS)
    return s.store


async def test_a_snapshot_never_overwrites_what_a_turn_is_saving() -> None:
    """The snapshot waits for the turn in hand: what the store has last is the newest state."""
    async with scene(SlowAnswer) as s:
        s.supervisor.start("time", s.engine.keep_time)
        store, began = await in_a_turn(s, e.Paused(s.clock.now(), "ann")), s.clock.elapsed
        await eventually(lambda: s.clock.sleepers == 0 and s.clock.elapsed > began + FIRST_SNAPSHOT_SECONDS - 1)
        store.gate.set()
        await eventually(lambda: store.saved[-1][0] is None)
        kept = await s.store.load()
        assert kept is not None and kept.paused_by == "ann"


@pytest.mark.parametrize("comes", ["a service goes", "news of others"])
async def test_what_comes_in_the_middle_of_a_turn_is_not_lost_with_its_end(comes: str) -> None:
    """It waits for the turn, which would put back what it began with."""
    async with scene(SlowAnswer, listed=True) as s:
        store, goes = await in_a_turn(s, e.Paused(s.clock.now(), "ann")), comes == "a service goes"
        store.written_by_another(denied=("bad00000",))
        coming = asyncio.create_task(s.engine.drop(["web"]) if goes else s.engine.refresh())
        for _ in range(20):
            await s.clock.settle()
        store.gate.set()
        await coming
        await s.engine.submit_and_wait(e.TimePassed(s.clock.now()))
        assert s.engine.state.paused_by == "ann"
        assert "web" not in s.engine.state.services if goes else s.engine.state.denied == ("bad00000",)


async def test_after_halt_no_turn_begins() -> None:
    """The last save of a stopping daemon is the last word: no event slips in behind it."""
    async with scene() as s:
        await s.engine.halt()
        await s.engine.submit(e.Paused(s.clock.now(), "ann"))
        await s.clock.settle()
        assert s.engine.state.paused_by == ""


async def test_the_core_is_woken_when_it_asked_for_it_and_snapshots_are_kept() -> None:
    """A rollback that never gets live wakes us at its deadline; a store that fails meanwhile is told of."""
    async with scene() as s:
        await s.rollback_by_hand(until=Phase.DEPLOYING)
        s.supervisor.start("time", s.engine.keep_time)
        await s.until(Phase.PAGED)
        assert s.clock.elapsed >= POLICY.verification.give_up_seconds
        assert any(event is None for event, _ in s.store.saved)  # type: ignore[attr-defined]
        s.store.saving = SHUT  # type: ignore[attr-defined]
        await eventually(lambda: s.engine.store_trouble)
        s.store.saving = None  # type: ignore[attr-defined]
        await eventually(lambda: not s.engine.store_trouble)


@pytest.mark.parametrize(
    ("service", "expected"), [("web", e.Observed), (CONTROL, e.ControlChecked), (VENDORS, e.VendorChecked)]
)
async def test_samples_become_events_dated_when_the_look_began(service: str, expected: type[Event]) -> None:
    async with scene() as s:
        heard: list[Event] = []
        told: list[tuple[str, float]] = []
        s.listeners.stepped.append(lambda _before, _after, event, _effects: heard.append(event))
        s.listeners.sampled.append(lambda name, _source, _sample, at: told.append((name, at)))
        counts = (MinuteCount(0.0, 60.0, 3.0),)
        bad = Sample(Bad("HTTP 503"), 0.4, counts=counts, new_issues=("KeyError",), happened_at=5.0)
        at = s.clock.now() - 3.0
        await s.engine.on_samples(service, Site("home"), [Sample(Good("fine")), bad], Lateness(0.0, at, 0.1))
        await eventually(lambda: len(heard) == 2)
        assert [(type(event), event.at) for event in heard] == [(expected, at)] * 2 and told == [(service, at)] * 2
        assert heard[1].reading == bad.reading
        if isinstance(heard[1], e.Observed):
            seen = heard[1]
            assert (seen.latency_seconds, seen.counts, seen.new_issues, seen.happened_at) == (
                0.4,
                counts,
                ("KeyError",),
                5.0,
            )


async def test_healthy_readings_are_not_journalled_one_by_one() -> None:
    """The first sight of a service is, and every change of phase; a hundred good probes are not."""
    async with scene(listed=True) as s:
        before = len(s.store.saved)  # type: ignore[attr-defined]
        for number in range(100):
            await s.engine.submit_and_wait(
                e.Observed(s.clock.now() + number, "web", "home", Good("fine"), latency_seconds=0.1)
            )
        assert len(s.store.saved) == before  # type: ignore[attr-defined]
        await s.engine.submit_and_wait(e.Observed(s.clock.now() + 200, "web", "home", Bad("HTTP 503")))
        assert len(s.store.saved) == before + 1  # type: ignore[attr-defined]
        assert s.web.phase is Phase.SUSPECT


async def test_a_worry_has_everything_looked_at_and_the_control_targets_follow_the_pace() -> None:
    """Deploys are read faster, probes too; the control targets never faster than every two seconds."""
    paces: list[tuple[str, float]] = []
    reads: list[str] = []

    class Scheduler:
        def read_now(self, service: str) -> None:
            reads.append(service)

        def set_pace(self, service: str, every_seconds: float, *, urgent: bool = False) -> None:
            paces.append((service, every_seconds))

    class Watch:
        def set_pace(self, every_seconds: float) -> None:
            paces.append(("deploys", every_seconds))

    async with scene() as s:
        s.engine.dispatcher.scheduler = Scheduler()  # type: ignore[assignment]
        s.engine.dispatcher.deploy_watches = {"web": Watch()}  # type: ignore[dict-item]
        await s.know_deploys()
        await s.engine.submit_and_wait(e.Observed(s.clock.now(), "web", "home", Good("fine")))
        assert reads == []
        await s.engine.submit_and_wait(e.Observed(s.clock.now() + 10, "web", "home", Bad("HTTP 503")))
        assert set(reads) == {VENDORS, "web"} and ("web", POLICY.pace.suspect_seconds) in paces
        assert (CONTROL, 2.0) in paces and any(name == "deploys" for name, _ in paces)


async def test_a_promise_that_would_be_broken_disarms_instead() -> None:
    """A state that no step of ours makes (pinning without an incident) trips an assertion of the core."""
    async with scene(listed=True) as s:
        s.engine.state = replace(s.engine.state, services={"web": replace(s.web, phase=Phase.PINNING, incident=None)})
        await s.engine.submit(e.TimePassed(s.clock.now() + 1000.0))
        await eventually(lambda: s.engine.state.disarmed)
        await eventually(lambda: any("disarmed" in title.lower() for title in s.pages))
        assert s.sent("POST") == s.sent("PATCH") == 0
        kept = await s.store.load()
        assert kept is not None and kept.disarmed == s.engine.state.disarmed


async def test_a_disarmed_watchdog_changes_nothing_until_a_human_resumes() -> None:
    """By hand neither: first somebody has to look."""
    async with scene() as s:
        await s.engine.submit_and_wait(e.InvariantBroken(s.clock.now(), "the same rollback twice"))
        await s.rollback_by_hand()
        await s.quiet()
        assert s.sent("POST") == s.sent("PATCH") == 0
        await s.engine.submit_and_wait(e.Resumed(s.clock.now(), "ann"))
        await s.rollback_by_hand(until=Phase.DEPLOYING)
        assert len(s.accepted) == 1


class LongLook(Render):
    """The look just before the send takes until the test says so."""

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        self.looking, self.go_on = asyncio.Event(), asyncio.Event()

    async def deploys(self, service_id: str, back_to: str | None = None) -> tuple[Deploy, ...]:
        found = await super().deploys(service_id, back_to)
        if back_to is not None:
            self.looking.set()
            await self.go_on.wait()
        return found


@pytest.mark.parametrize("event", [lambda at: e.Paused(at, "ann"), lambda at: e.InvariantBroken(at, "planted")])
async def test_a_pause_that_was_answered_holds_also_what_is_about_to_be_sent(event: Callable[[float], Event]) -> None:
    """Said while the rollback looks for the last time: nothing is sent, and a human has it."""
    async with scene(made=LongLook) as s:
        assert isinstance(s.platform, LongLook)
        await s.rollback_by_hand()
        await asyncio.wait_for(s.platform.looking.wait(), PATIENCE_SECONDS)
        assert s.web.phase is Phase.ROLLING_BACK
        await s.engine.submit_and_wait(event(s.clock.now()))
        s.platform.go_on.set()
        await s.until(Phase.PAGED)
        await s.quiet()
        assert s.accepted == [] and s.web.incident is not None and "nothing was sent" in s.web.incident.human_needed


async def back_from_another(s: Scene) -> None:
    """Let web go to another worker and come back at once, with a lease of its own."""
    await s.engine.drop(["web"])
    await s.engine.adopt_services({"web": 2})


def under_way(kind: str) -> int:
    """Return how many tasks of that kind are about web's first incident."""
    return sum(task.get_name() == f"{kind}:web-1" for task in asyncio.all_tasks())


async def test_a_notice_under_way_is_not_begun_again_when_its_service_comes_back() -> None:
    """It stands in the journal as unfinished all the while, which is what a service is taken up by."""
    async with scene() as s:
        s.pager.script = [Temporary("503")] * 10_000
        s.sandbox.set_mode("rollback", "refuse_403")
        await s.rollback_by_hand()
        await s.until(Phase.PAGED)
        await eventually(lambda: under_way("act") == 0)
        tells = under_way("tell")
        assert tells > 0
        await back_from_another(s)
        assert under_way("tell") == tells
        s.pager.script = []
        await s.quiet()
        assert len(s.pages) == len(set(s.pages)) and await s.store.pending() == ()


async def test_an_action_under_way_is_not_begun_again_when_its_service_comes_back() -> None:
    """Its rollback is just looking for the last time: one look goes on, and none waits behind it."""
    async with scene(made=LongLook) as s:
        assert isinstance(s.platform, LongLook)
        await s.rollback_by_hand()
        await asyncio.wait_for(s.platform.looking.wait(), PATIENCE_SECONDS)
        await eventually(lambda: under_way("act") == 1)
        await back_from_another(s)
        assert under_way("act") == 1
        s.platform.go_on.set()
        await s.quiet()
        assert len(s.accepted) <= 1


class AwayAtThePin(ShakyStore):
    """The store does not take the outcome of the first switch of auto-deploy, nor anything until `saving` is None."""

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        before = [event for event, _ in self.saved if isinstance(event, e.PinConfirmed)]
        if isinstance(write.event, e.PinConfirmed) and not before:
            self.saved.append((write.event, write.state))
            self.saving = SHUT
        return await super().save(write)


async def test_an_outcome_that_no_store_took_is_looked_up_when_its_service_comes_back_by_the_same_lease() -> None:
    """The state is the journal's then, and waits for that outcome: that auto-deploy is off must not be forgotten."""
    async with scene(AwayAtThePin) as s:
        assert isinstance(s.store, AwayAtThePin)
        await s.rollback_by_hand()
        await eventually(lambda: s.engine.store_trouble)
        await s.engine.drop(["web"])
        s.store.saving = None
        told = len(s.pages)
        await s.engine.adopt_services({"web": 1})
        assert s.web.phase is Phase.PINNING and not s.web.auto_deploy_off
        await s.engine.submit_and_wait(e.Silenced(s.clock.now(), "ann", s.clock.now() + 60, "", of="other"))
        assert not s.engine.store_trouble, "the store took that record"
        await eventually(lambda: s.web.phase is not Phase.PINNING or under_way("act") == 0)
        if s.web.phase is Phase.PINNING:  # the action ended, and its row is left for the next look
            assert fx.PinAutoDeploy in [type(item.effect) for item in await s.store.pending()]
            await s.engine.drop(["web"])
            await s.engine.adopt_services({"web": 1})
        await eventually(lambda: s.web.phase is not Phase.PINNING)
        await s.quiet()
        # Where simulated time ran far ahead meanwhile, the rollback was asked for too long ago, and all is given back;
        # or that was not read back in time either, and a page says so.
        off = s.sandbox.cloud.services["web"].auto_deploy_trigger == "off"
        assert (bool(s.web.auto_deploy_off), s.errors) == (off, [])
        assert bool(s.accepted) == off or "web: auto-deploy is OFF, could not be switched on" in s.pages[told:]
        assert await s.store.pending() == ()


async def test_case_07_after_a_stall_of_our_own_nothing_is_sent_on_an_older_look() -> None:
    """Whatever happened while the loop stood still, we have not heard of it yet."""
    async with scene() as s:
        stalls = ["a stall", "", "a stall"]  # the pin looks anew, and is sent; the rollback is not
        s.actuator.stood_still = lambda looked_at: stalls.pop(0) if stalls else ""
        await s.rollback_by_hand()
        await s.until(Phase.PAGED)
        assert s.accepted == [] and s.web.incident is not None
        assert "a stall" in s.web.incident.human_needed
        await s.quiet()
        assert s.sent("PATCH") == 2 and stalls == [], "switched off, and given back"
        await s.engine.submit_and_wait(e.RollbackRequested(s.clock.now(), "web", "ann"))
        await s.until(Phase.DEPLOYING)
        assert len(s.accepted) == 1


@pytest.mark.parametrize(
    ("what", "ahead_seconds", "over"), [("disarmed", 0.0, False), ("disarmed", 1e9, False), ("blind", 0.0, True)]
)
async def test_what_nobody_performs_any_more_is_taken_up_with_the_next_snapshot(
    what: str, ahead_seconds: float, over: bool
) -> None:
    """A self-alert of a worker that died belongs to whoever has the fleet; a young one may be on its way still.

    What that worker's clock dated ahead, by decades here, is not waited for. It could not see and we can: that it is
    blind is not sent, as nothing would end it, and the page would ring for ever.
    """
    async with scene() as s:
        at = s.clock.now() + ahead_seconds
        s.engine.state = replace(s.engine.state, disarmed="" if over else "a promise was broken")
        notice = Notice(at, what, "watchdog", Severity.HIGH, NoticeKind.SELF_ALERT, what, wakes=True)
        await s.store.save(Write(s.engine.state, effects=(fx.Tell(notice, ("pager",)),)))
        s.supervisor.start("time", s.engine.keep_time)
        began, sent_at, send = s.clock.elapsed, list[float](), s.pager.send

        async def timed(notice: Notice, reference: str | None) -> str | None:
            sent_at.append(s.clock.elapsed)
            return await send(notice, reference)

        s.pager.send = timed  # type: ignore[method-assign]
        await eventually(lambda: s.clock.elapsed - began > 3 * OTHERS_SECONDS)
        assert over or (sent_at[0] - began >= OTHERS_SECONDS) == (ahead_seconds == 0.0)
        assert s.pages == [] if over else s.pages == [what]
        assert await s.store.pending() == ()

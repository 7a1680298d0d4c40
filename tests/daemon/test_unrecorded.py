"""What could not be written down: a yes of a human counts for nothing then, and what holds us back stays."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.daemon.supervision.test_command_poller import answer, with_incident
from tests.daemon.supervision.test_lease_manager import Worker
from tests.support.clocks import FakeClock
from tests.support.engine_scene import SHUT, Scene, ShakyStore, scene
from tests.support.notification_vendors import tell
from watchdog.core.assess import schedule
from watchdog.daemon.engine.conversion import merge_shared
from watchdog.daemon.engine.persistence import StepPersister, StepResult
from watchdog.daemon.runtime.hooks import Hooks
from watchdog.daemon.supervision.command_poller import FAILED
from watchdog.daemon.supervision.lease_manager import RENEW_SECONDS, TTL_SECONDS
from watchdog.domain import events as e
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.errors import Stale
from watchdog.domain.events import Event
from watchdog.domain.incidents import Act, ActiveCritical, Incident, Outcome, Phase, ServiceState, Shared, State
from watchdog.domain.integrations import Failing
from watchdog.domain.notices import IncidentNews, NoticeKind, Topic
from watchdog.domain.policy import Digest, Moment, Suppression
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import PendingEffect, Write
from watchdog.ports import Store

CODE = "1b7e0d4c95f2a8636de0b41f7c3a9d5826e0f4b7"


def rights(s: Scene) -> tuple[str, tuple[str, ...], Phase]:
    """Return what a human's word may change: the pause, the deny-list, what web waits for."""
    return s.engine.state.paused_by, s.engine.state.denied, s.web.phase


COMMANDS = [
    ("pause", {}, Phase.CALM, "it holds for now", ("ann", (CODE,), Phase.CALM)),
    ("resume", {}, Phase.CALM, "nothing is done", ("bob", (CODE,), Phase.CALM)),
    ("trust", {"commit": CODE[:9]}, Phase.CALM, "nothing is done", ("bob", (CODE,), Phase.CALM)),
    ("approve", {"incident": "web-1"}, Phase.ASKING, "nothing is done", ("bob", (CODE,), Phase.ASKING)),
    ("reject", {"incident": "web-1"}, Phase.ASKING, "it holds for now", ("bob", (CODE,), Phase.PAGED)),
    ("stop", {"incident": "web-1"}, Phase.ANNOUNCED, "it holds for now", ("bob", (CODE,), Phase.PAGED)),
]


@pytest.mark.parametrize(("name", "given", "phase", "words", "then"), COMMANDS)
async def test_a_command_that_was_not_recorded_fails_and_says_to_ask_again(
    name: str, given: dict[str, Any], phase: Phase, words: str, then: tuple[str, tuple[str, ...], Phase]
) -> None:
    """A yes is not taken at all, a no holds as long as we run; nobody is told that it was done, and nothing is sent."""
    async with scene(listed=True) as s:
        with_incident(s, phase, denied=(CODE,))
        s.engine.state = replace(s.engine.state, paused_by="bob")
        s.store.saving = SHUT  # type: ignore[attr-defined]
        command = await answer(s, name, **given)
        assert (command.ok, command.exit_code) == (False, FAILED)
        assert command.answer == f"not recorded ({SHUT}): {words}{command.answer.partition(words)[2]}"
        assert command.answer.endswith("; ask again")
        await s.quiet()
        assert rights(s) == then and (s.sent("POST"), s.sent("PATCH"), s.pages) == (0, 0, [])


@pytest.mark.parametrize(("name", "given"), [("resume", {}), ("trust", {"commit": CODE[:9]}), ("pause", {})])
async def test_asked_again_it_is_done_and_recorded(name: str, given: dict[str, Any]) -> None:
    """The store answers again: the yes, and what it means, stand in it."""
    async with scene() as s:
        s.engine.state = State(denied=(CODE,), paused_by="bob", disarmed="a promise")
        s.store.saving = SHUT  # type: ignore[attr-defined]
        assert not (await answer(s, name, **given)).ok
        s.store.saving = None  # type: ignore[attr-defined]
        assert (await answer(s, name, **given)).ok
        kept = await s.store.load_shared()
        assert {"resume": kept.paused_by + kept.disarmed, "trust": "".join(kept.denied)}.get(name, "") == ""
        assert kept == s.engine.state.shared


async def test_a_yes_that_would_break_a_promise_disarms_all_the_same() -> None:
    """The engine let the core disarm instead of doing what the approval asked for: that is kept."""
    clock, refusals = FakeClock(), list[Event]()
    store = ShakyStore(clock)
    store.saving = SHUT
    recorder = StepPersister(store, clock, Hooks(), refusals.append, lambda: None)
    turn = StepResult(State(), State(disarmed="a promise"), ())
    kept = await recorder.record(e.Approved(clock.now(), "web-1", "ann"), turn)
    assert (kept.after, kept.why_not, refusals) == (turn.after, str(SHUT), [])


def open_in(number: int, closed_at: float | None = None) -> State:
    made = Incident(f"web-{number}", "web", Severity.CRITICAL, 0.0, 0.0, "web is down", closed_at=closed_at)
    return State(services={"web": ServiceState("web", incident=made)})


PAGE, OVER = tell("down", "pager", wakes=True), tell("over", "pager", kind=NoticeKind.RESOLVED)
NEWS = IncidentNews(Topic.FOUND, Incident("web-2", "web", Severity.CRITICAL, 0.0, 0.0, "web is down"))
AGAIN = tell("down again", "pager", wakes=True, incident="web-2", about=NEWS)


NOTHING = State()


async def recorded(recorder: StepPersister, state: State, *tells: Tell, before: State = NOTHING) -> list[Effect]:
    """Let a turn be written down; return what is to be told at once."""
    turn = await recorder.record(e.TimePassed(0.0), StepResult(before, state, tells))
    return [item.effect for item in turn.pending]


def journal() -> tuple[ShakyStore, StepPersister]:
    """Return a store and what writes turns down in it."""
    clock = FakeClock()
    store = ShakyStore(clock)
    return store, StepPersister(store, clock, Hooks(), lambda _: None, lambda: None)


async def closed_at(store: Store, incident: str) -> float | None:
    found = await store.incident(incident)
    assert found is not None
    return found.closed_at


async def test_a_digest_that_was_not_recorded_is_not_told_and_due_again() -> None:
    """Who makes the next one would not know of it, and tell it twice."""
    async with scene() as s:
        moment = datetime.fromtimestamp(s.clock.now(), UTC)
        every = Moment(moment.weekday(), moment.hour * 60 + moment.minute, "UTC")
        s.engine.policy = replace(s.engine.policy, digest=Digest(every, ("pager",)))
        until = schedule.latest(every, s.clock.now())
        week = e.WeekSummedUp(s.clock.now(), until, "the week: nothing happened", ())
        s.store.saving = SHUT  # type: ignore[attr-defined]
        assert await s.engine.submit_and_wait(week) == () and s.engine.state.digested_at < until
        s.store.saving = None  # type: ignore[attr-defined]
        assert [type(effect) for effect in await s.engine.submit_and_wait(week)] == [Tell, Note]


async def test_the_all_clear_of_an_incident_that_the_journal_has_open_waits_for_its_record() -> None:
    """Who takes over by that journal takes it for known to people: they must still have it in hand."""
    store, recorder = journal()
    await recorded(recorder, open_in(1))
    store.saving = SHUT
    assert await recorded(recorder, open_in(1), PAGE) == [PAGE]
    recorder.delivered(PAGE)
    assert await recorded(recorder, open_in(1, closed_at=9.0), OVER) == []
    store.saving = None
    assert await recorded(recorder, open_in(1, closed_at=9.0)) == [OVER]


@pytest.mark.parametrize("moved", [False, True])
async def test_what_waited_is_written_and_told_before_what_came_after_it(moved: bool) -> None:
    """The next record says both; people hear of the end of one outage before the beginning of the next.

    A worker that takes the service over has the incident open, and calls it off itself: to it what waits is left.
    Another service that is read meanwhile changes nothing.
    """
    store, recorder = journal()
    recorder.know(["web"], open_in(1))
    store.saving = SHUT
    assert await recorded(recorder, open_in(1, closed_at=9.0), OVER) == []
    recorder.know(["shop"])
    if moved:
        recorder.forget(["web"])
    store.saving = None
    told = [AGAIN] if moved else [OVER, AGAIN]
    assert await recorded(recorder, open_in(2), AGAIN) == told
    assert [item.effect for item in await store.pending()] == told


@pytest.mark.parametrize("known", [None, open_in(1, closed_at=5.0), open_in(2)])
async def test_any_other_all_clear_is_told_from_memory(known: State | None) -> None:
    """Of an incident that opened while the journal was away nobody else can tell; nor of a condition of our own."""
    store, recorder = journal()
    if known is not None:
        recorder.know(["web"], known)
    store.saving = SHUT
    ours = tell("sees again", "pager", kind=NoticeKind.RESOLVED, service="watchdog", incident="blind")
    assert await recorded(recorder, open_in(1, closed_at=9.0), OVER, ours) == [OVER, ours]


@pytest.mark.parametrize(
    ("known", "owed", "why"),
    [
        (open_in(1), [], SHUT),
        (open_in(2), [AGAIN], SHUT),
        (State(), [AGAIN], SHUT),
        (open_in(2), [], TypeError("a field")),  # what no store can take would spoil every record after it
    ],
)
async def test_case_53_a_page_of_an_incident_that_gave_way_to_the_record_gets_no_row(
    known: State, owed: list[Tell], why: Exception
) -> None:
    """Told from memory, and ended by this worker: the next one would send it anew, and has no incident to end."""
    store, recorder = journal()
    store.saving = why
    assert await recorded(recorder, open_in(2), AGAIN) == [AGAIN]
    recorder.know(["web"], known)
    store.saving = None
    assert await recorded(recorder, known, PAGE) == [*owed, PAGE]


async def test_case_51_the_end_of_an_incident_that_the_store_missed_is_written_with_the_next_record() -> None:
    """The state lets it go at the next look: its row would stay open, and the public page would say outage for ever."""
    store, recorder = journal()
    over, calm = open_in(1, closed_at=9.0), State(services={"web": ServiceState("web")})
    for finish in (lambda: recorded(recorder, calm), lambda: recorder.save_final_state(calm)):
        await recorded(recorder, open_in(1))
        store.saving = SHUT
        await recorded(recorder, over, before=open_in(1))
        await recorded(recorder, calm, before=over)
        store.saving = None
        assert await closed_at(store, "web-1") is None
        await finish()
        assert await closed_at(store, "web-1") == 9.0


async def test_the_end_of_an_incident_is_left_to_the_worker_that_reads_it_as_open() -> None:
    """Of what was read anew, or could not be read, nothing of before is written."""
    store, recorder = journal()
    await recorded(recorder, open_in(1))
    store.saving = SHUT
    await recorded(recorder, open_in(1, closed_at=9.0), before=open_in(1))
    store.saving = None
    recorder.know(["web"], open_in(1), unread=True)
    for tells in ([], [OVER]):
        await recorded(recorder, open_in(1, closed_at=9.0), *tells, before=open_in(1))
    await recorder.save_final_state(State())
    assert await closed_at(store, "web-1") is None
    recorder.know(["web"], open_in(1))
    await recorded(recorder, open_in(1))
    assert await closed_at(store, "web-1") is None


async def test_case_51_an_incident_that_a_person_continues_by_hand_is_closed_in_the_store() -> None:
    """It ends in the step that begins the next, so no state ever holds it closed."""
    async with scene(listed=True) as s:
        with_incident(s, Phase.PAGED)
        open_one = s.web.incident
        assert open_one is not None
        had = replace(open_one, id="web-0", rollback=replace(open_one.rollback, deploy="dep-7"))
        s.engine.state = replace(s.engine.state, services={"web": replace(s.web, incident=had)})
        await s.store.save(Write(s.engine.state))
        await s.engine.submit_and_wait(e.RollbackRequested(s.clock.now(), "web", "ann", None))
        row = await s.store.incident("web-0")
        assert row is not None and row.outcome is Outcome.CONTINUED
        assert row.closed_at == s.web.incident.opened_at  # type: ignore[union-attr]


HOLDS = [e.Paused(0.0, "ann"), e.InvariantBroken(0.0, "a promise of ours")]


def held_back(worker: Worker) -> str:
    return worker.engine.state.paused_by + worker.engine.state.disarmed


async def unrecorded(worker: Worker, event: Event) -> None:
    """Let a worker take an event while its store is away."""
    worker.store.gone = True
    await worker.engine.handle(replace(event, at=worker.clock.now()))
    worker.store.gone = False


@pytest.mark.parametrize("event", HOLDS)
async def test_what_another_worker_wrote_does_not_lift_what_could_not_be_written(
    one: Worker, other: Worker, event: Event
) -> None:
    """A refresh brings the other's news and leaves the pause; with the next record all workers have it.

    From then on another worker's resume lifts it: it sticks only as long as nobody else can know of it.
    """
    await one.sharing.begin()
    await other.sharing.begin()
    await unrecorded(one, event)
    why = held_back(one)
    await other.engine.handle(e.Paused(other.clock.now(), "bob"))
    await other.engine.handle(e.Resumed(other.clock.now(), "bob"))
    await one.sharing.renew()
    assert held_back(one) == why != ""
    service = sorted(one.held)[0]
    await one.see(service, bad=True)
    await other.sharing.renew()
    assert held_back(one) == held_back(other) == why
    await other.engine.handle(e.Resumed(other.clock.now(), "bob"))
    await one.sharing.renew()
    assert held_back(one) == held_back(other) == ""


@pytest.mark.parametrize("event", HOLDS)
async def test_neither_a_late_record_nor_a_takeover_lifts_it_either(one: Worker, other: Worker, event: Event) -> None:
    """What all share is read anew then, too."""
    await other.sharing.begin()
    await one.sharing.begin()
    await unrecorded(one, event)
    why = held_back(one)
    await other.engine.handle(e.CommitTrusted(other.clock.now(), CODE, "bob"))
    await other.engine.handle(e.Paused(other.clock.now(), "bob"))
    await other.engine.handle(e.Resumed(other.clock.now(), "bob"))
    await one.clock.advance(TTL_SECONDS + RENEW_SECONDS)
    await one.sharing.renew()
    assert len(one.held) == 4 and held_back(one) == why
    await one.see("shop", bad=True)
    assert (await other.store.load_shared()) == one.engine.state.shared


async def test_others_that_write_without_a_pause_are_heard() -> None:
    """Each time we would write, another worker was faster: what it wrote last is what we go on from."""

    class Busy(ShakyStore):
        others = 0

        async def save(self, write: Write) -> Sequence[PendingEffect]:
            if isinstance(write.event, e.InvariantBroken):
                self.others += 1
                self._db.shared = replace(self._db.shared, paused_by=f"bob, {self.others} times")
                self._db.revision += 1
                raise Stale
            return await super().save(write)

    async with scene(Busy) as s:
        await s.engine.submit_and_wait(e.InvariantBroken(s.clock.now(), "a promise of ours"))
        read = await s.store.load_shared()
        assert s.engine.state.paused_by == read.paused_by != "" and s.engine.state.disarmed == "a promise of ours"
        assert "without a pause" in s.engine.store_trouble


FIRST, SECOND = Act(1.0, "web", "aaa"), Act(2.0, "shop", "bbb")
DOWN = ActiveCritical("web", 5.0, "aaa")
HOLD = Suppression("hold-1", "web", "ann", "launch", 1.0, 2.0)
OLD, NEW = ("dep-1", "aaa", "web-1"), ("dep-2", "bbb", "web-2")
FAILS = Failing(1.0, "failing", "dark")
BLIND = Shared(failing={"sight/a": FAILS})
LIFTED = Shared(paused_by="bob", disarmed="x")
ANEW: Sequence[tuple[Shared, Shared, Shared, Shared]] = [
    (Shared(), Shared(), Shared(paused_by="bob"), Shared(paused_by="bob")),
    (Shared(paused_by="bob"), Shared(paused_by="bob"), Shared(), Shared()),
    (Shared(), Shared(paused_by="ann"), Shared(), Shared(paused_by="ann")),
    (Shared(), Shared(disarmed="x"), Shared(paused_by="bob"), Shared(disarmed="x", paused_by="bob")),
    # Lifted by another worker, which stays so though something else is unsaved here.
    (LIFTED, replace(LIFTED, denied=("aaa",)), Shared(), Shared(denied=("aaa",))),
    (Shared(), Shared(denied=("aaa",)), Shared(denied=("bbb",)), Shared(denied=("bbb", "aaa"))),
    (Shared(denied=("aaa",)), Shared(denied=("aaa", "ccc")), Shared(), Shared(denied=("ccc",))),
    (Shared(blamed=(OLD,)), Shared(blamed=(OLD, NEW)), Shared(), Shared(blamed=(NEW,))),
    (
        Shared(acts=(FIRST,), acted_at=(1.0,)),
        Shared(acts=(FIRST, SECOND), acted_at=(1.0, 2.0)),
        Shared(acts=(FIRST,), acted_at=(1.0,)),
        Shared(acts=(FIRST, SECOND), acted_at=(1.0, 2.0)),
    ),
    (Shared(), Shared(acted_at=(2.0,)), Shared(acted_at=(2.0,)), Shared(acted_at=(2.0,))),
    (Shared(), Shared(holds=(HOLD,)), Shared(silences=(HOLD,)), Shared(silences=(HOLD,), holds=(HOLD,))),
    (Shared(), Shared(troubles={"web": DOWN}), Shared(), Shared(troubles={"web": DOWN})),
    (Shared(), Shared(digested_at=9.0), Shared(paused_by="bob"), Shared(paused_by="bob", digested_at=9.0)),
    (Shared(digested_at=9.0), Shared(digested_at=9.0), Shared(denied=("a",)), Shared(denied=("a",), digested_at=9.0)),
    (Shared(digested_at=2.0), Shared(digested_at=2.0), Shared(digested_at=9.0), Shared(digested_at=9.0)),
    (Shared(troubles={"web": DOWN}), Shared(), Shared(troubles={"web": DOWN}), Shared()),
    (
        Shared(troubles={"web": DOWN}),
        Shared(),
        Shared(troubles={"web": replace(DOWN, at=9.0)}),
        Shared(troubles={"web": replace(DOWN, at=9.0)}),
    ),
    # An unsaved recovery of an integration survives; who sees again is listed until it is saved: see `core/fleet.py`.
    (Shared(failing={"feed/web": FAILS}), Shared(), Shared(failing={"feed/web": FAILS}), Shared()),
    (BLIND, Shared(), BLIND, BLIND),
]


@pytest.mark.parametrize(("written", "known", "read", "then"), ANEW)
def test_what_is_read_anew_keeps_the_unwritten(written: Shared, known: Shared, read: Shared, then: Shared) -> None:
    """Once each, and only what is not the store's already."""
    assert merge_shared(written, known, read) == then

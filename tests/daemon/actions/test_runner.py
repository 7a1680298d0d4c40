"""Actions on their way: each ends as an event the core hears, one at a time per service, and only if still wanted."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.daemon.actions.test_actuator import Gated
from tests.support.actuator_scene import INCIDENT, PIN, RESTORE, ROLLBACK, Scene, scene
from tests.support.clocks import PATIENCE_SECONDS as BOUND_SECONDS
from tests.support.clocks import FakeClock, eventually
from tests.support.intercepted_calls import Overheard
from watchdog.adapters.platforms.render import Render
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.actions.runner import (
    OUTAGE,
    PATIENCE_SECONDS,
    UNRECORDED,
    UNWANTED,
    ActionRunner,
    still_wanted,
    unrecorded,
)
from watchdog.daemon.actions.timings import Change
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Displaced, Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incident_parts import Pin, RollbackAttempt
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import ActionRow, Write
from watchdog.ports import Store

Ask = Callable[[Event], Awaitable[object]]
BUG = "an internal error (KeyError)"
AWAY = "the store does not answer"


def logged(level: str, event: str, **more: str) -> dict[str, str]:
    return {"log_level": level, "event": event, **more}


class BuggyAfterSending(Render):
    """The client trips over the answer: the rollback, or the switch, was made."""

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        await super().rollback(service_id, deploy_id)
        raise KeyError("id")

    async def set_auto_deploy(self, service_id: str, value: str) -> None:
        await super().set_auto_deploy(service_id, value)
        raise KeyError("autoDeploy")


class BuggyReader(Render):
    """The client trips before anything is changed."""

    async def facts(self, service_id: str) -> ServiceFacts:
        raise KeyError("autoDeploy")

    async def deploys(self, service_id: str, back_to: str | None = None) -> tuple[Deploy, ...]:
        raise KeyError("status")


class Silent(Overheard, calls="action"):
    """A store that says so many times what became of an action, and then no more."""

    answers = 0

    async def heard(self, call: str, *given: object) -> None:
        self.answers -= 1
        if self.answers < 0:
            raise Temporary(AWAY)


class Finished:
    """A store, and what it was told of effects that are finished: (outcome, service)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.told: list[tuple[str, str | None]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def finish(self, effect_id: int, outcome: str, service: str | None = None) -> None:
        self.told.append((outcome, service))
        await self._store.finish(effect_id, outcome, service)


def state_with(
    phase: Phase, *, off: str = "", target: str | None = "dep-39", incident: str = INCIDENT, **more: Any
) -> State:
    made = replace(
        Incident(incident, "web", Severity.CRITICAL, 0.0, 0.0, "web is down", rollback=RollbackAttempt(target)), **more
    )
    return State(services={"web": ServiceState("web", phase=phase, incident=made, auto_deploy_off=off)})


OFF = state_with(Phase.PAGED, off="commit")


async def saved_and_run(s: Scene, effect: Change, ask: Ask, *, resumed: bool = False, **more: Any) -> bool:
    """Save an effect and run it; return whether it was finished, or else is left in the journal as it was."""
    (pending,) = await s.store.save(Write(State(), effects=(effect,)))
    acts = ActionRunner(s.actuator, clock=s.clock, ask=ask, **{"store": s.store, "state": State, **more})
    await acts.run(pending.id, effect, resumed=resumed)
    left = await s.store.pending()
    assert left in ((), (pending,))
    return not left


async def not_asked(event: Event) -> None:
    """The core must hear nothing."""
    raise AssertionError(event)


async def carried_out(s: Scene, effect: Change, *, resumed: bool = False, state: State | None = None) -> list[Event]:
    """Carry an effect out to its end; return what the core heard."""
    heard: list[Event] = []

    async def ask(event: Event) -> None:
        heard.append(event)
        assert (await s.store.pending()) != (), "the core hears of it before it is marked as finished"
        assert event.at == s.clock.now()
        if not isinstance(event, e.InvariantBroken):
            assert (event.service, event.incident) == ("web", effect.incident)  # type: ignore[union-attr]

    store = Finished(s.store)
    assert await saved_and_run(s, effect, ask, resumed=resumed, state=lambda: state or State(), store=store)
    assert store.told == [(type(heard[-1]).__name__ if heard else UNWANTED, "web")]
    return heard


@pytest.mark.parametrize("made", [BuggyAfterSending, BuggyReader])
@pytest.mark.parametrize(
    ("effect", "expected"), [(ROLLBACK, e.RollbackLost), (PIN, e.PinUnconfirmed), (RESTORE, e.AutoDeployNotRestored)]
)
async def test_a_fault_of_our_own_ends_with_a_human(effect: Change, expected: type[Event], made: type[Render]) -> None:
    """Nobody knows what was done: it is not repeated, and it is said."""
    async with scene(made=made) as s:
        if effect is RESTORE:
            s.sandbox.cloud.set_auto_deploy(s.web, "off")
        (event,) = await carried_out(s, effect, state=OFF)
        assert type(event) is expected and BUG in event.why
        assert len(s.accepted) == (effect is ROLLBACK and made is BuggyAfterSending)
        if isinstance(event, e.PinUnconfirmed):
            assert event.previous == ("commit" if made is BuggyAfterSending else None)


class BrokenPromise(Render):
    """The client finds one of our own promises broken."""

    async def facts(self, service_id: str) -> ServiceFacts:
        raise AssertionError("a service has one live deploy")


@pytest.mark.parametrize("effect", [PIN, RESTORE])
async def test_a_broken_promise_disarms_before_a_human_is_asked(effect: Change) -> None:
    """Nothing else is changed until somebody looked; the fault is in the log, with its traceback."""
    async with scene(made=BrokenPromise) as s:
        with capture_logs() as lines:
            broken, unknown = await carried_out(s, effect, state=OFF)
        what = f"{type(effect).__name__}: a service has one live deploy"
        assert broken == e.InvariantBroken(broken.at, what)
        why = "an internal error (AssertionError); please report it"
        assert getattr(unknown, "why", "") == why
        (line,) = [line for line in lines if line["log_level"] == "error"]
        assert (line["event"], type(line["exc_info"])) == ("action failed, internal error", AssertionError)


async def test_a_fault_of_our_own_while_the_journal_is_away_tells_no_value_to_restore() -> None:
    """Nobody can say what auto-deploy was, so that it is looked up again later."""
    clock, heard = FakeClock(), list[Event]()
    store = Silent(clock)
    store.answers = 1

    async def ask(event: Event) -> None:
        heard.append(event)

    async with scene(made=BuggyReader, store=store, clock=clock) as s:
        assert not await saved_and_run(s, PIN, ask)
        (event,) = heard
        assert isinstance(event, e.PinUnconfirmed) and event.previous is None


class AwayAtFirst(Overheard, calls="action"):
    """A store that for a time does not say what became of an action."""

    away = False

    async def heard(self, call: str, *given: object) -> None:
        if self.away:
            raise Temporary(AWAY)


@pytest.mark.parametrize(
    ("switched", "phase", "off", "told"),
    [
        (True, Phase.PAGED, "", True),
        (True, Phase.ROLLING_BACK, "", True),
        (True, Phase.CALM, "", True),
        (True, Phase.PAGED, "commit", False),  # known by now
        (True, Phase.PINNING, "", False),  # another switch of the incident reads the same row
        (False, Phase.PAGED, "", False),
    ],
)
async def test_a_switch_that_the_journal_could_not_tell_of_is_told_once_it_can(
    switched: bool, phase: Phase, off: str, told: bool
) -> None:
    """Killed after the switch, and the store away for the whole of the next try: the core goes on without the value to
    restore, as the outage does not wait, and hears of it when the store is back. Else auto-deploy stays off for ever.
    """
    clock, heard, states = FakeClock(), list[Event](), [state_with(Phase.PINNING)]
    store = AwayAtFirst(clock)

    async def ask(event: Event) -> None:
        heard.append(event)
        states.append(state_with(phase, off=off))
        store.away = False

    async with scene(store=store, clock=clock) as s:
        if switched:
            await s.actuator.perform(PIN)
        store.away = True
        brief = replace(PIN, within_seconds=0.02)
        assert await saved_and_run(s, brief, ask, resumed=True, state=lambda: states[-1])
        first, *late = heard
        assert isinstance(first, e.PinUnconfirmed) and (first.why, first.previous) == (AWAY, None)
        expected = [e.PinUnconfirmed(clock.now(), "web", INCIDENT, UNWANTED, "commit")]
        assert late == expected * told and s.sent("PATCH") == switched


@pytest.mark.parametrize("state", [State(), state_with(Phase.PAGED)])
async def test_what_cannot_be_told_for_the_journal_s_silence_is_left_for_later(state: State) -> None:
    """A pin of an earlier run that nobody wants: whether it went through stands in the journal alone.

    Not finished unseen, it is looked up when the store is back.
    """
    clock = FakeClock()
    async with scene(store=Silent(clock), clock=clock) as s:
        with capture_logs() as lines:
            assert not await saved_and_run(s, PIN, not_asked, resumed=True, state=lambda: state)
    assert lines == [logged("error", "action outcome unknown, reconciling later", incident=INCIDENT, why=AWAY)]


async def test_services_do_not_wait_for_each_other() -> None:
    gate, no_gate = asyncio.Event(), asyncio.Event()
    no_gate.set()
    heard: list[str] = []

    async def ask(event: Event) -> None:
        heard.append(getattr(event, "service", ""))

    other = replace(PIN, service="api", incident="api-1", platform_id="srv-api")
    async with scene(made=Gated) as s, asyncio.timeout(BOUND_SECONDS), asyncio.TaskGroup() as group:
        s.platform.gates = (gate, no_gate)  # type: ignore[attr-defined]
        one, two = await s.store.save(Write(State(), effects=(PIN, other)))
        acts = ActionRunner(s.actuator, s.store, s.clock, State, ask)
        waiting = group.create_task(acts.run(one.id, PIN, resumed=False))
        await eventually(lambda: s.platform.begun == 1)  # type: ignore[attr-defined]
        await acts.run(two.id, other, resumed=False)
        assert heard == ["api"]
        gate.set()
        await waiting
        assert heard == ["api", "web"]


async def test_a_lost_send_of_ours_is_found_when_a_human_asks_again() -> None:
    """After our own fault the row still says that it is being sent: the same target again is looked up."""
    async with scene(made=BuggyAfterSending) as s:
        assert isinstance((await carried_out(s, ROLLBACK))[0], e.RollbackLost)
        (event,) = await carried_out(s, ROLLBACK)
        assert event == e.RollbackAccepted(event.at, "web", INCIDENT, s.accepted[0]["deploy"], adopted=True)
        assert s.sent("POST") == 1


def gaps(fails: Callable[[str], bool]) -> Callable[[ActionRow, str | None], None]:
    """Return what keeps a store from writing now and then: `fails` says when, by the state that would be written."""

    def before(row: ActionRow, expect: str | None) -> None:
        if fails(row.state):
            raise Temporary(AWAY)

    return before


async def test_a_store_that_fails_right_after_the_send_is_waited_for_and_the_rollback_adopted() -> None:
    """The answer could not be written down: it is looked up, not sent again."""
    failures = iter([True, True, False])
    async with scene(before=gaps(lambda state: state == "accepted" and next(failures, False))) as s:
        with capture_logs() as lines:
            (event,) = await carried_out(s, ROLLBACK)
        assert isinstance(event, e.RollbackAccepted)
        assert (event.adopted, s.sent("POST"), (await s.row()).state) == (True, 1, "accepted")
        told = logged("error", "store unavailable during action, reconciling", why=AWAY)
        assert [line for line in lines if line["log_level"] == "error"] == [told, told]


@pytest.mark.parametrize("error", ["planned", "accepted"])
async def test_a_store_that_stays_away_ends_with_a_human(error: str) -> None:
    async with scene(before=gaps(lambda state: state == error)) as s:
        (event,) = await carried_out(s, ROLLBACK)
        sent = error == "accepted"
        assert type(event) is (e.RollbackLost if sent else e.RollbackPostponed)
        assert (s.sent("POST"), len(s.accepted)) == (sent, sent)
        if isinstance(event, e.RollbackLost):
            assert s.clock.elapsed == PATIENCE_SECONDS
            assert event.why == "the journal does not answer: the store does not answer"


async def test_one_gap_of_the_store_after_a_long_look_is_waited_for() -> None:
    """Patience is with the store, not with the action: a look for a lost answer takes half a minute by itself."""
    failures = iter([True])
    before = gaps(lambda state: state == "planned" and s.sent("POST") > 0 and next(failures, False))
    async with scene(before=before) as s:
        s.sandbox.set_mode("rollback", "reset_before")
        (event,) = await carried_out(s, ROLLBACK)
        assert isinstance(event, e.RollbackPostponed) and "no trace" in event.why
        assert (s.sent("POST"), len(s.accepted)) == (1, 0)


async def test_an_effect_that_cannot_be_finished_stays_for_the_next_start() -> None:

    class Unfinished(MemoryStore):
        tries = 0

        async def finish(self, effect_id: int, outcome: str, service: str | None = None) -> None:
            self.tries += 1
            raise (Temporary if self.tries % 2 else Permanent)("the store does not answer")

    clock = FakeClock()
    store = Unfinished(clock)
    async with scene(store=store, clock=clock) as s:
        with capture_logs() as lines, pytest.raises(AssertionError):
            await carried_out(s, ROLLBACK)
        assert (store.tries, len(await s.store.pending()), len(s.accepted)) == (5, 1, 1)
        told = logged("error", "effect not marked finished, retrying", why=AWAY)
        assert [line for line in lines if line["log_level"] == "error"] == [told] * 5


@pytest.mark.parametrize("came_back", [True, False])
async def test_an_outcome_that_was_lost_with_the_lease_leaves_its_effect_to_be_looked_up(came_back: bool) -> None:
    """The service went to another worker before the outcome was written, and came back: the journal knows nothing."""
    stays = iter([3, 5 if came_back else 3])

    async def ask(event: Event) -> None:
        assert isinstance(event, e.PinConfirmed)

    async with scene() as s:
        with capture_logs() as lines:
            assert await saved_and_run(s, PIN, ask, stay=lambda _: next(stays)) is not came_back
        why = str(Displaced(("web",)))
        told = logged("warning", "action left to another worker", incident=INCIDENT, why=why)
        assert [line for line in lines if line["log_level"] == "warning"] == ([told] if came_back else [])


async def test_one_action_at_a_time_per_service(tmp_path: Path) -> None:
    """A restore still on its way and a new pin: the pin waits, so that `off` is what remains."""
    async with scene(store_url=f"sqlite:///{tmp_path}/journal.db") as s, asyncio.TaskGroup() as group:
        await s.actuator.perform(PIN)
        s.sandbox.modes.slow_seconds = 0.3
        s.sandbox.set_mode("patch", "slow", times=1)
        heard: list[Event] = []

        async def ask(event: Event) -> None:
            heard.append(event)

        again = replace(PIN, incident="web-2")
        pending = await s.store.save(Write(State(), effects=(RESTORE, again)))
        acts = ActionRunner(s.actuator, s.store, s.clock, lambda: OFF, ask)
        restoring = group.create_task(acts.run(pending[0].id, RESTORE, resumed=False))
        await eventually(lambda: s.sent("PATCH") == 2)
        await acts.run(pending[1].id, again, resumed=False)
        await restoring
        assert [type(event) for event in heard] == [e.AutoDeployRestored, e.PinConfirmed]
        assert s.web.auto_deploy_trigger == "off" and heard[1] == e.PinConfirmed(heard[1].at, "web", "web-2", "commit")


WANTED = [
    *((PIN, state, True) for state in (state_with(Phase.PINNING), state_with(Phase.PAGED, pin=Pin(again=True)))),
    *((PIN, state_with(phase), False) for phase in (Phase.PAGED, Phase.ROLLING_BACK)),
    (PIN, state_with(Phase.PAGED, pin=Pin(again=True, off=True)), False),
    (PIN, state_with(Phase.PINNING, incident="web-2"), False),
    (PIN, State(services={"web": ServiceState("web", phase=Phase.CALM)}), False),
    *((RESTORE, state_with(phase, off="commit"), True) for phase in (Phase.PAGED, Phase.CALM)),
    *((RESTORE, state_with(phase, off="commit"), False) for phase in (Phase.PINNING, Phase.DEPLOYING)),
    (RESTORE, state_with(Phase.PAGED), False),
    *((ROLLBACK, state_with(phase), True) for phase in (Phase.ROLLING_BACK, Phase.PAGED)),
    (ROLLBACK, state_with(Phase.PAGED, target=None), True),
    (ROLLBACK, state_with(Phase.ROLLING_BACK, target="dep-38"), False),
    (ROLLBACK, state_with(Phase.ROLLING_BACK, incident="web-2", target="dep-38"), True),
    *((effect, State(), effect is ROLLBACK) for effect in (PIN, RESTORE, ROLLBACK)),
]


@pytest.mark.parametrize(("effect", "state", "wanted"), WANTED)
async def test_what_an_earlier_run_left_is_done_if_it_is_wanted(effect: Change, state: State, wanted: bool) -> None:
    """A pin belongs to an incident that waits for it, a restore to a calm one; a rollback is always looked up."""
    assert still_wanted(state, effect) is wanted
    async with scene() as s:
        heard = await carried_out(s, effect, resumed=True, state=state)
        assert (len(heard) == 1) is wanted and (s.sent("PATCH") > 0) is (wanted and effect is PIN)
        assert s.sent("POST") == 0


async def test_an_answer_from_before_our_switch_is_not_taken_for_somebody_s_choice() -> None:
    """It is read again a little later: it is off because of us, and given back."""

    class OldAnswers(Render):
        """The platform answers as it was until 3 s ago."""

        async def facts(self, service_id: str) -> ServiceFacts:
            facts = await super().facts(service_id)
            return replace(facts, auto_deploy="checksPass") if s.clock.elapsed < 3.0 else facts

    async with scene(made=OldAnswers) as s:
        s.sandbox.cloud.set_auto_deploy(s.web, "off")
        (outcome,) = await carried_out(s, RESTORE, state=OFF)
        assert outcome == e.AutoDeployRestored(outcome.at, "web", INCIDENT, "commit")
        assert s.web.auto_deploy_trigger == "commit"


@pytest.mark.parametrize("state", ["sending", "done"])
async def test_a_switch_that_lands_late_does_not_outlive_its_restore(state: str) -> None:
    """It was never read back, or it arrives once more: until it cannot any longer, nothing is given back."""

    class Late(FakeClock):
        """Time in which the switch arrives after 15 s."""

        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if landing and self.elapsed - landing[0] >= 15.0:
                landing.clear()
                s.sandbox.cloud.set_auto_deploy(s.web, "off")

    landing: list[float] = []
    async with scene(clock=Late()) as s:
        if state == "done":
            s.sandbox.cloud.set_auto_deploy(s.web, "off")
        sent = ActionRow(INCIDENT, "pin", state, target="off", baseline="commit", service="web")
        await s.store.put_action(sent, expect=None)
        landing.append(s.clock.elapsed)
        (outcome,) = await carried_out(s, RESTORE, state=OFF)
        assert isinstance(outcome, e.AutoDeployRestored) and (landing, s.web.auto_deploy_trigger) == ([], "commit")


@pytest.mark.parametrize("resumed", [False, True])
async def test_auto_deploy_is_not_given_back_in_the_middle_of_a_new_outage(resumed: bool) -> None:
    """It began while we waited for our own switch to have landed; people read that it is given back, so they hear."""
    async with scene() as s:
        await s.actuator.perform(PIN)
        state = state_with(Phase.PINNING, off="commit", incident="web-2")
        (event,) = await carried_out(s, RESTORE, resumed=resumed, state=state)
        assert event == e.AutoDeployNotRestored(event.at, "web", INCIDENT, OUTAGE)
        assert (s.web.auto_deploy_trigger, s.sent("PATCH")) == ("off", 1)


async def test_the_same_outage_that_goes_on_tells_of_auto_deploy_itself() -> None:
    """A human asks again, as we advised, while we wait to give it back: nothing was promised that is not kept."""
    async with scene() as s:
        await s.actuator.perform(PIN)
        assert await carried_out(s, RESTORE, state=state_with(Phase.PINNING, off="commit")) == []
        assert s.web.auto_deploy_trigger == "off"


async def test_what_somebody_switched_on_while_we_waited_is_told_as_given_back() -> None:
    """The core may know of it already; people read that it is being given back."""
    async with scene() as s:
        (event,) = await carried_out(s, RESTORE, state=state_with(Phase.PAGED))
        assert event == e.AutoDeployRestored(event.at, "web", INCIDENT, "commit") and s.sent("PATCH") == 0


async def test_what_a_look_from_before_our_switch_says_does_not_keep_it_from_being_given_back() -> None:
    """Taken up by the next run; then the core reads it as on, and only after that the switch lands."""

    class Landing(FakeClock):
        """Time in which the core is misled, and the switch lands, while we wait for it."""

        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if seconds > 20.0:
                states[:] = [state_with(Phase.PAGED)]
                s.sandbox.cloud.set_auto_deploy(s.web, "off")

    async def ask(event: Event) -> None:
        assert isinstance(event, e.AutoDeployRestored)

    states = [OFF]
    async with scene(clock=Landing()) as s:
        assert await saved_and_run(s, RESTORE, ask, resumed=True, state=lambda: states[0])
        assert s.web.auto_deploy_trigger == "commit"


async def test_a_service_that_moved_while_we_waited_is_left_to_the_other_worker() -> None:
    """It has the effect, and gives auto-deploy back."""
    stays = iter([3, None])
    async with scene() as s:
        assert not await saved_and_run(s, RESTORE, not_asked, stay=lambda _: next(stays))


@pytest.mark.parametrize("phase", [Phase.SUSPECT, Phase.PAGED, Phase.ROLLING_BACK, Phase.DEPLOYING, Phase.CALM])
async def test_a_pin_that_nobody_waits_for_any_more_may_have_gone_through(phase: Phase) -> None:
    """Killed after the switch: the old value is told all the same, and nothing is switched again."""
    async with scene() as s:
        await s.actuator.perform(PIN)
        (event,) = await carried_out(s, PIN, resumed=True, state=state_with(phase))
        assert event == e.PinUnconfirmed(event.at, "web", INCIDENT, UNWANTED, "commit") and s.sent("PATCH") == 1


async def test_an_action_is_not_finished_before_the_journal_has_what_came_of_it() -> None:
    """The store was away when the core heard of it: killed now, the next start must find it again."""
    waits = [f"away, {number}" for number in range(5)]
    seen: list[int] = []

    def trouble() -> str:
        seen.append(1)
        return waits.pop() if waits else ""

    async def ask(event: Event) -> None:
        assert not seen

    async with scene() as s:
        began = s.clock.elapsed
        assert await saved_and_run(s, PIN, ask, state=lambda: state_with(Phase.PINNING), trouble=trouble)
        assert (len(seen), s.clock.elapsed - began >= 10.0) == (6, True)


@pytest.mark.parametrize(
    ("effect", "lasting", "expected"),
    [
        (ROLLBACK, False, e.RollbackStoodDown),
        (PIN, False, e.RollbackPostponed),
        (PIN, True, e.RollbackStoodDown),
        (RESTORE, False, e.AutoDeployNotRestored),
    ],
)
def test_what_could_not_be_written_down_becomes_a_refusal(effect: Change, lasting: bool, expected: type[Event]) -> None:
    refusal = expected(7.0, "web", INCIDENT, UNRECORDED)  # type: ignore[call-arg]
    assert unrecorded(effect, 7.0, lasting=lasting) == refusal
    assert unrecorded(fx.SetPace("web", 2.0), 7.0, lasting=lasting) is None, "it changes nothing"

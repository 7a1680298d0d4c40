"""What is open over all incidents: of which, in which order, and what it costs to know."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.cli import examples as x
from tests.console.stores import Counted
from tests.presentation.test_incident_loader import closed, kept, put
from tests.support.clocks import FakeClock
from watchdog.domain.follow_ups import RUNBOOK
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import DEFAULT_MATRIX, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.store_records import Write
from watchdog.presentation.checklists import checklists
from watchdog.presentation.follow_up_text import PERIOD_SECONDS, FollowUps, Open, checklist_facts
from watchdog.presentation.incident_loader import FRESH_SECONDS

DAY = 86400.0
NOW = x.BEGIN + 10 * DAY
WEB = ServicePolicy("web", None, signals=(SignalPolicy("api", "latency"), SignalPolicy("errors", "sentry")))
POLICY = Policy({"web": WEB}, DEFAULT_MATRIX)
LATER = [one.id for one in RUNBOOK if one.within_seconds is not None]
PEOPLES = [one.id for one in RUNBOOK if one.by_people]


async def record(*incidents: Incident) -> tuple[Counted, FakeClock, FollowUps]:
    clock, store = await kept(*incidents)
    return store, clock, FollowUps(store, clock)


def names(found: Sequence[Open]) -> list[tuple[str, str]]:
    return [(one.incident.id, one.item.id) for one in found]


def rolled_back(number: int, at: float, **changes: Any) -> Incident:
    return closed(number, at, onset_at=at - 60, restored_at=at + 30, verified_at=at + 60, verification="", **changes)


async def test_of_what_was_rolled_back_and_is_over_people_s_items_are_open() -> None:
    """Nothing of an incident without a rollback, nothing that the record shows; of one that goes on after its end."""
    going_on = replace(rolled_back(3, NOW), closed_at=None)
    store, clock, tracked = await record(rolled_back(1, NOW - DAY), closed(2, NOW - 5, requested_at=None), going_on)
    found = await tracked.open(POLICY, {})
    assert names(found) == [("web-1", name) for name in PEOPLES] and tracked.complete
    assert set(LATER) - set(PEOPLES) == {"restored", "errors", "response-times", "log"}
    assert {one.item.owner for one in await tracked.open(POLICY, {"team lead": "lin"})} >= {"lin (team lead)"}
    unknown_now = names(await tracked.open(Policy({}, DEFAULT_MATRIX), {}))
    assert ("web-1", "errors") in unknown_now, "of a service that is not configured any more the record shows less"
    await put(store, replace(going_on, closed_at=NOW + 60))
    await clock.advance(FRESH_SECONDS)
    ended = names(await tracked.open(POLICY, {}))
    assert {one for one in ended if one[0] == "web-3"} == {("web-3", name) for name in PEOPLES}


async def test_a_tick_a_root_cause_and_a_follow_up_change_it_at_once() -> None:
    """They are read anew each time."""
    store, _, tracked = await record(rolled_back(1, NOW - DAY), rolled_back(2, NOW - 2 * DAY))
    before = names(await tracked.open(POLICY, {}))
    await store.tick("web-1", "stakeholders", "ann")
    await store.remark("web-2", "a lock", "ann", root_cause=True)
    await store.remark("web-2", "hm", "ann")
    gone = {("web-1", "stakeholders"), ("web-2", "root-cause")}
    assert names(await tracked.open(POLICY, {})) == [one for one in before if one not in gone]
    await store.follow_up("web-1", "Raise the pool", "ann", owner="eve", due_at=NOW + 60)
    found = await tracked.open(POLICY, {})
    assert names(found)[-1] == ("web-1", "own-1"), "what is due first stands before"
    assert [one.item.due_at for one in found] == sorted(one.item.due_at or 0.0 for one in found)
    await store.tick("web-1", "own-1", "eve")
    assert ("web-1", "own-1") not in names(await tracked.open(POLICY, {}))


async def test_what_people_added_counts_for_any_incident() -> None:
    """One without a rollback, one that goes on, one of long ago; an incident nobody needs is asked for once."""
    going_on = replace(x.undone(x.decision()), id="web-3", opened_at=NOW, closed_at=None)
    old = rolled_back(9, NOW - PERIOD_SECONDS - DAY)
    store, _, tracked = await record(old, closed(2, NOW - 5, requested_at=None), going_on)
    for name in ("web-2", "web-3", "web-9"):
        await store.follow_up(name, f"of {name}", "ann", owner="eve", due_at=NOW + 60)
    assert names(await tracked.open(POLICY, {}))[-3:] == [("web-2", "own-1"), ("web-3", "own-1"), ("web-9", "own-1")]
    asked = store.asked["incident"]
    await tracked.open(POLICY, {})
    assert store.asked["incident"] == asked
    for name in ("web-2", "web-9"):
        await store.tick(name, "own-1", "eve")
    assert names(await tracked.open(POLICY, {})) == [("web-3", "own-1")]


async def test_the_checklists_of_one_incident_know_all_of_its_record() -> None:
    """Notes, remarks, ticks, follow-ups, the policy's time and signals; of this incident alone."""
    store, _, _ = await record(x.incident(), rolled_back(2, NOW))
    await store.save(Write(State(services={"web": ServiceState("web", incident=x.incident())}), effects=x.NOTES))
    await store.tick("web-2", "lessons", "ann")
    await store.tick("web-1", "docs", "ann")
    await store.follow_up("web-1", "Raise the pool", "ann", owner="team lead", due_at=NOW)
    await store.remark("web-1", "a lock", "bob", root_cause=True)
    facts = await checklist_facts(store, x.incident(), POLICY, {"team lead": "lin"}, NOW)
    done = {item.id: item.done for one in checklists(facts) for item in one.items}
    assert done["team-told"] and done["docs"] and done["root-cause"] and done["response-times"]
    assert not done["lessons"] and not done["own-1"]
    assert facts.target_seconds == 300.0
    assert checklists(facts)[-1].items[0].owner == "lin (team lead)"

"""What a worker knew from memory, once the store is read again: its pages end, and what was done is not forgotten."""

from dataclasses import replace

import pytest

from tests.daemon.supervision.test_lease_manager import POLICY, Worker
from watchdog.daemon.outbox.late_pages import LOOK_SECONDS
from watchdog.domain import events as e
from watchdog.domain.deploys import Commit, Deploy, Downtime, ServiceFacts
from watchdog.domain.incidents import Incident, Phase, ServiceState
from watchdog.domain.policy import Mode
from watchdog.domain.remedies.maintenance_mode import OwnMaintenance
from watchdog.domain.severity import Severity


async def begin(worker: Worker) -> None:
    """Let a worker take everything, and page by its only channel."""
    services = {name: replace(one, mode=Mode.ASSIST) for name, one in POLICY.services.items()}
    matrix = {severity: replace(rule, tell=("pager",)) for severity, rule in POLICY.matrix.items()}
    worker.engine.policy = replace(POLICY, services=services, matrix=matrix)
    await worker.sharing.begin()


def put(worker: Worker, **fields: object) -> None:
    shop = replace(worker.engine.state.services["shop"], **fields)  # type: ignore[arg-type]
    worker.engine.state = replace(worker.engine.state, services={**worker.engine.state.services, "shop": shop})


async def record(worker: Worker, **fields: object) -> None:
    """Let the record have the shop with these fields."""
    put(worker, **fields)
    await worker.engine.recorder.snapshot(worker.engine.state)


async def read_again(worker: Worker) -> ServiceState:
    """Let the record be read, of which a worker knew nothing until now; return the shop as it is then."""
    worker.engine.recorder.know(("shop",), unread=True)
    await worker.sharing.renew()
    return worker.engine.state.services["shop"]


async def see(worker: Worker, seconds: float, *, bad: bool) -> None:
    """Let the shop be well or fail for so long."""
    for _ in range(int(seconds / 2.0)):
        await worker.see("shop", bad=bad)
        await worker.clock.advance(2.0)


def incident_of(worker: Worker) -> Incident:
    incident = worker.engine.state.services["shop"].incident
    assert incident is not None
    return incident


def asked_about(worker: Worker) -> Incident:
    """Return an incident of the shop whose question people have."""
    at = worker.clock.now()
    return Incident("shop-1", "shop", Severity.CRITICAL, at, at, "shop is down", paged=True, channels=("pager",))


async def test_an_outage_after_one_whose_yes_was_undone_goes_on_as_the_one_of_the_record(one: Worker) -> None:
    """The first ended and a second began while the store was away: the page of the second ends, that of the first
    does not.
    """
    await begin(one)
    await record(one, phase=Phase.ASKING, incident=asked_about(one), incidents=1)
    one.store.silent = frozenset({"save"})
    await one.engine.handle(e.Approved(one.clock.now(), "shop-1", "ann"))
    assert set(one.engine.recorder.unread) == {"shop"}
    one.store.gone = True
    await see(one, 400.0, bad=False)
    await see(one, 120.0, bad=True)
    assert incident_of(one).id == "shop-2" and len(one.pager.took) == 1
    one.store.gone, one.store.silent = False, frozenset()
    await one.sharing.renew()
    await one.engine.handle(e.Rejected(one.clock.now(), "shop-1", "ben"))
    await see(one, 4 * LOOK_SECONDS, bad=True)
    assert incident_of(one).id == "shop-1" and incident_of(one).closed_at is None
    assert [title for title, _ in one.pager.took][1:] == ["shop: shop-2 goes on as shop-1"]
    assert one.engine.state.services["shop"].incidents == 2, "no other incident is called shop-2"


async def test_what_a_start_without_the_record_paged_goes_on_as_what_it_has_open(one: Worker, other: Worker) -> None:
    """A new worker cannot know the incident of before: its page would ring beside the old one for ever."""
    await begin(other)
    await record(other, phase=Phase.PAGED, incident=asked_about(other), incidents=1)
    await one.clock.advance(60.0)
    one.store.gone = True
    await begin(one)
    await see(one, 120.0, bad=True)
    assert incident_of(one).id != "shop-1" and len(one.pager.took) == 1
    one.store.gone = False
    await one.take_all()
    await see(one, 4 * LOOK_SECONDS, bad=True)
    assert incident_of(one).id == "shop-1"
    assert [title.rpartition(" ")[2] for title, _ in one.pager.took[1:]] == ["shop-1"]


DEPLOY = ("bad00000", "dep-16")


async def test_an_alert_that_was_told_from_memory_stays_known_when_the_record_is_read(one: Worker) -> None:
    """The return of a bad commit, paged without the record, is closed by the deploy list like any other."""
    await begin(one)
    await record(one, phase=Phase.PAGED, incident=asked_about(one), incidents=1, returned=("dep-3",))
    beside = (("dep-14", 5.0),)
    put(one, phase=Phase.CALM, incident=None, returned=("dep-16",), bad=(DEPLOY,), record_gap_notices=beside)
    put(one, auto_deploy_notice_thread="told")
    shop = await read_again(one)
    assert (shop.phase, shop.returned, shop.bad) == (Phase.PAGED, ("dep-3", "dep-16"), (DEPLOY,))
    assert (shop.auto_deploy_notice_thread, shop.record_gap_notices) == ("told", beside)


async def test_an_incident_from_memory_that_goes_on_forgets_nothing_that_was_done_before(one: Worker) -> None:
    """A start without the record knows of no auto-deploy that is off because of us: it would never be given back."""
    done = {"auto_deploy_off": "commit", "pinned_for": "shop-7", "undone": ("dep-2",), "acted_at": (5.0,)}
    done |= {"overtaken": True, "pinned_at": 3.0, "offered": "dep-3"}
    done |= {
        "remedied": (("restart:service", 2.0),),
        "own_maintenance": OwnMaintenance("shop-7", 2.0, 1802.0, 3.0, off_at=4.0),
    }
    done |= {"merged": (Commit("c0ffee", 4.0, "Fix the basket"),), "merges_why": "no answer"}
    await begin(one)
    blank = {name: getattr(one.engine.state.services["shop"], name) for name in done}
    await record(one, **done, auto_deploy_notice_thread="shop-7/auto-deploy", incidents=7)
    put(one, **blank, incidents=99)
    put(one, phase=Phase.PAGED, incident=asked_about(one), auto_deploy_notice_thread="")
    shop = await read_again(one)
    assert {name: getattr(shop, name) for name in done} == done
    assert (shop.phase, shop.incidents, shop.auto_deploy_notice_thread) == (Phase.PAGED, 99, "shop-7/auto-deploy")


async def test_an_incident_from_memory_that_goes_on_is_held_by_the_brakes_of_the_record(one: Worker) -> None:
    """A start without the record does not know that the shop flaps: it would roll back what people are asked about."""
    await begin(one)
    held = {"flapping_since": 3.0, "downtime": Downtime("suspended", 1.0, 1.0, 4.0), "record_lacked_at": 4.0}
    await record(one, **held, opened_at=(1.0, 2.0, 3.0))
    nothing = dict.fromkeys(held)
    put(one, **nothing, opened_at=(5.0,), phase=Phase.PAGED, incident=asked_about(one))
    shop = await read_again(one)
    assert {name: getattr(shop, name) for name in held} == held
    assert (shop.phase, shop.opened_at) == (Phase.PAGED, (1.0, 2.0, 3.0, 5.0))


@pytest.mark.parametrize("trigger", ["rollback", "new_commit"])
async def test_case_55_what_a_restored_record_lacks_is_found_though_an_incident_from_memory_goes_on(
    one: Worker, trigger: str
) -> None:
    """A start without the store has listed the rollback before the record is read; an ordinary deploy is no matter."""
    old = Deploy("dep-1", "live", "new_commit", "aaaaaaa1", created_at=1.0, finished_at=2.0)
    bad = Deploy("dep-2", "live", "new_commit", "bad00000", created_at=3.0, finished_at=4.0)
    back = Deploy("dep-3", "live", trigger, "aaaaaaa1", created_at=5.0, finished_at=6.0)
    recorded = (bad, replace(old, status="deactivated"))
    now_listed = (back, replace(bad, status="deactivated"), recorded[1])
    await begin(one)
    await record(one, deploys=recorded, deploys_at=5.0, live="dep-2")
    at = one.clock.now()
    put(one, phase=Phase.PAGED, incident=asked_about(one), deploys=now_listed, deploys_at=at, live="dep-3")
    shop = await read_again(one)
    assert shop.incident is not None and shop.live == "dep-3"
    await one.engine.handle(e.DeploysListed(one.clock.now(), "shop", now_listed, ServiceFacts("srv-1", "shop")))
    assert one.engine.state.denied == (("bad00000",) if trigger == "rollback" else ())
    assert one.engine.state.services["shop"].deploys[0].id == "dep-3"

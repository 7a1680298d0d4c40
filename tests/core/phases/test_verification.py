"""Proving: the rollback followed until it is live, then fresh evidence; without evidence there is no proof."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.limits import LIMITS
from tests.core.scenes import found as a_finding
from tests.core.world import FOREVER, START, Fault, World, make_policy
from tests.core.worlds import a_turn_of, bad_world, hear, incident_of, line_of, listed, put, reach, watch, web
from tests.support.effect_readers import kinds, lines, notices, tell_of
from watchdog.core import detect
from watchdog.core.detect import error_counts
from watchdog.core.phases.recovery_proof import PATIENCE_SECONDS, proof_seconds
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.checks import Check, Served
from watchdog.domain.decisions import Finding
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import Topic
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, MinuteCount, Unknown

SECONDS = 180.0


def restored_at(world: World) -> float:
    """Return when the rollback was live."""
    return incident_of(world).rollback.restored_at


def probed(at: float, count: int, every: float = 2.0) -> tuple[tuple[float, bool], ...]:
    """Return so many good outcomes, the last one at that moment."""
    return tuple((at - every * number, False) for number in reversed(range(count)))


# --- following ---


def test_a_rollback_that_is_live_is_verified_from_then_on() -> None:
    """What was seen before counts no longer; woken at the end of the proof, and of patience."""
    world = reach(Phase.DEPLOYING)
    world.end(incident_of(world).rollback.deploy or "")
    effects = listed(world)
    assert web(world).phase is Phase.VERIFYING and restored_at(world) == world.now
    assert lines(effects, "RESTORED") == ["dep-901 live; verifying for 3 min"]
    wakes = [effect.at for effect in effects if isinstance(effect, fx.WakeAt)]
    assert wakes == [world.now + SECONDS, world.now + SECONDS + PATIENCE_SECONDS]
    rollback = incident_of(world).rollback
    assert [rollback.expected_at, rollback.overdue_at] == wakes
    assert all(not check.recent for check in web(world).checks.values())


@pytest.mark.parametrize(
    ("queued", "method", "healed"), [(True, "run", True), (False, "run", False), (True, "cusum", False)]
)
def test_what_was_good_before_the_rollback_took_traffic_was_not_its_doing(
    queued: bool, method: str, healed: bool
) -> None:
    """People hear that the deploy may be innocent; it counts as a restart, and as nothing else."""
    world = reach(Phase.DEPLOYING)
    rollback, now = incident_of(world).rollback.deploy or "", world.time
    found = replace(incident_of(world).findings[0], method=method)
    put(world, incident=replace(incident_of(world), findings=(found,)))
    if queued:
        world.deploys[0] = replace(world.deploys[0], status="queued")
        put(world, deploys=(world.deploys[0], *web(world).deploys[1:]))
    world.faults[0] = replace(world.faults[0], end=now + 2.0)
    world.run(now + 40.0)
    world.deploys[0] = replace(world.deploys[0], status="update_in_progress")
    world.run(now + 60.0)
    world.end(rollback)
    world.run(now + 300.0)
    incident = world.incidents["web-1"]
    assert incident.rollback.verified_at is not None and (incident.rollback.healed_at is not None) is healed
    told = [line for line in world.tells[-1].notice.lines if "may be innocent (`watchdog incident undo web-1`" in line]
    assert len(told) == world.labels().count("HEALED") == int(healed)
    assert web(world).history.bad_deploys == int(not healed) and web(world).history.others == 0
    assert (web(world).checks["home"].restart_seconds > 40.0) is healed


def test_what_had_healed_and_fails_again_was_not_healed() -> None:
    """It is left to a human as any rollback that did not help: confirmed afresh, paged, and nothing more is tried.

    Nobody is told that the deploy may be innocent.
    """
    world = reach(Phase.VERIFYING)
    rollback = replace(incident_of(world).rollback, healed_at=world.now - 30.0)
    put(world, incident=replace(incident_of(world), rollback=rollback))
    world.faults = [Fault(world.time, FOREVER)]
    world.run(world.time + 120.0)
    assert web(world).phase is Phase.PAGED and incident_of(world).rollback.healed_at is None
    assert incident_of(world).human_needed.startswith("the rollback did not help: 21 of 21 probes failed")
    assert len(world.accepted) == 1 and not world.restores
    assert not [line for tell in world.tells for line in tell.notice.lines if "may be innocent" in line]


@pytest.mark.parametrize(
    ("ended", "code", "status", "place"),
    [
        ("canceled", "aaaaaaa1", "live", Phase.VERIFYING),
        ("update_failed", "aaaaaaa1", "build_in_progress", Phase.DEPLOYING),
        ("canceled", "aaaaaaa1", "update_failed", Phase.PAGED),
        ("canceled", "aaaaaaa0", "live", Phase.PAGED),
    ],
)
def test_case_17_an_equal_rollback_that_took_the_place_of_ours_is_followed(
    ended: str, code: str, status: str, place: Phase
) -> None:
    """A person's rollback in the same second was taken for ours, which then landed and canceled it (storm seed 63081).

    Auto-deploy stays off: the newest commit is the bad one; also where a person rolls back elsewhere, which is not
    followed. One that failed is none.
    """
    world = reach(Phase.DEPLOYING)
    taken = incident_of(world).rollback.deploy or ""
    world.end(taken, ended)
    first = next(one for one in world.deploys if one.id == taken)
    world.deploys.insert(0, replace(first, id="dep-902", commit=code, status=status, created_at=world.now))
    effects = listed(world)
    assert web(world).phase is place
    followed = place is not Phase.PAGED
    assert (incident_of(world).rollback.deploy == "dep-902") is followed
    # Given back only where nothing rolls back.
    given = any(isinstance(effect, fx.RestoreAutoDeploy) for effect in effects)
    assert given is (status == "update_failed" and not followed)
    assert bool(lines(effects, "ACT")) is followed


@pytest.mark.parametrize(("status", "given"), [("update_failed", True), ("canceled", True), ("deactivated", False)])
def test_a_rollback_that_ended_otherwise_is_left_to_a_human(status: str, given: bool) -> None:
    """Failed: the old value of auto-deploy is given back; overtaken after it was live: it is not."""
    world = reach(Phase.DEPLOYING)
    world.deploys = [replace(item, status=status) if item.id == "dep-901" else item for item in world.deploys]
    effects = listed(world)
    assert lines(effects, "HUMAN") == [
        f"the rollback dep-901 ended as {status.replace('_', ' ')}; nothing more is tried"
    ]
    assert web(world).phase is Phase.PAGED and ("RestoreAutoDeploy" in kinds(effects)) is given


@pytest.mark.parametrize("known", [True, False])
def test_a_late_rollback_is_paged_once_and_given_up_at_last(known: bool) -> None:
    """Five minutes: a page with its status (if it is in the list at all); twenty: nothing more is tried."""
    world = reach(Phase.DEPLOYING)
    requested = incident_of(world).rollback.requested_at
    if not known:
        put(world, deploys=tuple(item for item in web(world).deploys if item.id != "dep-901"))
    assert hear(world, e.TimePassed(requested + 299.0)) == ()
    assert incident_of(world).rollback.overdue_at == requested + 300.0
    effects = hear(world, e.TimePassed(requested + 300.0))
    status = " (update in progress)" if known else ""
    assert lines(effects, "LATE") == [f"The rollback dep-901 is not live after 5 min{status}."]
    notice = tell_of(effects).notice
    assert (notice.kind.value, notice.wakes) == ("human_needed", True)
    assert (notice.about.topic, notice.about.why) == (Topic.NOT_LIVE_YET, "update in progress" if known else "")
    assert notice.title == "web is down: rollback not live after 5 min"
    assert [line_of(notice, "The rollback ")] == lines(effects, "LATE") and web(world).phase is Phase.DEPLOYING
    assert hear(world, e.TimePassed(requested + 400.0)) == ()
    assert incident_of(world).rollback.overdue_at == requested + 1200.0
    effects = hear(world, e.TimePassed(requested + 1200.0))
    assert lines(effects, "HUMAN") == ["the rollback is not live after 20 min; nothing more is tried"]
    assert web(world).phase is Phase.PAGED


# --- verifying ---


@pytest.mark.parametrize(("unseen", "seconds"), [(0.0, 180.0), (100.0, 180.0), (400.0, 400.0), (5000.0, 840.0)])
def test_what_may_go_on_unseen_is_proved_after_as_long(unseen: float, seconds: float) -> None:
    """Half again as slow is suspected after five minutes: three good ones prove nothing; a quarter of an hour does."""
    world = reach(Phase.VERIFYING)
    found = replace(incident_of(world).findings[0], unseen_seconds=unseen)
    put(world, incident=replace(incident_of(world), findings=(found,)))
    assert proof_seconds(a_turn_of(world)) == seconds


def test_another_deploy_that_is_live_ends_the_verification_and_a_list_without_any_does_not() -> None:
    """The platform names none for a moment: go on. A colleague deployed over it: what is read says nothing of ours."""
    world = reach(Phase.VERIFYING)
    world.deploys = [replace(item, status="deactivated") for item in world.deploys]
    listed(world)
    assert not any(item.is_live for item in web(world).deploys) and web(world).phase is Phase.VERIFYING
    world.end(world.begin("fix00000"))
    effects = listed(world)
    assert lines(effects, "HUMAN") == ["dep-902 is live instead of our rollback dep-901"]
    assert web(world).phase is Phase.PAGED


def test_a_pin_that_somebody_undid_is_told_once() -> None:
    """A Blueprint sync switched auto-deploy on: a page while it matters, and not again."""
    world = reach(Phase.VERIFYING)
    world.facts = replace(world.facts, auto_deploy="commit")
    effects = listed(world)
    assert lines(effects, "HUMAN")[0].startswith("Auto-deploy is commit again")
    assert notices(effects) == ["updated"] and incident_of(world).pin.note.startswith("switched back to commit")
    about = tell_of(effects).notice.about
    assert (about.topic, about.why) == (Topic.AUTO_DEPLOY_ON_AGAIN, "commit")
    assert listed(world, at=2.0) == ()


@pytest.mark.parametrize(("lasts", "seconds", "failed"), [(0.0, 180.0, 0), (0.5, 180.0, 1), (2.5, 243.0, 0)])
def test_two_bad_readings_start_the_good_stretch_anew(lasts: float, seconds: float, failed: int) -> None:
    """A stumble during the verification is no disproof, but the three minutes begin again; one of a moment is none."""
    faults = [Fault(64.0, FOREVER, code="bad00000"), Fault(190.0, 190.0 + lasts)]
    world = bad_world(faults=faults, steady=True).run(800.0)
    incident = world.incidents["web-1"]
    assert incident.outcome == "rolled back and verified"
    assert seconds <= incident.rollback.verified_at - incident.rollback.restored_at <= seconds + 5.0
    good, total = incident.rollback.verification.split(" probes")[0].removeprefix("home: ").split(" of ")
    assert int(total) - int(good) == failed and int(good) > 50


def probes_with(*failed: int, at: float) -> Check:
    """Return home with probes until then, one in two seconds; these of them failed, counted from the newest."""
    check, (signal, *_) = Check("home", "http"), make_policy().services["web"].signals
    for ago in reversed(range(300)):
        reading = Bad("HTTP 503") if ago in failed else Good()
        check = detect.observe(check, e.Observed(at - 2.0 * ago, "web", "home", reading), signal, LIMITS)
    return check


@pytest.mark.parametrize(
    ("failed", "proved"),
    [
        ((), True),
        ((10,), True),
        ((10, 30), True),
        ((10, 29), False),
        ((10, 11), False),
        ((9, 30, 51), True),
        ((9, 40, 45), False),
    ],
    ids=["none", "a single one", "two far apart", "two close", "two at once", "three far apart", "close ones, earlier"],
)
def test_one_failed_probe_does_not_break_a_good_stretch_and_two_close_ones_do(failed: tuple, proved: bool) -> None:
    """One in a thousand fails by itself; two within twenty are more than chance."""
    world = reach(Phase.VERIFYING)
    at = restored_at(world) + SECONDS
    put(world, checks={"home": probes_with(*failed, at=at)})
    hear(world, e.TimePassed(at))
    assert (incident_of(world).rollback.verified_at == at) is proved


def test_a_stumble_is_not_forgotten_while_it_is_verified_for_longer_than_probes_are_remembered() -> None:
    """Ten minutes are asked for: two close failures five minutes ago are a good stretch of five minutes."""
    world = reach(Phase.VERIFYING)
    limits = replace(world.policy.verification, seconds=600.0)
    world.policy = replace(world.policy, verification=limits)
    at = restored_at(world) + 600.0
    put(world, checks={"home": probes_with(150, 151, at=at)})
    assert hear(world, e.TimePassed(at)) == () and web(world).phase is Phase.VERIFYING
    put(world, checks={"home": probes_with(150, at=at)})
    hear(world, e.TimePassed(at + 1.0))
    assert incident_of(world).rollback.verified_at == at + 1.0


def test_a_site_that_stumbles_on_and_on_is_not_proved() -> None:
    """Never confirmed as failing, never three minutes good: a human has it after five minutes."""
    faults = [Fault(64.0, FOREVER, code="bad00000")]
    faults += [Fault(at, at + 1.5) for at in range(190, 900, 80)]
    world = bad_world(faults=faults, steady=True).run(800.0)
    incident = world.incidents["web-1"]
    why = "not proved to be good 5 min after the rollback was live: no unbroken good stretch"
    assert incident.human_needed == why and incident.rollback.verified_at is None
    assert incident.outcome == "recovered, with a human"


# --- no evidence, no proof ---


LIVE, END = -SECONDS, 0.0
"""In these rows the rollback was live SECONDS ago."""


def well(name: str = "home", kind: str = "http", last: float = END, probes: int = 60, **fields: Any) -> Check:
    """Return a check whose last reading was good, after so many good probes; moments are counted from END."""
    fields = {"last": Good(), "good_run": probes, "recent": probed(last, probes), **fields}
    return Check(name, kind, last_at=last, **{"seen_at": last, **fields})


def answering(*versions: tuple[str, float], **fields: Any) -> Check:
    """Return a check that was good since, whose answers named these versions, each for the last time then."""
    return well(served=tuple(Served(version, LIVE - 60.0, last) for version, last in versions), **fields)


def fed(*minutes: float) -> Check:
    """Return a feed that told of the minutes that began then."""
    counts = tuple(MinuteCount(at, 60.0, 1.0) for at in minutes)
    return Check("errors", "sentry", last_at=-1.0, last=Good(), counts=counts)


def flooded(bad: float) -> Check:
    """Return a feed with one error a minute, and many in the minute that began then."""
    return replace(
        fed(), counts=tuple(MinuteCount(bad + 60.0 * ago, 60.0, 1.0 if ago else 90.0) for ago in range(-30, 1))
    )


def moved(check: Check, by: float) -> Check:
    """Return the check with its moments moved."""
    names = ("last_at", "seen_at", "last_bad_at", "run_started_at")
    moments = {name: getattr(check, name) + by for name in names if getattr(check, name) is not None}
    recent = tuple((at + by, bad) for at, bad in check.recent)
    counts = tuple(replace(minute, start=minute.start + by) for minute in check.counts)
    served = tuple(replace(one, first_at=one.first_at + by, last_at=one.last_at + by) for one in check.served)
    return replace(check, **moments, recent=recent, counts=counts, served=served)


def ended(
    checks: tuple[Check, ...],
    signals: tuple[SignalPolicy, ...] | None,
    *,
    failed: bool | tuple[Finding, ...],
    after: float,
) -> tuple[World, str, str]:
    """Return the world so long after the rollback was live, its proof, and why a human has it."""
    world = reach(Phase.VERIFYING)
    if signals is not None:
        watch(world, *signals)
    at = restored_at(world) + after
    findings = failed if isinstance(failed, tuple) else incident_of(world).findings if failed else ()
    put(world, incident=replace(incident_of(world), findings=findings))
    put(world, checks={check.name: moved(check, at) for check in checks})
    effects = hear(world, e.TimePassed(at))
    return world, *("".join(lines(effects, label)) for label in ("VERIFIED", "HUMAN"))


HOME, API = SignalPolicy("home", "http", critical=True), SignalPolicy("api", "latency", critical=True)
PLAIN, TWO = SignalPolicy("home", "http"), SignalPolicy("two", "http")
FEED = SignalPolicy("errors", "sentry", critical=True, every_seconds=30.0)
SENTRY, STORE = replace(FEED, critical=False), replace(HOME, name="shop")
OWN = (HOME, SignalPolicy("api", "latency", limits_seconds={"p95": 0.8}))
MINUTELY = tuple(replace(one, every_seconds=60.0) for one in (HOME, API))
SLOWLY = (replace(HOME, every_seconds=30.0, timeout_seconds=10.0),)
FIVE = tuple((LIVE + 45.0 * number, False) for number in range(5))
FAILING = well("api", "latency", last=END, probes=0, last_bad_at=END, last_why="HTTP 503", run_started_at=-4.0)
FAILING = replace(FAILING, last=Bad("HTTP 503"), run_probes=2, recent=((-4.0, True), (END, True)))
BEFORE = (*probed(LIVE - 121.0, 20), *((LIVE - 120.0 + number, True) for number in range(6)), *probed(END, 4))
NEVER, ONCE = well(last=LIVE - 120.1, probes=0), well(last=LIVE - 120.0, probes=0)
BOTH = (well(recent=((LIVE - 1.0, True), *FIVE)), well("api", "latency", recent=((LIVE, True), *FIVE)))
FEW = (BOTH[0], replace(BOTH[1], recent=BOTH[1].recent[:-1]))
NEW, OLD = "aaaaaaa1", "bad00000"
"""The code of the rollback dep-901, which is live, and that of dep-900, which it leads away from."""
STILL = "dep-900 answers still"
ELSEWHERE = answering((NEW, -2.0), (OLD, END), name="shop")
NEVER_READ = replace(NEVER, served=(Served(OLD, LIVE - 60.0, END),))


@pytest.mark.parametrize(
    ("signals", "checks", "failed", "why"),
    [
        pytest.param(None, (), True, "home: not read since", id="never read"),
        pytest.param(None, (NEVER,), True, "home: not read since", id="not read since"),
        pytest.param(None, (well(last=-100.0, probes=20),), True, "home: last read 100 s ago", id="read long ago"),
        pytest.param(None, (ONCE,), True, "home: last read 5 min ago", id="read when it was live"),
        pytest.param(None, (well(last=-1.0, probes=4),), True, "home: only 4 good probes since", id="too few"),
        pytest.param(None, (well(recent=BEFORE),), True, "home: only 4 good probes since", id="good before"),
        pytest.param(MINUTELY, FEW, True, "api: only 4 good probes since", id="one good, the other too few"),
        pytest.param(SLOWLY, (well(last=-56.0, probes=9),), True, "home: last read 56 s ago", id="longer than a gap"),
        pytest.param(None, (well(), FAILING), True, "not every check is back to normal", id="the API fails just now"),
        pytest.param((FEED,), (fed(LIVE - 180.0),), False, "errors: no full minute since", id="no minute of the feed"),
        pytest.param((FEED,), (fed(LIVE),), False, "errors: only 1 full minute since", id="one minute of the feed"),
        pytest.param((), (), True, "no signal could prove it", id="a reload took every signal away"),
        pytest.param((PLAIN, TWO), (well(),), False, "two: not read since", id="nothing critical: all of them"),
        pytest.param((HOME, TWO), (well("two"),), False, "home: not read since", id="critical, and had not failed"),
        pytest.param((PLAIN, TWO), (well("two"),), True, "home: not read since", id="failed, and is not critical"),
        pytest.param(
            None, (answering((NEW, -1.0), (OLD, END)),), True, f"home: {STILL}", id="the old code serves as well"
        ),
        pytest.param(None, (answering((OLD[:7], END)),), True, f"home: {STILL}", id="named by seven signs"),
        pytest.param(None, (answering((OLD, -60.0), (NEW, END)),), True, f"home: {STILL}", id="named a minute ago"),
        pytest.param((HOME, STORE), (well(), ELSEWHERE), True, f"shop: {STILL}", id="on one of two routes"),
        pytest.param(
            (HOME, TWO), (well(), replace(ELSEWHERE, name="two")), True, f"two: {STILL}", id="on a lesser one"
        ),
        pytest.param(
            (HOME, STORE), (answering((OLD, END)), ELSEWHERE), True, f"home, shop: {STILL}", id="on both routes"
        ),
        pytest.param((HOME,), (NEVER_READ,), True, f"home: {STILL}", id="said before what else is missing"),
    ],
)
def test_without_evidence_there_is_no_proof(
    signals: tuple[SignalPolicy, ...] | None, checks: tuple[Check, ...], failed: bool, why: str
) -> None:
    """At the end of patience, and not before, it is said what is missing, and left to a human."""
    waiting, *said = ended(checks, signals, failed=failed, after=SECONDS)
    assert said == ["", ""] and web(waiting).phase is Phase.VERIFYING
    world, proof, told = ended(checks, signals, failed=failed, after=SECONDS + PATIENCE_SECONDS)
    assert told.partition("was live: ")[2] == why and proof == ""
    assert web(world).phase is Phase.PAGED and incident_of(world).rollback.verified_at is None


AFTER = tuple(MinuteCount(LIVE + 60.0 * minute, 60.0, 1.0) for minute in (1, 2))
DRAINED = replace(flooded(LIVE), counts=flooded(LIVE).counts + AFTER, counts_before=flooded(LIVE).counts[:20])
ALL = "home: 60 of 60 probes good since it was live"
SILENT = "; errors still unknown: no full minute since"
SHOP = f"{ALL}; shop: 60 of 60 probes good since it was live"
ONE_OF_TWO = "api: 5 of 6 probes good since it was live"


@pytest.mark.parametrize(
    ("signals", "checks", "failed", "proof"),
    [
        pytest.param(
            (FEED,), (fed(LIVE, LIVE + 60.0),), False, "errors: nothing bad since", id="two minutes of a feed"
        ),
        pytest.param((*OWN, SENTRY), (well(), fed()), True, f"{ALL}{SILENT}", id="a silent feed"),
        pytest.param((*OWN, SENTRY), (well(), fed(LIVE)), True, ALL, id="a feed that told"),
        pytest.param((*OWN, SENTRY), (well(), DRAINED), True, ALL, id="a minute of the old instances is no flood"),
        pytest.param(MINUTELY, BOTH, True, f"home: 5 of 5 probes good since it was live; {ONE_OF_TWO}", id="five each"),
        pytest.param(SLOWLY, (well(last=-55.0, probes=9),), True, ALL.replace("60", "9"), id="the next is just slow"),
        pytest.param((PLAIN, STORE, TWO), (well(), well("shop")), True, SHOP, id="a third is unread"),
        pytest.param(OWN, (answering((OLD, -60.1), (NEW, END)),), True, ALL, id="the old code is silent for a minute"),
        pytest.param(OWN, (answering(("aaaaaaa0", END)),), True, ALL, id="the code of yet another deploy"),
        pytest.param(OWN, (answering(("2026.11.29-3", END)),), True, ALL, id="a version that is no deploy's"),
        pytest.param(OWN, (answering((OLD[:6], END)),), True, ALL, id="six signs are none"),
    ],
)
def test_what_proves_it(signals: tuple[SignalPolicy, ...], checks: tuple[Check, ...], failed: bool, proof: str) -> None:
    """What failed and what is critical was good since; what is not known otherwise is said."""
    world, told, _ = ended(checks, signals, failed=failed, after=SECONDS)
    assert told == proof and web(world).phase is Phase.CALM
    assert incident_of(world).rollback.verified_at == web(world).closed_at


@pytest.mark.parametrize(("last", "proved"), [(-0.1, True), (0.0, False)])
def test_what_the_old_code_answered_before_the_rollback_was_live_does_not_count(last: float, proved: bool) -> None:
    """Where half a minute of proof is asked for, less than a minute has passed since."""
    world = reach(Phase.VERIFYING)
    world.policy = replace(world.policy, verification=replace(world.policy.verification, seconds=30.0))
    at = restored_at(world) + 30.0
    put(world, checks={"home": moved(answering((OLD, last - 30.0), probes=15), at)})
    hear(world, e.TimePassed(at))
    assert (incident_of(world).rollback.verified_at == at) is proved


@pytest.mark.parametrize("change", ["the same code", "not listed"])
def test_where_the_old_code_cannot_be_told_from_the_new_its_answers_do_not_count(change: str) -> None:
    """Rolled back to the same code (its configuration was bad), or the deploy is not in the list any more."""
    world = reach(Phase.VERIFYING)
    at = restored_at(world) + SECONDS
    if change == "the same code":
        put(world, incident=amended(incident_of(world), target_code=OLD))
    else:
        put(world, deploys=tuple(one for one in web(world).deploys if one.id != "dep-900"))
    put(world, checks={"home": moved(answering((OLD, END)), at)})
    hear(world, e.TimePassed(at))
    assert incident_of(world).rollback.verified_at == at


@pytest.mark.parametrize(("until", "proved"), [(100.0, 180.0), (150.0, 210.0), (200.0, 260.0), (FOREVER, None)])
def test_it_is_proved_only_once_the_old_code_is_silent_for_a_minute(until: float, proved: float | None) -> None:
    """The platform says live, and instances of the bad commit, well by now, answer until then: that proves nothing."""
    world = reach(Phase.VERIFYING, names_version=True)
    live_at = restored_at(world) - START
    world.stuck_on, world.faults = OLD, []
    world.at(live_at + until, lambda: setattr(world, "stuck_on", None))
    world.run(live_at + SECONDS + PATIENCE_SECONDS + 5.0)
    rollback = world.incidents["web-1"].rollback
    if proved is not None:
        assert rollback.verified_at == pytest.approx(live_at + START + proved, abs=6.0)
    else:
        why = f"not proved to be good 5 min after the rollback was live: home: {STILL}"
        assert rollback.verified_at is None and world.incidents["web-1"].human_needed == why


VOID, LIMITED = Unknown("void"), Unknown("HTTP 429")
EVENTS = SignalPolicy("events", "render_events", every_seconds=15.0, timeout_seconds=15.0)
UNREAD = replace(fed(LIVE - 500.0), last=LIMITED)
DARK = well("events", "render_events", last=LIVE - 150.0)
DARK = replace(DARK, last=LIMITED, last_at=END)
LATER = "home: 60 of 60 probes good since it was live; "


@pytest.mark.parametrize(
    ("signals", "also", "checks", "proof", "why"),
    [
        pytest.param(
            (HOME, SENTRY),
            "errors",
            (well(), UNREAD),
            f"{LATER}errors still unknown: no full minute since (HTTP 429)",
            "",
            id="the probes had failed, too",
        ),
        pytest.param(
            (HOME, FEED), "", (well(), UNREAD), f"{LATER}errors still unknown: no full minute since (HTTP 429)", "",
            id="it had not failed, and is critical",
        ),
        pytest.param(
            (HOME, EVENTS), "events", (well(), DARK), f"{LATER}events still unknown: not read since (HTTP 429)", "",
            id="no list of events",
        ),
        pytest.param(
            (HOME, SENTRY), "errors alone", (well(), UNREAD), "", "", id="it alone had failed: it may only be late"
        ),
        pytest.param(
            (HOME, EVENTS), "events alone", (well(), DARK), "", "events: not read since (HTTP 429)", id="they alone had"
        ),
        pytest.param(
            (HOME, SENTRY), "errors", (replace(well(), last=VOID, seen_at=-40.0), UNREAD), "",
            "home: last read 40 s ago (void)", id="nor are the probes read",
        ),
        pytest.param(
            (HOME, SENTRY), "errors", (well(), flooded(LIVE)), "", "",
            id="a minute since was bad, as instances drain: good ones may only be late",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_and_disproves_nothing(
    signals: tuple[SignalPolicy, ...], also: str, checks: tuple[Check, ...], proof: str, why: str
) -> None:
    """Sentry limits us for hours after a good rollback: only where nothing else had failed is it left to a human."""
    names = [also.split()[0]] if also.endswith("alone") else ["home", *also.split()]
    kinds = {one.name: one.kind for one in signals}
    found = tuple(replace(a_finding(name), kind=kinds[name]) for name in names)
    world, told, left = ended(checks, signals, failed=found, after=SECONDS + PATIENCE_SECONDS)
    assert (told, left.partition("was live: ")[2]) == (proof, why)
    if proof:
        unknown = next(one.name for one in signals if one is not HOME)
        assert incident_of(world).rollback.unproved == (unknown,) and web(world).phase is Phase.CALM
    if not proof and not why:
        assert web(world).phase is Phase.VERIFYING
        after = SECONDS + PATIENCE_SECONDS + error_counts.LATE_SECONDS
        missing = "no full minute since (HTTP 429)" if UNREAD in checks else "too many errors until 2 min ago"
        assert ended(checks, signals, failed=found, after=after)[2].endswith(f"errors: {missing}")


@pytest.mark.parametrize(("good", "proof"), [(2, f"{LATER}errors: nothing bad for 4 min"), (1, "")])
def test_a_feed_proves_it_after_a_bad_minute_though_its_good_ones_come_late(good: int, proof: str) -> None:
    """Instances of the old code drained for a minute; what is read after the patience with probes proves it still."""
    bad = flooded(-280.0)
    last = bad.counts[-1].start
    checks = replace(bad, counts=(*bad.counts, *(MinuteCount(last + 60.0 * one, 60.0, 1.0) for one in (1, 2)[:good])))
    found = (replace(a_finding("errors"), kind="sentry"), a_finding("home"))
    after = SECONDS + PATIENCE_SECONDS + 10.0
    world, told, left = ended((well(), checks), (HOME, SENTRY), failed=found, after=after)
    assert (told, left) == (proof, "") and (web(world).phase is Phase.CALM) is bool(proof)


@pytest.mark.parametrize(
    ("reads", "ended_at", "how"),
    [
        pytest.param([(0, 301, 10, Good())], 180.0, "VERIFIED home: 18 of 18", id="without a gap"),
        pytest.param(
            [(0, 30, 10, Good()), (30, 301, 10, VOID)], 300.0, "home: last read 5 min ago (void)", id="unread"
        ),
        pytest.param([(0, 10, 1, Good()), (178, 400, 10, Good())], 358.0, "VERIFIED home: 18 of 18", id="a gap"),
        pytest.param([(0, 701, 31, Good())], 620.0, "no unbroken good stretch", id="gap after gap"),
        pytest.param([(0, 301, 30, Good())], 180.0, "VERIFIED home: 6 of 6", id="each as late as may be"),
    ],
)
def test_only_what_was_read_without_a_gap_is_proved(reads: list, ended_at: float, how: str) -> None:
    """A gap begins the three minutes anew, but not for ever."""
    world = reach(Phase.VERIFYING)
    live_at = restored_at(world)
    put(world, checks={"home": web(world).checks["home"]})
    moments = [(at, reading) for begin, end, every, reading in reads for at in range(begin, end, every)]
    for at, reading in moments:
        latency = 0.1 if reading == Good() else None
        effects = hear(world, e.Observed(live_at + at, "web", "home", reading, latency))
        if web(world).phase is not Phase.VERIFYING:
            break
    said = [f"VERIFIED {one}" for one in lines(effects, "VERIFIED")] + lines(effects, "HUMAN")
    assert at == ended_at and how in said[0]


def test_in_the_dark_nothing_is_proved() -> None:
    """Blind at the end of the three minutes: neither proved nor disproved."""
    world = reach(Phase.VERIFYING)
    live_at = restored_at(world) - START
    world.blind = (live_at + 20.0, live_at + 260.0)
    assert web(world.run(live_at + 255.0)).phase is Phase.VERIFYING
    world.run(live_at + 600.0)
    assert world.incidents["web-1"].outcome == "rolled back and verified"


@pytest.mark.parametrize("begins", [20.0, 170.0])
def test_while_it_is_meant_to_be_down_nothing_is_proved_nor_disproved(begins: float) -> None:
    """Somebody switches maintenance mode on: a minute after its end the proof begins anew, with all its time."""
    world = reach(Phase.VERIFYING)
    live_at = restored_at(world) - START
    world.at(live_at + begins, lambda: setattr(world, "facts", replace(world.facts, maintenance=True)))
    world.at(live_at + 900.0, lambda: setattr(world, "facts", replace(world.facts, maintenance=False)))
    world.run(live_at + 900.0 + 60.0 + SECONDS - 10.0)
    assert web(world).phase is Phase.VERIFYING and not world.pages()
    world.run(live_at + 900.0 + 60.0 + SECONDS + 20.0)
    assert world.incidents["web-1"].outcome == "rolled back and verified"


def test_what_fails_after_it_was_meant_to_be_down_did_not_help() -> None:
    """A human has it: a minute after the end it counts."""
    world = reach(Phase.VERIFYING)
    live_at = restored_at(world) - START
    world.at(live_at + 20.0, lambda: setattr(world, "facts", replace(world.facts, maintenance=True)))
    world.at(live_at + 300.0, lambda: setattr(world, "facts", replace(world.facts, maintenance=False)))
    world.faults.append(Fault(live_at + 100.0, FOREVER))
    world.run(live_at + 500.0)
    (page,) = world.pages()
    assert page.notice.title == "web: recovery not proved after its rollback"
    assert "the rollback did not help" in line_of(page.notice, "dep-40 (aaaaaaa) is live as dep-")
    assert page.notice.at - START == pytest.approx(live_at + 405.0, abs=15.0)


# --- restarts ---


@pytest.mark.parametrize("later", [10.0, 5000.0])
@pytest.mark.parametrize("phase", [Phase.DEPLOYING, Phase.VERIFYING])
def test_a_restart_goes_on_following_or_verifying(phase: Phase, later: float) -> None:
    """Same phase, nothing sent; its deadlines are asked for again, those that passed for now."""
    world = reach(phase)
    at = world.now + later
    effects = hear(world, e.Restarted(at))
    incident = incident_of(world)
    if incident.rollback.restored_at is not None:
        due = [incident.rollback.restored_at + SECONDS, incident.rollback.restored_at + SECONDS + PATIENCE_SECONDS]
    else:
        due = [incident.rollback.requested_at + 300.0, incident.rollback.requested_at + 1200.0]
    assert [effect.at for effect in effects if isinstance(effect, fx.WakeAt)] == [max(at, moment) for moment in due]
    assert web(world).phase is phase and {"SetPace", "ReadDeploys"} <= set(kinds(effects))
    assert not {"Rollback", "PinAutoDeploy", "Tell"} & set(kinds(effects))

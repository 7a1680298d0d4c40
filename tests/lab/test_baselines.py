"""The rivals: what each rule must do, to the second, on sequences made by hand; and that nobody beats the oracle."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import pytest

from watchdog.domain.readings import FailureKind
from watchdog.lab.baselines import ORACLE, RIVALS, play
from watchdog.lab.baselines.actions import Hands, Plan
from watchdog.lab.baselines.baseline_years import probers_quiet
from watchdog.lab.baselines.oracle import LOG_GAMMA, information
from watchdog.lab.baselines.prober import IGNORES_SECONDS, Lookout, looks
from watchdog.lab.baselines.rules import FAST, SLOW, Burn, InARow, Rule, Threshold
from watchdog.lab.baselines.table import PROBERS
from watchdog.lab.baselines.votes import Votes
from watchdog.lab.classes import BY_NAME, CLASSES
from watchdog.lab.episode import DOWN, MAIN, FaultClass
from watchdog.lab.episode_cost import cost
from watchdog.lab.episode_judgement import Played
from watchdog.lab.faults import Symptom
from watchdog.lab.profile import PROBE_NOISE

# --- rules ---


def fires(rule: Rule, probes: str, every: float) -> list[float]:
    """Return when a rule begins to fire: `x` is a failed probe, `.` a good one, the first at 0 s."""
    found, firing = [], False
    for number, probe in enumerate(probes):
        now = rule.see(number * every, probe == "x")
        if now and not firing:
            found.append(number * every)
        firing = now
    return found


HOUR, TWENTIETH = "." * 360, ("x" + "." * 19) * 20
FOR_5M, FOR_2M = partial(Threshold, 300.0), partial(Threshold, 120.0)
FAST_BURN, FAST_BURN_A_MINUTE = partial(Burn, 10.0, (FAST,)), partial(Burn, 60.0, (FAST,))


@pytest.mark.parametrize(
    ("make", "every", "probes", "at"),
    [
        # So many in a row: the run must be unbroken.
        (partial(InARow, 3), 60, "..xxx...", [240]),
        (partial(InARow, 3), 10, "..xxxxx.", [40]),
        (partial(InARow, 3), 10, "xx.xx.xx.", []),
        (partial(InARow, 3), 10, "xxx.xx.xxx", [20, 90]),
        (partial(InARow, 2), 10, "x.x.xx", [50]),
        (partial(InARow, 5), 60, "xxxx.xxxxx", [540]),
        (partial(InARow, 1), 10, "..x", [20]),
        # More than 5 % of the probes of a minute (four, at 15 s), for so long without a break.
        (FOR_5M, 15, "...." + "x" * 21, [360]),  # pending from 60 s on
        (FOR_5M, 15, "...." + "x" * 20, []),  # 15 s short of 5 minutes
        (FOR_2M, 15, "...." + "x" * 9, [180]),
        (FOR_2M, 15, "x..." * 3, [120]),  # one of the four of each minute: 25 %
        (FOR_2M, 15, "x....x....x..", []),  # a minute without a failure: anew each time
        (FOR_2M, 15, "x" * 8 + "....." + "x" * 9, [120, 315]),  # what is in the window holds on for three probes
        (FOR_5M, 15, "x" * 12, []),
        (partial(FOR_2M, share=0.05), 3, TWENTIETH, []),  # exactly 5 % is not more than 5 %
        (partial(FOR_2M, share=0.0499), 3, TWENTIETH, [120]),
        # 14.4 times the budget of 99.9 %: six of an hour, and one of five minutes.
        (FAST_BURN, 10, HOUR + "x" * 8, [3650]),  # six of 360 are more than 1.44 %
        (FAST_BURN, 10, "x" * 8, [40]),  # the unseen hour brings the noise of 0.355 failures: five are enough
        (FAST_BURN, 10, HOUR + "x" * 5, []),
        (FAST_BURN, 10, HOUR + "x" * 5 + "." * 30 + "x", [3950]),  # the sixth
        # Quiet after 5 min without a failure.
        (FAST_BURN, 10, HOUR + "x" * 7 + "." * 60 + "x" + "." * 50 + "x", [3650, 4270, 4780]),
        (FAST_BURN, 10, HOUR + "x" * 5 + "." * 355 + "x", []),  # the first ones are an hour old
        (FAST_BURN, 10, HOUR + ("x" + "." * 19) * 7, [4600]),  # 5 %: the sixth failure
        (FAST_BURN_A_MINUTE, 60, "." * 60 + "xxxx", []),  # four failures never burn, at any pace
        (FAST_BURN_A_MINUTE, 60, "." * 60 + "xxxxx", [3840]),
    ],
)
def test_when_a_rule_begins_to_fire(make: Callable[[], Rule], every: float, probes: str, at: list[float]) -> None:
    """To the second."""
    assert fires(make(), probes, every) == at


def test_the_slow_burn_is_thirteen_of_six_hours_and_two_of_half_an_hour() -> None:
    """6 times the budget, after six healthy hours: one in 70 is found by its thirteenth; one alone is not enough."""
    rare = "." * 2160 + ("." * 69 + "x") * 14
    assert fires(Burn(10.0, (SLOW,)), rare, 10) == [(2160 + 70 * 13 - 1) * 10]
    before = "." * 2160 + "x" * 12 + "." * 300
    assert fires(Burn(10.0, (SLOW,)), before + "x...", 10) == []
    assert fires(Burn(10.0, (SLOW,)), before + "x..x", 10) == [(2160 + 12 + 300 + 3) * 10]
    assert fires(Burn(10.0), HOUR + "x" * 8, 10) == [3650], "whichever is first"


# --- the lookout, and what it does ---

QUIET = FaultClass("restart-blip", "nothing is wrong", lambda scene: None)


def lookout(plan: Plan = Plan.PAGE, deployed: float | None = None) -> Lookout:
    """Return one that alerts at every failure, in a quiet scene with a deploy that went live so long before 1000 s."""
    scene = QUIET.scene("made")
    if deployed is not None:
        scene.deploy(scene.begins_at + 1000.0 - deployed)
    return Lookout(lambda: InARow(1), Hands(scene, plan))


def told(post: Lookout, *seen: tuple[float, str, str, bool]) -> list[tuple[float, str, str]]:
    """Return what was done (seconds, what, service) after these probes (seconds, service, route, failed)."""
    begins = post.hands.scene.begins_at
    for at, name, route, failed in seen:
        post.see(begins + at, name, route, failed)
    return [(round(one.at - begins, 3), one.what, one.service) for one in post.hands.record.did]


def test_either_route_alerts_and_what_goes_on_is_told_once() -> None:
    """Home fails and then the api, for half an hour: one page."""
    seen = [(1000.0 + 10 * n, MAIN, ("home", "api")[n % 2], True) for n in range(180)]
    assert told(lookout(), *seen) == [(1000.0, "page", MAIN)]


def test_stop_and_go() -> None:
    """What comes within ten minutes of an alert is left alone, but told of when it is still there afterwards."""
    again = [(1000.0, MAIN, "home", True), (1010.0, MAIN, "home", False), (1599.0, MAIN, "home", True)]
    assert told(lookout(), *again) == [(1000.0, "page", MAIN)]
    later = [*again, (1000.0 + IGNORES_SECONDS, MAIN, "home", True)]
    assert told(lookout(), *later) == [(1000.0, "page", MAIN), (1600.0, "page", MAIN)]


def test_services_alert_for_themselves() -> None:
    """Each is told of, and each has its own ten minutes."""
    seen = [(1000.0, "shop", "api", True), (1001.0, MAIN, "home", True), (1002.0, "docs", "home", False)]
    assert told(lookout(), *seen) == [(1000.0, "page", "shop"), (1001.0, "page", MAIN)]


@pytest.mark.parametrize(
    ("plan", "deployed", "did"),
    [
        (Plan.PAGE, 60.0, "page"),
        (Plan.FRESH, 60.0, "rollback"),
        (Plan.FRESH, 1800.0, "rollback"),
        (Plan.FRESH, 1801.0, "page"),
        (Plan.FRESH, -1.0, "page"),  # not yet live
        (Plan.FRESH, None, "page"),
        (Plan.VETOED, 60.0, "rollback"),
        (Plan.VETOED, 1801.0, "page"),
        (Plan.LATEST, None, "rollback"),
        (Plan.ASK, 60.0, "ask"),
    ],
)
def test_a_plan(plan: Plan, deployed: float | None, did: str) -> None:
    """A deploy of the service's own, live for at most half an hour; or the latest, however old."""
    assert told(lookout(plan, deployed), (1000.0, MAIN, "home", True)) == [(1000.0, did, MAIN)]
    other = told(lookout(plan, deployed), (1000.0, "docs", "home", True))[0][1]
    assert other == ("rollback" if plan is Plan.LATEST else "page"), "the deploy was not theirs"


@pytest.mark.parametrize("veto", ["page", "control", "peer", "before", "certificate", "migration", "told"])
def test_our_vetoes_make_a_rival_page(veto: str) -> None:
    """A red status page, no sight, another service that fails, a failure before the deploy, and what forbids it."""
    post = lookout(Plan.VETOED, 60.0)
    scene = post.hands.scene
    at, down = scene.begins_at + 1000.0, DOWN[0]
    span = (at - 1.0, at + 1.0)
    if veto == "page":
        scene.outside.vendors_down["openai"] = [span]
    elif veto == "control":
        scene.outside.control_down.append(span)
    elif veto == "peer":
        scene.trouble(down, span[0], services=("docs",))
    elif veto == "before":
        serves = scene.main.releases[-1].serves_at
        scene.trouble(down, serves - 31.0, lasts=2.0)
    elif veto == "certificate":
        scene.trouble(replace(down, kind=FailureKind.TLS), span[0])
    elif veto == "migration":
        scene.pre_deploy_command = "migrate"
    else:
        scene.main.releases[-1] = replace(scene.main.releases[-1], message="Watchdog: no-rollback")
    assert told(post, (1000.0, MAIN, "home", True)) == [(1000.0, "page", MAIN)]


@pytest.mark.parametrize(
    ("begins", "lasts", "share", "did"),
    [
        (60.0, 600.0, 1.0, 120.0),
        (60.0, 600.0, 0.0, None),
        (3600.0, 600.0, 1.0, 3900.0),
        (7300.0, 600.0, 1.0, None),
        (-300.0, 600.0, 1.0, None),
    ],
    ids=["at once", "nothing fails", "fades with its age", "too late", "it failed before"],
)
def test_failures_vote_for_the_deploy_before_them(begins: float, lasts: float, share: float, did: float | None) -> None:
    """Six votes: two routes every ten seconds, by the deploy's age; what failed before, a blip here, votes against."""
    scene = QUIET.scene("made")
    live_at = scene.deploy(scene.begins_at + 1000.0).live_at
    scene.trouble(replace(DOWN[0], share=share), live_at + begins, lasts=lasts)
    record = Votes("", "", 6.0, vetoed=False).watch(scene, Hands(scene, Plan.LATEST), live_at + 9000.0)
    acts = [one for one in record.did if one.service == MAIN]
    assert [(one.what, one.at - live_at) for one in acts] == ([] if did is None else [("rollback", did)])


def test_a_rollback_goes_to_what_was_live_before_and_is_not_repeated() -> None:
    """The world serves the old commit again; a second alert, of the same deploy or of the rollback, is for a human."""
    post = lookout(Plan.LATEST, 60.0)
    service = post.hands.scene.main
    before, bad = service.releases[-2:]
    post.hands.alert(bad.live_at + 10.0, MAIN)
    post.hands.alert(bad.live_at + 12.0, MAIN)
    post.hands.alert(bad.live_at + 600.0, MAIN)
    assert [one.what for one in post.hands.record.did] == ["rollback", "page", "page"]
    assert post.hands.record.did[0].commit == before.commit
    back = service.releases[-1]
    assert service.serving(bad.live_at + 600.0).commit == before.commit
    taken = back.live_at - bad.live_at - 10.0
    assert 0.7 <= taken - service.profile.rollback_seconds <= 2.5, "as long as it takes us"


def test_dry_hands_leave_the_world_as_it_is() -> None:
    """But remember what they rolled back."""
    scene = QUIET.scene("made")
    hands = Hands(scene, Plan.LATEST, dry=True)
    releases = list(scene.main.releases)
    for _ in range(2):
        hands.alert(scene.begins_at, MAIN)
    assert [one.what for one in hands.record.did] == ["rollback", "page"] and scene.main.releases == releases


def test_with_one_deploy_there_is_nothing_to_go_back_to() -> None:
    """It pages."""
    post = lookout(Plan.LATEST)
    del post.hands.scene.main.releases[:-1]
    assert told(post, (1000.0, MAIN, "home", True)) == [(1000.0, "page", MAIN)]


def test_probes_come_in_the_order_of_their_answers_at_the_pace() -> None:
    """Each route of each service, every 10 s, spread by chance; a timeout takes its five seconds."""
    scene = QUIET.scene("made")
    scene.trouble(Symptom(1.0, DOWN[3].kind, "no answer"), scene.begins_at + 100.0)
    seen = list(looks(scene, 10.0, scene.begins_at + 200.0))
    assert [at for at, *_ in seen] == sorted(at for at, *_ in seen)
    home = [at - scene.begins_at for at, name, route, _ in seen if (name, route) == (MAIN, "home")]
    assert len(home) == 20 and len({name for _, name, _, _ in seen}) == 3
    assert all(failed for at, name, _, failed in seen if name == MAIN and at > scene.begins_at + 110.0)
    assert all(abs(home[n + 1] - home[n] - 10.0) < 1e-6 for n in range(11, 19)), "all timeouts"
    assert len({round(at % 10.0, 1) for at, *_ in seen}) > 10


# --- the oracle ---


@pytest.mark.parametrize(("share", "probes"), [(1.0, 2.2), (0.5, 5.4), (0.2, 17.0), (0.1, 41.0), (0.05, 101.0)])
def test_the_bound_is_lordens(share: float, probes: float) -> None:
    """The table of the facts: p0 = 0.1 %, one false alarm a year at 10 s."""
    assert PROBE_NOISE == 0.001
    assert LOG_GAMMA / information(Symptom(share), 0.3) == pytest.approx(probes, rel=0.03)


def test_a_latency_is_evidence_too() -> None:
    """log(2)^2 / (2 * 0.3^2) a probe; no change is none."""
    assert information(Symptom(slow=2.0), 0.3) == pytest.approx(0.999 * 2.669, rel=0.001)
    assert information(Symptom(), 0.3) == pytest.approx(0.0, abs=1e-12)
    assert information(Symptom(0.5), 0.3) < information(Symptom(0.5, slow=2.0), 0.3)


def test_the_oracle_of_a_hard_outage() -> None:
    """Half of the 5 s until the first failing probe, and 1.2 more at 1 s."""
    found = play(ORACLE, BY_NAME["hard-down"], "dev0")
    assert found.did == "rollback" and found.rollback_at == pytest.approx(2.5 + 15.0 / 6.9 - 1.0, abs=0.02)
    assert found.mended_at == found.rollback_at and found.good and not found.harm


SOME = (
    "2 in a row @10 s, roll back within 30 min of a deploy",
    "3 in a row @60 s, roll back the latest deploy",
    "5 % for: 2m, page",
    "burn 14.4x, roll back within 30 min of a deploy",
    "Mann-Whitney every minute, probes too",
)


@cache
def oracles(name: str, seed: str) -> Played:
    """Return what the oracle made of it."""
    return play(ORACLE, BY_NAME[name], seed)


@pytest.mark.parametrize("name", [one.name for one in CLASSES])
def test_nobody_is_better_than_the_oracle(name: str) -> None:
    """Of every class two episodes, and a rival of every method: a bound of the mean, as some are lucky once."""
    seeds = ("dev0", "dev1")
    bound = sum(cost(oracles(name, seed)) for seed in seeds)
    for rival in [one for one in RIVALS if one.name in SOME]:
        assert sum(cost(play(rival, BY_NAME[name], seed)) for seed in seeds) >= bound - 1e-9, rival.name
    assert oracles(name, seeds[0]).right != "nothing" or bound == 0.0


# --- where nothing is wrong ---


def test_false_alarms_of_the_quiet_are_counted() -> None:
    """The hasty one alerts, the patient one does not; whoever rolls back on any alert rolls back at each."""
    names = [f"{rule}, {plan}" for rule in ("2 in a row @10 s", "5 % for: 5m") for plan in (Plan.PAGE, Plan.LATEST)]
    rivals = [one for one in PROBERS if one.name in names]
    found = probers_quiet(rivals, "dev5", 4.0)
    hasty, hasty_back, patient, patient_back = (found[name] for name in names)
    assert hasty.pages > 1 and hasty.rollbacks == 0 and 69_000 < hasty.probes < 69_200
    assert hasty_back.rollbacks + hasty_back.pages == hasty.pages and hasty_back.rollbacks > 0
    assert patient.pages == patient_back.pages == patient_back.rollbacks == 0
    assert probers_quiet(rivals, "dev5", 0.1) == probers_quiet(rivals, "dev5", 0.1), "by the seed alone"


def test_the_table_is_complete() -> None:
    """Ten settings of four methods with five plans each, ten judges, and nobody twice."""
    names = [one.name for one in RIVALS]
    assert len(RIVALS) == 60 and len(set(names)) == len(names)
    assert sum("ask" in name for name in names) == 10, "to ask is compared, too"

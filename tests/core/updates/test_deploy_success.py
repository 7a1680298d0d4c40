"""Good news: which deploys are called fine, once, in which words; and all that keeps us from saying so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.scenes import FACTS, NOW, a_service, a_state, an_incident, step
from tests.core.world import START, Fault, World, make_policy
from tests.core.worlds import bad_world, hear, history, listed, put, web
from tests.support.effect_readers import lines
from watchdog.core.fold.clock_skew import clamp_future_times
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.incidents import DeployWatch, Phase, State
from watchdog.domain.policy import Mode, Pace, Policy, SignalPolicy, Suppression
from watchdog.domain.readings import Bad, Good, Reading, Unknown

WANTED = make_policy(good_news=("chat",))
CODE = "9f3c2abd"
OVER = 60.0 + 1800.0
"""When the window of what went live at 60 s is over."""


def shipped(policy: Policy = WANTED, *faults: Fault, **more: object) -> World:
    """Return a world in which a good commit goes live at 60 s."""
    world = World(policy, history(), list(faults), **more)
    world.ship(60.0, CODE)
    return world


def news(world: World) -> list[str]:
    """Return what people were told that asks nothing of them: a title too long for a lock screen stands whole below."""
    return [(*tell.notice.lines, tell.notice.title)[0] for tell in world.tells if tell.notice.news]


# --- a window that ends well ---


def test_it_is_told_once_when_the_window_is_over() -> None:
    """To those who asked, waking nobody; and never again of this deploy."""
    world = shipped().run(OVER)
    assert world.tells == []
    world.run(OVER + 3600.0)
    (tell,) = world.tells
    (whole,) = tell.notice.lines
    assert tell.notice.title == "web: dep-900 (9f3c2ab) is fine: live for 30 min"
    assert whole == f"{tell.notice.title}, 541 of 541 probes good"
    assert (tell.channels, tell.notice.links, tell.notice.wakes) == (("chat",), (), False)
    assert (tell.notice.service, tell.notice.incident, tell.notice.news) == ("web", "dep-900/well", True)
    assert [note.text for note in world.notes if note.label == "NOTIFIED"] == [f"chat (info): {whole}"]
    assert web(world).trial is None and not world.broken


def test_nobody_is_told_unless_they_asked() -> None:
    """By default nothing is even counted."""
    world = shipped(make_policy()).run(400.0)
    assert web(world).trial is None
    world.run(OVER + 600.0)
    assert world.tells == [] and world.notes == []


@pytest.mark.parametrize(
    ("message", "authors", "named"),
    [
        ("Refactor sessions\n\nlong body", ("Ann",), "(9f3c2ab, Refactor sessions) by Ann is fine"),
        ("Refactor sessions", ("Ann", "Bob"), "(9f3c2ab, Refactor sessions) by Ann, Bob is fine"),
        ("", ("Ann", "Bob", "Cleo"), "(9f3c2ab) by Ann, Bob and 1 other is fine"),
        ("", ("Ann", "Bob", "Cleo", "Dan"), "(9f3c2ab) by Ann, Bob and 2 others is fine"),
        ("x" * 61, (), f"(9f3c2ab, {'x' * 59}…) is fine"),
        ("Fix", ("y" * 99,), f"(9f3c2ab, Fix) by {'y' * 40} is fine"),
    ],
)
def test_it_names_the_commit_and_who_wrote_it_as_far_as_that_is_known(
    message: str, authors: tuple[str, ...], named: str
) -> None:
    """Of many authors the first two; long words are cut."""
    world = shipped()
    world.at(61.0, lambda: world.deploys.__setitem__(0, replace(world.deploys[0], commit_message=message)))
    world.at(300.0, lambda: world.tell(e.AuthorsRead(world.now, "web", "dep-900", authors)))
    world.at(301.0, lambda: world.tell(e.AuthorsRead(world.now, "web", "dep-899", ("Mallory",))))
    (title,) = news(world.run(OVER + 60.0))
    assert named in title


def test_without_code_it_is_named_by_its_id_and_late_authors_are_nobodys() -> None:
    """An image deploy of which the platform tells no digest."""
    world = World(WANTED, history())
    world.ship(60.0, None)
    (title,) = news(world.run(OVER + 60.0))
    assert title.startswith("web: dep-900 is fine: ")
    assert hear(world, e.AuthorsRead(world.now, "web", "dep-900", ("Ann",))) == ()


def test_a_blip_is_counted_and_forgiven() -> None:
    """Healthy services have some: two failed probes of 700 are said, and are no reason for silence."""
    world = shipped(WANTED, Fault(900.0, 906.0)).run(OVER + 60.0)
    (title,) = news(world)
    good, _, probes = title.partition("30 min, ")[2].split()[:3]
    assert 0.99 < int(good) / int(probes) < 1.0 and "is fine" in title


def test_a_suspicion_at_the_end_is_waited_for() -> None:
    """Nothing is said while a probe fails; if it comes to nothing, later."""
    world = shipped(WANTED, Fault(OVER - 4.0, OVER + 10.0)).run(OVER + 8.0)
    assert web(world).phase is Phase.SUSPECT and news(world) == []
    (title,) = news(world.run(OVER + 300.0))
    assert "is fine: live for 32 min, 593 of 598 probes good" in title


def test_across_a_restart_it_is_told_once() -> None:
    """Half way, and right after it was told; probes that were not counted are not made up."""
    world = shipped()
    for at in (900.0, OVER + 30.0):
        world.at(at, lambda: world.tell(e.Restarted(world.now)))
    assert len(news(world.run(OVER + 600.0))) == 1


# --- what is no good news ---


def in_an_incident(world: World) -> None:
    """A human ships the fix while people are paged."""
    world.ship(500.0, "f1f1f1f1")


@pytest.mark.parametrize(
    ("world", "happens"),
    [
        (bad_world(WANTED), None),  # ours is rolled back, and the rollback is none
        (bad_world(make_policy(Mode.OBSERVE, good_news=("chat",))), in_an_incident),
        (shipped(WANTED, Fault(900.0, 1100.0)), None),
        (shipped(WANTED, blind=(900.0, 920.0)), None),
        (shipped(replace(WANTED, silences=(Suppression("configured-1", "web", "ann", "launch", 0.0, 9e9),))), None),
        (
            shipped(replace(WANTED, silences=(Suppression("configured-1", None, "a", "b", 0.0, 9e9, None, "api"),))),
            None,
        ),
    ],
    ids=["rolled back", "a fix in an incident", "an incident", "blind for a while", "silenced", "one signal silenced"],
)
def test_of_what_did_not_end_well_or_was_not_seen_nothing_is_said(
    world: World, happens: Callable[[World], None] | None
) -> None:
    """Not in an incident, not by a rollback, not after blindness, not in a silence."""
    if happens is not None:
        happens(world)
    world.run(6000.0)
    assert news(world) == [] and web(world).trial is None and not world.broken


def test_a_silence_is_written_down_and_one_that_is_over_holds_nothing_back() -> None:
    """It is not told later, either."""
    quiet = Suppression("configured-1", "web", "ann", "launch", START, START + OVER + 60.0)
    world = shipped(replace(WANTED, silences=(quiet,), good_news=("chat", "mail"))).run(OVER + 600.0)
    (note,) = [note.text for note in world.notes if note.label == "SILENCED"]
    assert note.endswith("541 of 541 probes good (kept from chat, mail by configured-1 of web by ann (launch))")
    assert news(world) == []
    assert news(shipped(replace(WANTED, silences=(replace(quiet, ends_at=START + 900.0),))).run(OVER + 60.0))
    assert news(shipped(replace(WANTED, silences=(replace(quiet, service="shop"),))).run(OVER + 60.0))


def test_a_rollback_by_a_human_and_denied_code_are_not_praised() -> None:
    """They are told of otherwise, or were already."""
    for trigger, denied in (("rollback", ()), ("new_commit", (CODE,))):
        world = World(WANTED, history())
        world.state = State(denied=denied)
        world.ship(60.0, CODE, trigger=trigger)
        assert news(world.run(OVER + 60.0)) == []


# --- one step at a time ---


LIVE = Deploy("dep-9", "live", commit=CODE, created_at=NOW - 60.0, finished_at=NOW - 30.0)
BEFORE = Deploy("dep-8", "live", commit="aaaaaaa1", created_at=NOW - 9000.0, finished_at=NOW - 8900.0)
WELL = {"home": Check("home", "http", last_at=NOW, last=Good(), recent=((NOW, False),))}
TRIAL = DeployWatch("dep-9", NOW - 1790.0, NOW + 10.0, NOW - 5.0, probes=400, good=400)


def calm(**fields: object) -> State:
    """Return a state in which web is calm, and dep-9 in its window."""
    base = {"phase": Phase.CALM, "checks": {}, "deploys": (LIVE,), "live": "dep-9", "trial": TRIAL}
    return a_state(a_service(**{**base, **fields}))


def trial_after(state: State, event: e.Event, policy: Policy = WANTED) -> tuple[DeployWatch | None, tuple[Effect, ...]]:
    """Return what is counted after an event, and what it made the core do."""
    state, effects = step(state, event, policy)
    return state.services["web"].trial, effects


@pytest.mark.parametrize(
    ("signal", "reading", "counted"),
    [
        ("home", Good(), (401, 401)),
        ("api", Good(), (401, 401)),
        ("home", Bad("HTTP 503"), (401, 400)),
        ("home", Unknown("void"), (400, 400)),
        ("errors", Good(), (400, 400)),
        ("gone", Good(), (400, 400)),
    ],
)
def test_which_readings_count(signal: str, reading: Reading, counted: tuple[int, int]) -> None:
    """Probes that were good or bad: a broken ruler is no evidence, and a feed does not look at the site."""
    service_policy = WANTED.services["web"]
    feed = SignalPolicy("errors", "sentry")
    policy = replace(WANTED, services={"web": replace(service_policy, signals=(*service_policy.signals, feed))})
    trial, _ = trial_after(calm(), e.Observed(NOW, "web", signal, reading), policy)
    assert (trial.probes, trial.good) == counted
    assert trial.seen_at == (NOW if counted[0] == 401 else NOW - 5.0)


@pytest.mark.parametrize(("gap", "kept"), [(300.0, True), (300.1, False)])
def test_a_window_that_was_not_seen_is_left_open(gap: float, kept: bool) -> None:
    """Five minutes without a probe that told anything, and nothing is said of it."""
    trial, effects = trial_after(calm(trial=replace(TRIAL, seen_at=NOW - gap)), e.Observed(NOW, "web", "home", Good()))
    assert (trial is not None) is kept
    why = [] if kept else ["dep-9 is not called fine: no probe answered for 5 min"]
    assert lines(effects, "UNPROVED") == why


@pytest.mark.parametrize(
    ("probes", "good", "fine"), [(10, 10, True), (9, 9, False), (1000, 990, True), (1000, 989, False)]
)
def test_limits_are_limits_to_the_probe(probes: int, good: int, fine: bool) -> None:
    """Ten probes at least, of a hundred ninety-nine good; the last of them is this one, not before the end."""
    state = calm(trial=replace(TRIAL, probes=probes - 1, good=good - 1), checks=WELL, healthy_at=NOW)
    assert trial_after(state, e.Observed(TRIAL.ends_at - 0.1, "web", "home", Good()))[0] is not None
    trial, effects = trial_after(state, e.Observed(TRIAL.ends_at, "web", "home", Good()))
    told = [effect.notice.title for effect in effects if isinstance(effect, Tell)]
    seen = f"{good} of {probes} probes good"
    why = f"dep-9 is not called fine: {seen} (needs 10 probes, 99% of them good)"
    assert trial is None and bool(told) is fine and lines(effects, "UNPROVED") == ([] if fine else [why])
    assert not fine or seen in told[0]


@pytest.mark.parametrize(
    ("changes", "policy", "kept"),
    [
        ({}, WANTED, True),
        ({"live": None}, WANTED, False),
        ({"live": "dep-10"}, WANTED, False),
        ({"phase": Phase.SUSPECT}, WANTED, True),
        ({"phase": Phase.PAGED, "incident": an_incident()}, WANTED, False),
        ({"phase": Phase.CALM, "incident": an_incident()}, WANTED, False),
        ({"phase": Phase.CALM, "incident": an_incident(closed_at=NOW - 60.0)}, WANTED, True),
        pytest.param({}, make_policy(), False, id="a reload: who asks no more hears no more"),
    ],
)
def test_only_what_is_live_is_on_trial(changes: dict[str, object], policy: Policy, kept: bool) -> None:
    """A list in which it is not live any more ends it, in silence."""
    trial, effects = trial_after(calm(**changes), e.TimePassed(NOW), policy)
    assert (trial is not None) is kept and (kept or not lines(effects, "UNPROVED"))
    assert policy is WANTED or not [effect for effect in effects if isinstance(effect, (Note, Tell))]


MINUTE = replace(WANTED, pace=replace(WANTED.pace, watch_window_seconds=60.0))


@pytest.mark.parametrize(
    ("live", "fields", "after", "begins"),
    [
        (LIVE, {}, 0.0, True),
        pytest.param(LIVE, {"trial": replace(TRIAL, deploy="dep-8")}, 0.0, True, id="it takes the place of another"),
        (LIVE, {"live": None}, 0.0, False),
        (LIVE, {"live": "dep-9"}, 0.0, False),
        (replace(LIVE, status="build_failed"), {}, 0.0, False),
        (replace(LIVE, finished_at=None), {}, 0.0, True),
        (LIVE, {}, 1770.0, False),
        (LIVE, {}, 1769.0, False),
        (LIVE, {}, 270.0, True),
        (LIVE, {}, 270.1, False),
        pytest.param(LIVE, {"closed_at": NOW - 30.1}, 0.0, True, id="an incident that was over before it was live"),
        pytest.param(LIVE, {"closed_at": NOW - 30.0}, 0.0, False, id="live in an incident, and nobody knew"),
        pytest.param(LIVE, {"closed_at": NOW}, 0.0, False, id="live in an incident that is just over"),
    ],
)
def test_when_a_window_begins(live: Deploy, fields: dict, after: float, begins: bool) -> None:
    """With a deploy that goes live under our eyes, or nearly: not when minutes of its window were not seen."""
    state = calm(**{"live": "dep-8", "trial": None, "deploys": (BEFORE,), **fields})
    at = NOW + after
    trial, _ = trial_after(state, e.DeploysListed(at, "web", (live,), FACTS))
    live_at = live.finished_at if live.finished_at is not None else at
    assert trial == (DeployWatch("dep-9", live_at, live_at + Pace().watch_window_seconds, at) if begins else None)


@pytest.mark.parametrize(("after", "begins"), [(29.0, True), (30.0, False)])
def test_a_short_window_that_is_over_already_does_not_begin(after: float, begins: bool) -> None:
    """A minute is watched, and the list came later."""
    state = calm(live="dep-8", trial=None, deploys=(BEFORE,))
    trial, _ = trial_after(state, e.DeploysListed(NOW + after, "web", (LIVE,), FACTS), MINUTE)
    assert (trial is not None) is begins


def test_what_goes_live_in_an_incident_is_its_business() -> None:
    """A list that comes while something is asked, or done, begins no window."""
    world = bad_world(make_policy(Mode.ASSIST, good_news=("chat",))).run(300.0)
    assert web(world).phase is Phase.ASKING and web(world).trial is None
    put(world, trial=None, live="dep-40")
    listed(world)
    assert web(world).trial is None


def test_a_fast_clock_of_another_worker_freezes_nothing() -> None:
    """What was counted an hour ahead goes on from now; the end of the window is meant to lie ahead."""
    ahead = replace(TRIAL, live_at=NOW + 3600.0, seen_at=NOW + 3600.0, ends_at=NOW + 5400.0)
    seen = clamp_future_times(a_service(trial=ahead), NOW).trial
    assert seen == replace(ahead, live_at=NOW, seen_at=NOW)
    assert clamp_future_times(a_service(), NOW).trial is None

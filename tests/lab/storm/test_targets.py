"""Wrong rollbacks: each is planted into a small history, and found; the right one is clean."""

from dataclasses import replace

import pytest

from tests.lab.storm.history import History, arrived, notice
from watchdog.domain.deploys import Deploy
from watchdog.domain.notices import NoticeKind
from watchdog.lab.storm.backups import Restored
from watchdog.lab.storm.loop import Process
from watchdog.lab.storm.render import Accepted, Release, Seen
from watchdog.lab.storm.store import Obeyed
from watchdog.lab.storm.targets import Orders, given_back, repeated, wrong

NOTHING = Orders()


def why(history: History, one: Accepted, orders: Orders = NOTHING) -> str:
    """Return what is wrong with a rollback, or nothing."""
    return "".join(wrong([one], history.render, history.episodes, orders))


def test_a_rollback_of_a_bad_deploy_to_a_good_one_is_right() -> None:
    """The usual story is clean; where nothing ever failed, not even a fresh deploy is a reason."""
    history = History()
    assert why(history, history.sent(150.0)) == ""
    history.episodes.all.clear()
    assert why(history, history.sent(150.0))


def test_bad_places_are_found() -> None:
    """What never served, what is bad, and the suspect's own code."""
    history = History()
    never = Release(Deploy("dep-3", "build_failed", commit="ccc"))
    assert "never served" in why(history, history.sent(150.0, never))
    assert "bad itself" in why(history, history.sent(150.0, history.bad))
    same = Release(Deploy("dep-0", "deactivated", commit="bbb"), live_at=-9999.0, ended_at=-9999.0)
    assert "own code" in why(history, history.sent(150.0, same))


@pytest.mark.parametrize(("began", "is_wrong"), [(120.0, True), (145.0, False)])
def test_a_newer_deploy_on_its_way_must_not_be_overtaken(began: float, is_wrong: bool) -> None:
    """Unless it began so shortly before that no careful look could have seen it."""
    history = History()
    history.service.releases.insert(0, Release(Deploy("dep-9", "created", commit="ddd"), began_at=began))
    assert bool(why(history, history.sent(150.0))) is is_wrong


@pytest.mark.parametrize(("at", "is_wrong"), [(519.0, False), (521.0, True)])
def test_a_site_that_has_been_well_needs_no_rollback(at: float, is_wrong: bool) -> None:
    """A confirmation must be fresh when the request leaves; a human may want it all the same, for a while."""
    history = History()
    assert ("had worked for" in why(history, history.sent(at))) is is_wrong
    assert why(history, history.sent(at), Orders(asked=[("web", at - 100.0)])) == ""
    assert bool(why(history, history.sent(at), Orders(asked=[("web", at - 300.0)]))) is is_wrong


@pytest.mark.parametrize(
    ("live_at", "fails", "is_wrong"), [(140.0, 0.0, True), (145.0, 0.0, False), (140.0, 1.0, False)]
)
def test_what_a_human_put_there_meanwhile_is_not_undone(live_at: float, fails: float, is_wrong: bool) -> None:
    """It took over after the outage began, and works; unless no careful look could have seen it."""
    history = History()
    history.live("dep-9", live_at - 5.0 if is_wrong else 142.0, live_at, fails=fails)
    assert ("had taken over" in why(history, history.sent(150.0))) is is_wrong


def test_a_restart_of_code_that_fails_is_not_innocent() -> None:
    """It took over after an outage began that is not the code's doing, and cures what is."""
    history = History()
    history.live("dep-8", 80.0, 100.0, fails=1.0)
    restart = history.live("dep-9", 135.0, 140.0, by="a.1")
    assert "had taken over" in why(history, history.sent(150.0))
    restart.deploy = replace(restart.deploy, commit=history.service.releases[1].deploy.commit)
    assert why(history, history.sent(150.0)) == ""


@pytest.mark.parametrize(
    ("seen", "looks", "is_wrong"),
    [
        ([104.0], [(109.5, 109.6)], True),
        ([104.0], [(109.0, 109.1)], False),
        ([104.0], [(139.0, 140.5)], False),
        ([104.0], [(139.0, 140.5), (138.0, 139.9)], True),
        ([99.0, 110.0], [(109.5, 109.6)], False),
        ([], [(109.5, 109.6)], True),
    ],
    ids=["seen before", "a moment before", "no look in between", "an older look", "seen late", "never seen"],
)
def test_what_took_over_is_to_blame_if_nobody_could_see_that_it_failed_before(
    seen: list[float], looks: list[tuple[float, float]], is_wrong: bool
) -> None:
    """It failed from 100 s on; the deploy served from 140 s on, which a look at the deploys shows only afterwards."""
    history = History()
    history.live("dep-9", 60.0, 140.0)
    history.service.seen_failing, history.service.looks = [Seen(at, Process("a.1")) for at in seen], looks
    assert ("had taken over" in why(history, history.sent(150.0))) is is_wrong


@pytest.mark.parametrize(
    ("by", "stopped_at", "is_wrong"),
    [("b.1", [106.1], True), ("b.1", [106.0], False), ("b.1", [103.9], True), ("a.1", [105.0], True)],
    ids=["saved", "died with it", "stopped before", "the sender's own"],
)
def test_what_a_worker_saw_as_it_was_stopped_is_known_to_no_other(
    by: str, stopped_at: list[float], is_wrong: bool
) -> None:
    """The next failure was seen once the deploy had taken over, for all that the sender can know."""
    history = History()
    history.live("dep-9", 60.0, 140.0)
    first, then = Process(by), Process("a.1")
    first.stopped_at = stopped_at
    history.service.seen_failing = [Seen(104.0, first), Seen(139.0, then)]
    history.service.looks = [(138.0, 138.1)]
    assert ("had taken over" in why(history, history.sent(150.0))) is is_wrong


@pytest.mark.parametrize(
    ("named", "incident", "approved_at", "is_wrong"),
    [
        ("dep-9", "web-1", 148.0, False),
        ("dep-8", "web-1", 148.0, True),
        ("dep-9", "web-2", 148.0, True),
        ("dep-9", "web-1", 139.0, True),
        ("dep-9", "web-1", 151.0, True),
    ],
    ids=["said yes to it", "of another deploy", "of another incident", "before the question", "after the send"],
)
def test_a_newer_deploy_that_the_question_named_is_given_up_by_a_yes(
    named: str, incident: str, approved_at: float, is_wrong: bool
) -> None:
    """Who reads that the rollback takes both back decides it; a yes to the bad one alone does not."""
    history = History()
    history.live("dep-9", 60.0, 138.0)
    history.service.looks = [(136.0, 136.1)]
    question = replace(
        notice(140.0, kind=NoticeKind.ASKED), lines=(f"Approve? Mind that {named} went live on top of dep-2.",)
    )
    yes = Obeyed(approved_at, "a.1", "approve", {"incident": incident})
    orders = Orders(obeyed=[yes], notices=[arrived(question)])
    assert ("had taken over" in why(history, history.sent(150.0), orders)) is is_wrong


def pause(at: float, by: str = "a.1") -> Obeyed:
    return Obeyed(at, by, "pause", {})


def stop(at: float, incident: str = "web-1") -> Obeyed:
    return Obeyed(at, "a.1", "stop", {"incident": incident})


@pytest.mark.parametrize(
    ("orders", "wrong"),
    [
        # A pause holds at once for who said yes to it; for the other worker, within a careful look.
        (Orders(obeyed=[pause(149.9)]), "paused"),
        (Orders(obeyed=[pause(149.9, "b.1")]), ""),
        (Orders(obeyed=[pause(140.0, "b.1")]), "paused"),
        (Orders(obeyed=[pause(149.9)], resumed=(149.95,)), ""),
        (Orders(obeyed=[pause(149.9), Obeyed(149.95, "b.1", "resume", {})]), ""),
        (Orders(obeyed=[pause(151.0)]), ""),
        # A stop holds for that service and this outage.
        (Orders(obeyed=[stop(149.0)]), "stop"),
        (Orders(obeyed=[stop(149.0, "api-1")]), ""),
        (Orders(obeyed=[stop(99.0)]), ""),
        # One that the store forgot, as it was put back to a copy of before, holds no more.
        (Orders(obeyed=[stop(120.0)]), "stop"),
        (Orders(obeyed=[stop(120.0)], restored=[Restored(110.0, 130.0)]), ""),
        (Orders(obeyed=[stop(120.0)], restored=[Restored(125.0, 130.0)]), "stop"),
    ],
)
def test_a_pause_and_a_stop_hold_from_when_they_are_known(orders: Orders, wrong: str) -> None:
    """A rollback that is sent against them is wrong for no other reason."""
    history = History()
    said = why(history, history.sent(150.0), orders)
    assert wrong in said and bool(said) is bool(wrong)


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        (NOTHING, 1),
        (Orders(asked=[("web", 650.0)]), 0),
        (Orders(asked=[("web", 140.0)]), 0),
        (Orders(obeyed=[Obeyed(650.0, "a.1", "approve", {"incident": "web-2"})]), 0),
        (Orders(obeyed=[Obeyed(120.0, "a.1", "approve", {"incident": "web-1"})]), 1),
    ],
)
def test_code_is_left_by_one_rollback_unless_a_human_says_so(orders: Orders, found: int) -> None:
    """In whatever outage: a store that was put back may have forgotten the first; one by hand denied nothing."""
    history = History()
    one, other = (replace(history.sent(at), left=history.bad) for at in (150.0, 700.0))
    assert len(repeated([one, other], orders)) == found
    assert repeated([one, replace(other, left=history.good)], orders) == []
    assert repeated([one, replace(other, left=None)], orders) == []


def test_auto_deploy_is_not_given_back_to_what_was_rolled_away_from() -> None:
    """Once something newer is there, it may be."""
    history = History()
    taken = replace(history.taken(150.0, 160.0), left=history.bad)
    history.service.switch("off", 140.0)
    history.service.switch("commit", 200.0)
    assert len(given_back([history.service], [taken])) == 1 and given_back([history.service], []) == []
    history.live("dep-4", 180.0, 190.0)
    assert given_back([history.service], [taken]) == []

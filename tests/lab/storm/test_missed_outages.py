"""Missed outages: told and cured ones are clean, and an excuse is one only for who had the service."""

from dataclasses import replace

import pytest

from tests.lab.storm.history import History, arrived, notice
from watchdog.domain.notices import NoticeKind
from watchdog.lab.storm.channels import Outage
from watchdog.lab.storm.environment import Disturbance
from watchdog.lab.storm.episodes import Episode
from watchdog.lab.storm.missed_outages import Books, judge


def books(history: History | None = None, **more: object) -> Books:
    """Return what happened: nobody was told of anything; "a.1" had the service all the time."""
    history = history or History()
    nothing = {name: [] for name in ("arrived", "stopped", "proved", "disturbed", "outages")}
    usual = {"channels": ("pager", "chat"), "held": lambda service, who, start, stop: who in ("a.1", "a")}
    return Books(episodes=history.episodes, render=history.render, **{**nothing, **usual, **more})  # type: ignore[arg-type]


def missed(history: History | None = None, **more: object) -> bool:
    """Tell whether the one outage was missed."""
    return bool(judge(books(history, **more)).found)


def test_an_outage_nobody_heard_of_is_missed() -> None:
    """It was judged."""
    assert (judge(books()).judged, missed()) == (1, True)


@pytest.mark.parametrize(
    ("told", "at", "enough"),
    [
        (notice(200.0), 200.0, True),
        (notice(200.0), 265.0, True),
        (notice(200.0), 265.5, False),
        (notice(99.0), 99.0, False),
        (notice(200.0, wakes=False), 200.0, False),
        (notice(200.0, kind=NoticeKind.RESOLVED, wakes=False), 200.0, False),
        (notice(200.0, service="api"), 200.0, False),
        (notice(200.0, service="watchdog", kind=NoticeKind.SELF_ALERT), 200.0, False),
    ],
)
def test_only_a_page_about_it_in_time_tells(told: object, at: float, enough: bool) -> None:
    """It wakes, names the service, and came while there was still time."""
    assert missed(arrived=[arrived(told, at)]) is not enough  # type: ignore[arg-type]


def test_a_human_who_said_stop_has_it_in_hand() -> None:
    """In this outage, and in time."""
    assert not missed(stopped=[("web", 120.0)])
    assert missed(stopped=[("web", 90.0)]) and missed(stopped=[("api", 120.0)]) and missed(stopped=[("web", 300.0)])


def test_an_outage_that_is_over_soon_is_not_judged() -> None:
    """Nobody could be told in time; and one that fails only now and then need not be."""
    history = History()
    history.episodes.all[0].ended = 264.0
    assert judge(books(history)).judged == 0
    history.episodes.all[0].ended, history.episodes.all[0].share = 500.0, 0.4
    assert judge(books(history)).judged == 0


def test_a_rollback_on_its_way_is_waited_for_and_no_longer() -> None:
    """One that ends the outage is a cure; one that does not is no reason to keep silent."""
    history = History()
    history.taken(150.0, live_at=240.0)
    history.episodes.all[0].ended = 240.0
    assert judge(books(history)).judged == 0
    history.episodes.all[0].ended = 500.0
    assert missed(history)
    assert not missed(history, arrived=[arrived(notice(380.0))])


@pytest.mark.parametrize(
    ("trigger", "by", "waited"), [("rollback", "human", True), ("new_commit", "human", False), ("rollback", "b", False)]
)
def test_a_rollback_by_a_human_on_its_way_is_waited_for_as_well(trigger: str, by: str, waited: bool) -> None:
    """Who finds it in the list of deploys, and wanted the same, sends none; a new commit is no answer of ours."""
    history = History()
    made = history.live("dep-3", 150.0, 260.0, by=by)
    made.deploy = replace(made.deploy, trigger=trigger)
    history.episodes.all[0].ended = 420.0
    assert (judge(books(history)).judged == 0) is waited


def test_a_page_of_the_outage_just_before_stands_until_it_is_called_off() -> None:
    """Then people must be told anew."""
    history = History()
    history.episodes.all.append(Episode("web", 2, 560.0, 1.0, None, ended=900.0))
    page, off = arrived(notice(200.0)), arrived(notice(540.0, kind=NoticeKind.RESOLVED, wakes=False))
    assert not missed(history, arrived=[page])
    assert missed(history, arrived=[page, off])
    assert not missed(history, arrived=[page, off, arrived(notice(600.0, incident="web-2"))])
    history.episodes.all[1].began, history.episodes.all[1].ended = 1240.0, 1600.0
    assert missed(history, arrived=[page]), "long after"


def every(seconds: float, who: str = "", *, blind: bool = False) -> list[Disturbance]:
    """Return a disturbance of ten seconds every so often, through the whole outage."""
    return [Disturbance(at, at + 10.0, who, blind) for at in (100.0 + seconds * n for n in range(int(400 / seconds)))]


@pytest.mark.parametrize(("who", "blind", "excused"), [("a.1", False, True), ("b.1", False, False), ("a", True, True)])
def test_a_disturbance_excuses_who_had_the_service(who: str, blind: bool, excused: bool) -> None:
    """The other worker may freeze and die as it likes."""
    assert (judge(books(disturbed=every(100.0, who, blind=blind))).judged == 0) is excused


def test_who_is_gone_is_taken_over_from() -> None:
    """A worker frozen for ever excuses a few seconds; both at a time excuse as long as both are away."""
    frozen = Disturbance(100.0, 900.0, "a.1")
    assert judge(books(disturbed=[frozen])).judged == 1
    assert judge(books(disturbed=[frozen, Disturbance(100.0, 900.0, "b.1")])).judged == 0


@pytest.mark.parametrize(("channels", "excused"), [(("pager",), False), (("pager", "chat"), True)])
def test_one_channel_that_works_is_enough(channels: tuple[str, ...], excused: bool) -> None:
    """Only all of them down at once are an excuse."""
    outages = [Outage(channel, 100.0, 450.0) for channel in channels]
    assert (judge(books(outages=outages)).judged == 0) is excused


def test_what_is_said_to_be_proved_must_work() -> None:
    """A few seconds of failing nobody can have seen; more is a proof of nothing."""
    told = [arrived(notice(200.0))]
    assert not missed(arrived=told, proved=[("web", 115.0), ("web", 501.0), ("api", 300.0)])
    assert missed(arrived=told, proved=[("web", 130.0)])

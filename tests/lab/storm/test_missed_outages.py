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


def every(seconds: float, who: str, *, blind: bool = False) -> list[Disturbance]:
    """Return a disturbance of ten seconds every so often, through the whole outage."""
    return [Disturbance(at, at + 10.0, who, blind) for at in (100.0 + seconds * n for n in range(int(400 / seconds)))]


PAGED = [arrived(notice(200.0))]
FROZEN, OTHER_FROZEN = Disturbance(100.0, 900.0, "a.1"), Disturbance(100.0, 900.0, "b.1")
PAGER_DOWN, CHAT_DOWN = Outage("pager", 100.0, 450.0), Outage("chat", 100.0, 450.0)
MISSED, CLEAN, EXCUSED = (1, True), (1, False), (0, False)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, MISSED),
        # A page wakes, names the service, and came while there was still time.
        ({"arrived": PAGED}, CLEAN),
        ({"arrived": [arrived(notice(200.0), 265.0)]}, CLEAN),
        ({"arrived": [arrived(notice(200.0), 265.5)]}, MISSED),
        ({"arrived": [arrived(notice(99.0))]}, MISSED),
        ({"arrived": [arrived(notice(200.0, wakes=False))]}, MISSED),
        ({"arrived": [arrived(notice(200.0, kind=NoticeKind.RESOLVED, wakes=False))]}, MISSED),
        ({"arrived": [arrived(notice(200.0, service="api"))]}, MISSED),
        ({"arrived": [arrived(notice(200.0, service="watchdog", kind=NoticeKind.SELF_ALERT))]}, MISSED),
        # A human who said stop, in this outage and in time, has it in hand.
        ({"stopped": [("web", 120.0)]}, CLEAN),
        *(({"stopped": [said]}, MISSED) for said in (("web", 90.0), ("api", 120.0), ("web", 300.0))),
        # A disturbance excuses who had the service; the other worker may freeze and die as it likes.
        ({"disturbed": every(100.0, "a.1")}, EXCUSED),
        ({"disturbed": every(100.0, "b.1")}, MISSED),
        ({"disturbed": every(100.0, "a", blind=True)}, EXCUSED),
        # Who is gone is taken over from; both at a time excuse as long as both are away.
        ({"disturbed": [FROZEN]}, MISSED),
        ({"disturbed": [FROZEN, OTHER_FROZEN]}, EXCUSED),
        # One channel that works is enough.
        ({"outages": [PAGER_DOWN]}, MISSED),
        ({"outages": [PAGER_DOWN, CHAT_DOWN]}, EXCUSED),
        # What is said to be proved must work; a few seconds of failing nobody can have seen.
        ({"arrived": PAGED, "proved": [("web", 115.0), ("web", 501.0), ("api", 300.0)]}, CLEAN),
        ({"arrived": PAGED, "proved": [("web", 130.0)]}, MISSED),
    ],
)
def test_what_is_judged_of_the_one_outage(facts: dict[str, object], found: tuple[int, bool]) -> None:
    """Whether it is judged at all, and whether it was missed."""
    verdict = judge(books(**facts))
    assert (verdict.judged, bool(verdict.found)) == found


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

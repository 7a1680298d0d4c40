"""The verdict: each kind of wrong is planted into a small history, and found; the right history is clean."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.lab.storm.history import History, arrived, notice
from watchdog.domain.notices import NoticeKind
from watchdog.lab.storm import seed_verdict
from watchdog.lab.storm.backups import Restored
from watchdog.lab.storm.channels import Arrived, Outage, Owed, Post
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.episodes import Episode
from watchdog.lab.storm.loop import DEAD, Process

RESOLVED = NoticeKind.RESOLVED
PAGE = notice(200.0)


def test_one_rollback_of_an_episode_is_right() -> None:
    """The usual story is clean; a new outage has its own."""
    history = History()
    assert seed_verdict.doubles([history.sent(150.0)], history.episodes, []) == []
    history.episodes.all.append(Episode("web", 2, 600.0, 1.0, None, ended=900.0))
    assert seed_verdict.doubles([history.sent(150.0), history.sent(700.0)], history.episodes, []) == []


def test_a_second_rollback_of_the_same_outage_is_one_too_many() -> None:
    """Even if it lands when the outage is over; unless a human asked for it, for this service and in this outage."""
    history = History()
    both = [history.sent(350.0), history.sent(499.0, lands=8.0)]
    assert len(seed_verdict.doubles(both, history.episodes, [])) == 1
    assert seed_verdict.doubles(both, history.episodes, [("web", 400.0)]) == []
    assert len(seed_verdict.doubles(both, history.episodes, [("api", 400.0)])) == 1
    assert len(seed_verdict.doubles(both, history.episodes, [("web", 150.0)])) == 1, "long before"


@pytest.mark.parametrize(("at", "was"), [(99.0, False), (101.0, True), (280.0, True), (281.0, False)])
def test_a_human_asks_for_the_next_minutes(at: float, was: bool) -> None:
    """Not for ever, and not for what was before."""
    assert seed_verdict.was_asked([("web", 100.0)], "web", at) is was
    assert not seed_verdict.was_asked([("web", 100.0)], "api", at)


def lost(owed: list[Owed], *told: Arrived, outages: tuple[Outage, ...] = (), end: float = 600.0) -> list[str]:
    """Return the pages that were lost; each notice is composed when it says so."""
    composed: dict[tuple[object, ...], float] = {one.notice.identity: one.notice.at for one in told}
    return seed_verdict.lost(Post(Nature(1), [*told], owed, composed, outages=[*outages]), end)


def test_a_newer_page_speaks_for_it_also_where_its_worker_has_a_wrong_clock() -> None:
    """Which of two is newer, the world knows: a clock that is an hour late says otherwise."""
    late = arrived(notice(200.0 - 3600.0, kind=RESOLVED, wakes=False), 300.0)
    post = Post(Nature(1), [late], [Owed(PAGE, ("pager",), 200.0, None)])
    for composed, expected in ((290.0, 0), (190.0, 1)):
        post.composed[late.notice.identity] = composed
        assert len(seed_verdict.lost(post, 600.0)) == expected


def test_a_page_is_as_old_as_its_row_where_its_worker_stood_still_before_it_said_so() -> None:
    """Another one may have ended it meanwhile, while no channel worked: its end alone arrives."""
    end = arrived(notice(220.0, kind=RESOLVED, wakes=False), 310.0)
    owed = [Owed(PAGE, ("pager",), 200.0, None), Owed(PAGE, ("pager",), 230.0, Process("a.1"))]
    for composed, found in ((220.0, 0), (190.0, 1)):
        dated = {PAGE.identity: 200.0, end.notice.identity: composed}
        post = Post(Nature(1), [end], owed, dated, outages=[Outage("pager", 150.0, 300.0)])
        assert len(seed_verdict.lost(post, 600.0)) == found
    post = Post(Nature(1))
    post.owe(PAGE, ("pager",), None)
    assert PAGE.identity in post.composed, "by its row"


def test_a_page_that_a_channel_never_got_is_lost() -> None:
    """Each channel for itself; no older page and no other incident speaks for it."""
    owed = [Owed(PAGE, ("pager", "chat"), 200.0, None)]
    assert lost(owed, arrived(PAGE), arrived(PAGE, channel="chat")) == []
    (only,) = lost(owed, arrived(PAGE))
    assert only.startswith("chat never got web-1")
    chat = [Owed(PAGE, ("chat",), 200.0, None)]
    for other in (notice(100.0), notice(200.0, incident="web-2"), notice(200.0, service="api")):
        assert lost(chat, arrived(other, 300.0, "chat")), other
    for newer in (notice(300.0), notice(300.0, kind=RESOLVED, wakes=False)):
        assert lost(chat, arrived(newer, 300.0, "chat")) == [], "a newer page speaks for it, and its end"


def test_a_channel_must_have_worked_for_long_enough() -> None:
    """From the page on, and since it was last down."""
    owed = [Owed(PAGE, ("pager",), 200.0, None)]
    assert lost(owed, end=349.0) == []
    assert lost(owed, end=351.0)
    down = Outage("pager", 150.0, 300.0)
    assert lost(owed, outages=(down,), end=449.0) == []
    assert lost(owed, outages=(down,), end=451.0)
    assert lost(owed, outages=(Outage("chat", 150.0, 300.0),), end=449.0)


def test_a_page_from_memory_waits_for_its_worker_where_that_stands_still() -> None:
    """For a freeze that begins before the page was surely sent, and no other."""
    for frozen, from_ in (([(202.0, 262.0)], 262.0), ([(349.0, 400.0)], 400.0), ([(351.0, 400.0)], 200.0)):
        process = Process("a.1")
        process.frozen = [(100.0, 120.0), *frozen]
        owed = [Owed(PAGE, ("pager",), 200.0, process)]
        assert lost(owed, end=from_ + 149.0) == [], frozen
        assert lost(owed, end=from_ + 151.0), frozen


def test_a_page_from_memory_is_owed_while_its_worker_lives() -> None:
    """Nobody else ever knew of it."""
    process = Process("a.1")
    owed = [Owed(PAGE, ("pager",), 200.0, process)]
    assert lost(owed)
    process.state = DEAD
    assert lost(owed) == []


@pytest.mark.parametrize(
    ("switched", "by", "incident", "found"),
    [
        ([("off", 190.0), ("commit", 199.0)], Process("a.1"), "web-1/auto-deploy", 0),
        ([("off", 190.0), ("commit", 201.0)], Process("a.1"), "web-1/auto-deploy", 1),  # it was off for a moment
        ([("off", 190.0), ("commit", 195.0), ("off", 300.0)], Process("a.1"), "web-1/auto-deploy", 1),
        ([], Process("a.1"), "web-1/auto-deploy", 1),
        ([("off", 190.0), ("commit", 199.0)], Process("a.1"), "web-1", 1),
        ([("off", 190.0), ("commit", 199.0)], None, "web-1/auto-deploy", 1),  # a row is brought, and ended
    ],
)
def test_a_page_from_memory_that_auto_deploy_is_off_is_owed_unless_it_was_on_when_the_page_could_go(
    switched: list[tuple[str, float]], by: Process | None, incident: str, found: int
) -> None:
    """The worker stood still, and then found in the record that it is on: to ring for it would be wrong."""
    service = History().service
    for value, at in switched:
        service.switch(value, at)
    post = Post(Nature(1), owed=[Owed(notice(200.0, incident=incident), ("pager",), 200.0, by)])
    assert len(seed_verdict.lost(post, 600.0, [service])) == found
    assert len(seed_verdict.lost(post, 600.0)) == 1


def test_a_page_that_auto_deploy_is_off_may_be_dropped_by_a_worker_that_stood_still_until_it_was_on() -> None:
    """It composed the page, stood still before it could send it, and another worker gave auto-deploy back meanwhile."""
    service, process = History().service, Process("a.1")
    for value, at in (("off", 190.0), ("commit", 240.0)):
        service.switch(value, at)
    post = Post(Nature(1), owed=[Owed(notice(200.0, incident="web-1/auto-deploy"), ("pager",), 200.0, process)])
    for frozen, found in (([(202.0, 262.0)], 0), ([(202.0, 230.0)], 1), ([], 1)):
        process.frozen = frozen
        assert len(seed_verdict.lost(post, 600.0, [service])) == found


OFF = notice(200.0, title="AUTO-DEPLOY IS OFF on web. down")
GIVEN = replace(notice(210.0), lines=("Auto-deploy: off, is being given back (was commit)",))


def left_off(
    history: History, *told: Arrived, composed: Mapping[tuple[object, ...], float] = MappingProxyType({})
) -> list[str]:
    """Return what is left off without a word."""
    return seed_verdict.left_off([history.service], Post(history.render.nature, [*told], composed={**composed}))


def test_auto_deploy_that_stays_off_must_be_known() -> None:
    """By the last word about it, of this service and not from an earlier time."""
    history = History()
    assert left_off(history) == []
    history.service.switch("off", 190.0)
    assert len(left_off(history)) == 1
    assert len(left_off(history, arrived(PAGE))) == 1, "it says nothing of auto-deploy"
    assert left_off(history, arrived(OFF)) == []
    assert len(left_off(history, arrived(OFF), arrived(GIVEN))) == 1, "a promise that was not kept"
    composed = {OFF.identity: 220.0, GIVEN.identity: 210.0}
    assert left_off(history, arrived(OFF), arrived(GIVEN), composed=composed) == [], "overtaken"
    on = notice(210.0, kind=RESOLVED, wakes=False, title="web: auto-deploy is on again")
    assert len(left_off(history, arrived(OFF), arrived(on))) == 1, "it is not"
    assert left_off(history, arrived(notice(200.0, title="AUTO-DEPLOY MAY BE OFF on web"))) == []
    assert len(left_off(history, arrived(OFF, 100.0))) == 1, "of an earlier time"
    history.service.switch("commit", 300.0)
    assert left_off(history) == []


def test_a_score_is_bad_if_anything_is() -> None:
    """Faults of the daemon's own count too."""
    assert not seed_verdict.Score().bad
    assert seed_verdict.Score(faults=["AssertionError"]).bad
    assert seed_verdict.Score(left_off=["web"]).bad
    assert seed_verdict.Score(lost_pages=["web"]).bad


def test_a_channel_whose_last_word_is_a_page_of_what_is_over_rings_on() -> None:
    """An end behind it, an incident that is open, a copy of the network, a dead worker's own memory: none does."""
    post = Post(Nature(1))
    post.owed = [Owed(PAGE, ("pager",), 200.0, None)]
    post.arrived = [Arrived("pager", PAGE, 200.0)]
    assert len(seed_verdict.rung_after_end(post, (), ())) == 1
    assert seed_verdict.rung_after_end(post, (PAGE.incident,), ()) == []
    post.arrived.append(Arrived("pager", notice(300.0, kind=RESOLVED, wakes=False), 300.0))
    assert seed_verdict.rung_after_end(post, (), ()) == []
    post.arrived.append(Arrived("pager", PAGE, 301.0, copy=True))
    assert seed_verdict.rung_after_end(post, (), ()) == []
    post.arrived.append(Arrived("pager", PAGE, 302.0))
    assert len(seed_verdict.rung_after_end(post, (), ())) == 1
    process = Process("a.1")
    process.state = DEAD
    post.owed = [Owed(PAGE, ("pager",), 200.0, process)]
    assert seed_verdict.rung_after_end(post, (), ()) == []


def test_a_page_about_a_deploy_that_is_live_or_about_auto_deploy_that_is_off_is_true_still() -> None:
    """Until another serves, and until auto-deploy is on; and a store that was put back forgot what it had sent."""
    history = History()
    post = Post(Nature(1), [arrived(notice(200.0, incident=name)) for name in ("dep-2", "web-1/auto-deploy")])
    post.owed = [Owed(one.notice, ("pager",), 200.0, None) for one in post.arrived]
    assert len(seed_verdict.rung_after_end(post, (), [history.service])) == 1
    history.service.switch("off", 190.0)
    assert seed_verdict.rung_after_end(post, (), [history.service]) == []
    history.live("dep-3", 300.0, 310.0)
    assert len(seed_verdict.rung_after_end(post, (), [history.service])) == 1
    assert seed_verdict.rung_after_end(post, (), [history.service], [Restored(150.0, 250.0)]) == []
    assert len(seed_verdict.rung_after_end(post, (), [history.service], [Restored(210.0, 250.0)])) == 1

"""Wrong ways with a remedy: each is planted into a small history, and found; the right one is clean."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.lab.storm.history import History, arrived, notice
from tests.lab.storm.test_missed_outages import books
from watchdog.domain.remedies.kinds import RemedyKind, words
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.lab.storm.backups import Restored
from watchdog.lab.storm.channels import Post
from watchdog.lab.storm.remedies import ACTIONS, NOT_DRAWN, Drawn, Order, Remedies
from watchdog.lab.storm.remedy_verdict import Tried, doubles, early, untold, wrong
from watchdog.lab.storm.store import Obeyed
from watchdog.lab.storm.targets import Orders

FLAG = Drawn("web", RemedyKind.FLAG_OFF, Remedy("checkout-web", 20.0, has_look=True), cures=False, effect_seconds=0.0)
RESTART = Drawn("web", RemedyKind.RESTART, Remedy("restart:service", 20.0, has_look=True), False, 0.0)
NONE = Orders()
APPROVED = Obeyed(160.0, "a.1", "approve", {"incident": "web-1"})
OFF, DENIED = words("checkout-web").done, words("checkout-web").undone


def order(at: float, *, of: Drawn = FLAG, lands: float | None = 0.2, answered: bool = True) -> Order:
    """Return a request for a remedy."""
    return Order(of, "a.1", at, str, None if lands is None else at + lands, answered)


def tried(
    sent: Sequence[Order],
    *rollbacks: float,
    history: History | None = None,
    orders: Orders = NONE,
    **more: object,
) -> Tried:
    """Return what happened: the flag is what the service has, and rollbacks were taken then."""
    history = history or History()
    remedies = Remedies(history.render.nature, history.render)
    remedies.drawn = [FLAG]
    remedies.sent = list(sent)
    remedies.marked = [("web", one.of.name, one.sent_at) for one in sent]
    accepted = [history.sent(at, lands=8.0) for at in rollbacks]
    return Tried(remedies, accepted, books(history), orders, **more)  # type: ignore[arg-type]


def test_tried_once_and_rolled_back_after_its_time_it_is_right() -> None:
    """Every kind is drawn, or it is said that it is not."""
    right = tried([order(150.0)], 180.0)
    assert (doubles(right), early(right), wrong(right)) == ([], [], [])
    assert {*ACTIONS, *NOT_DRAWN} == set(RemedyKind)


@pytest.mark.parametrize(
    ("seen", "is_wrong"),
    [
        (tried([order(150.0), order(200.0)]), True),
        (tried([order(150.0, lands=None), order(200.0)]), True),
        (tried([order(150.0), order(200.0, of=RESTART)]), False),
        (tried([order(150.0), order(900.0)]), False),
        (tried([order(150.0), order(200.0)], orders=Orders(restored=[Restored(140.0, 190.0)])), False),
        (tried([order(150.0, lands=8.0), order(157.0, of=RESTART)]), True),
        (tried([order(150.0, lands=8.0)], 157.0), True),
        (tried([order(157.0)], 150.0), True),
        (tried([order(150.0, lands=8.0)], 157.0, orders=Orders(asked=[("web", 155.0)])), False),
    ],
)
def test_what_is_sent_twice_or_across_another_change_is_found(seen: Tried, is_wrong: bool) -> None:
    """In one outage, unless the store forgot it; nothing is sent while another change is on its way."""
    seen.books.episodes.all.append(type(seen.books.episodes.all[0])("web", 2, 890.0, 1.0, None))
    assert bool(doubles(seen)) is is_wrong


@pytest.mark.parametrize(
    ("at", "clock_ahead", "is_wrong"),
    [(650.0, 0.0, True), (650.0, 3600.0, False), (650.0, -3600.0, True), (760.0, -3600.0, False)],
)
def test_a_cooldown_is_over_by_the_clock_of_who_sends_or_really(at: float, clock_ahead: float, is_wrong: bool) -> None:
    """A worker cannot know that its clock is an hour fast; a slow one is no reason to find fault with it."""
    of = replace(FLAG, remedy=replace(FLAG.remedy, cooldown_seconds=600.0))
    both = [replace(order(150.0, of=of), by_clock=150.0), replace(order(at, of=of), by_clock=at + clock_ahead)]
    seen = tried(both)
    seen.books.episodes.all.append(type(seen.books.episodes.all[0])("web", 2, 600.0, 1.0, None))
    assert bool(doubles(seen)) is is_wrong


def test_what_was_sent_without_a_row_is_in_the_cooldown_by_the_true_time() -> None:
    """Its sender's clock is not known, and is no excuse."""
    of = replace(FLAG, remedy=replace(FLAG.remedy, cooldown_seconds=600.0))
    seen = tried([order(150.0, of=of), replace(order(650.0, of=of), by_clock=1.7e9)])
    seen.books.episodes.all.append(type(seen.books.episodes.all[0])("web", 2, 600.0, 1.0, None))
    assert doubles(seen)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (tried([], 150.0), "checkout-web was not tried before"),
        (tried([order(150.0, lands=None)], 160.0), ""),
        (tried([], 150.0, orders=Orders(asked=[("web", 140.0)])), ""),
        (tried([], 150.0, refused=[("web", 140.0)]), ""),
        (tried([], 150.0, refused=[("web", 40.0)]), "was not tried"),
        (tried([order(150.0)], 165.0), "had 15 s of its 20 s"),
        (tried([order(150.0)], 168.0), ""),
        (tried([order(150.0, answered=False)], 165.0), ""),
        (tried([order(150.0)], 165.0, orders=Orders(obeyed=[APPROVED])), ""),
    ],
)
def test_a_rollback_before_the_remedy_had_its_turn_is_found(seen: Tried, why: str) -> None:
    """A person may want it at once; what could not be saved, or whose answer was lost, is no longer waited for.

    A worker's clock that makes up a difference runs up to a tenth faster.
    """
    assert why in "".join(early(seen)) and bool(early(seen)) is bool(why)


def test_a_flag_that_was_off_and_a_deploy_that_came_between_end_the_wait() -> None:
    off, other = tried([], 150.0), History()
    off.remedies.off["checkout-web"] = 40.0
    assert early(off) == []
    other.live("dep-3", 152.0, 158.0, fails=1.0)
    assert early(tried([order(150.0)], 165.0, history=other)) == []


@pytest.mark.parametrize(
    ("at", "orders", "why"),
    [
        (521.0, Orders(), "the site had worked"),
        (150.0, Orders(obeyed=[Obeyed(140.0, "a.1", "pause", {})]), "paused it"),
        (150.0, Orders(obeyed=[Obeyed(140.0, "a.1", "stop", {"incident": "web-1"})]), "said stop"),
    ],
)
def test_a_remedy_at_a_wrong_moment_is_found(at: float, orders: Orders, why: str) -> None:
    """By the rules of a rollback."""
    assert why in "".join(wrong(tried([order(at)], orders=orders)))


@pytest.mark.parametrize(
    ("titles", "what"),
    [
        ([], "nobody was told"),
        (["web is down"], "nobody was told"),
        ([OFF], ""),
        (["whether feature flag checkout-web is off is not known"], ""),
        ([DENIED], "the contrary"),
        ([OFF, DENIED], "the contrary"),
        ([DENIED, OFF], ""),
        ([words("checkout-web").undo.format(since=" since 15:10 UTC", when="", was="")], ""),
    ],
)
def test_what_is_done_and_not_told_is_found(titles: list[str], what: str) -> None:
    """The last notice that names it counts; what never landed need not be told."""
    seen = tried([order(150.0)])
    post = Post(seen.books.render.nature)
    post.arrived = [arrived(notice(160.0 + number, title=title)) for number, title in enumerate(titles)]
    assert what in "".join(untold(seen, post)) and bool(untold(seen, post)) is bool(what)
    assert untold(tried([order(150.0, lands=None)]), post) == []


@pytest.mark.parametrize(("incident", "is_wrong"), [("web-1", True), ("web-2", False)])
def test_that_it_was_not_done_in_another_incident_denies_nothing(incident: str, is_wrong: bool) -> None:
    """The notice says so; which incident a request was for is known by the row that was saved before it."""
    seen = tried([replace(order(150.0), incident="web-1")])
    post = Post(seen.books.render.nature)
    denial = notice(161.0, title=f"{DENIED} in this incident", incident=incident)
    post.arrived = [arrived(notice(160.0, title=OFF)), arrived(denial)]
    assert bool(untold(seen, post)) is is_wrong


DONE = ActionRow("web-1", "flag checkout-web", "done", "checkout-web", "", service="web")


@pytest.mark.parametrize(
    ("row", "known"),
    [
        (DONE, True),
        (replace(DONE, state="sending", result=ActionResult.WITHOUT_ID), True),
        (replace(DONE, state="sending"), False),
        (replace(DONE, service="api"), False),
    ],
)
def test_a_yes_counts_once_it_is_in_the_journal(row: ActionRow, known: bool) -> None:
    """One that its sender had, and died with, is known to no worker: the rollback follows as for a lost answer."""
    seen = tried([order(150.0, answered=False)], 165.0)
    seen.remedies.written(row)
    assert bool(early(seen)) is known

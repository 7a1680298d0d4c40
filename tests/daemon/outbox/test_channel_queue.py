"""The queue of one incident and one channel, told as who may go and who was overtaken."""

from dataclasses import replace

from watchdog.daemon.outbox.channel_queue import ChannelQueue, QueuedNotice
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity


def notice(wakes: bool = False, kind: NoticeKind = NoticeKind.UPDATED) -> Notice:
    return Notice(0.0, "web-1", "web", Severity.HIGH, kind, "t", wakes=wakes)


INFO, PAGE, OVER = notice(), notice(wakes=True), notice(kind=NoticeKind.RESOLVED)


def queue(*notices: Notice) -> tuple[ChannelQueue, list[QueuedNotice]]:
    """Return a queue and those who wait in it, oldest first; each was decided a second after the one before."""
    channel_queue = ChannelQueue()
    dated = [replace(one, at=float(number)) for number, one in enumerate(notices)]
    return channel_queue, [channel_queue.join("slack", one, (number, 0)) for number, one in enumerate(dated)]


def state(waiting: list[QueuedNotice]) -> str:
    """Return a letter for each: o overtaken, g may go, w waits."""
    return "".join("o" if one.overtaken else "g" if one.goes else "w" for one in waiting)


def test_the_oldest_goes_first_and_nobody_is_dropped_while_all_is_well() -> None:
    """Three at once, one after the other."""
    channel_queue, waiting = queue(INFO, INFO, PAGE)
    assert state(waiting) == "gww"
    channel_queue.arrived(waiting[0])
    assert state(waiting[1:]) == "gw"
    channel_queue.arrived(waiting[1])
    assert state(waiting[2:]) == "g"


def test_trouble_makes_older_information_give_way_to_the_newest() -> None:
    """Whether the trouble comes before the newest or after it; pages stay."""
    channel_queue, waiting = queue(INFO, PAGE, INFO, INFO)
    channel_queue.failed(waiting[0], broken=False)
    assert state(waiting) == "owow"
    channel_queue.leave(waiting[0])
    assert state(waiting[1:]) == "gow"
    channel_queue.leave(waiting[2])
    channel_queue.failed(waiting[1], broken=False)
    newest = channel_queue.join("slack", OVER, (4, 0))
    assert state([waiting[1], waiting[3], newest]) == "gow"


def test_what_has_a_row_gives_way_only_to_what_has_a_row() -> None:
    """A page of the store, its end, and another end from memory alone: killed, the next start must find an end."""
    channel_queue, waiting = queue(PAGE, OVER)
    waiting += [channel_queue.join("slack", OVER, (1, number)) for number in (1, 2)]
    channel_queue.failed(waiting[0], broken=False)
    assert state(waiting) == "gwow"
    waiting.append(channel_queue.join("slack", OVER, (2, 0)))
    assert state(waiting) == "gooow"


def test_a_notice_that_gave_way_and_stays_is_woken_once() -> None:
    """An end that must follow a page waits behind it; woken by each look at its failing channel, it would stop the
    event loop.
    """
    channel_queue, (page, end, *_) = queue(PAGE, OVER, PAGE, OVER)
    channel_queue.failed(page, broken=False)
    assert end.overtaken and end.stir.is_set()
    end.stir.clear()
    channel_queue.blocked(end)
    assert not end.stir.is_set()


def test_a_page_refused_for_good_lets_the_others_pass() -> None:
    """It keeps its own turn; when it is refused only for now again, the order holds again."""
    channel_queue, waiting = queue(PAGE, PAGE)
    channel_queue.failed(waiting[0], broken=True)
    assert state(waiting) == "gg"
    channel_queue.failed(waiting[0], broken=False)
    assert state(waiting) == "gw"


def test_a_broken_page_is_overtaken_by_a_page_or_the_end_but_not_by_information() -> None:
    """It must not ring after the all-clear, and information rings nobody in its place."""
    for newer, outcome in ((INFO, "g"), (PAGE, "o"), (OVER, "o")):
        channel_queue, waiting = queue(PAGE, newer)
        channel_queue.failed(waiting[0], broken=True)
        channel_queue.arrived(waiting[1])
        assert state(waiting[:1]) == outcome


def test_an_end_follows_what_may_have_arrived() -> None:
    """What was sent, or failed and only its answer may be lost; what was refused did not arrive."""
    for broken, follows in ((None, True), (False, True), (True, False)):
        channel_queue, (page, info, end) = queue(PAGE, INFO, OVER)
        if broken is None:
            channel_queue.sent(page)
        else:
            channel_queue.failed(page, broken=broken)
        assert (info.follows, end.follows) == (False, follows)


def test_leaving_twice_is_leaving() -> None:
    """A delivery that ends cleans up after itself, whoever did so before."""
    channel_queue, waiting = queue(INFO, INFO)
    channel_queue.leave(waiting[0])
    channel_queue.leave(waiting[0])
    assert state(waiting[1:]) == "g"


def test_one_that_is_called_in_late_stands_where_it_was_decided() -> None:
    """A stand-in gets an older notice after a newer one queued there: it is no newer state for that."""
    channel_queue = ChannelQueue()
    newer = channel_queue.join("email", replace(INFO, at=2.0), (2, 0))
    older = channel_queue.join("email", replace(INFO, at=1.0), (1, 0))
    assert state([older, newer]) == "gw"
    channel_queue.blocked(newer)
    assert state([older, newer]) == "ow"
    channel_queue.leave(older)
    assert state([newer]) == "g"

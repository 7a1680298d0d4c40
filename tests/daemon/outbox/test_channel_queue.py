"""The queue of one incident and one channel, told as who may go and who was overtaken."""

from watchdog.daemon.outbox.channel_queue import ChannelQueue, QueuedNotice
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity


def notice(wakes: bool = False, kind: NoticeKind = NoticeKind.UPDATED) -> Notice:
    return Notice(0.0, "web-1", "web", Severity.HIGH, kind, "t", wakes=wakes)


INFO, PAGE, OVER = notice(), notice(wakes=True), notice(kind=NoticeKind.RESOLVED)


def queue(*notices: Notice) -> tuple[ChannelQueue, list[QueuedNotice]]:
    """Return a lane and those who wait in it, oldest first."""
    lane = ChannelQueue()
    return lane, [lane.join("slack", one, (number, 0)) for number, one in enumerate(notices)]


def state(parcels: list[QueuedNotice]) -> str:
    """Return a letter for each: o overtaken, g may go, w waits."""
    return "".join("o" if one.overtaken else "g" if one.goes else "w" for one in parcels)


def test_the_oldest_goes_first_and_nobody_is_dropped_while_all_is_well() -> None:
    """Three at once, one after the other."""
    lane, parcels = queue(INFO, INFO, PAGE)
    assert state(parcels) == "gww"
    lane.arrived(parcels[0])
    assert state(parcels[1:]) == "gw"
    lane.arrived(parcels[1])
    assert state(parcels[2:]) == "g"


def test_trouble_makes_older_information_give_way_to_the_newest() -> None:
    """Whether the trouble comes before the newest or after it; pages stay."""
    lane, parcels = queue(INFO, PAGE, INFO, INFO)
    lane.failed(parcels[0], broken=False)
    assert state(parcels) == "owow"
    lane.leave(parcels[0])
    assert state(parcels[1:]) == "gow"
    lane.leave(parcels[2])
    lane.failed(parcels[1], broken=False)
    newest = lane.join("slack", OVER, (4, 0))
    assert state([parcels[1], parcels[3], newest]) == "gow"


def test_a_page_refused_for_good_lets_the_others_pass() -> None:
    """It keeps its own turn; when it is refused only for now again, the order holds again."""
    lane, parcels = queue(PAGE, PAGE)
    lane.failed(parcels[0], broken=True)
    assert state(parcels) == "gg"
    lane.failed(parcels[0], broken=False)
    assert state(parcels) == "gw"


def test_a_broken_page_is_overtaken_by_a_page_or_the_end_but_not_by_information() -> None:
    """It must not ring after the all-clear, and information rings nobody in its place."""
    for newer, outcome in ((INFO, "g"), (PAGE, "o"), (OVER, "o")):
        lane, parcels = queue(PAGE, newer)
        lane.failed(parcels[0], broken=True)
        lane.arrived(parcels[1])
        assert state(parcels[:1]) == outcome


def test_leaving_twice_is_leaving() -> None:
    """A delivery that ends cleans up after itself, whoever did so before."""
    lane, parcels = queue(INFO, INFO)
    lane.leave(parcels[0])
    lane.leave(parcels[0])
    assert state(parcels[1:]) == "g"


def test_one_that_is_called_in_late_stands_where_it_was_decided() -> None:
    """A stand-in gets an older notice after a newer one queued there: it is no newer state for that."""
    lane = ChannelQueue()
    newer = lane.join("email", INFO, 2)
    older = lane.join("email", INFO, 1)
    assert state([older, newer]) == "gw"
    lane.blocked(newer)
    assert state([older, newer]) == "ow"
    lane.leave(older)
    assert state([newer]) == "g"

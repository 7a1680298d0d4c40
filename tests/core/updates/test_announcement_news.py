"""Announcements of people: for the channels that asked, and for no others."""

from tests.core.scenes import a_state, step
from tests.core.world import make_policy
from watchdog.domain import events as e
from watchdog.domain.effects import Tell


def test_the_channels_that_asked_get_it_and_nothing_else_changes() -> None:
    """As news: no page, no stand-in; the updates of one announcement are one thread."""
    event = e.AnnouncementPosted(5.0, "announcement-3", "Identified: slow", ("We look into it.",))
    state, effects = step(a_state(), event, make_policy(announcements=("chat",)))
    (told,) = [one for one in effects if isinstance(one, Tell)]
    assert told.channels == ("chat",) and told.notice.news and not told.notice.wakes
    assert (told.notice.title, told.notice.incident) == ("Identified: slow", "announcement-3")
    assert told.notice.lines == ("We look into it.",)
    assert state == a_state()
    assert step(a_state(), event, make_policy()) == (a_state(), ())

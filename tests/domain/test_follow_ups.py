"""Follow-ups as people ask for them, and ticks as they hold."""

from watchdog.domain.follow_ups import DECIDES, ROLES, RUNBOOK, FollowUp, Tick, ticked
from watchdog.domain.severity import Severity


def test_every_item_has_an_owner_once_the_service_is_restored() -> None:
    """Of those before it the severity decides; what only people can do comes after."""
    assert all((one.owner in ROLES) == (one.within_seconds is not None) for one in RUNBOOK)
    assert set(DECIDES) == set(Severity) and set(DECIDES.values()) == set(ROLES)
    assert all(one.within_seconds is not None for one in RUNBOOK if one.by_people)


def test_the_last_word_on_an_item_counts() -> None:
    """Of the incident that is asked about."""
    first = Tick(1.0, "web-1", "docs", "ann")
    words = [first, Tick(2.0, "web-1", "lessons", "ann"), Tick(3.0, "web-1", "lessons", "bob", undone=True)]
    assert ticked([*words, Tick(4.0, "web-2", "docs", "eve")], "web-1") == {"docs": first}
    again = Tick(5.0, "web-1", "lessons", "eve")
    assert ticked([*words, again], "web-1") == {"docs": first, "lessons": again}
    assert ticked(words, "web-9") == {}


def test_a_follow_up_is_named_by_its_number() -> None:
    """Within its incident."""
    assert FollowUp(1.0, "web-1", 3, "ann", "x", "eve", 9.0).id == "own-3"

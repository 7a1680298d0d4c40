"""The items of the runbook's checklists, and whose they are."""

from watchdog.domain.follow_ups import DECIDES, ROLES, RUNBOOK
from watchdog.domain.severity import Severity


def test_every_item_has_an_owner_once_the_service_is_restored() -> None:
    """Of those before it the severity decides; what only people can do comes after."""
    assert all((one.owner in ROLES) == (one.within_seconds is not None) for one in RUNBOOK)
    assert set(DECIDES) == set(Severity) and set(DECIDES.values()) == set(ROLES)
    assert all(one.within_seconds is not None for one in RUNBOOK if one.by_people)

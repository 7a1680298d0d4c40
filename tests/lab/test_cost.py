"""The cost: the same deed costs the same whoever did it, an outage lasts until it is mended, and luck is not paid."""

from dataclasses import replace

import pytest

from watchdog.lab.classes import BY_NAME
from watchdog.lab.cost import cost
from watchdog.lab.drive import Did, Record
from watchdog.lab.judge import Played, judge
from watchdog.lab.scene import MAIN

PLAYED = Played("hard-down", "s", "rollback", "rollback", True, share=1.0, guilty=True)


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        ({"mended_at": 60.0, "heard_at": 60.0}, 2.0),
        ({"asked_at": 60.0, "heard_at": 60.0}, 7.0),
        ({"heard_at": 60.0}, 43.0),
        ({"heard_at": 60.0, "mended_at": 600.0}, 11.0),  # a wrong try first
        ({}, 83.0),
        ({"heard_at": 5000.0}, 83.0),
        ({"mended_at": 0.0, "harm": True}, 31.0),  # before anything was to be seen
        ({"heard_at": 60.0, "harm": True}, 73.0),
        ({"heard_at": 60.0, "harm": True, "wrong_service": True}, 103.0),
        ({"heard_at": 60.0, "early": True}, 48.0),
        ({"guilty": False, "lasts_seconds": 600.0, "heard_at": 60.0}, 10.0),
        ({"guilty": False, "lasts_seconds": 600.0}, 10.0),
        ({"guilty": False, "lasts_seconds": 6000.0, "harm": True}, 113.0),
        ({"mended_at": 540.0, "grows_seconds": 1200.0}, 2.5),  # ten minutes on the way to full strength in twenty
        ({"mended_at": 1740.0, "grows_seconds": 1200.0}, 20.0),
        ({"mended_at": 60.0, "share": 0.25}, 0.5),
    ],
)
def test_the_price_of_an_episode(changes: dict[str, object], minutes: float) -> None:
    """Outage minutes until it is mended, and the mistakes."""
    assert cost(replace(PLAYED, **changes)) == pytest.approx(minutes)  # type: ignore[arg-type]


def acted(kind: str, *did: tuple[float, str, str], commit: str = "good") -> Played:
    """Return the judgement of these deeds (seconds after the onset, what, service) in an episode."""
    scene = BY_NAME[kind].scene("dev0")
    onset = scene.truth.onset_at or scene.fault_at
    to = {"good": min(scene.truth.targets, default="older"), "bad": scene.truth.commit or ""}[commit]
    return judge(scene, "dev0", Record([Did(onset + at, what, name, to) for at, what, name in did]))


def test_a_rollback_that_mends_is_no_harm_whatever_the_table_says() -> None:
    """A leak is for a human; but whoever goes back from the guilty commit ends it, and pays for no mistake."""
    found = acted("leak", (1200.0, "rollback", MAIN))
    assert found.false and not found.good and not found.harm and found.mended_at == 1200.0
    assert acted("leak", (1200.0, "rollback", "docs")).harm
    assert acted("leak", (1200.0, "rollback", MAIN), commit="bad").harm


def test_where_going_back_is_not_safe_it_mends_nothing() -> None:
    """A rollback harms, and a question is worth no more than a page."""
    found = acted("migration", (30.0, "rollback", MAIN))
    assert found.harm and found.mended_at is None and found.heard_at == 30.0
    assert cost(acted("migration", (30.0, "ask", MAIN))) == cost(acted("migration", (30.0, "page", MAIN)))


def test_where_a_rollback_does_not_help_it_mends_nothing_but_was_right() -> None:
    """One try, then a human: no harm."""
    found = acted("no-help", (30.0, "rollback", MAIN))
    assert not found.harm and found.mended_at is None and cost(found) == pytest.approx(42.5)


def test_who_pages_before_the_onset_has_not_heard_of_it() -> None:
    """It is a false page, and no detection; nor is a page of another service, or that the watchdog is blind."""
    early = acted("late-onset", (-100.0, "page", MAIN))
    assert early.early and early.heard_at is None
    other = acted("hard-down", (10.0, "page", "docs"), (20.0, "self-alert", MAIN), (30.0, "page", MAIN))
    assert other.heard_at == 30.0 and not other.early


def test_a_rollback_before_the_onset_was_luck() -> None:
    """It spares the outage, and is charged as what it was; before the guilty deploy it spares nothing."""
    lucky = acted("late-onset", (-100.0, "rollback", MAIN))
    assert lucky.mended_at == 0.0 and lucky.harm
    assert acted("late-onset", (-2000.0, "rollback", MAIN)).mended_at is None

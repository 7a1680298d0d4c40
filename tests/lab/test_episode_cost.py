"""The cost: the same deed costs the same whoever did it, an outage lasts until it is mended, and luck is not paid."""

from dataclasses import replace

import pytest

from watchdog.lab.classes import BY_NAME
from watchdog.lab.closed_loop import ActionTaken, Record
from watchdog.lab.episode import MAIN
from watchdog.lab.episode_cost import cost
from watchdog.lab.episode_judgement import Played, judge

PLAYED = Played("hard-down", "s", "rollback", "rollback", True, share=1.0, guilty=True)


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        ({"mended_at": 60.0, "heard_at": 60.0}, 2.0),
        ({"asked_at": 60.0, "heard_at": 60.0}, 14.0),
        ({"heard_at": 60.0}, 43.0),
        ({"heard_at": 60.0, "mended_at": 600.0}, 11.0),  # a wrong try first
        ({}, 83.0),
        ({"heard_at": 5000.0}, 83.0),
        ({"mended_at": 0.0, "harm": True}, 31.0),  # before anything was to be seen
        ({"heard_at": 60.0, "harm": True}, 73.0),
        ({"heard_at": 60.0, "harm": True, "wrong_service": True}, 103.0),
        ({"heard_at": 60.0, "needless": 1}, 48.0),
        ({"mended_at": 60.0, "needless": 3}, 17.0),
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
    return judge(scene, "dev0", Record([ActionTaken(onset + at, what, name, to) for at, what, name in did]))


def test_a_rollback_that_mends_is_no_harm_whatever_the_table_says() -> None:
    """What breaks hours later is for a human; but whoever goes back from the guilty commit ends it: no mistake."""
    found = acted("under-load", (1200.0, "rollback", MAIN))
    assert found.false and not found.good and not found.harm and found.mended_at == 1200.0
    assert acted("leak", (1200.0, "rollback", "docs")).harm
    assert acted("leak", (1200.0, "rollback", MAIN), commit="bad").harm


def test_where_going_back_is_not_safe_or_does_not_help_it_mends_nothing() -> None:
    """A rollback harms, and a question is worth no more than a page. One that does not help was right: no harm."""
    found = acted("migration", (30.0, "rollback", MAIN))
    assert found.harm and found.mended_at is None and found.heard_at == 30.0
    assert cost(acted("migration", (30.0, "ask", MAIN))) == cost(acted("migration", (30.0, "page", MAIN)))
    found = acted("no-help", (30.0, "rollback", MAIN))
    assert not found.harm and found.mended_at is None and cost(found) == pytest.approx(42.5)


def test_who_pages_before_the_onset_has_not_heard_of_it() -> None:
    """It is a false page, and no detection; nor is a page of another service, or that the watchdog is blind."""
    early = acted("late-onset", (-100.0, "page", MAIN))
    assert early.needless == 1 and early.heard_at is None
    other = acted("hard-down", (10.0, "page", "docs"), (20.0, "self-alert", MAIN), (30.0, "page", MAIN))
    assert other.heard_at == 30.0 and other.needless == 1


PAGE, ASK, BACK = "page", "ask", "rollback"


@pytest.mark.parametrize(
    ("kind", "did", "needless"),
    [
        ("hard-down", [(60, PAGE)], 0),
        ("hard-down", [(60, PAGE), (300, PAGE)], 1),  # the same again
        ("hard-down", [(60, PAGE), (90, ASK)], 0),  # a way out is news
        ("hard-down", [(60, ASK), (90, PAGE), (300, ASK)], 2),
        ("hard-down", [(60, ASK), (360, PAGE)], 0),  # nobody has answered
        ("hard-down", [(60, ASK), (360, PAGE), (660, PAGE)], 1),
        ("hard-down", [(60, ASK), (900, PAGE)], 0),  # it has been answered by then, and this would not have come
        ("hard-down", [(60, BACK), (240, PAGE)], 1),  # right, and well: nothing left to do
        ("hard-down", [(30, PAGE), (60, BACK)], 0),
        ("no-help", [(60, BACK), (240, PAGE)], 0),  # it did not help: that is news
        ("no-help", [(60, BACK), (240, PAGE), (500, PAGE)], 1),
        ("other-incident", [(60, PAGE)], 0),
        ("other-incident", [(60, PAGE), (300, PAGE), (600, PAGE)], 2),
        ("other-incident", [(60, ASK)], 1),  # no deploy did it
        ("other-incident", [(60, BACK), (240, PAGE)], 0),  # a mistake of its own, but somebody must know
        ("short-outage", [(50, PAGE)], 0),
        ("restart-blip", [(10, PAGE), (20, PAGE)], 2),
        ("few-new-errors", [(10, PAGE)], 1),
        ("blind", [(10, PAGE)], 1),  # nothing is down but our own network
    ],
)
def test_which_calls_should_not_have_been(kind: str, did: list[tuple[float, str]], needless: int) -> None:
    """One call an incident, and another only with news; each of the others costs a false page."""
    found = acted(kind, *((float(at), what, MAIN) for at, what in did))
    assert found.needless == needless
    without = cost(replace(found, needless=0))
    assert cost(found) == pytest.approx(without + 5.0 * needless)


def test_a_question_that_names_another_commit_leads_astray() -> None:
    """It is charged, and its yes mends nothing."""
    found = acted("hard-down", (60.0, "ask", MAIN), commit="bad")
    assert found.needless == 1 and found.asked_at is None and found.heard_at == 60.0


def test_to_tell_of_a_dependant_is_true_and_no_answer() -> None:
    """That the other service is down may be said first; the deploy that did it is what counts."""
    kind = "bad-deploy-with-dependant"
    found = acted(kind, (40.0, "page", "shop"), (50.0, "rollback", MAIN))
    assert found.good and (found.did, found.rollback_at, found.needless) == ("rollback", 50.0, 0)
    wrong = acted(kind, (40.0, "rollback", "shop"))
    assert wrong.wrong_service and not wrong.good and cost(wrong) > 60.0
    assert acted(kind, (40.0, "page", "docs")).needless == 1, "nothing is wrong with that one"


def test_a_rollback_before_the_onset_was_luck() -> None:
    """It spares the outage, and is charged as what it was; before the guilty deploy it spares nothing."""
    lucky = acted("late-onset", (-100.0, "rollback", MAIN))
    assert lucky.mended_at == 0.0 and lucky.harm
    assert acted("late-onset", (-2000.0, "rollback", MAIN)).mended_at is None

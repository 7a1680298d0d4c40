"""The ranking: worked examples, whose numbers can be followed by hand."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import pytest

from watchdog.lab.clean_years import Clean
from watchdog.lab.episode_judgement import Played
from watchdog.lab.ranking import FACTORS, OURS, between_incidents, compare
from watchdog.lab.score import INCIDENTS_PER_YEAR

BAD = Played("hard-down", "", "rollback", "rollback", True, share=1.0, guilty=True)
OTHER = Played("other-incident", "", "page", "page", True, share=1.0, lasts_seconds=1800.0)
SEEDS = tuple(f"s{number}" for number in range(10))


def played(after_minutes: float | None, harmed: int = 0, paged_early: int = 0) -> list[Played]:
    """Return ten bad deploys, mended so long after their onset, and ten other incidents with these mistakes."""
    at = None if after_minutes is None else after_minutes * 60.0
    bad = [replace(BAD, seed=seed, mended_at=at, heard_at=at) for seed in SEEDS]
    other = [replace(OTHER, seed=seed, harm=n < harmed, needless=int(n < paged_early)) for n, seed in enumerate(SEEDS)]
    return [*bad, *other]


ORACLE = played(0.0)
RIVALS = {"slow": played(10.0), "hasty": played(1.0, harmed=5), "asleep": played(None)}


def test_the_avoidable_cost_is_that_beyond_the_oracle() -> None:
    """40 % deploys, 60 % other incidents: the oracle pays .4 * 1 + .6 * 30, ours .4 * 1 more."""
    found = compare(played(1.0), RIVALS, ORACLE)
    assert found.oracle[1.0] == pytest.approx(0.4 * 1.0 + 0.6 * 30.0)
    costs = {name: costs[1.0] for name, costs in found.avoidable.items()}
    assert costs == pytest.approx(
        {OURS: 0.4, "slow": 4.0, "hasty": 0.4 + 0.6 * 0.5 * 30.0, "asleep": 0.4 * (83.0 - 1.0)}
    )
    assert found.best[1.0] == "slow" and found.ratio.value == pytest.approx(10.0)
    assert found.ratio.n == 20


def test_mistakes_weigh_a_third_and_three_times_as_much() -> None:
    """The best rival may be another at each price; ours must be first at all of them."""
    found = compare(played(1.0), RIVALS, ORACLE)
    assert [found.avoidable["hasty"][factor] for factor in FACTORS] == pytest.approx([0.4 + 3.0, 9.4, 27.4])
    assert [found.best[factor] for factor in FACTORS] == ["hasty", "slow", "slow"]
    assert found.holds
    careless = compare(played(1.0, harmed=1), RIVALS, ORACLE)
    assert [careless.avoidable[OURS][factor] for factor in FACTORS] == pytest.approx([1.0, 2.2, 5.8])
    assert not careless.holds, "5.8 against 4 where mistakes cost three times as much"


def test_what_is_between_incidents_counts_if_it_is_known() -> None:
    """A year with 58 pages and 29 rollbacks: 5 and 15 minutes an incident; mistakes, so it is weighed like them."""
    pages = round(INCIDENTS_PER_YEAR)
    noisy = between_incidents([Clean("c", 0.5, pages // 2, pages, 0, 0), Clean("d", 0.5, 0, 0, 0, 0)])
    assert noisy == pytest.approx(20.0, abs=0.1)
    found = compare(played(1.0), RIVALS, ORACLE, between={"slow": noisy, OURS: 0.1})
    assert found.avoidable["slow"][3.0] == pytest.approx(4.0 + 3 * noisy)
    assert found.avoidable[OURS][1.0] == pytest.approx(0.5)
    assert found.best[1.0] == "hasty" and found.ratio.value == pytest.approx(9.4 / 0.5)
    assert between_incidents([]) == 0.0


def test_the_interval_holds_the_ratio_and_is_the_seeds() -> None:
    """The same each time; without any spread within a class it is a point."""
    found = compare(played(1.0, paged_early=5), RIVALS, ORACLE)
    assert found.ratio.value == pytest.approx(4.0 / (0.4 + 0.6 * 0.5 * 5.0))
    assert found.ratio.low < found.ratio.value < found.ratio.high
    assert found.ratio.low > 1.2 and found.ratio.high < 5.0
    assert found.ratio == compare(played(1.0, paged_early=5), RIVALS, ORACLE).ratio
    few = {compare(played(1.0, paged_early=5), RIVALS, ORACLE, seed=seed, samples=20).ratio for seed in range(5)}
    assert len(few) > 1
    point = compare(played(1.0), {"slow": RIVALS["slow"]}, ORACLE).ratio
    assert point.low == pytest.approx(point.value) == pytest.approx(point.high)


def test_a_tie_is_not_first_and_who_is_as_good_as_the_oracle_has_no_ratio() -> None:
    """Ours must cost less; it is infinite."""
    assert not compare(played(10.0), RIVALS, ORACLE).holds
    assert compare(ORACLE, RIVALS, ORACLE).ratio.value == inf


@pytest.mark.parametrize("wrong", [ORACLE[1:], [*ORACLE[:-1], replace(ORACLE[-1], seed="other")], [*ORACLE, ORACLE[0]]])
def test_only_the_same_episodes_are_compared(wrong: Sequence[Played]) -> None:
    """None missing, none of another seed, none twice; in any order."""
    with pytest.raises(ValueError, match="slow did not play the same episodes"):
        compare(ORACLE, {"slow": wrong}, ORACLE)
    assert compare(played(1.0)[::-1], RIVALS, ORACLE).ratio == compare(played(1.0), RIVALS, ORACLE).ratio


def test_it_is_published_as_an_object() -> None:
    """Numbers by name, at each price."""
    found = compare(played(1.0), RIVALS, ORACLE).json_object()
    assert found["best_rival"] == {"0.33": "hasty", "1.00": "slow", "3.00": "slow"}
    assert found["ranking_holds"] is True
    assert set(found) == {"oracle_minutes", "avoidable_minutes", "best_rival", "ratio", "ranking_holds"}

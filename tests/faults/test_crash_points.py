"""A sample of the crash points, another one for each commit; all of them: README.md says how.

A sample is drawn from a seed: the commit's name, or the day where there is none. A failure says how to draw it again.
"""

from pathlib import Path
from random import Random

import pytest

from tests.faults import revert_points
from tests.faults.crash_points import NO_EFFECT, judge, judge_all, path, spread
from tests.faults.journeys import JOURNEYS, heard
from tests.faults.remedy_journeys import BESIDE, CASES, REMEDY_JOURNEYS, points_of
from tests.support.databases import DATABASES
from tests.support.drawn import of_this_commit, part
from watchdog.domain.remedies.kinds import RemedyKind

TOLD, ROLLING = "web is down: rollback to 1b7e0d4 at 16:17 UTC", "web fails 95% of probes: rolling back to 1b7e0d4"
ENDED = "web is back after 62 s: rolled back to 1b7e0d4"
FURTHER = sorted(set(JOURNEYS) - {"rollback"})


@pytest.fixture(scope="module")
def seed(pytestconfig: pytest.Config) -> str:
    return pytestconfig.getoption("--crash-seed") or of_this_commit()


def assert_sample_is_well(folder: Path, seed: str, store: str, journey: str, count: int) -> None:
    """Kill at so many points of a journey; on a way with a veto the one that goes on has waited beside the other."""
    chance = Random(f"{seed} {store} {journey}")
    with DATABASES[store]() as databases:
        points = path(folder / "undisturbed", databases, JOURNEYS[journey])
        # To give auto-deploy back is the shortest way: six commits and calls, before and after each.
        assert len(points) >= 12, points
        drawn = spread(points, count, chance)
        standby = journey == "veto"
        judged = judge_all(folder, databases, drawn, JOURNEYS[journey], jobs=3, standby=standby)
        # A save without effects may not come on a busy machine, where two readings share one: its story went well.
        missed = [one for one in judged if not one.reached and NO_EFFECT not in one.point]
        wrong = [
            f"{one.point}: {one.wrong or 'not reached'}" for one in (*missed, *(one for one in judged if one.wrong))
        ]
        assert not wrong, "\n".join([*wrong, f"{journey} on {store}; the same sample: pytest --crash-seed={seed}"])


@pytest.mark.long
@pytest.mark.parametrize(("store", "count"), [("sqlite", 3), ("postgresql", 2)])
def test_case_01_02_03_04_killed_at_any_commit_or_effect(tmp_path: Path, seed: str, store: str, count: int) -> None:
    """Wherever it dies: one rollback, the incident closed, every channel told of both ends, when it is back."""
    assert_sample_is_well(tmp_path, seed, store, "rollback", count)


@pytest.mark.nightly
def test_case_01_02_03_04_killed_on_another_way(tmp_path: Path, seed: str) -> None:
    """The same for an expired artefact, a veto window, a button in Slack, auto-deploy given back: one, drawn."""
    chance = Random(seed)
    assert_sample_is_well(tmp_path, seed, chance.choice(sorted(DATABASES)), chance.choice(FURTHER), 1)


@pytest.mark.long
def test_case_01_02_03_04_killed_in_the_middle_of_a_remedy(tmp_path: Path, seed: str) -> None:
    """Of one kind and outcome, at one commit or call: done at most once; rolled back only where it did not cure."""
    chance = Random(seed)
    store, name = chance.choice(sorted(DATABASES)), chance.choice(sorted(REMEDY_JOURNEYS))
    point = chance.choice(points_of(REMEDY_JOURNEYS[name].kind))
    with DATABASES[store]() as databases:
        verdict = judge(tmp_path, databases, point, REMEDY_JOURNEYS[name], standby=False)
    assert verdict.reached and not verdict.wrong, f"{name} on {store}, {point}: {verdict.wrong}; --crash-seed={seed}"


@pytest.mark.long
def test_case_21_another_worker_takes_over_in_the_middle_of_a_remedy(tmp_path: Path) -> None:
    """The restart is made, and its worker is dead before it knows: the one that waited finds it, and sends nothing."""
    with DATABASES["postgresql"]() as databases:
        point, journey = f"after apply {RemedyKind.RESTART} #1", REMEDY_JOURNEYS[f"{RemedyKind.RESTART} cures"]
        verdict = judge(tmp_path, databases, point, journey, standby=True)
    assert verdict.reached and not verdict.wrong, verdict.wrong


@pytest.mark.long
def test_case_01_02_03_a_revert_that_is_killed_is_pushed_once(tmp_path: Path, seed: str) -> None:
    """At one commit or push, with real git: run again, the command finds what is there; all points are the night's."""
    chance = Random(seed)
    store, point = chance.choice(sorted(DATABASES)), chance.choice(revert_points.POINTS)
    with DATABASES[store]() as databases:
        revert_points.killed_at(tmp_path, databases, point)


def test_every_kind_of_remedy_has_its_crash_points() -> None:
    assert {*CASES, *BESIDE} == set(RemedyKind)
    assert {one.kind for one in REMEDY_JOURNEYS.values() if one.cures} == set(CASES)


def test_the_sample_changes_with_its_seed_and_is_spread() -> None:
    """One point of each stretch; the same seed, the same sample; over some seeds every point has its turn."""
    points = [str(number) for number in range(40)]
    for seed in range(20):
        drawn = spread(points, 4, Random(seed))
        assert [int(point) // 10 for point in drawn] == [0, 1, 2, 3] and drawn == spread(points, 4, Random(seed))
    assert {point for seed in range(200) for point in spread(points, 4, Random(seed))} == set(points)


def test_the_part_of_a_table_changes_with_its_seed() -> None:
    """The same seed, the same part, never an empty one; over some seeds every row has its turn."""
    rows = [str(number) for number in range(10)]
    parts = [part(rows, 3, str(seed)) for seed in range(50)]
    assert {len(one) for one in parts} == {4} and len(set(map(tuple, parts))) > 10
    assert {row for one in parts for row in one} == set(rows) and parts[7] == part(rows, 3, "7")
    assert part(["alone"], 9, "") == ["alone"]


@pytest.mark.parametrize(
    ("texts", "well"),
    [
        ([TOLD, ROLLING, ENDED], True),
        ([TOLD, TOLD, ROLLING, ENDED, ENDED], True),
        ([TOLD, TOLD, TOLD, ROLLING, ENDED], False),
        ([TOLD, ROLLING], False),
        ([TOLD, ENDED, ROLLING], False),
        ([TOLD, ROLLING, ENDED, "web is down: HTTP 503 since 16:16 UTC"], False),
    ],
)
def test_what_was_heard_is_judged(texts: list[str], well: bool) -> None:
    """Everything, in order, once or twice, and nothing else."""
    told = JOURNEYS["veto"].told
    assert (heard(texts, told) == list(told)) is well

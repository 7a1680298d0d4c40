"""A sample of the crash points; all of them: python -m tests.faults.crash_points, once for each store."""

from pathlib import Path

import pytest

from tests.faults.crash_points import judge_all, path
from tests.faults.databases import DATABASES

SAMPLE = {"sqlite": 6, "postgresql": 3}
"""So many points, spread over the path."""


@pytest.mark.parametrize("store", SAMPLE)
def test_case_01_02_03_04_killed_at_any_commit_or_effect(tmp_path: Path, store: str) -> None:
    """Wherever it dies: one rollback, the incident closed, every channel told of both ends, when it is back."""
    with DATABASES[store]() as databases:
        points = path(tmp_path / "undisturbed", databases)
        assert len(points) >= 40, points
        spread = points[len(points) // SAMPLE[store] // 2 :: len(points) // SAMPLE[store]][: SAMPLE[store]]
        wrong = [one for one in judge_all(tmp_path, databases, spread, jobs=3) if one.wrong or not one.reached]
        assert not wrong, "\n".join(f"{one.point}: {one.wrong or 'not reached'}" for one in wrong)

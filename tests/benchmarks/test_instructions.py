"""The benchmark of instructions: what its sums are, when it fails, and that what it counts does its work."""

from pathlib import Path

import pytest

from tests.benchmarks import instructions, workloads
from tests.benchmarks.instructions import MINOR, NUMBERS, REFERENCE, Row, each, keep, kept_in, rows


def test_start_up_cancels_and_a_workload_that_does_nothing_is_no_figure() -> None:
    """A thousand instructions of start-up beside seven an item do not count; twice as many items must take more."""
    assert each(1000 + 7 * 50, 1000 + 7 * 100, 50) == 7.0
    with pytest.raises(ValueError, match="nothing was done"):
        each(1000, 1000, 50)


@pytest.mark.parametrize(
    ("counted", "kept", "fails"),
    [
        (200.0, 20.0, False),
        (249.0, 20.0, False),
        (251.0, 20.0, True),
        (100.0, 20.0, False),
        (200.0, None, True),
    ],
)
def test_it_fails_at_a_quarter_more(counted: float, kept: float | None, fails: bool) -> None:
    """Against the kept ratio; what is not kept fails, too, or a new workload would never be compared."""
    (row,) = rows({REFERENCE: 10.0, "reading": counted}, {} if kept is None else {"reading": kept})
    assert row.too_much is fails


def test_another_build_of_the_interpreter_cancels() -> None:
    """Of one that takes a third more for everything, the ratio is the same."""
    (slow,) = rows({REFERENCE: 13.3, "reading": 266.0}, {"reading": 20.0})
    assert slow.growth == pytest.approx(0.0)


def test_what_is_kept_can_be_compared_with(tmp_path: Path) -> None:
    """The figures of this version of Python are written beside those of others, which stay."""
    path = tmp_path / "kept.json"
    path.write_text('{"2.7": {"ratio": {}}}')
    keep([Row("reading", 200.0, 20.0, None)], path)
    told = kept_in(path)
    assert told["2.7"] == {"ratio": {}}
    assert told[MINOR]["ratio"] == {"reading": 20.0} and told[MINOR]["instructions"] == {"reading": 200}


def test_the_repository_keeps_every_workload_of_the_python_of_ci() -> None:
    """Ratio, figure, date and Python: without them the command would compare nothing there."""
    ours = kept_in()["3.11"]
    assert set(ours["ratio"]) == set(NUMBERS) - {REFERENCE} and {"date", "python", "instructions"} <= set(ours)


def test_the_workloads_work() -> None:
    """Each does what it is counted for; the probe asserts that the reading is healthy."""
    workloads.reference(3)
    workloads.reading(3)
    with instructions.site() as url:
        workloads.probe(2, url)

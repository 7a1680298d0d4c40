"""Is the storm able to see? Each weakened variant must be caught, by the figure that is about what it lacks."""

import json

import pytest

from tests.simulation.catch import CAUGHT_AT, WEAKENED, shows
from tests.support.drawn import drawn
from watchdog.lab.storm.variants import VARIANTS


@pytest.mark.long
@pytest.mark.parametrize("name", drawn(WEAKENED, 3))
def test_case_06_12_a_weakened_variant_is_caught(name: str) -> None:
    """In the seed where it was caught when the storm was last changed."""
    at = json.loads(CAUGHT_AT.read_text())[name]
    assert at is not None, f"{name} is never caught: the storm has gone blind"
    moved = (
        f"{name} is not caught in seed {at} any more: run `python -m tests.simulation.catch`, and commit what it writes"
    )
    assert shows(name, range(at, at + 1)), moved


def test_every_figure_has_a_variant_that_shows_it() -> None:
    """A figure that nothing can light says nothing."""
    figures = {one.caught_by for one in VARIANTS.values() if one.caught_by}
    shown = {"double_rollbacks", "wrong_targets", "missed", "stuck", "lost_pages", "left_off"}
    of_remedies = {"double_remedies", "early_rollbacks", "untold_remedies"}
    assert figures == shown | {"left_open", "rung_after_end"} | of_remedies

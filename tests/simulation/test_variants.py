"""Is the storm able to see? Each weakened variant must be caught, by the figure that is about what it lacks."""

import pytest

from watchdog.app.storms import play_chunk
from watchdog.lab.storm.variants import FULL, VARIANTS

SEEDS, CHUNK = 800, 20
CAUGHT_AT = {
    "blind-resend": 8,
    "short-settle": 90,
    "no-guard": 438,
    "no-fence": 30,
    "no-last-look": 168,
    "no-read-back": 94,
    "no-retry": 2,
    "no-wake": 2,
    "endless-settle": 2,
}
"""Where each was caught when the storm was last changed: looked at first, to save time, and no more than that."""


def shows(name: str, seeds: range) -> bool:
    """Tell whether a variant is caught in one of these seeds."""
    return any(getattr(one.score, VARIANTS[name].caught_by) for one in play_chunk(seeds, name))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [name for name in VARIANTS if name != FULL])
def test_case_06_12_a_weakened_variant_is_caught(name: str) -> None:
    """Within 800 seeds its figure shows; the first time will do."""
    at = CAUGHT_AT[name]
    chunks = [range(at, at + 1), *(range(first, first + CHUNK) for first in range(1, SEEDS, CHUNK))]
    assert any(shows(name, seeds) for seeds in chunks), f"{name} survived {SEEDS} seeds: the storm has gone blind"


def test_every_figure_has_a_variant_that_shows_it() -> None:
    """A figure that nothing can light says nothing."""
    figures = {one.caught_by for one in VARIANTS.values() if one.caught_by}
    assert figures == {"double_rollbacks", "wrong_targets", "missed", "stuck", "lost_pages", "left_off"}

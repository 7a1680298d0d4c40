"""Is the storm able to see? Each weakened variant of the protocol must be caught with a double rollback."""

import pytest

from watchdog.app.storms import play_chunk
from watchdog.lab.storm.variants import FULL, VARIANTS

SEEDS, CHUNK = 400, 20


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [name for name in VARIANTS if name != FULL])
def test_case_06_12_a_weakened_variant_is_caught(name: str) -> None:
    """Within 400 seeds some double rollback shows; the first one will do."""
    for first in range(1, SEEDS, CHUNK):
        outcomes = play_chunk(range(first, first + CHUNK), name)
        if any(one.score.double_rollbacks for one in outcomes):
            return
    pytest.fail(f"{name} survived {SEEDS} seeds: the storm has gone blind")

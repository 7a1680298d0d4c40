"""The signature test: 300 seeds of the full protocol; and the same seed tells the same story everywhere."""

import os
import subprocess
import sys

import pytest

from watchdog.app.storms import play_chunk, reasons

SEEDS, CHUNK = 300, 15


@pytest.mark.parametrize("first", range(1, SEEDS, CHUNK))
def test_case_12_13_23_nothing_goes_wrong_in_any_weather(first: int) -> None:
    """No double rollback, no wrong target, nothing missed, stuck or lost; a bad seed says how to play it again."""
    outcomes = play_chunk(range(first, first + CHUNK), "full")
    assert len(outcomes) == CHUNK
    assert all(one.seconds >= 600 for one in outcomes), "ten virtual minutes at least"
    bad = [
        f"watchdog lab storm --seed {one.seed}: {'; '.join(reasons(one.score))}" for one in outcomes if one.score.bad
    ]
    assert not bad, "\n".join(bad)


def test_the_storm_is_one() -> None:
    """Among a few seeds there are rollbacks, kills, freezes, a dead store, lost answers, people: it tests something."""
    from watchdog.app.storm import play, silence

    with silence():
        traces = [line for seed in range(1, 31) for line in play(seed).trace]
    for what in (
        "ACCEPTED",
        "KILLED",
        "FROZEN",
        "STORE DOWN",
        "answer to",
        "answer lost",
        "human:",
        "CLOCK",
        "BLIND",
        "CHANNEL",
    ):
        assert any(what in line for line in traces), f"no {what} in 30 seeds"


FINGERPRINTS = (
    "from watchdog.app.storms import play_chunk; print([one.fingerprint for one in play_chunk(range(1, 5), 'full')])"
)


def test_the_same_seed_is_the_same_run_everywhere() -> None:
    """The hash over all that happened does not depend on PYTHONHASHSEED, nor on what this process did before."""
    here = [one.fingerprint for one in play_chunk(range(1, 5), "full")]
    assert len(set(here)) == 4
    for hash_seed in ("1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", FINGERPRINTS],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=170,
            check=True,
        )
        assert done.stdout.strip() == str(here)

"""The signature test: 300 seeds of the full protocol; and the same seed tells the same story everywhere."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import fields

import pytest

from tests.clocks import PATIENCE_SECONDS
from watchdog.app.storms import play_all, play_chunk, reasons
from watchdog.lab.storm.weather import Weather

SEEDS = 300
FLOORS = {
    "crash_at_point": 250,
    "freeze_at_point": 250,
    "crash_in_protocol": 8,
    "freeze_in_protocol": 15,
    "crash_anywhere": 120,
    "freeze_anywhere": 120,
    "store_fails": 1000,
    "store_answer_lost": 1000,
    "store_outages": 40,
    "store_clock_steps": 30,
    "request_limited": 12,
    "request_not_connected": 6,
    "request_lost": 10,
    "connection_reset": 40,
    "answer_500": 12,
    "answer_lost": 35,
    "slow_landing": 100,
    "refused": 4,
    "artefacts_gone": 20,
    "rollback_fails": 8,
    "list_fails": 1200,
    "list_stale": 6000,
    "list_slow": 10,
    "list_shuffled": 1500,
    "switch_twice": 12,
    "channel_fails": 40,
    "channel_answer_lost": 15,
    "channel_outages": 60,
    "notice_twice": 30,
    "clock_steps": 50,
    "blindness": 35,
    "humans": 120,
    "humans_in_protocol": 45,
    "stops": 40,
}
"""How often each kind of fault must at least have struck in these seeds: else they prove nothing about it."""


@pytest.mark.long
@pytest.mark.timeout(900)
def test_case_12_13_23_nothing_goes_wrong_in_any_weather() -> None:
    """Nothing double, wrong, missed, stuck, lost or left; a bad seed says how to play it again. And it was a storm."""
    report = play_all(1, SEEDS)
    assert len(report.outcomes) == SEEDS
    assert all(one.seconds >= 600 for one in report.outcomes), "ten virtual minutes at least"
    bad = [f"watchdog lab storm --seed {one.seed}: {'; '.join(reasons(one.score))}" for one in report.bad]
    assert not bad, "\n".join(bad)
    struck = sum((one.struck for one in report.outcomes), Counter[str]())
    rare = {fault: struck[fault] for fault, floor in FLOORS.items() if struck[fault] < floor}
    assert not rare, f"these faults hardly ever happened: {rare}"
    told = report.json_object()
    assert told["judged"] >= 100 and told["rollbacks"] >= 120, "outages that lasted, and answers to them"  # type: ignore[operator]


def test_every_fault_of_the_weather_has_its_floor() -> None:
    """A kind of fault that nobody draws is none."""
    assert {one.name for one in fields(Weather)} == set(FLOORS)


FINGERPRINTS = (
    "from watchdog.app.storms import play_chunk; print([one.fingerprint for one in play_chunk(range(1, 5), 'full')])"
)


@pytest.mark.long
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
            timeout=PATIENCE_SECONDS,
            check=True,
        )
        assert done.stdout.strip() == str(here)

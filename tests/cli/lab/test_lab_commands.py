"""`lab storm`, `lab soak` and `lab speed`, typed: the sum as JSON, one seed line by line, an exit code that tells."""

import json
from typing import get_args

import pytest

from tests.support.child_processes import python
from watchdog.app.commands.storm_suite import COUNTED, WORDS
from watchdog.cli.lab.lab_commands import Variant
from watchdog.lab.storm.variants import VARIANTS


@pytest.mark.long
def test_seeds_are_summed_up() -> None:
    """One JSON object on stdout, nothing on stderr; the exit code agrees with it."""
    done = python("-m", "watchdog", "lab", "storm", "--seeds", "3", "--first", "40", "--json")
    told = json.loads(done.stdout)
    assert told["seeds"] == 3 and done.returncode == (1 if told["bad"] else 0) and done.stderr == ""


@pytest.mark.long
def test_a_seed_is_told_line_by_line() -> None:
    done = python("-m", "watchdog", "lab", "storm", "--seed", "41")
    lines = done.stdout.splitlines()
    assert any("starts" in line for line in lines)
    assert any(line.startswith("seed 41: ") for line in lines)
    assert (lines[-1] == "no failure") is (done.returncode == 0)


def test_every_variant_can_be_named() -> None:
    assert set(get_args(Variant)) == set(VARIANTS)


def test_every_kind_of_failure_has_its_words() -> None:
    """A new one would not be printed without them."""
    assert tuple(WORDS) == COUNTED


@pytest.mark.long
def test_a_soak_is_summed_up() -> None:
    done = python("-m", "watchdog", "lab", "soak", "--hours", "2", "--services", "3", "--json")
    told = json.loads(done.stdout)
    assert (told["hours"], told["services"]) == (2, 3) and told["reads"] > 3 * 2 * 360
    assert done.returncode == (0 if told["flat"] else 1) and done.stderr == ""


def test_the_speed_is_summed_up() -> None:
    done = python("-m", "watchdog", "lab", "speed", "--rounds", "1", "--days", "0.1", "--json")
    told = json.loads(done.stdout)
    assert told["observations_per_second"] > 0 and len(told["observations_per_second_rounds"]) == 1
    assert told["service_year_seconds"] > 0 and done.returncode == (0 if told["fast_enough"] else 1)
    assert done.stderr == ""

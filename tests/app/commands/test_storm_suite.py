"""Storms in parallel processes: a sum that adds up, and one seed told again exactly."""

import asyncio
import json
from contextlib import suppress

import pytest

from watchdog.app.commands.storm_suite import play_all, play_within, reasons, replay
from watchdog.lab.storm.world import Result

pytestmark = pytest.mark.long


def test_the_report_adds_up_whatever_the_processes() -> None:
    """The seeds asked for, in order; the sum has all its figures; two processes show what one shows."""
    report = play_all(5, 4, processes=2)
    assert [one.seed for one in report.outcomes] == [5, 6, 7, 8]
    told = json.loads(json.dumps(report.json_object()))
    figures = {"double_rollbacks", "missed", "stuck", "lost_pages", "wrong_targets", "left_off", "faults"}
    figures |= {"left_open", "rung_after_end", "double_remedies", "early_rollbacks", "untold_remedies"}
    assert set(told) == {"seeds", "virtual_days", "rollbacks", "judged", "seconds", "bad"} | figures
    assert told["seeds"] == 4 and told["virtual_days"] >= round(4 * 600 / 86400, 2)
    assert sum(told[name] for name in figures) == sum(len(reasons(one.score)) for one in report.bad)
    alone = play_all(5, 4, processes=1)
    assert [one.fingerprint for one in alone.outcomes] == [one.fingerprint for one in report.outcomes]


def test_a_seed_plays_again_byte_for_byte() -> None:
    """Replay tells the very same trace, and the same hash as the run among others."""
    once, again = replay(6), replay(6)
    assert once.trace == again.trace
    assert once.fingerprint == again.fingerprint == play_all(6, 1, processes=1).outcomes[0].fingerprint
    assert any("THE FAULTS STOP" in line for line in once.trace)


async def goes_on_after_any_error() -> None:
    while True:
        with suppress(Exception):
            await asyncio.sleep(0)


def hangs(_seed: int) -> Result:
    asyncio.run(goes_on_after_any_error())
    raise AssertionError("it never ends")


def test_a_seed_that_hangs_is_bad_and_stops_no_other() -> None:
    """A night ended with the first one, and reported nothing."""
    hung = play_within(0.1, 7, hangs)
    assert (hung.seed, reasons(hung.score)) == (7, ["faults: it was not played to its end within 0.1 s"])
    fine = play_within(60.0, 8, replay)
    assert fine.seed == 8 and fine.fingerprint

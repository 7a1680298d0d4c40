"""Storms in parallel processes: a sum that adds up, and one seed told again exactly."""

import json

import pytest

from watchdog.app.commands.storm_suite import play_all, reasons, replay

pytestmark = pytest.mark.long


def test_the_report_adds_up_whatever_the_processes() -> None:
    """The seeds asked for, in order; the sum has all its figures; two processes show what one shows."""
    report = play_all(5, 4, processes=2)
    assert [one.seed for one in report.outcomes] == [5, 6, 7, 8]
    told = json.loads(json.dumps(report.json_object()))
    figures = {"double_rollbacks", "missed", "stuck", "lost_pages", "wrong_targets", "left_off", "faults"}
    figures |= {"left_open", "rung_after_end"}
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

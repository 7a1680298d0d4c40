"""Jobs that bring errors, the floods beside them, and how both are counted."""

import pytest

from watchdog.app.commands.error_seasons_run import ErrorSeasons, play_error_seasons
from watchdog.domain.units import show_seconds
from watchdog.lab.closed_loop import ActionTaken, Record
from watchdog.lab.error_seasons import FLOODS, HISTORY, NOTICES, ErrorJobs, Flood, noticed_after, quiet_scene
from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.latency_power import Seasonal, seasonal
from watchdog.lab.varied_worlds import Job

HOUR, DAY = 3600.0, 86400.0
MONDAY = 1_798_934_400.0 + DAY


def test_a_job_brings_its_errors_on_its_days_and_after_midnight() -> None:
    """Within its jitter, the same for every read; two jobs add up."""
    night, mondays = Job(None, 23.9, (1.0, 1.0), 40.0), Job(0, 8.0, (2.0, 2.0), 10.0)
    jobs = ErrorJobs(KeyedRandom("jobs", 1), (night, mondays))
    for day in range(8):
        at = MONDAY + DAY * day
        assert [jobs.at(at + HOUR * hour) for hour in (0.4, 7.0, 9.0, 12.0)] == [40.0, 0.0, 10.0 * (day % 7 == 0), 0.0]
    assert ErrorJobs(KeyedRandom("jobs", 1), (night, night)).at(MONDAY + 0.4 * HOUR) == 80.0


@pytest.mark.parametrize("flood", FLOODS, ids=lambda one: one.name)
def test_a_flood_is_where_its_name_says(flood: Flood) -> None:
    """Beside the batch and below it, or in it and above; the tracker counts both."""
    for seed in range(20):
        scene = flood.kind.scene(f"dev-{seed}", HISTORY)
        web, at = scene.main, scene.fault_at
        assert web.error_jobs is not None
        batch = max(web.error_jobs.at(at - 60.0 * minute) for minute in range(1440))
        before, during = (sum(web.minute(at + shift + 60.0 * n).count for n in range(10)) / 10 for shift in (-DAY, 0.0))
        assert (during < 1.5 * batch + before) is (flood is not FLOODS[-1]) and during > before
        assert (web.error_jobs.at(at) > 0) in ((False,) if flood is not FLOODS[-1] else (True, False))


def test_notices_count_from_the_end_of_the_learning_period_and_of_a_flood_from_its_begin() -> None:
    """A page, a question or an information; a rollback is none."""
    scene = quiet_scene("dev-1")
    done = [ActionTaken(scene.begins_at + DAY * day, what, "web") for day, what in ((3, "page"), (20, "info"))]
    rollback = ActionTaken(scene.begins_at + 21 * DAY, "rollback", "web")
    assert seasonal(scene.begins_at, Record([*done, rollback]), NOTICES) == Seasonal(1, 1)
    flooded = FLOODS[0].kind.scene("dev-1", HISTORY)
    told = [ActionTaken(flooded.fault_at + at, "page", "web") for at in (-60.0, 120.0)]
    assert noticed_after(flooded, Record(told)) == 120.0 and noticed_after(flooded, Record(told[:1])) is None


def test_the_table_says_what_was_counted() -> None:
    """And how many floods were told in time."""
    assert ErrorSeasons([], {"a flood": []}).lines() == []
    lines = ErrorSeasons([Seasonal(2, 0), Seasonal(1, 1)], {"a flood": [90.0, None], "none": [None]}).lines()
    assert lines[1] == "2 services with jobs that bring errors, 60 days: 3 notices in the first 15 days, 1 later"
    assert lines[-2:] == [f"| a flood | 1 of 2 | {show_seconds(90.0)} |", "| none | 0 of 1 |  |"]


@pytest.mark.nightly
def test_a_flood_below_the_nightly_batch_is_told_within_ten_minutes() -> None:
    """Through the whole core, after 15 days; the batch itself leads to no notice any more."""
    played = play_error_seasons("dev-errors", 1, processes=2)
    assert [len(after) for after in played.floods.values()] == [1, 1, 1]
    assert None not in played.floods[FLOODS[0].name] and played.quiet[0].later == 0

"""A daemon that is killed again and again while a site is down: the outage does not begin anew with each start."""

from pathlib import Path

import pytest

from tests.support.daemon_processes import Cloud, Daemon, watching

RUN = """\
advanced:
  verification: {seconds: 3s}
  detection: {run: 40s, run_in_watch: 40s, run_corroborated: 40s, fresh: 1m}
  pace: {idle: 2s, watch: 1s, suspect: 1s, suspect_in_watch: 500ms}
"""
"""A site must fail for longer than each start lives; a start that takes long on a busy machine is no break in it."""
LOOKS = 10
"""So often each start sees the site fail before it is killed: a busy machine has saved some of that by then."""
STARTS_MAX = 60


def failing_hits(cloud: Cloud) -> int:
    return sum(service == "web" and status >= 500 for _, service, _, status in cloud.hits())


def killed_until_it_acts(cloud: Cloud, daemon: Daemon) -> int:
    """Kill and start it until it changes something at Render; return how often.

    No longer: a rollback that is killed as it is sent is looked up for half a minute, and may end with a person
    (crash_points.py). That is another story.
    """
    for kills in range(STARTS_MAX):
        seen = failing_hits(cloud)
        daemon.until(lambda seen=seen: not cloud.untouched() or failing_hits(cloud) >= seen + LOOKS)
        if not cloud.untouched():
            return kills
        daemon.kill()
        daemon.start()
    raise AssertionError(f"after {STARTS_MAX} starts nothing was done:\n{daemon.words()[-4000:]}")


@pytest.mark.long
def test_case_50_killed_every_few_seconds_it_rolls_back_all_the_same(tmp_path: Path) -> None:
    """What each start saw is saved as it comes; the next one goes on from there, and one rollback is made."""
    with watching(tmp_path, quirks=False, more=RUN) as (cloud, daemon):
        cloud.bad_deploy()
        assert killed_until_it_acts(cloud, daemon) >= 2
        assert daemon.until_story("CLOSED").startswith("rolled back and verified")
        assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]

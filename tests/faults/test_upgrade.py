"""The watchdog is upgraded: it decides the recorded past again before it acts by itself, and says what is other."""

import gzip
from pathlib import Path

import pytest

from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding
from watchdog import __version__
from watchdog.app.compose.upgrade_check import MARK

ENDED_WELL = 0
OFTEN = "budget: {cooldown: 1s, per_fleet_per_10m: 9}\n"
"""The second rollback comes a few seconds after the first."""


def notices(cloud: Cloud) -> list[str]:
    """Return what Slack was told of the upgrade."""
    return [str(one["text"]) for one in cloud.log("slack_webhook") if "past incident" in str(one["text"])]


def of_an_earlier_version(folder: Path, *, told: str) -> None:
    """Make what was recorded that of version 0.0.9; which decided `told` where this one rolled back."""
    for path in folder.glob("*.jsonl.gz"):
        text = gzip.decompress(path.read_bytes()).decode()
        text = text.replace(f'"watchdog":"{__version__}"', '"watchdog":"0.0.9"', 1)
        path.write_bytes(gzip.compress(text.replace('"means": "rollback critical"', f'"means": "{told}"').encode()))


def a_bad_deploy_of_before(cloud: Cloud, daemon: Daemon, *, told: str = "rollback critical") -> Path:
    """Live through one and stop, then make it one of an earlier version; return the recordings."""
    cloud.write(more=SHORT + OFTEN)
    daemon.start().until_watching()
    cloud.bad_deploy()
    daemon.until_story("CLOSED")
    daemon.process.terminate()
    assert daemon.until_ended() == ENDED_WELL
    recordings = cloud.folder / "recordings"
    of_an_earlier_version(recordings, told=told)
    return recordings


@pytest.mark.long
def test_after_an_upgrade_the_past_is_decided_again_once(tmp_path: Path) -> None:
    """Nothing is rolled back unasked until it is told; killed in the middle, the next start does it, and no other."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        recordings = a_bad_deploy_of_before(cloud, daemon)
        daemon.start().until_watching()
        held = daemon.until_story("HELD")
        assert f"all services by the upgrade (watchdog {__version__} first decides again" in held
        daemon.kill()
        assert not (recordings / MARK).exists() and not notices(cloud)
        daemon.start().until_watching()
        daemon.until(lambda: (recordings / MARK).exists())
        assert not daemon.story("HELD"), "the hold of the start before goes on"
        assert daemon.rows("SELECT count(*) FROM shared WHERE json LIKE '%the upgrade%'") == [(0,)]
        daemon.until(lambda: notices(cloud))
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])
        daemon.process.terminate()
        assert daemon.until_ended() == ENDED_WELL
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: len(cloud.log("rollback_accepted")) == 2)
        assert [
            f"watchdog {__version__} decides 1 past incident as watchdog 0.0.9 did" in one for one in notices(cloud)
        ] == [True]


@pytest.mark.long
def test_what_is_decided_otherwise_is_told_and_what_was_held_back_meanwhile_is_done(tmp_path: Path) -> None:
    """One incident of the past; and one that begins while the past is decided again."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        a_bad_deploy_of_before(cloud, daemon, told="page critical")
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: notices(cloud))
        (text,) = notices(cloud)
        assert f"watchdog {__version__} decides 1 of 1 past incident otherwise than watchdog 0.0.9 did" in text
        told = str([row for row in daemon.rows("SELECT * FROM effects") if "past incident" in str(row)])
        assert "; now decided rollback (critical) to dep-4" in told
        daemon.until(lambda: len(cloud.log("rollback_accepted")) == 2)

"""The watchdog is upgraded: it decides the recorded past again before it acts by itself, and says what is other."""

import gzip
import json
from pathlib import Path

import pytest

from tests.replay.test_recording_replay import taped
from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding, together
from tests.support.recorded_stories import story
from watchdog import __version__
from watchdog.adapters.recordings.judgement_digest import ours
from watchdog.app.compose.upgrade_check import MARK

OFTEN = "budget: {cooldown: 1s, per_fleet_per_10m: 9}\n"
"""The second rollback comes a few seconds after the first."""


def notices(cloud: Cloud) -> list[str]:
    return [str(one["text"]) for one in cloud.log("slack_webhook") if "past incident" in str(one["text"])]


def of_an_earlier_version(folder: Path, *, told: str) -> None:
    """Make what was recorded that of version 0.0.9; which decided `told` where this one rolled back."""
    for path in folder.glob("*.jsonl.gz"):
        text = gzip.decompress(path.read_bytes()).decode()
        text = text.replace(f'"watchdog":"{__version__}"', '"watchdog":"0.0.9"', 1)
        path.write_bytes(
            gzip.compress(text.replace('"means": "rollback critical dep-40"', f'"means": "{told}"').encode())
        )


def is_done(folder: Path) -> bool:
    """Tell whether the mark beside the recordings says so."""
    return '"done": true' in (folder / MARK).read_text()


def a_bad_deploy_of_before(cloud: Cloud, daemon: Daemon, *, told: str = "rollback critical dep-40") -> Path:
    """Live through one and stop, then make it one of an earlier version; return the recordings."""
    cloud.write(more=SHORT + OFTEN)
    daemon.start().until_watching()
    cloud.bad_deploy()
    daemon.until_story("CLOSED")
    daemon.stop()
    recordings = cloud.folder / "recordings"
    of_an_earlier_version(recordings, told=told)
    return recordings


def the_past_is_decided_again_once(folder: Path) -> None:
    """Nothing is rolled back unasked until it is told; killed in the middle, the next start does it, and no other."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        recordings = a_bad_deploy_of_before(cloud, daemon)
        daemon.start().until_watching()
        held = daemon.until_story("HELD")
        assert f"all services by the upgrade (watchdog {__version__} first decides again" in held
        daemon.kill()
        assert not is_done(recordings) and not notices(cloud)
        daemon.start().until_watching()
        daemon.until(lambda: is_done(recordings))
        assert daemon.story("HELD"), "each start holds for as long as it may need"
        assert daemon.rows("SELECT count(*) FROM shared WHERE json LIKE '%the upgrade%'") == [(0,)]
        daemon.until(lambda: notices(cloud))
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])
        daemon.stop()
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: len(cloud.log("rollback_accepted")) == 2)
        assert [f"watchdog {__version__} decides 1 past incident as before" in one for one in notices(cloud)] == [True]


def what_is_other_is_told_and_people_may_look_first(folder: Path) -> None:
    """One incident of the past; what fails after the notice is asked about for a while."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        a_bad_deploy_of_before(cloud, daemon, told="page critical")
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: notices(cloud))
        (text,) = notices(cloud)
        assert f"watchdog {__version__} decides 1 of 1 past incident otherwise" in text
        told = str([row for row in daemon.rows("SELECT * FROM effects") if "past incident" in str(row)])
        assert "; now decided rollback (critical) to dep-4" in told
        # On a slow machine the site may fail for sure before the list shows the new deploy: then it decides anew.
        daemon.until(lambda: any("action hold" in one for one in daemon.story("DECIDED")))
        assert len(cloud.log("rollback_accepted")) == 1


def what_never_came_to_its_end_is_not_begun_for_ever(folder: Path) -> None:
    """Begun twice already: people are told that it is not known, and the hold ends."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        recordings = cloud.folder / "recordings"
        taped(recordings, story("bad_deploy_is_rolled_back").steps)
        of_an_earlier_version(recordings, told="rollback critical dep-40")
        (recordings / MARK).write_text(json.dumps({"judgement": ours(), "tries": 2}))
        cloud.write()
        daemon.start().until_watching()
        daemon.until(lambda: is_done(recordings))
        (told,) = [text for text in daemon.story("NOTIFIED") if "decide the past again" in text]
        assert f"watchdog {__version__} could not decide the past again" in told
        assert daemon.rows("SELECT count(*) FROM shared WHERE json LIKE '%the upgrade%'") == [(0,)]


@pytest.mark.long
def test_after_an_upgrade(tmp_path: Path) -> None:
    stories = (
        the_past_is_decided_again_once,
        what_is_other_is_told_and_people_may_look_first,
        what_never_came_to_its_end_is_not_begun_for_ever,
    )
    together(*[lambda story=story: story(tmp_path / story.__name__) for story in stories])  # type: ignore[misc]

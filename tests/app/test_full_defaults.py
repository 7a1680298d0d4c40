"""The promise with shipped defaults, nothing shortened: five minutes of wall time (pytest -m nightly)."""

from pathlib import Path

import pytest

from tests.support.daemon_processes import guarding

REQUEST_WITHIN_SECONDS, RESTORED_WITHIN_SECONDS = 75.0, 300.0


@pytest.mark.nightly
@pytest.mark.parametrize("quirks", [True, False])
def test_a_bad_deploy_is_rolled_back_in_time(tmp_path: Path, quirks: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Onset to request within 75 s, to restored within 300 s; pinned before; exactly one rollback, to dep-40."""
    with guarding(tmp_path, quirks=quirks, rollback_seconds=60.0) as (cloud, daemon):
        daemon.start().until_watching()
        cloud.post("scenario", name="bad-deploy")
        assert daemon.until_story("CLOSED").startswith("rolled back and verified")
        (onset,) = cloud.log("fault_started")
        (sent,) = cloud.requests("render", "POST")
        (accepted,) = cloud.log("rollback_accepted")
        (pinned,) = cloud.log("auto_deploy_changed")
        (restored,) = (one for one in cloud.log("deploy_live") if one["deploy"] == accepted["deploy"])
        requested_after, restored_after = sent["at"] - onset["at"], restored["at"] - onset["at"]
        (row,) = daemon.history()
        with capsys.disabled():
            print(f"\nonset to request {requested_after:.1f} s, to restored {restored_after:.1f} s (quirks: {quirks})")
        assert requested_after <= REQUEST_WITHIN_SECONDS and restored_after <= RESTORED_WITHIN_SECONDS
        assert (pinned["to"], accepted["target"]) == ("off", "dep-40") and pinned["at"] < sent["at"]
        assert row["verified"] and row["target"] == "dep-40"

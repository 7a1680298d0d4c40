"""The promises of the README with shipped defaults, on real processes: the times of a rollback, and idle memory."""

from pathlib import Path

import pytest

from tests.support.daemon_processes import guarding

REQUEST_WITHIN_SECONDS, RESTORED_WITHIN_SECONDS = 75.0, 300.0


@pytest.mark.nightly
@pytest.mark.parametrize("quirks", [True, False])
def test_a_bad_deploy_is_rolled_back_in_time(tmp_path: Path, quirks: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Onset to request within 75 s, to restored within 300 s; pinned before; exactly one rollback, to dep-40.

    Nothing is shortened: five minutes of wall time.
    """
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


LIMIT_MIB = 120.0
SIX = """\
  api:
    render: srv-api
    signals: {{home: {{http: "{api}/"}}}}
  jobs:
    render: srv-jobs
    signals: {{home: {{http: "{site}/health"}}}}
  shop:
    signals: {{home: {{http: "{site}/health"}}}}
  docs:
    signals: {{home: {{http: "{site}/"}}}}
  blog:
    signals: {{home: {{http: "{api}/"}}}}
dependencies:"""
SERVICES = ("web", "api", "jobs", "shop", "docs", "blog")


def resident_mib(pid: int) -> float:
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@pytest.mark.long
def test_six_services_fit_into_the_memory_that_is_promised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Six services on the sandbox, settled: every one read some times and the state saved."""
    with guarding(tmp_path, quirks=True) as (cloud, daemon):
        cloud.write(replace={"dependencies:": SIX.format(**cloud.urls)})
        daemon.start(cold=True).until_watching()
        for service in SERVICES:
            daemon.until(lambda name=service: daemon.metric("watchdog_probe_total", service=name) >= 5)
        daemon.until(lambda: daemon.rows("SELECT 1 FROM parts"))
        used = resident_mib(daemon.process.pid)
        with capsys.disabled():
            print(f"\nidle memory with six services: {used:.0f} MiB resident (limit {LIMIT_MIB:.0f})")
        assert used < LIMIT_MIB

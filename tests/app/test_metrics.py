"""What the running daemon tells Prometheus: checked by promtool, scraped by a real one, and sent to a real one."""

import subprocess
from pathlib import Path

import pytest

from tests.faults.test_slack_answers import listening
from tests.support.child_processes import program
from tests.support.daemon_processes import Daemon, guarding, watching
from tests.support.prometheus_server import running_prometheus

pytestmark = pytest.mark.long

SCRAPERS_OWN = ("scrape_", "up")


def test_promtool_accepts_the_metrics(tmp_path: Path) -> None:
    """After an incident, so that every kind of series is there: names, types and help are by convention."""
    promtool = program("promtool", "prometheus")
    with watching(tmp_path, quirks=True) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until_story("CLOSED")
        daemon.until(lambda: daemon.metric("watchdog_pages_total", channel="pagerduty", outcome="sent") >= 2)
        text = daemon.get("/metrics").text
        assert daemon.metric("watchdog_rollbacks_total", service="web", outcome="accepted") == 1
        assert daemon.metric("watchdog_incidents_total", service="web", severity="critical") == 1
        assert daemon.metric("watchdog_incident_open") == 0
        assert daemon.metric("watchdog_auto_deploy_pinned", service="web") == 1
        assert daemon.metric("watchdog_service_phase", phase="calm") == 1
        assert daemon.metric("watchdog_restore_seconds_count") == 1
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


async def test_prometheus_gets_the_same_series_from_one_that_is_scraped_and_one_that_listens_on_nothing(
    tmp_path: Path,
) -> None:
    """Two daemons of one configuration, but for `metrics:`: a real Prometheus ends with the same names from both."""
    with (
        guarding(tmp_path / "scraped", quirks=False) as (cloud, scraped),
        guarding(tmp_path / "sending", quirks=True) as (other, sending),
    ):
        cloud.write()
        scraped.start().until_watching()
        target = f"127.0.0.1:{scraped.port}"
        async with running_prometheus(tmp_path, {"scraped": [target]}) as prometheus:
            away = f'metrics: {{listen: "", remote_write: "{prometheus.write_url}", every: 1s}}'
            other.write(replace={'metrics: {listen: "127.0.0.1:0"}': away})
            sending.start().until_watching()
            same = prometheus.wait_for
            names: dict[str, set[str]] = {}

            async def agree() -> bool:
                for job in ("scraped", "watchdog"):
                    found = await prometheus.names(job)
                    names[job] = {name for name in found if not name.startswith(SCRAPERS_OWN)}
                mine = {name for name in names["watchdog"] if "remote_write" not in name}
                return bool(mine) and mine == {name for name in names["scraped"] if "remote_write" not in name}

            await same(agree)
            assert listening(sending.process.pid) == [] and len(listening(scraped.process.pid)) == 1
            assert {"watchdog_probe_total", "watchdog_up", "watchdog_service_phase"} <= names["watchdog"]
            rows = await prometheus.values('watchdog_mode_info{job="watchdog"}')
            assert [(labels["service"], labels["mode"]) for labels, _ in rows] == [("web", "autonomous")]
            assert_well(scraped, sending)


def assert_well(*daemons: Daemon) -> None:
    """Both end as told, and had no fault of their own."""
    for daemon in daemons:
        daemon.process.terminate()
        assert daemon.until_ended() == 0 and "task failed" not in daemon.words() and daemon.errors() == ""

"""Maintenance mode, suspension and announced maintenance, with a real daemon over the simulated cloud's HTTP."""

from pathlib import Path

import pytest

from tests.support.daemon_processes import Cloud, Daemon, guarding, together, watching

SHORT = """\
advanced:
  verification: {seconds: 3s}
  detection: {run: 8s, run_in_watch: 8s, run_corroborated: 8s, run_probes_min: 3, calm: 3s}
  pace: {idle: 2s, watch: 1s, suspect: 1s, suspect_in_watch: 500ms}
"""
"""What is not about the time it takes; a confirmation still takes longer than the platform's next word."""


def confirmed_in_maintenance_mode(cloud: Cloud, daemon: Daemon) -> None:
    """Let somebody switch maintenance mode on, and wait until that is an incident of which nobody is told."""
    cloud.write(more=SHORT)
    daemon.start().until_watching()
    cloud.post("maintenance", enabled=True)
    told = daemon.until_story("SILENCED")
    assert " (kept from " in told and "downtime of web by the platform (in maintenance mode, seen since" in told


def switched_off_and_well(folder: Path) -> None:
    """On, 503s, nobody paged; it stands in status, silences and explain; off, and well."""
    with guarding(folder, quirks=True) as (cloud, daemon):
        confirmed_in_maintenance_mode(cloud, daemon)
        daemon.until(lambda: "downtime of web by the platform" in daemon.cli("silences").stdout)
        assert "nothing is rolled back meanwhile" in daemon.cli("status").stdout.replace("\n", " ")
        assert "web is in maintenance mode" in daemon.cli("explain", "web-1").stdout
        cloud.post("maintenance", enabled=False)
        assert daemon.until_story("CLOSED").startswith("recovered")
        assert "It was intentionally down" in daemon.cli("explain", "web-1").stdout
        assert cloud.rings() == [] and cloud.untouched()
        assert [one["summary"] for one in cloud.log("pagerduty_trigger")] == [
            one for one in cloud.pages() if one.startswith("Over: web was in maintenance mode")
        ]


def suspended_for_a_bill(folder: Path) -> None:
    """News, and no downtime: paged, with the reason first."""
    with watching(folder, quirks=False, more=SHORT) as (cloud, daemon):
        cloud.post("suspend", by="billing")
        daemon.until(lambda: cloud.rings())
        assert "page: service: web is suspended by billing" in daemon.until_story("DECIDED")
        assert cloud.untouched() and daemon.story("DOWNTIME") == []


def platform_at_work(folder: Path) -> None:
    """A bad deploy during maintenance that Render announced: vetoed, told with its name and end, touched by nobody."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(more=SHORT)
        names = {"vendor": "render", "components": ["Oregon/Web Services"], "lasts": 3600}
        cloud.post("announce", name="Moving disks", **names)
        cloud.post("announce", name="Moving more", begins_in=86400, **names)
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: cloud.rings())
        why = daemon.until_story("DECIDED")
        assert 'render announced maintenance: "Moving disks" of Oregon/Web Services, until ' in why
        assert cloud.untouched()


def announced_for_later(folder: Path) -> None:
    """Shown beforehand, and nothing is held back for it."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(more=SHORT)
        names = {"vendor": "render", "components": ["Oregon/Web Services"], "lasts": 3600}
        cloud.post("announce", name="Moving disks", begins_in=86400, **names)
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: cloud.log("rollback_accepted"))
        said = 'ANNOUNCED: render will have maintenance: "Moving disks" of Oregon/Web Services, from'
        daemon.until(lambda: said in daemon.cli("status").stdout.replace("\n", " "))


@pytest.mark.long
def test_what_is_meant_to_be_down_wakes_nobody_and_what_is_not_does(tmp_path: Path) -> None:
    """Maintenance mode on and off; the platform's own maintenance."""
    together(lambda: switched_off_and_well(tmp_path / "mode"), lambda: platform_at_work(tmp_path / "work"))


@pytest.mark.nightly
def test_what_is_news_and_what_is_to_come(tmp_path: Path) -> None:
    """A suspension that is not the owner's; maintenance that the platform announces for later."""
    together(lambda: suspended_for_a_bill(tmp_path / "bill"), lambda: announced_for_later(tmp_path / "later"))


@pytest.mark.nightly
def test_what_still_fails_a_minute_after_maintenance_mode_is_paged(tmp_path: Path) -> None:
    """It broke behind the platform's page: no sooner, no later, and nothing is rolled back unasked."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        confirmed_in_maintenance_mode(cloud, daemon)
        cloud.post("faults", target="web", kind="error", status=500)
        cloud.post("maintenance", enabled=False)
        daemon.until(lambda: cloud.rings())
        ended = next(line for line in daemon.said("story", label="DOWNTIME") if line["text"].startswith("over: "))
        assert "failures that remain after 60 s are notified" in ended["text"]
        waited = cloud.log("pagerduty_trigger")[-1]["at"] - cloud.log("maintenance_mode")[-1]["at"]
        assert 59.0 <= waited <= 90.0 and cloud.untouched()

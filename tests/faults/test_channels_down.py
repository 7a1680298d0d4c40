"""PagerDuty and Slack down in a critical incident, as real processes: nothing lost, nothing twice, the outside told.

The same in ten minutes of simulated time: test_channels.py.
"""

import sys
import time
from pathlib import Path

import pytest

from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding, together

HURRIED = Path(__file__).with_name("fast_daemon.py")
CALM_SOON = SHORT.replace("detection: {", "detection: {calm: 3s, ")
DEAD = ("pagerduty", "slack_webhook")


def set_vendors(cloud: Cloud, mode: str) -> None:
    """Let both channels' vendors behave so from now on."""
    for name in DEAD:
        cloud.post("modes", name=name, mode=mode)


def observed(cloud: Cloud, daemon: Daemon, *command: str) -> None:
    """Start a daemon that only watches: the incident lasts until the test mends the site."""
    cloud.write(replace={"mode: autonomous": "mode: observe"}, more=CALM_SOON)
    daemon.start(*command).until_watching()


def mend(cloud: Cloud, daemon: Daemon) -> None:
    """Ship a good version and wait until everybody has the all-clear."""
    cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, behaviour={"kind": "good"}, commit="a" * 40)
    daemon.until(lambda: cloud.log("pagerduty_resolve"))
    daemon.until(lambda: daemon.get("/healthz").status_code == 200)


def rings(cloud: Cloud) -> list[str]:
    return [one["dedup_key"] for one in cloud.rings()]


def slack_pages(cloud: Cloud) -> list[str]:
    """Return each message to Slack that tells of the incident's beginning."""
    return [one["text"] for one in cloud.log("slack_webhook") if "web is down" in one["text"]]


def told_outside(cloud: Cloud, word: str, status: str) -> bool:
    """Tell whether both dead-man's switches have just heard this."""
    beats, checks = cloud.log("heartbeat"), cloud.log("check_in")
    return bool(beats and checks) and (beats[-1]["signal"], checks[-1]["status"]) == (word, status)


def down_for(folder: Path, seconds: float, *runner: str) -> None:
    """Both down for at least so long, from before the incident until the outside was told."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        observed(cloud, daemon, *([sys.executable, *runner, str(cloud.config)] if runner else []))
        daemon.until(lambda: told_outside(cloud, "success", "ok"))
        set_vendors(cloud, "down")
        began = time.monotonic()
        cloud.bad_deploy()
        daemon.until_story("CRITICAL")
        daemon.until(lambda: daemon.get("/healthz").status_code == 503)
        daemon.until(
            lambda: any("notices cannot be delivered" in why for why in daemon.get("/healthz").json()["reasons"])
        )
        daemon.until(lambda: daemon.metric("watchdog_pages_unheard") >= 1)
        for name in ("pagerduty", "slack"):
            daemon.until(lambda name=name: daemon.metric("watchdog_channel_up", channel=name) == 0)
        daemon.until(lambda: told_outside(cloud, "fail", "error"))
        daemon.until(lambda: time.monotonic() - began >= seconds)
        assert (rings(cloud), slack_pages(cloud)) == ([], [])
        set_vendors(cloud, "ok")
        daemon.until(lambda: rings(cloud) and slack_pages(cloud))
        mend(cloud, daemon)
        daemon.until(lambda: told_outside(cloud, "success", "ok"))
        assert (len(rings(cloud)), len(slack_pages(cloud))) == (1, 1) and daemon.metric("watchdog_channel_up") == 2
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])


def killed_as_it_arrives(folder: Path, where: str) -> None:
    """kill -9 at the moment a channel has the page, whether it is written down or not, three times over."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        observed(cloud, daemon)
        cloud.bad_deploy()
        for _ in range(3):
            daemon.until(lambda: cloud.log(where))
            daemon.restart()
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])
        assert len(set(rings(cloud))) == 1, "the same dedup key"
        assert 1 <= len(rings(cloud)) <= 4 and 1 <= len(slack_pages(cloud)) <= 4
        mend(cloud, daemon)
        assert {one["dedup_key"] for one in cloud.log("pagerduty_resolve")} == set(rings(cloud))


@pytest.mark.long
def test_case_37_both_down_in_hurried_time_and_killed_as_a_page_arrives(tmp_path: Path) -> None:
    """20 s in which who waits for a minute waits for 3 s; and duplicates are bounded by the number of kills."""
    together(
        lambda: down_for(tmp_path / "down", 20.0, str(HURRIED)),
        lambda: killed_as_it_arrives(tmp_path / "pagerduty", "pagerduty_trigger"),
        lambda: killed_as_it_arrives(tmp_path / "slack", "slack_webhook"),
    )


@pytest.mark.nightly
def test_case_37_both_down_for_a_minute(tmp_path: Path) -> None:
    """Nothing hurried: the shipped gaps of the outbox, the shipped minute between heartbeats."""
    down_for(tmp_path, 60.0)

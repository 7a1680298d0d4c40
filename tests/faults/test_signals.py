"""What a daemon sees when its own network, or Sentry, is gone: no data is never evidence against a deploy."""

from pathlib import Path

import pytest

from tests.support.daemon_processes import Cloud, Daemon, together, watching

pytestmark = pytest.mark.long


def test_case_27_our_own_network_gone_is_blindness_and_no_rollback(tmp_path: Path) -> None:
    """After a deploy neither site nor control targets answer: a page says that we are blind, until we see again."""
    with watching(tmp_path, quirks=True) as (cloud, daemon):
        cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, behaviour={"kind": "good"})
        for target in ("control", "web"):
            cloud.post("faults", target=target, kind="refused")
        daemon.until_story("BLIND")
        daemon.until(lambda: any("watchdog is blind" in page for page in cloud.pages()))
        assert any("blind" in why for why in daemon.get("/healthz").json()["reasons"])
        assert cloud.untouched() and not daemon.story("CRITICAL")
        for target in ("control", "web"):
            cloud.post("faults", target=target, kind="good")
        daemon.until_story("SEEING")
        daemon.until(lambda: cloud.log("pagerduty_resolve"))
        daemon.until(lambda: daemon.get("/healthz").status_code == 200)
        assert cloud.untouched() and daemon.history() == []


def without_sentry(folder: Path, mode: str) -> None:
    """Sentry refuses (its rate, a quota) or is away, just after a deploy; the site is well."""
    with watching(folder / mode, quirks=mode != "refuse_429") as (cloud, daemon):
        cloud.post("modes", name="sentry", mode=mode)
        cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, behaviour={"kind": "good"})
        daemon.until(lambda: unknown(daemon) >= 1)
        before = daemon.metric("watchdog_probe_total", signal="home", outcome="good")
        daemon.until(lambda: daemon.metric("watchdog_probe_total", signal="home", outcome="good") >= before + 5)
        assert daemon.metric("watchdog_probe_total", signal="errors", outcome="bad") == 0 and untold(cloud, daemon)


def unknown(daemon: Daemon) -> float:
    """Return how many readings of the error feed told nothing."""
    return daemon.metric("watchdog_probe_total", signal="errors", outcome="unknown")


def untold(cloud: Cloud, daemon: Daemon) -> bool:
    """Tell whether nobody was told of anything and nothing was touched."""
    return cloud.untouched() and not cloud.pages() and not daemon.story("CRITICAL") and daemon.history() == []


def test_case_35_no_data_is_neither_zero_errors_nor_critical(tmp_path: Path) -> None:
    """429, 500 and no answer are readings that are unknown; a deploy is not blamed, nobody is woken."""
    together(
        lambda: without_sentry(tmp_path, "refuse_429"),
        lambda: without_sentry(tmp_path, "error_500"),
        lambda: without_sentry(tmp_path, "down"),
    )

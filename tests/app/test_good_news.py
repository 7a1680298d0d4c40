"""Good news from a real daemon: once per deploy, with its author, across kills; and nothing of what broke the site."""

from pathlib import Path

import pytest

from tests.support.daemon_processes import Cloud, watching

pytestmark = pytest.mark.long

WINDOW = """\
good_news: {tell: [slack]}
repository: github
advanced:
  verification: {seconds: 3s}
  detection: {run: 3s, run_in_watch: 3s, run_corroborated: 3s, run_probes_min: 3}
  pace: {idle: 2s, watch: 1s, suspect: 1s, suspect_in_watch: 500ms, watch_window: 50s}
"""


def fine(cloud: Cloud) -> list[str]:
    """Return what Slack was told of deploys that went well."""
    return [entry["text"] for entry in cloud.log("slack_webhook") if " is fine: " in entry["text"]]


def test_a_deploy_that_went_well_is_told_once_also_across_kills(tmp_path: Path) -> None:
    """Killed in the middle of its window, and again after the word: one line, with who wrote it; nobody is paged."""
    with watching(tmp_path, quirks=False, more=WINDOW) as (cloud, daemon):
        cloud.post("deploys", build_seconds=0.2, update_seconds=0.2)
        (live,) = daemon.until(lambda: cloud.log("deploy_live"))
        daemon.until(lambda: cloud.requests("github", "GET"))
        daemon.restart()
        daemon.until(lambda: fine(cloud))
        told = daemon.story("NOTIFIED")[-1]
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])
        daemon.restart()
        cloud.bad_deploy()
        assert daemon.until_story("CLOSED").startswith("rolled back and verified")
        (title,) = fine(cloud)
        whole = told.removeprefix("slack (info): ")
        assert whole.startswith(title.removesuffix("…")) and title.startswith(f"web: {live['deploy']} (")
        good, _, probes = whole.partition(" s, ")[2].split()[:3]
        assert int(good) == int(probes) >= 10 and ") by Ann is fine: live for " in whole
        assert "Traceback" not in daemon.words() and "task failed" not in daemon.words()
        kinds = daemon.rows("SELECT outcome FROM effects WHERE incident LIKE '%/well'")
        assert kinds == [("slack: sent",)]

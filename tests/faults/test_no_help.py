"""When Render refuses, or a rollback helps nobody: one page with the evidence, one attempt, and watching goes on."""

from pathlib import Path

import httpx
import pytest

from tests.support.clocks import LOOPBACK
from tests.support.daemon_processes import Cloud, Daemon, together, watching
from watchdog.sandbox import keys

pytestmark = pytest.mark.long


def until_probed_on(cloud: Cloud, daemon: Daemon, times: int = 6) -> None:
    """Wait for so many further probes of the site."""
    begun = len([hit for hit in cloud.hits() if hit[1] == "web"])
    daemon.until(lambda: len([hit for hit in cloud.hits() if hit[1] == "web"]) >= begun + times)


def fail_after_a_good_deploy(cloud: Cloud, daemon: Daemon, **more: str) -> None:
    """A good version goes live, and then the world breaks the site: the deploy is blamed, and no rollback helps."""
    cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, behaviour={"kind": "good"}, **more)
    daemon.until(lambda: cloud.log("deploy_live"))
    cloud.post("faults", target="web", kind="error", status=503)


def key_refused(folder: Path) -> None:
    """The key may read and not roll back (403)."""
    with watching(folder, quirks=False) as (cloud, daemon):
        cloud.post("modes", name="rollback", mode="refuse_403")
        cloud.bad_deploy()
        daemon.until(lambda: cloud.rings())
        until_probed_on(cloud, daemon)
        (page,) = cloud.rings()
        assert "web" in page["summary"]
        assert "403" in daemon.cli("explain", "web-1").stdout
        daemon.until(lambda: cloud.log("auto_deploy_changed")[-1]["to"] == "commit")
        cloud.bad_deploy(commit="b" * 40)
        daemon.until(lambda: [one for one in cloud.log("deploy_live") if one["commit"] == "b" * 40])
        until_probed_on(cloud, daemon)
        assert len(cloud.requests("render", "POST")) == 1, "no second try with a key that was refused"
        assert len(cloud.rings()) == 1, cloud.rings()


def live_and_failing(folder: Path) -> None:
    """Render has rolled back, and the site fails as before: a human, what was seen, and nothing more."""
    with watching(folder, quirks=False) as (cloud, daemon):
        fail_after_a_good_deploy(cloud, daemon)
        daemon.until_story("RESTORED")
        daemon.until(lambda: cloud.rings())
        (page,) = cloud.rings()
        assert page["summary"] == "web: recovery not proved after its rollback"
        assert "did not help" in daemon.cli("explain", "web-1").stdout
        until_probed_on(cloud, daemon)
        assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]
        assert (len(cloud.requests("render", "POST")), len(cloud.rings())) == (1, 1)
        (row,) = daemon.history()
        assert not row["verified"], row


def bad_commit_returns(folder: Path) -> None:
    """Somebody switches auto-deploy on after the rollback, and a merge ships the bad commit again."""
    with watching(folder, quirks=False) as (cloud, daemon):
        cloud.bad_deploy(commit="b" * 40)
        daemon.until_story("RESTORED")
        given = {"authorization": f"Bearer {keys.RENDER_API_KEY}"}
        url = f"{cloud.urls['render']}/services/srv-web"
        body = {"autoDeployTrigger": "commit"}
        assert httpx.patch(url, json=body, headers=given, **LOOPBACK).status_code == 200
        cloud.post("deploys", merge=True, commit="b" * 40, build_seconds=0.2, update_seconds=0.2)
        told = daemon.until_story("RETURNED")
        assert "bbbbbbb" in told and "again" in told
        daemon.until(lambda: cloud.rings())
        until_probed_on(cloud, daemon)
        (page,) = cloud.rings()
        paged = {one["dedup_key"] for one in cloud.log("pagerduty_trigger")}
        assert paged == {page["dedup_key"]}, "the page of the incident"
        assert [one["to"] for one in cloud.log("auto_deploy_changed")] == ["off", "commit", "off"], "and off again"
        assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]
        assert len(cloud.requests("render", "POST")) == 1, "never a second rollback of one incident"


def deleted_for_good(folder: Path) -> None:
    """The service is deleted at Render as it fails: one page; removed from the configuration, its incident is over."""
    with watching(folder, quirks=False) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until_story("SUSPECT")
        cloud.post("delete")
        daemon.until(lambda: cloud.rings())
        before = daemon.metric("watchdog_probe_total", service="web", outcome="bad")
        daemon.until(lambda: daemon.metric("watchdog_probe_total", service="web", outcome="bad") > before + 6)
        assert 'Render answered 404: "not found: srv-web"' in daemon.cli("explain", "web-1").stdout.replace("\n", " ")
        # after a minute both limits end, in any order: that of a late rollback, and that of a deploy list not read
        assert {one["dedup_key"] for one in cloud.rings()} == {"watchdog/web/web-1"}, cloud.rings()
        assert len(cloud.rings()) <= 2 and "Traceback" not in daemon.words(), cloud.rings()
        daemon.stop()
        text = cloud.config.read_text(encoding="utf-8")
        web = text[text.index("  web:") : text.index("channels:")]
        other = f'  docs: {{signals: {{home: {{http: "{cloud.urls["control"][0]}"}}}}}}\n'
        cloud.config.write_text(text.replace(web, other), encoding="utf-8")
        daemon.start().until_watching()
        daemon.until(lambda: [one["dedup_key"] for one in cloud.log("pagerduty_resolve")] == ["watchdog/web/web-1"])
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)])
        assert "its end is not known: its service is not in the configuration" in daemon.story("CLOSED")[0]
        assert not daemon.said("task failed") and not daemon.story("DISARMED"), daemon.words()[-4000:]


def test_case_14_18_19_refused_or_of_no_help_it_is_one_page_and_one_attempt(tmp_path: Path) -> None:
    """A key that is refused, a rollback that is live and fails, a bad commit that auto-deploy brings back."""
    together(
        lambda: key_refused(tmp_path / "key"),
        lambda: live_and_failing(tmp_path / "failing"),
        lambda: bad_commit_returns(tmp_path / "returns"),
        lambda: deleted_for_good(tmp_path / "deleted"),
    )

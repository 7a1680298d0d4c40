"""A real daemon with an open page: a human acknowledges it in PagerDuty, and the record knows who and when."""

from pathlib import Path

import pytest

from tests.support.daemon_processes import guarding
from watchdog.sandbox import keys

pytestmark = pytest.mark.long


def test_who_acknowledged_in_pagerduty_stands_in_the_record(tmp_path: Path) -> None:
    """As a remark that explain shows, and nobody else is called for now."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        cloud.write(
            replace={"mode: autonomous": "mode: observe", "pagerduty: {}": "pagerduty: {changes: true}"},
            secrets=f"WATCHDOG_PAGERDUTY_API_TOKEN={keys.PAGERDUTY_API_TOKEN}\n",
        )
        assert "who acknowledges is read back" in " ".join(daemon.cli("check", "--live").stdout.split())
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: cloud.pages())
        cloud.post("pagerduty", action="acknowledge", by="Ann Lee")
        daemon.until(lambda: daemon.said("page response received"))
        assert "pagerduty: Ann Lee: acknowledged the page in pagerduty at" in " ".join(
            daemon.cli("explain", "web-1").stdout.split()
        )
        daemon.until(lambda: daemon.story("ACKNOWLEDGED"))
        assert "Acknowledged by pagerduty: Ann Lee." in " ".join(daemon.cli("explain", "web-1").stdout.split())
        assert [entry["summary"] for entry in cloud.log("pagerduty_change")] == [
            'web: deploy dep-42 9f3c2ab "Refactor sessions" is live'
        ]
        assert cloud.untouched()

"""A bad deploy that migrated the database: a daemon in mode autonomous asks, with the safe order; it changes nothing.

GitHub's answers decide it; they were read before the site failed.
"""

from pathlib import Path

import pytest

from tests.support.daemon_processes import SHORT, Cloud, Daemon, watching

pytestmark = pytest.mark.long

WITH_GITHUB = f"repository: github\n{SHORT}"
FILE = "db/migrate/orders.py"
UNDOES_NONE = "The rollback undoes no migration: "


def asked(cloud: Cloud, daemon: Daemon) -> str:
    """Return what `explain` says of web's incident, once people were asked; nothing was changed by then."""
    for channel in ("slack", "pagerduty"):
        daemon.until(lambda name=channel: daemon.said("notice", channel=name, kind="asked", outcome="sent"))
    assert cloud.untouched()
    return " ".join(daemon.cli("explain", "web-1").stdout.split())


def test_a_deploy_with_a_migration_is_asked_about_with_its_plan_and_rolled_back_by_a_persons_yes(
    tmp_path: Path,
) -> None:
    """It pages; the question and the plan name the file. The answer alone sends the rollback."""
    with watching(tmp_path, quirks=False, more=WITH_GITHUB) as (cloud, daemon):
        cloud.bad_deploy(message="Migrate the orders\n\nand drop their price")
        daemon.until_story("DECIDED")
        story = asked(cloud, daemon)
        (live,) = (one["deploy"] for one in cloud.log("deploy_live"))
        assert f"{UNDOES_NONE}{live} changes {FILE}." in story and "1. Read what changes the database." in story
        assert "4. Roll back: `watchdog incident approve web-1`." in story
        # Their log keeps the titles alone; tests/presentation/test_safe_order.py has the lines below.
        assert [one["summary"].startswith("web is down: approve rollback to ") for one in cloud.rings()] == [True]
        plan = daemon.cli("rollback", "web", "--dry-run").stdout
        assert f"ASK  migration: {live} changes {FILE}" in plan and "SAFE ORDER" in plan and "To do it: " in plan
        assert cloud.untouched()
        assert daemon.cli("approve", "web-1").returncode == 0
        assert daemon.until_story("CLOSED").startswith("rolled back and verified")
        assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]

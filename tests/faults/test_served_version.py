"""Which code answers, over real processes: a site names its commit, and instances of another deploy may answer."""

from pathlib import Path

import pytest

from tests.faults.test_no_help import fail_after_a_good_deploy, until_probed_on
from tests.support.daemon_processes import Cloud, Daemon, guarding, together

pytestmark = pytest.mark.long
NAMED = {
    'contains: "</html>"': 'contains: "</html>", version: {header: x-commit}',
    '/api/test", p95': '/api/test", version: {header: x-commit}, p95',
}
"""Both checks name it: one that does not cannot show whose its failing answers are, and acquits nobody."""


def begun(cloud: Cloud, daemon: Daemon) -> None:
    """Let the daemon see who answers before anything happens."""
    cloud.write(replace=NAMED)
    daemon.start().until_watching()
    until_probed_on(cloud, daemon, 2)


def old_instances_fail(folder: Path) -> None:
    """A deploy is live, and the instances of the one before answer on: what fails is theirs, nothing is rolled back."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        begun(cloud, daemon)
        cloud.post("serving", deploy="dep-40")
        fail_after_a_good_deploy(cloud, daemon)
        daemon.until(lambda: cloud.rings())
        assert "every failing answer names dep-40, which serves still" in daemon.cli("explain", "web-1").stdout
        until_probed_on(cloud, daemon)
        assert cloud.untouched()


def rollback_does_not_serve(folder: Path) -> None:
    """Live by the platform's word, good by every probe, and not proved before its own code answers."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        begun(cloud, daemon)
        fail_after_a_good_deploy(cloud, daemon)
        daemon.until(lambda: cloud.log("rollback_accepted"))
        cloud.post("serving", deploy="dep-42")
        daemon.until_story("RESTORED")
        cloud.post("faults", target="web", kind="good")
        until_probed_on(cloud, daemon, 20)
        assert not daemon.story("VERIFIED") and not cloud.log("pagerduty_resolve")
        cloud.post("serving", deploy=None)
        daemon.until_story("VERIFIED")
        (row,) = daemon.history()
        assert (row["target"], row["verified"]) == ("dep-40", True)


def test_who_answers_is_who_is_judged(tmp_path: Path) -> None:
    """Side by side: they mostly wait."""
    together(lambda: old_instances_fail(tmp_path / "old"), lambda: rollback_does_not_serve(tmp_path / "new"))

"""Remedies of several kinds, with real processes: one after the other, and nothing twice after a kill."""

from pathlib import Path

import pytest

from tests.faults.remedy_journeys import CASES, configured
from tests.faults.test_remedies import switches
from tests.support.daemon_processes import SHORT, Cloud, guarding, together
from watchdog.domain.remedies.kinds import RemedyKind

pytestmark = pytest.mark.long


def posts(cloud: Cloud, what: str) -> int:
    """Return how many requests of that kind Render got."""
    return sum(one["path"].endswith(f"/{what}") for one in cloud.requests("render", "POST"))


def one_after_the_other(folder: Path) -> None:
    """A flag, a restart and a scaling do not cure: the rollback follows, and no two of them are under way at once."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        (flag,) = (
            text.partition("remedies: [")[2].rpartition("]")[0]
            for text in configured(cloud, RemedyKind.FLAG_OFF).values()
        )
        kinds = f"{flag}, {{restart: {{prove: 10s}}}}, {{scale: {{to: 3, prove: 10s}}}}"
        cloud.write(replace={"mode: autonomous\n": f"mode: autonomous\n    remedies: [{kinds}]\n"}, more=SHORT)
        daemon.start().until_watching()
        cloud.bad_deploy(behaviour={"kind": "error", "after_seconds": 0.0})
        daemon.until_story("VERIFIED")
        done = ("flag_switched", "restart_accepted", "scaled", "rollback_accepted")
        at = [one["at"] for what in done for one in cloud.log(what)]
        assert len(at) == len(done) and at == sorted(at), "each once, in the order of the list"
        story = " ".join(daemon.story("WAIT"))
        asked = (switches(cloud), posts(cloud, "restart"), posts(cloud, "scale"))
        assert "did not help" in story and asked == (1, 1, 1)
        steps = dict(daemon.rows("SELECT step, state FROM actions"))
        tried = ("flag new-checkout", "remedy restart:service", "remedy scale:3")
        assert {steps[name] for name in tried} == {"done"} and steps["rollback"] == "accepted", steps


def killed_scaling(folder: Path) -> None:
    """kill -9 while its answer is on its way: the next start reads the number, sends nothing, and proves the cure."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        kinds = "{scale: {to: 3, prove: 10s}}"
        cloud.write(replace={"mode: autonomous\n": f"mode: autonomous\n    remedies: [{kinds}]\n"}, more=SHORT)
        cloud.post("modes", name="scale", mode="slow")
        daemon.start().until_watching()
        cloud.bad_deploy(behaviour={"kind": "error", "after_seconds": 0.0, "enough_instances": 3})
        daemon.until(lambda: posts(cloud, "scale"))
        daemon.restart()
        assert "since it was scaled to 3 instances" in daemon.until_story("VERIFIED")
        assert (posts(cloud, "scale"), len(cloud.log("scaled")), cloud.log("rollback_accepted")) == (1, 1, [])
        told = daemon.cli("explain", "web-1").stdout.replace("\n", " ")
        assert "Scale the service back on Render" in told and "(it had 2 before)" in told


def killed_webhook(folder: Path) -> None:
    """kill -9 while its answer is on its way, and nothing to look it up by: a page, no second call, no rollback."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        blind = CASES[RemedyKind.WEBHOOK].options(cloud).partition(", look:")[0]
        kinds = f"{{webhook: {{{blind}}}}}"
        cloud.write(replace={"mode: autonomous\n": f"mode: autonomous\n    remedies: [{kinds}]\n"}, more=SHORT)
        cloud.post("modes", name="flag", mode="slow")
        daemon.start().until_watching()
        cloud.bad_deploy(behaviour={"kind": "error", "after_seconds": 0.0})
        daemon.until(lambda: switches(cloud))
        daemon.restart()
        daemon.until(cloud.rings)
        assert (switches(cloud), cloud.untouched()) == (1, True)
        assert "webhook purge" in daemon.cli("explain", "web-1").stdout


def test_kinds_follow_each_other_and_the_last_resort_is_the_rollback(tmp_path: Path) -> None:
    """In the order of the configuration."""
    one_after_the_other(tmp_path)


def test_a_daemon_that_is_killed_scales_and_calls_nothing_twice(tmp_path: Path) -> None:
    """Each with its own cloud."""
    together(lambda: killed_scaling(tmp_path / "scale"), lambda: killed_webhook(tmp_path / "hook"))

"""A remedy before the rollback, with real processes: it cures, it does not, and the daemon is killed between."""

from pathlib import Path

import pytest

from tests.faults.remedy_journeys import asked_of_render, configured
from tests.support.daemon_processes import SHORT, Cloud, guarding, together
from watchdog.domain.remedies.kinds import RemedyKind

pytestmark = pytest.mark.long


def bad_deploy(cloud: Cloud, flag: str = "") -> None:
    """Ship a version that fails; with a flag only while that is on."""
    cloud.bad_deploy(behaviour={"kind": "error", "after_seconds": 0.0, "flag": flag})


def switches(cloud: Cloud) -> int:
    """Return how many requests the flag service got that switch something."""
    return len(cloud.requests("flags", "PATCH"))


def cured(folder: Path) -> None:
    """The flag is off, the site answers: verified, and nothing was asked of Render."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace=configured(cloud, RemedyKind.FLAG_OFF), more=SHORT)
        daemon.start().until_watching()
        bad_deploy(cloud, "new-checkout")
        proof = daemon.until_story("VERIFIED")
        assert "since flag new-checkout was off" in proof
        daemon.until(lambda: cloud.log("pagerduty_resolve"))
        assert (switches(cloud), cloud.untouched(), cloud.rings()) == (1, True, [])
        assert daemon.rows("SELECT step, state FROM actions") == [("flag new-checkout", "done")]
        assert "Switch feature flag new-checkout" in daemon.cli("explain", "web-1").stdout.replace("\n", " ")


def not_cured(folder: Path) -> None:
    """The site fails on: decided anew, and rolled back; the flag stays off."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace=configured(cloud, RemedyKind.FLAG_OFF), more=SHORT)
        daemon.start().until_watching()
        bad_deploy(cloud)
        daemon.until_story("VERIFIED")
        switched, rolled = cloud.log("flag_switched"), cloud.log("rollback_accepted")
        assert (len(switched), [one["target"] for one in rolled], switches(cloud)) == (1, ["dep-40"], 1)
        assert switched[0]["at"] < rolled[0]["at"], "one after the other"


def killed(folder: Path, mode: str) -> None:
    """kill -9 while the answer is on its way, and a new start: looked up, and not sent a second time."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace=configured(cloud, RemedyKind.FLAG_OFF), more=SHORT)
        cloud.post("modes", name="flag", mode=mode)
        daemon.start().until_watching()
        bad_deploy(cloud, "new-checkout")
        daemon.until(lambda: switches(cloud))
        daemon.restart()
        daemon.until_story("VERIFIED")
        assert (switches(cloud), cloud.untouched()) == (1, True)


def killed_during_the_proof(folder: Path) -> None:
    """kill -9 once the flag is off: the next start goes on with the proof."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace=configured(cloud, RemedyKind.FLAG_OFF), more=SHORT)
        daemon.start().until_watching()
        bad_deploy(cloud, "new-checkout")
        daemon.until(lambda: any("is off" in text for text in daemon.story("ACT")))
        daemon.restart()
        daemon.until_story("VERIFIED")
        assert (switches(cloud), cloud.untouched()) == (1, True)


def test_a_flag_cures_or_the_rollback_follows(tmp_path: Path) -> None:
    """Each with its own cloud; nothing is done twice, and nothing at once."""
    together(lambda: cured(tmp_path / "cured"), lambda: not_cured(tmp_path / "not"))


def test_a_daemon_that_is_killed_switches_no_flag_twice(tmp_path: Path) -> None:
    """While the answer is awaited, and while the recovery is."""
    together(lambda: killed(tmp_path / "slow", "slow"), lambda: killed_during_the_proof(tmp_path / "proof"))


def leaking(folder: Path, *, cures: bool, mode: str = "") -> None:
    """A restart is tried first: it cures and nothing is rolled back, or it does not and the rollback follows."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace=configured(cloud, RemedyKind.RESTART), more=SHORT)
        if mode:
            cloud.post("modes", name="restart", mode=mode)
        daemon.start().until_watching()
        cloud.bad_deploy(behaviour={"kind": "error", "after_seconds": 0.0, "restart_cures": cures})
        if mode:
            daemon.until(lambda: asked_of_render("restart")(cloud))
            daemon.restart()
        proof = daemon.until_story("VERIFIED")
        rolled = cloud.log("rollback_accepted")
        assert (len(asked_of_render("restart")(cloud)), len(cloud.log("restart_accepted"))) == (1, 1)
        assert ("since its restart" in proof, len(rolled)) == (cures, 0 if cures else 1)


def test_a_restart_cures_or_the_rollback_follows(tmp_path: Path) -> None:
    """Its deploy of the same commit is taken for the suspect, so that the rollback goes away from it."""
    together(lambda: leaking(tmp_path / "cured", cures=True), lambda: leaking(tmp_path / "not", cures=False))


def test_a_daemon_that_is_killed_restarts_nothing_twice(tmp_path: Path) -> None:
    """While the answer is awaited; the next start finds the deploy."""
    leaking(tmp_path, cures=True, mode="slow")


def test_a_leak_without_a_deploy_is_paged_and_its_remedy_tried_once_also_over_a_kill(tmp_path: Path) -> None:
    """No deploy is suspected: people are paged first, the flag is switched once, and the all-clear names it."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        written = configured(cloud, RemedyKind.FLAG_OFF)
        alone = {key: text.replace("prove: 10s", "prove: 10s, without_deploy: true") for key, text in written.items()}
        cloud.write(replace=alone, more=SHORT)
        cloud.post("modes", name="flag", mode="slow")
        daemon.start().until_watching()
        cloud.post("faults", target="web", kind="error", after_seconds=0.0)
        daemon.until(lambda: switches(cloud))
        assert any("though no deploy is suspected" in text for text in daemon.story("INTENT"))
        daemon.restart()
        daemon.until(lambda: cloud.log("flag_switched"))
        cloud.post("faults", target="web", kind="good")
        assert "since flag new-checkout was off" in daemon.until_story("VERIFIED")
        daemon.until(lambda: cloud.log("pagerduty_resolve"))
        assert (switches(cloud), cloud.untouched()) == (1, True)
        # A page whose receipt the kill took is sent again, to the same alert.
        assert len({one["dedup_key"] for one in cloud.rings()}) == 1, cloud.rings()
        assert cloud.rings()[0]["at"] < cloud.log("flag_switched")[0]["at"] + 1.0
        assert daemon.rows("SELECT step, state FROM actions") == [("flag new-checkout", "done")]

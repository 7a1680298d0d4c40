"""A deploy of one service breaks only another one, over real processes: the page names it, and one command cures both.

The core rolls back what fails, and that is not the culprit: its own checks are clean, so a person takes the step.
"""

from pathlib import Path

import httpx
import pytest

from tests.faults.faces import CONSOLE, CONSOLE_TOKEN, SECRET
from tests.faults.test_channels_down import CALM_SOON
from tests.support.clocks import LOOPBACK
from tests.support.daemon_processes import Cloud, Daemon, running_cloud
from tests.support.many_services import guard_many

CULPRIT = "s01"
"""What web depends on."""


def deploy_the_culprit(cloud: Cloud, daemon: Daemon) -> str:
    """Deploy the culprit: it answers as before, and web fails. Return the deploy's id."""
    made = cloud.post("deploys", service=CULPRIT, build_seconds=0.2, update_seconds=0.2)
    (live,) = daemon.until(lambda: [one for one in cloud.log("deploy_live") if one["service"] == CULPRIT])
    assert live["deploy"] == made["id"]
    # Lists of deploys of calm services are read once a minute.
    daemon.until(lambda: made["id"] in daemon.cli("status").stdout)
    cloud.post("faults", target="web", kind="error", status=503)
    return str(live["deploy"])


def pressed(daemon: Daemon, path: str) -> str:
    """Return a page of the console."""
    with httpx.Client(base_url=f"http://127.0.0.1:{daemon.port}", **LOOPBACK) as client:
        client.post("/login", data={"token": CONSOLE_TOKEN})
        return client.get(path).text


def too_late(daemon: Daemon, bad: str, line: tuple[str, ...], ask: tuple[str, ...], there: str) -> None:
    """What was offered because of that deploy is refused once another one is live: the line, its plan, the page."""
    gone = f"{bad} is not live at {CULPRIT} any more; nothing to roll back"
    for words in (line, ask, (*line[:2], "--blamed", bad)):
        late = daemon.cli(*words)
        assert late.returncode == 3 and gone in " ".join(late.stderr.split()), late
    shown = pressed(daemon, there)
    assert gone in shown and "now</button>" not in shown


@pytest.mark.long
def test_a_deploy_that_breaks_only_its_caller_is_rolled_back_by_the_one_step_of_the_page(tmp_path: Path) -> None:
    """Paged and not rolled back; the step is the other service's, its plan leads back, and both incidents end."""
    with running_cloud(tmp_path, quirks=False, more_services=1) as cloud:
        guard_many(cloud, more=CALM_SOON + CONSOLE)
        cloud.write(replace={"depends_on: [openai]": f"depends_on: [openai, {CULPRIT}]"}, more="", secrets=SECRET)
        daemon = Daemon(cloud)
        try:
            daemon.start().until_watching()
            bad = deploy_the_culprit(cloud, daemon)
            daemon.until(lambda: cloud.rings())
            assert cloud.untouched(), "nothing of web is to blame"
            story(cloud, daemon, bad)
        finally:
            daemon.end()


def story(cloud: Cloud, daemon: Daemon, bad: str) -> None:
    """A person reads the step wherever they look, sees the plan, and does it."""
    step = f"Do now: The deploy {bad} of {CULPRIT} is"
    rest = f"to blame: roll {CULPRIT} back to"
    for words in (("status",), ("explain", "web-1")):
        shown = " ".join(daemon.cli(*words).stdout.split())
        assert step in shown and rest in shown and f"watchdog rollback {CULPRIT} --blamed {bad} --dry-run" in shown, (
            shown
        )
    page = pressed(daemon, "/incidents/web-1")
    there = f"/services/{CULPRIT}/rollback?blamed={bad}"
    assert f'<a class="button primary" href="{there}">Roll back {CULPRIT} …</a>' in page
    assert f'name="blamed" value="{bad}"' in pressed(daemon, there)
    ask = ("rollback", CULPRIT, "--blamed", bad, "--dry-run")
    plan = " ".join(daemon.cli(*ask).stdout.split())
    before, _, typed = plan.partition("To do it: watchdog ")
    line = tuple(typed.split())
    assert before.endswith("Nothing was changed. ") and line[:5] == ("rollback", CULPRIT, "--live", bad, "--planned")
    assert line[5] in before and line[6:] == ("--blamed", bad), plan
    assert cloud.untouched()
    done = daemon.cli(*line)
    assert done.returncode == 0, done.stdout + done.stderr
    (back,) = daemon.until(lambda: cloud.log("rollback_accepted"))
    daemon.until(lambda: [one for one in cloud.log("deploy_live") if one["deploy"] == back["deploy"]])
    cloud.post("faults", target="web", kind="good")
    daemon.until(lambda: daemon.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)])
    assert [one["incident"] for one in daemon.history() if one["verified"]] == [f"{CULPRIT}-1"]
    assert any(text.startswith("recovered") for text in daemon.story("CLOSED")), "web, which was never touched"
    too_late(daemon, bad, line, ask, there)
    assert len(cloud.log("rollback_accepted")) == 1
    again = daemon.cli("explain", "web-1").stdout
    assert f"roll {CULPRIT} back" not in again, "it is over"

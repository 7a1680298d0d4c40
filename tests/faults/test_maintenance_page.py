"""Maintenance mode while people work, with real processes: on and off once, also over kills and a second worker."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.workers import pair
from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding, together, until
from watchdog.domain.remedies.maintenance_mode import OFFS, ON

pytestmark = pytest.mark.long

PAGE = {"mode: autonomous\n": "mode: autonomous\n    remedies: [{maintenance_mode: {at_most: 10m}}]\n"}
CALM_SOON = SHORT.replace("run: 3s,", "run: 3s, calm: 3s,")


def switches(cloud: Cloud) -> list[bool]:
    """Return to what Render's maintenance mode was switched, in order."""
    return [one["enabled"] for one in cloud.log("maintenance_mode")]


def asked(cloud: Cloud) -> int:
    """Return how many changes Render was asked for."""
    return len(cloud.requests("render", "PATCH"))


def said(daemon: Daemon, *command: str) -> None:
    """Give a command that is done."""
    done = daemon.cli(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def paged(cloud: Cloud, daemon: Daemon) -> None:
    """Let the old deploy fail, until people are paged."""
    cloud.post("faults", target="web", kind="error", after_seconds=0.0)
    daemon.until(cloud.rings)


def repaired(cloud: Cloud, daemon: Daemon) -> None:
    """Repair the site, end the maintenance, and wait for the end by what probes see after it."""
    cloud.post("faults", target="web", kind="good")
    said(daemon, "incident", "stop", "web-1")
    until(lambda: resolved(cloud))
    assert switches(cloud) == [True, False] and cloud.log("rollback_accepted") == []
    waited = resolved(cloud)[-1] - cloud.log("maintenance_mode")[-1]["at"]
    assert waited >= 3.0, "every check was good for three seconds after it"


def resolved(cloud: Cloud) -> list[float]:
    """Return when the alert that rang was resolved; the switch has a notice of its own."""
    rang = {one["dedup_key"] for one in cloud.rings()}
    return [one["at"] for one in cloud.log("pagerduty_resolve") if one["dedup_key"] in rang]


def rows(daemon: Daemon) -> dict[str, str]:
    """Return the state of each request, by its step."""
    found: list[tuple[Any, ...]] = daemon.rows("SELECT step, state FROM actions")
    return dict(found)


def on_and_off(folder: Path) -> None:
    """Not before an acknowledgement; it silences no one, and its page is the team's own afterwards, too."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace=PAGE, more=CALM_SOON)
        daemon.start().until_watching()
        paged(cloud, daemon)
        assert cloud.untouched()
        said(daemon, "incident", "ack", "web-1")
        daemon.until(lambda: switches(cloud))
        daemon.until(lambda: any("maintenance mode is on" in text for text in daemon.story("ACT")))
        silences = daemon.cli("silences")
        assert silences.returncode == 0 and "downtime of web" not in silences.stdout
        explained = daemon.cli("explain", "web-1").stdout.replace("\n", " ")
        assert "maintenance mode on while people work" in explained
        assert "Maintenance mode is on while people work: watchdog incident stop web-1" in " ".join(explained.split())
        repaired(cloud, daemon)
        assert rows(daemon) == {f"remedy {ON}": "done", f"remedy {OFFS[0]}": "done"} and asked(cloud) == 2


def killed_as_it_is_asked_for(folder: Path) -> None:
    """kill -9 while either answer is on its way: looked up, and not sent a second time."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace=PAGE, more=CALM_SOON)
        daemon.start().until_watching()
        paged(cloud, daemon)
        cloud.post("modes", name="patch", mode="slow")
        said(daemon, "incident", "ack", "web-1")
        daemon.until(lambda: asked(cloud) == 1)
        daemon.restart()
        daemon.until(lambda: any("maintenance mode is on" in text for text in daemon.story("ACT")))
        cloud.post("modes", name="patch", mode="slow")
        said(daemon, "incident", "stop", "web-1")
        daemon.until(lambda: asked(cloud) == 2)
        daemon.restart()
        daemon.until(lambda: switches(cloud) == [True, False])
        cloud.post("faults", target="web", kind="good")
        daemon.until(lambda: resolved(cloud))
        assert switches(cloud) == [True, False] and asked(cloud) == 2


def test_it_is_on_while_people_work_and_off_again_also_over_kills(tmp_path: Path) -> None:
    """Each with its own cloud."""
    together(lambda: on_and_off(tmp_path / "on"), lambda: killed_as_it_is_asked_for(tmp_path / "killed"))


def test_case_21_another_worker_switches_off_what_a_dead_one_switched_on(tmp_path: Path) -> None:
    """By the saved state, at a person's word; what was on is told once."""
    with pair(tmp_path, 2, more=CALM_SOON) as two:
        for config in (two.config(two.near), two.config(two.far)):
            text = config.read_text(encoding="utf-8")
            config.write_text(text.replace(*next(iter(PAGE.items())), 1), encoding="utf-8")
        two.start()
        cloud = two.cloud
        cloud.post("faults", target="web", kind="error", after_seconds=0.0)
        until(cloud.rings)
        victim, heir = two.both if "web" in two.holding(two.near) else two.both[::-1]
        said(heir, "incident", "ack", "web-1")
        until(lambda: switches(cloud))
        until(lambda: rows(heir).get(f"remedy {ON}") == "done")
        victim.kill()
        until(lambda: "web" in two.holding(heir))
        repaired(cloud, heir)
        assert asked(cloud) == 2 and rows(heir) == {f"remedy {ON}": "done", f"remedy {OFFS[0]}": "done"}
        told = [one for one in cloud.pages() if "maintenance mode is on" in one]
        assert len(told) <= 1, told

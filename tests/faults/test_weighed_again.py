"""What forbade a rollback is gone, and the site still fails: it is weighed again, by a daemon killed meanwhile.

Out of a cooldown or a spent budget people are asked, as they have it by now; what could not be read is done.
"""

from pathlib import Path

import pytest

from tests.faults.chat import SLACK, TOKENS, Chat
from tests.faults.faces import CONSOLE, SECRET, Faces
from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding, together, watching
from watchdog.presentation.situation import Situation


def rolled_back(cloud: Cloud) -> int:
    """Return how many rollbacks the platform accepted."""
    return len(cloud.log("rollback_accepted"))


def decided(daemon: Daemon, words: str) -> None:
    """Wait for a decision with these words."""
    daemon.until(lambda: any(words in text for text in daemon.story("DECIDED")))


def first_rolled_back(cloud: Cloud, daemon: Daemon, budget: str, more: str = "") -> None:
    """Have a bad deploy rolled back, and then another one made."""
    cloud.write(
        replace={"slack: {}": SLACK},
        more=f"{SHORT}budget: {{{budget}, per_fleet_per_10m: 9}}\n{more}",
        secrets=TOKENS + SECRET,
    )
    daemon.start().until_watching()
    cloud.bad_deploy()
    daemon.until_story("CLOSED")
    cloud.bad_deploy()


def after_a_cooldown(folder: Path) -> None:
    """It ends by itself: announced with its time, then asked, then done; every place says the same at each step."""
    with guarding(folder, quirks=False, rollback_seconds=4.0) as (cloud, daemon):
        first_rolled_back(cloud, daemon, "cooldown: 40s", CONSOLE)
        decided(daemon, "page: cooldown")
        faces = Faces(Chat(cloud, daemon), "web-2")
        blocked = faces.until_alike(Situation.ASKS_LATER)
        assert "The daemon asks again at " in blocked["sentence"] and blocked["until"] is not None
        daemon.restart()
        decided(daemon, "ask: weighed again")
        assert faces.until_alike(Situation.QUESTION)["commands"][:2] == ["approve", "reject"]
        assert rolled_back(cloud) == 1
        assert daemon.cli("approve", "web-2").returncode == 0
        faces.until_alike(Situation.DEPLOYING)
        daemon.until_story("CLOSED")
        faces.until_alike(Situation.CLOSED)
        assert rolled_back(cloud) == 2


def after_a_spent_budget(folder: Path) -> None:
    """A person raises it, and restarts the daemon for that."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        first_rolled_back(cloud, daemon, "per_service_per_day: 1, cooldown: 1s")
        decided(daemon, "page: budget")
        cloud.write(replace={"per_service_per_day: 1": "per_service_per_day: 2"}, more="")
        daemon.restart()
        decided(daemon, "ask: weighed again")
        assert rolled_back(cloud) == 1
        assert daemon.cli("approve", "web-2").returncode == 0
        daemon.until(lambda: rolled_back(cloud) == 2)
        daemon.until_story("CLOSED")


def after_a_hold(folder: Path) -> None:
    """While it holds people are asked; once it is ended their yes counts, and is carried out."""
    with watching(folder, quirks=False) as (cloud, daemon):
        assert daemon.cli("hold", "web", "--for", "10m", "--reason", "launch").returncode == 0
        daemon.until_story("HELD")
        cloud.bad_deploy()
        decided(daemon, "ask: action hold")
        daemon.restart()
        assert rolled_back(cloud) == 0 and daemon.cli("unsilence", "hold-1").returncode == 0
        # On a slow machine it is weighed again before the yes arrives: then nothing is asked any more (3).
        assert daemon.cli("approve", "web-1").returncode in (0, 3)
        daemon.until(lambda: rolled_back(cloud) == 1)
        daemon.until_story("CLOSED")


@pytest.mark.long
def test_what_was_forbidden_is_weighed_again_when_that_is_over(tmp_path: Path) -> None:
    stories = (after_a_cooldown, after_a_spent_budget, after_a_hold)
    together(*[lambda story=story: story(tmp_path / story.__name__) for story in stories])  # type: ignore[misc]


@pytest.mark.nightly
def test_what_could_not_be_read_is_weighed_again_when_it_can(tmp_path: Path) -> None:
    """The platform is away as it is decided; neither list nor events are read. When it is back, it is done."""
    with watching(tmp_path, quirks=False) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until_story("SUSPECT")
        cloud.post("modes", name="render", mode="down")
        decided(daemon, "page: ")
        daemon.kill()
        daemon.start()
        daemon.until(lambda: daemon.said("watching"))
        assert rolled_back(cloud) == 0
        cloud.post("modes", name="render", mode="ok")
        daemon.until(lambda: rolled_back(cloud) == 1)
        daemon.until_story("CLOSED")

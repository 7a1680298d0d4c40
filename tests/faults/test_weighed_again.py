"""What forbade a rollback is gone, and the site still fails: it is weighed again, by a daemon killed meanwhile.

Out of a cooldown or a spent budget people are asked, as they have it by now. Once an unreadable deploy list or the
events can be read, mode and policy decide: done, or asked.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.faults.chat import SLACK, TOKENS, Chat
from tests.faults.faces import CONSOLE, SECRET, Faces
from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding, together, watching
from watchdog.presentation.situation import Situation

READS = 6
"""So many requests to Render are more than one round of service, deploys and events, each tried once again."""
STALE = "page: dep-40: Render's list of deploys was last read"
DOUBTED = "ask: environment: configuration perhaps (events could not be read)"
CHANGES = "type=instance_count_changed"
EVENTS = {"name": "list_events", "mode": "error_500"}


def rolled_back(cloud: Cloud) -> int:
    """Return how many rollbacks the platform accepted."""
    return len(cloud.log("rollback_accepted"))


def decided(daemon: Daemon, words: str) -> None:
    """Wait for a decision with these words."""
    daemon.until(lambda: any(words in text for text in daemon.story("DECIDED")))


def told(folder: Path, *stories: Callable[[Path], None]) -> None:
    """Play stories at the same time, each in a folder of its own."""
    together(*(partial(story, folder / story.__name__) for story in stories))


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
        # On a slow machine it is over before every place was read.
        faces.until_alike(Situation.DEPLOYING, Situation.VERIFYING, Situation.CLOSED)
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
    told(tmp_path, after_a_cooldown, after_a_spent_budget, after_a_hold)


def until_read(cloud: Cloud, daemon: Daemon, what: str = "", times: int = 1) -> None:
    """Wait until Render was asked so often for this, part of a path or query, from now on."""
    known = len(cloud.requests("render", "GET"))

    def reads() -> list[str]:
        return [f"{one['path']}?{one.get('query')}" for one in cloud.requests("render", "GET")[known:]]

    daemon.until(lambda: sum(what in read for read in reads()) >= times)


def unread(cloud: Cloud, daemon: Daemon, fault: Mapping[str, str], decision: str) -> None:
    """Decide about a bad deploy while something at the platform cannot be read, and again after a kill: the same."""
    cloud.post("modes", **fault)
    cloud.bad_deploy()
    decided(daemon, decision)
    daemon.kill()
    daemon.start()
    daemon.until(lambda: daemon.said("watching"))
    until_read(cloud, daemon, times=READS)
    assert rolled_back(cloud) == 0 and daemon.rows("SELECT count(*) FROM incidents") == [(1,)]
    cloud.post("modes", **{**fault, "mode": "ok"})


def done_once(cloud: Cloud, daemon: Daemon, questions: int) -> None:
    """The rollback is accepted and verified, and there is no second one; so often people were asked."""
    assert daemon.until_story("CLOSED").startswith("rolled back and verified")
    assert rolled_back(cloud) == 1 and len(asked(daemon)) == questions, asked(daemon)


def asked(daemon: Daemon) -> list[str]:
    """Return each question of the record, also of the process that was killed."""
    return [text for (text,) in daemon.rows("SELECT text FROM notes WHERE label = 'ASKED' ORDER BY seq")]


def answered_yes(cloud: Cloud, daemon: Daemon) -> None:
    """Nothing is done before a person says yes to the question."""
    assert rolled_back(cloud) == 0 and daemon.cli("approve", "web-1").returncode == 0


def after_a_stale_list(folder: Path) -> None:
    """Render does not answer at all: no deploy is blamed, people are paged. Once it does, the deploy is rolled back."""
    with watching(folder, quirks=False) as (cloud, daemon):
        unread(cloud, daemon, {"name": "render", "mode": "down"}, STALE)
        assert asked(daemon) == []
        done_once(cloud, daemon, questions=0)


def after_a_stale_list_people_are_asked(folder: Path) -> None:
    """Its list of deploys alone fails, and the mode is assist: paged, then asked; done on their yes."""
    with watching(folder, quirks=False, replace={"mode: autonomous": "mode: assist"}) as (cloud, daemon):
        unread(cloud, daemon, {"name": "list_deploys", "mode": "error_500"}, STALE)
        daemon.until(lambda: asked(daemon))
        answered_yes(cloud, daemon)
        done_once(cloud, daemon, questions=1)


def after_unread_events(folder: Path) -> None:
    """Configuration may have changed as well: asked. Once the events show that it has not, it is done by itself."""
    with watching(folder, quirks=False) as (cloud, daemon):
        unread(cloud, daemon, EVENTS, DOUBTED)
        done_once(cloud, daemon, questions=1)


def after_unread_events_the_policy_asks(folder: Path) -> None:
    """The policy asks, whatever the events show: the one question stays, and is carried out on a yes."""
    with watching(folder, quirks=False, more=SHORT + "policy: {critical: {do: ask}}\n") as (cloud, daemon):
        unread(cloud, daemon, EVENTS, DOUBTED)
        until_read(cloud, daemon, CHANGES)
        until_read(cloud, daemon, "/deploys")  # the list to which they belong is taken by now
        answered_yes(cloud, daemon)
        done_once(cloud, daemon, questions=1)
        assert daemon.story("GUARDS") == ["all pass"], "nothing was doubted when the yes came"


@pytest.mark.long
def test_out_of_a_stale_deploy_list_it_is_weighed_again(tmp_path: Path) -> None:
    told(tmp_path, after_a_stale_list, after_a_stale_list_people_are_asked)


@pytest.mark.long
def test_out_of_unread_events_it_is_weighed_again(tmp_path: Path) -> None:
    told(tmp_path, after_unread_events, after_unread_events_the_policy_asks)

"""The ways of an incident on which the daemon is killed at every point, and what must have come of each in the end.

Rule: what came of it is read from outside, and counted: every changing request to Render that is allowed, and no other;
every notice on every channel, at most once more than needed (a kill between send and record repeats it).
"""

import contextlib
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.chat import SLACK, TOKENS
from tests.support.daemon_processes import Cloud, Daemon, environment
from watchdog.sandbox.world import COMMITS

PRESSED_SECONDS = 5.0
GOOD = COMMITS["40"][0]
PINNED, BACK = {"srv-web off": {1}}, {"rollback dep-40": {1}}


@dataclass(frozen=True)
class Journey:
    """One way. `changes`: each changing request to Render and how often it may be sent; `told`: what everybody hears.

    `settings`, `secrets`, `modes` are of the configuration and the sandbox; `begin` returns when the part that counts
    begins; `people` do what they do, again and again. `slack` is what the sandbox calls a post there, `besides` what is
    only told there, once, twice or not at all.
    """

    changes: Mapping[str, set[int]]
    told: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, str] = field(default_factory=dict)
    begin: Callable[[Cloud, Daemon], None] = lambda cloud, daemon: None
    cause: Callable[[Cloud, Daemon], None] = lambda cloud, daemon: cloud.bad_deploy()
    switches: tuple[tuple[str, str], ...] = (("commit", "off"),)
    secrets: str = ""
    people: Callable[[Cloud], None] = lambda cloud: None
    slack: str = "slack_webhook"
    besides: tuple[str, ...] = ()

    def written(self, cloud: Cloud) -> Mapping[str, str]:
        """Return what the journey replaces in the sandbox's configuration."""
        return self.settings

    def is_over(self, cloud: Cloud, daemon: Daemon) -> bool:
        """Tell whether nothing is left to be done or told; meanwhile people do what they do."""
        self.people(cloud)
        switched = len(cloud.log("auto_deploy_changed")) >= len(self.switches)
        return bool(cloud.log("pagerduty_resolve")) and switched and not unfinished(daemon)

    def assert_well(self, cloud: Cloud, daemon: Daemon) -> None:
        """Wait for the end; then judge what Render, the channels and the record know."""
        daemon.until(lambda: self.is_over(cloud, daemon))
        self._assert_changed(cloud, daemon)
        self._assert_told(cloud, self.told)
        assert "Traceback" not in daemon.words() and "task failed" not in daemon.words(), daemon.words()[-3000:]

    def _assert_changed(self, cloud: Cloud, daemon: Daemon) -> None:
        """Judge the changes at Render, and what the record says of the rollback."""
        sent = changes(cloud)
        needed = {what for what, counts in self.changes.items() if 0 not in counts}
        assert needed <= set(sent) <= set(self.changes), f"sent to Render: {sent}"
        assert all(sent[what] in counts for what, counts in self.changes.items()), f"sent to Render: {sent}"
        ours = [one for one in cloud.log("deploy_created") if one["trigger"] in ("rollback", "api")]
        assert [one["commit"] for one in ours] == [GOOD], f"deploys that were made: {ours}"
        switched = cloud.log("auto_deploy_changed")
        assert [(one["from"], one["to"]) for one in switched] == list(self.switches), f"auto-deploy: {switched}"
        assert switched[0]["at"] < ours[0]["at"], "pinned before it was rolled back"
        (row,) = daemon.history()
        kept = (row["target"], row["rollback_deploy"], row["verified"])
        assert kept == ("dep-40", ours[0]["deploy"], True), f"the record: {row}"

    def _assert_told(self, cloud: Cloud, told: tuple[str, ...]) -> None:
        """Each channel heard each thing, in order, once or twice; PagerDuty under one key, from trigger to resolve."""
        posted = [str(one["text"]) for one in cloud.log(self.slack)]
        slack = [text for text in posted if not text.startswith(self.besides or "\0")]
        assert heard(slack, told) == list(told), f"Slack: {slack}"
        rang = [one for one in cloud.log() if one["what"] in ("pagerduty_trigger", "pagerduty_resolve")]
        assert len({one["dedup_key"] for one in rang}) == 1, f"one outage is one page: {rang}"
        words = [one["summary"] if one["what"] == "pagerduty_trigger" else told[-1] for one in rang]
        assert heard(words, told) == list(told), f"PagerDuty: {rang}"
        assert rang[-1]["what"] == "pagerduty_resolve", f"PagerDuty: {rang}"


def changes(cloud: Cloud) -> Counter[str]:
    """Return every changing request that Render got: the end of its path, what it asked for, and how often."""
    asked = [one for one in cloud.log("request") if one["vendor"] == "render" and one["method"] != "GET"]
    return Counter(_change(one) for one in asked)


def _change(request: Mapping[str, Any]) -> str:
    end = request["path"].rpartition("/")[2]
    return f"{end} {next(iter(json.loads(request['body']).values()))}" if request.get("body") else end


def heard(texts: list[str], phrases: tuple[str, ...]) -> list[str]:
    """Return which patterns the texts fit, in the order of their first time; a text that fits none, or too often."""
    said = Counter(next((phrase for phrase in phrases if re.match(phrase, text)), text) for text in texts)
    return [phrase if times <= 2 else f"{times} times: {phrase}" for phrase, times in said.items()]


def unfinished(daemon: Daemon) -> bool:
    """Tell whether an incident is open or an effect not brought to its end, by the record."""
    open_, pending = (
        daemon.rows(f"SELECT count(*) FROM {what}")
        for what in ("incidents WHERE closed_at IS NULL", "effects WHERE status = 'pending'")
    )
    return (open_, pending) != ([(0,)], [(0,)])


def ask_for_auto_deploy(cloud: Cloud, daemon: Daemon) -> None:
    """Somebody types the command, and does not live to see its answer if the daemon does not."""
    command = daemon.command("restore-auto-deploy", "web")
    nobody = subprocess.DEVNULL
    subprocess.Popen(command, stdout=nobody, stderr=nobody, env=environment(daemon.variables), cwd=cloud.folder)


def press_approve(cloud: Cloud) -> None:
    """Press Approve if there is such a button now, and nobody did in the last seconds."""
    pressed = cloud.log("slack_sent")
    if not pressed or pressed[-1]["at"] < time.time() - PRESSED_SECONDS:
        with contextlib.suppress(AssertionError):  # no such button, or nobody is connected
            cloud.post("slack", do="click", action="approve")


FAILS = r"web (is down|fails \d+% of probes)"
ASKED = rf"{FAILS}: approve rollback to 1b7e0d4"
ANNOUNCED, ROLLING = rf"{FAILS}: rollback to 1b7e0d4 at ", rf"{FAILS}: rolling back to 1b7e0d4"
RESOLVED = "web is back after .*: rolled back to 1b7e0d4"
REBUILDING, REBUILT = rf"{FAILS}: rebuilding commit 1b7e0d4", "web is back after .*: rebuilt commit 1b7e0d4"
ROLLBACK = Journey({**PINNED, **BACK}, (ROLLING, RESOLVED))


def recover(cloud: Cloud, daemon: Daemon) -> None:
    """A whole incident, until it is closed."""
    cloud.bad_deploy()
    ROLLBACK.assert_well(cloud, daemon)


JOURNEYS = {
    "rollback": ROLLBACK,
    "rebuild": Journey(
        {**PINNED, "rollback dep-40": {1, 2}, f"deploys {GOOD}": {1}},
        (REBUILDING, REBUILT),
        modes={"rollback": "expired"},
    ),
    "veto": Journey(
        {**PINNED, **BACK},
        (ANNOUNCED, ROLLING, RESOLVED),
        settings={"mode: autonomous\n": "mode: autonomous\n    veto: 4s\n"},
    ),
    "button": Journey(
        {**PINNED, **BACK},
        (ASKED, ROLLING, RESOLVED),
        settings={"slack: {}": SLACK, "mode: autonomous\n": "mode: assist\n"},
        secrets=TOKENS,
        people=press_approve,
        slack="slack_posted",
        besides=("web-1: ",),
    ),
    "restore": Journey(
        {**PINNED, **BACK, "srv-web commit": {1}},
        (ROLLING, RESOLVED),
        begin=recover,
        cause=ask_for_auto_deploy,
        switches=(("commit", "off"), ("off", "commit")),
    ),
}
"""An ordinary rollback; one whose artefact is gone; one announced, that could be stopped; one approved in Slack, by
somebody who presses the button every few seconds as long as there is one; auto-deploy given back.
"""

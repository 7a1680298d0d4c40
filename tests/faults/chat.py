"""Slack in the stories: a configuration whose people answer there, and what they do and see."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.clocks import LOOPBACK
from tests.support.daemon_processes import SHORT, Cloud, Daemon, guarding
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.slack_blocks import blocks_of

SLACK = 'slack: {channel: "#incidents", approvals: {socket_mode: true, users: [U0AAA]}}'
TOKENS = f"WATCHDOG_SLACK_BOT_TOKEN={keys.SLACK_BOT_TOKEN}\nWATCHDOG_SLACK_APP_TOKEN={keys.SLACK_APP_TOKEN}\n"
QUIET = {'metrics: {listen: "127.0.0.1:0"}': 'metrics: {listen: ""}'}
"""A daemon that listens on nothing, as a worker on Render."""
ASSIST = {"mode: autonomous": "mode: assist"}
NOBODY = {"user": "U0EVIL", "name": "mallory"}


class Chat:
    """What people do in Slack, and see there."""

    def __init__(self, cloud: Cloud, daemon: Daemon) -> None:
        self.cloud = cloud
        self.daemon = daemon

    def click(self, action: str, **more: Any) -> str:
        """Press a button and return the envelope's id."""
        return str(self.cloud.post("slack", do="click", action=action, **more)["envelope_id"])

    def type(self, text: str, **more: Any) -> str:
        return str(self.cloud.post("slack", do="command", text=text, **more)["envelope_id"])

    def seen(self) -> dict[str, Any]:
        """Return the messages, the replies and how many connections there are."""
        url = f"{self.cloud.urls['admin']}/slack"
        found: dict[str, Any] = httpx.get(url, **LOOPBACK).json()
        return found

    def parents(self) -> list[dict[str, Any]]:
        """Return the messages that are no replies in a thread."""
        return [one for one in self.seen()["messages"] if "thread_ts" not in one["body"]]

    def buttons(self) -> list[str]:
        """Return the ids of the buttons in messages now that answer a question."""
        blocks = [block for one in self.seen()["messages"] for block in blocks_of(one["body"])]
        buttons = [button for block in blocks if block["type"] == "actions" for button in block["elements"]]
        found = [button["action_id"] for button in buttons if "url" not in button]
        return [one for one in found if one.removeprefix("watchdog_") in ("approve", "reject", "stop")]

    def replies(self, envelope: str) -> list[str]:
        return [str(one["text"]) for one in self.cloud.log("slack_replied") if one["envelope"] == envelope]

    def until_reply(self, envelope: str) -> str:
        return self.daemon.until(lambda: self.replies(envelope))[0]

    def until_connected(self) -> None:
        self.daemon.until(lambda: self.daemon.said("slack socket connected"))
        self.daemon.until(lambda: self.seen()["connections"] >= 1)

    def until_asked(self, *buttons: str) -> None:
        """Wait until a message has these buttons, and no other."""
        self.daemon.until(lambda: self.buttons() == [f"watchdog_{one}" for one in buttons])

    def commands(self) -> list[tuple[str, str, int, str, dict[str, Any]]]:
        """Return the rows of the record: name, by, ok, answer, arguments."""
        rows = self.daemon.rows("SELECT name, by, ok, answer, arguments FROM commands ORDER BY id")
        return [(name, by, ok, answer, json.loads(given)) for name, by, ok, answer, given in rows]

    def notes(self, label: str) -> list[str]:
        return [text for (text,) in self.daemon.rows(f"SELECT text FROM notes WHERE label = '{label}' ORDER BY seq")]


@contextmanager
def chatting(
    folder: Path, *, replace: Mapping[str, str] = ASSIST, more: str = SHORT, slack: str = SLACK
) -> Iterator[Chat]:
    """Run the sandbox, and give a daemon, not started yet, whose people answer in Slack; it listens on nothing."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write(replace={"slack: {}": slack, **QUIET, **replace}, more=more, secrets=TOKENS)
        yield Chat(cloud, daemon)


def started(chat: Chat) -> Chat:
    """Start the daemon and wait until it watches and hears."""
    chat.daemon.start().until_watching()
    chat.until_connected()
    return chat

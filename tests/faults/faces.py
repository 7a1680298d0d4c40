"""The places that show people an incident: terminal, console page, Slack; each compared with the JSON API's outlook."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx

from tests.faults.chat import Chat
from tests.support.clocks import LOOPBACK
from tests.support.daemon_processes import until
from watchdog.presentation.situation import Situation

CONSOLE_TOKEN = "c4n4ry-console-0123456789-0123456789"
SECRET = f"WATCHDOG_CONSOLE_TOKEN={CONSOLE_TOKEN}\n"
CONSOLE = "console: {enabled: true}\n"


class Faces:
    """All places that show one incident of a daemon whose console and Slack are on."""

    def __init__(self, chat: Chat, incident: str) -> None:
        self.chat = chat
        self.incident = incident
        self.last: dict[str, Any] = {}

    def until_alike(self, *situations: Situation) -> dict[str, Any]:
        """Return the outlook, once it is of such a situation and every place has its sentence and its task."""
        until(lambda: self._alike(situations), lambda: json.dumps(self.last, indent=1))
        said: dict[str, Any] = self.last["outlook"]
        return said

    def _alike(self, situations: tuple[Situation, ...]) -> bool:
        with httpx.Client(base_url=f"http://127.0.0.1:{self.chat.daemon.port}", **LOOPBACK) as client:
            api = f"/api/v1/incidents/{self.incident}"
            coming = client.get(api, headers={"authorization": f"Bearer {CONSOLE_TOKEN}"}).json()["outlook"]
            self.last = {"outlook": coming}
            if coming["situation"] not in situations:
                return False
            client.post("/login", data={"token": CONSOLE_TOKEN})
            shown = dict(self._terminal(over=coming["situation"] == Situation.CLOSED))
            shown["page"] = _text(client.get(f"/incidents/{self.incident}").text)
        shown["slack"] = html.unescape(json.dumps(self.chat.parents()[-1]["body"], ensure_ascii=False))
        # The all-clear goes on after the sentence.
        wanted = [_plain(words.removesuffix(".")) for words in (coming["sentence"], coming["task"])]
        self.last["lack it"] = {
            place: text for place, text in shown.items() if any(w not in _plain(text) for w in wanted)
        }
        return not self.last["lack it"]

    def _terminal(self, *, over: bool) -> Iterator[tuple[str, str]]:
        yield "show", self.chat.daemon.cli("--utc", "incident", "show", self.incident).stdout
        # What is over is no part of the present state.
        if not over:
            yield "status", self.chat.daemon.cli("--utc", "status").stdout


def _text(page: str) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", page))


def _plain(text: str) -> str:
    """Return the words alone: terminals wrap lines, pages show `…` as code."""
    return " ".join(re.sub(r"\W", " ", text).split())

"""Received, answered, posted to its author; a reply that cannot be posted is lost, and its address is in no log.

A reply is private, its text stays text, and it is within Slack's limits.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from tests.adapters.notifiers.letters import APP_TOKEN, HOSTILE
from tests.adapters.slack.slacks import HastyClock, Socket, for_ever, slack, typed
from tests.adapters.vendor import Vendor
from tests.support.clocks import eventually
from watchdog.adapters.options import Context
from watchdog.adapters.slack.conversation import BLOCKS_MAX, CUT, SlackConversation, message
from watchdog.ports.chat import Reply, Request

PLACE = ("POST", "/respond/0123456789abcdef")


@asynccontextmanager
async def talking(vendor: Vendor, *envelopes: dict[str, Any]) -> AsyncIterator[list[Request]]:
    """Run a conversation in which these envelopes come; return the requests."""

    async def say(socket: Socket, connection: ServerConnection) -> None:
        for envelope in envelopes:
            await connection.send(json.dumps(envelope))
        await for_ever(socket, connection)

    heard: list[Request] = []

    async def hear(request: Request) -> Reply:
        heard.append(request)
        return Reply((f"said {request.name}",))

    context = Context(HastyClock(), {"slack": f"{vendor.url}/api"}, {"WATCHDOG_SLACK_APP_TOKEN": APP_TOKEN})
    async with slack(vendor, say):
        conversation = SlackConversation(context, ["U0AAA"], lambda error: None)
        task = asyncio.create_task(conversation.run(hear))
        yield heard
        task.cancel()
        await asyncio.wait([task])
        await conversation.close()
        assert task.cancelled(), task.exception()


def posts(vendor: Vendor) -> list[Any]:
    return [seen.body for seen in vendor.seen if seen.path == PLACE[1]]


async def test_the_reply_goes_to_the_author_alone(vendor: Vendor) -> None:
    """By the address that came with the request, and without a key of ours; foreign envelopes get none."""
    vendor.say(*PLACE, (200, "ok"))
    other = {"type": "events_api", "envelope_id": "e2", "payload": {}}
    async with talking(vendor, other, typed("status", response_url=vendor.url + PLACE[1])) as heard:
        await eventually(lambda: posts(vendor))
    assert [request.name for request in heard] == ["status"] and posts(vendor)[0]["response_type"] == "ephemeral"
    assert posts(vendor)[0]["blocks"][0]["text"]["text"] == "said status"
    assert "authorization" not in next(seen for seen in vendor.seen if seen.path == PLACE[1]).headers


async def test_a_reply_that_does_not_get_through_is_tried_again_and_then_lost(
    vendor: Vendor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twice 503; then a used-up address, which is refused for good; the next request is answered all the same."""
    vendor.say(*PLACE, 503, 503, (200, "ok"), (404, "used_url"), (200, "ok"))
    envelopes = [typed("status", number, response_url=vendor.url + PLACE[1]) for number in (1, 2, 3)]
    async with talking(vendor, *envelopes):
        await eventually(lambda: len(posts(vendor)) == 5)
    printed = capsys.readouterr()
    assert "0123456789abcdef" not in printed.out + printed.err


@pytest.mark.parametrize("place", ["", "http://10.0.0.1/x", "https://evil.example/x", "http://127.0.0.2/x"])
async def test_nothing_is_posted_to_an_address_that_is_not_slacks(vendor: Vendor, place: str) -> None:
    """It was heard, and done; there is nowhere to answer."""
    async with talking(vendor, typed("status", response_url=place)) as heard:
        await eventually(lambda: heard)
    assert {seen.path for seen in vendor.seen} == {"/api/apps.connections.open"}


def parts(body: dict[str, Any]) -> list[str]:
    return [
        block["text"]["text"] if block["type"] == "section" else block["elements"][0]["elements"][0]["text"]
        for block in body["blocks"]
    ]


@pytest.mark.parametrize("fixed", [True, False])
def test_it_is_for_its_author_and_replaces_nothing(fixed: bool) -> None:
    """Ephemeral; every line is there; with nothing to say it is still a message, as Slack refuses an empty one."""
    body = message(Reply(("one", "two"), fixed=fixed))
    assert (body["response_type"], body["replace_original"]) == ("ephemeral", False) and parts(body) == ["one\ntwo"]
    assert parts(message(Reply((), fixed=fixed))) == ["…"]


@pytest.mark.parametrize("fixed", [True, False])
def test_a_long_one_is_shortened_and_says_so(fixed: bool) -> None:
    shown = parts(message(Reply(tuple(f"{number} " + "&" * 500 for number in range(500)), fixed=fixed)))
    assert all(line.endswith("&…") for line in shown[0].splitlines()) or not fixed
    assert re.fullmatch("(&amp;)+…", message(Reply(("&" * 900,)))["text"]), "no escape is cut in its middle"
    assert len(shown) <= BLOCKS_MAX and all(len(part) <= 3000 for part in shown) and shown[-1].endswith(CUT)
    exact = parts(message(Reply(("x" * 100,) * 3, fixed=fixed)))
    assert CUT not in exact[-1]


@pytest.mark.parametrize("fixed", [True, False])
def test_strangers_words_stay_words(fixed: bool) -> None:
    """Escaped in plain text; in letters of one width nothing is markup."""
    body = message(Reply((HOSTILE,), fixed=fixed))
    assert "<" not in body["text"]
    kinds = {block["type"] for block in body["blocks"]}
    assert kinds == ({"rich_text"} if fixed else {"section"})
    assert fixed or all("<" not in part for part in parts(body))

"""Slack's socket in the sandbox: tickets good once, envelopes to be acknowledged, buttons that were really posted."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.sandbox.vendors.test_notification_apis import slack
from tests.sandbox.world import SLACK, World, opened
from tests.support.clocks import eventually
from watchdog.sandbox import keys

APP = {"Authorization": f"Bearer {keys.SLACK_APP_TOKEN}"}
TEXT = {"type": "plain_text", "text": "x"}
BUTTON = {"type": "button", "action_id": "watchdog_approve", "value": "sealed", "text": TEXT}
ASKING = [{"type": "actions", "elements": [BUTTON]}]


async def address(world: World, headers: dict[str, str] = APP) -> dict[str, Any]:
    answer = await world.client.post(f"{world.sandbox.urls['slack']}/apps.connections.open", headers=headers)
    said: dict[str, Any] = answer.json()
    return said


@asynccontextmanager
async def connected(world: World) -> AsyncIterator[ClientConnection]:
    async with connect((await address(world))["url"], proxy=None) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"
        await eventually(lambda: world.sandbox.pagers.slack_socket.connections)
        yield socket


async def do(world: World, status: int = 200, **what: Any) -> Any:
    answer = await world.admin("POST", "/slack", json=what)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("headers", "error"),
    [(SLACK, "not_allowed_token_type"), ({}, "not_authed"), ({"Authorization": "x"}, "invalid_auth")],
)
async def test_only_the_app_token_opens_a_socket(world: World, headers: dict[str, str], error: str) -> None:
    assert await address(world, headers) == {"ok": False, "error": error}


async def test_a_ticket_is_good_once(world: World) -> None:
    url = (await address(world))["url"]
    async with connect(url, proxy=None) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"
    with pytest.raises(InvalidStatus):
        await connect(url, proxy=None)


async def test_a_button_that_was_posted_is_pressed_with_its_own_value(world: World) -> None:
    """The envelope is acknowledged, its author answered; a button that is gone can be pressed as an old one only."""
    posted = await slack(world, "chat.postMessage", {"channel": "#incidents", "text": "asked", "blocks": ASKING})
    await do(world, 400, do="click", action="approve")  # nobody is connected
    async with connected(world) as socket:
        await do(world, 400, do="click", action="reject")
        envelope = (await do(world, do="click", action="approve", user="U0BBB", name="bob"))["envelope_id"]
        said = json.loads(await socket.recv())
        assert (said["type"], said["envelope_id"]) == ("interactive", envelope)
        payload = said["payload"]
        assert (payload["user"]["id"], payload["actions"][0]["value"]) == ("U0BBB", "sealed")
        await socket.send(json.dumps({"envelope_id": envelope}))
        await eventually(lambda: world.sandbox.events.of("slack_acked"))
        section = {"type": "section", "text": {"type": "plain_text", "text": "done"}}
        answer = await world.client.post(payload["response_url"], json={"text": "x", "blocks": [section]})
        assert answer.text == "ok"
        assert [(one["user"], one["text"]) for one in world.sandbox.pagers.slack_socket.replies] == [("U0BBB", "done")]
        over = {"channel": posted["channel"], "ts": posted["ts"], "text": "over", "blocks": []}
        await slack(world, "chat.update", over)
        await do(world, 400, do="click", action="approve")
        await do(world, do="click", action="approve", old=True, value="forged")
        assert json.loads(await socket.recv())["payload"]["actions"][0]["value"] == "forged"


async def test_it_says_goodbye_delivers_again_and_drops() -> None:
    async with opened() as world, connected(world) as socket:
        await do(world, do="command", text="status")
        first = json.loads(await socket.recv())
        assert (first["type"], first["payload"]["text"]) == ("slash_commands", "status")
        await do(world, do="redeliver", times=2)
        assert [json.loads(await socket.recv())["envelope_id"] for _ in range(2)] == [first["envelope_id"]] * 2
        await do(world, do="goodbye")
        assert json.loads(await socket.recv())["type"] == "disconnect"
        await do(world, 400, do="goodbye", reason="boredom")
        assert (await do(world, do="drop")) == {"dropped": 1}
        await eventually(lambda: not world.sandbox.pagers.slack_socket.connections)
        assert [message async for message in socket] == []

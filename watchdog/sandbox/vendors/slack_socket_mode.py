"""Slack's Socket Mode, simulated: a ticket by HTTP, a real websocket, envelopes that must be acknowledged, replies.

Tests call it for the actions of a person (press a button in a message, type a command) and of Slack or the network
(deliver twice, announce a disconnect, drop). Documented by Slack: using-socket-mode, handling-user-interaction.
Rule 1: a ticket is valid for one connection. An envelope goes to one connection, the newest unless one is named.
Rule 2: only a button that is in a message (or was: `old`) can be pressed, with its own value or a forged one.
"""

import asyncio
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from watchdog.sandbox import clock, keys, sockets
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.vendors.slack_blocks import blocks_of, problem

Json = dict[str, Any]
TICKET_SECONDS = 30.0
MESSAGES_LIMIT = 10_000
"""Messages kept per channel; more than any run sends."""
REASONS = ("warning", "refresh_requested", "link_disabled")


class Message(Protocol):
    """A message in a channel with its current body and its earlier ones."""

    ts: str
    channel: str
    body: Json
    edits: list[Json]


@dataclass(eq=False, slots=True)
class Connection:
    """One open socket; it sends the texts put into `out`, and None closes it."""

    number: int
    out: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)


class SlackSocket:
    """The app's connections and the actions of people in Slack. `messages` are the channel's.

    An envelope is queued on one connection. The app acknowledges it by id on the same socket, within three seconds at
    Slack, and answers later by POST to its `response_url`. Here an unacknowledged envelope is not redelivered by
    itself: a test calls `redeliver`.
    """

    def __init__(self, log: EventLog, messages: list[Any]) -> None:
        self.log = log
        self.messages: list[Message] = messages
        self.connections: list[Connection] = []
        self.replies: list[Json] = []
        self._tickets: dict[str, float] = {}
        self._sent: list[Json] = []
        self._at: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._base = ""

    def routes(self) -> list[BaseRoute]:
        """Return the routes below /slack."""
        return [
            Route("/api/apps.connections.open", self.open, methods=["POST"]),
            WebSocketRoute("/link", self.link),
            Route("/respond/{number}", self.respond, methods=["POST"]),
        ]

    # --- the app's calls ---------------------------------------------------------------------------------------------

    async def open(self, request: Request) -> Response:
        """apps.connections.open: a websocket address that is valid once and for 30 s."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token != keys.SLACK_APP_TOKEN:
            # Slack names the usual mistake: the bot token (xoxb-) in the place of the app token (xapp-).
            wrong = "not_allowed_token_type" if token.startswith("xoxb-") else "invalid_auth" if token else "not_authed"
            return JSONResponse({"ok": False, "error": wrong})
        # The app is mounted below /slack; `response_url` and the websocket's address are built from the root.
        self._base = str(request.base_url).rstrip("/").removesuffix("/slack")
        ticket = f"ticket-{next(self._numbers):06d}"
        self._tickets[ticket] = clock.monotonic()
        self.log.append("slack_opened")
        return JSONResponse({"ok": True, "url": f"{self._base.replace('http', 'ws', 1)}/slack/link?ticket={ticket}"})

    async def link(self, socket: WebSocket) -> None:
        """The socket: sends hello and the queued texts, and receives acknowledgements."""
        # Taken out even if it is too old: a ticket is used up by its first connection.
        made = self._tickets.pop(socket.query_params.get("ticket", ""), None)
        if made is None or clock.monotonic() - made > TICKET_SECONDS:
            await socket.close(code=1008)
            return
        await socket.accept()
        mine = Connection(next(self._numbers))
        hello = {"type": "hello", "num_connections": len(self.connections) + 1, "connection_info": {"app_id": "A0FAKE"}}
        await socket.send_text(json.dumps(hello))
        # Only after the hello: no envelope may overtake it.
        self.connections.append(mine)
        self.log.append("slack_connected", connection=mine.number)
        try:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(self._read(socket, mine))
                while (text := await mine.out.get()) is not None:
                    await socket.send_text(text)
                # The reader waits in receive_text; without the cancel the group would wait for the client for ever.
                reading.cancel()
            await socket.close()
        # RuntimeError: starlette's answer to a send after the client has closed the socket.
        except* (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._forget(mine)

    async def _read(self, socket: WebSocket, mine: Connection) -> None:
        try:
            while True:
                said = json.loads(await socket.receive_text())
                sent_at = self._at.get(said.get("envelope_id", ""))
                # Slack expects the acknowledgement within 3 s; the log keeps the time for tests of that limit.
                if sent_at is not None:
                    seconds = clock.monotonic() - sent_at
                    self.log.append("slack_acked", envelope=said["envelope_id"], seconds=seconds)
        finally:
            self._forget(mine)
            # Wakes the sender in `link`, which waits for the queue and does not notice a closed socket.
            mine.out.put_nowait(None)

    def _forget(self, mine: Connection) -> None:
        if mine in self.connections:
            self.connections.remove(mine)
            self.log.append("slack_disconnected", connection=mine.number)

    async def respond(self, request: Request) -> Response:
        """A response_url: a reply that only the acting person sees."""
        body = json.loads(await sockets.read_body(request) or b"{}")
        number = int(request.path_params["number"])
        envelope = next((one for one in self._sent if one["number"] == number), None)
        if envelope is None or not (body.get("text") or body.get("blocks")):
            return PlainTextResponse("used_url" if envelope is None else "no_text", status_code=404)
        if refused := problem(body):
            return PlainTextResponse(refused, status_code=400)
        told = {"user": envelope["user"], "envelope": envelope["id"], "text": "\n".join(texts(body)), "body": body}
        keep(self.replies, told)
        self.log.append("slack_replied", **{name: told[name] for name in ("user", "envelope", "text")})
        return PlainTextResponse("ok")

    # --- actions of people -------------------------------------------------------------------------------------------

    def click(
        self,
        action: str,
        user: str = "U0AAA",
        name: str = "ann",
        old: bool = False,
        value: str | None = None,
        connection: int | None = None,
    ) -> Json:
        """Press a button of the newest message that has it; `old`: a removed button; `value`: a forged value.

        Raises ValueError if there is no such button or no open connection.
        """
        message, button = self._button(f"watchdog_{action}", old)
        pressed = {**button, "value": button["value"] if value is None else value, "action_ts": f"{clock.now():.6f}"}
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": name, "name": name, "team_id": "T0FAKE"},
            "api_app_id": "A0FAKE",
            "team": {"id": "T0FAKE", "domain": "acme"},
            "channel": {"id": message.channel, "name": "incidents"},
            "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
            "message": {"ts": message.ts, **message.body},
            "actions": [pressed],
        }
        return self._deliver("interactive", payload, user, connection)

    def command(self, text: str, user: str = "U0AAA", name: str = "ann", connection: int | None = None) -> Json:
        """Type `/watchdog TEXT`."""
        payload = {
            "command": "/watchdog",
            "text": text,
            "user_id": user,
            "user_name": name,
            "team_id": "T0FAKE",
            "channel_id": "C0FAKE0001",
            "channel_name": "incidents",
            "api_app_id": "A0FAKE",
        }
        return self._deliver("slash_commands", payload, user, connection)

    def buttons(self) -> list[str]:
        """Return the action ids of all buttons in the current messages."""
        return [button["action_id"] for message in self.messages for button in _buttons(message.body)]

    # --- actions of Slack and the network ----------------------------------------------------------------------------

    def redeliver(self, times: int = 1, connection: int | None = None) -> Json:
        """Deliver the last envelope again, under its old id."""
        last = self._sent[-1]
        for _ in range(times):
            self._send(last["text"], connection)
        return {"envelope_id": last["id"]}

    def goodbye(self, reason: str = "refresh_requested") -> Json:
        """Announce to every connection that it will close, as Slack does about hourly; the connections stay open."""
        if reason not in REASONS:
            raise ValueError(f"reason {reason!r} is none of {REASONS}")
        said = json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
        # Slack gives the app time to open a new connection first, so that no envelope is lost in between.
        for one in self.connections:
            one.out.put_nowait(said)
        return {"told": len(self.connections)}

    def drop(self) -> Json:
        """Close every connection without an announcement."""
        dropped = len(self.connections)
        for one in list(self.connections):
            one.out.put_nowait(None)
        return {"dropped": dropped}

    def _button(self, action_id: str, old: bool) -> tuple[Message, Json]:
        for message in reversed(self.messages):
            for body in (*(reversed(message.edits) if old else ()), *(() if old else (message.body,))):
                for button in _buttons(body):
                    if button["action_id"] == action_id:
                        return message, button
        raise ValueError(f"no message {'ever had' if old else 'has'} a button {action_id}")

    def _deliver(self, kind: str, payload: Json, user: str, connection: int | None) -> Json:
        if not self.connections:
            raise ValueError("nobody is connected: Slack shows the person an error")
        # The number in the response_url finds the envelope again when the app replies.
        number = next(self._numbers)
        payload["response_url"] = f"{self._base}/slack/respond/{number}"
        payload["trigger_id"] = f"{number}.2.fake"
        envelope_id = f"envelope-{number:06d}"
        envelope = {"type": kind, "envelope_id": envelope_id, "payload": payload, "accepts_response_payload": False}
        text = json.dumps(envelope)
        keep(self._sent, {"id": envelope_id, "number": number, "user": user, "text": text})
        self._at[envelope_id] = clock.monotonic()
        self.log.append("slack_sent", envelope=envelope_id, kind=kind, user=user)
        self._send(text, connection)
        return {"envelope_id": envelope_id}

    def _send(self, text: str, connection: int | None) -> None:
        chosen = self.connections[-1 if connection is None else connection]
        chosen.out.put_nowait(text)


def _buttons(body: Json) -> Iterator[Json]:
    """Yield the buttons that the app answers; one with an address opens it instead."""
    for block in blocks_of(body):
        if block.get("type") == "actions":
            yield from (one for one in block["elements"] if "url" not in one)


def texts(body: Json) -> Iterable[str]:
    """Yield the visible texts of a message's blocks."""
    for block in blocks_of(body):
        if block.get("type") == "section":
            shown = [block["text"]] if "text" in block else []
            yield from (one["text"] for one in (*shown, *block.get("fields", ())))
        for element in block.get("elements", ()) if block.get("type") == "rich_text" else ():
            yield from (part["text"] for part in element.get("elements", ()))


def keep(kept: list[Any], one: object) -> None:
    """Keep a message, and of many the newest ones."""
    kept.append(one)
    if len(kept) > MESSAGES_LIMIT:
        del kept[0]

"""The conversation in Slack: envelopes in, requests to their handler, replies out to their authors alone.

A reply is visible to its author alone, has no markup, and stays within Slack's limits.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import urlsplit

import structlog

from watchdog.adapters.notifiers.notifier_http import TIMEOUT_SECONDS, TellingClient
from watchdog.adapters.notifiers.slack_message import escape, plain
from watchdog.adapters.options import Context
from watchdog.adapters.slack import APP_TOKEN
from watchdog.adapters.slack.button_signature import ButtonSigner
from watchdog.adapters.slack.envelopes import parsed
from watchdog.adapters.slack.slack_hosts import is_slacks
from watchdog.adapters.slack.socket import Envelope, SocketMode
from watchdog.adapters.slack.socket_url import app_client, endpoint_of
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports.chat import Reply, Request

REPLY_ATTEMPTS = 3
REPLY_PAUSE_SECONDS = 1.0
BLOCK_CHARACTERS, BLOCKS_MAX = 2800, 4
"""Slack allows 3000 characters a block, and escaping lengthens text; more than four blocks are unreadable in a chat."""
LINE_MAX = 400
CUT = "… (shortened: the terminal and the console have all of it)"

Handle = Callable[[Request], Awaitable[Reply]]
log = structlog.get_logger("watchdog")


class SlackConversation:
    """Buttons and `/watchdog`. `users` are the ids of members who may give orders; the others may read."""

    name = "slack"

    def __init__(self, context: Context, users: Collection[str], report: Callable[[Exception | None], None]) -> None:
        self._context = context
        self._users = frozenset(users)
        self._client = app_client(context)
        self._signer = ButtonSigner(context.secrets[APP_TOKEN])
        self._endpoint = endpoint_of(context)
        self._socket = SocketMode(self._client, self._endpoint, context.clock, guard=context.guard, report=report)

    async def run(self, handle: Handle) -> None:
        """Receive and reply for ever."""
        await self._socket.run(lambda envelope: self._handle(envelope, handle))

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _handle(self, envelope: Envelope, handle: Handle) -> None:
        """Handle one envelope; an error of ours in it leaves the others unaffected."""
        try:
            await self._answer(envelope, handle)
        except Exception:
            log.exception("slack event failed, internal error", kind=str(envelope.get("type")))

    async def _answer(self, envelope: Envelope, handle: Handle) -> None:
        found = parsed(envelope, self._signer, self._users, self._context.clock.now())
        if found is None:
            return
        reply = await handle(found.request)
        await self._post(found.reply_to, reply)

    async def _post(self, address: str, reply: Reply) -> None:
        """Post a reply. One that cannot be posted is lost; the decision itself is in the message and the log."""
        # The address comes from the envelope; posting anywhere else would hand the incident's facts to a stranger.
        if not is_slacks(address, self._endpoint, "http"):
            log.warning("slack reply dropped, no usable response url")
            return
        client = self._client_for(address)
        try:
            for attempt in range(REPLY_ATTEMPTS):
                try:
                    await client.deliver("", message(reply))
                    return
                except Temporary as error:
                    why = str(error)
                    if attempt + 1 < REPLY_ATTEMPTS:
                        # Slack's address takes replies for half an hour, so a pause
                        # beyond 30 s is not worth keeping the task.
                        await self._context.clock.sleep(max(REPLY_PAUSE_SECONDS, min(error.retry_after_seconds, 30.0)))
            log.warning("slack reply not posted", why=why)
        except Permanent as error:
            log.warning("slack reply not posted", why=str(error))
        finally:
            await client.close()

    def _client_for(self, address: str) -> TellingClient:
        client = TellingClient(
            "Slack",
            address,
            clock=self._context.clock,
            guard=self._context.guard,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        # The path holds the ticket that lets its holder post; no error may repeat it.
        client.hidden = (address, *(part for part in urlsplit(address).path.split("/") if len(part) >= 8))
        return client


def message(reply: Reply) -> dict[str, Any]:
    """Return the body of a reply."""
    blocks = [_block(part, fixed=reply.fixed) for part in _parts(reply.lines)]
    first = plain(next(iter(reply.lines), "") or "watchdog")["text"]
    # Never in place of the message: the buttons of an open question would vanish for everyone.
    return {"response_type": "ephemeral", "replace_original": False, "text": first, "blocks": blocks}


def _parts(lines: tuple[str, ...]) -> list[str]:
    """Return the lines in as many pieces as are shown; a last line reports that some were cut."""
    parts, shown = [""], 0
    for line in lines:
        kept = line if len(line) <= LINE_MAX else f"{line[: LINE_MAX - 1]}…"
        room = BLOCK_CHARACTERS - (len(CUT) + 1 if len(parts) == BLOCKS_MAX else 0)
        # Measured after escaping: each `&` or `<` grows to five characters, and Slack counts those.
        if len(escape(parts[-1])) + len(escape(kept)) + 1 > room:
            if len(parts) == BLOCKS_MAX:
                break
            parts.append("")
        parts[-1] += f"{kept}\n"
        shown += 1
    if shown < len(lines):
        parts[-1] += CUT
    return [part.rstrip("\n") or "…" for part in parts]


def _block(said: str, *, fixed: bool) -> dict[str, Any]:
    if not fixed:
        return {"type": "section", "text": plain(said)}
    letters = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": said}]}
    return {"type": "rich_text", "elements": [letters]}

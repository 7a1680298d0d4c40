"""Slack: a bot with one message per incident, edited in place, and a thread below it; or an incoming webhook.

Rule 1: words of strangers stand in plain_text blocks, escaped, never as markup; nothing is unfurled, nobody mentioned.
Rule 2: the edit comes before the reply: when the reply fails, the whole is sent again and the edit changes nothing.
Rule 3: an edit keeps what the incident began with; the reference carries it, for nothing here remembers.
A webhook can neither edit nor thread: one post per notice.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import field_validator

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.telling import TIMEOUT_SECONDS, TellingClient, client_for_secret_url
from watchdog.adapters.options import Context, Options
from watchdog.domain.errors import ConfigurationError, Mistake, Permanent, Temporary
from watchdog.domain.notices import Notice
from watchdog.ports import Notifier

TOKEN = "WATCHDOG_SLACK_BOT_TOKEN"
URL = "WATCHDOG_SLACK_WEBHOOK_URL"
API = "https://slack.com/api"
MAX_BLOCK = 3000
PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
GONE = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"})
KEPT_LINES, KEPT_CHARACTERS = 8, 200
ADVICE = {
    "channel_not_found": "check the channel's name, and invite the bot if it is private",
    "not_in_channel": "invite the bot to the channel, or give it the scope chat:write.public",
    "is_archived": "the channel is archived: name another",
    "missing_scope": "give the bot the scope chat:write",
    "invalid_auth": f"put a valid bot token into {TOKEN}",
    "not_authed": f"put a valid bot token into {TOKEN}",
    "account_inactive": f"put a valid bot token into {TOKEN}",
    "token_revoked": f"put a valid bot token into {TOKEN}",
    "token_expired": f"put a valid bot token into {TOKEN}",
}


class SlackOptions(Options):
    """With a channel, a bot posts there; without one, an incoming webhook is used."""

    channel: str | None = None

    @field_validator("channel")
    @classmethod
    def _named(cls, channel: str | None) -> str | None:
        if channel is not None and not re.fullmatch(r"#[^\s#,<>&@|]{1,80}|[CGD][A-Z0-9]{6,20}", channel):
            raise ValueError('not a channel: write "#incidents" (in quotes) or its id, as in C0123ABCD')
        return channel


class SlackBot:
    """Posts with a bot token. The reference is JSON: the message's channel id and ts, and what it began with."""

    name = "slack"

    def __init__(self, endpoint: str, token: str, channel: str, context: Context) -> None:
        self._channel = channel
        headers = {"authorization": f"Bearer {token}"}
        self._client = TellingClient(
            "Slack", endpoint, headers=headers, clock=context.clock, timeout_seconds=TIMEOUT_SECONDS
        )

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Post the incident's message, or edit it and reply in its thread; a message that is gone is posted anew."""
        known = _known(reference)
        if known is None:
            return await self._open(notice)
        try:
            await self._call("chat.update", {"channel": known.channel, "ts": known.ts, **_state(notice, known.began)})
            reply = {"channel": known.channel, "thread_ts": known.ts, "reply_broadcast": notice.wakes}
            await self._call("chat.postMessage", {**reply, **_message(notice)})
        except _Gone:
            return await self._open(notice)
        return reference

    async def check(self) -> str:
        """Ask Slack who we are. Whether the channel takes messages shows only when one is sent."""
        said = await self._call("auth.test", {})
        who, team = (text.clean(str(said.get(key, "?")), 80) for key in ("user", "team"))
        return f"the token is {who}'s in {team}; `watchdog notify test` posts to {self._channel}"

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _open(self, notice: Notice) -> str:
        said = await self._call("chat.postMessage", {"channel": self._channel, **_message(notice)})
        channel, ts = said.get("channel"), said.get("ts")
        if not isinstance(channel, str) or not isinstance(ts, str):
            return ""  # posted, though Slack did not say where: the next notice begins a new thread
        began = [text.clean(line, KEPT_CHARACTERS) for line in _words(notice)[: 1 + KEPT_LINES]]
        return json.dumps({"channel": channel, "ts": ts, "began": began})

    async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call a method; Slack says no with HTTP 200 and `ok: false`."""
        answer = await self._client.post_telling(f"/{method}", body)
        said = answer.json if isinstance(answer.json, dict) else {}
        if said.get("ok") is True:
            return said
        error = text.clean(self._client.redact(str(said.get("error", "no reason"))), 60)
        if error in GONE:
            raise _Gone(f"Slack: {error}")
        why = ": ".join(part for part in (f"Slack refused {method}", error, ADVICE.get(error, "")) if part)
        raise (Temporary if error in PASSING or not said else Permanent)(why)


class SlackWebhook:
    """Posts through an incoming webhook; its URL is a secret."""

    name = "slack"

    def __init__(self, client: TellingClient, path: str) -> None:
        self._client = client
        self._path = path

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Post the notice."""
        await self._client.post_telling(self._path, _message(notice))
        return None

    async def check(self) -> str:
        """Return what can be known without a post: the URL's shape."""
        return "the webhook URL has the right shape; `watchdog notify test` posts to it"

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()


class _Gone(Permanent):
    """The message we edit is no longer there."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Where the incident's message is, and the lines it began with."""

    channel: str
    ts: str
    began: tuple[str, ...]


def _known(reference: str | None) -> _Known | None:
    """Return what a reference says, or None if there is no message we can find again."""
    try:
        said = json.loads(reference or "null")
        return _Known(str(said["channel"]), str(said["ts"]), tuple(str(line) for line in said.get("began", ())))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def escape(words: str) -> str:
    """Return words that Slack cannot take for a mention, a link or an entity."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _words(notice: Notice) -> tuple[str, ...]:
    return (text.title(notice), *text.lines(notice))


def _message(notice: Notice) -> dict[str, Any]:
    """Return the body of a post: the title, the evidence, the links."""
    return {**_body(notice, _words(notice)), "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


def _state(notice: Notice, began: tuple[str, ...]) -> dict[str, Any]:
    """Return the body of an edit: what the incident began with, and how it stands now."""
    now, *evidence = _words(notice)
    return _body(notice, (*began, f"Now: {now}", *evidence))


def _body(notice: Notice, lines: Iterable[str]) -> dict[str, Any]:
    blocks = _plain(lines)
    if links := _links(notice):
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": links}]})
    return {"text": escape(text.title(notice)), "blocks": blocks, "parse": "none", "link_names": False}


def _plain(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Return sections of whole lines, each within Slack's 3000 characters after escaping (a line has 500 at most)."""
    texts: list[str] = []
    for line in map(escape, lines):
        if texts and len(texts[-1]) + 1 + len(line) <= MAX_BLOCK:
            texts[-1] += f"\n{line}"
        elif line:
            texts.append(line)
    return [{"type": "section", "text": {"type": "plain_text", "text": words, "emoji": False}} for words in texts]


def _links(notice: Notice) -> str:
    """Return links as markup, as many as fit into one block; a label cannot end its link early."""
    kept = ""
    for link in text.links(notice):
        more = f"<{escape(link.href)}|{escape(link.text.replace('|', '/'))}>"
        if len(kept) + 3 + len(more) <= MAX_BLOCK:
            kept += f" · {more}" if kept else more
    return kept


def secrets(options: SlackOptions) -> tuple[str, ...]:
    """Return the variables that must be set."""
    return (TOKEN,) if options.channel else (URL,)


def build(options: SlackOptions, context: Context) -> Notifier:
    """Build the bot or the webhook. Raises ConfigurationError for a token or a URL that cannot be one."""
    if options.channel is None:
        return SlackWebhook(*client_for_secret_url("Slack", URL, context))
    token = context.secrets.get(TOKEN, "").strip()
    if not re.fullmatch(r"[!-~]{1,300}", token):
        raise ConfigurationError((Mistake(TOKEN, "not a bot token", "copy it from the app's page: xoxb-…"),))
    return SlackBot(context.endpoints.get("slack", API), token, options.channel, context)

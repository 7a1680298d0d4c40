"""Slack: a bot with one message per incident, edited in place, and a thread below it; or an incoming webhook.

The message shows the news and the state of now; its thread has each notice as it was sent, and the details whenever
they changed.

Rule 1: the edit comes before the reply: when the reply fails, the whole is sent again and the edit changes nothing.
The first reply fails alone (`Partly`): the message is posted, and is not posted again.
Rule 2: an edit keeps the title that the incident began with; the reference carries it, since no state is kept here.
Rule 3: where people may answer (`approvals`), the message has buttons to answer while, and only while, a question is
open, and one to acknowledge while that changes something; adapters/slack receives the clicks.

A webhook can neither edit nor thread: one post per notice, the details below a divider.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from watchdog.adapters.json_schema_hooks import Also, written_as
from watchdog.adapters.json_values import mapping
from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.notifier_http import TIMEOUT_SECONDS, TellingClient, client_for_secret_url
from watchdog.adapters.notifiers.slack_buttons import blocks
from watchdog.adapters.notifiers.slack_message import evidence, message, reply, state, whole, with_blocks
from watchdog.adapters.options import Context, Options
from watchdog.adapters.slack import API, APP_TOKEN, KEY_REFUSED, PASSING, socket_url
from watchdog.adapters.slack.button_signature import ButtonSigner
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Forbidden, Mistake, Partly, Permanent, Temporary
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.ports import Notifier

TOKEN = "WATCHDOG_SLACK_BOT_TOKEN"  # noqa: S105  the name of a variable, not what it holds
URL = "WATCHDOG_SLACK_WEBHOOK_URL"
SOCKET_MODE = "socket_mode"
CHANNEL = r"#[^\s#,<>&@|]{1,80}|[CGD][A-Z0-9]{6,20}"
MEMBER = r"[UW][A-Z0-9]{2,20}"
BEGINNINGS = (NoticeKind.OPENED, NoticeKind.SELF_ALERT, NoticeKind.TEST)
"""The kinds that never go under an old all-clear: a condition of our own (blind …) comes back under the same name."""
GONE = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed", "is_inactive"})
LEFT = frozenset({"channel_not_found", "not_in_channel", "is_archived"})
"""Errors of the channel: of a message there, since when another may be configured; of a first post, a mistake."""
KEPT_CHARACTERS = 200
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


def _approvals(value: object) -> object:
    """Accept `socket_mode` for `{socket_mode: true}`."""
    if isinstance(value, str):
        if value != SOCKET_MODE:
            raise ValueError("not a way to answer: write socket_mode, or {socket_mode: true, users: [U0AAA]}")
        return {SOCKET_MODE: True}
    return value


class Approvals(Options):
    """Whether people answer in Slack, and the member ids that may.

    With an empty list no member may change anything there.
    """

    socket_mode: bool = False
    users: list[Annotated[str, written_as(f"^{MEMBER}$", "U0AAA")]] = Field(default_factory=list, max_length=100)

    @field_validator("users")
    @classmethod
    def _ids(cls, users: list[str]) -> list[str]:
        if not all(re.fullmatch(MEMBER, user) for user in users):
            raise ValueError("not member ids: write [U0AAA], as in a member's profile under Copy member ID")
        return users


class SlackOptions(ChannelOptions):
    """With a channel, a bot posts there; without one, an incoming webhook is used."""

    channel: str | None = Field(default=None, json_schema_extra={"pattern": f"^({CHANNEL})$"})
    approvals: Annotated[Approvals | None, BeforeValidator(_approvals), Also({"const": SOCKET_MODE})] = None

    @property
    def listens(self) -> bool:
        """Return whether people can answer and ask there."""
        return self.approvals is not None and self.approvals.socket_mode

    @property
    def users(self) -> tuple[str, ...]:
        """Return the member ids that may give orders there."""
        return tuple(self.approvals.users) if self.approvals is not None else ()

    @model_validator(mode="after")
    def _needs_a_bot(self) -> "SlackOptions":
        if self.listens and self.channel is None:
            raise ValueError('approvals need a bot, a webhook has no buttons: add channel: "#incidents"')
        return self

    @field_validator("channel")
    @classmethod
    def _named(cls, channel: str | None) -> str | None:
        if channel is not None and not re.fullmatch(CHANNEL, channel):
            raise ValueError('not a channel: write "#incidents" (in quotes) or its id, as in C0123ABCD')
        return channel


class SlackBot:
    """Posts with a bot token.

    The reference is JSON: the message's channel id and ts, the title it began with, and the details shown last.
    """

    name = "slack"

    def __init__(self, token: str, options: SlackOptions, context: Context) -> None:
        assert options.channel is not None, "without a channel it is a webhook"
        self._channel = options.channel
        self._endpoint = context.endpoints.get("slack", API)
        self._question = context.question
        self._asks = socket_url.app_client(context) if options.listens else None
        # Without members who may press them, buttons would only disappoint.
        self._signer = ButtonSigner(context.secrets[APP_TOKEN]) if options.listens and options.users else None
        self._users = options.users
        self._clicks = options.listens
        headers = {"authorization": f"Bearer {token}"}
        self._client = TellingClient(
            "Slack",
            self._endpoint,
            headers=headers,
            clock=context.clock,
            guard=context.guard,
            timeout_seconds=TIMEOUT_SECONDS,
        )

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Post the incident's message, or edit it and reply in its thread; a message that is gone is posted anew."""
        known = _known(reference)
        # A new outage starts its own thread; below an old all-clear it would be overlooked.
        if known is None or (known.closed and notice.kind in BEGINNINGS):
            return await self._open(notice)
        try:
            body = self._with_buttons(notice, state(notice, known.began, clicks=self._clicks))
            await self._call("chat.update", {"channel": known.channel, "ts": known.ts, **body})
            changed = _mark(notice) not in ("", known.shown)
            shown = notice.wakes or notice.plain  # who follows no thread reads the channel
            await self._reply(known, reply(notice, details=changed), broadcast=shown)
        # The message was deleted or is too old to edit, or its channel was archived or left: the incident must not lose
        # its page for that. Where the configured channel is that same one, the post is refused in its turn.
        except _Gone:
            return await self._open(notice)
        return _reference(replace(known, shown=_mark(notice) or known.shown, closed=notice.resolves))

    async def check(self) -> str:
        """Call `auth.test`, which names the token's user.

        Whether the channel takes messages shows only when one is sent.
        """
        said = await self._call("auth.test", {})
        who, team = (text.clean(str(said.get(key, "?")), 80) for key in ("user", "team"))
        found = f"the token is {who}'s in {team}; `{command_line('notify test')}` posts to {self._channel}"
        if self._asks is None:
            return found
        await socket_url.open_address(self._asks, self._endpoint)
        return f"{found}; Socket Mode opens, and {len(self._users) or 'no member'} may approve there"

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()
        if self._asks is not None:
            await self._asks.close()

    async def _open(self, notice: Notice) -> str:
        body = self._with_buttons(notice, message(notice, clicks=self._clicks))
        try:
            said = await self._call("chat.postMessage", {"channel": self._channel, **body})
        except _Gone as error:
            raise Forbidden(str(error)) from None  # the configured channel takes no notice at all
        channel, ts = said.get("channel"), said.get("ts")
        if not isinstance(channel, str) or not isinstance(ts, str):
            return ""  # posted, though Slack did not say where: the next notice begins a new thread
        posted = _Known(channel, ts, text.title(notice, KEPT_CHARACTERS), shown="", closed=notice.resolves)
        if not text.details(notice):
            return _reference(posted)
        try:
            await self._reply(posted, evidence(notice), broadcast=False)
        except (Temporary, Permanent) as error:
            # The page is out: the next send edits it, and brings the details.
            why = f"posted, without its details: {error}"
            raise Partly(why, _reference(posted), again=isinstance(error, Temporary)) from None
        return _reference(replace(posted, shown=_mark(notice)))

    async def _reply(self, to: "_Known", body: dict[str, Any], *, broadcast: bool) -> None:
        place = {"channel": to.channel, "thread_ts": to.ts, "reply_broadcast": broadcast}
        await self._call("chat.postMessage", {**place, **body})

    def _with_buttons(self, notice: Notice, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body with buttons under it: to answer a question that is open now, and to acknowledge."""
        # People outside engineering are asked nothing.
        if self._signer is None or notice.plain:
            return body
        # Asked at each send, not stored in the notice: a late delivery must not
        # show buttons for a question already answered.
        more = blocks(notice, self._question(notice), self._signer)
        return with_blocks(body, more) if more else body

    async def _call(self, method: str, body: dict[str, Any]) -> Mapping[str, Any]:
        """Call a method. Raises for a refusal, which Slack answers with HTTP 200 and `ok: false`."""
        answer = await self._client.post(f"/{method}", body)
        said = mapping(answer.json)
        if said.get("ok") is True:
            return said
        # Slack answers refusals with HTTP 200 as well: the word in `error` is all that tells them apart.
        error = text.clean(self._client.redact(str(said.get("error", "no reason"))), 60)
        why = ": ".join(part for part in (f"Slack refused {method}", error, ADVICE.get(error, "")) if part)
        if error in GONE | LEFT:
            raise _Gone(why)
        # An empty answer names no error, so it counts as a disturbance that a retry may pass.
        passing = error in PASSING or not said
        raise (Temporary if passing else Forbidden if error in KEY_REFUSED else Permanent)(why)


class SlackWebhook:
    """Posts through an incoming webhook; its URL is a secret."""

    name = "slack"

    def __init__(self, client: TellingClient, path: str) -> None:
        self._client = client
        self._path = path

    async def send(self, notice: Notice, reference: str | None) -> str:
        """Post the notice. There is nothing to refer to later: the reference is empty."""
        await self._client.deliver(self._path, whole(notice))
        return ""

    async def check(self) -> str:
        """Return the result that needs no post: the URL's shape."""
        return f"the webhook URL has the right shape; `{command_line('notify test')}` posts to it"

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()


class _Gone(Permanent):
    """The message that we edit, or its channel, cannot be reached any more."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The place of the incident's message, the title it began with, the details shown last, and whether it ended."""

    channel: str
    ts: str
    began: str
    shown: str  # mark of the details; empty: none were shown
    closed: bool


def _mark(notice: Notice) -> str:
    """Return a hash of the notice's details, to see whether they changed; empty without details.

    Without the readings of its moment, which differ each time: else each reply would repeat the whole arithmetic.
    """
    passing = text.readings(notice)
    found = "\n".join(line for line in text.details(notice) if line not in passing)
    return hashlib.sha256(found.encode()).hexdigest()[:12] if found else ""


def _reference(known: _Known) -> str:
    # A list, as an earlier version wrote and reads it.
    fields = {"channel": known.channel, "ts": known.ts, "began": [known.began], "closed": known.closed}
    return json.dumps({**fields, "shown": known.shown})


def _known(reference: str | None) -> _Known | None:
    """Return the content of a reference, or None if it names no message."""
    try:
        said = json.loads(reference or "null")
        # The store may hold a reference of another channel kind or version; any of them just starts a new message.
        began = next(iter(said.get("began", ())), "")
        place = str(said["channel"]), str(said["ts"])
        return _Known(*place, str(began), str(said.get("shown", "")), closed=bool(said.get("closed")))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def secrets(options: SlackOptions) -> tuple[str, ...]:
    """Return the variables that must be set."""
    if options.channel is None:
        return (URL,)
    return (TOKEN, APP_TOKEN) if options.listens else (TOKEN,)


def build(options: SlackOptions, context: Context) -> Notifier:
    """Build the bot or the webhook. Raises ConfigurationError for a malformed token or URL."""
    if options.channel is None:
        return SlackWebhook(*client_for_secret_url("Slack", URL, context))
    token = context.secrets.get(TOKEN, "").strip()
    # A token with a line break would end the header, and the HTTP library's error would quote it.
    if not re.fullmatch(r"[!-~]{1,300}", token):
        raise ConfigurationError((Mistake(TOKEN, "not a bot token", "copy it from the app's page: xoxb-…"),))
    return SlackBot(token, options, context)

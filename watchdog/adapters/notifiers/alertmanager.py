"""Alertmanager, API v2: each incident as an alert, at every Alertmanager of a set.

Rule 1: an alert carries its end, an hour ahead, and is posted anew each minute (`keep`) while its incident is open:
an Alertmanager that restarted has it again, and a watchdog that restarts ends none. Without it the alert would end
`resolve_timeout` after each post.
Rule 2: every Alertmanager gets every alert, at the same time: they share notifications and silences, not alerts. One
that took it is a delivery; the others are tried again.
Rule 3: an all-clear ends every alert that an Alertmanager has open of the incident: a crash may have cost the store
one. The end is posted anew for five minutes.
Rule 4: a silence there keeps Alertmanager's notifications back, and nothing else. It is read for the incident's notes.

The reference is the alert itself (alertmanager_alert.py).
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from cachetools import LRUCache
from pydantic import AfterValidator, Field, field_validator

from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.json_values import mapping
from watchdog.adapters.json_values import text as string
from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.alertmanager_alert import NAME, Alert, identity, iso, known, listed, made, matchers
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.notifier_http import TIMEOUT_SECONDS, TellingClient
from watchdog.adapters.options import Context, parse_url
from watchdog.domain.errors import ConfigurationError, Misshapen, Mistake, Partly, Permanent, Temporary
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.pager import Silenced
from watchdog.domain.units import parse_time
from watchdog.ports import Clock, Notifier

TOKEN = "WATCHDOG_ALERTMANAGER_TOKEN"  # noqa: S105  the name of a variable, not what it holds
ALERTS, SILENCES, STATUS = "/api/v2/alerts", "/api/v2/silences", "/api/v2/status"
HELD_SECONDS = 3600.0
"""How long an alert lasts after the last post: longer than an upgrade of the watchdog, shorter than a night."""
ENDING_SECONDS = 300.0
"""How long an end is posted anew."""
EVERY_SECONDS = 60.0
REMEMBERED = 1000
SILENCES_MAX = 20
BEGINNINGS = (NoticeKind.OPENED, NoticeKind.SELF_ALERT, NoticeKind.TEST)
URL = r"https?://([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]{0,99}"
OWN_LABELS = ("alertname", "service", "incident", "severity", "page")


def _address(written: str) -> str:
    if not re.fullmatch(URL, written):
        raise ValueError("not an Alertmanager's address: write http://host:9093, without a user or password in it")
    parse_url(written)
    return written.rstrip("/")


Address = Annotated[str, AfterValidator(_address), written_as(f"^{URL}$", "http://alertmanager:9093")]


class AlertmanagerOptions(ChannelOptions):
    """The Alertmanagers of one set, and labels by which their routes know us."""

    urls: tuple[Address, ...] = Field(min_length=1, max_length=10)
    user: Annotated[str, written_as("^[!-9;-~]{1,100}$", "watchdog")] | None = None
    labels: dict[str, Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=dict, max_length=20)

    @field_validator("urls")
    @classmethod
    def _once(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(urls)) < len(urls):
            raise ValueError("an address stands there twice: write each Alertmanager once")
        return urls

    @field_validator("user")
    @classmethod
    def _sendable(cls, user: str | None) -> str | None:
        if user is not None and not re.fullmatch(r"[!-9;-~]{1,100}", user):
            raise ValueError("not a user: write it without spaces and colons")
        return user

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: dict[str, str]) -> dict[str, str]:
        for name, value in labels.items():
            if not re.fullmatch(LABEL, name) or name in OWN_LABELS or not value.isprintable():
                own = ", ".join(OWN_LABELS)
                raise ValueError(f"not labels: write names of letters, digits and _, other than our own ({own})")
        return labels


class Alertmanager:
    """The Alertmanagers of one set (implements ports.Notifier and alert_keeper.AlertKeeping)."""

    name = "alertmanager"
    every_seconds = EVERY_SECONDS

    def __init__(self, clients: Sequence[TellingClient], labels: Mapping[str, str], clock: Clock) -> None:
        self._clients = clients
        self._labels = labels
        self._clock = clock
        self._ended: LRUCache[tuple[str, str], tuple[float, tuple[Alert, ...]]] = LRUCache(REMEMBERED)

    async def send(self, notice: Notice, reference: str | None) -> str:
        """Post the notice's alert, and end the one that it replaces; return it."""
        before, of = known(reference), _of(identity(notice, self._labels))
        if notice.resolves:
            return await self._end(notice, before)
        over = before is None or before.over
        # A digest is no alert; nor does a late word about what is over make it an open one again.
        if notice.news or (before is not None and before.over and not (notice.wakes or notice.kind in BEGINNINGS)):
            return reference or ""
        self._ended.pop(of, None)
        alert = made(notice, None if over else before, self._labels)
        posted = [alert.until(self._clock.now() + _held(notice))]
        if before is not None and not over and before.key != alert.key:
            posted.append(before.until(self._clock.now()))
        await self._tell_all(lambda client: client.deliver(ALERTS, posted), alert.reference)
        return alert.reference

    async def _end(self, notice: Notice, before: Alert | None) -> str:
        """End the known alert, and all others that an Alertmanager still has open of the incident."""
        labels, now = identity(notice, self._labels), self._clock.now()
        mine = (replace(before, over=True),) if before is not None else ()
        # Before the first await: a round of `keep` that is on its way must not be the last word.
        self._ended[_of(labels)] = now, mine

        async def end(client: TellingClient) -> None:
            failure, found = None, list[Alert]()
            try:
                found = listed((await client.get(ALERTS, matchers(labels))).json)
            except (Temporary, Permanent) as error:
                failure = error
            # An Alertmanager may answer with other labels than asked for: only our incident's may be ended.
            ours = [*mine, *(one for one in found if labels.items() <= one.labels.items())]
            if ended := {one.key: one for one in reversed(ours)}:
                earlier = {one.key: one for one in self._ended[_of(labels)][1]}
                self._ended[_of(labels)] = now, tuple((earlier | ended).values())
                await client.deliver(ALERTS, [one.until(now) for one in ended.values()])
            if failure is not None:
                raise failure

        reference = mine[0].reference if mine else Alert(labels, iso(notice.at), over=True).reference
        await self._tell_all(end, reference)
        return reference

    async def keep(self, references: Sequence[str]) -> Sequence[Silenced]:
        """Post open alerts anew, and recent ends; return the silences over them. Raises Temporary or Permanent."""
        now = self._clock.now()
        alerts = [one for one in map(known, references) if one is not None and not one.over]
        still_open = [one for one in alerts if _of(one.labels) not in self._ended]
        self._forget_old_ends(now)
        posted = [one.until(now + HELD_SECONDS) for one in still_open]
        posted += [one.until(at) for at, ended in self._ended.values() for one in ended]
        if not posted:
            return ()
        found: dict[tuple[str, str], Silenced] = {}

        async def renew(client: TellingClient) -> None:
            await client.deliver(ALERTS, posted)
            if still_open:
                found.update({(one.incident, one.id): one for one in await self._silenced(client)})

        await self._tell_all(renew, None)
        incidents = {one.labels.get("incident") for one in still_open}
        return [one for one in found.values() if one.incident in incidents]

    @property
    def ending(self) -> bool:
        """Return whether an end is still to be posted anew."""
        self._forget_old_ends(self._clock.now())
        return bool(self._ended)

    async def _silenced(self, client: TellingClient) -> Sequence[Silenced]:
        """Return the silences over our alerts."""
        ours = [*matchers({**self._labels, "alertname": NAME}), ("active", "false")]
        answer = (await client.get(ALERTS, [*ours, ("unprocessed", "false"), ("inhibited", "false")])).json
        of = [
            (string(mapping(one.get("labels")).get("incident")), string(silence))
            for one in (map(mapping, answer) if isinstance(answer, list) else ())
            for silence in _list(mapping(one.get("status")).get("silencedBy"))
        ]
        if not of:
            return ()
        said = (await client.get(SILENCES, [("active", "true"), ("pending", "false"), ("expired", "false")])).json
        silences = {string(one.get("id")): one for one in map(mapping, _list(said))}
        return [_silence(incident, silences[name]) for incident, name in of if name in silences][:SILENCES_MAX]

    def _forget_old_ends(self, now: float) -> None:
        for key, (at, _) in tuple(self._ended.items()):
            if now - at > ENDING_SECONDS:
                self._ended.pop(key, None)

    async def check(self) -> str:
        """Ask each Alertmanager for its version; say which members of its cluster are not configured."""
        answers = await asyncio.gather(*(client.get(STATUS) for client in self._clients))
        versions, peers = list[str](), 1
        for answer in answers:
            status = mapping(answer.json)
            version = string(mapping(status.get("versionInfo")).get("version"))
            if not version:
                raise Misshapen("what answered is no Alertmanager: write its address under channels.alertmanager.urls")
            versions.append(text.clean(version, 40))
            peers = max(peers, len(_list(mapping(status.get("cluster")).get("peers"))))
        named = f"{len(versions)} answer (Alertmanager {', '.join(dict.fromkeys(versions))})"
        if peers > len(versions):
            return f"{named}; their cluster has {peers} members: write all of them under channels.alertmanager.urls"
        return named

    async def close(self) -> None:
        """Close connections."""
        for client in self._clients:
            await client.close()

    async def _tell_all(self, tell: Callable[[TellingClient], Awaitable[None]], reference: str | None) -> None:
        """Do it at each Alertmanager at once. Raises Partly where some did not take it; if none did, the first error.

        `reference` is that of a notice; without one it is no notice, and nothing is raised where one took it.
        """

        async def outcome(client: TellingClient) -> Temporary | Permanent | None:
            try:
                await tell(client)
            except (Temporary, Permanent) as error:
                return error
            return None

        outcomes = await asyncio.gather(*map(outcome, self._clients))
        failures = [error for error in outcomes if error is not None]
        if failures and len(failures) == len(self._clients):
            # What may pass by itself first: the outbox tries that again soon.
            raise next((error for error in failures if isinstance(error, Temporary)), failures[0])
        if failures and reference is not None:
            again = any(isinstance(error, Temporary) for error in failures)
            some = f"{len(failures)} of {len(self._clients)} Alertmanagers lack it: {failures[0]}"
            raise Partly(some, reference, again=again)


def _silence(incident: str, said: Mapping[str, object]) -> Silenced:
    by, why = text.clean(string(said.get("createdBy")), 60), text.clean(string(said.get("comment")), 200)
    return Silenced(incident, text.clean(string(said.get("id")), 60), by, why, parse_time(said.get("endsAt")))


def _held(notice: Notice) -> float:
    return ENDING_SECONDS if notice.kind is NoticeKind.TEST else HELD_SECONDS


def _of(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("service", ""), labels.get("incident", "")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def secrets(options: AlertmanagerOptions) -> tuple[str, ...]:
    """Return the variables that must be set: the password of `user`; without one the token is optional."""
    return (TOKEN,) if options.user else ()


def build(options: AlertmanagerOptions, context: Context) -> Notifier:
    """Build the channel. Raises ConfigurationError for a token that cannot be sent."""
    token = context.secrets.get(TOKEN, "").strip()
    if not re.fullmatch(r"[!-~]*", token):
        raise ConfigurationError((Mistake(TOKEN, "holds a space or a letter outside ASCII", "copy it again"),))
    scheme = f"Bearer {token}"
    if options.user:
        scheme = "Basic " + b64encode(f"{options.user}:{token}".encode()).decode()
    clients = [_client(place, url, scheme if token else "", token, context) for place, url in enumerate(options.urls)]
    return Alertmanager(clients, dict(options.labels), context.clock)


def _client(place: int, url: str, authorization: str, token: str, context: Context) -> TellingClient:
    client = TellingClient(
        f"Alertmanager {place + 1}",
        url,
        headers={"authorization": authorization} if authorization else {},
        clock=context.clock,
        guard=context.guard,
        timeout_seconds=TIMEOUT_SECONDS,
        hints=dict.fromkeys((401, 403), f"check {TOKEN} and channels.alertmanager.user")
        | {404: "check channels.alertmanager.urls: API v2 is expected below it"},
        attempts=1,
    )
    client.hidden = (token,) if token else ()
    return client

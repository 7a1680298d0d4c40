"""The signal `heartbeat`: does a job of the user's still report, by a service that takes its pings?

`backup: {heartbeat: 803f680d-e89b-492b-82ef-2be7b774a92d, api_key: "${WATCHDOG_PROBE_HEALTHCHECKS}"}`

The job pings healthchecks.io, or a server of that kind (`api:`); this asks that server how the check stands.

Rule 1: the server alone knows the schedule and its grace; we judge its word, and no time by our clock.
Rule 2: only `up`, `grace` and `down` are evidence. A check that is new or paused says nothing of the job, nor does a
word that we do not know, nor a server that is away or refuses.
"""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, model_validator

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.options import Context
from watchdog.adapters.signals.options import Every, SignalOptions, Timeout, api_url, probe_policy
from watchdog.adapters.signals.probe_options.named_secrets import names_in
from watchdog.adapters.signals.probe_options.request import SecretPlace
from watchdog.adapters.signals.source import Source, unknown
from watchdog.domain.errors import Permanent
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, Unread
from watchdog.domain.units import parse_time, show_seconds
from watchdog.ports import Sample

KIND = "heartbeat"
BODY_BYTES_MAX = 64 * 1024
"""The largest answer that is read: that of one check has about a kilobyte."""
_CHECK = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{40}"


def _check_name(check: str) -> str:
    # It becomes a part of a path: nothing else may stand there.
    if not re.fullmatch(_CHECK, check):
        raise ValueError("not a check: write its UUID, or its unique_key (40 characters), in lower case")
    return check


Check = Annotated[str, AfterValidator(_check_name), written_as(f"^({_CHECK})$", "803f680d-e89b-492b-82ef-2be7b774a92d")]
"""A check of that server: its UUID, or the `unique_key` that a read-only key is shown."""


class HeartbeatOptions(SignalOptions):
    """Options of `heartbeat`; the check is the value of the key that names the kind."""

    heartbeat: Check
    api_key: SecretPlace
    api: Annotated[
        str, AfterValidator(api_url), written_as(r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", "https://healthchecks.io")
    ] = "https://healthchecks.io"
    every: Every = 30.0
    timeout: Timeout = 10.0

    @model_validator(mode="after")
    def _fits(self) -> "HeartbeatOptions":
        url = urlsplit(self.api)
        if url.scheme != "https" and url.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("the key would travel in clear: write https://")
        return self


class Heartbeat(Source):
    """Asks one server how one check stands."""

    def __init__(self, name: str, options: HeartbeatOptions, context: Context) -> None:
        super().__init__(name, KIND, every_seconds=options.every, timeout_seconds=options.timeout)
        self._check = options.heartbeat
        self._clock = context.clock
        self._client: ApiClient | None = None
        self._broken = ""
        (variable,) = secrets(options)
        try:
            self._client = ApiClient(
                "The heartbeat server",
                options.api,
                headers={"x-api-key": _key(variable, context)},
                clock=context.clock,
                guard=context.guard,
                # One attempt more fits into the deadline of one reading.
                timeout_seconds=max(options.timeout * 0.4, 0.05),
                max_body_bytes=BODY_BYTES_MAX,
                read_only=True,
                hints={
                    401: f"set {variable} to an API key of the project, the read-only one",
                    403: f"{variable} must be the key of the project that has this check",
                    404: "is it the UUID or the unique_key of the check, and api: the address of its server",
                },
                attempts=2,
            )
        except Permanent as error:
            self._broken = plain(str(error))

    async def look(self) -> tuple[Sample, ...]:
        """Read once. Raises Temporary or Permanent when the server did not answer."""
        if self._client is None:
            return unknown(self._broken)
        answer = mapping((await self._client.get(f"/api/v3/checks/{self._check}")).json)
        status = text(answer.get("status"))
        if not status:
            return unknown("the answer is not that of a check: is api: the address of its server?", Unread.SHAPE)
        told = f"{plain(status, 20)}, {self._last_ping(self._client, answer.get('last_ping'))}"
        match status:
            case "up":
                return (Sample(Good(told)),)
            case "grace":
                return (Sample(Good(f"{told}: late, within its grace")),)
            case "down":
                return (Sample(Bad(told)),)
            case "new" | "paused":
                return unknown(told)
        return unknown(f"a status that we do not know: {told}", Unread.SHAPE)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    def _last_ping(self, client: ApiClient, written: object) -> str:
        """Return when the job last reported, for people."""
        if written is None:
            return "no ping yet"
        at = parse_time(written)
        if at is None:
            return "the moment of the last ping is not readable"
        return f"last ping {show_seconds(round(max(0.0, client.theirs(self._clock.now()) - at)))} ago"


def _key(variable: str, context: Context) -> str:
    """Return the key. Raises Permanent where it is not set."""
    if not (key := context.secrets.get(variable, "")):
        raise Permanent(f"no key for the heartbeat server: set {variable}")
    return key


def secrets(options: HeartbeatOptions) -> tuple[str, ...]:
    """Return the variable of the key."""
    return names_in((options.api_key,))


def build(name: str, options: HeartbeatOptions, context: Context) -> Heartbeat:
    """Return the source."""
    return Heartbeat(name, options, context)


def policy_of(name: str, options: HeartbeatOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)

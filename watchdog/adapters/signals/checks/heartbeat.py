"""The signal `heartbeat`: does a job of the user's still report, by a service that takes its pings?

`backup: {heartbeat: 803f680d-e89b-492b-82ef-2be7b774a92d, api_key: "${WATCHDOG_PROBE_HEALTHCHECKS}"}`

The job pings healthchecks.io, or a server of that kind (`api:`); this asks that server how the check stands.

Rule 1: the server alone knows the schedule and its grace; we judge its word, and no time by our clock.
Rule 2: only `up`, `grace` and `down` are evidence. A check that is new or paused says nothing of the job, nor does a
word outside its API, nor a server that is away or refuses.
"""

import re
from typing import Annotated

from pydantic import AfterValidator

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.options import Context
from watchdog.adapters.signals.checks.keyed_api import KeyedOptions, key_of
from watchdog.adapters.signals.options import ApiUrl, Every, Timeout, probe_policy
from watchdog.adapters.signals.source import ApiSource, unknown
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


class HeartbeatOptions(KeyedOptions):
    """Options of `heartbeat`; the check is the value of the key that names the kind."""

    heartbeat: Check
    api: ApiUrl = "https://healthchecks.io"
    every: Every = 30.0
    timeout: Timeout = 10.0


class Heartbeat(ApiSource):
    """Asks one server how one check stands."""

    def __init__(self, name: str, options: HeartbeatOptions, context: Context) -> None:
        super().__init__(name, KIND, options, lambda: _client(options, context))
        self._check = options.heartbeat
        self._clock = context.clock

    async def ask(self, client: ApiClient) -> tuple[Sample, ...]:
        """Read once. Raises Temporary or Permanent when the server did not answer."""
        answer = mapping((await client.get(f"/api/v3/checks/{self._check}")).json)
        status = text(answer.get("status"))
        if not status:
            return unknown("the answer is not that of a check: is api: the address of its server?", Unread.SHAPE)
        shown = f"{plain(status, 20)}, {self._last_ping(client, answer.get('last_ping'))}"
        match status:
            case "up":
                return (Sample(Good(shown)),)
            case "grace":
                return (Sample(Good(f"{shown}: late, within its grace")),)
            case "down":
                return (Sample(Bad(shown)),)
            case "new" | "paused":
                return unknown(shown)
        return unknown(f"unknown status: {shown}", Unread.SHAPE)

    def _last_ping(self, client: ApiClient, written: object) -> str:
        """Return when the job last reported, for people."""
        if written is None:
            return "no ping yet"
        at = parse_time(written)
        if at is None:
            return "the moment of the last ping is not readable"
        return f"last ping {show_seconds(round(max(0.0, client.theirs(self._clock.now()) - at)))} ago"


def _client(options: HeartbeatOptions, context: Context) -> ApiClient:
    """Return the client. Raises Permanent where the key is not set."""
    variable, key = key_of(options, context, "the heartbeat server")
    return ApiClient(
        "The heartbeat server",
        options.api,
        headers={"x-api-key": key},
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


def build(name: str, options: HeartbeatOptions, context: Context) -> Heartbeat:
    """Return the source."""
    return Heartbeat(name, options, context)


def policy_of(name: str, options: HeartbeatOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)

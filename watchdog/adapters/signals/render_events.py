"""The signal `render_events`: crashes, OOM kills, failed health checks and cron runs, an unavailable database.

It is the only signal for services without a URL, and quickly corroborates a probe's suspicion. A bad reading means that
the platform itself saw a failure. The platform adapter knows which events are bad; this source selects among them.

Rule 1: each event is reported once, with its time. Events from before this source's first read are dropped: after a
restart they would count twice.
Rule 2: events may arrive late: each read goes back over the last two minutes, and drops events already reported.
"""

import re
from collections.abc import Sequence
from typing import Annotated

from cachetools import LRUCache
from pydantic import BeforeValidator, WithJsonSchema

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.options import Context
from watchdog.adapters.read_budget import WINDOW_SECONDS
from watchdog.adapters.signals.options import Every, SignalOptions, Timeout, policy
from watchdog.adapters.signals.source import Source, unknown
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good
from watchdog.domain.urgency import Urgency, reading_for
from watchdog.ports import Platform, PlatformEvent, Sample

KIND = "render_events"
ALL = "all"
OVERLAP_SECONDS = 120.0
REMEMBERED_MAX = 1000
QUIET_SECONDS = 90.0
"""Longer than the minute between two events of a database that is down."""
SAMPLES_MAX = 50
DEFAULT_EVENTS = (
    "server_failed",
    "server_hardware_failure",
    "cron_job_run_ended",
    "job_run_ended",
    "postgres_unavailable",
    "key_value_unhealthy",
)
"""The event types of `render_events: default`.

server_failed covers crashes, OOM kills, evictions and failed health checks; of the runs that ended, only the failed
ones are bad. Failed builds and deploys never served a visitor, so they are not in the list.
"""


def parse_types(value: object) -> tuple[str, ...]:
    """Return event types of a list, `default` or `all`. Raises ValueError with the form to write."""
    if value in ("all", "default"):
        return (ALL,) if value == "all" else DEFAULT_EVENTS
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("not a list of event types: write [server_failed], default or all")
    if any(not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{1,60}", name) for name in value):
        raise ValueError("not an event type: write it as Render does, as in server_failed")
    return tuple(value)


_TYPE = {"type": "string", "pattern": r"^[a-z][a-z0-9_]{1,60}$", "examples": list(DEFAULT_EVENTS)}
EventTypes = Annotated[
    tuple[str, ...],
    BeforeValidator(parse_types),
    WithJsonSchema({"anyOf": [{"enum": ["default", ALL]}, {"type": "array", "items": _TYPE, "minItems": 1}]}),
]


class EventsOptions(SignalOptions):
    """Options of `render_events`: a list of event types, `default`, or `all` that the platform adapter calls bad."""

    render_events: EventTypes
    every: Every = 15.0
    timeout: Timeout = 15.0

    @property
    def types(self) -> frozenset[str] | None:
        """Return the chosen event types; None: all."""
        return None if ALL in self.render_events else frozenset(self.render_events)


class RenderEvents(Source):
    """Reads the platform's events of one service."""

    def __init__(self, name: str, options: EventsOptions, context: Context) -> None:
        every = max(options.every, context.calm_seconds)
        patience = WINDOW_SECONDS if every > options.every else 0.0  # its reads wait while others need the rate limit
        super().__init__(name, KIND, every_seconds=every, timeout_seconds=options.timeout + patience)
        self._types = options.types
        self._context = context
        self._began_at: float | None = None
        self._since = 0.0
        self._seen: LRUCache[str, None] = LRUCache(REMEMBERED_MAX)

    async def look(self) -> Sequence[Sample]:
        """Read once. Raises Temporary or Permanent when the platform did not answer."""
        platform, service = self._context.platform, self._context.platform_id
        if platform is None:
            return unknown("no Render key: set WATCHDOG_RENDER_API_KEY")
        if service is None:
            return unknown("this service has no id on Render: write render: srv-… for it")
        return self._samples(await self._new(platform, service))

    async def _new(self, platform: Platform, service: str) -> Sequence[PlatformEvent]:
        now = self._context.clock.now()
        # From now on, not from an hour ago: the store already holds the events
        # that an earlier run of the daemon reported.
        if self._began_at is None:
            self._began_at, self._since = now, now
        with reading_for(self._urgency(now)):
            events = await platform.events(service, self._since - OVERLAP_SECONDS)
        # Moved only after a successful read: after a failure the next read covers the gap.
        self._since = now
        return [event for event in events if event.at >= self._began_at and self._is_new(event)]

    def _urgency(self, now: float) -> Urgency:
        """Return the urgency of a read against the rate limit.

        It is higher where no other signal watches the service, and for a read ahead of schedule, which follows a
        suspicion.
        """
        # Ahead of schedule: the scheduler reads sooner only when it suspects the service.
        hurried = self._began_at is not None and self._began_at < self._since > now - self.every_seconds / 2
        return Urgency.WATCHING if hurried or not self._context.calm_seconds else Urgency.SPARE

    def _is_new(self, event: PlatformEvent) -> bool:
        if event.id in self._seen:
            return False
        # By id: reads overlap by two minutes, so the same event comes several times.
        self._seen[event.id] = None
        return True

    def _samples(self, events: Sequence[PlatformEvent]) -> Sequence[Sample]:
        bad = [event for event in events if event.bad and (self._types is None or event.type in self._types)]
        if not bad:
            return (Sample(Good("nothing broke")),)
        return tuple(
            Sample(Bad(plain(event.text) or event.type, FailureKind.CRASH), happened_at=event.at)
            for event in bad[-SAMPLES_MAX:]
        )


class DependencyEvents(RenderEvents):
    """The same events as the state of a dependency (a database): it stays bad until 90 s pass without a bad event."""

    _last: tuple[float, Sample] | None = None

    def _samples(self, events: Sequence[PlatformEvent]) -> Sequence[Sample]:
        samples = super()._samples(events)
        now = self._context.clock.now()
        if isinstance(samples[-1].reading, Bad):
            self._last = now, samples[-1]
        # No event reports that the database is back, so quiet time is the only sign.
        elif self._last is not None and now - self._last[0] < QUIET_SECONDS:
            return (self._last[1],)
        return samples[-1:]


def build_dependency(name: str, context: Context) -> DependencyEvents:
    """Return a source for a dependency on the platform that is watched and blamed, never acted on."""
    return DependencyEvents(name, EventsOptions(render_events=(ALL,)), context)


def build(name: str, options: EventsOptions, context: Context) -> RenderEvents:
    """Return the source."""
    return RenderEvents(name, options, context)


def policy_of(name: str, options: EventsOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return policy(name, KIND, options)

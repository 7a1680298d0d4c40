"""Polls the state of all integrations: logs each change, and sends lasting failures and recoveries to the core.

Rule: it polls, since a silent integration emits no event.
"""

import socket
from collections.abc import Collection, Sequence

import structlog

from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.integrations.registry import IntegrationRegistry
from watchdog.daemon.probing.deploy_poller import PLATFORM
from watchdog.daemon.supervision.lease_manager import LeaseManager
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.errors import Temporary
from watchdog.domain.events import IntegrationJudged
from watchdog.domain.integrations import (
    CLOCK_OFF_SECONDS,
    CONFIGURATION,
    KINDS,
    PATIENCE_SECONDS,
    SIGHT,
    Integration,
    Standing,
)
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Platform, TellsTime

LOOK_SECONDS = 5.0
STORE = "record"
PROBES = "probes"
"""The name of the capacity integration: this machine may lack capacity for its probes."""
SAME_SECONDS = 5.0
"""Failures that began within this time are the same failure."""
WELL_SECONDS = 30.0
"""Time of working before a recovery is reported, so that a flapping integration is reported once."""

CONFIGURED = frozenset(
    {"channel", "pager", "repository", "changes", "heartbeat", "remote write", "status page", "control"}
)
"""The kinds that each worker uses, or the one that speaks for all, by the configuration alone."""

log = structlog.get_logger("watchdog")


class IntegrationMonitor:
    """Evaluates all integrations every LOOK_SECONDS."""

    def __init__(
        self,
        integrations: IntegrationRegistry,
        engine: Engine,
        metrics: Metrics,
        sharing: LeaseManager,
        clock: Clock,
        platform: Platform | None,
    ) -> None:
        self._integrations = integrations
        self._engine = engine
        self._metrics = metrics
        self._sharing = sharing
        self._clock = clock
        self._platform = platform
        self._host = socket.gethostname()
        self._clock_read_at: float | None = None
        if isinstance(platform, TellsTime):
            integrations.expect("clock", self._host)
        self._began = clock.monotonic()
        self._logged: dict[str, Integration] = {}
        self._notified: dict[str, float] = {}

    async def run(self) -> None:
        """Look every few seconds."""
        self._began = looked_at = self._clock.monotonic()
        while True:
            gap, looked_at = self._clock.monotonic() - looked_at, self._clock.monotonic()
            # A gap of two looks is a busy loop. A longer one is a frozen process, in which no result could arrive:
            # that is no silence of an integration.
            self._integrations.stood_still(max(0.0, gap - 2 * LOOK_SECONDS))
            self._look_at_the_store()
            self._look_at_the_load()
            self._look_at_the_clock()
            rows = self._integrations.rows()
            for one in rows:
                self._say(one)
            for one in [*filter(self._is_worth_telling, rows), *self._gone({one.key for one in rows})]:
                await self._engine.submit(IntegrationJudged(self._clock.now(), one))
            await self._clock.sleep(LOOK_SECONDS)

    def _gone(self, keys: Collection[str]) -> Sequence[Integration]:
        """Return the reported integrations no worker uses any more, if this worker speaks for all; drop their
        series.
        """
        for key in [key for key in self._logged if key not in keys]:
            left = self._logged.pop(key)
            self._metrics.integration_gone(left.kind, left.name)
        if not self._sharing.speaks_for_all:
            return ()
        now, services = self._clock.now(), self._engine.policy.services
        left_over = [one.integration(key) for key, one in self._engine.state.failing.items() if key not in keys]
        ours = [one for one in left_over if self._is_ours_to_end(one)]
        # Probes of a configured service belong to its worker, whose registry this one cannot see.
        gone = [one for one in ours if not (one.kind == "probes" and one.name in services)]
        return [Integration(one.kind, one.name, Standing.UNTRIED, now, parts=one.parts) for one in gone]

    def _is_ours_to_end(self, one: Integration) -> bool:
        """Return whether this worker may end the report of an integration it does not use.

        A refused reload lasts until a configuration is accepted.
        """
        patience = KINDS[one.kind].patience_seconds if one.kind in KINDS else PATIENCE_SECONDS
        # Some register only by their first result: right after a start a reported failure may go on.
        settled = self._clock.monotonic() - self._began >= patience
        return one.kind != CONFIGURATION and settled and not self._may_be_used_elsewhere(one)

    def _may_be_used_elsewhere(self, one: Integration) -> bool:
        """Return whether another living worker may use what this one does not."""
        grant = self._sharing.grant
        if one.kind == SIGHT:
            # A blind worker ails for as long as it lives. While this one is blind as well, the page stands.
            return one.name in (self._sharing.worker, *grant.ailing) or self._engine.state.blind_since is not None
        if one.kind == "clock":
            return any(worker.startswith(f"{one.name}-") for worker in grant.others)
        # The others are one worker's own: a feed that it alone reads, a kind of a newer version.
        return one.kind not in CONFIGURED and grant.workers > 1

    def _look_at_the_store(self) -> None:
        trouble = self._sharing.store_trouble
        if trouble:
            self._integrations.fails("store", STORE, error=Temporary(trouble))
        else:
            self._integrations.works("store", STORE)

    def _look_at_the_load(self) -> None:
        scheduler = self._engine.dispatcher.scheduler
        overload = scheduler.overload() if scheduler is not None else None
        if overload is not None:
            self._integrations.fails("capacity", PROBES, error=Temporary(str(overload)))
        else:
            self._integrations.works("capacity", PROBES)

    def _look_at_the_clock(self) -> None:
        """Compare the daemon's clock with the Date of each platform answer, once per answer."""
        read = self._platform.clock if isinstance(self._platform, TellsTime) else None
        if read is None or read.at == self._clock_read_at:
            return
        self._clock_read_at, ahead = read.at, read.ahead_seconds
        if abs(ahead) > CLOCK_OFF_SECONDS:
            off = f"{show_seconds(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} {PLATFORM}'s"
            self._integrations.fails("clock", self._host, error=Temporary(f"the watchdog's clock there is {off}"))
        else:
            self._integrations.works("clock", self._host)

    def _say(self, one: Integration) -> None:
        self._metrics.integration(one.kind, one.name, works=one.standing.works, ok_at=one.ok_at)
        before = self._logged.get(one.key)
        if before is not None and before.standing is one.standing:
            return
        self._logged[one.key] = one
        if not one.standing.works:
            log.warning("integration failing", integration=one.key, how=one.standing.value, why=one.why)
        elif before is not None and not before.standing.works:
            log.info("integration recovered", integration=one.key)

    def _is_worth_telling(self, one: Integration) -> bool:
        """Return whether to report to the core: a lasting failure until it is reported, a recovery seen by this worker.

        Another worker may have reported it under an older key: neither worker reverts the other's report.
        """
        known = self._engine.state.failing.get(one.key)
        if one.standing.works:
            # Seen to work after the report: an older success proves nothing.
            seen = one.ok_at is not None and known is not None and one.ok_at > known.at
            return seen and one.lasted_seconds >= WELL_SECONDS
        if not one.kind_of_it.told or one.lasted_seconds < one.patience_seconds:
            return False
        if known is None:
            return abs(one.since - self._notified.get(one.key, 0.0)) > SAME_SECONDS
        self._notified[one.key] = one.since
        # A failure that became a refusal needs another cure, and people a second notice.
        worse = one.standing is Standing.REFUSED and known.standing != one.standing.value
        return worse or not set(one.needed) <= set(known.parts)

"""Detects that no probe of any service brings evidence: a daemon that can judge nothing must not look healthy.

A probe is silent when it is void (the event loop stalled) or unknown (the site's edge turns the daemon away). One
silent service is reported as its own; when all are silent, the daemon is blind. Rule: looks are counted, not seconds: a
process that was frozen takes one more look before it reports itself blind.
"""

import asyncio

from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.probing.scheduler import ProbeScheduler
from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.domain.events import ProbesJudged
from watchdog.domain.readings import Reading, Unknown, Unread
from watchdog.ports import Clock, Sample, SignalSource

LOOK_SECONDS = 15.0
PATIENCE_SECONDS = 60.0
"""Least patience for evidence; slow probes get three of their intervals."""
ROUNDS = 3


class ProbeCoverage:
    """Reports to the core when all probes fall silent, and when one brings evidence again; while blind, at each look.

    `sampled` is a listener of the engine's.
    """

    def __init__(self, engine: Engine, scheduler: ProbeScheduler, clock: Clock) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._clock = clock
        self._looks = 0
        self._evidence = asyncio.Event()

    def sampled(self, service: str, source: SignalSource, sample: Sample, at: float) -> None:
        """Take a reading; a good or bad one of a service's probe is evidence."""
        if not self._is_probe(service, source) or not self._is_evidence(sample.reading):
            return
        self._looks = 0
        # Only while blind: every reading would otherwise wake the task.
        if self._engine.state.unseen:
            self._evidence.set()

    def _is_evidence(self, reading: Reading) -> bool:
        """Return whether a reading is evidence.

        A single configured site that turns the daemon away shows that the daemon's network works; the refusal itself is
        judged in core/detect/turned_away.
        """
        if not isinstance(reading, Unknown):
            return True
        return reading.cause is Unread.TURNED_AWAY and len(self._engine.policy.services) == 1

    async def run(self) -> None:
        """Look for ever; at once when a blind daemon gets evidence."""
        while True:
            self._evidence.clear()
            await sleep_until_set(self._clock, LOOK_SECONDS, self._evidence)
            silent = self._look()
            state = self._engine.state
            # While blind at every look: if a reload took the control targets away, nothing else ends it, and every bad
            # reading would be dropped.
            if silent != state.unseen or state.blind_since is not None:
                await self._engine.submit(ProbesJudged(self._clock.now(), silent))

    def _look(self) -> bool:
        """Return whether no probe brought evidence for too many looks; False without any probe."""
        patience = self._patience_seconds()
        if patience is None:
            self._looks = 0
            return False
        silent = self._looks * LOOK_SECONDS >= patience
        # A frozen process wakes with the same count: its probes get one more look to bring evidence.
        self._looks += 1
        return silent

    def _patience_seconds(self) -> float | None:
        """Return the seconds in which some probe must bring evidence: three rounds of the most frequent one."""
        services = self._engine.policy.services
        rounds = [
            source.every_seconds + signal.timeout_seconds
            for service, source in self._scheduler.sources()
            if self._is_probe(service, source) and (signal := services[service].signal(source.name)) is not None
        ]
        return max(PATIENCE_SECONDS, ROUNDS * min(rounds)) if rounds else None

    def _is_probe(self, service: str, source: SignalSource) -> bool:
        """Return whether the source probes a service: control targets are judged elsewhere, feeds may rightly
        be empty.
        """
        service_policy = self._engine.policy.services.get(service)
        signal = service_policy.signal(source.name) if service_policy is not None else None
        return signal is not None and signal.asks_the_site

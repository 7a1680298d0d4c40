"""Whether any probe of any service brings evidence at all. A watchdog that can judge nothing must not look healthy.

A probe is silent when it is void (our own loop stalled) or unknown (the site's edge turns us away). One silent service
is its own affair; when all are, we are blind.
Rule: looks are counted, not seconds: a process that was frozen takes one more look before it calls itself blind.
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
"""The least we wait for evidence; probes that are read rarely are waited for longer."""
ROUNDS = 3


class ProbeCoverage:
    """Tells the core when all probes fell silent, and when one speaks. `sampled` is a listener of the engine's."""

    def __init__(self, engine: Engine, scheduler: ProbeScheduler, clock: Clock) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._clock = clock
        self._looks = 0
        self._heard = asyncio.Event()

    def sampled(self, service: str, source: SignalSource, sample: Sample, at: float) -> None:
        """Take a reading; a good or a bad one of a service's probe is evidence."""
        if not self._is_probe(service, source) or not self._is_evidence(sample.reading):
            return
        self._looks = 0
        if self._engine.state.unseen:
            self._heard.set()

    def _is_evidence(self, reading: Reading) -> bool:
        """Tell whether it says something. That the only site there is turns us away shows that our network works: what
        follows of that is the site's affair (see core/detect/turned_away).
        """
        if not isinstance(reading, Unknown):
            return True
        return reading.cause is Unread.TURNED_AWAY and len(self._engine.policy.services) == 1

    async def run(self) -> None:
        """Look for ever; at once when we were blind and a probe speaks."""
        while True:
            self._heard.clear()
            await sleep_until_set(self._clock, LOOK_SECONDS, self._heard)
            silent = self._look()
            if silent != self._engine.state.unseen:
                await self._engine.submit(ProbesJudged(self._clock.now(), silent))

    def _look(self) -> bool:
        """Tell whether no probe brought evidence for too many looks; without a probe there is nothing to miss."""
        patience = self._patience_seconds()
        if patience is None:
            self._looks = 0
            return False
        silent = self._looks * LOOK_SECONDS >= patience
        self._looks += 1
        return silent

    def _patience_seconds(self) -> float | None:
        """Return how long some probe may take to bring evidence: three rounds of the one that is read most often."""
        services = self._engine.policy.services
        rounds = [
            source.every_seconds + signal.timeout_seconds
            for service, source in self._scheduler.sources()
            if self._is_probe(service, source) and (signal := services[service].signal(source.name)) is not None
        ]
        return max(PATIENCE_SECONDS, ROUNDS * min(rounds)) if rounds else None

    def _is_probe(self, service: str, source: SignalSource) -> bool:
        """Tell whether it probes a service: control targets have a judge of their own, feeds may rightly be mute."""
        return source.adaptive and service in self._engine.policy.services

"""Records every step of the core for `watchdog lab replay` (the decisions' own record: engine/persistence.py).

Rule 1: recording never delays a decision and never stops the daemon: steps wait in a bounded list, and a thread writes
them. Steps that cannot be written are dropped, logged once, and counted.
Rule 2: after a gap the recording starts with a full state: a replay is exact, or knows where it is not.
"""

import asyncio
from collections.abc import Callable

import structlog

from watchdog.daemon.runtime.sleep import sleep_until_set
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.errors import Temporary
from watchdog.domain.store_records import Step
from watchdog.ports import Clock, StepSink

FLUSH_SECONDS = 5.0
FLUSH_STEPS = 250
"""Steps that are written at once, before FLUSH_SECONDS have passed."""
WAITING_MAX = 2_000
"""Steps that may wait for a slow disk."""
AGAIN_SECONDS = 60.0
"""Pause after a failed write."""

log = structlog.get_logger("watchdog")


class StepRecorder:
    """Receives steps as a listener of the engine and has a tape write them."""

    def __init__(self, tape: StepSink, clock: Clock, metrics: Metrics) -> None:
        self._tape = tape
        self._clock = clock
        self._metrics = metrics
        self._waiting: list[Step] = []
        self._missed = 0
        self._nudged = asyncio.Event()
        self._job: asyncio.Future[Exception | None] | None = None
        self._not_before: float | None = None
        self.trouble = ""

    def taken(self, step: Step) -> None:
        """Take a step, as a listener of the engine."""
        # Dropping the newest keeps the waiting steps in one piece.
        if len(self._waiting) >= WAITING_MAX:
            self._missed += 1
        else:
            self._waiting.append(step)
        if len(self._waiting) >= FLUSH_STEPS:
            self._nudged.set()

    async def run(self) -> None:
        """Write the waiting steps every few seconds, for ever."""
        while True:
            await sleep_until_set(self._clock, FLUSH_SECONDS, self._nudged)
            self._nudged.clear()
            await self.flush()

    async def flush(self) -> None:
        """Write the waiting steps; drop them during the pause after a failed write."""
        # Taken before the await: steps that come during the write belong to the next one.
        steps, self._waiting = self._waiting, []
        missed, self._missed = self._missed, 0
        if self._not_before is not None and self._clock.monotonic() < self._not_before:
            self._metrics.unrecorded(len(steps) + missed)
            return
        at = self._clock.now()
        error = await self._in_thread(lambda: self._write(at, steps, missed))
        if error is None:
            self._went_well(len(steps), missed)
        else:
            self._metrics.unrecorded(len(steps) + missed)
            self._complain(error)

    async def _in_thread(self, work: Callable[[], Exception | None]) -> Exception | None:
        """Run the work in a thread, after any job still running there: a cancelled caller does not stop its thread."""
        # Two threads at the tape would mix their lines.
        while self._job is not None and not self._job.done():
            await asyncio.wait([self._job])
        self._job = asyncio.ensure_future(asyncio.to_thread(work))
        # A thread cannot be cancelled: the shield keeps `_job`, so that the next write waits for it.
        return await asyncio.shield(self._job)

    def _write(self, at: float, steps: list[Step], missed: int) -> Exception | None:
        try:
            if steps:
                self._tape.write(at, steps)
        except Exception as error:  # noqa: BLE001  whatever it is, the daemon goes on without a recording
            # Part of the list may be written: the next write begins with a full state.
            self._tape.interrupt()
            return error
        # The steps of this list came before the gap; the next write begins with a full state.
        if missed:
            self._tape.interrupt()
        return None

    def _went_well(self, written: int, missed: int) -> None:
        self._metrics.recorded(written)
        self._not_before = None
        if missed:
            self._metrics.unrecorded(missed)
            log.error("recording dropped steps, disk too slow", steps=missed)
        if self.trouble and written:
            log.info("recording recovered")
            self.trouble = ""

    def _complain(self, error: Exception) -> None:
        self._not_before = self._clock.monotonic() + AGAIN_SECONDS
        why = str(error) if isinstance(error, Temporary) else f"an internal error ({type(error).__name__})"
        if not self.trouble:
            log.error(
                "recording failed, daemon continues without it",
                why=why,
                next_step="make room on the disk, or set record.folder",
                exc_info=None if isinstance(error, Temporary) else error,
            )
        self.trouble = why

    async def close(self) -> None:
        """Write the last steps, and end the file."""
        await self.flush()
        await self._in_thread(self._end)

    def _end(self) -> None:
        self._tape.close()

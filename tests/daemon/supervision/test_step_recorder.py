"""The recorder of steps: never in the way, bounded, loud once, and exact or knows where it is not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from structlog.testing import capture_logs

from tests.support.canaries import hits_in
from tests.support.clocks import FakeClock, eventually
from tests.support.engine_scene import Scene, ShakyStore, scene
from tests.support.recorded_stories import tape
from watchdog.adapters.recordings.recording_reader import runs_of
from watchdog.daemon.supervision.step_recorder import (
    AGAIN_SECONDS,
    FLUSH_SECONDS,
    FLUSH_STEPS,
    WAITING_MAX,
    StepRecorder,
)
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain import events as e
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Phase, State
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import Step, Write
from watchdog.replay.recording_replay import Replay, replay
from watchdog.sandbox import keys

POLICY = Policy(services={}, matrix={})


def steps(number: int) -> list[Step]:
    return [Step(State(), e.TimePassed(float(nth)), POLICY, State(), ()) for nth in range(number)]


@dataclass
class Sheet:
    """A tape that keeps what it was told, and fails as told."""

    written: list[float] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    broken: Exception | None = None

    def write(self, at: float, steps: Sequence[Step]) -> None:
        self.calls.append("write")
        if self.broken is not None:
            raise self.broken
        self.written += [step.event.at for step in steps]

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def close(self) -> None:
        self.calls.append("close")


def recorder(sheet: Sheet, clock: FakeClock | None = None) -> tuple[StepRecorder, Metrics]:
    metrics = Metrics("test")
    return StepRecorder(sheet, clock or FakeClock(auto=False), metrics), metrics


def counted(metrics: Metrics, outcome: str) -> float | None:
    """Return how many steps were written or dropped."""
    return metrics.registry.get_sample_value("watchdog_recorded_steps_total", {"outcome": outcome})


async def test_steps_are_written_every_few_seconds_or_when_they_are_many() -> None:
    clock, sheet = FakeClock(auto=False), Sheet()
    taken, metrics = recorder(sheet, clock)
    running = asyncio.ensure_future(taken.run())
    for step in steps(3):
        taken.taken(step)
    await clock.advance(FLUSH_SECONDS - 0.1)
    assert sheet.written == []
    await clock.advance(0.2)
    await eventually(lambda: sheet.written == [0.0, 1.0, 2.0])
    for step in steps(FLUSH_STEPS):
        taken.taken(step)
    # Written by a thread, counted by the loop a moment later: whoever is cancelled in between has not counted.
    await eventually(lambda: counted(metrics, "written") == 3 + FLUSH_STEPS)
    assert len(sheet.written) == 3 + FLUSH_STEPS
    running.cancel()
    taken.taken(steps(1)[0])
    await taken.close()
    assert sheet.calls[-2:] == ["write", "close"]
    assert counted(metrics, "written") == 4 + FLUSH_STEPS and counted(metrics, "dropped") == 0


async def test_a_broken_disk_is_said_once_and_tried_again_after_a_while() -> None:
    """Each step is counted as dropped; what comes after begins anew, and that is said too."""
    clock, sheet = FakeClock(auto=False), Sheet(broken=Temporary("recordings/ cannot be written (no space)"))
    taken, metrics = recorder(sheet, clock)
    with capture_logs() as said:
        for _ in range(3):
            taken.taken(steps(1)[0])
            await taken.flush()
        assert sheet.calls == ["write", "interrupt"]
        clock.freeze(AGAIN_SECONDS)
        taken.taken(steps(1)[0])
        await taken.flush()
        sheet.broken = None
        clock.freeze(AGAIN_SECONDS)
        taken.taken(steps(1)[0])
        await taken.flush()
    assert [line["log_level"] for line in said] == ["error", "info"]
    assert "no space" in said[0]["why"] and "record.folder" in said[0]["next_step"]
    assert (counted(metrics, "written"), counted(metrics, "dropped")) == (1, 4) and taken.trouble == ""


async def test_a_fault_of_our_own_stops_nothing_either() -> None:
    sheet = Sheet(broken=KeyError("x"))
    taken, _ = recorder(sheet)
    taken.taken(steps(1)[0])
    with capture_logs() as said:
        await taken.flush()
    assert said[0]["why"] == "an internal error (KeyError)" and said[0]["exc_info"]
    assert sheet.calls == ["write", "interrupt"]


async def test_what_waits_is_bounded() -> None:
    sheet = Sheet()
    taken, metrics = recorder(sheet)
    for step in steps(WAITING_MAX + 5):
        taken.taken(step)
    await taken.flush()
    assert len(sheet.written) == WAITING_MAX and sheet.calls == ["write", "interrupt"]
    assert counted(metrics, "dropped") == 5


def listening(s: Scene, folder: Path) -> StepRecorder:
    made = StepRecorder(tape(folder), s.clock, Metrics("test"))
    s.engine.listeners.recorded.append(made.taken)
    return made


def replayed(folder: Path) -> Replay:
    return replay(runs_of([folder]))


async def test_an_engine_is_replayed_to_the_byte(tmp_path: Path) -> None:
    """A rollback by hand, a pause, a promise that would be broken; and no key of ours is in the files."""
    async with scene() as s:
        taken = listening(s, tmp_path)
        await s.rollback_by_hand(until=Phase.DEPLOYING)
        await s.engine.submit_and_wait(e.Paused(s.clock.now(), "ann"))
        s.engine.state = replace(s.engine.state, services={"web": replace(s.web, phase=Phase.PINNING, incident=None)})
        await s.engine.submit_and_wait(e.TimePassed(s.clock.now() + 1000.0))
        assert s.engine.state.disarmed
        await taken.close()
    found = replayed(tmp_path)
    assert found.divergence is None and [one.kind for one in found.old if one.is_act] == ["pin", "rollback"]
    assert found.notes == [
        "the state changed without an event (another worker, the store), and so it was taken over: 1 x"
    ]
    assert list(hits_in(tmp_path)) == [] and keys.RENDER_API_KEY


async def test_what_another_worker_shares_is_in_the_recording(tmp_path: Path) -> None:
    """Its pause is no event of ours: the state as it is then is written before the next step."""
    async with scene() as s:
        taken = listening(s, tmp_path)
        await s.engine.submit_and_wait(e.TimePassed(s.clock.now()))
        known = s.engine.state
        await s.store.save(Write(replace(known, paused_by="ben")))
        await s.engine.refresh()
        assert s.engine.state.paused_by == "ben"
        await s.rollback_by_hand()
        await taken.close()
    found = replayed(tmp_path)
    assert found.divergence is None and found.notes
    assert any("paused by ben" in f"{one.what} {one.why}" for one in found.old) or not [
        one for one in found.old if one.is_act
    ]


async def test_a_yes_that_could_not_be_written_down_did_not_happen(tmp_path: Path) -> None:
    """It is in the recording, marked, and the replay passes it over."""
    async with scene() as s:
        taken = listening(s, tmp_path)
        await s.engine.submit_and_wait(e.Paused(s.clock.now(), "ann"))
        assert isinstance(s.store, ShakyStore)
        s.store.saving = Temporary("shut")
        await s.engine.submit_and_wait(e.Resumed(s.clock.now(), "ann"))
        assert s.engine.state.paused_by == "ann"
        s.store.saving = None
        await s.engine.submit_and_wait(e.TimePassed(s.clock.now()))
        await taken.close()
    found = replayed(tmp_path)
    assert found.divergence is None and found.events == 2


async def test_a_folder_that_cannot_be_written_leaves_the_engine_alone(tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("in the way")
    async with scene() as s:
        taken = listening(s, tmp_path / "recordings")
        with capture_logs() as said:
            await s.rollback_by_hand(until=Phase.DEPLOYING)
            await taken.close()
        assert len(s.accepted) == 1 and taken.trouble.startswith("recordings/ cannot be written")
        assert [line for line in said if line["event"] == "recording failed, daemon continues without it"]

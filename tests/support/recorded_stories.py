"""The stories of tests/stories, as steps of the core that can be recorded."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.core.world import make_policy
from tests.support.storyteller import Stage, perform
from watchdog.adapters.recordings import RecordingWriter
from watchdog.core.checked_step import checked_step
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event
from watchdog.domain.incidents import State
from watchdog.domain.store_records import Step
from watchdog.presentation.step_actions import StepAction, actions

STORIES = Path(__file__).parents[1] / "stories"
DAY = 86400.0


class RecordedStage(Stage):
    """A stage that keeps every step, and what it did."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.steps: list[Step] = []
        self.did: list[StepAction] = []

    def _step(self, event: Event) -> tuple[State, Sequence[Effect]]:
        before, policy = self.state, self.policy
        if self.steps and self.steps[-1].after == before:
            before = self.steps[-1].after  # the very same, as in the engine
        after, effects, _ = checked_step(before, event, policy)
        self.did.extend(actions(before, after, effects, event.at))
        self.steps.append(Step(before, event, policy, after, effects))
        return after, effects


@cache
def story(name: str) -> RecordedStage:
    """Return a story, played to its end once: tests read its steps, and change copies."""
    stage = RecordedStage(make_policy(), [])
    perform((STORIES / f"{name}.txt").read_text(encoding="utf-8"), stage)
    return stage


def tape(folder: Path, run: str = "one", *, keep_days: float = 30.0, max_bytes: int = 200 * 1024**2) -> RecordingWriter:
    return RecordingWriter(folder, run, keep_days * DAY, max_bytes)

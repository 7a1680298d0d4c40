"""The stories of tests/stories, as steps of the core that can be recorded."""

from pathlib import Path

from tests.core.world import make_policy
from tests.support.storyteller import Stage, perform
from watchdog.adapters.recordings import RecordingWriter
from watchdog.core.checked_step import checked_step
from watchdog.domain.events import Event
from watchdog.domain.store_records import Step
from watchdog.presentation.step_actions import Action, actions

STORIES = Path(__file__).parents[1] / "stories"
DAY = 86400.0


class RecordedStage(Stage):
    """A stage that keeps every step, and what it did."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.steps: list[Step] = []
        self.did: list[Action] = []

    def tell(self, event: Event) -> None:
        before, policy = self.state, self.policy
        if self.steps and self.steps[-1].after == before:
            before = self.steps[-1].after  # the very same, as in the engine
        after, effects, _ = checked_step(before, event, policy)
        self.did.extend(actions(before, after, effects, event.at))
        self.steps.append(Step(before, event, policy, after, effects))
        super().tell(event)


def story(name: str) -> RecordedStage:
    stage = RecordedStage(make_policy(), [])
    perform((STORIES / f"{name}.txt").read_text(encoding="utf-8"), stage)
    return stage


def tape(folder: Path, run: str = "one", *, keep_days: float = 30.0, max_bytes: int = 200 * 1024**2) -> RecordingWriter:
    return RecordingWriter(folder, run, keep_days * DAY, max_bytes)

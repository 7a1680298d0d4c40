"""What `watchdog deploy-watch` posts to GitHub when no verdict comes: never a status that stays pending."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.conftest import in_record
from tests.cli.test_gate import CONFIG, write
from tests.presentation.gate import cases as c
from tests.support.clocks import FakeClock
from watchdog.cli.command_context import Context
from watchdog.cli.commands.deploy_watch import Follower
from watchdog.cli.main import main
from watchdog.cli.services import AppServices
from watchdog.console.views.gate_views import DeployCourseView
from watchdog.presentation.gate.verdict_text import status_state

Look = tuple[float, str, str]


@dataclass
class Posted(AppServices):
    """The composition root, with a list in the place of GitHub."""

    looks: list[Look] = field(default_factory=list)

    def verdicts(self, *_: object, **__: object) -> nullcontext:  # type: ignore[override]
        return nullcontext(self)

    async def post(self, service: str, commit: str, looks: Sequence[Look]) -> None:
        self.looks.append(looks[-1])

    @property
    def states(self) -> list[str]:
        return [status_state(stage) for _, stage, _ in self.looks]


@dataclass(frozen=True)
class Told(Context):
    """A context whose clock is told the time."""

    told: FakeClock = field(default_factory=lambda: FakeClock(c.NOW))

    def clock(self) -> FakeClock:
        return self.told


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "watchdog.yaml"
    path.write_text(CONFIG.format(folder=tmp_path))
    in_record(tmp_path, write)
    return path


@pytest.mark.parametrize(
    ("more", "states"), [((), ["pending"]), (("--wait", "--timeout", "1ms"), ["pending", "error"])]
)
def test_a_wait_that_ends_without_a_verdict_ends_the_status(
    more: tuple[str, ...], states: list[str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One look alone may be followed by others: it says pending, as the pipeline polls."""
    posted = Posted()
    words = ("deploy-watch", "web", "--commit", c.COMMIT, "--status", *more)
    assert main(["-c", str(config), *words], lambda: posted) == 3
    assert posted.states == states and ("Not known in 1ms." in capsys.readouterr().out) is bool(more)
    assert not more or posted.looks[-1][2].startswith("no verdict in time; not known: ")


async def test_a_late_look_without_a_verdict_ends_the_status(config: Path) -> None:
    """It was good, and by then nothing is known: ten minutes later that is what stands beside the commit."""
    posted, clock = Posted(), FakeClock(c.NOW)
    ctx = Told(config, {}, config.parent, lambda: posted, utc=True, told=clock)
    follower = Follower(ctx, ctx.settings(), "web", c.COMMIT, None, posted, silent=True)
    good = DeployCourseView(c.NOW, "web", c.COMMIT, "good", over=True, why="as it was", deploy="dep-1", until=None)
    view = await follower.later(good, [1200.0, 3600.0])
    assert (view.over, posted.states) == (False, ["pending", "error"])
    assert 1800.0 <= clock.now() - c.NOW <= 1810.0, "the second look is not waited for"

"""Intermittent outages by period and share of downtime, after a deploy or without one.

Each cell runs a few times with the shipped defaults. It holds if each run sends a page, an approval request or a
rollback notice within ten minutes, or four periods if that is longer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from watchdog.domain.policy import Policy
from watchdog.lab.classes import intermittent
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.episode_judgement import Played, judge
from watchdog.lab.folding_loop import FoldingLoop

PERIODS = (5.0, 10.0, 20.0, 40.0, 60.0, 80.0, 110.0, 160.0, 240.0, 360.0, 600.0)
SHARES = (0.1, 0.15, 0.25, 0.45, 0.6)


@dataclass(frozen=True, slots=True)
class Cell:
    """A period in seconds, the share of it that is down (0 to 1), and whether a deploy did it."""

    period_seconds: float
    share_down: float
    deployed: bool

    def scene(self, seed: str) -> EpisodeWorld:
        """Return the episode of this seed."""
        # The cell is part of the seed: neighbours of one seed would share the luck of their world.
        scene = EpisodeWorld("flapping", f"{seed}-{self.period_seconds:g}-{self.share_down:g}-{self.deployed}")
        intermittent.come_and_go(scene, self.period_seconds, self.share_down, deployed=self.deployed)
        scene.add_background()
        return scene


@dataclass(frozen=True, slots=True)
class Mapped:
    """The episodes of one cell, seed by seed."""

    cell: Cell
    played: Sequence[Played]

    @property
    def told_after(self) -> Sequence[float | None]:
        """Return the delays of the first notification, in seconds after the first outage began; None: not in time."""
        limit = intermittent.told_within_seconds(self.cell.period_seconds)
        heard = [one.heard_at for one in self.played]
        return [at if at is not None and at <= limit else None for at in heard]

    @property
    def holds(self) -> bool:
        """Return whether every episode led to a notification in time."""
        return None not in self.told_after


def cells() -> Sequence[Cell]:
    """Return the whole map."""
    return [Cell(period, share, deployed) for deployed in (True, False) for period in PERIODS for share in SHARES]


def play_cell(cell: Cell, seeds: Sequence[str], policy_for: Callable[[EpisodeWorld], Policy]) -> Mapped:
    """Play one cell."""
    played = []
    for seed in seeds:
        scene = cell.scene(seed)
        played.append(judge(scene, seed, FoldingLoop(scene, policy_for(scene)).run(scene.ends_at)))
    return Mapped(cell, played)


def table(mapped: Sequence[Mapped]) -> list[str]:
    """Return the map as lines of text: a row per period, a column per share of downtime.

    A cell shows the longest delay of a notification, or the number of episodes without one in time.
    """
    lines = []
    for deployed, words in ((True, "after a deploy"), (False, "by itself")):
        found = {(one.cell.period_seconds, one.cell.share_down): one for one in mapped if one.cell.deployed is deployed}
        lines += [words, "  ".join([f"{'period':>7}", *(f"{share:>7.0%}" for share in SHARES)])]
        for period in PERIODS:
            row = [_cell(found[period, share]) for share in SHARES if (period, share) in found]
            lines.append("  ".join([f"{f'{period:.0f} s':>7}", *row]))
    return lines


def json_object(mapped: Sequence[Mapped]) -> list[Mapping[str, object]]:
    """Return the JSON form: one object per cell, with the notification delay of each episode (null: not in time)."""
    return [
        {
            "period_seconds": one.cell.period_seconds,
            "share_down": one.cell.share_down,
            "deployed": one.cell.deployed,
            "told_after_seconds": [at if at is None else round(at, 1) for at in one.told_after],
            "did": [played.did for played in one.played],
            "false_rollbacks": sum(played.false for played in one.played),
        }
        for one in mapped
    ]


def _cell(one: Mapped) -> str:
    # A miss outranks any delay: the cell shows the number of misses instead of the longest delay.
    late = sum(at is None for at in one.told_after)
    longest = max((at for at in one.told_after if at is not None), default=0.0)
    return f"{f'{late} LATE' if late else f'{longest:.0f} s':>7}"

"""`watchdog lab robustness`, its last table: errors that come again by the hour, and floods beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.app.commands.lab_policy import policy_for
from watchdog.app.commands.progress import no_progress, with_progress
from watchdog.app.commands.worker_processes import workers
from watchdog.domain.units import show_seconds
from watchdog.lab.error_seasons import (
    FLOOD_WITHIN_SECONDS,
    FLOODS,
    HISTORY,
    NOTICES,
    QUIET_DAYS,
    Flood,
    noticed_after,
    quiet_scene,
)
from watchdog.lab.folding_loop import FoldingLoop
from watchdog.lab.latency_power import LEARNS_DAYS, Seasonal, seasonal


@dataclass(frozen=True, slots=True)
class ErrorSeasons:
    """The notices of each quiet service, first and later, and the delay to the notice of each flood, by its name."""

    quiet: Sequence[Seasonal]
    floods: Mapping[str, Sequence[float | None]]

    def json_object(self) -> dict[str, Any]:
        """Return the numbers."""
        return {"false_notices": [[one.first, one.later] for one in self.quiet], "noticed_after_seconds": self.floods}

    def lines(self) -> list[str]:
        """Return the numbers as a Markdown table; nothing if nothing was played."""
        if not self.quiet:
            return []
        first, later = sum(one.first for one in self.quiet), sum(one.later for one in self.quiet)
        lines = [
            "",
            f"{len(self.quiet)} services with jobs that bring errors, {QUIET_DAYS:.0f} days: {first} notices in the "
            f"first {LEARNS_DAYS:.0f} days, {later} later",
            "",
            f"| flood, after {HISTORY.history_days:.0f} days of such a batch | noticed within "
            f"{show_seconds(FLOOD_WITHIN_SECONDS)} | median |",
            "|---|---|---|",
        ]
        for name, after in self.floods.items():
            known = sorted(at for at in after if at is not None)
            middle = show_seconds(known[len(known) // 2]) if known else ""
            lines.append(f"| {name} | {len(known)} of {len(after)} | {middle} |")
        return lines


def play_error_seasons(
    seed: str, services: int, *, processes: int = 2, progress: Callable[[str], None] = no_progress
) -> ErrorSeasons:
    """Play so many services without a fault, and so many floods of each kind."""
    seeds = [f"{seed}-{number}" for number in range(services)]
    jobs = [(flood, one) for flood in FLOODS for one in seeds]
    with workers(processes) as pool:
        quiet = list(
            with_progress(pool.map(_play_quiet, seeds), "services with errors by the hour", services, progress)
        )
        after = list(with_progress(pool.map(_play_flood, jobs), "floods of errors", len(jobs), progress))
    named = {flood.name: after[at * services : (at + 1) * services] for at, flood in enumerate(FLOODS)}
    return ErrorSeasons(quiet, named)


def _play_quiet(seed: str) -> Seasonal:
    scene = quiet_scene(seed)
    return seasonal(scene.begins_at, FoldingLoop(scene, policy_for(scene)).run(scene.ends_at), NOTICES)


def _play_flood(job: tuple[Flood, str]) -> float | None:
    flood, seed = job
    scene = flood.kind.scene(seed, HISTORY)
    return noticed_after(scene, FoldingLoop(scene, policy_for(scene)).run(scene.ends_at))

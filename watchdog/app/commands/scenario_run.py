"""A scenario file played once: printed line by line, judged, and priced."""

from dataclasses import dataclass
from pathlib import Path

from watchdog.app.commands.scenarios import read_scenario
from watchdog.app.commands.score_run import run_episode
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.episode_cost import cost
from watchdog.lab.episode_judgement import Played, judge
from watchdog.lab.episode_story import begins_at, tell, why_wrong


@dataclass(frozen=True, slots=True)
class ScenarioEpisode:
    """One episode of a scenario."""

    scene: EpisodeWorld
    record: Record
    played: Played

    @property
    def good(self) -> bool:
        """Return whether the decision was right."""
        return self.played.good

    @property
    def lines(self) -> list[str]:
        """Return the story."""
        price = f"{'COST':<12} {cost(self.played):.1f} outage minutes, mistakes included"
        return [*tell(self.scene, self.record, self.played), price]

    def json_object(self) -> dict[str, object]:
        """Return the episode for machines; times are seconds after the onset."""
        played, begins = self.played, begins_at(self.scene)
        return {
            "scenario": played.name,
            "seed": played.seed,
            "right": played.right,
            "also": sorted(self.scene.truth.also),
            "did": played.did,
            "at_seconds": played.at,
            "good": played.good,
            "why": None if played.good else why_wrong(played),
            "rollback_at_seconds": played.rollback_at,
            "blame": played.blame,
            "needless_calls": played.needless,
            "cost_minutes": cost(played),
            "done": [
                {"at_seconds": one.at - begins, "what": one.what, "service": one.service, "commit": one.commit}
                for one in self.record.did
                if one.what != "info"
            ],
        }


def play(path: Path, folder: Path, seed: str) -> ScenarioEpisode:
    """Play a scenario file (relative to a folder) once. Raises ConfigurationError with every mistake in it."""
    scene, record = run_episode(read_scenario(path, folder), seed)
    return ScenarioEpisode(scene, record, judge(scene, seed, record))

"""How long until a slower release is told, in a world with seasons that was watched for two weeks; and what is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import MAIN, EpisodeWorld, FaultClass
from watchdog.lab.episode_judgement import Played
from watchdog.lab.faults import Symptom
from watchdog.lab.profile import DAY_SECONDS
from watchdog.lab.varied_worlds import World

WATCHED = World("seasons, watched", "seasons, watched for 15 days", seasons=True, history_days=15.0)
SEASONS = World("seasons", "latency by hour and weekday, and jobs", seasons=True)
SEASON_DAYS = 90.0
LEARNS_DAYS = 15.0
"""So long it learns: a job is told the first time that it comes, and some come once a week."""
HOURS = 3600.0


@dataclass(frozen=True, slots=True)
class Slower:
    """How much slower a release is, and within how many seconds it should be told."""

    name: str
    symptom: Symptom
    within_seconds: float

    @property
    def kind(self) -> FaultClass:
        """Return it as a class of episodes."""
        return FaultClass(self.name, self.name, partial(_released, self), deploy_caused=True)


SLOWER: tuple[Slower, ...] = (
    Slower("1.25 times as slow", Symptom(slow=1.25), 6 * HOURS),
    Slower("1.5 times as slow", Symptom(slow=1.5), 900.0),
    Slower("twice as slow", Symptom(slow=2.0), 300.0),
    Slower("three times as slow", Symptom(slow=3.0), 300.0),
    Slower("15 % of answers 10 times as slow", Symptom(tail=0.15), 900.0),
    Slower("6 % of answers 10 times as slow", Symptom(tail=0.06), 2 * HOURS),
    Slower("3 % of answers 10 times as slow", Symptom(tail=0.03), 6 * HOURS),
)


def _released(slower: Slower, scene: EpisodeWorld) -> None:
    for name in [name for name in scene.services if name != MAIN]:
        del scene.services[name]
    scene.bad_deploy(slower.symptom, after=0.0)
    scene.horizon_seconds = slower.within_seconds


@dataclass(frozen=True, slots=True)
class Told:
    """When each of some releases was told (seconds after its onset); None: not in time."""

    slower: Slower
    after: Sequence[float | None]

    @property
    def in_time(self) -> int:
        """Return how many were."""
        return sum(at is not None for at in self.after)

    def json_object(self) -> dict[str, object]:
        """Return the numbers."""
        return {
            "release": self.slower.name,
            "within_seconds": self.slower.within_seconds,
            "told_after": list(self.after),
        }


@dataclass(frozen=True, slots=True)
class Seasonal:
    """False pages of one service with seasons: while it learned what is usual, and afterwards."""

    first: int
    later: int


def seasonal(begins_at: float, record: Record) -> Seasonal:
    """Count the pages and questions of a run in which nothing went wrong."""
    pages = [one.at for one in record.did if one.what in ("page", "ask")]
    first = sum(at < begins_at + LEARNS_DAYS * DAY_SECONDS for at in pages)
    return Seasonal(first, len(pages) - first)


def told(slower: Slower, played: Sequence[Played]) -> Told:
    """Return when people heard of what was played."""
    return Told(slower, [one.heard_at for one in played])

"""Measures the delay until a slower release is reported, in a world with seasons after 15 days of learning.

It also counts the false pages of the same world without a slower release.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from watchdog.domain.units import DAY_SECONDS
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld, FaultClass
from watchdog.lab.episode_judgement import Played
from watchdog.lab.faults import Symptom
from watchdog.lab.varied_worlds import World

WATCHED = World("seasons, watched", "seasons, watched for 15 days", seasons=True, history_days=15.0)
SEASONS = World("seasons", "latency by hour and weekday, and jobs", seasons=True)
SEASON_DAYS = 90.0
LEARNS_DAYS = 15.0
"""The learning period. A job leads to a page the first time it runs, and some jobs run once a week."""
HOURS = 3600.0


@dataclass(frozen=True, slots=True)
class Slower:
    """A slower release: its symptom, and the seconds within which a human should be notified."""

    name: str
    symptom: Symptom
    within_seconds: float

    @property
    def kind(self) -> FaultClass:
        """Return the fault class of this release."""
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
    scene.leave_alone()
    scene.bad_deploy(slower.symptom, after=0.0)
    scene.horizon_seconds = slower.within_seconds


@dataclass(frozen=True, slots=True)
class NoticeDelays:
    """The delay of the first notification of each release, in seconds after its onset; None: not in time."""

    slower: Slower
    after: Sequence[float | None]

    @property
    def in_time(self) -> int:
        """Return the number of releases that were reported in time."""
        return sum(at is not None for at in self.after)

    def json_object(self) -> dict[str, object]:
        """Return the JSON form: the release, its limit in seconds and all delays."""
        return {
            "release": self.slower.name,
            "within_seconds": self.slower.within_seconds,
            "told_after": list(self.after),
        }


@dataclass(frozen=True, slots=True)
class Seasonal:
    """False notices of one service with seasons: during the learning period, and afterwards."""

    first: int
    later: int


def seasonal(begins_at: float, record: Record, what: Collection[str] = ("page", "ask")) -> Seasonal:
    """Count the notices (`what`: their kinds) of a run without a fault."""
    pages = [one.at for one in record.did if one.what in what]
    # Counted apart: a job that runs for the first time is not known to the baseline, so its page is expected.
    first = sum(at < begins_at + LEARNS_DAYS * DAY_SECONDS for at in pages)
    return Seasonal(first, len(pages) - first)


def told(slower: Slower, played: Sequence[Played]) -> NoticeDelays:
    """Return the notification delays of the played episodes."""
    return NoticeDelays(slower, [one.heard_at for one in played])

"""What the report shows, gathered from what was played: the one place its page, Markdown and JSON take numbers from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any

from watchdog.lab.clean_years import Clean
from watchdog.lab.episode_judgement import Played
from watchdog.lab.ranking import Ranking
from watchdog.lab.report.bar import Bar
from watchdog.lab.report.bars import bars
from watchdog.lab.report.cost_chart import Step, ladder
from watchdog.lab.report.delays import Delays, delays
from watchdog.lab.report.outcomes import Failure, Row, failures, rows


@dataclass(frozen=True)
class Report:
    """One run of the lab. `numbers` is what `lab score --json` prints; `configuration` the text that was measured."""

    seed: str
    numbers: Mapping[str, Any]
    ours: Sequence[Played]
    oracle: Sequence[Played] = ()
    clean: Sequence[Clean] = ()
    ranking: Ranking | None = None
    configuration: str = ""

    @cached_property
    def bars(self) -> list[Bar]:
        """Return what was promised and whether it is so."""
        return bars(self.numbers)

    @cached_property
    def delays(self) -> list[Delays]:
        """Return how long each class took."""
        return delays(self.ours, self.oracle)

    @cached_property
    def ladder(self) -> list[Step]:
        """Return what an incident costs, by decider."""
        return ladder(self.ranking)

    @cached_property
    def rows(self) -> list[Row]:
        """Return what was done in each class."""
        return rows(self.ours)

    @cached_property
    def failures(self) -> list[Failure]:
        """Return everything that went wrong."""
        return failures(self.ours, self.clean)

    def json_object(self) -> dict[str, Any]:
        """Return the JSON form; what has no limit or was not measured is null."""
        found: dict[str, Any] = _finite(
            {
                **self.numbers,
                "bars": [one.json_object() for one in self.bars],
                "delays": [one.json_object() for one in self.delays],
                "ladder": [one.json_object() for one in self.ladder],
                "failures": [one.json_object() for one in self.failures],
                "configuration": self.configuration,
            }
        )
        return found


def _finite(found: Any) -> Any:
    """Return it without infinities, which JSON does not have."""
    if isinstance(found, Mapping):
        return {name: _finite(one) for name, one in found.items()}
    if isinstance(found, list | tuple):
        return [_finite(one) for one in found]
    return None if isinstance(found, float) and not isfinite(found) else found

"""The content of the report, computed from the played episodes: the one source of its page, Markdown and JSON."""

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
from watchdog.lab.report.cost_chart import LadderStep, ladder
from watchdog.lab.report.delays import Delays, delays
from watchdog.lab.report.outcomes import OutcomeRow, ReportFailure, failures, rows


@dataclass(frozen=True)
class Report:
    """One run of the lab. `numbers` is the output of `lab score --json`, `configuration` the measured configuration."""

    seed: str
    numbers: Mapping[str, Any]
    ours: Sequence[Played]
    oracle: Sequence[Played] = ()
    clean: Sequence[Clean] = ()
    ranking: Ranking | None = None
    configuration: str = ""

    @cached_property
    def bars(self) -> list[Bar]:
        """Return the bars with their verdicts."""
        return bars(self.numbers)

    @cached_property
    def delays(self) -> list[Delays]:
        """Return the delays of each class."""
        return delays(self.ours, self.oracle)

    @cached_property
    def ladder(self) -> list[LadderStep]:
        """Return the avoidable cost of an incident, by decider."""
        return ladder(self.ranking)

    @cached_property
    def rows(self) -> list[OutcomeRow]:
        """Return the actions taken in each class."""
        return rows(self.ours)

    # Cached like the others: all three renderers read it, and each failure builds its episode again.
    @cached_property
    def failures(self) -> list[ReportFailure]:
        """Return every wrongly decided episode and clean month."""
        return failures(self.ours, self.clean)

    def json_object(self) -> dict[str, Any]:
        """Return the JSON form; infinite and missing numbers are null."""
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
    """Return the value with infinities replaced by None, since JSON has none."""
    if isinstance(found, Mapping):
        return {name: _finite(one) for name, one in found.items()}
    if isinstance(found, list | tuple):
        return [_finite(one) for one in found]
    return None if isinstance(found, float) and not isfinite(found) else found

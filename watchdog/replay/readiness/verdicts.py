"""The verdict on a replayed action, and the labels that humans gave to the run's incidents."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from watchdog.domain.incidents import Incident
from watchdog.replay.readiness.service_history import Act
from watchdog.replay.readiness.undone_deploys import Undone


class ReadinessVerdict(StrEnum):
    """The verdict on an action that the replay would have taken."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Labelled:
    """An incident of the run that a human judged: `right` or not."""

    incident: Incident
    right: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """An action with its verdict, the rule behind it and the reason in words. `undone` is the human's rollback, if any.

    `run_incident` is the run's own incident at that time: the id for `watchdog incident label` and `explain`.
    """

    act: Act
    verdict: ReadinessVerdict
    rule: str
    why: str
    undone: Undone | None = None
    run_incident: str | None = None

    @property
    def saved_seconds(self) -> float | None:
        """Return the lead of the replay's request over the human's in seconds: an estimate; None without a human's."""
        if self.verdict is not ReadinessVerdict.RIGHT or self.undone is None:
            return None
        return self.undone.at - self.act.at

    def json_object(self) -> Mapping[str, Any]:
        """Return it for machines: `watchdog lab replay` shows the same incident at the same time."""
        act = {name: getattr(self.act, name) for name in self.act.__slots__}
        human = None
        if self.undone is not None:
            one = self.undone
            human = {"deploy": one.deploy.id, "at": one.at, "live_at": one.live_at, "how": one.how, "by": one.by}
        verdict = {"verdict": self.verdict.value, "rule": self.rule, "verdict_why": self.why}
        more = {"human": human, "saved_seconds": self.saved_seconds, "run_incident": self.run_incident}
        return act | verdict | more

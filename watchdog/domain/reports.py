"""The reports of commands: filled by the composition root, rendered by the command line."""

from collections.abc import Callable
from dataclasses import dataclass

from watchdog.domain.readings import Reading


@dataclass(frozen=True, slots=True)
class SignalReport:
    """One signal read once."""

    service: str  # its name
    signal: str  # its name
    reading: Reading  # its reading
    latency_seconds: float | None = None  # the probe's total time; None: a feed, or not measured


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The result of a demo: the first eleven fields are the `--json` object, the others are for the screen."""

    scenario: str  # its name
    severity: str | None  # of the incident; None: no incident
    onset_to_decision_seconds: float | None  # from the fault to the last decision; None: no such moment
    onset_to_rollback_request_seconds: float | None  # from the fault to the first request; None: none was sent
    onset_to_restored_seconds: float | None  # from the fault to the rollback being live; None: not proved
    rolled_back_to: str | None  # target of the first accepted rollback; None: none
    expected_target: str | None  # target of the expected rollback; None: none is expected
    rollbacks: int  # accepted rollbacks, by the sandbox's own log
    pages: int  # incidents that PagerDuty opened, by the sandbox's own log
    verified: bool  # the recovery was proved
    as_expected: bool  # nothing deviates from the scenario
    rollback_request_target_seconds: float | None = None  # limit for the request; None: the scenario has none
    restored_target_seconds: float | None = None  # limit for being restored; None: the scenario has none
    expected_rollbacks: int | None = None  # as the scenario says; None: not said
    expected_pages: int | None = None  # as the scenario says; None: not said
    incident: str | None = None  # id of the incident; None: no incident
    explain_command: str = ""  # how to read the incident's story afterwards
    would: str = ""  # the action that only the mode prevented
    writes: tuple[str, ...] = ()  # changing calls that Render got, as in `PATCH service 1`
    left: tuple[str, ...] = ()  # tasks that remain for a human
    deviations: tuple[str, ...] = ()  # why it is not as expected
    took_part: bool = False  # a person used the console meanwhile, so nothing is compared

    def json_object(self) -> dict[str, str | float | int | bool | None]:
        """Return the object of `watchdog demo --json`, seconds with three digits."""
        return {
            "scenario": self.scenario,
            "severity": self.severity,
            "onset_to_decision_seconds": _rounded(self.onset_to_decision_seconds),
            "onset_to_rollback_request_seconds": _rounded(self.onset_to_rollback_request_seconds),
            "onset_to_restored_seconds": _rounded(self.onset_to_restored_seconds),
            "rolled_back_to": self.rolled_back_to,
            "expected_target": self.expected_target,
            "rollbacks": self.rollbacks,
            "pages": self.pages,
            "verified": self.verified,
            "as_expected": self.as_expected,
        }


@dataclass(frozen=True, slots=True)
class DemoConsole:
    """The addresses of the demo's console, all on this machine."""

    url: str  # of the console
    token: str  # for its login; drawn for this run
    new_link: Callable[[], str]  # returns an address that logs in once, within ten minutes, and leads to the overview
    status_page: str  # the public one


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)

"""What a command has to report: filled by the composition root, rendered by the command line."""

from dataclasses import dataclass

from watchdog.domain.readings import Reading


@dataclass(frozen=True, slots=True)
class SignalReport:
    """One signal read once. `latency_seconds` is the probe's total time, None for feeds."""

    service: str
    signal: str
    reading: Reading
    latency_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DemoResult:
    """How a demo ended: the first eleven fields are the `--json` object, the others are for the screen.

    `rollbacks` and `pages` are counted from the sandbox's own log. Targets are seconds; None where the scenario
    has none. `writes` are the changing calls Render got ("PATCH service 1"), `left` what remains for a human,
    `deviations` why it is not as expected, `explain_command` how to read the incident's story afterwards.
    """

    scenario: str
    severity: str | None
    onset_to_decision_seconds: float | None
    onset_to_rollback_request_seconds: float | None
    onset_to_restored_seconds: float | None
    rolled_back_to: str | None
    expected_target: str | None
    rollbacks: int
    pages: int
    verified: bool
    as_expected: bool
    rollback_request_target_seconds: float | None = None
    restored_target_seconds: float | None = None
    expected_rollbacks: int | None = None
    expected_pages: int | None = None
    incident: str | None = None
    explain_command: str = ""
    would: str = ""
    writes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()

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


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)

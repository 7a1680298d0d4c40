"""The four severities of an incident."""

from enum import StrEnum


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Return 3 for critical down to 0 for low."""
        return {"critical": 3, "high": 2, "medium": 1, "low": 0}[self.value]

"""Certificates of sites: when one ends, and from when on people are to know it.

Theory. Who renews by machine does so when a third of a certificate's life is left, or earlier. So a certificate closer
to its end than that was not renewed, and one of six days is not late from its first day on.
"""

from dataclasses import dataclass

from watchdog.domain.units import DAY_SECONDS

FIRST_SECONDS = 14 * DAY_SECONDS
LIFE_SHARE = 1 / 3
LAST_SECONDS = 3 * DAY_SECONDS
LAST_SHARE = 1 / 4
"""The second notice comes three days before the end, or when a quarter of the first one's time is left."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as a site showed it. Times are UTC epoch seconds."""

    host: str  # the name (with its port, if not 443) that was connected to
    begins_at: float  # from when on it is valid
    ends_at: float  # until when
    wanted_seconds: float = FIRST_SECONDS  # how long before the end people want to know, by the configuration

    @property
    def first_limit(self) -> float:
        """Return how long before its end people are notified, in seconds."""
        return min(self.wanted_seconds, (self.ends_at - self.begins_at) * LIFE_SHARE)

    def due_limit(self, at: float) -> float | None:
        """Return the limit (seconds before its end) that is passed at a moment: the first, the last, or None."""
        first = self.first_limit
        last = min(LAST_SECONDS, first * LAST_SHARE)
        left = self.ends_at - at
        return last if left <= last else first if left <= first else None


@dataclass(frozen=True, slots=True)
class ReportedCertificate:
    """A certificate that people were notified of, and which is not renewed yet."""

    host: str  # as in Certificate
    ends_at: float  # UTC epoch seconds
    limit_seconds: float  # the limit of the newest notice


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """A site showed a certificate: one that people are to know of, or one in place of such a one."""

    at: float  # UTC epoch seconds
    service: str  # its name
    certificate: Certificate  # of the addresses of the site the one that ends first

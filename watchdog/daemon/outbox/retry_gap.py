"""The pause before a failed notice is sent again."""

from watchdog.domain.errors import Temporary

# A vendor may ask for hours by mistake; ten minutes is the longest that a page may be held by a header.
RETRY_AFTER_MAX_SECONDS = 600.0


def asked_gap(failure: Exception) -> float:
    """Return the channel's Retry-After, within RETRY_AFTER_MAX_SECONDS."""
    asked = failure.retry_after_seconds if isinstance(failure, Temporary) else 0.0
    return min(asked, RETRY_AFTER_MAX_SECONDS)


def next_gap(failure: Exception, gap: float) -> float:
    """Return the seconds to wait: the own gap, or the channel's Retry-After, if longer."""
    return max(gap, asked_gap(failure))

"""The headers by which vendors ask us to wait."""

import pytest

from watchdog.adapters.read_budget import reset_seconds, retry_after_seconds

NOW = 1_780_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("30", 30), ("0.5", 0.5), ("99999999", 3600)),
        ("Thu, 28 May 2026 20:27:10 GMT", 30),
        ("Thu, 28 May 2020 20:27:10 GMT", 0),
        *((nonsense, 0) for nonsense in ("-5", "nan", "soon", "")),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    """Both forms are read, nonsense is no wait, and no wait is longer than an hour."""
    assert retry_after_seconds({"retry-after": value}, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit-remaining": "0", "ratelimit-reset": "59"}, 59),
        ({"ratelimit-remaining": "1", "ratelimit-reset": "59"}, None),
        ({"x-sentry-rate-limit-remaining": "0", "x-sentry-rate-limit-reset": str(int(NOW) + 12)}, 12),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) - 12)}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW + 8) * 1000)}, 8),
        ({"ratelimit-remaining": "0"}, None),
        ({"ratelimit-remaining": "none", "ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_reset_is_read_in_whatever_unit_the_vendor_sends(headers, seconds):
    assert reset_seconds(headers, NOW) == (None if seconds is None else pytest.approx(seconds))

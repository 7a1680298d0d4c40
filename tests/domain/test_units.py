"""Quantities as people write them."""

import pytest

from watchdog.domain.units import parse_duration, parse_rate, parse_size, show_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("800ms", 0.8), ("45s", 45.0), ("5m", 300.0), ("1h30m", 5400.0), ("30d", 2_592_000.0), ("1.5 h", 5400.0)],
)
def test_durations(text: str, seconds: float) -> None:
    """A number and a unit, or several."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5 parsecs", "45", "s", "5m and a bit", "-5s", None, True, "5M"])
def test_what_is_no_duration(text: object) -> None:
    """Each is refused with what to write instead."""
    with pytest.raises(ValueError, match="write a number and a unit"):
        parse_duration(text)


@pytest.mark.parametrize(("number", "words"), [(5, "write 5s, 5ms or 5m"), (0.5, "write 0.5s, 0.5ms or 0.5m")])
def test_a_bare_number_is_asked_for_its_unit(number: float, words: str) -> None:
    """Nobody knows whether five is seconds or minutes."""
    with pytest.raises(ValueError, match=words):
        parse_duration(number)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512KiB", 524_288), ("1MiB", 1_048_576), ("1.5 GiB", 1_610_612_736), ("7B", 7), (" 1KiB ", 1024)],
)
def test_sizes(text: str, size: int) -> None:
    """Bytes in powers of two, named as such."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["512", "1MB", "1 kib", "MiB", "1MiB2", 5])
def test_what_is_no_size(text: object) -> None:
    """A megabyte is not a mebibyte."""
    with pytest.raises(ValueError, match="as in 512KiB"):
        parse_size(text)


@pytest.mark.parametrize(("text", "per_minute"), [("20/min", 20.0), ("2/s", 120.0), ("30/h", 0.5), ("1.5 / min", 1.5)])
def test_rates(text: str, per_minute: float) -> None:
    """Events per minute, whatever they were written in."""
    assert parse_rate(text) == pytest.approx(per_minute)


@pytest.mark.parametrize("text", ["20", "20/day", "/min", "20 per minute", 20])
def test_what_is_no_rate(text: object) -> None:
    """A number per unit of time is asked for."""
    with pytest.raises(ValueError, match="as in 20/min"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (0.84, "0.8 s"),
        (9.96, "10.0 s"),
        (5.0, "5 s"),
        (38.4, "38 s"),
        (119.4, "119 s"),
        (120, "2 min"),
        (300, "5 min"),
        (7199, "120 min"),
        (7200, "2 h 0 min"),
        (11_520, "3 h 12 min"),
        (172_799, "47 h 59 min"),
        (172_800, "2 d 0 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_durations_for_people(seconds: float, shown: str) -> None:
    """Two figures that matter, at every boundary."""
    assert show_seconds(seconds) == shown

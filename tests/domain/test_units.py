"""Quantities as people write them."""

from collections.abc import Callable

import pytest

from watchdog.domain.units import parse_duration, parse_rate, parse_size, show_bytes, show_seconds

DURATIONS = {"800ms": 0.8, "45s": 45.0, "5m": 300.0, "1h30m": 5400.0, "30d": 2_592_000.0, "1.5 h": 5400.0}
SIZES = {"512KiB": 524_288, "1MiB": 1_048_576, "1.5 GiB": 1_610_612_736, "7B": 7, " 1KiB ": 1024}
RATES = {"20/min": 20.0, "2/s": 120.0, "30/h": 0.5, "1.5 / min": 1.5}


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        *((parse_duration, text, value) for text, value in DURATIONS.items()),
        *((parse_size, text, value) for text, value in SIZES.items()),
        *((parse_rate, text, value) for text, value in RATES.items()),
    ],
)
def test_quantities(parse: Callable[[str], float], text: str, value: float) -> None:
    """A number and a unit, or several; bytes in powers of two, named as such; events per minute."""
    assert parse(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("parse", "texts", "instead"),
    [
        (parse_duration, ("", "5 parsecs", "s", "5m and a bit", "-5s", None, True, "5M"), "write a number and a unit"),
        (parse_duration, (5, "5", " 5 "), "write 5s, 5ms or 5m"),
        (parse_duration, ("1h 5 minutes", "1 hour 5min"), "write 1h5m"),
        (parse_duration, (0.5,), "write 0.5s, 0.5ms or 0.5m"),
        (parse_size, ("512", "1 kib", "MiB", "1MiB2", 5), "as in 512KiB"),
        (parse_size, ("1MB", "1 mb"), "write 1MiB"),
        (parse_rate, ("20", "20/day", "/min", "20 per minute", 20), "as in 20/min"),
    ],
)
def test_what_is_no_quantity(parse: Callable[[object], float], texts: tuple[object, ...], instead: str) -> None:
    """Each is refused with what to write instead: a megabyte is not a mebibyte, a bare five not a time."""
    for text in texts:
        with pytest.raises(ValueError, match=instead):
            parse(text)


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


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (3_565_158, "3.4 MiB"),
        (125_829_120, "120 MiB"),
        (2**42, "4096 GiB"),
    ],
)
def test_sizes(size: float, shown: str) -> None:
    """In powers of two, as they are parsed."""
    assert show_bytes(size) == shown

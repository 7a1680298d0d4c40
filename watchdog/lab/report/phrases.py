"""Formats numbers and foreign text, identically in the page, the Markdown and the plots. Pure functions."""

import shlex
from collections.abc import Callable
from math import isfinite

from watchdog.replay.confidence_intervals import Estimate

NOT_MEASURED = "not measured"
Show = Callable[[float], str]


def plain(text: object) -> str:
    """Return the text on one line, with unprintable characters replaced by spaces."""
    return "".join(char if char.isprintable() else " " for char in str(text))


def percent(value: float) -> str:
    """Return `97.3 %`."""
    return f"{100 * value:.1f} %" if isfinite(value) else "no limit"


def number(value: float) -> str:
    """Return the number with at most three decimals and without trailing zeros."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if isfinite(value) else "no limit"


def minutes(value: float) -> str:
    """Return `3.2 min`."""
    return f"{value:.2f} min" if isfinite(value) else "no limit"


def seconds(value: float) -> str:
    """Return `42 s`, from ten minutes on `25 min`."""
    if not isfinite(value):
        return "no limit"
    return f"{value:.0f} s" if value < 600 else f"{value / 60:.0f} min"


def times(value: float) -> str:
    """Return `3.4 times`."""
    return f"{value:.2f} times" if isfinite(value) else "no limit"


def interval(found: Estimate, show: Show) -> str:
    """Return `95.1 % to 99.0 %`; without an upper end `95.1 % or more`."""
    if not isfinite(found.high):
        return f"{show(found.low)} or more"
    return f"{show(found.low)} to {show(found.high)}"


def many(count: int, what: str) -> str:
    """Return `1 month`, `2 months`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def replay_command(name: str, seed: str, file: str = "") -> str:
    """Return the command line that replays an episode of a class, or of a scenario file."""
    if file:
        return shlex.join(["watchdog", "lab", "scenario", plain(file), "--seed", plain(seed)])
    return shlex.join(["watchdog", "lab", "episode", name, plain(seed)])

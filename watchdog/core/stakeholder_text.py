"""Plain words: what people who know no engineering read of an outage: what they notice of it, since when, what comes.

Rule 1: every word is ours or the user's name for the service. Nothing a probe, a platform or a commit said gets in: no
reason, no host, no deploy, no figure of blame; and nobody is blamed.
Rule 2: title and lines alone make sense, without the message before: it may not have arrived.
"""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from watchdog.domain.decisions import Finding
from watchdog.domain.units import show_seconds

MANY = ((0.9, "All visitors are"), (0.65, "Most visitors are"), (0.35, "About half of the visitors are"))
"""Share of failed probes (0 to 1) from which on so many are said to be affected."""
SOME = "Some visitors are"


class Words(NamedTuple):
    """A message: what it says in one line, and what else there is to say."""

    title: str
    lines: tuple[str, ...]


def unavailable(name: str, main: Finding, whole: bool, since: str) -> Words:
    """Return that it does not work, and for whom; `whole`: what was found is true of all of it, not of a part."""
    what, who = _impact(main, whole)
    return Words(f"{name}: {what} since {since}", (who, "We are working on it. You hear from us when it works again."))


def _impact(main: Finding, whole: bool) -> tuple[str, str]:
    """Return what is noticed in two or three words, and by whom."""
    if main.method == "latency":
        return "slow", "Pages take much longer than they should."
    if main.method == "intermittent":
        return "available on and off", "It works for a while, and then it does not."
    if not main.fails:
        return "errors", "Some visitors may see errors."
    who = next((words for share, words in MANY if main.share >= share), SOME)
    if not whole:
        return "partly unavailable", f"A part of it does not work. {who} affected."
    return "not available" if who == MANY[0][1] else "partly unavailable", f"{who} affected."


def works_again(name: str, since: str) -> Words:
    """Return that it works, and that nobody is sure yet."""
    return Words(f"{name}: works again since {since}", ("We keep watching it, and tell you when it is over for sure.",))


def all_is_well(name: str, since: str, lasted_seconds: float) -> Words:
    """Return that it is over."""
    lasted = show_seconds(max(lasted_seconds, 0.0))
    line = f"It has worked as it should since {since}, after {lasted} of trouble. Cause: being looked into."
    return Words(f"{name}: all is well again", (line,))


def moment(at: float, now: float, zone: str) -> str:
    """Return a moment (UTC epoch seconds) by the clocks of a zone: `14:02 (UTC)`; with its date if it was not today."""
    there = datetime.fromtimestamp(at, ZoneInfo(zone))
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).date() == there.date()
    return f"{there:%H:%M} ({zone})" if today else f"{there:%Y-%m-%d %H:%M} ({zone})"

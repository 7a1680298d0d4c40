"""Plain words for stakeholders without engineering knowledge: the effect on visitors, its start, and its end.

Rule 1: every word is ours or the configured title of the service. Texts of probes, platforms and commits stay out: no
reason, host, deploy or probability, and no blame.
Rule 2: each message makes sense alone: the one before it may not have arrived.
"""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from watchdog.domain.decisions import Finding
from watchdog.domain.units import show_seconds

MANY = ((0.9, "All visitors are"), (0.65, "Most visitors are"), (0.35, "About half of the visitors are"))
"""Lowest share of failed probes (0 to 1) for each wording, highest first."""
SOME = "Some visitors are"


class Words(NamedTuple):
    """A message: its title, and its further lines."""

    title: str
    lines: tuple[str, ...]


def unavailable(name: str, main: Finding, whole: bool, since: str) -> Words:
    """Return the message of an outage; `whole`: the finding holds for the whole service, not for one part of it."""
    what, who = _impact(main, whole)
    return Words(
        f"{name}: {what} since {since}", (who, "We are working on it. We will notify you when it works again.")
    )


def _impact(main: Finding, whole: bool) -> tuple[str, str]:
    """Return the effect in two or three words, and a sentence with the visitors who notice it."""
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
    """Return the message that the service works again and is still being verified."""
    return Words(
        f"{name}: works again since {since}",
        ("We keep watching it, and will notify you once the recovery is confirmed.",),
    )


def all_is_well(name: str, since: str, lasted_seconds: float) -> Words:
    """Return the message that the outage is over."""
    lasted = show_seconds(max(lasted_seconds, 0.0))
    line = f"It has worked as it should since {since}, after {lasted} of trouble. Cause: being looked into."
    return Words(f"{name}: all is well again", (line,))


def errors_stay(name: str) -> Words:
    """Return the message that errors go on at the same level, and are no outage any more."""
    line = "Some visitors may still see errors, as many as a day ago. We will notify you if there are many more."
    return Words(f"{name}: some errors remain", (line,))


def works_as_far_as_seen(name: str) -> Words:
    """Return the message that nothing fails which can be checked, and that what had failed cannot be."""
    line = "What had failed cannot be checked at the moment; nothing else fails. We will notify you if it fails again."
    return Words(f"{name}: works, as far as we can see", (line,))


def watched_no_more(name: str) -> Words:
    """Return the message that it was removed from the configuration before its failure was seen to end."""
    line = "We do not know whether it works again, and will not notify you of it any more."
    return Words(f"{name}: not watched any more", (line,))


def moment(at: float, now: float, zone: str) -> str:
    """Return a moment (UTC epoch seconds) in a time zone: `14:02 (UTC)`; with its date if it was not today."""
    there = datetime.fromtimestamp(at, ZoneInfo(zone))
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).date() == there.date()
    return f"{there:%H:%M} ({zone})" if today else f"{there:%Y-%m-%d %H:%M} ({zone})"

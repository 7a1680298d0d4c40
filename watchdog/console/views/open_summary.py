"""Who acts in the open incidents, in one line above their cards: how many need a person, and how many do not. Pure.

Rule: it says of each incident what its card says. One with a task for the reader needs them, unless the daemon acts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.console.views.card_models import CardView
from watchdog.console.views.card_views import TONES

NAMED_MAX = 5
"""Incidents of one part that are named: the line must leave room for the first card on a phone."""
BY_THE_DAEMON = ("soon", "acting")
"""The tones of an action of the daemon that is under way or announced."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the open incidents: how many, what of them (`need you`), the first cards, and how many more there are."""

    number: int
    words: str
    named: tuple[CardView, ...]
    more: int


def parts(cards: Sequence[CardView]) -> tuple[Part, ...]:
    """Return who acts, those that need a person first; nothing for a single incident, whose card says it."""
    if len(cards) < 2:
        return ()
    handled = [one for one in cards if TONES[one.outlook.situation] in BY_THE_DAEMON]
    rest = [one for one in cards if one not in handled]
    needing = [one for one in rest if one.outlook.task]
    others = [one for one in rest if not one.outlook.task]
    found = (
        (needing, "needs you" if len(needing) == 1 else "need you"),
        (handled, "the daemon is handling"),
        (others, "asks nothing of you" if len(others) == 1 else "ask nothing of you"),
    )
    return tuple(
        Part(len(some), words, tuple(some[:NAMED_MAX]), max(0, len(some) - NAMED_MAX)) for some, words in found if some
    )

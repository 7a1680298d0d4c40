"""Who acts in the open incidents, in one line above their cards: how many need a person, and how many do not, and the
soonest deadline of each. Pure.

Rule 1: it says of each incident what its card says. One with a task for the reader needs them, unless the daemon acts
or a person has acknowledged it. A question that a rollback answers needs them all the same.
Rule 2: of several deadlines the one at which the daemon acts by itself is named first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from watchdog.console.views.card_models import CardView
from watchdog.console.views.card_views import TONES
from watchdog.presentation.situation import Situation

NAMED_MAX = 5
"""Incidents of one part that are named: the line must leave room for the first card on a phone."""
BY_THE_DAEMON = ("soon", "acting")
"""The tones of an action of the daemon that is under way or announced."""

UNTIL: Mapping[Situation, str] = MappingProxyType(
    {
        Situation.QUESTION: "asks you until",
        Situation.ANNOUNCED: "rolls back at",
        Situation.SCHEDULED: "rolls back at",
        Situation.ASKS_LATER: "asks again at",
    }
)
"""What happens at the known time of each situation that has one."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the open incidents: how many, what of them (`need you`), the first cards, the others; and of all those
    with the soonest deadline: where the daemon acts by itself, then where it does not, if that is sooner."""

    number: int
    words: str
    named: tuple[CardView, ...]
    others: tuple[CardView, ...]
    due: tuple[CardView, ...]


def happens(card: CardView) -> str:
    """Return what happens at the deadline of an incident that has one: `asks you until`."""
    return "rolls back, unless you answer, at" if card.outlook.rolls_back else UNTIL[card.outlook.situation]


def turn(card: CardView) -> int:
    """Return who acts, in the order of `parts`: the reader (0), a person who has it, the daemon, no one (3)."""
    # A daemon that has to be resumed first handles nothing.
    if TONES[card.outlook.situation] in BY_THE_DAEMON and "resume" not in card.outlook.commands:
        return 2
    if not card.outlook.task:
        return 3
    return 1 if card.acknowledged_by and not card.outlook.rolls_back else 0


def parts(cards: Sequence[CardView], now: float) -> tuple[Part, ...]:
    """Return who acts, those that need a person first; nothing for a single incident, whose card says it.

    `now` is UTC epoch seconds: a deadline that is past is none.
    """
    if len(cards) < 2:
        return ()
    needing, taken, handled, others = ([one for one in cards if turn(one) == number] for number in range(4))
    found = (
        (needing, "needs you" if len(needing) == 1 else "need you"),
        (taken, "acknowledged"),
        (handled, "the daemon is handling"),
        (others, "asks nothing of you" if len(others) == 1 else "ask nothing of you"),
    )
    return tuple(_part(some, words, now) for some, words in found if some)


def _part(some: Sequence[CardView], words: str, now: float) -> Part:
    ahead = sorted((one for one in some if _until(one) > now), key=_until)
    acting = [one for one in ahead if _acts(one)][:1]
    waiting = [one for one in ahead if not _acts(one) and all(_until(one) < _until(other) for other in acting)][:1]
    return Part(len(some), words, tuple(some[:NAMED_MAX]), tuple(some[NAMED_MAX:]), (*acting, *waiting))


def _until(card: CardView) -> float:
    return card.outlook.until or 0.0


def _acts(card: CardView) -> bool:
    """Return whether the daemon changes something at the deadline, without an answer."""
    return card.outlook.rolls_back or card.outlook.situation in (Situation.ANNOUNCED, Situation.SCHEDULED)

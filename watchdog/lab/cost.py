"""What an episode cost, in minutes of total outage: the share of requests failing times the minutes, and every mistake.

Rule 1: an outage lasts until it is mended in the world, whoever did that and whatever an operator would have done.
Rule 2: the same deed costs the same, whoever did it. A false rollback is charged once an episode; a needless page or
question each time, as in the quiet times between incidents. Needless are (`page_judgement.py`) those about
nothing, those that name the wrong culprit, and after the first those that say nothing new.
Rule 3: nobody is paid for luck: what was done before anything could be seen is a mistake.
Rule 4: what a human must do lasts until a human has done it; a question rolls nothing back by itself.

Source: facts on decisions, section 4: an unmended bad deploy costs 83 minutes (the median of 40 public incidents that
ended in a rollback), a human who is paged begins where the median incident is first noticed, at 41 minutes.
"""

from dataclasses import dataclass

from watchdog.lab.episode_judgement import Played
from watchdog.lab.page_judgement import ANSWER_MINUTES

HUMAN_MINUTES = 83.0
NOTICED_MINUTES = 41.0
ROLLBACK_MINUTES = 1.0
"""From the request to the old version serving (the mean of the world's)."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Outage minutes that a mistake is worth."""

    false_rollback: float = 30.0
    wrong_service: float = 60.0
    false_page: float = 5.0

    def times(self, factor: float) -> "Weights":
        """Return all of them times a factor."""
        return Weights(self.false_rollback * factor, self.wrong_service * factor, self.false_page * factor)


USUAL = Weights()


def cost(played: Played, weights: Weights = USUAL) -> float:
    """Return outage minutes and the price of every mistake."""
    return failed_minutes(played) + mistakes(played, weights)


def mistakes(played: Played, weights: Weights = USUAL) -> float:
    """Return the price of what should not have been done."""
    total = 0.0
    if played.harm:
        total += weights.wrong_service if played.wrong_service else weights.false_rollback
    return total + weights.false_page * played.needless


def failed_minutes(played: Played) -> float:
    """Return the minutes of total outage that the failures amount to; a fault that grows fails less at first."""
    minutes, grows = outage_minutes(played), played.grows_seconds / 60.0
    if minutes < grows:
        return played.share * minutes**2 / (2 * grows)
    return played.share * (minutes - grows / 2)


def outage_minutes(played: Played) -> float:
    """Return how long the outage lasts: of a bad deploy until it is mended, of anything else as long as it lasts."""
    if not played.guilty:
        return min(played.lasts_seconds / 60.0, HUMAN_MINUTES)
    ways = (
        (played.mended_at, ROLLBACK_MINUTES),
        (played.asked_at, ANSWER_MINUTES + ROLLBACK_MINUTES),
        (played.heard_at, HUMAN_MINUTES - NOTICED_MINUTES),
    )
    return min([HUMAN_MINUTES, *(at / 60.0 + takes for at, takes in ways if at is not None)])

"""The cost of an episode in minutes of total outage: failing share of requests times minutes, plus every mistake.

Rule 1: an outage lasts until it is mended in the world, by any decider, not until an operator would have mended it.
Rule 2: the same action costs every decider the same. A false rollback is charged once an episode; a needless page or
question each time, as between incidents. `page_judgement.py` defines needless: about a healthy service, with the wrong
suspect, or a repetition without news.
Rule 3: luck is not rewarded: an action before the onset is a mistake.
Rule 4: a human step lasts until a human has done it; an approval request rolls nothing back by itself.

Source: facts on decisions, section 4. An unmended bad deploy costs 83 minutes, the median of 40 public incidents that
ended in a rollback. A paged human begins where the median incident is first noticed, at 41 minutes.
"""

from dataclasses import dataclass

from watchdog.lab.episode_judgement import Played
from watchdog.lab.page_judgement import ANSWER_MINUTES

HUMAN_MINUTES = 83.0
NOTICED_MINUTES = 41.0
ROLLBACK_MINUTES = 1.0
"""From the rollback request to the old version serving: the mean of the simulated world."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The price of each mistake, in outage minutes."""

    false_rollback: float = 30.0
    wrong_service: float = 60.0
    false_page: float = 5.0

    def times(self, factor: float) -> "Weights":
        """Return all prices multiplied by a factor."""
        return Weights(self.false_rollback * factor, self.wrong_service * factor, self.false_page * factor)


USUAL = Weights()


def cost(played: Played, weights: Weights = USUAL) -> float:
    """Return the sum of the outage minutes and the price of every mistake."""
    return failed_minutes(played) + mistakes(played, weights)


def mistakes(played: Played, weights: Weights = USUAL) -> float:
    """Return the price of a harmful rollback and of every needless call."""
    total = 0.0
    if played.harm:
        total += weights.wrong_service if played.wrong_service else weights.false_rollback
    return total + weights.false_page * played.needless


def failed_minutes(played: Played) -> float:
    """Return the failures as minutes of total outage; a fault that grows fails less at first."""
    # The share rises linearly to `share`, so the integral is a triangle, and from full strength on a shifted line.
    minutes, grows = outage_minutes(played), played.grows_seconds / 60.0
    if minutes < grows:
        return played.share * minutes**2 / (2 * grows)
    return played.share * (minutes - grows / 2)


def outage_minutes(played: Played) -> float:
    """Return the minutes of the outage: of a bad deploy until it is mended, of another cause its own duration."""
    # No decider can shorten an outage that no deploy caused, so every decider is charged the same for it.
    if not played.guilty:
        return min(played.lasts_seconds / 60.0, HUMAN_MINUTES)
    # Each way ends the outage by itself, so the earliest counts: a rollback, an approved one, or the called human.
    ways = (
        (played.mended_at, ROLLBACK_MINUTES),
        (played.asked_at, ANSWER_MINUTES + ROLLBACK_MINUTES),
        (played.heard_at, HUMAN_MINUTES - NOTICED_MINUTES),
    )
    return min([HUMAN_MINUTES, *(at / 60.0 + takes for at, takes in ways if at is not None)])

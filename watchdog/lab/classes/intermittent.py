"""Intermittent outages: a crash loop with a slow boot, a worker in five that hangs, a queue that fills up."""

from math import exp, log

from watchdog.lab.episode import DOWN, EpisodeWorld, Right

PERIOD_SECONDS = (5.0, 600.0)
SHARE_DOWN = (0.1, 0.6)
TOLD_WITHIN_SECONDS = 600.0
TOLD_WITHIN_PERIODS = 4.0
"""A notification must reach a human within the longer of the two."""


def told_within_seconds(period_seconds: float) -> float:
    """Return the seconds after the first outage within which a human must be notified."""
    return max(TOLD_WITHIN_SECONDS, TOLD_WITHIN_PERIODS * period_seconds)


def come_and_go(scene: EpisodeWorld, period_seconds: float, share_down: float, *, deployed: bool) -> None:
    """Make the main service fail for a share (0 to 1) of each period, since a deploy or by itself.

    An approval request is right in both cases.
    """
    again = (period_seconds, period_seconds * share_down)
    down = scene.dice.choice(DOWN)
    if deployed:
        scene.bad_deploy(down, again=again)
        scene.truth.right, scene.truth.also = Right.ASK, frozenset({Right.PAGE, Right.ROLLBACK})
    else:
        scene.trouble(down, scene.fault_at, again=again)
        scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})
    # The mean share over time: the service is wholly down, but only for a part of each period.
    scene.truth.share = share_down
    scene.horizon_seconds = told_within_seconds(period_seconds)


def after_deploy(scene: EpisodeWorld) -> None:
    """An intermittent outage that a deploy caused."""
    _drawn(scene, deployed=True)


def by_itself(scene: EpisodeWorld) -> None:
    """An intermittent outage that no deploy caused."""
    scene.deploy_by_chance()
    _drawn(scene, deployed=False)


def _drawn(scene: EpisodeWorld, *, deployed: bool) -> None:
    """Draw the period (log-uniform) and the share of downtime."""
    low, high = PERIOD_SECONDS
    period = exp(scene.draw(log(low), log(high)))
    come_and_go(scene, period, scene.draw(*SHARE_DOWN), deployed=deployed)

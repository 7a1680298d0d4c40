"""Outages that come and go: a crash loop with a slow boot, a worker in five that hangs, a queue that fills up."""

from math import exp, log

from watchdog.lab.episode import DOWN, EpisodeWorld, Right

PERIOD_SECONDS = (5.0, 600.0)
SHARE_DOWN = (0.1, 0.6)
TOLD_WITHIN_SECONDS = 600.0
TOLD_WITHIN_PERIODS = 4.0
"""A human must hear of it within the longer of the two."""


def told_within_seconds(period_seconds: float) -> float:
    """Return how long after its first outage a human must have heard of it."""
    return max(TOLD_WITHIN_SECONDS, TOLD_WITHIN_PERIODS * period_seconds)


def come_and_go(scene: EpisodeWorld, period_seconds: float, share_down: float, *, deployed: bool) -> None:
    """Have it be down for that share (0 to 1) of each period, since a deploy or by itself. To ask is never wrong."""
    again = (period_seconds, period_seconds * share_down)
    down = scene.dice.choice(DOWN)
    if deployed:
        scene.bad_deploy(down, again=again)
        scene.truth.right, scene.truth.also = Right.ASK, frozenset({Right.PAGE, Right.ROLLBACK})
    else:
        scene.trouble(down, scene.fault_at, again=again)
        scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})
    scene.truth.share = share_down
    scene.horizon_seconds = told_within_seconds(period_seconds)


def after_deploy(scene: EpisodeWorld) -> None:
    """A deploy did it."""
    _drawn(scene, deployed=True)


def by_itself(scene: EpisodeWorld) -> None:
    """No deploy did it."""
    scene.deploy_by_chance()
    _drawn(scene, deployed=False)


def _drawn(scene: EpisodeWorld, *, deployed: bool) -> None:
    """Draw how often (every doubling as likely as another) and how much."""
    low, high = PERIOD_SECONDS
    period = exp(scene.draw(log(low), log(high)))
    come_and_go(scene, period, scene.draw(*SHARE_DOWN), deployed=deployed)

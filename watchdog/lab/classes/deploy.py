"""The faults that a deploy causes: a few lines a class.

Rule: the right action is a good operator's, not the watchdog's own.
"""

from dataclasses import replace
from math import exp, log

from watchdog.domain.readings import FailureKind
from watchdog.lab.episode import DOWN, EpisodeWorld, Right
from watchdog.lab.faults import ONE_CRASH, Fault, Symptom

HOME = ("home",)
SOON_MEAN_SECONDS = 90.0
SLOW_MEAN_SECONDS = 900.0
"""Mean seconds from taking traffic to the onset: nearly at once, or when a request first needs the broken part.

Faster than the density in the facts (section 1.3): a total outage shows within 2 min (section 5), a failing route or a
wrong page within 10; later onsets have classes of their own. With the facts' density up to half an hour, one in four
failing routes or wrong pages would lead to a question or a page instead of a rollback."""


def _soon(scene: EpisodeWorld, within_seconds: float) -> float:
    """Return the seconds to the onset: nearly at once, and never after `within_seconds`."""
    if scene.world.onset_seconds is not None:
        return scene.dice.uniform(*scene.world.onset_seconds)
    return _exponential(scene, SOON_MEAN_SECONDS, within_seconds)


def _sooner_or_later(scene: EpisodeWorld) -> float:
    """Return the seconds to the onset: soon in two of three episodes, when a request needs the part in the third."""
    if scene.world.onset_seconds is not None:
        return scene.dice.uniform(*scene.world.onset_seconds)
    return _exponential(scene, SLOW_MEAN_SECONDS if scene.dice.random() < 1 / 3 else SOON_MEAN_SECONDS, 1700.0)


def _exponential(scene: EpisodeWorld, mean: float, within: float) -> float:
    """Return a draw of an exponential distribution truncated at `within` (inverse transform)."""
    return -mean * log(1.0 - scene.dice.random() * (1.0 - exp(-within / mean)))


def _bad(scene: EpisodeWorld, symptom: Symptom, *tags: str, **more: object) -> None:
    scene.bad_deploy(symptom, **more)  # type: ignore[arg-type]
    scene.truth.right = Right.ROLLBACK
    scene.truth.tags = frozenset(tags)


def hard_down(scene: EpisodeWorld) -> None:
    """Nothing answers, and neither the platform nor the error tracker reports it."""
    _bad(scene, scene.dice.choice(DOWN), "hard", after=_soon(scene, 120.0))


def hard_down_reported(scene: EpisodeWorld) -> None:
    """Nothing answers, and the platform reports a crash loop."""
    down = replace(scene.dice.choice(DOWN), crash_every_seconds=scene.draw(5.0, 12.0))
    _bad(scene, down, "hard_corroborated", after=_soon(scene, 120.0))


def hard_down_one_report(scene: EpisodeWorld) -> None:
    """Nothing answers, and the platform reports one crash: the process is not started again, or hangs after that."""
    after = _soon(scene, 120.0)
    _bad(scene, scene.dice.choice(DOWN), "hard_one_report", after=after)
    scene.main.faults.append(Fault(ONE_CRASH, scene.truth.commit, after_seconds=after, lasts_seconds=2.0))


def hard_down_new_errors(scene: EpisodeWorld) -> None:
    """Every request ends in a new kind of error, which the error tracker reports a minute or two later."""
    down = Symptom(1.0, FailureKind.STATUS, "HTTP 500", errors=1.0, new_error="TypeError: undefined")
    _bad(scene, down, "hard", after=_soon(scene, 120.0))


def _failing(scene: EpisodeWorld, low: float, high: float, after: float, *tags: str) -> None:
    share = scene.draw(low, high)
    errors = Symptom(share, FailureKind.STATUS, "HTTP 500", errors=share, new_error="KeyError: session")
    _bad(scene, errors, *tags, routes=HOME, after=after)


def half_failing(scene: EpisodeWorld) -> None:
    """A critical route fails for half of its requests."""
    _failing(scene, 0.45, 0.6, _soon(scene, 600.0), "half")


def fifth_failing(scene: EpisodeWorld) -> None:
    """A critical route fails for 20 to 30 % of its requests."""
    _failing(scene, 0.2, 0.3, _soon(scene, 600.0), "fifth")


def few_failing(scene: EpisodeWorld) -> None:
    """A critical route fails for one request in twenty to one in seven."""
    _failing(scene, 0.05, 0.15, _sooner_or_later(scene))


def wrong_body(scene: EpisodeWorld) -> None:
    """HTTP 200 with a wrong page."""
    wrong = Symptom(1.0, FailureKind.BODY, "text not found")
    _bad(scene, wrong, after=_soon(scene, 600.0))


def latency_creep(scene: EpisodeWorld) -> None:
    """Only slower: from twice the usual latency on a rollback is right, below that a page."""
    slow = scene.draw(1.3, 4.0)
    _bad(scene, Symptom(slow=slow), after=_sooner_or_later(scene))
    if slow < 2.0:
        scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})
    # No request fails; the cost counts the slowness like 5 % of failing requests.
    scene.truth.share = 0.05


def leak(scene: EpisodeWorld) -> None:
    """A leak: latency and failures grow over one to two hours."""
    _bad(
        scene,
        Symptom(scene.draw(0.3, 1.0), slow=scene.draw(3.0, 8.0)),
        grows=scene.draw(3600.0, 7200.0),
    )
    scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK, Right.ROLLBACK})
    # It is at full strength only after up to two hours.
    scene.horizon_seconds = 9000.0


def late_onset(scene: EpisodeWorld) -> None:
    """It breaks 10 minutes to an hour after the deploy, 20 minutes at the median."""
    share = scene.dice.choice((1.0, scene.draw(0.3, 0.8)))
    down = replace(scene.dice.choice(DOWN), share=share)
    _bad(scene, down, after=600.0 + _exponential(scene, SLOW_MEAN_SECONDS, 3000.0))


def under_load(scene: EpisodeWorld) -> None:
    """It breaks at the next peak of the traffic: one to eight hours later (log-uniform)."""
    down = Symptom(scene.draw(0.2, 0.8), FailureKind.STATUS, "HTTP 503", errors=0.3)
    _bad(scene, down, after=3600.0 * 2.0 ** scene.draw(0.0, 3.0))
    scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})


def migration(scene: EpisodeWorld) -> None:
    """A total outage of a deploy that declares a rollback unsafe: by a pre-deploy command or a commit trailer."""
    _bad(scene, scene.dice.choice(DOWN), after=_soon(scene, 120.0))
    if scene.dice.random() < 0.5:
        scene.pre_deploy_command = "migrate"
    else:
        scene.main.releases[-1] = replace(scene.main.releases[-1], message="Drop a column\n\nWatchdog: no-rollback")
    scene.truth.right, scene.truth.also = Right.PAGE, frozenset({Right.ASK})


def overlap(scene: EpisodeWorld) -> None:
    """Two services are deployed within minutes; one of the deploys is bad."""
    scene.deploy(scene.fault_at + scene.draw(-240.0, 60.0), "shop", blip=scene.dice.random() < 0.3)
    _bad(scene, scene.dice.choice(DOWN), after=_soon(scene, 120.0))


def no_help(scene: EpisodeWorld) -> None:
    """A deploy, and in the same minute a fault that a rollback does not mend: one attempt is right, then a page."""
    _bad(scene, replace(scene.dice.choice(DOWN), share=0.0))
    scene.truth.share = 1.0
    # The blamed commit stays the truth's commit, but the fault is replaced by one that no deploy ends.
    scene.main.faults[:] = [Fault(scene.dice.choice(DOWN), begins_at=scene.truth.onset_at or 0.0)]
    scene.truth.also = frozenset({Right.PAGE})


def with_dependant(scene: EpisodeWorld) -> None:
    """Another service depends on it without a declared dependency, and fails with it within 20 s."""
    _bad(scene, replace(scene.dice.choice(DOWN), share=scene.dice.choice((1.0, scene.draw(0.3, 0.9)))))
    scene.truth.also = frozenset({Right.ASK})
    down = Symptom(scene.draw(0.5, 1.0), FailureKind.GATEWAY, "HTTP 502", errors=0.5)
    follows = Fault(down, scene.truth.commit, after_seconds=scene.draw(0.0, 20.0), source=scene.main)
    scene.services["shop"].faults.append(follows)

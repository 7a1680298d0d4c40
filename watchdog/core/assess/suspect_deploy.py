"""Suspects: the live deploy, the moment it took traffic, and the deploy that brought the difference.

Rule: the suspect is the live deploy; the *change* is the deploy of the same code whose first traffic fits the onset.
"""

from collections.abc import Sequence

from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import BlameWeights

RECENT_SECONDS = 86400.0
"""An older change caused no failure that begins now."""


def live_deploy(deploys: Sequence[Deploy]) -> Deploy | None:
    """Return the deploy that serves the traffic, or None."""
    return next((deploy for deploy in deploys if deploy.is_live), None)


def code_before(deploys: Sequence[Deploy], suspect: Deploy) -> Deploy | None:
    """Return the newest once-live deploy of other code than the suspect's: its instances may still answer."""
    return next((one for one in deploys if one.was_live and one.code != suspect.code), None)


def same_code_run(deploys: Sequence[Deploy], suspect: Deploy) -> list[Deploy]:
    """Return the suspect and the once-live deploys right before it that ran the same code, newest first."""
    run = [suspect]
    for deploy in deploys[[item.id for item in deploys].index(suspect.id) + 1 :]:
        # A build that failed, or was canceled, changed nothing that was served.
        if not deploy.was_live:
            continue
        if deploy.code is None or deploy.code != suspect.code:
            break
        run.append(deploy)
    return run


def change_of(run: Sequence[Deploy], onset_at: float, weights: BlameWeights) -> Deploy:
    """Return the deploy of the run that fits the onset; an earlier one, if that had not served long enough to judge."""
    change = _newest_by(run, onset_at, weights)
    # A commit that was deployed twice within moments is to blame itself, and not the configuration of the second
    # deploy.
    for before in run[run.index(change) + 1 :]:
        if first_traffic_at(change, weights) - first_traffic_at(before, weights) >= weights.first_traffic_lead_seconds:
            break
        change = before
    return change


def _newest_by(run: Sequence[Deploy], onset_at: float, weights: BlameWeights) -> Deploy:
    """Return the newest deploy of the run that took traffic by the onset; with some tolerance if none did."""
    # Exact first: the tolerance must not prefer a deploy after the onset to one before it.
    for earliest in (first_traffic_at, earliest_onset_of):
        for deploy in run:
            if earliest(deploy, weights) <= onset_at:
                return deploy
    return run[-1]


def first_traffic_at(deploy: Deploy, weights: BlameWeights) -> float:
    """Return when its instances could first take traffic (UTC epoch seconds); its creation if that is unknown."""
    at = deploy.first_traffic_at(weights.first_traffic_lead_seconds)
    return at if at is not None else deploy.created_at


def earliest_onset_of(deploy: Deploy, weights: BlameWeights) -> float:
    """Return the earliest onset (UTC epoch seconds) that still fits the deploy: clocks and dates differ by seconds.

    Not before its creation: its first traffic may be no better known than that, and it builds for longer than clocks
    differ. Or what fails seconds before a deploy is ordered would be that deploy's.
    """
    began = first_traffic_at(deploy, weights)
    return max(began - weights.onset_tolerance_seconds, min(began, deploy.created_at))


def change_before(deploys: Sequence[Deploy], onset_at: float, weights: BlameWeights) -> Deploy | None:
    """Return the change that took traffic within the day before a failure began, or None.

    It was live at the onset; it may have been replaced since.
    """
    served = [one for one in deploys if one.was_live]
    by_then = [one for one in served if earliest_onset_of(one, weights) <= onset_at]
    if not by_then:
        return None
    change = change_of(same_code_run(deploys, by_then[0]), onset_at, weights)
    return change if onset_at - first_traffic_at(change, weights) <= RECENT_SECONDS else None

"""The published statistics of many episodes and clean years, each number with its interval."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from watchdog.lab.classes import BY_NAME, CLASSES
from watchdog.lab.clean_years import Clean
from watchdog.lab.episode import FaultClass
from watchdog.lab.episode_cost import USUAL, cost
from watchdog.lab.episode_judgement import Played
from watchdog.replay.confidence_intervals import Estimate, poisson_rate, wilson

DELAYS = ("hard", "hard_corroborated", "half", "fifth")
RECALLED = ("hard-down", "hard-down-reported", "hard-down-new-errors", "half-failing", "fifth-failing", "wrong-body")
"""Bad deploys that must be rolled back: hard down, a critical route from 20 % on, a wrong page."""
DEPLOYS_SHARE = 0.4
"""Of incidents, in the realistic mix: caused by a deploy."""
INCIDENTS_PER_YEAR = (10.0 - 0.5) / log(10.0 / 0.5) * 365.25 / 20
"""One incident in 20 good deploys (facts on decisions, section 4), at the mean of the world's deploys a day (58)."""
SLOW_START, SLOW_STARTS = "blip-tail", 0.02
"""The class, and its number of events for each incident if one good deploy in a thousand took 55 to 110 s to start."""
DECILES = 10
HORIZON_SECONDS = 1500.0
Mix = Callable[[Played], float]
"""Returns the weight of an episode in the realistic mix."""
Blamed = tuple[float, float, bool]
"""A probability of guilt: its weight in the mix, the probability, the truth."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One tenth of the blame probabilities: the mean prediction and the actual share of guilty deploys.

    `share` is this tenth's share of all probabilities, in the realistic mix.
    """

    predicted: float
    actual: Estimate
    share: float = 0.0


def by_class(played: Sequence[Played]) -> Mapping[str, list[Played]]:
    """Return the episodes of each class, in the order of the table."""
    found: dict[str, list[Played]] = defaultdict(list)
    for one in played:
        found[one.name].append(one)
    return {name: found[name] for name in (*(one.name for one in CLASSES if one.name in found), *found)}


def kind_of(played: Played) -> FaultClass:
    """Return the class of an episode: that of a scenario file, or that of the table."""
    return played.kind or BY_NAME[played.name]


def incidents_share(bad_deploys: float) -> float:
    """Return the number of incidents as a factor of the usual, given the factor of bad deploys."""
    return DEPLOYS_SHARE * bad_deploys + 1 - DEPLOYS_SHARE


def mix(played: Sequence[Played], bad_deploys: float = 1.0) -> Mix:
    """Return the function that weighs an episode in the realistic mix: by its class's weight and its own.

    Incidents are 40 % bad deploys and 60 % other causes, and sum up to 1. Harmless classes come on top: as many events
    as happen per incident (one incident in 20 good deploys), so that a rollback of a good deploy counts as often as it
    happens. `bad_deploys` is the factor of bad deploys to the usual. All other events stay as frequent as they are, so
    there are more of them per incident if bad deploys are rarer.
    """
    share_of_all = incidents_share(bad_deploys)
    caused_share = DEPLOYS_SHARE * bad_deploys / share_of_all
    groups = by_class(played)
    kinds = {name: kind_of(found[0]) for name, found in groups.items()}
    incidents = [name for name in groups if groups[name][0].right not in ("nothing", "ticket")]
    weights: dict[str, float] = {}
    for caused, share in ((True, caused_share), (False, 1 - caused_share)):
        names = [name for name in incidents if kinds[name].deploy_caused is caused]
        # Normalised over the classes that were played: a run of a few classes still gives weights that sum up to 1.
        total = sum(kinds[name].weight for name in names)
        weights |= {name: share * kinds[name].weight / (total or 1.0) / _sum(groups[name]) for name in names}
    # Harmless events keep their absolute frequency: with fewer incidents there are more of them per incident.
    harmless = [name for name in groups if name not in incidents]
    weights |= {name: kinds[name].weight / share_of_all / _sum(groups[name]) for name in harmless}
    return lambda one: weights.get(one.name, 0.0) * one.weight


def equal_classes(played: Sequence[Played]) -> Mix:
    """Return the function that weighs episodes so that each class counts alike."""
    sums = {name: _sum(found) for name, found in by_class(played).items()}
    return lambda one: one.weight / sums[one.name]


def _sum(found: Sequence[Played]) -> float:
    return sum(one.weight for one in found)


def precision(played: Sequence[Played], weight: Mix) -> Estimate:
    """Return the share of right rollbacks, with the interval of the effective sample size (Kish 1965)."""
    # Counted per episode: one false rollback makes it wrong, and several right ones make it right once.
    return weighted([(weight(one), not one.false) for one in played if one.rollbacks])


def weighted(found: Sequence[tuple[float, bool]]) -> Estimate:
    """Return the weighted share of true values, with the interval of the effective sample size (Kish 1965)."""
    total = sum(counts for counts, _ in found)
    if total <= 0:
        return wilson(0, 0)
    # Kish: (sum of weights)^2 / sum of squared weights. Rounded, since equal weights should give a whole number.
    effective = round(total**2 / sum(counts**2 for counts, _ in found), 6)
    return wilson(sum(counts for counts, true in found if true) / total * effective, effective)


def with_slow_starts(played: Sequence[Played]) -> Mix:
    """Return the weights of the realistic mix with slow starts of good deploys added."""
    usual, total = mix(played), _sum([one for one in played if one.name == SLOW_START])
    return lambda one: SLOW_STARTS * one.weight / total if one.name == SLOW_START else usual(one)


def false_rollbacks_of_incidents(played: Sequence[Played], weight: Mix, bad_deploys: float = 1.0) -> Estimate:
    """Return the false rollbacks per service-year that come with its incidents (58 a year), with Kish's interval."""
    weights = [(weight(one), one.false) for one in played]
    found = weighted(weights)
    yearly = sum(counts for counts, _ in weights) * INCIDENTS_PER_YEAR * incidents_share(bad_deploys)
    return Estimate(found.value * yearly, found.low * yearly, found.high * yearly, found.n)


def recall(played: Sequence[Played]) -> Estimate:
    """Return the share of rolled-back deploys among the bad ones that must be, without any false rollback.

    Each of these classes counts alike.
    """
    found = _alike(one for one in played if one.name in RECALLED)
    # A false rollback in the same episode is not made good by the right one.
    return wilson(sum(one.mended_at is not None and not one.false for one in found), len(found))


def rolled_back_or_asked(played: Sequence[Played]) -> Estimate:
    """Return the share of bad deploys that were rolled back, or led to the right approval request.

    It counts the episodes for which a rollback is right; each class counts alike.
    """
    found = _alike(one for one in played if one.right == "rollback")
    mended = [not one.false and (one.mended_at is not None or one.asked_at is not None) for one in found]
    return wilson(sum(mended), len(found))


def recall_of_all(played: Sequence[Played]) -> Estimate:
    """Return the share of rolled-back deploys of every class for which a rollback is right; asked about counts half."""
    found = _alike(one for one in played if one.right == "rollback")
    right = [one for one in found if not one.false]
    mended = sum(one.mended_at is not None for one in right)
    asked = sum(one.mended_at is None and one.asked_at is not None for one in right)
    return wilson(mended + asked / 2, len(found))


def sure_error(bins: Sequence[Bin]) -> float:
    """Return the largest error of a tenth whose interval does not hold the probability that was stated; else 0."""
    wrong = [one for one in bins if not one.actual.low <= one.predicted <= one.actual.high]
    return max((abs(one.predicted - one.actual.value) for one in wrong), default=0.0)


def _alike(played: Iterable[Played]) -> list[Played]:
    """Return the first episodes of each class, the same number of each."""
    groups = by_class(list(played)).values()
    fewest = min(map(len, groups), default=0)
    return [one for group in groups for one in group[:fewest]]


def delay_p95(played: Sequence[Played], tag: str) -> Estimate:
    """Return the p95 of the seconds from the onset to the mending rollback request; a miss counts as the horizon.

    The bounds are order statistics. Each class with the tag counts alike.
    """
    tagged = _alike(one for one in played if tag in one.tags)
    # Left out, misses would reward a decider that acts only in easy episodes.
    found = sorted(one.mended_at if one.mended_at is not None else HORIZON_SECONDS for one in tagged)
    n = len(found)
    if not n:
        return Estimate(0.0, 0.0, 0.0, 0)
    # The rank of a quantile is binomial: its standard deviation is sqrt(n p (1 - p)), here with p = 0.95.
    spread = 1.96 * (n * 0.95 * 0.05) ** 0.5
    places = [min(n - 1, max(0, round(0.95 * n + shift) - 1)) for shift in (0.0, -spread, spread)]
    return Estimate(found[places[0]], found[places[1]], found[places[2]], n)


def nothing_right(played: Sequence[Played]) -> Estimate:
    """Return the share of harmless episodes without any action, each class counting alike."""
    found = _alike(one for one in played if one.right == "nothing")
    return weighted([(one.weight, one.did == "nothing") for one in found])


def calibration(played: Sequence[Played], weight: Mix) -> Sequence[Bin]:
    """Return predicted and actual guilt by tenths of the predicted probability, in the realistic mix."""
    bins: list[list[Blamed]] = [[] for _ in range(DECILES)]
    everyone = blamed(played, weight)
    for one in everyone:
        # A probability of exactly 1 belongs to the last tenth.
        bins[min(int(one[1] * DECILES), DECILES - 1)].append(one)
    everything = sum(counts for counts, _, _ in everyone)
    found = []
    for one_bin in bins:
        total = sum(counts for counts, _, _ in one_bin)
        if total <= 0:
            continue
        actual = weighted([(counts, guilty) for counts, _, guilty in one_bin])
        predicted = sum(counts * chance for counts, chance, _ in one_bin) / total
        found.append(Bin(predicted, actual, total / everything))
    return found


def blamed(played: Sequence[Played], weight: Mix) -> Sequence[Blamed]:
    """Return the weight, the predicted probability of guilt and the truth of each episode with a decision."""
    return [(weight(one), one.blame, one.guilty) for one in played if one.blame is not None and weight(one) > 0]


def ece(bins: Sequence[Bin]) -> float | None:
    """Return the expected calibration error, or None if no decision named a suspect.

    Formula: the sum over the tenths of share x |actual - predicted| (Naeini, Cooper, Hauskrecht 2015, AAAI; equal
    widths, as in Guo et al. 2017, ICML), each probability with its weight in the realistic mix. 0 is perfect.
    """
    return sum(one.share * abs(one.actual.value - one.predicted) for one in bins) if bins else None


def brier(played: Sequence[Played], weight: Mix) -> float | None:
    """Return the Brier score of the blame, or None if no decision named a suspect.

    Formula: the weighted mean of (probability - truth)^2, with truth 1 where the deploy did it and else 0 (Brier 1950,
    Monthly Weather Review 78). 0 is perfect, 0.25 is what "perhaps" (0.5) always gets.
    """
    found = blamed(played, weight)
    total = sum(counts for counts, _, _ in found)
    return sum(counts * (chance - guilty) ** 2 for counts, chance, guilty in found) / total if total > 0 else None


def mean_cost(played: Sequence[Played], weight: Mix, factor: float = 1.0) -> float:
    """Return the cost of an incident of the realistic mix, in outage minutes."""
    priced = USUAL.times(factor)
    return sum(weight(one) * cost(one, priced) for one in played)


def summary(played: Sequence[Played], clean: Sequence[Clean]) -> dict[str, object]:
    """Return the published numbers, most of them as `{value, low, high, n}`."""
    weight = mix(played)
    years = sum(one.years for one in clean)
    bins = calibration(played, weight)
    return {
        "rollback_precision": precision(played, weight).json_object(),
        "rollback_precision_equal_classes": precision(played, equal_classes(played)).json_object(),
        "rollback_precision_with_slow_starts": precision(played, with_slow_starts(played)).json_object(),
        "rollback_recall": recall(played).json_object(),
        "rollback_recall_all_classes": recall_of_all(played).json_object(),
        "false_rollbacks_per_service_year": poisson_rate(sum(one.rollbacks for one in clean), years).json_object(),
        "false_rollbacks_of_incidents_per_service_year": false_rollbacks_of_incidents(played, weight).json_object(),
        "false_pages_per_service_year": poisson_rate(sum(one.pages for one in clean), years).json_object(),
        "wrong_service_rollbacks": sum(one.wrong_service for one in played),
        "nothing_right_share": nothing_right(played).json_object(),
        "rollback_request_delay_p95_seconds": {tag: delay_p95(played, tag).json_object() for tag in DELAYS},
        "blame_calibration_max_error": max((abs(one.predicted - one.actual.value) for one in bins), default=0.0),
        "blame_calibration_sure_error": sure_error(bins),
        "blame_ece": ece(bins),
        "blame_brier": brier(played, weight),
        "blame_calibration": [
            {"predicted": one.predicted, **one.actual.json_object(), "share": one.share} for one in bins
        ],
        "clean_service_years": years,
        "per_class": {name: _class(found) for name, found in by_class(played).items()},
    }


def _class(found: Sequence[Played]) -> dict[str, object]:
    did: dict[str, int] = defaultdict(int)
    for one in found:
        did["false rollback" if one.false else one.did] += 1
    good = weighted([(one.weight, one.good) for one in found])
    wrong = [one.seed for one in found if not one.good]
    return {
        "right": found[0].right,
        "episodes": len(found),
        "did": dict(did),
        "good": good.json_object(),
        "failures": wrong[:20],
    }

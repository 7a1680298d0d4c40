"""The bars, one after the other: each promise about the decisions with its limit, from the published numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from watchdog.lab.report import phrases
from watchdog.lab.report.bar import Bar
from watchdog.replay.confidence_intervals import Estimate, poisson_rate

Numbers = Mapping[str, Any]
"""The published numbers: the result of `score.summary`, and the comparison with the rivals."""
DELAY_SECONDS = {
    "hard": (70.0, "hard outage"),
    "hard_corroborated": (40.0, "hard outage, corroborated by a second signal"),
    "half": (60.0, "a critical route fails for half of its requests"),
    "fifth": (120.0, "a critical route fails for a fifth of its requests"),
}
FALSE_ROLLBACKS_MAX = 0.05
TENTHS = 5
P95_EPISODES = 72
"""The number of episodes from which the largest delay exceeds the true p95 with 97.5 % certainty (0.95^72 < 0.025)."""


def bars(numbers: Numbers) -> list[Bar]:
    """Return all bars in the order of the page."""
    return [*_rollbacks(numbers), *_quiet(numbers), *_delays(numbers), _cost(numbers), _calibration(numbers)]


def _of(found: Mapping[str, float | None]) -> Estimate:
    # The JSON form has null for infinity (confidence_intervals.Estimate).
    value, low, high, n = (found[name] for name in ("value", "low", "high", "n"))
    return Estimate(*(inf if number is None else number for number in (value, low, high, n)))


def _rollbacks(numbers: Numbers) -> Iterator[Bar]:
    precise, recalled = _of(numbers["rollback_precision"]), _of(numbers["rollback_recall"])
    yield Bar(
        "rollback_precision",
        "Rollback precision: rollbacks that were right, realistic mix of incidents",
        "at least 97 %",
        precise,
        phrases.percent,
        0.97,
        f"{precise.n:.0f} rollbacks (effective)",
        at_least=True,
        measured=precise.n > 0,
    )
    yield Bar(
        "rollback_recall",
        "Rollback recall: bad deploys rolled back, of those that must be",
        "at least 97 %",
        recalled,
        phrases.percent,
        0.97,
        f"{recalled.n:.0f} bad deploys",
        at_least=True,
        measured=recalled.n > 0,
    )
    everywhere = _of(numbers["rollback_recall_all_classes"])
    yield Bar(
        "rollback_recall_all_classes",
        "The same over every class for which a rollback is right; asked about counts half",
        "at least 93 %",
        everywhere,
        phrases.percent,
        0.93,
        f"{everywhere.n:.0f} bad deploys",
        at_least=True,
        measured=everywhere.n > 0,
    )


def _quiet(numbers: Numbers) -> Iterator[Bar]:
    years, episodes = numbers["clean_service_years"], sum(one["episodes"] for one in numbers["per_class"].values())
    rolled, paged = _of(numbers["false_rollbacks_per_service_year"]), _of(numbers["false_pages_per_service_year"])
    uncertain = rolled.value <= FALSE_ROLLBACKS_MAX < rolled.high
    yield Bar(
        "false_rollbacks_per_service_year",
        "False rollbacks per service-year without a fault",
        f"at most {FALSE_ROLLBACKS_MAX}, also the upper end of the interval",
        rolled,
        phrases.number,
        FALSE_ROLLBACKS_MAX,
        f"{rolled.n:.0f} in {years:.1f} years",
        unmet=f"too few service-years to exclude more than {FALSE_ROLLBACKS_MAX}" if uncertain else "",
        measured=years > 0,
    )
    yield Bar(
        "false_pages_per_service_year",
        "False pages per service-year without a fault",
        "at most 2",
        paged,
        phrases.number,
        2.0,
        f"{paged.n:.0f} in {years:.1f} years",
        measured=years > 0,
    )
    wrong = numbers["wrong_service_rollbacks"]
    # Of a count without a denominator: the interval is that of the expected number of such episodes.
    count = poisson_rate(wrong, 1.0)
    yield Bar(
        "wrong_service_rollbacks",
        "Rollbacks of the wrong service",
        "0",
        count,
        phrases.number,
        0.0,
        f"{episodes:.0f} episodes",
        # No sample can show a rate of exactly 0, so the interval casts no doubt on this bar.
        certain_by=count.high,
        measured=episodes > 0,
    )
    silent = _of(numbers["nothing_right_share"])
    yield Bar(
        "nothing_right_share",
        "Episodes without an incident in which no action was taken",
        "at least 99 %",
        silent,
        phrases.percent,
        0.99,
        f"{silent.n:.0f} episodes",
        at_least=True,
        measured=silent.n > 0,
    )


def _delays(numbers: Numbers) -> Iterator[Bar]:
    for tag, (limit, what) in DELAY_SECONDS.items():
        found = _of(numbers["rollback_request_delay_p95_seconds"][tag])
        # With fewer episodes no order statistic is an upper bound of the p95, so the interval is left open.
        found = found if found.n >= P95_EPISODES else replace(found, high=inf)
        yield Bar(
            f"delay_p95_{tag}",
            f"Onset to rollback request, 95th percentile: {what}",
            f"at most {limit:.0f} s",
            found,
            phrases.seconds,
            limit,
            f"{found.n:.0f} bad deploys",
            measured=found.n > 0,
        )


def _cost(numbers: Numbers) -> Bar:
    ratio = numbers.get("cost_ratio_best_rival")
    found = _of(ratio) if ratio else Estimate(0.0, 0.0, 0.0, 0)
    holds = bool(ratio) and numbers["ranking"]["ranking_holds"]
    return Bar(
        "cost_ratio_best_rival",
        "Avoidable cost of the best rival, relative to the watchdog's",
        "at least 2.5 times; the watchdog's cost the lowest at every price of mistakes",
        found,
        phrases.times,
        2.5,
        f"{found.n:.0f} episodes" if ratio else "rivals not simulated",
        at_least=True,
        unmet="" if holds or not ratio else "the watchdog's cost is not the lowest at every price of mistakes",
        measured=bool(ratio),
    )


def _calibration(numbers: Numbers) -> Bar:
    error, tenths = numbers["blame_calibration_sure_error"], len(numbers["blame_calibration"])
    return Bar(
        "blame_calibration_sure_error",
        "Calibration of blame: largest error of a stated probability that chance does not explain",
        f"at most 0.05, or within the 95 % interval of its tenth, with at least {TENTHS} of 10 bins in use",
        Estimate(error, error, error, tenths),
        phrases.number,
        0.05,
        f"{tenths} of 10 bins",
        unmet="" if tenths >= TENTHS else f"too few bins in use ({tenths})",
        measured=tenths > 0,
        has_interval=False,
    )

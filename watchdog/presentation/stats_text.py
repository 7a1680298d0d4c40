"""The numbers of `watchdog report stats` as text, Markdown or JSON, each with the size of its sample. Pure."""

from collections.abc import Sequence
from typing import Literal

from watchdog.domain.units import DAY_SECONDS
from watchdog.presentation.markdown import plain, table
from watchdog.presentation.stats import Mean, Stats
from watchdog.presentation.text import columns, many, took

Format = Literal["text", "markdown"]
MUCH_SHARE = 0.9
"""One period speaks for those of all services if the shortest is at least this part of it."""
HEAD = ("Service", "MTTD", "MTTA", "MTTR", "Change failure rate", "Deploys a day", "Rollbacks a month")
NAMES = (
    ("mean_time_to_detect_seconds", "detect"),
    ("mean_time_to_acknowledge_seconds", "acknowledge"),
    ("mean_time_to_restore_seconds", "restore"),
    ("change_failure_rate", "change_failure_rate"),
    ("deployments_per_day", "deploys_per_day"),
    ("rollbacks_per_month", "rollbacks_per_month"),
)
"""The names of the numbers for machines, and the properties of `Stats` they come from."""
WORDS = (
    "MTTD: onset to the first decision.",
    "MTTA: opening to the first acknowledgement, answer, stop, rollback by hand or note meanwhile.",
    "MTTR: onset to a proved rollback being live, or else to its end, after a minute of good checks.",
    "Change failure rate (DORA): deployments blamed or rolled back, of those that went live while we watched.",
    "Deploys a day: since the oldest that the platform still lists. Rollbacks a month: after a week of watching.",
    "n is how many each number counts.",
)


def show(found: Sequence[Stats], style: Format) -> list[str]:
    """Return the numbers in that format; services in their order, all of them last."""
    rows = [cells(one) for one in found]
    if style == "markdown":
        return [*table(HEAD, [tuple(map(plain, row)) for row in rows]), "", *WORDS]
    return [*columns(HEAD, rows), "", *WORDS]


def record(one: Stats) -> dict[str, str | int | float | None]:
    """Return the numbers of a service for machines; an unknown one is null, and each has its n."""
    numbers: dict[str, str | int | float | None] = {"service": one.service}
    for name, attribute in NAMES:
        mean: Mean = getattr(one, attribute)
        numbers[name] = None if mean.value is None else round(mean.value, 4)
        numbers[f"{name}_n"] = mean.n
    return numbers


def cells(one: Stats) -> tuple[str, ...]:
    """Return the numbers of a service for people."""
    rate = one.change_failure_rate
    return (
        one.service,
        *(_seconds(mean) for mean in (one.detect, one.acknowledge, one.restore)),
        "not known" if rate.value is None else f"{100 * rate.value:.0f} % (n={rate.n})",
        *(_rate(mean) for mean in (one.deploys_per_day, one.rollbacks_per_month)),
    )


def counted(one: Stats) -> tuple[str, ...]:
    """Return, for each number, what it was counted from, for people."""
    deploying = [each for each in one.parts if each.deployments]
    return (
        *(many(mean.n, "incident") for mean in (one.detect, one.acknowledge, one.restore)),
        f"{one.failed} of {many(one.judged, 'deploy')}",
        _within(one.deployments, "deploy", [one.deploy_seconds, *(each.deploy_seconds for each in deploying)]),
        _within(one.rollbacks, "rollback", [one.span_seconds, *(each.span_seconds for each in one.parts)]),
    )


def _within(number: int, what: str, spans: Sequence[float]) -> str:
    """Return a number of things, with the days in which they were counted where these are the same for all services.

    The rate of all is the sum of the rates: over different times, no period explains it.
    """
    days = [round(one / DAY_SECONDS) for one in spans]
    known = min(days) > 0 and min(days) >= MUCH_SHARE * max(days)
    return f"{number} in {many(max(days), 'day')}" if known else many(number, what)


def _seconds(mean: Mean) -> str:
    return "not known" if mean.value is None else f"{took(mean.value)} (n={mean.n})"


def _rate(mean: Mean) -> str:
    if mean.value is None:
        return "not known"
    if 0 < mean.value < 0.005:
        return f"under 0.01 (n={mean.n})"
    # As many decimals in all rows of a column: 0.20 beside 0.21.
    decimals = 0 if mean.value >= 10 else 1 if mean.value >= 1 else 2
    return f"{mean.value:.{decimals}f} (n={mean.n})"

"""The report in order: each section with its sentences, its plot and its table; the page and the Markdown render it."""

from collections.abc import Iterator

from watchdog.lab.ranking import FACTORS
from watchdog.lab.report import method, phrases
from watchdog.lab.report.bar import Reached
from watchdog.lab.report.content import Report
from watchdog.lab.report.cost_chart import label, plot_ladder
from watchdog.lab.report.delays import plot_delays
from watchdog.lab.report.outcomes import DOINGS, plot_outcomes
from watchdog.lab.report.plot_blame import facts, plot_blame
from watchdog.lab.report.table import Section, Table

TITLE = "How well the watchdog decides"
PRICES = ("mistakes at a third", "at the usual price", "at three times")
"""The column titles of FACTORS."""
CSS = {Reached.YES: "yes", Reached.BARELY: "barely", Reached.NO: "no", Reached.UNKNOWN: "unknown"}


def headline(report: Report) -> str:
    """Return the one sentence to remember."""
    count = {one: sum(bar.reached is one for bar in report.bars) for one in Reached}
    reached = count[Reached.YES] + count[Reached.BARELY]
    parts = [f"{reached} of {len(report.bars)} targets are reached"]
    if count[Reached.BARELY]:
        parts.append(f"{count[Reached.BARELY]} of them not yet certain, with too few episodes")
    parts += [f"{count[one]} {one.value}" for one in (Reached.NO, Reached.UNKNOWN) if count[one]]
    return "; ".join(parts) + "."


def sections(report: Report) -> Iterator[Section]:
    """Yield them, the most important first."""
    yield _bars(report)
    yield _delays(report)
    yield _ladder(report)
    yield _outcomes(report)
    yield _blame(report)
    yield Section("Method", method.sentences(report), table=method.table(report))
    yield Section(
        "Measured configuration",
        ("As a new user writes it, in mode autonomous; all other values are defaults.",),
        lines=report.configuration.splitlines(),
    )
    yield Section("What is simulated, and the limits of these results", method.LIMITS, as_list=True)
    yield _failures(report)


def _bars(report: Report) -> Section:
    head = ("Target", "Measured", "95 % interval", "Sample", "Threshold", "Verdict")
    rows = [one.row() for one in report.bars]
    told = (
        "All numbers come from simulated incidents. The interval shows how far chance alone may move a number, given "
        "how many were simulated. A target whose interval extends beyond its threshold is not yet certain.",
    )
    return Section(
        "Targets", told, table=Table(head, rows, [CSS[one.reached] for one in report.bars], tight=frozenset({1, 2, 3}))
    )


def _delays(report: Report) -> Section:
    head = ("Class", "Watchdog, median", "Watchdog, p95", "Bound, median", "Missed")
    rows = [
        (
            one.name,
            phrases.seconds(one.of_ours(0.5)),
            phrases.seconds(one.of_ours(0.95)),
            phrases.NOT_MEASURED if (bound := one.of_bound(0.5)) is None else phrases.seconds(bound),
            f"{one.missed} of {len(one.ours)}",
        )
        for one in report.delays
    ]
    told = (
        "Each dot is one incident: the time until the watchdog took the right action (a rollback, an approval request, "
        "a page). Each tick below it is the bound for the same incident: the shortest time, on average, in which "
        "failures can be distinguished from chance with a probe every second and one false alarm a year (Lorden "
        "1971). A cross is a miss: it is drawn at the end of the episode and counts as that delay. A tick at the end: "
        "the failure could not be detected within the episode.",
    )
    return Section("Delay from the onset to the right action", told, plot_delays(report.delays), Table(head, rows))


def _ladder(report: Report) -> Section:
    title = "Cost, compared with methods in use today"
    ranking = report.ranking
    if ranking is None:
        return Section(title, ("Not measured: the rivals were not simulated.",))
    holds = "lowest" if ranking.holds else "not the lowest"
    told = (
        "Cost is measured in minutes of total outage per incident of the realistic mix; every mistake is priced in "
        f"minutes. The lowest possible cost is {phrases.minutes(ranking.oracle[1.0])} per incident, since part of each "
        "outage is unavoidable; the bars show the avoidable rest. Each rival method is shown with the setting that did "
        "best on these very episodes, which favours the rivals.",
        f"The avoidable cost of the best rival is {phrases.times(ranking.ratio.value)} that of the watchdog "
        f"({phrases.interval(ranking.ratio, phrases.times)}). The watchdog's cost is {holds} over all three prices of "
        "mistakes: a third of the usual price, the usual price, and three times it.",
        "In a row @60 s: one probe a minute, an alarm after so many consecutive failures. 5 % for: 2m: over 5 % of the "
        "probes fail for two minutes. Burn: failures consume the monthly error budget so many times too fast. "
        "Mann-Whitney: the time before a deploy is compared with the time after it (as Kayenta does). After the comma: "
        "the action that the alarm triggers.",
    )
    head = ("Method", *PRICES)
    rows = [(label(step), *(phrases.minutes(step.minutes[factor]) for factor in FACTORS)) for step in report.ladder]
    css = ["ours" if step.is_ours else "" for step in report.ladder]
    return Section(title, told, plot_ladder(report.ladder, ranking.oracle[1.0]), Table(head, rows, css))


def _outcomes(report: Report) -> Section:
    told = (
        "Each row is a class of incidents, each number how many episodes had that first action. Blue is right, orange "
        "is wrong, a frame marks the best action; the stronger the colour, the more frequent.",
    )
    head = ("Class", "Incident", "Right action", "First action", "Right")
    rows = [
        (
            one.name,
            one.words,
            " or ".join(one.rights),
            ", ".join(
                f"{doing} {total}"
                for doing, (total, _) in sorted(one.did.items(), key=lambda did: DOINGS.index(did[0]))
            ),
            f"{phrases.percent(one.good.value)} ({phrases.interval(one.good, phrases.percent)})",
        )
        for one in report.rows
    ]
    return Section("First action, by class", told, plot_outcomes(report.rows), Table(head, rows))


def _blame(report: Report) -> Section:
    numbers = report.numbers
    tenths = numbers["blame_calibration"]
    told = (
        "Of the deploys that are blamed with a probability of 90 %, nine in ten should be the cause: then the dots lie "
        "on the diagonal. ECE is their mean distance from it (0 is perfect); the Brier score is the mean squared error "
        "of the single probabilities (0 is perfect, a constant 50 % scores 0.25).",
    )
    count = sum(one["n"] for one in tenths)
    beside = facts(numbers["blame_ece"], numbers["blame_brier"], numbers["blame_calibration_max_error"], count)
    head = ("Predicted", "Observed", "95 % interval", "Effective sample", "Share of the mix")
    rows = [
        (
            phrases.percent(one["predicted"]),
            phrases.percent(one["value"]),
            f"{phrases.percent(one['low'])} to {phrases.percent(one['high'])}",
            f"{one['n']:.1f}",
            phrases.percent(one["share"]),
        )
        for one in tenths
    ]
    return Section("Calibration of blame", told, plot_blame(tenths, beside), Table(head, rows), beside)


def _failures(report: Report) -> Section:
    found = report.failures
    if not found:
        return Section("Wrong decisions", ("None.",))
    told = (
        f"{len(found)} wrong decisions in {phrases.many(len(report.ours), 'incident')} and "
        f"{phrases.many(len(report.clean), 'month')} without a fault. The command replays one exactly, and prints "
        "its notes and actions second by second.",
    )
    head = ("Class", "Seed", "Action", "Right action", "Reason", "Replay")
    rows = [(one.name, one.seed, one.did, one.right, one.why, one.command) for one in found]
    return Section("Wrong decisions", told, table=Table(head, rows, code=frozenset({1, 5}), tight=frozenset({1})))

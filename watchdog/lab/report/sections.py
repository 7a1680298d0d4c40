"""The report in order: each section with its sentences, its plot and its table; the page and the Markdown render it."""

from collections.abc import Iterator

from watchdog.lab.ranking import FACTORS
from watchdog.lab.report import method, phrases
from watchdog.lab.report.bar import Reached
from watchdog.lab.report.content import Report
from watchdog.lab.report.outcomes import DOINGS
from watchdog.lab.report.plot_blame import facts, plot_blame
from watchdog.lab.report.plot_cost import label, plot_ladder
from watchdog.lab.report.plot_delays import plot_delays
from watchdog.lab.report.plot_outcomes import plot_outcomes
from watchdog.lab.report.table import Section, Table

TITLE = "How well the watchdog decides"
PRICES = ("mistakes at a third", "at the usual price", "at three times the price")
"""The column titles of FACTORS."""
CSS = {Reached.YES: "yes", Reached.BARELY: "barely", Reached.NO: "no", Reached.UNKNOWN: "unknown"}


def headline(report: Report) -> str:
    """Return the one sentence to remember."""
    count = {one: sum(bar.reached is one for bar in report.bars) for one in Reached}
    reached = count[Reached.YES] + count[Reached.BARELY]
    parts = [f"{reached} of {len(report.bars)} bars are reached"]
    if count[Reached.BARELY]:
        parts.append(f"{count[Reached.BARELY]} of them from too few episodes to be certain")
    parts += [f"{count[one]} {one.value}" for one in (Reached.NO, Reached.UNKNOWN) if count[one]]
    return "; ".join(parts) + "."


def sections(report: Report) -> Iterator[Section]:
    """Yield them, the most important first."""
    yield _bars(report)
    yield _delays(report)
    yield _ladder(report)
    yield _outcomes(report)
    yield _blame(report)
    yield Section("How this was measured", method.sentences(report), table=method.table(report))
    yield Section(
        "The configuration that was measured",
        ("What a new user writes, in mode autonomous; everything else is as shipped.",),
        lines=report.configuration.splitlines(),
    )
    yield Section("What is simulated, and what this cannot tell", method.LIMITS, as_list=True)
    yield _failures(report)


def _bars(report: Report) -> Section:
    head = ("What was promised", "Measured", "95 % interval", "From", "Bar", "Verdict")
    rows = [one.row() for one in report.bars]
    told = (
        "Every number is from simulated incidents; the interval says where the true value may well lie, given how "
        "many were played. Where the interval goes beyond the bar, it says: not yet certain.",
    )
    return Section(
        "The bars", told, table=Table(head, rows, [CSS[one.reached] for one in report.bars], tight=frozenset({1, 2, 3}))
    )


def _delays(report: Report) -> Section:
    head = ("Class", "Ours, median", "Ours, p95", "Bound, median", "Not done right by the end")
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
        "Each dot is one incident: how long until the watchdog did the right thing (a rollback, a question, a page). "
        "Each tick below is the bound for the same incident: the shortest time in which failures can be told from "
        "chance, on the average, for somebody who looks every second and raises one false alarm a year (Lorden "
        "1971). A cross is a miss: it stands at the end of the episode, and counts as that long. A tick at "
        "the end: it could not be known.",
    )
    return Section("How fast, and how fast it could be", told, plot_delays(report.delays), Table(head, rows))


def _ladder(report: Report) -> Section:
    title = "What it costs, against what people use today"
    ranking = report.ranking
    if ranking is None:
        return Section(title, ("Not measured: the rivals did not play.",))
    holds = "Ours costs least" if ranking.holds else "Ours does not cost least"
    told = (
        "One number for everything: minutes of total outage an incident of the realistic mix, with every mistake "
        f"priced in minutes. At best an incident costs {phrases.minutes(ranking.oracle[1.0])}, since some outage "
        "nobody can avoid; the bars show what comes on top. Of every method that people use today the setting is "
        "shown that did best on these very episodes, which favours the rivals.",
        f"Beyond the best possible, the best rival costs {phrases.times(ranking.ratio.value)} as much as ours "
        f"({phrases.interval(ranking.ratio, phrases.times)}). {holds} at all three prices of mistakes: a third of the "
        "usual, the usual, and three times that.",
        "In a row @60 s: one check a minute, an alarm after so many failures in a row. 5 % for: 2m: over 5 % of the "
        "checks fail, for two minutes. Burn: failures use up the monthly allowance so many times too fast. "
        "Mann-Whitney: before and after a deploy are compared (as Kayenta does). What follows the comma is "
        "what the alarm leads to.",
    )
    head = ("Who decides", *PRICES)
    rows = [(label(step), *(phrases.minutes(step.minutes[factor]) for factor in FACTORS)) for step in report.ladder]
    css = ["ours" if step.is_ours else "" for step in report.ladder]
    return Section(title, told, plot_ladder(report.ladder, ranking.oracle[1.0]), Table(head, rows, css))


def _outcomes(report: Report) -> Section:
    told = (
        "Each line is a kind of incident, each number how many episodes ended with that as the first thing done. "
        "Blue is right, orange is wrong, a frame marks what is best; the stronger the colour, the more often "
        "it was done.",
    )
    head = ("Class", "What happened", "Should be", "Was done", "Right")
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
    return Section("What it did, class by class", told, plot_outcomes(report.rows), Table(head, rows))


def _blame(report: Report) -> Section:
    numbers = report.numbers
    tenths = numbers["blame_calibration"]
    told = (
        "When it says “90 % sure that this deploy did it”, is that so 9 times in 10? Then the dots lie on the line. "
        "ECE is how far they are off on the average (0 is perfect), the Brier score the mean squared error of every "
        "single probability (0 is perfect, 0.25 is what “perhaps” always gets).",
    )
    count = sum(one["n"] for one in tenths)
    beside = facts(numbers["blame_ece"], numbers["blame_brier"], numbers["blame_calibration_max_error"], count)
    head = ("Predicted", "Truly guilty", "95 % interval", "From (effective)", "Share of the mix")
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
    return Section("How far its blame can be trusted", told, plot_blame(tenths, beside), Table(head, rows), beside)


def _failures(report: Report) -> Section:
    found = report.failures
    if not found:
        return Section("Every failure", ("None.",))
    told = (
        f"{len(found)} were not decided rightly, of {phrases.many(len(report.ours), 'incident')} and "
        f"{phrases.many(len(report.clean), 'month')} in which nothing went wrong. The command plays one again, the "
        "same to the letter, and tells what was noted, second by second.",
    )
    head = ("Class", "Seed", "Was done", "Right would be", "Why it counts", "See it again")
    rows = [(one.name, one.seed, one.did, one.right, one.why, one.command) for one in found]
    return Section("Every failure", told, table=Table(head, rows, code=frozenset({1, 5}), tight=frozenset({1})))

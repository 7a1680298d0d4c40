"""The readiness verdict in words: every rollback with its verdict and reason, missed ones, numbers, criteria.

Rule: every number is shown with its sample, and every limit with its reason.
"""

from collections.abc import Iterator, Sequence
from math import ceil, inf
from statistics import median
from typing import TYPE_CHECKING

from watchdog.cli import output
from watchdog.cli.tables import table
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.units import show_seconds
from watchdog.presentation.text import clean, clock, day, moment
from watchdog.replay.readiness.criteria import BOUND_PER_YEAR, ActTally, Criterion
from watchdog.replay.readiness.judgement_rules import HUMAN_SECONDS, RECOVERY_SECONDS, STAYED_SECONDS
from watchdog.replay.readiness.verdicts import ReadinessVerdict

if TYPE_CHECKING:
    from watchdog.app.commands.readiness_run import Examined
    from watchdog.replay.readiness import Judged, Missed, Readiness

LABEL = 14
WRONG_SHOWN_MAX = 5
HEAD = ("when (UTC)", "service", "from -> to")


def show(examined: "Examined") -> None:
    """Print the verdict with all its parts."""
    found = examined.readiness
    output.show_lines(list(_what_was_judged(examined)))
    if found.acts:
        output.show_lines(["", "It would have rolled back:"])
        output.show_table(table((*HEAD, "incident", "verdict", "why"), [_act(one) for one in found.acts]))
    if found.missed:
        output.show_lines(["", "Rolled back by a human, but not by this policy (counted separately):"])
        output.show_table(table((*HEAD, "how", "its decision"), [_missed(one) for one in found.missed]))
    output.show_lines(["", *_summary(found), "", *_criteria(found.outlook), "", *_verdict(found)])


def _what_was_judged(examined: "Examined") -> Iterator[str]:
    found = examined.readiness
    replayed = found.replay
    span = f"{moment(replayed.began_at or 0.0)} to {moment(replayed.ended_at)}"
    files = "1 file" if replayed.files == 1 else f"{replayed.files} files"
    yield f"{files}, {replayed.events} events, {span}"
    each = ", ".join(f"{clean(name)} {days(seconds)}" for name, seconds in found.watched_seconds.items())
    yield f"watched: {each or 'nothing'} days"
    whose = "the recorded one" if examined.recorded_policy else "the configuration's"
    yield f"policy: {whose}, every service in mode autonomous"
    yield from (f"note: {clean(note)}" for note in replayed.notes)


def days(seconds: float) -> str:
    """Return days with one digit after the point."""
    return f"{seconds / 86400.0:.1f}"


def _when(at: float) -> str:
    return f"{day(at)} {clock(at)}"


def _act(one: "Judged") -> tuple[str, ...]:
    act = one.act
    return (
        _when(act.at),
        act.service,
        f"{act.suspect} -> {act.target}",
        one.run_incident or "-",
        one.verdict.value,
        one.why,
    )


def _missed(one: "Missed") -> tuple[str, ...]:
    human = one.undone
    asked = f" (asked {show_seconds(one.asked_seconds)} earlier)" if one.asked_seconds is not None else ""
    way = f"{human.left.id} -> {human.deploy.id}"
    return (_when(human.at), one.service, way, f"{human.by or 'a human'} {human.how}", f"{one.why}{asked}")


def _summary(found: "Readiness") -> Iterator[str]:
    counts, outlook = found.counts, found.outlook
    repeated = counts[ReadinessVerdict.AGAIN]
    again = f"; {repeated} more in the same outages, not counted" if repeated else ""
    verdicts = ", ".join(
        f"{counts[one]} {one.value}"
        for one in (ReadinessVerdict.RIGHT, ReadinessVerdict.WRONG, ReadinessVerdict.UNKNOWN)
    )
    yield _line("rollbacks", f"{verdicts}{again}")
    share, rate = outlook.wrong_share, outlook.wrong_per_year
    yield _line("wrong share", f"{share.value:.1%} of {share.n:g} judged (95 %: {share.low:.1%} to {share.high:.1%})")
    bound = f"{shown(rate.value)} per service-year (95 %: {shown(rate.low)} to {shown(rate.high)})"
    yield _line("wrong rate", f"{bound}; {outlook.service_days:.1f} service-days recorded")
    yield from _earlier([one.saved_seconds for one in found.acts if one.saved_seconds is not None])
    right = (
        f"a human rolled it back during the outage, or within {show_seconds(HUMAN_SECONDS)} of the replay's request,"
    )
    yield _line("right", f"{right} and the failures ended within {show_seconds(RECOVERY_SECONDS)} after that was live")
    yield _line(
        "wrong", f"it recovered by itself, and the same deploy then ran well for {show_seconds(STAYED_SECONDS)}"
    )
    yield _line("a label", f"overrides both: {command_line('label', 'INCIDENT', 'right|wrong')}")


def _earlier(saved: Sequence[float]) -> Iterator[str]:
    if saved:
        often = f"median of {len(saved)}; {show_seconds(max(0.0, sum(saved)))} in total"
        who = "before the human's request" if median(saved) >= 0 else "after the human's request"
        yield _line("earlier", f"{show_seconds(abs(median(saved)))} {who} ({often}); an estimate")


def _criteria(outlook: ActTally) -> Iterator[str]:
    for one in outlook.criteria:
        mark = "ok" if one.met else "NOT ENOUGH" if one.evidence else "TOO MUCH"
        mark = "TOO MANY UNKNOWN" if mark == "NOT ENOUGH" and one.bound == "most" else mark
        limit = f"at {one.bound} {number(one, one.limit)}"
        yield f"{one.name}: {number(one, one.found)}, {limit}: {mark} ({one.why})"


def number(criterion: Criterion, value: float) -> str:
    """Return a number of a criterion as people read it."""
    return f"{value:.1%}" if criterion.is_share else shown(value)


def shown(value: float) -> str:
    """Return a number with its meaningful digits."""
    if value == inf:
        return "any number"
    return f"{value:,.0f}" if value >= 100 else f"{round(value, 2):g}"


def _verdict(found: "Readiness") -> Iterator[str]:
    outlook = found.outlook
    yield outlook.verdict
    wrong = [one.run_incident for one in found.acts if one.verdict is ReadinessVerdict.WRONG and one.run_incident]
    if wrong:
        named = ", ".join(clean(incident) for incident in wrong[:WRONG_SHOWN_MAX])
        yield (
            f"Review the wrong ones ({command_line('explain')} INCIDENT): {named}. Then change the policy, and judge "
            "it on the same recordings: --config NEW."
        )
    if outlook.verdict == "READY":
        yield "Begin with one service, and with a veto window: mode: autonomous, veto: 60s."
    else:
        yield _needed(outlook)
    yield (
        f"On this evidence up to {outlook.wrong_share.high:.0%} of its rollbacks may be wrong, and up to "
        f"{shown(outlook.wrong_per_year.high)} per service-year (upper ends of the 95 % intervals). Lowering that to "
        f"{BOUND_PER_YEAR:g} takes {outlook.years_to_bound:.1f} more service-years without a wrong rollback, longer "
        f"than any recording; {command_line('lab score')} simulates them."
    )


def _needed(outlook: ActTally) -> str:
    needed = outlook.needed
    parts = [
        f"{needed['judged_acts']:g} more judged rollbacks" if needed["judged_acts"] else "",
        f"{ceil(needed['service_days']):,} more service-days" if needed["service_days"] else "",
        f"a label for {needed['labels']:g} of the unknown rollbacks" if needed["labels"] else "",
    ]
    what = ", ".join(part for part in parts if part)
    return f"{'Or record more, without another wrong rollback' if outlook.wrong else 'Needed'}: {what}."


def _line(label: str, text: str) -> str:
    return f"{label.upper():<{LABEL}}{text}"

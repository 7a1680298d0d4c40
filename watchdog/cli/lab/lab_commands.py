"""Experiments: `watchdog lab score` on decisions; `watchdog lab storm`, `soak`, `speed` on the daemon itself."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from watchdog.cli.command_context import Context

It = Annotated[Context, Parameter(parse=False)]
Variant = Literal[
    "full",
    "blind-resend",
    "short-settle",
    "no-guard",
    "no-fence",
    "no-last-look",
    "no-read-back",
    "no-retry",
    "no-end",
    "no-closing-row",
    "no-wake",
    "endless-settle",
]


async def storm(
    *,
    seeds: int = 300,
    first: int = 1,
    seed: int | None = None,
    variant: Variant = "full",
    processes: int = 2,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    ctx: It,
) -> int:
    """Play the real daemon, two workers of it, in a simulated world that does its worst: seed after seed.

    The exit code is 0 only if no seed showed a double rollback, a wrong target, a missed incident, a stuck service, a
    lost page or a forgotten pin.

    Parameters
    ----------
    seeds
        How many seeds.
    first
        The first of them.
    seed
        Play this one again, and tell everything that happened.
    variant
        The shipped protocol, or a weakened one that the storm must catch.
    processes
        How many at a time.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands import storm_suite
    from watchdog.cli import output

    if seed is not None:
        result = storm_suite.replay(seed, variant)
        output.show_lines([*result.trace, "", f"seed {seed}: {result.fingerprint}"])
        output.show_lines(storm_suite.reasons(result.score) or ["nothing went wrong"])
        return output.FAILED if result.score.bad else output.DONE
    report = storm_suite.play_all(first, seeds, variant=variant, processes=processes)
    if as_json:
        sys.stdout.write(json.dumps(report.json_object()) + "\n")
    else:
        output.show_lines([f"{what}: {value}" for what, value in report.json_object().items() if what != "bad"])
        for one in report.bad:
            output.show_lines([f"BAD seed {one.seed}: {why}" for why in storm_suite.reasons(one.score)])
    return output.FAILED if report.bad else output.DONE


async def score(
    *,
    seed: str | None = None,
    episodes: int = 200,
    clean_years: float = 60.0,
    classes: str = "",
    scenarios: Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative="")] = (),
    rivals: bool = True,
    rival_episodes: int = 60,
    processes: int = 2,
    report: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    ctx: It,
) -> int:
    """Measure the decisions: how often it rolls back wrongly, what it misses, how long it takes, with shipped defaults.

    Parameters
    ----------
    seed
        Of the episodes; by default a hash of the shipped defaults and of the fault classes, which nobody tuned on.
    episodes
        How many of each fault class; of one that weighs more in the realistic mix as many times more.
    clean_years
        How many years of services in which nothing goes wrong.
    classes
        Only these fault classes, by commas; without it, a seed that begins with dev leaves out what is held out.
    scenarios
        Scenario files, played like classes: these alone, unless classes are named, too.
    rivals
        Let what people use today play the same episodes, to compare the cost.
    rival_episodes
        At most so many of each fault class, likewise.
    processes
        How many at a time.
    report
        A folder: write report.html (with plots), report.md and report.json there.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands import score_run
    from watchdog.cli import output
    from watchdog.lab.report import write
    from watchdog.settings.load.scenarios import read_scenarios

    seed = seed or score_run.report_seed()
    own = read_scenarios(scenarios, ctx.cwd)
    names = [name.strip() for name in classes.split(",") if name.strip()] or ([] if own else _all(seed))
    wrong = _wrong(names, report)
    if wrong:
        output.print_error(wrong)
        return output.USAGE
    scored = score_run.score(
        seed,
        names=names,
        scenarios=own,
        episodes=episodes,
        clean_years=clean_years,
        rival_episodes=rival_episodes if rivals else 0,
        processes=processes,
        progress=output.show_progress,
    )
    output.end_progress()
    if report is not None:
        write(scored.report(), report)
    _show(scored.json_object(), as_json)
    return output.DONE


def _wrong(names: Sequence[str], report: Path | None) -> str:
    """Return what is wrong with what was asked for, or nothing. The folder is made: later is too late to learn."""
    from watchdog.lab.classes import BY_NAME
    from watchdog.settings.rules.console_access import HOW, PAGE_LIBRARIES, missing_libraries

    strange = [name for name in names if name not in BY_NAME]
    if strange:
        return f"no fault class {strange[0]!r}: choose from {', '.join(BY_NAME)}"
    if report is not None and missing_libraries(PAGE_LIBRARIES):
        return f"a report needs {', '.join(PAGE_LIBRARIES)} -> {HOW}"
    try:
        if report is not None:
            report.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"cannot write the report to {report}: {error.strerror}"
    return ""


def _show(result: Mapping[str, object], as_json: bool) -> None:
    """Write the numbers, as JSON or one a line."""
    from watchdog.cli import output

    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        output.show_lines([f"{what}: {value}" for what, value in result.items()])


def _all(seed: str) -> list[str]:
    """Return the names of the classes that are played on a seed, and say which are not."""
    from watchdog.cli import output
    from watchdog.lab.classes import played_on

    names, refused = played_on(seed)
    if refused:
        output.print_error(f"held out of tuning, so not played on {seed!r} unless named: {', '.join(refused)}")
    return names


async def soak(
    *,
    hours: int = 24,
    services: int = 100,
    seed: int = 1,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    ctx: It,
) -> int:
    """Run the real daemon through virtual hours of a quiet town: does it grow?

    A day takes ten minutes or more.
    The exit code is 0 only if memory (+5 MiB) and tasks (±2) stay what they were after the first hour.

    Parameters
    ----------
    hours
        How many virtual hours.
    services
        How many services it watches.
    seed
        Which outages there are, and when.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands.soak_run import soak_apart
    from watchdog.cli import output

    result = soak_apart(hours, services, seed)
    if as_json:
        sys.stdout.write(json.dumps(result.json_object()) + "\n")
    else:
        output.show_lines([f"hour {one.hour}: {one.memory_mib:.1f} MiB, {one.tasks} tasks" for one in result.looks])
        output.show_lines([f"{what}: {value}" for what, value in result.json_object().items()])
    return output.DONE if result.flat else output.FAILED


async def speed(
    *,
    rounds: int = 5,
    days: float = 2.0,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    ctx: It,
) -> int:
    """Measure how fast decisions are made: healthy readings a second on one core, and the seconds of a service-year.

    The exit code is 0 only if both medians keep to their bars (100,000 a second at least, 90 s at most).

    Parameters
    ----------
    rounds
        How many times each is measured; the median counts.
    days
        How many days of a service-year are played.
    as_json
        Print one JSON object.
    """
    from watchdog.cli import output
    from watchdog.lab.speed import measure

    result = measure(rounds, days=days)
    _show(result.json_object(), as_json)
    return output.DONE if result.fast_enough else output.FAILED

"""Experiments: `watchdog lab score` on decisions; `watchdog lab storm`, `soak`, `speed` on the daemon itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from watchdog.cli.options import AsJson, It

if TYPE_CHECKING:
    from watchdog.app.commands.score_run import Scored

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
    "no-known-list",
    "endless-settle",
    "no-owed-end",
    "no-answer",
    "remedy-resend",
    "remedy-short-settle",
    "remedy-forgotten",
    "remedy-without-proof",
    "remedy-without-cooldown",
    "remedy-not-read",
]


async def storm(
    *,
    seeds: int = 300,
    first: int = 1,
    seed: int | None = None,
    variant: Variant = "full",
    processes: int = 2,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Play the real daemon, as two workers, in a simulated world full of faults, seed after seed.

    The exit code is 0 only if no seed showed a double rollback, a wrong target, a missed incident, a stuck service, a
    lost page or a forgotten pin.

    Parameters
    ----------
    seeds
        The number of seeds.
    first
        The first seed.
    seed
        Replay this seed, and print every event.
    variant
        The shipped protocol, or a weakened one that the storm must catch.
    processes
        The number of parallel processes.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands import storm_suite
    from watchdog.cli import output

    if seed is not None:
        result = storm_suite.replay(seed, variant)
        output.show_lines([*result.trace, "", f"seed {seed}: {result.fingerprint}"])
        output.show_lines(storm_suite.reasons(result.score) or ["no failure"])
        return output.FAILED if result.score.bad else output.DONE
    report = storm_suite.play_all(first, seeds, variant=variant, processes=processes)
    if as_json:
        output.show_record(report.json_object())
    else:
        output.show_lines(report.lines())
        for one in report.bad:
            output.show_lines([f"seed {one.seed} failed: {why}" for why in storm_suite.reasons(one.score)])
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
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Measure the decisions with shipped defaults: wrong rollbacks, missed incidents, delays.

    Parameters
    ----------
    seed
        Seed of the episodes; by default a hash of the shipped defaults and of the fault classes, never used for tuning.
    episodes
        Episodes of each fault class; a class that weighs more in the realistic mix gets as many times more.
    clean_years
        Service-years without any fault.
    classes
        Only these fault classes, comma-separated; by default all, without the held-out ones for a seed that begins with
        dev.
    scenarios
        Scenario files, played like classes: only these, unless --classes names some as well.
    rivals
        Play the same episodes with the tools in use today, to compare the cost.
    rival_episodes
        The most episodes of each fault class that those tools play.
    processes
        The number of parallel processes.
    report
        A folder: write report.html (with plots), report.md and report.json there.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands import score_run
    from watchdog.app.commands.scenarios import read_scenarios
    from watchdog.cli import output
    from watchdog.lab.report import write

    # Published numbers use this seed: no value can have been tuned on it, as it changes with the code.
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
    _show_scored(scored, as_json=as_json)
    return output.DONE


def _show_scored(scored: "Scored", *, as_json: bool) -> None:
    """Print how many targets are reached, then each with its sample; the failures are in the report."""
    from watchdog.cli import output
    from watchdog.cli.tables import table
    from watchdog.lab.report.sections import headline

    if as_json:
        output.show_record(scored.json_object())
        return
    found = scored.report()
    years = found.numbers["clean_service_years"]
    output.show_lines(
        [headline(found), f"seed {found.seed}: {len(found.ours)} episodes, {years:.1f} service-years", ""]
    )
    # The same row as in the report: one place decides how a target is judged and worded.
    head = ("target", "measured", "95 % interval", "sample", "threshold", "verdict")
    output.show_table(table(head, [one.row() for one in found.bars]))
    wrong = f"wrong decisions: {len(found.failures)}"
    output.show_lines(["", f"{wrong}; --report FOLDER lists each with the command that replays it"])


def _wrong(names: Sequence[str], report: Path | None) -> str:
    """Return the mistake in the arguments, or an empty text. Creates the folder: a failure after the run would lose
    it."""
    from watchdog.lab.classes import BY_NAME
    from watchdog.settings.rules.console_access import HOW, missing_libraries
    from watchdog.settings.rules.public_pages import PAGE_LIBRARIES

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


def _all(seed: str) -> list[str]:
    """Return the names of the classes played on a seed, and print the excluded ones."""
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
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Run the real daemon for virtual hours with quiet services: do memory or tasks grow?

    A day takes ten minutes or more.
    The exit code is 0 only if memory (+5 MiB) and tasks (±2) stay at their values after the first hour.

    Parameters
    ----------
    hours
        The number of virtual hours.
    services
        The number of services.
    seed
        The seed of the outages.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands.soak_run import soak_apart
    from watchdog.cli import output

    result = soak_apart(hours, services, seed)
    if as_json:
        output.show_record(result.json_object())
    else:
        output.show_lines([f"hour {one.hour}: {one.memory_mib:.1f} MiB, {one.tasks} tasks" for one in result.looks])
        output.show_lines([f"{what}: {value}" for what, value in result.json_object().items()])
    return output.DONE if result.flat else output.FAILED


async def speed(
    *,
    rounds: int = 5,
    days: float = 2.0,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Measure the speed of decisions: healthy readings a second on one core, and the seconds of a service-year.

    The exit code is 0 only if both medians meet their limits (100,000 a second at least, 90 s at most).

    Parameters
    ----------
    rounds
        The number of measurements; the median counts.
    days
        The days of a service-year to play.
    as_json
        Print one JSON object.
    """
    from watchdog.cli import output
    from watchdog.lab.speed import measure

    result = measure(rounds, days=days)
    if as_json:
        output.show_record(result.json_object())
    else:
        output.show_lines([f"{what}: {value}" for what, value in result.json_object().items()])
    return output.DONE if result.fast_enough else output.FAILED

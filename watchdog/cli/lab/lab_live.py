"""`watchdog lab live`: the real daemon's delays beside the lab's, in a table or as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from watchdog.cli.options import AsJson, It

if TYPE_CHECKING:
    from watchdog.app.live.live_comparison import ComparisonRow
    from watchdog.app.live.live_suite import Suite

HEAD = ("kind", "right", "live: median (range), n", "simulated: median, n", "ratio [95 %]", "within 20 %")


async def live(
    *,
    seed: str = "1",
    episodes: int = 32,
    parallel: int = 8,
    kinds: str = "",
    simulated: int = 100,
    processes: int = 2,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Compare the simulated lab with reality: the real daemon and a simulated cloud, in processes of their own.

    With shipped defaults, and every measured time in full; each live episode is one that `lab score` could draw. Takes
    a quarter of an hour. The exit code is 0 only if every episode ended right, and no median delay from onset to
    rollback request (or page) is proved to be more than 20 % off the simulated one.

    Parameters
    ----------
    seed
        Seed of the episodes.
    episodes
        Live episodes in all, the kinds in turn; kinds with widely spread delays come more often.
    parallel
        Live episodes at a time: they mostly wait.
    kinds
        Only these kinds, comma-separated.
    simulated
        Simulated episodes of each kind.
    processes
        The number of processes that simulate.
    as_json
        Print one JSON object.
    """
    from watchdog.app.live.episode_kinds import KINDS
    from watchdog.app.live.live_suite import live as play
    from watchdog.cli import output
    from watchdog.daemon.runtime.clock import SystemClock

    # Once each: a kind named twice would be compared twice.
    names = tuple(dict.fromkeys(name.strip() for name in kinds.split(",") if name.strip())) or KINDS
    wrong = _wrong(names, {"episodes": episodes, "parallel": parallel, "simulated": simulated, "processes": processes})
    if wrong:
        output.print_error(wrong)
        return output.USAGE
    suite = await play(
        seed,
        SystemClock(),
        kinds=names,
        episodes=episodes,
        parallel=parallel,
        simulated=simulated,
        processes=processes,
        progress=output.show_progress,
    )
    output.end_progress()
    if as_json:
        output.show_record(suite.json_object())
    else:
        output.show_table(shown(suite.rows))
        output.show_lines(["", *words(suite)])
    return output.DONE if suite.good else output.FAILED


def _wrong(names: Sequence[str], numbers: dict[str, int]) -> str:
    """Return the mistake in the arguments, or an empty text."""
    from watchdog.app.live.episode_kinds import KINDS

    strange = [name for name in names if name not in KINDS]
    if strange:
        return f"no kind {strange[0]!r}: choose from {', '.join(KINDS)}"
    few = [name for name, number in numbers.items() if number < 1]
    return f"--{few[0]} {numbers[few[0]]}: at least 1" if few else ""


def shown(rows: Sequence["ComparisonRow"]) -> Table:
    """Return the table, a line per kind."""
    from watchdog.cli.tables import table

    return table(HEAD, [_cells(row) for row in rows])


def _cells(row: "ComparisonRow") -> tuple[str, ...]:
    from statistics import median

    ended = f"{len(row.live) - len(row.wrong)} of {len(row.live)} right"
    # No action is due, or no episode could be played.
    if row.ratio is None:
        return row.kind, row.right.value, ended, f"{row.simulated_right} of {row.simulated_number} right", "", ""
    ratio = row.ratio
    return (
        row.kind,
        row.right.value,
        f"{median(row.real):.1f} s ({min(row.real):.0f} to {max(row.real):.0f}), {ended}",
        f"{median(row.simulated):.1f} s, {row.simulated_right} of {row.simulated_number} right",
        f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]",
        {True: "yes", False: "NO", None: "too few to tell"}[row.within],
    )


def words(suite: "Suite") -> list[str]:
    """Return the facts missing in the table: wrong episodes, and the conclusion."""
    from watchdog.domain.units import show_seconds
    from watchdog.lab.closed_loop import PIN_SECONDS
    from watchdog.presentation.text import clean

    lines = [
        f"WRONG {one.kind} {one.seed}: {clean('; '.join(one.wrong), limit=2000)}"
        for row in suite.rows
        for one in row.wrong
    ]
    if suite.pinning_seconds is not None:
        low, high = PIN_SECONDS
        lines.append(
            f"Switching auto-deploy off took {suite.pinning_seconds:.1f} s (median) live, where the cloud is near; "
            f"the lab gives the platform {low:g} to {high:g} s."
        )
    load = ", ".join(f"{one:.1f}" for one in suite.load)
    unsure = any(row.within is None for row in suite.rows)
    holds = "no delay is shown not to hold" if unsure else "every delay holds"
    end = f"Every episode ended as it should, {holds}." if suite.good else "Not all is as it should be."
    return [*lines, f"{end} Seed {suite.seed}, {show_seconds(suite.seconds)}, load averages {load}."]

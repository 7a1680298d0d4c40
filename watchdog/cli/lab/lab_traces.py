"""`watchdog lab traces`: detections in real traces as a table, in words or as JSON."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.cli.options import AsJson, It

if TYPE_CHECKING:
    from watchdog.lab.traces.fault_outcomes import DatasetRow


async def traces(
    folder: Path,
    *,
    sets: str = "",
    seed: str = "1",
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Replay real traces with labelled faults (Nezha, PetShop, NAB, Upptime, your own): faults found, missed, and why.

    One configuration for all, with shipped defaults, nothing fitted. Probes are drawn from the recorded readings. The
    public sets have no deploys, so any rollback would be wrong; episodes of your own may have some: see the handbook.

    Parameters
    ----------
    folder
        The folder with the sets that you have: nezha/, petshop/, nab/, upptime/, episodes/.
    sets
        Only these, comma-separated.
    seed
        Seed of the draws.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands.traces_run import run_traces
    from watchdog.cli import output

    rows = run_traces(ctx.cwd / folder, seed, [name.strip() for name in sets.split(",") if name.strip()])
    if as_json:
        output.show_record({"seed": seed, "sets": [row.json_object() for row in rows]})
    else:
        output.show_lines(list(lines(rows)))
    return output.DONE


def lines(rows: Sequence["DatasetRow"]) -> Iterator[str]:
    """Yield the table, and below it the reason for each missed fault."""
    from watchdog.lab.traces.fault_outcomes import CULPRITS, OUTCOMES

    yield "| set | faults | " + " | ".join(OUTCOMES) + " | false alarms a day (95 %) | delay p50 / p95 | decided |"
    yield "|---|" + "---|" * (len(OUTCOMES) + 4)
    for row in rows:
        yield _line(row)
    for row in rows:
        yield ""
        yield f"{row.name}: {row.trials} series, {row.quiet_days:.1f} quiet days, {row.observations} observations"
        if row.good_deploys or row.culprits:
            bad = ", ".join(f"{row.culprits[outcome]} {outcome}" for outcome in CULPRITS)
            yield f"  bad deploys: {bad}; other rollbacks: {row.wrong_rollbacks}, of {row.good_deploys} good deploys"
            yield f"  other questions: {row.wrong_questions}"
        yield from (f"  {n} x {outcome}: {why}" for outcome, why, n in row.reasons())
        kinds = row.by_kind()
        yield from (f"  {kind}: {_outcomes(outcomes)}" for kind, outcomes in kinds.items() if len(kinds) > 1)
        yield from (f"  note: {note}" for note in row.notes)


def _line(row: "DatasetRow") -> str:
    from watchdog.core.detect.latency import quantile
    from watchdog.lab.traces.fault_outcomes import OUTCOMES
    from watchdog.replay.confidence_intervals import poisson_rate

    rate = poisson_rate(len(row.false_alarms), row.quiet_days)
    false = f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}], n = {rate.n:.0f}"
    delays = row.delays
    delay = f"{quantile(delays, 0.5):.0f} / {quantile(delays, 0.95):.0f} s" if delays else "–"
    decided = ", ".join(f"{n} {course}" for course, n in row.courses.most_common()) or "nothing"
    counts = " | ".join(str(row.count(outcome)) for outcome in OUTCOMES)
    return f"| {row.name} | {len(row.faults)} | {counts} | {false} | {delay} | {decided}; {row.rollbacks} rollbacks |"


def _outcomes(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{n} {outcome}" for outcome, n in outcomes.items())

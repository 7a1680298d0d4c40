"""`watchdog lab import`: the history of another monitor becomes a recording, to replay with your own policy."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from watchdog.cli.command_context import usage_error
from watchdog.cli.options import AsJson, It
from watchdog.domain.commands.command_line import command_line

if TYPE_CHECKING:
    from watchdog.app.commands.import_history import Imported

Kind = Literal["prometheus", "upptime", "csv", "sentry"]
SignalKind = Literal["http", "latency", "sentry"]


async def import_history(
    kind: Kind,
    /,
    *files: Path,
    service: str,
    signal: str,
    out: Path,
    deploys: Path | None = None,
    site: str = "",
    signal_kind: SignalKind | None = None,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Make a recording from another monitor's history, to see the watchdog's decisions on it with `lab replay`.

    With --config, the policy and the signal's kind come from there; else the shipped defaults apply.

    Parameters
    ----------
    kind
        prometheus (the JSON of query_range: a share of successes, seconds, or errors per minute, as the signal is
        http, latency or sentry), upptime (its CSV, or `git log --format='%at %s' -- history/SITE.yml`), csv (columns
        time,ok[,seconds][,why]), sentry (the JSON of events-timeseries, events-stats or stats_v2).
    files
        The files to read.
    service
        The service of the history, as named in the configuration.
    signal
        The signal that would have made these readings.
    out
        The folder for the recording.
    deploys
        A CSV file of its deploys: time,commit[,began][,id][,trigger]; without it, no deploy can be blamed.
    site
        The site, in an Upptime file with several.
    signal_kind
        Without --config: http, latency or sentry. (By default http; sentry for counts of Sentry.)
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands.import_history import Source
    from watchdog.app.commands.import_history import import_history as make
    from watchdog.cli import output

    if not files:
        usage_error("lab import", "no file named", "name the files to read after the kind")
    if ctx.config is not None and signal_kind is not None:
        usage_error("--signal-kind", "the configuration says of which kind the signal is", "leave it out")
    source = Source(
        kind,
        [ctx.cwd / file for file in files],
        service,
        signal,
        site=site,
        signal_kind=signal_kind or ("sentry" if kind == "sentry" else "http"),
        config=ctx.config,
        deploys=ctx.cwd / deploys if deploys is not None else None,
    )
    made = make(source, ctx.cwd / out, ctx.environ, ctx.cwd)
    if as_json:
        output.show_record(made.json_object())
    else:
        output.show_lines(list(lines(made)))
    return output.DONE


def lines(made: "Imported") -> list[str]:
    """Return the import in words."""
    from watchdog.domain.units import show_seconds
    from watchdog.presentation.text import clean, moment

    pace = f", one every {show_seconds(made.every_seconds)}" if made.every_seconds else ""
    span = f"{moment(made.began_at)} to {moment(made.ended_at)}"
    return [
        f"{made.readings} readings{pace}, {made.deploys} deploys, {made.events} events, {span}",
        *(clean(f"note: {note}", 600) for note in made.notes),
        f"written: {made.file.name}; now: {command_line('lab replay', made.file.parent.name)}",
    ]

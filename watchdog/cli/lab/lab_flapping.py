"""`watchdog lab flapping`: the time to detect an intermittent outage, by period and share of downtime."""

from watchdog.cli.options import AsJson, It


async def flapping(
    *,
    seed: str = "flapping",
    episodes: int = 10,
    processes: int = 2,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Simulate intermittent outages: does the daemon alert within ten minutes, or four periods if that is longer?

    Each row is a period, each column a share of downtime; a cell shows the longest time until the first notification.
    The exit code is 0 only if every notification was in time.

    Parameters
    ----------
    seed
        Seed of the episodes.
    episodes
        Episodes of each period and share, after a deploy and without one.
    processes
        The number of parallel processes.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands.flapping_run import play_map
    from watchdog.cli import output
    from watchdog.lab.intermittent_outages import json_object, table

    mapped = play_map(seed, episodes, processes=processes, progress=output.show_progress)
    output.end_progress()
    if as_json:
        output.show_record(json_object(mapped))
    else:
        output.show_lines(table(mapped))
    return output.DONE if all(one.holds for one in mapped) else output.FAILED

"""`watchdog lab robustness`: the shipped policy in worlds that it was not fitted to."""

from typing import Any

from watchdog.cli.options import AsJson, It


async def robustness(
    *,
    worlds: str = "",
    seed: str | None = None,
    episodes: int = 40,
    clean_years: float = 15.0,
    rival_episodes: int = 0,
    slower: int = 12,
    seasons: int = 12,
    errors: int = 12,
    processes: int = 2,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Vary the laboratory's world, not the policy: restarts that last longer, rarer bad deploys, late onsets, seasons.

    The first table has a row per world; the second shows the time to the alert on a slower release after two weeks of
    seasons, the last one errors that come again by the hour and floods beside them.

    Parameters
    ----------
    worlds
        Only these worlds, comma-separated; "none" for slower releases alone.
    seed
        Seed of the episodes; by default a hash of the shipped defaults, of the core and of the laboratory.
    episodes
        Episodes of each fault class in each world.
    clean_years
        Service-years without any fault, in each world.
    rival_episodes
        The most episodes of each fault class that the tools in use today play as well.
    slower
        Slower releases of each kind; 0 for none.
    seasons
        Services with daily and weekly seasons, each for a quarter of a year; 0 for none.
    errors
        Services with jobs that bring errors, and floods of errors of each kind; 0 for none.
    processes
        The number of parallel processes.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands import error_seasons_run, robustness_run, score_run
    from watchdog.cli import output
    from watchdog.lab.varied_worlds import WORLDS

    seed = seed or score_run.report_seed()
    names = _names(worlds)
    if names is None:
        return output.USAGE
    chosen = [one for one in WORLDS if not names or one.name in names]
    how: Any = {"processes": processes, "progress": output.show_progress}
    rows = robustness_run.play_worlds(
        chosen, seed, episodes=episodes, clean_years=clean_years, rival_episodes=rival_episodes, **how
    )
    latency = robustness_run.play_latency(seed, slower, **how) if slower else []
    quarters = robustness_run.play_seasons(seed, seasons, **how)
    by_hour = error_seasons_run.play_error_seasons(seed, errors, **how)
    output.end_progress()
    if as_json:
        found = robustness_run.json_object(seed, rows, latency, quarters) | {"error_seasons": by_hour.json_object()}
        output.show_record(found)
    else:
        output.show_lines([*robustness_run.tables(seed, rows, latency, quarters), *by_hour.lines()])
    return output.DONE


def _names(worlds: str) -> list[str] | None:
    """Return the named worlds; None after an error message about one that does not exist."""
    from watchdog.cli import output
    from watchdog.lab.varied_worlds import BY_NAME

    names = [name.strip() for name in worlds.split(",") if name.strip()]
    strange = [name for name in names if name not in (*BY_NAME, "none")]
    if strange:
        output.print_error(f"no world {strange[0]!r}: choose from {', '.join(BY_NAME)}, or none")
        return None
    return names

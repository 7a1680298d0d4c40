"""`watchdog lab flapping`: is an outage that comes and goes told, whatever its period?"""

import json
import sys
from typing import Annotated

from cyclopts import Parameter

from watchdog.cli.context import Context

It = Annotated[Context, Parameter(parse=False)]


async def flapping(
    *,
    seed: str = "flapping",
    episodes: int = 10,
    processes: int = 2,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    it: It,
) -> int:
    """Play outages that come and go: is a human told within ten minutes, or four periods if that is longer?

    Each row is a period, each column the share of it that is down; shown is the longest time until a human heard.
    The exit code is 0 only if each was told in time.

    Parameters
    ----------
    seed
        Of the episodes.
    episodes
        How many of each period and share, after a deploy and by itself.
    processes
        How many at a time.
    as_json
        Print one JSON object.
    """
    from watchdog.app.flapping import play_map
    from watchdog.cli import output
    from watchdog.lab.flapping import json_object, table

    mapped = play_map(seed, episodes, processes=processes, progress=output.show_progress)
    output.end_progress()
    if as_json:
        sys.stdout.write(json.dumps(json_object(mapped)) + "\n")
    else:
        output.show_lines(table(mapped))
    return output.DONE if all(one.holds for one in mapped) else output.FAILED

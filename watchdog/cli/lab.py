"""Experiments on the daemon itself: `watchdog lab storm`, `watchdog lab soak`."""

import json
import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from watchdog.cli.context import Context

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
    it: It,
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
    from watchdog.app import storms
    from watchdog.cli import output

    if seed is not None:
        result = storms.replay(seed, variant)
        output.show_lines([*result.trace, "", f"seed {seed}: {result.fingerprint}"])
        output.show_lines(storms.reasons(result.score) or ["nothing went wrong"])
        return output.FAILED if result.score.bad else output.DONE
    report = storms.play_all(first, seeds, variant=variant, processes=processes)
    if as_json:
        sys.stdout.write(json.dumps(report.json_object()) + "\n")
    else:
        output.show_lines([f"{what}: {value}" for what, value in report.json_object().items() if what != "bad"])
        for one in report.bad:
            output.show_lines([f"BAD seed {one.seed}: {why}" for why in storms.reasons(one.score)])
    return output.FAILED if report.bad else output.DONE


async def soak(
    *,
    hours: int = 24,
    services: int = 100,
    seed: int = 1,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    it: It,
) -> int:
    """Run the real daemon through virtual hours of a quiet town: does it grow? A day takes ten minutes or more.

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
    from watchdog.app.soak import soak_apart
    from watchdog.cli import output

    result = soak_apart(hours, services, seed)
    if as_json:
        sys.stdout.write(json.dumps(result.json_object()) + "\n")
    else:
        output.show_lines([f"hour {one.hour}: {one.memory_mib:.1f} MiB, {one.tasks} tasks" for one in result.looks])
        output.show_lines([f"{what}: {value}" for what, value in result.json_object().items()])
    return output.DONE if result.flat else output.FAILED

"""`watchdog lab readiness`: would automatic rollbacks have been right? Read it before mode autonomous."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchdog.cli.options import AsJson, It

if TYPE_CHECKING:
    from watchdog.app.commands.readiness_run import Examined

RULES = ("human_seconds", "recovery_seconds", "stayed_seconds", "same_outage_seconds", "label_seconds")
"""The limits by which rollbacks are judged, by their names in replay/readiness/judgement_rules.py."""


async def readiness(
    *recordings: Path,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Judge readiness for mode autonomous: which rollbacks would the watchdog have made, and were they right?

    Replays recordings with their policy (with --config NEW: that one) in mode autonomous. A rollback was right if a
    person did the same and it helped, or labelled it so (`watchdog incident label`). It was wrong if a person labelled
    it so, or if the service recovered by itself; else it is unknown. The exit code is 0 only for READY.

    Parameters
    ----------
    recordings
        Files of recordings, or folders of them; by default the daemon's folder in the configuration.
    as_json
        Print one JSON object.
    """
    from watchdog.app.commands.readiness_run import examine
    from watchdog.cli import output
    from watchdog.cli.lab import readiness_text
    from watchdog.settings import is_configured
    from watchdog.settings.load.load import load

    # Paths alone need no configuration, but its store has the labels: use one that is there.
    needed = ctx.config is not None or not recordings or is_configured(ctx.environ, ctx.cwd)
    settings = load(ctx.config, ctx.environ, ctx.cwd, secretless=True) if needed else None
    examined = await examine([ctx.cwd / path for path in recordings], settings, new=ctx.config is not None)
    if as_json:
        output.show_record(json_object(examined))
    else:
        readiness_text.show(examined)
    return output.DONE if examined.readiness.outlook.verdict == "READY" else output.FAILED


def json_object(examined: "Examined") -> Mapping[str, Any]:
    """Return the verdict and its numbers for machines; a missing upper bound is null."""
    from watchdog.replay.readiness import judgement_rules

    found = examined.readiness
    outlook, replayed = found.outlook, found.replay
    return {
        "verdict": outlook.verdict,
        "policy": "recorded" if examined.recorded_policy else "configuration",
        "files": replayed.files,
        "events": replayed.events,
        "began_at": replayed.began_at,
        "ended_at": replayed.ended_at,
        "service_days": outlook.service_days,
        "watched_seconds": found.watched_seconds,
        "counts": {verdict.value: count for verdict, count in found.counts.items()},
        "wrong_share": outlook.wrong_share.json_object(),
        # Without recorded time there is no rate, and its upper bound would be infinite: no number in JSON.
        "false_rollbacks_per_service_year": outlook.wrong_per_year.json_object() if outlook.service_days else None,
        "service_years_to_bound": outlook.years_to_bound,
        "criteria": [one.json_object() for one in outlook.criteria],
        "rules": {name: getattr(judgement_rules, name.upper()) for name in RULES},
        "needed": outlook.needed,
        "acts": [one.json_object() for one in found.acts],
        "missed": [one.json_object() for one in found.missed],
        "notes": replayed.notes,
    }

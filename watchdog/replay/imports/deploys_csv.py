"""Deploys beside a history: `time,commit[,began][,id][,trigger]`; `time` is when it went live.

`began` is when the platform began it; without it, it is taken to have begun as long before `time` as the platform may
switch before it says so, so that no onset in between acquits it. `trigger: rollback` marks what a human put back.
"""

from dataclasses import replace
from pathlib import Path

from watchdog.domain.deploys import Deploy
from watchdog.replay.imports.csv_rows import rows

DEPLOYS_MAX = 100_000
LISTED_MAX = 20
"""So many deploys a platform lists at a time."""


def deploys_of(path: Path, lead_seconds: float) -> tuple[Deploy, ...]:
    """Return the deploys, oldest first, each as it was while it was live. Raises ConfigurationError."""
    found: dict[str, Deploy] = {}
    for number, row in enumerate(rows(path, ("time", "commit"), ("began", "id", "trigger")), 1):
        live_at, commit = row.at("time"), row.text("commit")
        began = row.at("began") if row.text("began") else live_at - lead_seconds
        name = row.text("id") or f"dep-imported-{number}"
        if not commit:
            row.refuse("no commit", "write which code went live: nothing can be told apart without it")
        if began > live_at:
            row.refuse("it began after it was live", "write when the platform began it, or leave began empty")
        if name in found or number > DEPLOYS_MAX:
            row.refuse(f"{name[:60]} is there twice" if name in found else "too many deploys", "write each deploy once")
        trigger = row.text("trigger") or "new_commit"
        found[name] = Deploy(
            name, "live", trigger, commit=commit, created_at=began, started_at=began, finished_at=live_at
        )
    return tuple(sorted(found.values(), key=lambda deploy: deploy.finished_at or 0.0))


def listed(deploys: tuple[Deploy, ...], now: float) -> tuple[Deploy, ...]:
    """Return what the platform would list then, newest first: what went live by then; only the last one still is."""
    gone_live = [deploy for deploy in deploys if deploy.finished_at is not None and deploy.finished_at <= now]
    newest_first = gone_live[::-1][:LISTED_MAX]
    return tuple(newest_first[:1] + [replace(deploy, status="deactivated") for deploy in newest_first[1:]])

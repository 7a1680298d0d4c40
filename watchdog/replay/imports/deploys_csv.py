"""Deploys beside a history: `time,commit[,began][,id][,trigger]`; `time` is the moment it went live.

`began` is the start of the deploy. Without it the start is `time` minus the lead by which the platform may switch the
traffic before it reports a deploy live, so that an onset in between does not acquit it. `trigger: rollback` marks a
rollback by a human.
"""

from dataclasses import replace
from pathlib import Path

from watchdog.domain.deploys import Deploy
from watchdog.replay.imports.csv_rows import rows

DEPLOYS_MAX = 100_000
LISTED_MAX = 20
"""The length of the platform's deploy list."""


def deploys_of(path: Path, lead_seconds: float) -> tuple[Deploy, ...]:
    """Return the deploys, oldest first, each with the status `live`. Raises ConfigurationError."""
    found: dict[str, Deploy] = {}
    for number, row in enumerate(rows(path, ("time", "commit"), ("began", "id", "trigger")), 1):
        live_at, commit = row.at("time"), row.text("commit")
        # A later beginning would acquit the deploy of an onset between the real switch and `time`.
        began = row.at("began") if row.text("began") else live_at - lead_seconds
        name = row.text("id") or f"dep-imported-{number}"
        if not commit:
            row.refuse("no commit", "write which code went live: deploys cannot be distinguished without it")
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
    """Return the platform's list at a moment, newest first: the deploys that were live by then, the last one still."""
    gone_live = [deploy for deploy in deploys if deploy.finished_at is not None and deploy.finished_at <= now]
    newest_first = gone_live[::-1][:LISTED_MAX]
    return tuple(newest_first[:1] + [replace(deploy, status="deactivated") for deploy in newest_first[1:]])

"""Render's events in our words: failures, and the configuration that changed with a deploy. Pure.

Rule: only a failure of running production is bad; a failed build left the old version serving.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_values import mapping, text
from watchdog.domain.deploys import INSTANCE_COUNT, Deploy
from watchdog.domain.units import parse_time
from watchdog.ports import PlatformEvent

CHANGING = ("deploy_started", "instance_count_changed")
"""The event types that report changes of configuration."""
POSTGRES_WELL = frozenset(
    {
        "available",
        "creating",
        "config_restart",
        "maintenance_scheduled",
        "maintenance_in_progress",
        "updating_instance",
        "recovery_in_progress",
    }
)
POSTGRES_BROKEN = frozenset({"unavailable", "recovery_failed", "suspended"})
TEXT_MAX = 300
UNREAD = "configuration perhaps (events could not be read)"


def parse_event(raw: object) -> PlatformEvent | None:
    """Return an event, or None when it has no id or no readable time."""
    body = mapping(raw)
    event_id, at = text(body.get("id")), parse_time(body.get("timestamp"))
    if not event_id or at is None:
        return None
    kind = text(body.get("type")) or "unknown"
    # An unknown type is shown and never bad: Render adds types without notice.
    words, bad = _TELL.get(kind, _plain)(kind, mapping(body.get("details")))
    return PlatformEvent(event_id, at, kind, plain(words, TEXT_MAX), bad)


def store_event(status: str, database_id: str, now: float, name: str = "Postgres") -> PlatformEvent | None:
    """Return the bad event of a data store that is down, None for one that is healthy or under maintenance.

    Render lists no events for databases, so each minute (UTC epoch) of being down is one event of ours.
    """
    if status not in POSTGRES_BROKEN:
        return None
    event_id = f"{database_id}-{status}-{int(now // 60)}"
    return PlatformEvent(event_id, now, "postgres_unavailable", f"{name} is not available: {status}", bad=True)


def reason(raw: object, subject: str = "instance") -> str:
    """Return the cause of a failure, from an event's `details.reason`."""
    # Where several of these fields are filled, the most specific cause is the one to show.
    why = mapping(raw)
    if why.get("oomKilled"):
        limit = text(mapping(why["oomKilled"]).get("memoryLimit"))
        return f"{subject} ran out of memory" + (f" (limit {limit})" if limit else "")
    if why.get("evicted"):
        because = text(why.get("evictionReason"))
        return f"{subject} was evicted by the platform" + (f": {because}" if because else "")
    if why.get("unhealthy"):
        return f"{subject} failed its health check: {text(why['unhealthy']) or 'no detail given'}"
    if why.get("timedOutSeconds") or why.get("timedOutReason"):
        seconds, because = why.get("timedOutSeconds"), text(why.get("timedOutReason"))
        return f"{subject} timed out" + (f" after {seconds} s" if seconds else "") + (f": {because}" if because else "")
    if isinstance(why.get("nonZeroExit"), int):
        return f"{subject} exited with status {why['nonZeroExit']}"
    if why.get("earlyExit"):
        return f"{subject} exited early"
    return f"{subject} failed (Render gives no reason)"


def _server_failed(_: str, details: Mapping[str, Any]) -> tuple[str, bool]:
    return reason(details.get("reason")), True


def _hardware(_: str, __: Mapping[str, Any]) -> tuple[str, bool]:
    return "the hardware below an instance failed", True


def _image_pull(_: str, details: Mapping[str, Any]) -> tuple[str, bool]:
    image, why = text(details.get("imageURL")) or "the image", text(details.get("message"))
    return f"{image} could not be pulled" + (f": {why}" if why else ""), True


def _run(kind: str, details: Mapping[str, Any]) -> tuple[str, bool]:
    """Describe a cron run.

    A one-off job's failure is never bad: people start such jobs by hand, apart from the service.
    """
    subject, status = ("cron run" if kind.startswith("cron") else "job"), text(details.get("status"))
    if status in ("unsuccessful", "failed"):
        return reason(details.get("reason"), subject), kind.startswith("cron")
    return f"{subject} {status or 'ended'}", False


def _step_ended(kind: str, details: Mapping[str, Any]) -> tuple[str, bool]:
    """Describe the end of a build, pre-deploy step or deploy; a failed pre-deploy may have changed the database."""
    step, deploy = kind.removesuffix("_ended").replace("_", "-"), text(details.get("deployId"))
    named = (text(details.get(key)) for key in ("deployStatus", "preDeployStatus", "buildStatus"))
    status = next(filter(None, named), "ended")
    words = f"{step}{' of ' + deploy if deploy else ''} {status}"
    failure = mapping(mapping(details.get("reason")).get("failure"))
    if status == "failed" and failure:
        words += f": {reason(failure, 'it')}"
    return words, kind == "pre_deploy_ended" and status == "failed"


def _count(_: str, details: Mapping[str, Any]) -> tuple[str, bool]:
    before = details.get("fromInstances", details.get("from"))
    after = details.get("toInstances", details.get("to"))
    return f"instance count changed from {before} to {after}", False


def _plain(kind: str, _: Mapping[str, Any]) -> tuple[str, bool]:
    return kind.replace("_", " "), False


_TELL: Mapping[str, Callable[[str, Mapping[str, Any]], tuple[str, bool]]] = {
    "server_failed": _server_failed,
    "server_hardware_failure": _hardware,
    "image_pull_failed": _image_pull,
    "cron_job_run_ended": _run,
    "job_run_ended": _run,
    "pre_deploy_ended": _step_ended,
    "build_ended": _step_ended,
    "deploy_ended": _step_ended,
    "instance_count_changed": _count,
}


class EventChanges:
    """The configuration changes of one service, as its events report them. Limited, best-effort.

    `read_at` (UTC epoch seconds) is the last good reading, and `newest` the newest deploy then. `tried_at` (monotonic
    seconds) is the last attempt; `failed` its result, and `lacking` the permission that the key lacked.
    """

    KEPT = 500

    def __init__(self) -> None:
        self.read_at: float | None = None
        self.tried_at: float | None = None
        self.newest: str | None = None
        self.failed = False
        self.lacking = ""
        self._by_deploy: dict[str, str] = {}
        self._counted: dict[str, float] = {}

    @property
    def unread(self) -> str:
        """Return the remark on a deploy whose events were not read: its configuration may have changed."""
        return f"{UNREAD[:-1]}: the key lacks {self.lacking})" if self.lacking else UNREAD

    def learn(self, raw: object) -> None:
        """Remember the change of configuration that one event reports."""
        body = mapping(raw)
        details, at = mapping(body.get("details")), parse_time(body.get("timestamp"))
        if body.get("type") == "deploy_started":
            trigger = mapping(details.get("trigger"))
            changed = (
                "environment" if trigger.get("envUpdated") is True else plain(text(trigger.get("updatedProperty")))
            )
            if changed and text(details.get("deployId")):
                self._by_deploy[text(details.get("deployId"))] = changed
        if body.get("type") == "instance_count_changed" and at is not None and text(body.get("id")):
            # By event id, not by deploy: the event names none, so `mark` finds the deploy by time.
            self._counted[text(body.get("id"))] = at
        # A service lives for years, and only its recent deploys are candidates.
        for kept in (self._by_deploy, self._counted):
            while len(kept) > self.KEPT:
                del kept[next(iter(kept))]

    def not_covered(self, deploys: Sequence[Deploy]) -> int:
        """Return how many of the deploys (newest first) came after the last good reading."""
        ids = [deploy.id for deploy in deploys]
        return ids.index(self.newest) if self.newest in ids else len(ids)

    def mark(self, deploys: Sequence[Deploy]) -> tuple[Deploy, ...]:
        """Return the deploys (newest first), each with its changes of configuration.

        A changed instance count belongs to the first deploy after it, else to the newest, which runs with it.
        """
        found = {deploy.id: [self._by_deploy[deploy.id]] for deploy in deploys if deploy.id in self._by_deploy}
        for at in self._counted.values():
            if deploys and at >= deploys[-1].created_at:
                later = [deploy for deploy in deploys if deploy.created_at > at]
                names = found.setdefault((later[-1] if later else deploys[0]).id, [])
                names.extend([] if INSTANCE_COUNT in names else [INSTANCE_COUNT])
        return tuple(replace(deploy, changed=tuple(found.get(deploy.id, ()))) for deploy in deploys)

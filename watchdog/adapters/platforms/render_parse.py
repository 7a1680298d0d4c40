"""Render's bodies in our words. Pure, and more tolerant than Render's own schema.

Rule 1: real bodies hold nulls, lack fields and bring new enum values: none of these is an error.
Rule 2: an unreadable field is None, never a guess that looks healthy.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchdog.adapters.json_values import mapping, text
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Misshapen
from watchdog.domain.units import parse_time
from watchdog.ports import MaintenanceSetting, Scaling

# Git limits no message, and each deploy is saved with the state.
MESSAGE_MAX = 8192
"""Characters of a commit message that are kept: both ends, since trailers stand at the end."""
MAINTENANCE = frozenset({"maintenance_in_progress", "config_restart", "updating_instance", "recovery_in_progress"})


def show_time(at: float) -> str:
    """Return an RFC 3339 timestamp in UTC for UTC epoch seconds, the form of Render's query parameters."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_deploy(raw: object) -> Deploy | None:
    """Return a deploy, or None when it has no id."""
    body = mapping(raw)
    deploy_id = text(body.get("id"))
    if not deploy_id:
        return None
    commit, image = mapping(body.get("commit")), mapping(body.get("image"))
    started, finished = parse_time(body.get("startedAt")), parse_time(body.get("finishedAt"))
    created = parse_time(body.get("createdAt"))
    return Deploy(
        id=deploy_id,
        status=text(body.get("status")) or "unknown",
        trigger=text(body.get("trigger")) or "other",
        commit=text(commit.get("id")) or None,
        commit_message=_both_ends(text(commit.get("message"))),
        image_ref=text(image.get("ref")) or None,
        image_sha=text(image.get("sha")) or None,
        # Decisions order deploys by this time, so a missing one falls back to the next best.
        created_at=created or started or parse_time(body.get("updatedAt")) or 0.0,
        started_at=started,
        finished_at=finished,
    )


def check_deploys(rows: Sequence[object]) -> None:
    """Raise Misshapen, with the field's name, for a deploy without an id, a status or a creation time."""
    for row in map(mapping, rows):
        missing = [key for key in ("id", "status") if not text(row.get(key))]
        missing += ["createdAt"] if parse_time(row.get("createdAt")) is None else []
        if missing:
            raise Misshapen(f"Render lists a deploy without {', '.join(missing)}")


def parse_service(raw: object) -> ServiceFacts | None:
    """Return the facts of a service, or None when it has no id."""
    body = mapping(raw)
    service_id = text(body.get("id"))
    if not service_id:
        return None
    details = mapping(body.get("serviceDetails"))
    build = mapping(details.get("envSpecificDetails"))
    return ServiceFacts(
        id=service_id,
        name=text(body.get("name")) or service_id,
        kind=text(body.get("type")) or "unknown",
        region=text(details.get("region")) or None,
        auto_deploy=_auto_deploy(body),
        suspended=body.get("suspended") == "suspended",
        maintenance=mapping(details.get("maintenanceMode")).get("enabled") is True,
        pre_deploy_command=text(build.get("preDeployCommand")).strip() or None,
        url=text(details.get("url")) or None,
        dashboard_url=text(body.get("dashboardUrl")) or None,
        repo=text(body.get("repo")) or None,
        suspenders=_texts(body.get("suspenders")),
        branch=text(body.get("branch")) or None,
    )


def parse_scaling(raw: object) -> Scaling:
    """Return how a service is scaled; of an autoscaled one the answer does not show the number."""
    details = mapping(mapping(raw).get("serviceDetails"))
    number = details.get("numInstances")
    known = number if isinstance(number, int) and not isinstance(number, bool) else None
    return Scaling(known, mapping(details.get("autoscaling")).get("enabled") is True)


def parse_maintenance(raw: object) -> MaintenanceSetting | None:
    """Return the setting of maintenance mode, or None where the answer does not show it whole."""
    found = mapping(mapping(mapping(raw).get("serviceDetails")).get("maintenanceMode"))
    enabled, page = found.get("enabled"), found.get("uri")
    return MaintenanceSetting(enabled, page) if isinstance(enabled, bool) and isinstance(page, str) else None


def parse_store(raw: object, kind: str = "postgres") -> ServiceFacts | None:
    """Return the facts of a data store (kind "postgres" or "key-value", nothing to deploy), or None without an id."""
    body = mapping(raw)
    database_id = text(body.get("id"))
    if not database_id:
        return None
    return ServiceFacts(
        id=database_id,
        name=text(body.get("name")) or database_id,
        kind=kind,
        region=text(body.get("region")) or None,
        suspended=body.get("suspended") == "suspended",
        maintenance=text(body.get("status")) in MAINTENANCE,
        dashboard_url=text(body.get("dashboardUrl")) or None,
        suspenders=_texts(body.get("suspenders")),
    )


def unwrap(page: object, key: str) -> tuple[list[object], str | None]:
    """Return the objects of a list body `[{"cursor": …, key: {…}}]` and the cursor that leads on from its end."""
    rows = [row for row in page if isinstance(row, Mapping)] if isinstance(page, list) else []
    cursor = text(rows[-1].get("cursor")) if rows else ""
    return [row[key] for row in rows if key in row], cursor or None


def newest_first(deploys: Sequence[Deploy]) -> tuple[Deploy, ...]:
    """Return deploys once each, newest first; in Render's own order if a creation time is missing."""
    # Pages shift while they are read, so a deploy may come twice; the first copy wins.
    once = tuple({deploy.id: deploy for deploy in reversed(deploys)}.values())[::-1]
    if all(deploy.created_at for deploy in once):
        return tuple(sorted(once, key=lambda deploy: deploy.created_at, reverse=True))
    return once


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _auto_deploy(body: Mapping[str, Any]) -> str:
    """Return `autoDeployTrigger`, else the meaning of the deprecated `autoDeploy`, else "unknown" (never "off")."""
    trigger = text(body.get("autoDeployTrigger"))
    # "off" by mistake would mean that the pin holds, and a new push could replace the rolled-back version.
    return trigger or {"yes": "commit", "no": "off"}.get(text(body.get("autoDeploy")), "unknown")


def _both_ends(message: str) -> str:
    half = MESSAGE_MAX // 2
    return message if len(message) <= MESSAGE_MAX else f"{message[:half]}\n…\n{message[-half:]}"

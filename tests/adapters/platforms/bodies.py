"""Bodies as Render sends them, short ones for tests."""

from typing import Any

from watchdog.adapters.platforms.render_parse import show_time

START = 1_780_000_000.0


def deploy(number: int, **fields: Any) -> dict[str, Any]:
    """Return a deploy: made `number` minutes after START, live unless said otherwise."""
    made = show_time(START + 60 * number)
    return {
        "id": f"dep-{number}",
        "commit": {"id": f"c{number:039d}", "message": f"change {number}", "createdAt": made},
        "status": "deactivated",
        "trigger": "new_commit",
        "createdAt": made,
        "updatedAt": made,
        "startedAt": made,
        "finishedAt": show_time(START + 60 * number + 30),
        **fields,
    }


def page(key: str, *objects: Any) -> list[dict[str, Any]]:
    """Return a list body; the cursor of each row is the id of its object."""
    return [{"cursor": f"after-{thing['id']}", key: thing} for thing in objects]


def event(number: int, kind: str, minute: float = 0.0, **details: Any) -> dict[str, Any]:
    return {
        "id": f"evt-{number}",
        "timestamp": show_time(START + 60 * minute),
        "serviceId": "srv-web",
        "type": kind,
        "details": details,
    }


def service(service_id: str = "srv-web", **fields: Any) -> dict[str, Any]:
    return {
        "id": service_id,
        "name": "web",
        "type": "web_service",
        "autoDeploy": "yes",
        "autoDeployTrigger": "commit",
        "suspended": "not_suspended",
        "suspenders": [],
        "dashboardUrl": f"https://dashboard.example/web/{service_id}",
        "repo": "https://git.example/acme/web",
        "serviceDetails": {
            "url": "https://web.example",
            "region": "oregon",
            "maintenanceMode": {"enabled": False, "uri": ""},
            "envSpecificDetails": {"buildCommand": "make", "startCommand": "serve"},
        },
        **fields,
    }

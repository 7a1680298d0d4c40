"""Render's JSON bodies: one function per schema, as documented, with the chosen quirks."""

from collections.abc import Sequence
from typing import Any

from watchdog.sandbox.clock import iso
from watchdog.sandbox.world import BRANCH, Deploy, PlatformEvent, Service

OWNER = "tea-sandbox"
DASHBOARD = "https://dashboard.render.com"
KIND_PAGES = {"web_service": "web", "background_worker": "worker"}


def service_json(service: Service, quirks: frozenset[str]) -> dict[str, Any]:
    """Return a service."""
    body: dict[str, Any] = {
        "id": service.id,
        "autoDeploy": "no" if service.auto_deploy_trigger == "off" else "yes",
        "autoDeployTrigger": service.auto_deploy_trigger,
        "branch": BRANCH,
        "createdAt": iso(service.created_at),
        "dashboardUrl": f"{DASHBOARD}/{KIND_PAGES.get(service.kind, service.kind)}/{service.id}",
        "name": service.name,
        "notifyOnFail": "default",
        "ownerId": OWNER,
        "repo": service.repo,
        "rootDir": "",
        "slug": f"{service.name}-acme",
        "suspended": "suspended" if service.suspended else "not_suspended",
        "suspenders": list(service.suspenders),
        "type": service.kind,
        "updatedAt": iso(service.updated_at),
        "serviceDetails": _details(service),
    }
    if "legacy_auto_deploy" in quirks and service.name != "web":
        del body["autoDeployTrigger"]
    if "extra_fields" in quirks:
        body["artifactSourceId"] = "ars-sandbox"
    return body


def _details(service: Service) -> dict[str, Any]:
    commands = {"buildCommand": "pip install .", "startCommand": "python -m acme"}
    if service.pre_deploy_command is not None:
        commands["preDeployCommand"] = service.pre_deploy_command
    details: dict[str, Any] = {
        "buildPlan": "starter",
        "env": "python",
        "envSpecificDetails": commands,
        "numInstances": service.instances,
        "plan": "starter",
        "previews": {"generation": "off"},
        "pullRequestPreviewsEnabled": "no",
        "region": "oregon",
        "runtime": "python",
        "maxShutdownDelaySeconds": 30,
    }
    if service.autoscaled:
        off = {"enabled": False, "percentage": 0}
        criteria = {"cpu": {"enabled": True, "percentage": 80}, "memory": off}
        details["autoscaling"] = {"enabled": True, "min": 1, "max": 3, "criteria": criteria}
    if service.kind == "web_service":
        details |= {
            "healthCheckPath": "/healthz",
            "maintenanceMode": {"enabled": service.maintenance, "uri": service.maintenance_page},
            "openPorts": [{"port": 10000, "protocol": "TCP"}],
            "url": service.url,
        }
    return details


def deploy_json(deploy: Deploy, quirks: frozenset[str]) -> dict[str, Any]:
    """Return a deploy."""
    body: dict[str, Any] = {"id": deploy.id}
    if deploy.commit is not None:
        body["commit"] = {"id": deploy.commit, "message": deploy.message, "createdAt": iso(deploy.created_at - 60)}
    elif "commit_null" in quirks:
        body["commit"] = None
    if deploy.image_ref is not None:
        body["image"] = {"ref": deploy.image_ref, "sha": deploy.image_sha or ""}
    body |= {
        "status": deploy.status,
        "trigger": deploy.trigger,
        "createdAt": iso(deploy.created_at),
        "updatedAt": iso(deploy.updated_at),
    }
    if deploy.started_at is not None and "started_at_absent" not in quirks:
        body["startedAt"] = iso(deploy.started_at)
    if deploy.finished_at is not None:
        body["finishedAt"] = iso(deploy.finished_at)
    elif "finished_at_null" in quirks:
        body["finishedAt"] = None
    if "extra_fields" in quirks:
        body["artifactId"] = body["buildId"] = f"art-{deploy.id}"
    return body


def event_json(event: PlatformEvent) -> dict[str, Any]:
    """Return an event of a service."""
    return {
        "id": event.id,
        "timestamp": iso(event.at),
        "serviceId": event.service_id,
        "type": event.type,
        "details": event.details,
    }


def postgres_json(database_id: str, status: str, at: float) -> dict[str, Any]:
    """Return a database in detail."""
    return {
        "id": database_id,
        "ipAllowList": [],
        "createdAt": iso(at - 90 * 86_400),
        "updatedAt": iso(at - 3600),
        "dashboardUrl": f"{DASHBOARD}/d/{database_id}",
        "databaseName": "acme",
        "databaseUser": "acme",
        "highAvailabilityEnabled": False,
        "name": "main",
        "owner": {"id": OWNER, "name": "Acme", "email": "owner@acme.example", "type": "team"},
        "project": {"id": "prj-sandbox", "name": "Acme", "environmentIds": []},
        "plan": "basic_1gb",
        "region": "oregon",
        "readReplicas": [],
        "role": "primary",
        "status": status,
        "version": "17",
        "suspended": "not_suspended",
        "suspenders": [],
        "diskAutoscalingEnabled": False,
    }


def project_json(at: float) -> dict[str, Any]:
    """Return the project."""
    return {
        "id": "prj-sandbox",
        "createdAt": iso(at - 90 * 86_400),
        "updatedAt": iso(at - 3600),
        "name": "Acme",
        "owner": {"id": OWNER, "name": "Acme", "email": "owner@acme.example", "type": "team"},
        "environmentIds": ["evm-production"],
    }


def environment_json(service_ids: Sequence[str], name: str = "Production") -> dict[str, Any]:
    """Return the environment that holds these services."""
    return {
        "id": f"evm-{name.lower()}",
        "name": name,
        "projectId": "prj-sandbox",
        "databasesIds": ["dpg-main"] if name == "Production" else [],
        "redisIds": [],
        "serviceIds": list(service_ids),
        "envGroupIds": [],
        "protectedStatus": "unprotected",
        "networkIsolationEnabled": False,
    }

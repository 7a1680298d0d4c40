"""Render's bodies in the details that matter to a reader: what is absent, what is null, what follows what."""

from watchdog.sandbox.vendors.quirks import chosen
from watchdog.sandbox.vendors.render_bodies import deploy_json, service_json
from watchdog.sandbox.world import Service, past_deploy, services_at_start, strange_history

NONE: frozenset[str] = frozenset()


def test_deploys_and_services_as_recorded() -> None:
    """Documented: absent. Recorded: null."""
    image = strange_history(chosen(["commit_null"]))[0]
    assert "commit" not in deploy_json(image, NONE)
    assert deploy_json(image, chosen(["commit_null"]))["commit"] is None
    assert deploy_json(image, NONE)["image"]["ref"] == "docker.io/acme/web:latest"
    running = past_deploy("50", "42", 10, "build_in_progress")
    running.finished_at = None
    assert "finishedAt" not in deploy_json(running, NONE)
    assert deploy_json(running, chosen(["finished_at_null"]))["finishedAt"] is None
    assert "startedAt" in deploy_json(running, NONE)
    assert "startedAt" not in deploy_json(running, chosen(["started_at_absent"]))
    legacy = service_json(Service("srv-api", "api", auto_deploy_trigger="off"), chosen(["legacy_auto_deploy"]))
    assert legacy["autoDeploy"] == "no" and "autoDeployTrigger" not in legacy


def test_a_worker_has_no_address() -> None:
    jobs = services_at_start(NONE)[2]
    details = service_json(jobs, NONE)["serviceDetails"]
    assert {"url", "openPorts", "healthCheckPath", "maintenanceMode"} & details.keys() == set()

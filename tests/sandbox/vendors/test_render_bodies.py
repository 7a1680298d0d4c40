"""Render's bodies in the details that matter to a reader: what is absent, what is null, what follows what."""

import pytest

from watchdog.sandbox.vendors.quirks import chosen
from watchdog.sandbox.vendors.render_bodies import deploy_json, service_json
from watchdog.sandbox.world import Service, past_deploy, services_at_start, strange_history

NONE: frozenset[str] = frozenset()


def test_deploys_as_recorded() -> None:
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


@pytest.mark.parametrize(("trigger", "legacy"), [("commit", "yes"), ("checksPass", "yes"), ("off", "no")])
def test_the_deprecated_auto_deploy_follows_the_trigger(trigger: str, legacy: str) -> None:
    service = Service("srv-api", "api", auto_deploy_trigger=trigger)
    body = service_json(service, NONE)
    assert (body["autoDeploy"], body["autoDeployTrigger"]) == (legacy, trigger)
    body = service_json(service, chosen(["legacy_auto_deploy"]))
    assert body["autoDeploy"] == legacy and "autoDeployTrigger" not in body


def test_a_worker_has_no_address() -> None:
    jobs = services_at_start(NONE)[2]
    details = service_json(jobs, NONE)["serviceDetails"]
    assert {"url", "openPorts", "healthCheckPath", "maintenanceMode"} & details.keys() == set()

"""The Blueprints: shaped as Render documents them, safe as we need them, and named in the README.

The schema is our own, from the fields that Render documents: a word that it does not know is a typing mistake.
"""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.settings.texts import ALL_SECRETS, SMALL, changed, loaded
from watchdog.daemon.supervision.lease_manager import TTL_SECONDS
from watchdog.settings import SECRET_NAMES

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BLUEPRINTS = sorted(path.name for path in DEPLOY.glob("render*.yaml"))
WORKERS = "render-workers.yaml"

TEXT, COUNT = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}


def thing(required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object that has no other keys."""
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


DATABASE_VALUE = {"enum": ["host", "port", "database", "user", "password", "connectionString"]}
VARIABLE = {
    "oneOf": [
        thing("key value", key=TEXT, value=TEXT),
        thing("key sync", key=TEXT, sync={"const": False}),
        thing("key fromDatabase", key=TEXT, fromDatabase=thing("name property", name=TEXT, property=DATABASE_VALUE)),
    ]
}
SERVICE = thing(
    "type name runtime plan envVars",
    type={"enum": ["web", "pserv", "worker"]},
    name=TEXT,
    runtime={"enum": ["docker", "python"]},
    dockerfilePath=TEXT,
    dockerContext=TEXT,
    plan={"enum": ["starter", "standard", "pro"]},
    autoDeployTrigger={"enum": ["commit", "checksPass", "off"]},
    numInstances=COUNT,
    maxShutdownDelaySeconds={"type": "integer", "minimum": 1, "maximum": 300},
    disk=thing("name mountPath", name=TEXT, mountPath={"type": "string", "pattern": "^/"}, sizeGB=COUNT),
    envVars={"type": "array", "minItems": 1, "items": VARIABLE},
)
CLOSED = {"type": "array", "maxItems": 0}
DATABASE = thing("name plan", name=TEXT, plan=TEXT, databaseName=TEXT, user=TEXT, ipAllowList=CLOSED)
SCHEMA = thing(
    "services",
    services={"type": "array", "minItems": 1, "items": SERVICE},
    databases={"type": "array", "items": DATABASE},
)


def blueprint(name: str) -> dict[str, Any]:
    """Return a Blueprint."""
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def variables(service: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a service's variables by name."""
    return {item["key"]: item for item in service["envVars"]}


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_a_blueprint_has_only_fields_that_render_documents(name: str) -> None:
    """Each at its place, with a value it can have."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(blueprint(name))] == []


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_no_secret_is_written_and_each_is_one_of_ours(name: str) -> None:
    """Secrets are asked for once, or come from the database; nothing is typed wrong."""
    (service,) = blueprint(name)["services"]
    for key, item in variables(service).items():
        if key.startswith("WATCHDOG_"):
            assert key in {*SECRET_NAMES, "WATCHDOG_CONFIG_YAML"}
            assert "value" not in item
    text = (DEPLOY / name).read_text(encoding="utf-8")
    assert set(re.findall(r"WATCHDOG_[A-Z_]+", text)) <= {*SECRET_NAMES, "WATCHDOG_CONFIG_YAML"}
    assert service["maxShutdownDelaySeconds"] >= 30 and service["autoDeployTrigger"] == "off"


@pytest.mark.parametrize("name", [name for name in BLUEPRINTS if name != WORKERS])
def test_one_instance_has_a_disk(name: str) -> None:
    """SQLite on a disk means one instance."""
    (service,) = blueprint(name)["services"]
    assert service["type"] in ("worker", "pserv") and service["numInstances"] == 1 and service["disk"]["sizeGB"] >= 1
    assert "WATCHDOG_STORE_URL" not in variables(service) and "databases" not in blueprint(name)


def test_several_workers_have_a_database_and_no_disk() -> None:
    """A disk would forbid a second instance; the database is its own, and closed to the outside."""
    (service,), (database,) = blueprint(WORKERS)["services"], blueprint(WORKERS)["databases"]
    assert service["type"] == "worker" and service["numInstances"] >= 2 and "disk" not in service
    url = variables(service)["WATCHDOG_STORE_URL"]["fromDatabase"]
    assert url == {"name": database["name"], "property": "connectionString"}
    assert database["plan"] != "free" and database["ipAllowList"] == []
    assert service["maxShutdownDelaySeconds"] > TTL_SECONDS


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_the_url_that_render_gives_is_taken(scheme: str) -> None:
    """A private name without a port, either spelling of the scheme; the one line needed is in the README."""
    url = f"{scheme}://watchdog:secret@dpg-abc-a/watchdog"
    text = changed("channels:", "store: postgresql\nchannels:", SMALL)
    settings = loaded(text, {"WATCHDOG_STORE_URL": url, "RENDER": "true"})
    assert settings.store_url == url
    assert not [warning for warning in settings.warnings if "store" in warning.lower()]
    assert "store: postgresql" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_reference_may_be_shared_among_workers() -> None:
    """One configuration line is the difference, whatever else is configured."""
    text = (ROOT / "config" / "watchdog.yaml").read_text(encoding="utf-8")
    shared = re.sub(r"^store: \S+", "store: postgresql", text, flags=re.MULTILINE)
    assert shared != text
    loaded(shared, {**ALL_SECRETS, "WATCHDOG_STORE_URL": "postgresql://watchdog:secret@dpg-abc-a/watchdog"})


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_the_readme_names_each_blueprint(name: str) -> None:
    """What nobody is told of, nobody uses."""
    assert f"deploy/{name}" in (ROOT / "README.md").read_text(encoding="utf-8")

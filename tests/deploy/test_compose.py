"""`docker compose up`: the file by its published schema, what it mounts, its commands run here without an engine."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support.child_processes import program
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.prometheus_server import free_fixed_port, running_prometheus
from watchdog.app.sandbox_demo.sandbox_process import running, sandbox

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = DEPLOY / "compose"
FILE = COMPOSE / "compose.yaml"
CONTENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = CONTENT["services"]
MOUNTED = "/etc/watchdog/"
"""Where the containers find the folder `deploy`."""


def complaint(file: Path) -> str:
    """Return what is wrong with a file by the schema of the Compose Specification; empty: nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_it_is_a_compose_file(tmp_path: Path) -> None:
    """By the published schema, which refuses a word that it does not know."""
    assert complaint(FILE) == ""
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(FILE.read_text(encoding="utf-8").replace("network_mode", "network_mod"), encoding="utf-8")
    assert "network_mod" in complaint(wrong)


def test_only_this_machine_reaches_it_and_every_image_has_a_version() -> None:
    """The cloud has the ports of all, since they share its network."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["cloud"]["ports"])
    assert {name for name, one in SERVICES.items() if "ports" in one} == {"cloud"}
    assert {one.get("network_mode") for name, one in SERVICES.items() if name != "cloud"} == {"service:cloud"}
    images = [one["image"] for one in SERVICES.values() if "build" not in one]
    assert images and all(":" in one and not one.endswith(":latest") for one in images)


def test_what_it_names_in_the_mounted_folder_is_there() -> None:
    """Configurations of Prometheus and Alertmanager, the first dashboard, the folder of them all."""
    text = "".join(path.read_text(encoding="utf-8") for path in COMPOSE.rglob("*.y*ml"))
    named = {word.strip("\"',}]").partition("=")[2] or word.strip("\"',}]") for word in text.split() if MOUNTED in word}
    paths = {name.partition(MOUNTED)[2] for name in named} - {""}
    assert len(paths) >= 3 and [path for path in paths if not (DEPLOY / path).exists()] == []
    for folder in ("datasources", "dashboards"):
        assert list((COMPOSE / "grafana" / folder).glob("*.yaml")), "as Grafana looks for them"
    assert json.loads((DEPLOY / "grafana" / "watchdog-fleet.json").read_text())["uid"] == "watchdog-fleet"


@pytest.mark.parametrize(
    ("tool", "package", "words"),
    [
        ("promtool", "prometheus", ("check", "config", "prometheus.yml")),
        ("amtool", "prometheus-alertmanager", ("check-config", "alertmanager.yml")),
    ],
)
def test_the_configurations_are_taken(tool: str, package: str, words: tuple[str, ...]) -> None:
    """By the tools that read them; the rules of the alerts are found beside."""
    done = subprocess.run([program(tool, package), *words], cwd=COMPOSE, capture_output=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
async def test_its_commands_give_a_console_and_metrics(tmp_path: Path) -> None:
    """The commands as they stand, with a folder and a port of this test in place of the container's."""
    port = free_fixed_port()
    here = {"/var/data": str(tmp_path / "data"), "0.0.0.0:9464": f"127.0.0.1:{port}", "/tmp/ready": f"{tmp_path}/ready"}

    def mine(words: list[str]) -> list[str]:
        for theirs, ours in here.items():
            words = [word.replace(theirs, ours) for word in words]
        return words

    cloud = SERVICES["cloud"]
    assert cloud["entrypoint"] == ["python", "-m", "watchdog.sandbox"]
    async with sandbox(*mine(cloud["command"])):
        assert (tmp_path / "ready").stat().st_size, "the health check of the cloud"
        async with (
            running("watchdog", *SERVICES["watchdog"]["command"], folder=tmp_path / "data"),
            running_prometheus(tmp_path, {"watchdog": [f"127.0.0.1:{port}"]}) as prometheus,
        ):

            async def seen() -> bool:
                return len(await prometheus.values("watchdog_signal_good")) >= 4

            await prometheus.wait_for(seen)
            ((mode, _),) = await prometheus.values("watchdog_mode_info")
            assert mode["mode"] == "observe"
            async with httpx.AsyncClient(trust_env=False) as browser:
                login = await browser.get(f"http://localhost:{port}/login")
            assert login.status_code == 200 and "watchdog" in login.text

"""Runs the `run:` steps of a workflow for GitHub Actions as its runner does, by bash and without a container.

Rule: an expression that was given no value is an error: a misspelt secret would be an empty text at GitHub.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*([\w.]+)\s*\}\}")
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Workflow:
    """A workflow with one job. `given` has the value of each expression: `secrets.X`, `vars.X`, `github.sha`."""

    path: Path
    given: Mapping[str, str]
    more: Mapping[str, str]  # variables instead of the job's own

    @property
    def text(self) -> dict[Any, Any]:
        read: dict[Any, Any] = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        return read

    @property
    def job(self) -> dict[str, Any]:
        (job,) = self.text["jobs"].values()
        return dict(job)

    def step(self, name: str) -> dict[str, Any]:
        (step,) = (one for one in self.job["steps"] if name in one["name"])
        return dict(step)

    def variables(self, step: Mapping[str, Any]) -> dict[str, str]:
        written = {**self.job.get("env", {}), **step.get("env", {})}
        return {name: EXPRESSION.sub(lambda found: self.given[found[1]], str(value)) for name, value in written.items()}

    def run(self, name: str, folder: Path) -> "subprocess.CompletedProcess[str]":
        """Run a step in a folder, with the flags of GitHub's own bash; nothing of our environment but the path."""
        step = self.step(name)
        assert step["shell"] == "bash" and not EXPRESSION.search(step["run"]), "an expression in a script is injection"
        script = folder / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        environment = {"PATH": os.environ["PATH"], **self.variables(step), **self.more}
        place: dict[str, Any] = {"cwd": folder, "env": environment, "timeout": TIMEOUT_SECONDS}
        return subprocess.run(command, **place, capture_output=True, text=True, check=False)

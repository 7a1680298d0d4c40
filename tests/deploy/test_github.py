"""The repository's own files for GitHub: by their published schemas, with pinned actions and few rights."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.clocks import PATIENCE_SECONDS
from watchdog import __version__

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = [*sorted((GITHUB / "workflows").glob("*.yaml")), ROOT / "deploy" / "github-actions-gate.yaml"]
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yaml"))
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")


def complaint(file: Path, schema: str) -> str:
    """Return what is wrong with a file by a published schema; empty: nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "schema"),
    [*((file, "github-workflows") for file in WORKFLOWS), *((file, "github-issue-forms") for file in FORMS)],
    ids=lambda one: one.stem if isinstance(one, Path) else one,
)
def test_each_file_is_what_github_reads(file: Path, schema: str, tmp_path: Path) -> None:
    """And the schema notices a word that it does not know."""
    assert complaint(file, schema) == ""
    wrong = tmp_path / file.name
    text = file.read_text(encoding="utf-8")
    wrong.write_text(re.sub(r"(?m)^(jobs|body):", r"\1s:", text, count=1), encoding="utf-8")
    assert complaint(wrong, schema) != ""


def steps(file: Path) -> list[dict[str, Any]]:
    """Return the steps of all jobs."""
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_actions_are_pinned_and_rights_are_few(file: Path) -> None:
    """A tag can be moved to other code; a right at the top is every job's."""
    used = [step["uses"] for step in steps(file) if "uses" in step]
    assert used and [one for one in used if not PINNED.fullmatch(one)] == []
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert content["permissions"]["contents"] == "read" and "write" not in content["permissions"].get("id-token", "")
    assert all(job["timeout-minutes"] for job in content["jobs"].values())


def test_ci_runs_what_a_person_runs() -> None:
    """On the oldest Python, where a missing real service is a failure."""
    job = yaml.safe_load((GITHUB / "workflows" / "ci.yaml").read_text(encoding="utf-8"))["jobs"]["ci"]
    (run,) = [step for step in job["steps"] if "run" in step]
    assert (run["run"], run["env"], job["container"]) == (".ci/run", {"CI": "true"}, "python:3.11-bookworm")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


@pytest.mark.parametrize(("tag", "code"), [(f"v{__version__}", 0), ("v99.0.0", 1)])
def test_a_release_has_the_name_of_its_version(tag: str, code: int) -> None:
    """The step of the workflow, as it stands."""
    step = next(
        one for one in steps(GITHUB / "workflows" / "release.yaml") if one.get("name") == "The tag is the version"
    )
    done = subprocess.run(["bash", "-c", step["run"]], cwd=ROOT, env={"GITHUB_REF_NAME": tag, "PATH": "/usr/bin:/bin"})
    assert done.returncode == code


def test_hooks_run_what_the_tests_environment_has() -> None:
    """Each hook begins with a program of `.venv`, so that nothing is fetched before a commit."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [one["repo"] for one in hooks] == ["local"]
    for hook in hooks[0]["hooks"]:
        assert re.match(r"\.venv/bin/(ruff|mypy|lint-imports|python -m tests\.)", hook["entry"])

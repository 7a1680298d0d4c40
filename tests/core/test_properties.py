"""The promises hold over thousands of incidents, and a core that breaks one is found out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.properties import check

pytestmark = pytest.mark.no_cover  # what drawn incidents happen to reach, no test asserts
ROOT = Path(__file__).parents[2]
SHARES = 12
IN_CI = 1
"""So many of them in every run; the others at night."""
EXAMPLES = 2000 // SHARES
MUTANT_EXAMPLES = 400

MUTANTS = {
    "previous deploy": [
        ("core/assess/rollback_target.py", "        why_not = _why_not(deploy, search)\n", '        why_not = ""\n')
    ],
    "forget that it was tried": [
        (
            "core/phases/rollback_request.py",
            "    ctx.update_incident(human_needed=why, human_decision=None)\n",
            "    ctx.update_rollback(tried=False)\n",
        ),
        (
            "core/phases/rollback_request.py",
            "    ctx.enter_phase(Phase.PAGED)\n    # Before the page,",
            "    ctx.enter_phase(Phase.SUSPECT)\n    # Before the page,",
        ),
    ],
    "drop the page": [
        (
            "core/context.py",
            "        self.emit(Tell(notice, channels))\n        self.update_incident(",
            "        self.update_incident(",
        )
    ],
    "act in observe": [
        (
            "core/guards/guards.py",
            '        return blocks("mode", "observe: reports what it would do, changes nothing")\n',
            '        return passes("mode", "observe")\n',
        )
    ],
    "release the brake": [("core/guards/guards.py", "    if wave is None:\n", "    if True:\n")],
    "take the deny-list lightly": [
        ("core/assess/rollback_target.py", '        return "deny-listed"\n', '        return ""\n'),
        ("core/guards/guards.py", "    if target.code in request.state.denied:\n", "    if False:\n"),
    ],
}


def run_properties(examples: int, seed: int, where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the properties against the `watchdog` package found in a folder."""
    environ = {**os.environ, "PYTHONPATH": f"{where}"}
    command = [sys.executable, "-m", "tests.core.properties", str(examples), str(seed), *words]
    return subprocess.run(command, cwd=where, env=environ, capture_output=True, text=True, timeout=600, check=False)


def copy_core(folder: Path) -> Path:
    """Copy the pure floors, with the words of notices, and the properties to a folder of their own."""
    for part in ("watchdog/domain", "watchdog/core", "watchdog/presentation"):
        shutil.copytree(ROOT / part, folder / part)  # with what is compiled: a file that is changed is compiled anew
    shutil.copy(ROOT / "watchdog" / "__init__.py", folder / "watchdog")
    (folder / "tests" / "core").mkdir(parents=True)
    for name in ("limits.py", "world.py", "whole.py", "properties.py"):
        shutil.copy(ROOT / "tests" / "core" / name, folder / "tests" / "core")
    return folder


REACHED_AT_LEAST = {
    "critical": 0.40,
    "accepted": 0.25,
    "verified": 0.12,
    "approved": 0.08,
    "left to a human": 0.10,
    "second incident": 0.01,
    "second rollback": 0.002,
    "told plainly": 0.50,
}


@pytest.mark.no_cover  # a hundred thousand steps, each covered by a test of its own
@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, IN_CI + 1))
def test_no_incident_breaks_a_promise(seed: int) -> None:
    """No second rollback, no denied or same-commit target, no critical incident without recovery or page.

    The incidents must be worth the name: a good share of them reaches a rollback, its proof, a yes, a second one.
    """
    reached = check(EXAMPLES, seed)
    shares = {what: reached[what] / reached["examples"] for what in REACHED_AT_LEAST}
    assert all(shares[what] >= least for what, least in REACHED_AT_LEAST.items()), shares


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(IN_CI + 1, SHARES + 1))
def test_at_night_no_incident_breaks_a_promise_either(seed: int) -> None:
    """The shares that CI leaves out."""
    test_no_incident_breaks_a_promise(seed)


SLOW = "release the brake"
"""Found after hundreds of incidents: by the tests' own judgement at night only."""
SOONER = {SLOW: 3}
"""Seeds whose incidents show a mutant early (this one in the 64th); 1 elsewhere."""


@pytest.mark.long
@pytest.mark.parametrize("name", [pytest.param(one, marks=[pytest.mark.nightly] * (one == SLOW)) for one in MUTANTS])
def test_a_planted_mutant_is_found(name: str, tmp_path: Path) -> None:
    """Each broken core breaks a promise within a few hundred incidents; the mutation must have taken place."""
    where = plant(name, tmp_path)
    found = run_properties(MUTANT_EXAMPLES, 1, where)
    assert found.returncode == 1 and "broken (seed 1)" in found.stderr, found.stderr[-1000:] or found.stdout
    assert str(where) in run_where(where)


@pytest.mark.long
@pytest.mark.parametrize("name", MUTANTS)
def test_the_invariants_themselves_find_a_planted_mutant(name: str, tmp_path: Path) -> None:
    """What looks at every step in production is no weaker than the tests."""
    seed = SOONER.get(name, 1)
    found = run_properties(MUTANT_EXAMPLES, seed, plant(name, tmp_path), "invariants")
    assert found.returncode == 1 and f"broken (seed {seed})" in found.stderr, found.stderr[-1000:] or found.stdout


def plant(name: str, folder: Path) -> Path:
    """Return a folder with a core that has the mutant."""
    where = copy_core(folder)
    for path, old, new in MUTANTS[name]:
        text = (where / "watchdog" / path).read_text()
        assert text.count(old) == 1, f"{path} does not contain {old!r} once"
        (where / "watchdog" / path).write_text(text.replace(old, new))
    return where


def run_where(where: Path) -> str:
    """Return which core a run in that folder imports."""
    command = [sys.executable, "-c", "import watchdog.core; print(watchdog.core.__file__)"]
    environ = {**os.environ, "PYTHONPATH": f"{where}"}
    return subprocess.run(command, cwd=where, env=environ, capture_output=True, text=True, check=True).stdout

"""The mutation command itself can fail: a made-up module with a hole in its test, an argument, the two together."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.mutation import again, arguments, mutants, report
from tests.mutation.__main__ import conclude, groups
from tests.mutation.arguments import Argument
from tests.mutation.mutants import Fate, Mutant
from tests.mutation.plan import ROOT, default_modules, target

MODULE = "watchdog/core/brake.py"
SOURCE = '''
def held(spent, limit):
    """Say whether it is held."""
    return spent >= limit


def why(name):
    return "held by " + name


class Brake:
    def unused(self):
        return 1
'''
TESTS = """
from functools import cache
from watchdog.core.brake import held, why


@cache
def spent():
    return held(3, 2)


def test_held():
    assert spent() and not held(1, 2)
    assert "Alice" in why("Alice")
"""
BOUNDARY = Mutant("m", MODULE, "held", "return spent >= limit", "return spent > limit", Fate.SURVIVED)
LOUD = Mutant("m", MODULE, "why", 'return "held by " + name', 'return "HELD BY " + name', Fate.SURVIVED)


def made_up(folder: Path, tests: str = TESTS, **more: Any) -> list[Mutant]:
    """Return what mutmut made of the made-up module, and what became of it."""
    tree = {
        "watchdog/__init__.py": "",
        "watchdog/core/__init__.py": "",
        MODULE: SOURCE,
        "tests/test_brake.py": tests,
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-q'\n",
    }
    for name, text in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return mutants.run(folder, [MODULE], ["tests/test_brake.py"], **more)


def test_a_hole_in_a_test_is_found_by_its_lines(tmp_path: Path) -> None:
    """The boundary that no test looks at survives, what is looked at is killed, what nothing calls is untested."""
    found = made_up(tmp_path)
    fates = {(mutant.function, mutant.added): mutant.fate for mutant in found}
    assert fates["held", "return spent > limit"] is Fate.SURVIVED
    assert fates["why", 'return "held by " - name'] is Fate.KILLED
    assert fates["why", 'return "HELD BY " + name'] is Fate.SURVIVED
    assert fates["Brake.unused", "return 2"] is Fate.UNTESTED
    outcome = report.Outcome(MODULE, found, 0, [Argument("wording", "only words change", wording=True)])
    assert {mutant.added for mutant in outcome.open} == {"return spent > limit", "return 2"}
    assert conclude([outcome], outcome.arguments) == 1


def test_a_function_is_tried_again_and_the_rest_is_as_it_was(tmp_path: Path) -> None:
    """The test of `held` has become better; what `why` and `unused` let through, they still do."""
    found = made_up(tmp_path)
    report.write(report.Outcome(MODULE, found, 3, []), tmp_path)
    last = report.last(MODULE, tmp_path)
    assert last.open == {"held", "why", "Brake.unused"}
    changed = again.functions(SOURCE.replace("return 1", "return 2"))
    assert {name for name, text in again.functions(SOURCE).items() if changed[name] != text} == {"Brake.unused"}
    better = TESTS.replace("held(3, 2)", "held(2, 2)")
    retried = made_up(tmp_path, better, names=[again.pattern(MODULE, "held")], whole=True)
    assert {one.function for one in retried if one.not_run} == {"why", "Brake.unused"}
    outcome = again.outcome(retried, last, [])
    assert (len(outcome.mutants), outcome.own) == (len(found), 3)
    assert {one.function for one in outcome.open} == {"why", "Brake.unused"}


def test_tests_that_fail_without_any_mutation_are_no_result(tmp_path: Path) -> None:
    """Everything would count as killed."""
    with pytest.raises(RuntimeError, match="mutmut ended with 1"):
        made_up(tmp_path, f"{TESTS}    assert False\n")


@pytest.mark.parametrize(
    ("argument", "mutant", "holds"),
    [
        (Argument("c", "w", lines=r"spent >= limit  =>  return spent > limit"), BOUNDARY, True),
        (Argument("c", "w", lines=r"spent >= limit  =>  return spent < limit"), BOUNDARY, False),
        (Argument("c", "w", module="watchdog/core/*", lines="spent"), BOUNDARY, True),
        (Argument("c", "w", module="watchdog/daemon/*", lines="spent"), BOUNDARY, False),
        (Argument("c", "w", functions=("why", "he*"), lines="spent"), BOUNDARY, True),
        (Argument("c", "w", functions=("why",), lines="spent"), BOUNDARY, False),
        (Argument("c", "w", wording=True), LOUD, True),
        (Argument("c", "w", wording=True), replace(LOUD, added='return "XXheld by XX" + name'), True),
        (Argument("c", "w", wording=True), replace(LOUD, added="return None + name"), False),
        (Argument("c", "w", wording=True), BOUNDARY, False),
    ],
)
def test_an_argument_holds_for_its_lines_only(argument: Argument, mutant: Mutant, holds: bool) -> None:
    """Module, function and lines must all fit; wording is looked at, not believed."""
    assert argument.holds(mutant) is holds


def test_what_is_argued_is_no_failure_and_what_is_unclear_is_one() -> None:
    """An argument covers a survivor, never a mutant that could not be run."""
    argued = [Argument("boundary", "w", lines="spent >= limit")]
    fine = report.Outcome(MODULE, [BOUNDARY, replace(LOUD, fate=Fate.KILLED)], 1, argued)
    assert conclude([fine], argued) == 0
    assert fine.lines() == ["[boundary] held: return spent >= limit  =>  return spent > limit"]
    assert fine.numbers()["share"] == "50.0%"
    assert conclude([replace(fine, mutants=[replace(BOUNDARY, fate=Fate.UNCLEAR)])], argued) == 1
    assert report.idle([fine], [*argued, Argument("idle", "w", lines="nothing")])[0].category == "idle"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[[argued]]\ncategory = "c"\nwhy = "nothing that it is about is named"', ValueError),
        ('[[argued]]\ncategory = "c"\nwhy = "short"\nlines = "x"', ValueError),
        ('[[argued]]\ncategory = "c"\nwhy = "it is argued at length"\nnumber = 7', TypeError),
    ],
)
def test_an_argument_without_a_reason_or_a_place_is_refused(tmp_path: Path, text: str, error: type) -> None:
    (tmp_path / "argued.toml").write_text(text, encoding="utf-8")
    with pytest.raises(error):
        arguments.load(tmp_path / "argued.toml")


@pytest.mark.parametrize("module", default_modules())
def test_every_module_has_tests_to_be_tried_with(module: str) -> None:
    plan = target(module)
    assert all((ROOT / path).exists() for path in (*plan.own, *plan.wide))


def test_the_arguments_of_this_repository() -> None:
    """Each names a module that is there, and has its reason."""
    for argument in arguments.load():
        assert argument.module == "*" or list(ROOT.glob(argument.module)), argument


@pytest.mark.parametrize(("hours", "tried"), [(None, [2, 1]), (0.0, [1]), (1.0, [1, 1, 1])])
def test_a_night_tries_as_many_modules_as_its_hours_allow(
    hours: float | None, tried: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    """One at least; what it did not come to is named. Without a limit, those with the same wide tests go together."""
    names = ["watchdog/core/context.py", "watchdog/core/assess/connectivity.py", "watchdog/daemon/actions/runner.py"]
    found = list(groups([target(name) for name in names], hours))
    assert [len(group) for group in found] == tried
    left = {one.module for group in found for one in group} ^ set(names)
    assert set(capsys.readouterr().out.partition("not tried: ")[2].split()) == left

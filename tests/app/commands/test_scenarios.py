"""Scenario files: every mistake in one clear line with its place; a valid one becomes a class of the lab."""

from dataclasses import fields
from pathlib import Path

import pytest

from watchdog.app.commands.scenario_schema import ServiceShape
from watchdog.app.commands.scenarios import read_scenario, read_scenarios
from watchdog.domain.errors import ConfigurationError
from watchdog.lab.episode import Right
from watchdog.lab.profile import Profile

GOOD = """\
words: the api is slow
deploys:
  - {name: v2, at: [-5m, 0s]}
faults:
  - deploy: v2
    share: [0.2, 0.4]
truth: {right: rollback, deploy: v2}
"""


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    """Return the path of a file with this text, as one types it in that folder."""
    (folder / name).write_text(text, encoding="utf-8")
    return Path(name)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as found:
        read_scenario(written(folder, text), folder)
    return [str(one) for one in found.value.mistakes]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("words: the api is slow", "wrods: x", "mine.yaml:1: wrods: unknown key -> did you mean words?"),
        ("words: the api is slow\n", "", "mine.yaml:1: words: missing -> add words: …"),
        ("right: rollback", "right: rolback", "mine.yaml:7: truth.right: not one of the choices"),
        ("[0.2, 0.4]", "[0.4, 0.2]", "mine.yaml:6: faults[0].share: the range is upside down"),
        ("[0.2, 0.4]", "[0.4]", "mine.yaml:6: faults[0].share: not a range -> write [low, high]"),
        ("[0.2, 0.4]", "[0.2, 1.4]", "mine.yaml:6: faults[0].share: out of bounds -> write something from 0 to 1"),
        ("[0.2, 0.4]", "[0.2, .nan]", "mine.yaml:6: faults[0].share: out of bounds"),
        ("[0.2, 0.4]", "many", "mine.yaml:6: faults[0].share: not a number -> write a number, or a range"),
        ("[0.2, 0.4]", "true", "mine.yaml:6: faults[0].share: not a number"),
        ("[0.2, 0.4]", "0", "mine.yaml:5: faults[0]: it shows nothing"),
        ("[-5m, 0s]", "[-5m, 0]", "mine.yaml:3: deploys[0].at: a duration needs a unit -> write 0s"),
        ("[-5m, 0s]", "-2h", "mine.yaml:3: deploys[0].at: out of bounds -> write something from -5400s to 86400s"),
        ("name: v2", "name: v3", "mine.yaml:5: faults[0].deploy: no such deploy"),
        ("name: v2", "name: previous", "mine.yaml:3: deploys[0].name: that name is taken"),
        ("name: v2", "name: v2, service: wbe", "mine.yaml:3: deploys[0].service: no such service -> did you mean web?"),
        ("    share", "    services: [shop]\n    share", "mine.yaml:8: truth.deploy: nothing shows that it did it"),
        ("    share", "    begins: -5s\n    share", "mine.yaml:6: faults[0].begins: before its deploy serves"),
        ("    share", "    every: 5m\n    share", "mine.yaml:5: faults[0]: each_lasts is missing"),
        ("    share", "    every: 5m\n    each_lasts: 5m\n    share", "mine.yaml:7: faults[0].each_lasts: it never"),
        ("    share", "    new_error: X\n    share", "mine.yaml:6: faults[0].new_error: there are no errors"),
        ("    share", "    routes: [checkout]\n    share", "mine.yaml:6: faults[0].routes[0]: not one of the choices"),
        (", deploy: v2}", "}", "mine.yaml:7: truth.right: no deploy did it"),
        (", deploy: v2}", ", deploy: v2, target: v1}", "mine.yaml:7: truth.target: no such deploy to go back to"),
        (", deploy: v2}", ", deploy: v2, target: v2}", "mine.yaml:7: truth.target: no such deploy to go back to"),
        (", deploy: v2}", ", deploy: v2, service: shop}", "mine.yaml:7: truth.service: the deploy is another serv"),
        ("truth:", "services: {'on': {}}\ntruth:", "mine.yaml:7: services.on: not a name for a service"),
        ("truth:", "services: {x: {traffic: 5}}\ntruth:", "mine.yaml:7: services.x.traffic: unknown key"),
        ("truth:", "depends_on: {api: [x]}\ntruth:", "mine.yaml:7: depends_on.api: no such service"),
        ("truth:", "vendors_down: {aws: {}}\ntruth:", "mine.yaml:7: vendors_down.aws: no such status page"),
        ("truth:", "words: again\ntruth:", "mine.yaml:7: words: written twice"),
        ("truth:", "truth: [", "mine.yaml:7: not valid YAML: the [ that begins here is never closed"),
        (GOOD, "- a list", "mine.yaml:1: not a mapping of keys to values -> start from config/scenarios/"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    found = mistakes(tmp_path, GOOD.replace(old, new, 1))
    assert found and found[0].startswith(told), found
    assert all("\n" not in one for one in found)


def test_all_mistakes_are_told_at_once_and_of_all_files(tmp_path: Path) -> None:
    """In the order of the lines; a name that is taken, and a file that is not there, are mistakes as well."""
    assert len(mistakes(tmp_path, GOOD.replace("0.4]", "4]").replace("-5m", "-5w"))) == 2
    written(tmp_path, GOOD, "hard-down.yaml")
    with pytest.raises(ConfigurationError) as found:
        read_scenarios([Path("hard-down.yaml"), Path("gone.yaml")], tmp_path)
    told = [str(one) for one in found.value.mistakes]
    assert told[0].startswith("hard-down.yaml: there is a fault class of that name")
    assert told[1].startswith("gone.yaml: cannot be read (FileNotFoundError)")


def test_what_is_right_is_a_class_named_after_its_file_and_every_trait_of_a_service_can_be_written(
    tmp_path: Path,
) -> None:
    assert {one.name.removesuffix("_seconds") for one in fields(Profile)} == set(ServiceShape.model_fields)
    kind = read_scenario(written(tmp_path, GOOD), tmp_path)
    assert (kind.name, kind.words, kind.weight, kind.file) == ("mine", "the api is slow", 1.0, "mine.yaml")
    assert kind.deploy_caused and kind.scene("a").truth.right is Right.ROLLBACK

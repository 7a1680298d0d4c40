"""What the table of wheels asks about is what is promised; pip is understood. No registry is asked."""

import tomllib

import pytest

from tests.wheels import LACKS, ROOT, command, promised, sets

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_promised_pythons_have_no_gap_and_begin_where_the_project_says() -> None:
    """The classifiers, and `requires-python`, which lets newer ones in as well."""
    oldest = int(PROJECT["requires-python"].removeprefix(">=3."))
    pythons = promised(PROJECT)
    assert pythons == tuple(f"3.{oldest + step}" for step in range(len(pythons)))
    assert (oldest, pythons[-1]) == (11, "3.15")


def test_every_dependency_is_asked_about() -> None:
    """Each set has the ones before; in the last one is all that pyproject.toml names but the project itself."""
    found = {name: set(lines) for name, lines in sets(PROJECT).items()}
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    assert found["run time"] == set(PROJECT["dependencies"])
    assert found["run time"] < found["extras"] < found["dev"]
    assert {*PROJECT["dependencies"], *extras} - found["dev"] == {
        "render-watchdog[postgres,console,slack,apprise,mcp]",
        "render-watchdog[all]",
    }


def test_only_wheels_are_taken() -> None:
    """A source that would have to be built counts as lacking."""
    line = command("uv", "3.15", "aarch64")
    assert {"--only-binary=:all:", "--python-version=3.15", "--python-platform=aarch64-manylinux_2_28"} <= set(line)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Because google-re2==1.1.20251105 has no wheels with a matching Python ABI tag (e.g., `cp315`)", "google-re2"),
        ("Because slipcover{python_full_version < '3.15'}==1.1.0 has no usable wheels and only", "slipcover"),
    ],
)
def test_what_lacks_a_wheel_is_named(said: str, name: str) -> None:
    """In uv's words."""
    found = LACKS.search(f"cause: {said}")
    assert found and found[1] == name

"""The JSON Schema: made of the shapes, shipped as it is made, described, and never stricter than the configuration."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.app.scenes import URLS
from tests.settings.texts import SMALL, refusals
from tests.support.child_processes import python
from watchdog.sandbox import config_file, keys
from watchdog.settings.schema.json_schema import SHIPPED, configuration_schema

CONFIG = Path(__file__).parents[3] / "config"
REFERENCE = (CONFIG / "watchdog.yaml").read_text(encoding="utf-8")
HOW = 'mend it: python -c "from tests.settings.schema.test_json_schema import ship; ship()"'


def made() -> str:
    return json.dumps(configuration_schema(REFERENCE), indent=1, ensure_ascii=False) + "\n"


def ship() -> None:
    """Write it anew."""
    SHIPPED.write_text(made(), encoding="utf-8")


def test_the_shipped_schema_is_the_one_of_this_code() -> None:
    """A new option, or new words for one, need a new file."""
    assert SHIPPED.read_text(encoding="utf-8") == made(), HOW
    Draft7Validator.check_schema(json.loads(made()))


def test_the_command_prints_what_is_shipped() -> None:
    code = "import sys; from watchdog.cli.main import main; main(['schema']); assert 'pydantic' not in sys.modules"
    done = python("-c", code)
    assert done.returncode == 0 and done.stdout == SHIPPED.read_text(encoding="utf-8")


def keys_of(piece: Any, path: str = "") -> dict[str, dict[str, Any]]:
    """Return every key that is described anywhere, by its place."""
    found: dict[str, dict[str, Any]] = {}
    if isinstance(piece, dict):
        for name, one in piece.get("properties", {}).items():
            found[f"{path}.{name}"] = one
        for word, one in piece.items():
            found |= keys_of(one, f"{path}/{word}")
    if isinstance(piece, list):
        for place, one in enumerate(piece):
            found |= keys_of(one, f"{path}/{place}")
    return found


def test_every_key_is_described_and_has_words_in_an_editor() -> None:
    """Those of the reference; where it shows none, those of the keys below it (`metrics`, `log`)."""
    schema = json.loads(SHIPPED.read_text(encoding="utf-8"))
    silent = [place for place, one in keys_of(schema).items() if not {"description", "$ref", "anyOf"} & set(one)]
    repeated = ("QuietShape.every", "SilenceShape.from", "SilenceShape.to", "StepShape.tell", "StepShape.after")
    assert {place.rpartition("/")[2] for place in silent} <= set(repeated)
    assert schema["properties"]["mode"]["description"].startswith("for every service without a mode of its own")
    assert "seconds" not in json.dumps(schema["definitions"]["PaceSection"]["properties"]["idle"])
    shapes = {"": schema, **schema["definitions"]}
    assert [name for name, one in shapes.items() if "properties" in one and one["additionalProperties"]] == []


@pytest.mark.parametrize("name", ["watchdog.yaml", "minimal.yaml"])
def test_the_files_of_config_are_accepted(name: str) -> None:
    """As they stand. Whatever else the tests load is accepted, too: see `texts.loaded`."""
    assert refusals((CONFIG / name).read_text(encoding="utf-8")) == []


def test_the_sandboxs_own_configuration_is_accepted(tmp_path: Path) -> None:
    text = config_file.write_config(tmp_path, URLS).read_text(encoding="utf-8")
    assert refusals(text) == [] and keys.ORGANIZATION in text


def test_a_small_one_is_refused_for_a_misspelt_key() -> None:
    """Else nothing here would mean anything."""
    assert refusals(SMALL) == [] and "rendr" in refusals(SMALL.replace("render:", "rendr:"))[0]

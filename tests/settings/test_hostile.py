"""Whatever is in the file: a list of located mistakes or settings, never a traceback, never a value."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.settings.texts import ALL_SECRETS, loaded
from watchdog.domain.errors import ConfigurationError

REFERENCE = yaml.safe_load((Path(__file__).parent.parent.parent / "config" / "watchdog.yaml").read_text("utf-8"))
CANARY = "CANARY" * 4
PLAIN: tuple[Any, ...] = (None, -1, 1.5, True, float("inf"), "", CANARY, "x" * 5000)
WEIRD = (*PLAIN, [], {}, [CANARY, 5, None], {"a": {"b": {}}}, [[[]]], 5)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _paths(item, (*path, key))


PATHS = tuple(_paths(REFERENCE))


def _spoil(data: Any, luck: random.Random) -> None:
    *way, last = luck.choice(PATHS)
    try:
        for part in way:
            data = data[part]
        match luck.randrange(5):
            case 0:
                del data[last]
            case 1:
                data[f"k{last}"] = data.pop(last)
            case _:
                data[last] = copy.deepcopy(luck.choice(WEIRD))
    except (KeyError, IndexError, TypeError, AttributeError):
        return


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 8))])
def test_a_spoilt_reference_is_refused_politely(seed: int) -> None:
    luck = random.Random(seed)
    for _ in range(50):
        data = copy.deepcopy(REFERENCE)
        for _ in range(luck.randint(1, 6)):
            _spoil(data, luck)
        try:
            loaded(yaml.dump(data, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)), ALL_SECRETS)
        except ConfigurationError as error:
            assert error.mistakes and all(mistake.where.startswith("watchdog.yaml:") for mistake in error.mistakes)
            assert "canary" not in str(error).lower()

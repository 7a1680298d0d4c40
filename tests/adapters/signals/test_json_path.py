"""A small JSON path: names and indexes."""

from typing import Any

import pytest

from watchdog.adapters.signals.json_path import ABSENT, JsonPath

DOCUMENT = {"status": "ok", "checks": [{"db": {"up": True}}, {"q-1": None}], "a b": {"c.d": 7}, "n": 0}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT),
        ("$.status", "ok"),
        ("$.checks[0].db.up", True),
        ("$.checks[-1].q-1", None),
        ('$["a b"]["c.d"]', 7),
        ("$['a b']['c.d']", 7),
        ("$.n", 0),
        *((f"$.{path}", ABSENT) for path in ("absent", "status.deeper", "status[0]")),
        *((f"$.checks{path}", ABSENT) for path in ("[2]", "[-3]", ".db")),
    ],
)
def test_a_path_finds_its_value_or_says_absent(path: str, value: Any) -> None:
    """Null and zero are values; absent is not."""
    assert JsonPath.parse(path).find(DOCUMENT) is value or JsonPath.parse(path).find(DOCUMENT) == value


@pytest.mark.parametrize(
    "text", ["", "status", "$status", "$.", "$..a", "$.*", "$[*]", "$[a]", "$.a[", "$" + ".a" * 21]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """Wildcards would find many values, and then `equals` means nothing."""
    with pytest.raises(ValueError, match=r"\$\.checks\[0\]\.status"):
        JsonPath.parse(text)

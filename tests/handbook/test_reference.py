"""The generated pages are what `python -m tests.handbook --write` would write now."""

import re

import pytest

from tests.handbook.reference import GENERATED, configuration
from watchdog.docs import page


@pytest.mark.parametrize("name", GENERATED)
def test_the_reference_is_up_to_date(name: str) -> None:
    found = page(name)
    assert found is not None and found.text == GENERATED[name](), "run: python -m tests.handbook --write"


@pytest.mark.parametrize(
    ("meaning", "shown"),
    [
        ("us or eu: where the account lives", "`us` or `eu`: where the account lives"),
        ("eu, or as in us", "`eu`, or as in us"),
        ("used by the bot", "Used by the bot"),
    ],
)
def test_values_of_a_key_stand_as_they_are_written(meaning: str, shown: str) -> None:
    assert configuration.with_values(meaning, "`us`, `eu`") == shown
    assert configuration.with_values("us", "text") == "Us"


def test_every_key_metric_and_variable_has_a_meaning() -> None:
    """A key whose line in config/watchdog.yaml says nothing is a gap."""
    rows = re.findall(r"^\| (`.*) \|$", GENERATED["reference-configuration"](), re.MULTILINE)
    assert len(rows) > 200 and set(configuration.WORDS) == configuration.SEEN
    assert [row for row in rows if "" in [cell.strip() for cell in re.split(r"(?<!\\)\|", row)]] == []
    for name in ("reference-metrics", "reference-variables", "reference-notices"):
        rows = [line for line in GENERATED[name]().splitlines() if line.startswith("| ") and "---" not in line]
        assert len(rows) > 20
        assert [row for row in rows if "|  |" in row] == [], name

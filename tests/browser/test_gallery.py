"""The gallery: every page in every look without a finding, an incident in each situation among them."""

from pathlib import Path

import pytest

from tests.browser.chromium import LOOKS
from tests.browser.gallery import gallery
from tests.browser.situations import cases
from watchdog.presentation.situation import Situation


def test_each_situation_has_its_incident() -> None:
    """A new row of the table of situations is looked at, too; each incident has a service of its own."""
    assert {one.situation for one in cases()} == set(Situation)
    assert len({one.incident.service for one in cases()}) == len({one.name for one in cases()}) == len(cases())


@pytest.mark.nightly
async def test_no_page_has_a_finding_in_any_look(tmp_path: Path) -> None:
    """Policy, errors, width, weight and axe-core; `python -m tests.browser.gallery OUT` keeps the pictures."""
    seen = await gallery(tmp_path)
    assert len(seen) > len(LOOKS) * len(cases()) and [(one.name, one.findings) for one in seen if one.findings] == []

"""The gallery: every page in every look without a finding, an incident in each situation among them."""

from pathlib import Path

import pytest

from tests.browser.chromium import LOOKS
from tests.browser.gallery import gallery
from tests.browser.situations import NOW, cases
from watchdog.presentation.situation import Situation, situation


def test_each_situation_has_its_incident_and_nothing_of_it_is_ahead() -> None:
    """A new row of the table of situations is looked at, too; each incident has a service of its own.

    Its times are in order, an outcome means an end, and its charts fail from its suspicion on, not before.
    """
    # The core decides in the step that opens an incident: no page shows one without a decision.
    assert {one.situation for one in cases()} == set(Situation) - {Situation.UNDECIDED}
    assert len({one.incident.service for one in cases()}) == len({one.name for one in cases()}) == len(cases())
    for case in cases():
        one, rollback = case.incident, case.incident.rollback
        assert situation(one) is case.situation, case.name
        assert (one.closed_at is not None) is bool(one.outcome) is (case.service.incident is None), case.name
        happened = (one.onset_at, one.opened_at, rollback.requested_at, rollback.restored_at, one.closed_at)
        times = [at for at in happened if at is not None]
        assert times == sorted(times) and max(*times, *(note.at for note in case.notes)) <= NOW, case.name
        suspected = min(note.at for note in case.notes if note.label == "SUSPECT")
        failing = [minute.start for minute in case.minutes if minute.bad]
        assert not failing or suspected - 120 <= failing[0] <= suspected, case.name


@pytest.mark.nightly
async def test_no_page_has_a_finding_in_any_look(tmp_path: Path) -> None:
    """Policy, errors, width, weight and axe-core; `python -m tests.browser.gallery OUT` keeps the pictures."""
    seen = await gallery(tmp_path)
    assert len(seen) > len(LOOKS) * len(cases()) and [(one.name, one.findings) for one in seen if one.findings] == []

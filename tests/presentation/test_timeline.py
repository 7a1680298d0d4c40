"""The timeline: every line with how it is known, in order, and short enough to be read."""

from dataclasses import replace
from typing import get_args

from tests.cli import examples as x
from watchdog.domain.incident_notes import NoteLabel, Remark, stored_label
from watchdog.presentation.timeline import FIRST, LAST, SOURCES, Entry, human_acts, shortened, shown_label, timeline


def test_every_label_has_its_source() -> None:
    """A new kind of note must be called seen, decided, done or said."""
    assert set(get_args(NoteLabel)) == set(SOURCES)


def test_a_rollback_that_is_live_is_not_called_a_recovery() -> None:
    """Under the stored name, which says more than is known then; every other label is shown as it is."""
    assert {one: shown_label(stored_label(one)) for one in SOURCES if shown_label(one) != one} == {"RESTORED": "LIVE"}
    notes = [x.note(57, "RESTORED", "dep-43 live; verifying")]
    assert "LIVE: dep-43 live; verifying" in [one.what for one in timeline(x.incident(), notes, ())]


def test_it_is_in_order_and_the_suspicion_before_the_incident_belongs_to_it() -> None:
    """Notes, deploys and remarks in one row; a suspicion is noted under no incident; one of long before is no part."""
    early = replace(x.NOTES[0], incident=None, text="this one")
    others = [replace(early, at=early.at - 900, text="long before"), replace(early, label="CALM", text="calm")]
    lines = [one.what for one in timeline(x.incident(), [*others, early, *x.NOTES[1:]], ())]
    assert "SUSPECT: this one" in lines and not any("long before" in line or "calm" in line for line in lines)
    remark = Remark(x.BEGIN + 60, "web-1", "ann", "I see it too")
    entries = timeline(x.incident(), x.NOTES, [remark])
    assert [one.at for one in entries] == sorted(one.at for one in entries)
    assert Entry(x.BEGIN + 60, "said", "ann: I see it too") in entries
    assert {one.source for one in entries} == {"seen", "decided", "done", "said"}


def test_a_story_of_days_is_shown_from_its_two_ends() -> None:
    """Nothing is left out unsaid."""
    many = [Entry(float(n), "seen", str(n)) for n in range(FIRST + LAST + 7)]
    first, left_out, last = shortened(many)
    assert (first[-1].at, left_out, last[0].at, len(last)) == (FIRST - 1, 7, FIRST + 7, LAST)
    assert shortened(many[:-7]) == (many[:-7], 0, ())


def test_what_counts_as_a_human_act() -> None:
    """Answers and remarks do; what we told them, and what was done in another incident, do not."""
    notes = [*x.NOTES, x.note(70, "APPROVED", "by ann"), replace(x.note(1, "STOPPED", "by bob"), incident="web-2")]
    remarks = [Remark(x.BEGIN + 60, "web-1", "ann", "on it"), Remark(x.BEGIN, "web-2", "ann", "that one")]
    assert human_acts(x.incident(), notes, remarks) == [x.BEGIN + 60, x.BEGIN + 70]
    said = [*notes, x.note(50, "ACKNOWLEDGED", "by bob: escalation paused for 30 min, unless something changes")]
    assert human_acts(x.incident(), said, remarks)[0] == x.BEGIN + 50
    assert human_acts(x.incident(), x.NOTES, ()) == []

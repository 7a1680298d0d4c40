"""A rename in the code: stores, recordings and their hashes keep the name that earlier versions read and wrote."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from watchdog.adapters.recordings.recording_format import hashed
from watchdog.adapters.stores import stored_prose
from watchdog.adapters.stores.codec import EFFECTS, EVENTS, FLEETS, INCIDENTS, STATES, Codec
from watchdog.adapters.stores.stored_names import FIELDS
from watchdog.domain.effects import Note, Tell, TryRemedy
from watchdog.domain.events import QuestionDelivered, RemedyDone, RemedyLost, RemedyPostponed, RemedyRefused
from watchdog.domain.incident_notes import STORED_LABELS, NoteLabel
from watchdog.domain.incident_parts import Deadline, Escalation, Question
from watchdog.domain.incidents import Fleet, Incident, State
from watchdog.domain.notices import IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.policy import Then
from watchdog.domain.remedies.remedy import RemedyAttempt
from watchdog.domain.severity import Severity

QUESTION = Question(deadline=Deadline(1.0, Then.ROLLBACK, delivered_at=2.0))
ASKED = Incident(
    "web-1", "web", Severity.HIGH, 1.0, 1.0, "x", question=QUESTION, escalation=Escalation(notified_at=3.0)
)
PLACE = (1.0, "web", "web-1", "new-checkout")
TRIED = replace(ASKED, remedies=(RemedyAttempt("new-checkout", 1.0, 60.0, done_at=2.0),))
TRY = TryRemedy("web", "web-1", "new-checkout")
HASH_OF_BEFORE = "c8c188b363eec058"
"""Of the effects below, as commit c85375cd hashed them, with the names of then."""


@pytest.mark.parametrize(
    ("codec", "value", "stored"),
    [
        (EVENTS, QuestionDelivered(1.0, "web", "web-1", 1.0), '"_type":"QuestionHeard"'),
        (STATES, State(blind_notified=True), '"blind_told":true'),
        (FLEETS, Fleet(blind_notified=True), '"blind_told":true'),
        (INCIDENTS, ASKED, '"heard_at":2.0'),
        (INCIDENTS, ASKED, '"told_at":3.0'),
        (INCIDENTS, TRIED, '"remedies":[{"flag":"new-checkout","requested_at":1.0,"prove_seconds":60.0,"off_at":2.0'),
        (EVENTS, RemedyDone(*PLACE), '"flag":"new-checkout","why":"","was":"","_type":"FlagSwitchedOff"'),
        (EVENTS, RemedyRefused(*PLACE, "no", already=True), '"off_already":true,"_type":"FlagRefused"'),
        (EVENTS, RemedyPostponed(*PLACE, "no"), '"flag":"new-checkout","why":"no","_type":"FlagPostponed"'),
        (EVENTS, RemedyLost(*PLACE, "no"), '"settled":false,"was":"","_type":"FlagLost"'),
        (EFFECTS, TRY, '"flag":"new-checkout","approved_by":null,"_type":"SwitchFlagOff"'),
        *[
            (EFFECTS, Note(1.0, "web", None, here, "x"), f'"label":"{there}"')  # type: ignore[arg-type]
            for here, there in STORED_LABELS.items()
        ],
    ],
)
def test_what_is_stored_has_the_name_that_earlier_versions_read(codec: Codec[Any], value: Any, stored: str) -> None:
    text = codec.encode(value)
    assert stored in text and codec.decode(text) == value
    renamed = {name for names in FIELDS.values() for name in names} | STORED_LABELS.keys() | {"QuestionDelivered"}
    assert not [name for name in renamed if f'"{name}"' in text]


@pytest.mark.parametrize(("here", "there"), STORED_LABELS.items())
def test_the_row_of_a_note_has_the_label_that_earlier_versions_read(here: Any, there: str) -> None:
    assert here in get_args(NoteLabel) and there not in get_args(NoteLabel)
    note = Note(1.0, "web", "web-1", here, "pager (page): web is down", ("pager",) if here == "NOTIFIED" else ())
    row = stored_prose.note_row(note)
    assert row["label"] == there and stored_prose.note(*row.values()) == note


def test_a_recording_of_the_version_before_has_the_same_hash() -> None:
    """Else a replay would find every notice and note of it to be another decision."""
    about = IncidentNews(Topic.ASKED, ASKED)
    page = Tell(Notice(1.0, "web-1", "web", Severity.HIGH, NoticeKind.ASKED, about=about), ("pager",))
    notes = [Note(1.0, "web", "web-1", label, "x") for label in ("NOTIFIED", "DELIVERED", "SCHEDULED", "SKIPPED")]
    assert hashed((page, *notes)) == HASH_OF_BEFORE  # type: ignore[arg-type]
    assert hashed((replace(TRY, approved_by="ann"),)) == "a9ca87312ca30cec", "as commit 30a3a1a1 hashed it"
    other = replace(ASKED, escalation=Escalation(notified_at=4.0))
    assert hashed((replace(page, notice=replace(page.notice, about=replace(about, incident=other))), *notes)) != (
        HASH_OF_BEFORE  # type: ignore[arg-type]
    )

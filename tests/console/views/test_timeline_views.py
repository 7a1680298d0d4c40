"""What repeats in a timeline is one line of it."""

from watchdog.console.views.timeline_views import AGAIN_SECONDS, timeline_view
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import Remark


def test_what_repeats_within_a_minute_is_counted_and_what_differs_is_not_lost() -> None:
    """Numbers apart, but no id, status or probability; what comes again later is news, as is each note of a person."""
    late = 4.0 + AGAIN_SECONDS + 1
    noted = [
        (0.0, "CRITICAL", "41 of 41 probes failed for 40 s"),
        (0.0, "ACT", "rollback to dep-40"),
        (2.0, "CRITICAL", "43 of 43 probes failed for 42 s"),
        (2.0, "ACT", "rollback to dep-41"),
        (2.0, "BLAME", "dep-42, P 0.62 (need 0.80)"),
        (4.0, "CRITICAL", "45 of 45 probes failed for 44 s"),
        (4.0, "BLAME", "dep-42, P 0.97 (need 0.80)"),
        (4.0, "SUSPECT", "home: HTTP 503"),
        (5.0, "SUSPECT", "home: HTTP 500"),
        (late, "CRITICAL", "99 of 99 probes failed for 99 s"),
    ]
    notes = [Note(at, "web", "web-1", label, text) for at, label, text in noted]
    told = Note(0.0, "web", "web-1", "NOTIFIED", "chat")
    assert timeline_view([told], ())[0].label == "TOLD", "as scripts that read the JSON know it"
    said = [Remark(at, "web-1", "ann", "on it") for at in (1.0, 3.0)]
    found = [(one.at, one.text, one.times, one.until) for one in timeline_view(notes, said)]
    assert found == [
        (0.0, "41 of 41 probes failed for 40 s", 3, 4.0),
        (0.0, "rollback to dep-40", 1, None),
        (1.0, "ann: on it", 1, None),
        (2.0, "rollback to dep-41", 1, None),
        (2.0, "dep-42, P 0.62 (need 0.80)", 1, None),
        (3.0, "ann: on it", 1, None),
        (4.0, "dep-42, P 0.97 (need 0.80)", 1, None),
        (4.0, "home: HTTP 503", 1, None),
        (5.0, "home: HTTP 500", 1, None),
        (late, "99 of 99 probes failed for 99 s", 1, None),
    ]

"""Whether people heard of a question: what an attempt to bring a notice says of that."""

import pytest

from watchdog.daemon.outbox.question_receipt import heard
from watchdog.domain.events import QuestionDelivered
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity


def told(kind: NoticeKind) -> Notice:
    return Notice(100.0, "web-1", "web", Severity.HIGH, kind, "title")


@pytest.mark.parametrize(
    ("channel", "outcome", "kind", "counts"),
    [
        ("slack", "sent", NoticeKind.ASKED, True),
        ("email", "partly", NoticeKind.ASKED, True),
        ("pagerduty", "sent", NoticeKind.HUMAN_NEEDED, True),
        ("slack", "failed", NoticeKind.ASKED, False),
        ("slack", "gave_way", NoticeKind.ASKED, False),
        ("slack", "sent", NoticeKind.UPDATED, False),
        ("slack", "sent", NoticeKind.RESOLVED, False),
        ("console", "sent", NoticeKind.ASKED, False),
        ("tickets", "sent", NoticeKind.ASKED, False),
        ("store", "failed", NoticeKind.ASKED, False),
    ],
)
def test_a_question_is_heard_of_where_a_channel_that_wakes_people_has_it(
    channel: str, outcome: str, kind: NoticeKind, counts: bool
) -> None:
    """Nobody reads what a process prints, and a ticket calls nobody."""
    event = heard(channel, outcome, told(kind), 160.0)
    assert event == (QuestionDelivered(160.0, "web", "web-1", 100.0) if counts else None)

"""Whether people received a question, by the outcome of an attempt to send its notice."""

import pytest

from tests.core.scenes import an_incident
from watchdog.daemon.outbox.question_receipt import receipt_of
from watchdog.domain.events import QuestionDelivered
from watchdog.domain.notices import IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.severity import Severity


def told(kind: NoticeKind, topic: Topic | None = None) -> Notice:
    about = IncidentNews(topic, an_incident()) if topic is not None else None
    return Notice(100.0, "web-1", "web", Severity.HIGH, kind, "title", about=about)


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
def test_a_question_is_delivered_where_a_channel_that_wakes_people_has_it(
    channel: str, outcome: str, kind: NoticeKind, counts: bool
) -> None:
    """Nobody reads what a process prints, and a ticket calls nobody."""
    event = receipt_of(channel, outcome, told(kind), 160.0)
    assert event == (QuestionDelivered(160.0, "web", "web-1", 100.0) if counts else None)


@pytest.mark.parametrize("topic", list(Topic))
def test_a_page_about_another_event_of_the_incident_is_no_receipt(topic: Topic) -> None:
    """The bad commit that comes back during a question pages in its incident, and does not state what is asked."""
    silent = {"flapping", "bad commit returned", "closed"}
    counts = topic not in silent and not topic.startswith("auto-deploy")
    assert (receipt_of("email", "sent", told(NoticeKind.HUMAN_NEEDED, topic), 160.0) is not None) is counts

"""No notice contradicts what happens next: every topic, in every situation that its incident may be in."""

import re
from itertools import product
from typing import Any

import pytest

from tests.presentation.notices import TABLE, an_outage, read
from tests.presentation.outlook_cases import CASES
from tests.support.notice_truth import UNDER_WAY, WITHOUT_PLAN, contradictions
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import Topic
from watchdog.presentation.situation import Situation

PLAIN = [row[:3] for row in TABLE]
MEANT = {
    Topic.ANNOUNCED: {Situation.ANNOUNCED},
    Topic.SCHEDULED: {Situation.SCHEDULED},
    Topic.ASKED: {Situation.QUESTION},
    Topic.REMINDED: {Situation.QUESTION},
    Topic.UNANSWERED: {Situation.QUESTION},
    Topic.OVERDUE: {Situation.SENDING, Situation.REQUESTED},
    Topic.FLAG_OFF: {Situation.REMEDYING, Situation.STOPPED},
    Topic.REMEDY_DONE: {Situation.REMEDYING, Situation.STOPPED},
    Topic.ROLLING_BACK: UNDER_WAY,
    Topic.STOPPED_SHORT: {Situation.NEEDS_A_PERSON, Situation.NOT_DONE, Situation.DID_NOT_HELP},
    Topic.NOT_LIVE_YET: {Situation.DEPLOYING},
}
"""The situations in which the core sends a topic, where that is not any."""
PAIRS = [
    (topic, facts, incident, found)
    for (topic, _, facts), (incident, found, *_) in product(PLAIN, CASES)
    if found in MEANT.get(topic, set(Situation))
]
VAGUE = re.compile(r"\b(somebody|nobody|whoever|whatever|looks? after|is told|it is said|hears?)\b", re.IGNORECASE)


@pytest.mark.parametrize(("topic", "facts", "incident", "found"), PAIRS)
def test_each_topic_is_true_in_each_situation(
    topic: Topic, facts: dict[str, Any], incident: Incident, found: Situation
) -> None:
    """Also a page that is sent again while a rollback is under way, or after it was stopped."""
    notice = read(incident, topic, **facts)
    assert contradictions(notice) == [] and notice.progress
    assert all(line and "None" not in line and "  " not in line for line in notice.lines), notice.lines


def test_a_topic_that_names_a_step_is_caught_in_another_situation() -> None:
    """The check itself: `rolling back` of a paged incident, and news without their plan."""
    paged = next(incident for incident, found, *_ in CASES if found is Situation.ASKS_LATER)
    assert contradictions(read(paged, Topic.ROLLING_BACK)) == [f"'rolling back to' in {Situation.ASKS_LATER}"]
    assert set(Topic) >= WITHOUT_PLAN


@pytest.mark.parametrize(("topic", "fields", "facts"), PLAIN, ids=[row[0].name for row in PLAIN])
def test_news_name_their_actor_in_short_sentences(topic: Topic, fields: dict[str, Any], facts: dict[str, Any]) -> None:
    """At most 25 words each, commands apart."""
    notice = read(an_outage(**fields), topic, **facts)
    said = (notice.title, *(line for line in notice.lines if "watchdog " not in line))
    assert not [line for line in said if VAGUE.search(line)]
    sentences = [one for line in said for one in re.split(r"(?<=[.?!]) ", line)]
    assert not [one for one in sentences if len(one.split()) > 25]

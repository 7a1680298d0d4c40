"""The facts beside a notice's text: of every topic, in short rows, and never at the cost of the notice."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.notifiers.letters import ROUTING_KEY, notice, plain_notice
from tests.cli import examples as x
from tests.core.scenes import NOW, a_decision
from tests.presentation.notices import BY_HAND, ENDED, TABLE, an_outage, read
from tests.support.vendor_specs import request_problems, spec
from watchdog.adapters.notifiers import email_html, pagerduty, webhook_body
from watchdog.adapters.notifiers.facts import MAX_LONG, facts, rows, typed
from watchdog.domain.decisions import Course, GuardAnswer, Verdict
from watchdog.domain.notices import Topic
from watchdog.presentation.notices.headlines import TITLE_MAX

EVENT = {"routing_key": ROUTING_KEY, "event_action": "trigger", "dedup_key": "k"}


def test_every_topic_is_among_them() -> None:
    assert {row[0] for row in TABLE} == set(Topic)


@pytest.mark.parametrize(("topic", "fields", "more"), [(topic, *row[:2]) for topic, *row in TABLE], ids=str)
def test_a_notice_of_every_topic_has_its_facts(topic: Topic, fields: dict[str, Any], more: dict[str, Any]) -> None:
    """Short ones, on one line each; as an alert they follow PagerDuty's document."""
    told = read(an_outage(**fields), topic, **more)
    said = rows(told)
    assert {"since", "lasted" if topic is Topic.CLOSED else "lasts", "severity", "incident"} <= set(said)
    assert ("outcome" in said) == (topic is Topic.CLOSED) == ("what happens next" not in said)
    assert [value for value in said.values() if not value.isprintable() or len(value) > MAX_LONG] == []
    payload = pagerduty._payload(told, rings=True)
    document = spec("pagerduty-events-v2-openapi.json")
    assert request_problems(document, "POST", "/enqueue", {}, {**EVENT, "payload": payload}) == []
    assert payload["summary"] == told.title and len(told.title) <= TITLE_MAX
    assert json.loads(json.dumps(typed(told), allow_nan=False)) == typed(told)


@pytest.mark.parametrize(
    ("fields", "topic", "row", "value"),
    [
        ({}, Topic.FOUND, "since", "2026-09-21 14:14:00 UTC"),
        ({}, Topic.FOUND, "lasts", "60 s"),
        (ENDED, Topic.CLOSED, "lasted", "62 s"),
        (ENDED, Topic.CLOSED, "outcome", "Rolled back and verified."),
        ({**BY_HAND, "restored_at": NOW}, Topic.ROLLING_BACK, "suspect", None),
        ({}, Topic.FOUND, "target", "dep-40 aaaaaaa, healthy for 2 h by our own record"),
        ({"decision": replace(a_decision(), target=None)}, Topic.LEFT_TO_HUMAN, "target", None),
        ({}, Topic.FOUND, "mode", "autonomous"),
    ],
)
def test_a_fact_is_that_of_the_title(fields: dict[str, Any], topic: Topic, row: str, value: str | None) -> None:
    """Since when, and for how long: until the end, once there is one; no suspect where none was weighed."""
    more = {"why": "home: 180 of 180 probes good"} if topic is Topic.CLOSED else {}
    told = read(an_outage(**fields), topic, **more)
    assert rows(told).get(row) == value
    assert topic is not Topic.CLOSED or "after 62 s" in told.title


@pytest.mark.parametrize(
    ("guard", "commands"),
    [
        ("hold", ("watchdog resume", "watchdog incident stop web-1", "watchdog incident ack web-1")),
        ("budget", ("watchdog rollback web", "watchdog incident ack web-1")),
    ],
)
def test_a_command_is_shown_as_it_is_typed(guard: str, commands: tuple[str, ...]) -> None:
    answer = GuardAnswer(guard, Verdict.BLOCK, "for a test", passing=guard == "hold")
    decided = replace(a_decision(), course=Course.PAGE, blame=x.BLAME, target=x.TARGET, guards=(answer,))
    known = facts(read(an_outage(decision=decided), Topic.LEFT_TO_HUMAN))
    assert known is not None and known.commands == commands


def test_a_fault_in_the_facts_keeps_no_notice_from_people() -> None:
    """A record that this version cannot read has a title all the same, in every channel."""
    broken = replace(a_decision(), guards=None, blame=x.BLAME)  # type: ignore[arg-type]
    told = read(an_outage(decision=broken), Topic.FOUND)
    assert facts(told) is None and rows(told) == {"severity": "critical", "incident": "web-1"}
    assert pagerduty._payload(told, rings=True)["summary"] == told.title != ""
    assert told.title in email_html.page(told) and webhook_body.as_json(told)["facts"] is None


def test_a_stranger_s_words_are_cleaned_in_the_facts_too() -> None:
    bad = replace(x.BAD, commit_message="\x1b[31mboom\u202e\x00" + "x" * 100_000, id="dep-\n42")
    decided = replace(a_decision(), blame=x.blame(suspect=bad, change=bad), target=x.TARGET)
    told = read(an_outage(decision=decided, suspect=bad.id), Topic.FOUND)
    said = typed(told)
    assert said is not None and said["suspect"]["message"].startswith("\ufffd[31mboom")
    for value in (*said["suspect"].values(), said["next"]["sentence"], *rows(told).values()):
        assert value.isprintable() and len(value) <= MAX_LONG


def test_facts_are_closed_sets_and_without_an_incident_there_are_none() -> None:
    """The watchdog's own trouble has its words; people outside engineering get no facts of engineering."""
    assert facts(notice()) is None and rows(notice()) == {"severity": "critical", "incident": "web-1"}
    assert rows(plain_notice()) == {} and typed(plain_notice()) is None
    said = typed(read(an_outage(**ENDED), Topic.CLOSED, why="all is good"))
    assert said is not None
    assert (said["situation"], said["outcome"], said["course"]) == ("closed", "rolled back and verified", "rollback")

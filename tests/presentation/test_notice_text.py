"""The words people get: one test for each line that somebody reads at three in the morning."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import NOW
from tests.presentation.notices import (
    BACK,
    BY_HAND,
    CLOCK,
    DAY,
    DONE,
    ENDED,
    LATER,
    LONG,
    LOOK_AFTER,
    NIGHTS,
    OFF,
    QUESTION,
    RENDERS,
    SENT,
    SINCE,
    STATE,
    TABLE,
    TAKE_UP,
    WHY,
    a_notice,
    an_outage,
    read,
    shown,
)
from watchdog.domain.notices import Notice, NoticeKind, Topic
from watchdog.domain.severity import Severity
from watchdog.presentation.notices import headlines
from watchdog.presentation.notices.notice_text import WORDS, worded


@pytest.mark.parametrize(("topic", "fields", "facts", "title", "lines"), TABLE, ids=[row[0].name for row in TABLE])
def test_what_is_said_of_each_topic(
    topic: Topic, fields: dict[str, Any], facts: dict[str, Any], title: str, lines: tuple[str, ...]
) -> None:
    """What is wrong and since when, what is being done, what to do, why we think so: in this order."""
    notice = read(an_outage(**fields), topic, **facts)
    assert (notice.title, shown(notice)) == (title, lines)
    assert notice.details == (WHY if WHY[0] in lines else ()) and notice.progress


def test_every_topic_has_words() -> None:
    """None is missing, neither there nor above."""
    assert set(WORDS) == {row[0] for row in TABLE} == set(Topic)


@pytest.mark.parametrize(
    ("topic", "fields", "facts", "title"), [row[:4] for row in TABLE], ids=[row[0].name for row in TABLE]
)
def test_a_title_fits_on_a_lock_screen(topic: Topic, fields: dict[str, Any], facts: dict[str, Any], title: str) -> None:
    """Whatever the name: the symptom goes, then the middle of the name; what happens stays whole."""
    assert len(LONG) == 40
    incident = replace(an_outage(**{**fields, "target": RENDERS}), service=LONG, id=f"{LONG}-1")
    told, predicate = read(incident, topic, **facts).title, title.removeprefix("web").replace(": HTTP 503", "")
    assert told.endswith(predicate) and len(told) == min(headlines.TITLE_MAX, len(LONG + predicate))
    first, cut, last = told.removesuffix(predicate).partition("…")
    if cut:
        assert (LONG[: len(first)], LONG[-len(last) :]) == (first, last) and 0 <= len(first) - len(last) <= 1
    else:
        assert first == LONG and topic is Topic.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("service", "predicate", "title"),
    [
        (LONG, " is down since 14:14 UTC", "the-shop-that-sell…rything-to-us-all is down since 14:14 UTC"),
        (LONG, f": {'x' * 18}", f"{LONG}: {'x' * 18}"),
        (LONG, f": {'x' * 19}", f"the-shop-that-sells…verything-to-us-all: {'x' * 19}"),
        (LONG, f": {'x' * 20}", f"the-shop-that-sells…erything-to-us-all: {'x' * 20}"),
        (LONG, f": {'x' * 50}", f"the-…all: {'x' * 50}"),
        (LONG, f": {'x' * 51}", f"the-…all: {'x' * 49}…"),
        (LONG, f": {'x' * 300}", f"the-…all: {'x' * 49}…"),
        ("shop-in-x", f": {'x' * 49}", f"shop-in-x: {'x' * 49}"),
        ("shop-in-x", f": {'x' * 50}", f"shop…n-x: {'x' * 50}"),
        ("shop-inx", f": {'x' * 51}", f"shop-inx: {'x' * 49}…"),
        ("web", f": {'x' * 60}", f"web: {'x' * 54}…"),
    ],
)
def test_a_long_name_gives_way_in_its_middle_and_what_happens_stays_whole(
    service: str, predicate: str, title: str
) -> None:
    """The name keeps its first and last letters, eight signs at least; what is still too long is cut at its end."""
    assert (
        headlines.titled(f"{service}{predicate}", an_outage(service=service)) == title
        and len(title) <= headlines.TITLE_MAX == 60
    )


def test_a_title_that_does_not_begin_with_the_name_is_cut_at_its_end() -> None:
    """There is no name to shorten."""
    assert (
        headlines.titled(f"AUTO-DEPLOY IS OFF on {LONG}", an_outage(service=LONG))
        == f"AUTO-DEPLOY IS OFF on {LONG[:37]}…"
    )


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        (Topic.ANNOUNCED, "web is down: rollback to dep-40 at 14:20 UTC"),
        (Topic.ASKED, "web is down: approve rollback to dep-40 by 14:45 UTC?"),
        (Topic.ROLLING_BACK, "web is down: rolling back to dep-40"),
        (Topic.CLOSED, "web is back after 62 s: rolled back to dep-40"),
    ],
)
def test_a_target_without_code_is_named_by_its_deploy(topic: Topic, title: str) -> None:
    """The platform does not tell the commit of every deploy."""
    (fields, facts), *_ = [row[1:3] for row in TABLE if row[0] is topic]
    assert read(an_outage(**{**fields, "target_code": None}), topic, **facts).title == title
    rolling = read(an_outage(**{**SENT, "target": RENDERS, "target_code": None}), Topic.ROLLING_BACK)
    assert rolling.title == f"web is down: rolling back to {RENDERS}", "whole, as Render gives it"


def test_a_notice_with_words_of_its_own_is_left_as_it_is() -> None:
    """It is not about an incident."""
    notice = Notice(NOW, "blind", "watchdog", Severity.HIGH, NoticeKind.SELF_ALERT, "watchdog is blind", ("look",))
    assert worded(notice, NOW + LATER) is notice


def test_words_change_nothing_else_of_a_notice() -> None:
    """Whom it wakes, its thread and its facts stay."""
    notice = replace(a_notice(an_outage(), Topic.FOUND), wakes=True)
    told = worded(notice, NOW)
    assert replace(told, title="", progress="", lines=(), details=()) == notice and told.identity == notice.identity


def test_a_fault_in_a_text_keeps_no_page_from_people() -> None:
    """They read what it is about, and where to look: here a moment that a later version may write otherwise."""
    notice = read(an_outage(), Topic.OVERDUE, since="a minute ago")
    assert notice.title == "web critical: rollback overdue"
    assert notice.lines == ("Its words could not be made (TypeError): watchdog explain web-1",)
    ended = read(an_outage(**{**ENDED, "restored_at": "today"}), Topic.CLOSED)
    assert ended.title == "web critical: closed" and ended.todo == ()


ROWS = [row[:3] for row in TABLE]
IDS = [row[0].name for row in TABLE]
GOES_ON = [row[:3] for row in TABLE if SINCE in row[4]]


@pytest.mark.parametrize(("topic", "fields", "facts"), ROWS, ids=IDS)
def test_words_do_not_change_with_the_moment_of_sending(
    topic: Topic, fields: dict[str, Any], facts: dict[str, Any]
) -> None:
    """They are true of the moment of the decision; who gets them a minute later or more reads that first."""
    incident = an_outage(**fields)
    first = read(incident, topic, **facts)
    for soon in (-5.0, 59.0, 59.9):
        assert read(incident, topic, after=soon, **facts) == first
    for late, told in (
        (60.0, "As of 14:15 UTC: this channel got it 60 s later; see what came since."),
        (LATER, "As of 14:15 UTC: this channel got it 20 min later; see what came since."),
        (DAY, "As of 21 Sep 14:15 UTC: this channel got it 24 h 0 min later; see what came since."),
    ):
        assert read(incident, topic, after=late, **facts) == replace(first, lines=(told, *first.lines))


def test_a_late_line_is_true_of_the_moment_of_the_decision() -> None:
    """Whatever that is: it is named, and counted from."""
    told = read(an_outage(), Topic.FOUND, decided=LATER, after=90.0).lines
    assert told[0] == "As of 14:35 UTC: this channel got it 90 s later; see what came since."
    assert told[1] == SINCE.replace("60 s", "21 min")


@pytest.mark.parametrize(("topic", "fields", "facts"), GOES_ON, ids=[row[0].name for row in GOES_ON])
def test_what_goes_on_tells_how_long_it_lasted_by_the_decision(
    topic: Topic, fields: dict[str, Any], facts: dict[str, Any]
) -> None:
    """Decided twenty minutes later it is twenty minutes more, since the same moment."""
    first = read(an_outage(**fields), topic, decided=LATER, **facts).lines[0]
    assert first == SINCE.replace("60 s", "21 min")


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        (Topic.REMINDED, "web is down: please answer, asked 30 min ago"),
        (Topic.UNANSWERED, "web is down: nobody answered for 35 min"),
        (Topic.ESCALATED, "web is down: open for 25 min, not taken up"),
        (Topic.OVERDUE, "web is down: rollback due for 21 min, not sent yet"),
        (Topic.NOT_LIVE_YET, "web is down: rollback not live after 25 min"),
        (Topic.ASKED, "web is down: approve rollback to aaaaaaa by 14:45 UTC?"),
        (Topic.ANNOUNCED, "web is down: rollback to aaaaaaa at 14:20 UTC"),
        (Topic.KEPT, "web is down: rollback kept for Mon 14:25 UTC"),
        (Topic.CLOSED, "web is back after 62 s: rolled back to aaaaaaa"),
    ],
)
def test_a_title_counts_up_to_the_decision_and_names_what_is_ahead_by_its_time_of_day(topic: Topic, title: str) -> None:
    """Decided twenty minutes later: what lasts lasts longer; when something is due stays the same; an end is over."""
    (fields, facts), *_ = [row[1:3] for row in TABLE if row[0] is topic]
    assert read(an_outage(**fields), topic, decided=LATER, **facts).title == title


def test_lines_count_up_to_the_decision_too() -> None:
    """How long the deadline is away, how long somebody looked after it, how long until something begins."""
    asked = read(an_outage(**CLOCK), Topic.ASKED, decided=LATER, **QUESTION)
    assert asked.lines[2].startswith("Answer by 14:45 UTC (within 10 min): ")
    late = read(an_outage(**CLOCK), Topic.ASKED, decided=2 * LATER, **QUESTION)
    assert late.lines[2].startswith("Answer by 14:45 UTC (within 0 s): "), "never less than nothing"
    left = read(an_outage(), Topic.STILL_OPEN, decided=LATER, by="ann", since=NOW - 1800.0)
    assert left.lines[1] == "Acknowledged by ann 50 min ago, and nothing changed since."
    for until, ahead in ((NOW + 1800.0, "in 10 min"), (NOW, "in 0 s")):
        kept = read(an_outage(announced_until=until), Topic.KEPT, decided=LATER, terms=NIGHTS)
        assert kept.lines[1] == f"Kept for Mon 14:25 UTC ({ahead})."
    announced = an_outage(announced_until=NOW + 1800.0)
    assert read(announced, Topic.ANNOUNCED, decided=LATER).lines[1].startswith("At 14:45 UTC, in 10 min: web is ")
    assert read(announced, Topic.ANNOUNCED, decided=2 * LATER).lines[1].startswith("At 14:45 UTC, in 0 s: web is ")


def test_what_is_kept_though_its_window_is_gone_is_kept_for_a_time_of_day() -> None:
    """A reload took the window away: there is no word of its own for when it begins."""
    kept = read(an_outage(announced_until=NOW + 600.0), Topic.KEPT)
    assert kept.title == "web is down: rollback kept for 14:25 UTC"
    assert kept.lines[1] == "Kept for 14:25 UTC (in 10 min)."


@pytest.mark.parametrize("apart", [1.0, 1.5, 540.0])
def test_a_worst_finding_that_began_later_than_the_incident_dates_what_is_said_of_it(apart: float) -> None:
    """Title and first line tell since when that fails, and the line when it all began, if that is another moment."""
    incident = an_outage(onset_at=NOW - 60.0 - apart)
    told = read(incident, Topic.FOUND)
    assert told.title == STATE
    began = " (the incident began 14:05 UTC)" if apart == 540.0 else " (the incident began 14:13 UTC)"
    assert told.lines[0] == f"{SINCE}{began if apart > 1.0 else ''}"
    over = read(amended(incident, restored_at=NOW), Topic.STOPPED_SHORT, decided=LATER, why="no trace").lines[0]
    since = "Critical since 14:14 UTC, rolled back 14:15 UTC: home: home fails"
    assert over == f"{since}{began if apart > 1.0 else ''}"


LIVE = {**SENT, "restored_at": NOW}
ROLLED_BACK = "Critical since 14:14 UTC, rolled back 14:15 UTC: home: home fails"
NOT_PROVED = "web is not proved to be well after its rollback"
ASKED_FOR = "Critical, since 14:14 UTC: home fails"


@pytest.mark.parametrize(
    ("fields", "title", "since"),
    [
        ({}, STATE, SINCE),
        (SENT, "web is down: the rollback needs a human", SINCE),
        (LIVE, NOT_PROVED, ROLLED_BACK),
        (BY_HAND, "web: the rollback that was asked for is not made", ASKED_FOR),
        ({**BY_HAND, **SENT}, "web: the rollback needs a human", ASKED_FOR),
        ({**BY_HAND, **LIVE}, NOT_PROVED, ASKED_FOR),
    ],
    ids=["not sent", "sent", "live", "by hand, not sent", "by hand, sent", "by hand, live"],
)
def test_what_is_left_to_a_human_says_how_far_it_came(fields: dict[str, Any], title: str, since: str) -> None:
    """Nothing sent, sent, live; what happened is the first thing below what is wrong."""
    notice = read(an_outage(**fields), Topic.STOPPED_SHORT, why="no trace")
    assert notice.title == title and notice.lines[:2] == (since, "What happened: no trace")


TAKEN_UP = [row[:3] for row in TABLE if {TAKE_UP, LOOK_AFTER} & set(row[4])]


@pytest.mark.parametrize("escalates", [True, False])
@pytest.mark.parametrize(("topic", "fields", "facts"), TAKEN_UP, ids=[row[0].name for row in TAKEN_UP])
def test_how_to_take_it_up_says_that_nobody_else_is_called_only_if_somebody_would_be(
    topic: Topic, fields: dict[str, Any], facts: dict[str, Any], escalates: bool
) -> None:
    """Where the policy escalates; else that one looks after it is all that there is to say."""
    told = read(an_outage(**fields), topic, **{**facts, "escalates": escalates}).lines
    assert [line for line in told if "watchdog incident ack" in line] == [TAKE_UP if escalates else LOOK_AFTER]


def test_whoever_is_paged_for_what_goes_on_reads_how_to_take_it_up() -> None:
    """Not where something else is asked or nothing is to do."""
    assert {row[0] for row in TAKEN_UP} == {
        Topic.LEFT_TO_HUMAN,
        Topic.UNMUTED,
        Topic.UNANSWERED,
        Topic.ESCALATED,
        Topic.STILL_OPEN,
        Topic.STOPPED_SHORT,
    }


IN_FULL = [row for row in TABLE if SINCE in row[4] and row[0] is not Topic.ACKNOWLEDGED]


@pytest.mark.parametrize(("topic", "fields", "facts", "title", "lines"), IN_FULL, ids=[row[0].name for row in IN_FULL])
def test_auto_deploy_that_is_off_because_of_us_is_said_of_whatever_goes_on(
    topic: Topic, fields: dict[str, Any], facts: dict[str, Any], title: str, lines: tuple[str, ...]
) -> None:
    """Whenever it is: after what to do, before what was done and the reasoning."""
    told = read(an_outage(**fields), topic, auto_deploy_off="commit", **facts)
    begins = lines.index(DONE if DONE in lines else WHY[0])
    assert (told.title, shown(told)) == (title, (*lines[:begins], OFF, *lines[begins:]))


def test_auto_deploy_that_is_off_because_of_us_is_said_before_what_was_done() -> None:
    """After what to do, before the reasoning; what this incident's own pin did is said besides."""
    pin = "Auto-deploy: off, read back (was commit)"
    pinned = an_outage(**SENT, note="off, read back (was commit)")
    for incident, value, said in (
        (an_outage(**SENT), "commit", (OFF,)),
        (an_outage(**SENT), "", ()),
        (pinned, "commit", (OFF, pin)),
        (pinned, "", (pin,)),
    ):
        told = shown(read(incident, Topic.STOPPED_SHORT, why="no trace", auto_deploy_off=value))
        assert told == (SINCE, "What happened: no trace", LOOK_AFTER, *said, DONE, *WHY)


@pytest.mark.parametrize(
    ("facts", "how", "trust"),
    [
        ({"code": "bad00000"}, "commit bad0000 is live again", " If it is good now: watchdog commit trust bad00000"),
        (
            {"code": "bad00000", "under_way": True},
            "commit bad0000 is on its way again",
            " If it is good now: watchdog commit trust bad00000",
        ),
        (
            {"code": "sha256:0123456789"},
            "commit 0123456 is live again",
            " If it is good now: watchdog commit trust sha256:0123456789",
        ),
        ({}, "code is live again", ""),
    ],
    ids=["live", "on its way", "an image", "without code"],
)
def test_what_came_back_says_how_far_it_is_and_how_to_trust_it(facts: dict[str, Any], how: str, trust: str) -> None:
    """Live, or on its way; where no code is known there is none to trust."""
    notice = read(an_outage(), Topic.RETURNED, why=BACK, by="dep-43", **facts)
    assert notice.title == f"web: bad {how}"
    assert notice.lines[1:4] == (
        f"{BACK[0].upper()}{BACK[1:]}.",
        "It is not rolled back a second time unless a human says so.",
        f"To roll back once more: watchdog rollback web.{trust}",
    )


def test_while_a_merge_may_undo_a_rollback_people_are_told_not_to_merge() -> None:
    """Auto-deploy is not known to be off; else there is nothing to do."""
    assert read(an_outage(**SENT, off=False), Topic.ROLLING_BACK).lines[1] == (
        "Merge nothing until it is verified: auto-deploy was not read back as off."
    )


def test_a_status_that_is_not_known_is_left_out() -> None:
    """The rollback is not in the list."""
    assert read(an_outage(**SENT), Topic.NOT_LIVE_YET).lines[1] == "The rollback dep-42 is not live after 5 min."


def test_while_a_rollback_is_made_nobody_is_advised_to_switch_auto_deploy_on() -> None:
    """The merge would undo it."""
    notice = read(an_outage(), Topic.AUTO_DEPLOY_NOT_RESTORED, why="503", under_way=True)
    assert notice.lines[1] == "Once that is over: watchdog service restore-auto-deploy web"

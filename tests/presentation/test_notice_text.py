"""The words people get: one test for each line that somebody reads at three in the morning."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import HISTORY, NOW, a_blame, a_decision
from tests.presentation.notices import (
    ACKNOWLEDGE,
    AFTER,
    BACK,
    BY_HAND,
    CANCELS,
    CLOCK,
    DAY,
    DONE,
    ENDED,
    ENDS_BOTH,
    LATER,
    LONG,
    MERGE,
    NIGHTS,
    OFF,
    PAGED,
    RENDERS,
    SENT,
    SINCE,
    STATE,
    STOPS,
    SWITCH,
    TABLE,
    Row,
    a_notice,
    an_outage,
    read,
)
from tests.support.notice_truth import UNDER_WAY
from watchdog.domain.decisions import Veto
from watchdog.domain.notices import Notice, NoticeKind, Topic
from watchdog.domain.severity import Severity
from watchdog.presentation.notices import headlines
from watchdog.presentation.notices.notice_text import WORDS, worded
from watchdog.presentation.situation import Situation, situation


def topic_of(row: Row) -> str:
    return row[0].name


@pytest.mark.parametrize("row", TABLE, ids=topic_of)
def test_what_is_said_of_each_topic(row: Row) -> None:
    """The failure and its begin, the cause, the plan, the reader's task; apart from them the evidence."""
    topic, fields, facts, title, lines, below = row
    notice = read(an_outage(**fields), topic, **facts)
    assert (notice.title, notice.lines, notice.details) == (title, lines, below) and notice.progress


def test_every_topic_has_words() -> None:
    """None is missing, neither there nor above."""
    assert set(WORDS) == {row[0] for row in TABLE} == set(Topic)


@pytest.mark.parametrize("row", TABLE, ids=topic_of)
def test_a_title_fits_on_a_lock_screen(row: Row) -> None:
    """Whatever the name: the symptom goes, then the middle of the name; what happens stays whole."""
    topic, fields, facts, title, *_ = row
    assert len(LONG) == 40
    incident = replace(an_outage(**{**fields, "target": RENDERS}), service=LONG, id=f"{LONG}-1")
    told, predicate = read(incident, topic, **facts).title, title.removeprefix("web").replace(": HTTP 503", "")
    assert told.endswith(predicate) and len(told) == min(headlines.TITLE_MAX, len(LONG + predicate))
    first, cut, last = told.removesuffix(predicate).partition("…")
    if cut:
        assert (LONG[: len(first)], LONG[-len(last) :]) == (first, last) and 0 <= len(first) - len(last) <= 1
    else:
        assert first == LONG and len(told) <= headlines.TITLE_MAX


@pytest.mark.parametrize(
    ("service", "said", "title"),
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
def test_a_long_name_gives_way_in_its_middle_and_what_happens_stays_whole(service: str, said: str, title: str) -> None:
    """The name keeps its first and last letters, eight signs at least; what is still too long is cut at its end."""
    incident = an_outage(service=service)
    assert headlines.titled(f"{service}{said}", incident) == title and len(title) <= headlines.TITLE_MAX == 60


OWN_WORDS = """
AUTO-DEPLOY MAY BE OFF on {0}
AUTO-DEPLOY MAY BE OFF on the-shop-that-sel…ything-to-us-all
{0}: the bad commit bad0000 is live again (dep-43, manual)
the-shop-th…-to-us-all: the bad commit bad0000 is live again
{0}: the return of the bad commit by dep-d2tk3mjuibrs73f9abcg is over
the-…all: the return of the bad commit by dep-d2tk3mjuibrs7…
{0}: an alert about what the record lacked is closed
the-s…s-all: an alert about what the record lacked is closed
{0}: {0}-12 is over
the-shop-th…g-to-us-all: the-shop-th…g-to-us-all-12 is over
{0}: {0}-12 goes on as {0}-13
the-sh…us-all: the-sh…us-all-12 goes on as the-sh…us-all-13
{0}: 12 follow-ups of {0}-12 overdue
the-sho…-us-all: 12 follow-ups of the-sho…-us-all-12 overdue
{0}: dep-900 (9f3c2ab) by Ann is fine: live for 30 min, 721 of 721 probes good
the-…-all: dep-900 (9f3c2ab) by Ann is fine: live for 30 min
watchdog: the status page of {0}: refused for 12 min
watchdog: the status page of the-s…s-all: refused for 12 min
The {0}: not available since 2026-11-30 14:02 (America/Argentina/Buenos_Aires)
The the-sho…-to-us-all: not available since 2026-11-30 14:02
""".strip().splitlines()
"""Titles made at the decision, and each as people read it of a service with the longest name that settings take."""


@pytest.mark.parametrize(("said", "title"), list(zip(OWN_WORDS[::2], OWN_WORDS[1::2], strict=True)))
def test_a_title_made_at_the_decision_fits_too_and_stands_whole_below(said: str, title: str) -> None:
    """The middle of the name gives way wherever that stands, then a part at the end; a short title stays."""
    about = {"service": "watchdog", "incident": f"probes/{LONG}"} if said.startswith("watchdog") else {}
    told = {"service": LONG, "incident": "dep-43", "title": said.format(LONG), "plain": "not avail" in said, **about}
    notice = Notice(at=NOW, severity=Severity.HIGH, kind=NoticeKind.UPDATED, lines=("look",), **told)
    shown = worded(notice, NOW)
    assert (shown.title, shown.lines) == (title, (notice.title, "look")) and len(title) <= headlines.TITLE_MAX
    short = replace(notice, title=said.format("web")[:60])
    assert worded(short, NOW) is short


@pytest.mark.parametrize("row", [row for row in TABLE if "aaaaaaa" in row[3]], ids=topic_of)
def test_a_target_without_code_is_named_by_its_deploy(row: Row) -> None:
    """The platform does not tell the commit of every deploy."""
    topic, fields, facts, title, *_ = row
    told = read(an_outage(**{**fields, "target_code": None}), topic, **facts)
    assert told.title == title.replace("aaaaaaa", "dep-40")
    rolling = read(an_outage(**{**SENT, "target": RENDERS, "target_code": None}), Topic.ROLLING_BACK)
    assert rolling.title == f"web is down: rolling back to {RENDERS}", "whole, as Render gives it"


def test_a_notice_with_words_of_its_own_is_left_as_it_is_and_words_change_nothing_else() -> None:
    """It is not about an incident; of one that is, whom it wakes, its thread and its facts stay."""
    notice = Notice(NOW, "blind", "watchdog", Severity.HIGH, NoticeKind.SELF_ALERT, "watchdog is blind", ("look",))
    assert worded(notice, NOW + LATER) is notice

    notice = replace(a_notice(an_outage(), Topic.FOUND), wakes=True)
    told = worded(notice, NOW)
    assert replace(told, title="", progress="", lines=(), details=()) == notice and told.identity == notice.identity


def test_a_fault_in_a_text_keeps_no_page_from_people() -> None:
    """They read what it is about, and where to look: here a moment that a later version may write otherwise."""
    notice = read(an_outage(), Topic.OVERDUE, since="a minute ago")
    assert notice.title == "web critical: rollback overdue"
    assert notice.lines == ("Its text could not be made (TypeError): watchdog explain web-1",)
    ended = read(an_outage(**{**ENDED, "restored_at": "today"}), Topic.CLOSED)
    assert ended.title == "web critical: closed" and ended.todo == ()


@pytest.mark.parametrize("row", TABLE, ids=topic_of)
def test_words_do_not_change_with_the_moment_of_sending(row: Row) -> None:
    """They are true of the moment of the decision; who gets them a minute later or more reads that first."""
    topic, fields, facts, *_ = row
    incident = an_outage(**fields)
    first = read(incident, topic, **facts)
    for soon in (-5.0, 59.0, 59.9):
        assert read(incident, topic, after=soon, **facts) == first
    for late, told in (
        (60.0, "As of 14:15 UTC, delivered 60 s later: the incident may have changed since."),
        (LATER, "As of 14:15 UTC, delivered 20 min later: the incident may have changed since."),
        (DAY, "As of 21 Sep 14:15 UTC, delivered 24 h 0 min later: the incident may have changed since."),
    ):
        assert read(incident, topic, after=late, **facts) == replace(first, lines=(told, *first.lines))


@pytest.mark.parametrize("row", [row for row in TABLE if SINCE in row[4]], ids=topic_of)
def test_what_goes_on_tells_how_long_it_lasted_by_the_decision(row: Row) -> None:
    """Decided twenty minutes later it is twenty minutes more, since the same moment; sent late, as of the decision."""
    topic, fields, facts, *_ = row
    told = read(an_outage(**fields), topic, decided=LATER, after=90.0, **facts).lines
    assert told[0] == "As of 14:35 UTC, delivered 90 s later: the incident may have changed since."
    assert told[1] == SINCE.replace("60 s", "21 min")


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        (Topic.REMINDED, "web is down: unanswered 30 min, approve by 14:45 UTC?"),
        (Topic.UNANSWERED, "web is down: no answer for 35 min"),
        (Topic.ESCALATED, "web is down: not acknowledged for 25 min"),
        (Topic.OVERDUE, "web is down: rollback due for 21 min, not sent yet"),
        (Topic.NOT_LIVE_YET, "web is down: rollback not live after 25 min"),
        (Topic.ASKED, "web is down: approve rollback to aaaaaaa by 14:45 UTC?"),
        (Topic.ANNOUNCED, "web is down: rollback to aaaaaaa at 14:20 UTC"),
        (Topic.SCHEDULED, "web is down: rollback scheduled for Mon 14:25 UTC"),
        (Topic.CLOSED, "web is back after 62 s: rolled back to aaaaaaa"),
    ],
)
def test_a_title_counts_up_to_the_decision_and_names_what_is_ahead_by_its_time_of_day(topic: Topic, title: str) -> None:
    """Decided twenty minutes later: what lasts lasts longer; when something is due stays the same; an end is over."""
    (fields, facts), *_ = [row[1:3] for row in TABLE if row[0] is topic]
    assert read(an_outage(**fields), topic, decided=LATER, **facts).title == title


def test_an_escalation_counts_from_the_last_call() -> None:
    """Not from the opening: before that call a person had it, or a silence held it back."""
    called = amended(an_outage(opened_at=NOW - 7200.0), notified_at=NOW - 600.0)
    assert read(called, Topic.ESCALATED, by="lead").title == "web is down: not acknowledged for 10 min"


def test_lines_count_up_to_the_decision_too() -> None:
    """The time since an acknowledgement, the time until a window opens; without one, a time of day."""
    left = read(an_outage(), Topic.STILL_OPEN, decided=LATER, by="ann", since=NOW - 1800.0)
    assert left.lines[1] == "ann acknowledged it 50 min ago, and it is still open."
    gap = read(an_outage(), Topic.STILL_OPEN, decided=LATER, since=NOW - 1800.0)
    assert gap.title == "web is down: still open after a gap"
    assert gap.lines[1].startswith("No worker watched it for a time after 13:45 UTC: if an all-clear came since")
    for opens_at, ahead in ((NOW + 1800.0, "in 10 min"), (NOW, "in 0 s")):
        asked = read(an_outage(**CLOCK), Topic.ASKED, decided=LATER, terms=replace(NIGHTS, opens_at=opens_at))
        assert asked.lines[1].startswith(f"An approval is carried out at Mon 14:25 UTC ({ahead}) ")
    # A reload took the window away: there is no word of its own for when it begins.
    kept = read(an_outage(**CLOCK, announced_until=NOW + 600.0, approved_by="ann"), Topic.SCHEDULED)
    assert kept.title == "web is down: rollback scheduled for 14:25 UTC"
    assert kept.lines[1].startswith("Rolls back to dep-40 (aaaaaaa) at 14:25 UTC, approved by ann")


@pytest.mark.parametrize("apart", [1.0, 1.5, 540.0])
def test_a_worst_finding_that_began_later_than_the_incident_dates_what_is_said_of_it(apart: float) -> None:
    """Title and first line tell since when that fails, and the line when it all began, if that is another moment."""
    incident = an_outage(onset_at=NOW - 60.0 - apart)
    told = read(incident, Topic.FOUND)
    assert told.title == STATE
    began = " (the incident began 14:05 UTC)" if apart == 540.0 else " (the incident began 14:13 UTC)"
    assert told.lines[0] == SINCE.replace(AFTER, f"{began if apart > 1.0 else ''}{AFTER}")
    over = read(amended(incident, restored_at=NOW), Topic.STOPPED_SHORT, decided=LATER, why="no trace").lines[0]
    since = "Critical since 14:14 UTC, rolled back 14:15 UTC"
    assert over == f"{since}{began if apart > 1.0 else ''}{AFTER}"


REFUSED = {**SENT, "refused_at": NOW, "refusal": "no trace"}
LIVE = {**SENT, "restored_at": NOW}
ROLLED_BACK = f"Critical since 14:14 UTC, rolled back 14:15 UTC{AFTER}"
NOT_PROVED = "web: recovery not proved after its rollback"
ASKED_FOR = "Critical, since 14:14 UTC: home fails."
NOT_LIVE = "no rollback is known to be live"
LEFT = (
    "No rollback was sent",
    "No rollback is known to be live",
    "dep-40 (aaaaaaa) is live as dep-42 since 14:15 UTC and does not count as a recovery",
    "Render refused the rollback to dep-40 (aaaaaaa) at 14:15 UTC",
)


@pytest.mark.parametrize(
    ("fields", "title", "since", "left"),
    [
        ({}, STATE, SINCE, LEFT[0]),
        (SENT, f"web is down: {NOT_LIVE}", SINCE, LEFT[1]),
        (REFUSED, "web is down: Render refused the rollback", SINCE, LEFT[3]),
        (LIVE, NOT_PROVED, ROLLED_BACK, LEFT[2]),
        (BY_HAND, "web: the requested rollback was not sent", ASKED_FOR, LEFT[0]),
        ({**BY_HAND, **SENT}, f"web: {NOT_LIVE}", ASKED_FOR, LEFT[1]),
        ({**BY_HAND, **LIVE}, NOT_PROVED, ASKED_FOR, LEFT[2]),
    ],
    ids=["not sent", "sent", "refused", "live", "by hand, not sent", "by hand, sent", "by hand, live"],
)
def test_what_is_left_to_a_human_says_how_far_it_came(
    fields: dict[str, Any], title: str, since: str, left: str
) -> None:
    """Nothing sent, sent, live; the plan says the same as the title."""
    notice = read(an_outage(human_needed="no trace", **fields), Topic.STOPPED_SHORT, why="no trace")
    assert notice.title == title and notice.lines[0] == since
    made = " No deploy was made." if "refused" in title else ""
    assert notice.lines[1].startswith(f"{left}: no trace.{made} The daemon changes nothing more in this incident.")


EITHER = ((STOPS, ENDS_BOTH), (ACKNOWLEDGE, CANCELS))
TAKEN_UP = [row for row in TABLE if any(line.endswith((*EITHER[0], *EITHER[1])) for line in row[4])]


@pytest.mark.parametrize("escalates", [True, False])
@pytest.mark.parametrize("row", TAKEN_UP, ids=topic_of)
def test_an_acknowledgement_stops_the_escalation_only_if_there_is_one(row: Row, escalates: bool) -> None:
    """The policy names it, or not; acknowledged once is enough."""
    topic, fields, facts = row[0], row[1], {**row[2], "escalates": escalates}
    lines = read(an_outage(**fields), topic, **facts).lines
    assert [line for line in lines if line.endswith(EITHER[0] if escalates else EITHER[1])]
    done = read(an_outage(**{**fields, "acknowledged_by": "ann"}), topic, **facts).lines
    assert not any("watchdog incident ack" in line for line in done)


WAITS = (Situation.QUESTION, Situation.ANNOUNCED, Situation.SCHEDULED, Situation.REMEDYING)
IN_FULL = [row for row in TABLE if SINCE in row[4] and row[0] not in (Topic.ACKNOWLEDGED, Topic.RETURNED)]


@pytest.mark.parametrize("row", IN_FULL, ids=topic_of)
def test_auto_deploy_that_is_off_because_of_us_ends_the_news(row: Row) -> None:
    """After the reader's task, before the evidence; its command is offered where it would not be refused."""
    topic, fields, facts, title, lines, below = row
    told, found = read(an_outage(**fields), topic, auto_deploy_off="commit", **facts), situation(an_outage(**fields))
    off = OFF.replace("until you switch it back on", "meanwhile") if found in UNDER_WAY else OFF
    if found in UNDER_WAY or found in WAITS:
        what = "the rollback is over" if found in UNDER_WAY else "this is decided"
        off = f"{off} You can switch it back on once {what}."
    else:
        lines = (*lines[:-1], lines[-1] + SWITCH)
    assert (told.title, told.lines, told.details) == (title, (*lines, off), below)


def test_while_a_rollback_is_made_nothing_may_replace_it() -> None:
    """The changes made come before the evidence; a merge, and the switch of auto-deploy, wait for its end."""
    told = read(an_outage(**SENT, note="off, read back (was commit)"), Topic.NOT_LIVE_YET)
    assert told.details[:2] == ("Auto-deploy: off, read back (was commit)", DONE)
    assert told.lines[1] == "The rollback dep-42 is not live after 5 min.", "its status is not in the list"
    assert read(an_outage(**SENT, off=False), Topic.ROLLING_BACK).lines[2] == MERGE, "not known to be off"
    restoring = read(an_outage(**SENT), Topic.AUTO_DEPLOY_NOT_RESTORED, why="503", under_way=True)
    assert restoring.lines[1] == "Once the rollback is over: watchdog service restore-auto-deploy web"


@pytest.mark.parametrize(
    ("facts", "how", "mode"),
    [
        ({"code": "bad00000"}, "commit bad0000 is live again", "assist"),
        ({"code": "bad00000", "under_way": True}, "commit bad0000 is on its way again", "assist"),
        ({"code": "bad00000", "stopped": "paused by bob"}, "commit bad0000 is live again", "assist"),
        ({"code": "sha256:0123456789", "stopped": "paused by bob"}, "commit 0123456 is live again", "observe"),
        ({}, "code is live again", "assist"),
    ],
    ids=["live", "on its way", "paused", "an image, observed", "without code"],
)
def test_what_came_back_says_how_far_it_is_and_how_to_trust_it(facts: dict[str, Any], how: str, mode: str) -> None:
    """Live, or on its way; where no code is known there is none to trust. The daemon rolls nothing back in observe."""
    first = "resume the daemon first (paused by bob), then " if "stopped" in facts else ""
    by = "on Render's dashboard" if mode == "observe" else f"{first}watchdog rollback web"
    trust = f" If it is good now: watchdog commit trust {facts['code']}" if facts else ""
    notice = read(an_outage(decision=a_decision(mode=mode)), Topic.RETURNED, why=BACK, by="dep-43", **facts)
    assert (notice.title, notice.progress) == (f"web: bad {how}", "needs you")
    assert notice.lines[1:4] == (
        f"{BACK[0].upper()}{BACK[1:]}.",
        "The daemon does not roll it back a second time by itself.",
        f"To roll back once more: {by}.{trust}",
    )


SUSPECT = HISTORY[0]


@pytest.mark.parametrize(
    ("blame", "cause"),
    [
        ({}, ": 30 s after dep-41 (bad0000) went live."),
        (
            {"change": replace(SUSPECT, commit_message="Rework the basket\n\nlong")},
            ': 30 s after dep-41 "Rework the basket" (bad0000) went live.',
        ),
        ({"configuration": True}, ": 30 s after dep-41 (bad0000), a change of configuration only, went live."),
        ({"change": replace(SUSPECT, finished_at=None)}, ": suspect dep-41 (bad0000)."),
        ({"change": replace(SUSPECT, finished_at=NOW)}, ": suspect dep-41 (bad0000)."),
        ({"change": HISTORY[1]}, ": 3 d 0 h after dep-40 (aaaaaaa) went live."),
        ({"probability": 0.3}, "."),
        ({"probability": None}, "."),
        ({"vetoes": (Veto("onset before deploy", True, "it failed before"),)}, "."),
        ({"change": None, "suspect": None}, "."),
    ],
)
def test_the_cause_names_a_deploy_only_where_it_is_likelier_guilty_than_not(blame: dict[str, Any], cause: str) -> None:
    """With its commit's title; how long it was live only where that is known."""
    incident = an_outage(decision=a_decision(blame=a_blame(**blame)))
    assert read(incident, Topic.FOUND).lines[0] == SINCE.replace(AFTER, cause)
    undecided = an_outage(decision=None)
    assert read(undecided, Topic.FOUND).lines[0] == SINCE.replace(AFTER, ".")


def test_times_of_day_are_in_the_readers_zone() -> None:
    """Title, cause and plan; each with the zone's name."""
    notice = worded(a_notice(an_outage(**PAGED), Topic.LEFT_TO_HUMAN), NOW, ZoneInfo("Europe/Berlin"))
    assert notice.title == "web is down: HTTP 503 since 16:14 CEST"
    assert "since 16:14 CEST (14:14 UTC)" in notice.lines[0] and "asks again at 16:25 CEST" in notice.lines[1]

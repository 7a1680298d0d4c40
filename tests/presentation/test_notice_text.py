"""The words people get: one test for each line that somebody reads at three in the morning."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import NOW, a_blame, a_decision, an_incident, found
from watchdog.domain.decisions import Evidence, Finding, GuardAnswer, Term, Verdict
from watchdog.domain.follow_ups import RUNBOOK
from watchdog.domain.incidents import Deadline, Incident, Outcome, StakeholderStatus
from watchdog.domain.notices import AnswerTerms, IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.policy import Then
from watchdog.domain.severity import Severity
from watchdog.presentation import headlines
from watchdog.presentation import notice_details as details
from watchdog.presentation.notice_text import WORDS, worded

LATER = 1200.0
DAY = 86400.0
LONG = "the-shop-that-sells-everything-to-us-all"
RENDERS = "dep-d2tk3mjuibrs73f9abcg"
"""A deploy's id as Render gives it."""


def an_outage(**fields: Any) -> Incident:
    """Return an incident about which it is decided to roll back to dep-40; it began at 14:14 UTC, a minute ago."""
    known = {"target": "dep-40", "target_code": "aaaaaaa1", "suspect": "dep-41", "suspect_code": "bad00000"}
    return an_incident(**{"findings": (found(symptom="HTTP 503"),), "decision": a_decision(), **known, **fields})


def a_notice(incident: Incident, topic: Topic, decided: float = 0.0, **facts: Any) -> Notice:
    """Return a notice about it, as the core makes it so many seconds after NOW."""
    kind = NoticeKind.RESOLVED if topic is Topic.CLOSED else NoticeKind.HUMAN_NEEDED
    about = IncidentNews(topic, incident, **facts)
    return Notice(NOW + decided, incident.id, incident.service, incident.severity, kind, about=about)


def read(incident: Incident, topic: Topic, *, decided: float = 0.0, after: float = 0.0, **facts: Any) -> Notice:
    """Return it as people read it who get it so many seconds after it was decided to tell."""
    notice = a_notice(incident, topic, decided, **facts)
    return worded(notice, notice.at + after)


# --- what is said of each topic ---


SINCE = "Critical for 60 s, since 14:14 UTC: home: home fails"
WHY = (
    "Suspect: dep-41  bad0000",
    "Blame: it fits",
    "Guards: all pass",
    "Target: dep-40 aaaaaaa, healthy for 2 h by our own record",
)
ASKS = (
    "Question: roll web back to dep-40 aaaaaaa?",
    "Answer by 14:45 UTC (within 30 min): watchdog approve web-1   or   watchdog reject web-1",
    "Without an answer nothing is changed, and you are paged again.",
    "Why you are asked: it fits",
)
TAKE_UP = "To take it up, so that nobody else is called: watchdog acknowledge web-1"
LOOK_AFTER = "To say that you look after it: watchdog acknowledge web-1"
OFF = "Auto-deploy is OFF because of us (it was commit): merges do not ship."
CLOCK = {"deadline": Deadline(NOW - 600.0, Then.ESCALATE, 2400.0, NOW + 1800.0)}
QUESTION = {"terms": AnswerTerms()}
NIGHTS = AnswerTerms(window="nights", opens="Mon 14:25 UTC", opens_at=NOW + 600.0)
SENT = {"requested_at": NOW - 300.0, "deploy": "dep-42"}
DONE = "Rolled back: dep-41 -> dep-40 as dep-42"
ENDED = {**SENT, "restored_at": NOW + 2.0, "closed_at": NOW + 180.0, "outcome": Outcome.VERIFIED}
SYNC = "Auto-deploy is commit again (a Blueprint sync or a colleague): a merge may undo this."
BACK = "the bad commit bad0000 is live again (dep-43, manual)"
STATE = "web is down: HTTP 503 since 14:14 UTC"
TABLE: list[tuple[Topic, dict[str, Any], dict[str, Any], str, tuple[str, ...]]] = [
    (Topic.FOUND, {}, {}, STATE, (SINCE, *WHY)),
    (Topic.LEFT_TO_HUMAN, {}, {"escalates": True}, STATE, (SINCE, "Left to you: it fits", TAKE_UP, *WHY)),
    (
        Topic.UNMUTED,
        {},
        {"also": ("api fails",), "escalates": True},
        STATE,
        (SINCE, "A silence kept it from you until now.", "Fails besides: api fails", TAKE_UP, *WHY),
    ),
    (
        Topic.FLAPPING,
        {},
        {"why": "3 incidents opened within 60 min"},
        "web is flapping: rollbacks are asked about",
        ("Held: 3 incidents opened within 60 min",),
    ),
    (
        Topic.ANNOUNCED,
        {"announced_until": NOW + 300.0},
        {},
        "web is down: rollback to aaaaaaa at 14:20 UTC",
        (
            SINCE,
            "At 14:20 UTC, in 5 min: web is rolled back to dep-40 aaaaaaa.",
            "To prevent it: watchdog stop web-1",
            *WHY,
        ),
    ),
    (
        Topic.KEPT,
        {"announced_until": NOW + 600.0, "approved_by": "ann"},
        {"terms": NIGHTS, "why": "no watchdog ran"},
        "web is down: rollback kept for Mon 14:25 UTC",
        (
            SINCE,
            "It was not done in its window: no watchdog ran.",
            "Kept for Mon 14:25 UTC (in 10 min).",
            "Approved by ann, and kept until then (policy: critical: window: nights): roll web back to dep-40 aaaaaaa.",
            "Then everything is decided anew: it is done only if the deploy still fails and every guard passes.",
            "To prevent it: watchdog stop web-1. Not to wait: watchdog approve web-1",
            *WHY,
        ),
    ),
    (Topic.ASKED, CLOCK, QUESTION, "web is down: approve rollback to aaaaaaa by 14:45 UTC?", (SINCE, *ASKS, *WHY)),
    (
        Topic.REMINDED,
        CLOCK,
        {**QUESTION, "since": NOW - 600.0},
        "web is down: please answer, asked 10 min ago",
        (SINCE, *ASKS, *WHY),
    ),
    (
        Topic.UNANSWERED,
        CLOCK,
        {**QUESTION, "since": NOW - 900.0, "why": "hold: paused by bob"},
        "web is down: nobody answered for 15 min",
        (SINCE, "Not rolled back by default, a human is needed: hold: paused by bob", LOOK_AFTER, *ASKS, *WHY),
    ),
    (
        Topic.ACKNOWLEDGED,
        CLOCK,
        {**QUESTION, "by": "ann"},
        "web: ann looks after it",
        (SINCE, "Watching goes on. What was asked is still to be answered.", ASKS[2]),
    ),
    (
        Topic.ESCALATED,
        {**CLOCK, "opened_at": NOW - 300.0},
        {**QUESTION, "by": "lead", "escalates": True},
        "web is down: open for 5 min, not taken up",
        (SINCE, "Escalated to lead: open for 5 min, and not acknowledged.", TAKE_UP, *ASKS, *WHY),
    ),
    (
        Topic.STILL_OPEN,
        CLOCK,
        {**QUESTION, "by": "ann", "since": NOW - 1800.0, "escalates": True},
        "web is down: still open, ann had it",
        (SINCE, "Acknowledged by ann 30 min ago, and nothing changed since.", TAKE_UP, *ASKS, *WHY),
    ),
    (
        Topic.OVERDUE,
        {},
        {"since": NOW - 60.0},
        "web is down: rollback due for 60 s, not sent yet",
        (
            SINCE,
            "For 60 s a rollback to dep-40 is due and not known to be on its way; it is still being tried.",
            *WHY,
        ),
    ),
    (
        Topic.ROLLING_BACK,
        {**SENT, "off": True},
        {},
        "web is down: rolling back to aaaaaaa",
        (
            SINCE,
            "Nothing to do now: once the rollback is live the recovery is verified, and you hear how it ended.",
            DONE,
            *WHY,
        ),
    ),
    (
        Topic.STOPPED_SHORT,
        {},
        {"why": "paused by ann"},
        STATE,
        (SINCE, "What happened: paused by ann", LOOK_AFTER, *WHY),
    ),
    (
        Topic.NOT_LIVE_YET,
        SENT,
        {"why": "update_in_progress"},
        "web is down: rollback not live after 5 min",
        (SINCE, "The rollback dep-42 is not live after 5 min (update_in_progress).", DONE, *WHY),
    ),
    (Topic.AUTO_DEPLOY_ON_AGAIN, {}, {"why": "commit"}, "web: auto-deploy was switched on (commit)", (SYNC,)),
    (
        Topic.AUTO_DEPLOY_NOT_OFF,
        {},
        {"why": "timed out"},
        "web: auto-deploy could not be switched off",
        ("Auto-deploy could not be switched off again: timed out. Switch it off by hand.",),
    ),
    (
        Topic.AUTO_DEPLOY_NOT_RESTORED,
        {},
        {"why": "Render answered 503"},
        "web: auto-deploy is OFF, it could not be given back",
        (
            "Why: Render answered 503",
            "Switch it on by hand, or try again: watchdog restore-auto-deploy web",
        ),
    ),
    (
        Topic.RETURNED,
        SENT,
        {"why": BACK, "code": "bad00000"},
        "web: bad commit bad0000 is live again",
        (
            SINCE,
            f"{BACK[0].upper()}{BACK[1:]}.",
            "It is not rolled back a second time unless a human says so.",
            "To roll back once more: watchdog rollback web. If it is good now: watchdog trust bad00000",
            DONE,
            *WHY,
        ),
    ),
    (
        Topic.CLOSED,
        ENDED,
        {"why": "home: 180 of 180 probes good"},
        "web is back after 62 s: rolled back to aaaaaaa",
        (
            "How: home: 180 of 180 probes good",
            DONE,
            "Left for you: fix bad0000; `watchdog explain web-1` says why.",
        ),
    ),
]


@pytest.mark.parametrize(("topic", "fields", "facts", "title", "lines"), TABLE, ids=[row[0].name for row in TABLE])
def test_what_is_said_of_each_topic(
    topic: Topic, fields: dict[str, Any], facts: dict[str, Any], title: str, lines: tuple[str, ...]
) -> None:
    """What is wrong and since when, what is being done, what to do, why we think so: in this order."""
    notice = read(an_outage(**fields), topic, **facts)
    assert (notice.title, notice.lines) == (title, lines)


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
    assert replace(told, title="", lines=()) == notice and told.identity == notice.identity


def test_a_fault_in_a_text_keeps_no_page_from_people() -> None:
    """They read what it is about, and where to look: here a moment that a later version may write otherwise."""
    notice = read(an_outage(), Topic.OVERDUE, since="a minute ago")
    assert notice.title == "web critical: rollback overdue"
    assert notice.lines == ("Its words could not be made (TypeError): watchdog explain web-1",)
    ended = read(an_outage(**{**ENDED, "restored_at": "today"}), Topic.CLOSED)
    assert ended.title == "web critical: closed" and ended.todo == ()


# --- a page that is repeated, or was held up ---


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


# --- headlines ---


@pytest.mark.parametrize(
    ("finding", "severity", "told"),
    [
        (found(), Severity.CRITICAL, "web is down"),
        (found(), Severity.HIGH, "web home is down"),
        (found(method="cusum", share=0.95), Severity.CRITICAL, "web is down"),
        (found(method="cusum", share=0.9), Severity.CRITICAL, "web is down"),
        (found(method="cusum", share=0.89), Severity.CRITICAL, "web fails 89% of probes"),
        (found(method="cusum", share=0.3), Severity.CRITICAL, "web fails 30% of probes"),
        (found("api", share=0.3), Severity.HIGH, "web api fails 30% of probes"),
        (found(method="intermittent", share=0.3), Severity.CRITICAL, "web comes and goes"),
        (found("api", "latency"), Severity.HIGH, "web api is slow"),
        (found("api", "latency"), Severity.CRITICAL, "web api is slow"),
        (found("errors", "feed"), Severity.HIGH, "web errors"),
        (found("errors", "count"), Severity.MEDIUM, "web errors"),
        (found("events", "crashes"), Severity.HIGH, "web crashes"),
        (found(method="turned away"), Severity.HIGH, "web home lets no probe in"),
    ],
)
def test_a_headline_says_what_a_service_does(finding: Finding, severity: Severity, told: str) -> None:
    """The whole of it where a critical route fails; else the signal that shows it."""
    incident = an_incident(severity=severity, findings=(replace(finding, symptom="HTTP 503"),))
    assert headlines.happens(incident) == told
    assert headlines.state_title(incident, NOW) == f"{told}: HTTP 503 since 14:14 UTC"


def test_a_headline_names_the_worst_of_what_fails() -> None:
    """The first finding; the others are below."""
    incident = an_incident(findings=(found(symptom="HTTP 503"), found("api", "latency", symptom="p95 3 s > 1 s")))
    assert headlines.state_title(incident, NOW) == STATE
    notice = read(incident, Topic.FOUND)
    assert notice.lines == (SINCE, "Seen: api: api fails")


def test_what_a_person_asked_for_without_a_failure_has_its_own_headline() -> None:
    """Nothing is said to fail."""
    incident = an_outage(findings=(), title="rollback by hand, asked for by ann", decision=a_decision(blame=None))
    assert headlines.happens(incident) == "web"
    assert headlines.state_title(incident, NOW) == "web: rollback by hand, asked for by ann"
    notice = read(incident, Topic.ROLLING_BACK)
    assert notice.title == "web: rolling back to aaaaaaa"
    assert notice.lines[0] == "Critical, since 14:14 UTC: rollback by hand, asked for by ann"
    assert "Blame: nobody was blamed" in notice.lines


@pytest.mark.parametrize(
    ("service", "symptom", "title"),
    [
        ("web", "", "web is down since 14:14 UTC"),
        ("web", "x" * 31, f"web is down: {'x' * 31} since 14:14 UTC"),
        ("web", "x" * 32, f"web is down: {'x' * 30}… since 14:14 UTC"),
        ("w" * 26, "HTTP 503", f"{'w' * 26} is down: HTTP 503 since 14:14 UTC"),
        ("w" * 27, "HTTP 503", f"{'w' * 27} is down since 14:14 UTC"),
    ],
)
def test_a_symptom_has_the_room_that_is_left(service: str, symptom: str, title: str) -> None:
    """Cut where it is long, left out where only a stump would stay; since when is always read."""
    incident = replace(an_outage(findings=(found(symptom=symptom),)), service=service)
    assert headlines.state_title(incident, NOW) == title and len(title) <= headlines.TITLE_MAX


def test_since_when_it_fails_is_told_with_its_day_where_that_is_not_today() -> None:
    """Of something that goes on for half a day: the symptom has less room."""
    late = NOW - 60.0 + DAY / 2
    incident = an_outage(findings=(found(symptom="x" * 40),))
    assert headlines.state_title(incident, late - 1.0) == f"web is down: {'x' * 30}… since 14:14 UTC"
    assert headlines.state_title(incident, late) == f"web is down: {'x' * 23}… since 21 Sep 14:14 UTC"
    told = read(an_outage(), Topic.FOUND, decided=late - NOW)
    assert told.title == "web is down: HTTP 503 since 21 Sep 14:14 UTC"
    assert told.lines[0] == "Critical for 12 h 0 min, since 21 Sep 14:14 UTC: home: home fails"


NOT_SENT = "web: no rollback was made"
UNSENT = {"requested_at": None, "deploy": None, "restored_at": None}
BY_HAND: dict[str, Any] = {"findings": (), "decision": a_decision(blame=None)}
OTHERWISE = (Outcome.WITH_A_HUMAN, Outcome.BY_ITSELF, Outcome.RECOVERED, Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("outcome", "fields", "title"),
    [
        (Outcome.VERIFIED, {}, "web is back after 62 s: rolled back to aaaaaaa"),
        (Outcome.VERIFIED, {"restored_at": NOW + 120.0}, "web is back after 3 min: rolled back to aaaaaaa"),
        (Outcome.VERIFIED, {"target_code": None}, "web is back after 62 s: rolled back to dep-40"),
        (Outcome.VERIFIED, {"healed_at": NOW - 30.0}, "web is well: its rollback may have been needless"),
        (Outcome.VERIFIED, {"undoes": "web-0"}, "web is well: the rollback is undone, aaaaaaa serves"),
        (Outcome.VERIFIED, {"undoes": "web-0", **BY_HAND}, "web is well: the rollback is undone, aaaaaaa serves"),
        (Outcome.VERIFIED, BY_HAND, "web is well, rolled back to aaaaaaa"),
        (Outcome.CONTINUED, {}, "web: goes on by hand, as another incident"),
        (Outcome.CONTINUED, BY_HAND, "web: goes on by hand, as another incident"),
        (Outcome.WITH_A_HUMAN, {}, "web is well again, with a human: 4 min after the onset"),
        (Outcome.BY_ITSELF, {}, "web is well again, by itself: 4 min after the onset"),
        (Outcome.RECOVERED, {}, "web is well again: 4 min after the onset"),
        (Outcome.UNKNOWN, {}, "web is well again: 4 min after the onset"),
        *[(outcome, {**BY_HAND, **UNSENT}, NOT_SENT) for outcome in OTHERWISE],
    ],
)
def test_an_end_says_how_it_ended_and_after_how_long(outcome: Outcome, fields: dict[str, Any], title: str) -> None:
    """From the first failure until the rollback was live, or else to the end; what never failed was not long down."""
    incident = an_outage(**{**ENDED, **fields, "outcome": outcome})
    assert headlines.end_title(incident) == title
    assert read(incident, Topic.CLOSED, why="it is well").title == title


def test_foreign_words_in_a_title_are_cleaned_and_cut() -> None:
    """What a site answers may hold anything."""
    assert headlines.titled("web is\ndown\u202e:\x1b HTTP", an_outage()) == "web is down: HTTP"
    assert (
        headlines.titled("x" * 61, an_outage()) == "x" * 59 + "…"
        and headlines.titled("x" * 60, an_outage()) == "x" * 60
    )
    incident = an_outage(findings=(found(symptom="HTTP\n503\u202e"),))
    assert headlines.state_title(incident, NOW) == STATE


@pytest.mark.parametrize(
    ("at", "now", "told"),
    [
        (0.0, 0.0, "14:15 UTC"),
        (59.0, 0.0, "14:15 UTC"),
        (60.0, 0.0, "14:16 UTC"),
        (0.0, DAY / 2 - 1.0, "14:15 UTC"),
        (0.0, DAY / 2, "21 Sep 14:15 UTC"),
        (DAY / 2 - 60.0, 0.0, "02:14 UTC"),
        (DAY / 2, 0.0, "22 Sep 02:15 UTC"),
        (9 * DAY, 0.0, "30 Sep 14:15 UTC"),
        (-20 * DAY, 0.0, "01 Sep 14:15 UTC"),
    ],
)
def test_a_clock_is_read_in_utc_and_with_its_day_half_a_day_before_or_after(at: float, now: float, told: str) -> None:
    """To the minute; the night of tomorrow needs no day as long as no other night may be meant."""
    assert headlines.clock(NOW + at, NOW + now) == told


# --- what stopped ---


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
    assert [line for line in told if "watchdog acknowledge" in line] == [TAKE_UP if escalates else LOOK_AFTER]


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
    assert (told.title, told.lines) == (title, (*lines[:begins], OFF, *lines[begins:]))


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
        told = read(incident, Topic.STOPPED_SHORT, why="no trace", auto_deploy_off=value).lines
        assert told == (SINCE, "What happened: no trace", LOOK_AFTER, *said, DONE, *WHY)


@pytest.mark.parametrize(
    ("facts", "how", "trust"),
    [
        ({"code": "bad00000"}, "commit bad0000 is live again", " If it is good now: watchdog trust bad00000"),
        (
            {"code": "bad00000", "under_way": True},
            "commit bad0000 is on its way again",
            " If it is good now: watchdog trust bad00000",
        ),
        (
            {"code": "sha256:0123456789"},
            "commit 0123456 is live again",
            " If it is good now: watchdog trust sha256:0123456789",
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
    assert notice.lines[1] == "Once that is over: watchdog restore-auto-deploy web"


# --- the reasoning ---


def test_the_reasoning_is_a_line_each() -> None:
    """Findings but the first, what is unknown, suspect, blame with its terms, guards, target, what observe would do."""
    evidence = (Evidence("errors", "unknown", "not read yet"), Evidence("api", "good", "ok"))
    blame = a_blame(terms=(Term(0.05, "upstream openai fails: major outage"),))
    decision = a_decision(evidence=evidence, blame=blame, would="would roll back to dep-40 (aaaaaaa)")
    findings = (found(), found("api", "latency"))
    assert details.reasoning(an_incident(decision=decision, findings=findings)) == (
        "Seen: api: api fails",
        "Seen: errors: not read yet",
        "Suspect: dep-41  bad0000",
        "Blame: it fits",
        "Blame: x 0.05: upstream openai fails: major outage",
        "Guards: all pass",
        "Target: dep-40 aaaaaaa, healthy for 2 h by our own record",
        "Mode observe: would roll back to dep-40 (aaaaaaa)",
    )


def test_before_a_decision_only_what_was_seen_is_said() -> None:
    """And of a rollback by hand, that nobody was blamed."""
    assert read(an_incident(), Topic.FOUND).lines == (SINCE,) and details.reasoning(an_incident()) == ()
    assert details.reasoning(an_incident(findings=(found(), found("api")))) == ("Seen: api: api fails",)
    by_hand = details.reasoning(an_incident(findings=(), decision=a_decision(blame=None)))
    assert by_hand[0] == "Blame: nobody was blamed" and len(by_hand) == 3
    nobody = a_blame(suspect=None, change=None, why="no deploy can be blamed: no Render key")
    assert details.reasoning(an_incident(decision=a_decision(blame=nobody)))[0] == f"Blame: {nobody.why}"


# --- a question ---


def asking(incident: Incident, terms: AnswerTerms, after: float = 0.0) -> tuple[str, ...]:
    """Return the lines of a question, told so many seconds after NOW."""
    return details.asking_lines(incident, terms, NOW + after)


HIGH = an_incident(severity=Severity.HIGH)


def test_a_question_says_who_alone_may_say_yes() -> None:
    """Right after how to answer."""
    told = asking(HIGH, AnswerTerms(approver="lead"))
    assert told[2] == "Only lead may approve (policy: high: approver: lead); anybody else may reject."
    assert details.only_approver(HIGH, "lead") == (told[2],)
    assert not any("Only" in line for line in asking(HIGH, AnswerTerms())) and details.only_approver(HIGH, "") == ()


@pytest.mark.parametrize(("begins", "ahead"), [(600.0, "10 min"), (0.0, "0 s"), (-600.0, "0 s"), (None, None)])
def test_a_question_says_that_a_yes_waits_for_its_window_unless_that_is_now(
    begins: float | None, ahead: str | None
) -> None:
    """Until when, how long that is by the decision, and how not to wait; a yes that acts at once has no such moment."""
    terms = replace(NIGHTS, opens_at=None if begins is None else NOW + begins)
    line = f"A yes is kept for Mon 14:25 UTC (in {ahead}) (policy: high: window: nights); said again, it means now."
    told = asking(HIGH, terms)
    assert [one for one in told if one.startswith("A yes is kept for ")] == ([line] if ahead else [])
    assert told.index(line) == 2 if ahead else True
    assert line.replace("10 min", "5 min") in asking(HIGH, terms, 300.0) if begins == 600.0 else True


def test_what_is_kept_says_for_what_and_how_to_answer_once_more() -> None:
    """A reload may have taken the window away: then it names none."""
    incident = an_incident(approved_by="ann", target="dep-40", target_code="aaaaaaa1")
    kept, anew, words = details.kept_lines(incident, "nights")
    assert kept == (
        "Approved by ann, and kept until then (policy: critical: window: nights): roll web back to dep-40 aaaaaaa."
    )
    assert anew == "Then everything is decided anew: it is done only if the deploy still fails and every guard passes."
    assert words == "To prevent it: watchdog stop web-1. Not to wait: watchdog approve web-1"
    assert details.kept_lines(incident, "")[0] == (
        "Approved by ann, and kept until then: roll web back to dep-40 aaaaaaa."
    )


def test_a_question_says_how_to_answer_and_what_happens_otherwise() -> None:
    """With and without a deadline."""
    clock = Deadline(NOW - 60.0, Then.ESCALATE, 360.0, NOW + 300.0)
    incident = an_incident(target="dep-40", target_code="aaaaaaa1", deadline=clock)
    assert asking(incident, AnswerTerms()) == (
        "Question: roll web back to dep-40 aaaaaaa?",
        "Answer by 14:20 UTC (within 5 min): watchdog approve web-1   or   watchdog reject web-1",
        "Without an answer nothing is changed, and you are paged again.",
    )
    by_default = amended(incident, deadline=replace(clock, then=Then.ROLLBACK))
    assert asking(by_default, AnswerTerms())[2] == (
        "Without an answer it is rolled back then, if every guard still passes (policy: then: rollback)."
    )
    nothing = amended(incident, deadline=replace(clock, then=Then.NOTHING))
    assert asking(nothing, AnswerTerms())[2] == "Without an answer nothing is changed."
    for late in (amended(by_default, late_paged=True), amended(by_default, deadline=None)):
        told = asking(late, AnswerTerms())
        assert told[1].startswith("Answer: watchdog approve web-1")
        assert told[2] == "Without an answer nothing is changed."
        assert read(late, Topic.ASKED, **QUESTION).title == "web is down: approve rollback to aaaaaaa?"
    decided = asking(amended(incident, decision=a_decision(why="the policy asks")), AnswerTerms())
    assert decided[3:] == ("Why you are asked: the policy asks",)


@pytest.mark.parametrize("after", [0.0, LATER])
@pytest.mark.parametrize("heard_at", [None, NOW - 600.0])
@pytest.mark.parametrize("then", list(Then))
def test_the_deadline_that_is_told_is_when_its_default_is_due_at_the_earliest(
    then: Then, heard_at: float | None, after: float
) -> None:
    """By its time of day, also where it is sent late; people who hear of it later are given more time, never less."""
    clock = replace(CLOCK["deadline"], then=then, heard_at=heard_at)
    told = read(an_outage(deadline=clock), Topic.ASKED, after=after, **QUESTION)
    assert told.title == "web is down: approve rollback to aaaaaaa by 14:45 UTC?"
    question, answer, otherwise = told.lines[2:5] if after else told.lines[1:4]
    assert question == ASKS[0] and answer == ASKS[1]
    assert otherwise == details.OTHERWISE[then] and details.due_at(an_outage(deadline=clock)) == NOW + 1800.0
    assert ("it is rolled back then" in otherwise) is (then is Then.ROLLBACK)


@pytest.mark.parametrize("then", list(Then))
def test_what_may_act_once_an_obstacle_has_passed_is_not_promised_for_the_deadline(then: Then) -> None:
    """An action hold: while it lasts nothing is changed, and after it no answer is needed."""
    hold = GuardAnswer("action hold", Verdict.ASK, "launch", passing=True)
    said = details.without_an_answer(an_incident(decision=a_decision(guards=(hold,))), then)
    assert said.startswith("Without an answer nothing is changed while that lasts") and said.endswith("it may act.")
    assert ("paged again" in said) is (then is not Then.NOTHING)
    stays = replace(hold, passing=False)
    for_good = an_incident(decision=a_decision(guards=(hold, stays)))
    assert details.without_an_answer(for_good, then) == details.OTHERWISE[then]


def test_who_looks_after_it_hears_of_a_question_only_if_one_is_open() -> None:
    """And of the deadline only if there is one."""
    assert read(an_outage(**CLOCK), Topic.ACKNOWLEDGED, by="ann").lines == (SINCE,), "answered meanwhile"
    endless = {"deadline": replace(CLOCK["deadline"], due_at=None)}
    told = read(an_outage(**endless), Topic.ACKNOWLEDGED, by="ann", **QUESTION).lines
    assert told == (SINCE, "Watching goes on. What was asked is still to be answered.")


# --- what was done, and what is left ---


def test_what_was_done_is_said_and_nothing_else() -> None:
    """Nothing done, no line."""
    assert details.done_lines(an_incident()) == ()
    done = an_incident(note="off, read back", suspect="dep-41", target="dep-40", deploy="dep-42")
    assert details.done_lines(done) == ("Auto-deploy: off, read back", DONE)


@pytest.mark.parametrize(("expired", "rebuilt"), [(None, False), ("dep-39", False), ("dep-40", True)])
def test_a_rebuild_that_was_made_says_that_it_is_one(expired: str | None, rebuilt: bool) -> None:
    """Only where it is the target's own artefact that is gone."""
    incident = an_incident(target="dep-40", target_code="aaaaaaa1", suspect="dep-41", expired=expired, deploy="dep-42")
    how = " (a rebuild of aaaaaaa, since its artefact is gone: it takes as long as a build)" if rebuilt else ""
    assert details.done_lines(incident) == (f"{DONE}{how}",)


@pytest.mark.parametrize("value", ["commit", ""])
def test_what_is_left_for_people(value: str) -> None:
    """Auto-deploy, if we switched it off; the bad commit, if it was rolled back, and was not taken back to."""

    def left(**fields: Any) -> tuple[str, ...]:
        return details.left_lines(IncidentNews(Topic.CLOSED, an_incident(**fields), value))

    off = "Left for you: auto-deploy is off (it was commit) until you switch it back on."
    before = (off,) if value else ()
    for half in ({}, {"suspect_code": "bad00000"}, {"deploy": "dep-42"}):
        assert left(**half) == before
    both = {"suspect_code": "bad00000", "deploy": "dep-42"}
    assert left(**both) == (*before, "Left for you: fix bad0000; `watchdog explain web-1` says why.")
    assert left(**both, undoes="web-0") == before
    healed = left(**both, suspect="dep-41", healed_at=NOW - 30.0, restored_at=NOW)
    assert len(healed) == len(before) + 1 and healed[-1].startswith("Left for you: all was good again 30 s before ")
    assert healed[-1].endswith("takes the rollback back).")


def test_the_runbook_leaves_people_their_tasks_at_the_end_of_a_rollback() -> None:
    """Each with whose it is and by when; stakeholders who were told need no task; without a rollback there is none."""
    peoples = [one for one in RUNBOOK if one.by_people]
    ended = an_outage(**ENDED)
    todo = read(ended, Topic.CLOSED).todo
    first = "Monitor analytics for user activity recovery: product owner, within 15 min (watchdog tick web-1 analytics)"
    assert todo[0] == first and len(todo) == len(peoples) and todo == details.todo_lines(ended)
    informed = amended(ended, informed=(StakeholderStatus("board", "web-1/stakeholders", NOW),))
    assert set(todo) - set(read(informed, Topic.CLOSED).todo) == {
        "Communicate status to stakeholders: team lead, within 60 min (watchdog tick web-1 stakeholders)"
    }
    assert read(amended(ended, requested_at=None), Topic.CLOSED).todo == ()
    assert read(ended, Topic.STOPPED_SHORT).todo == (), "it is not over"


@pytest.mark.parametrize(("signal", "method"), [("checkout", "run"), ("checkout-api", "latency")])
def test_a_short_name_keeps_the_end_of_a_long_title(signal: str, method: str) -> None:
    """How the service fails gives way, where its name is too short to: the time to answer stays."""
    partly = an_outage(findings=(found(signal, method, share=0.3),), severity=Severity.HIGH, **CLOCK)
    assert read(partly, Topic.ASKED, **QUESTION).title == "web: approve rollback to aaaaaaa by 14:45 UTC?"

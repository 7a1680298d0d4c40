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
LONG = "the-shop-that-sells-everything-to-us-all"
RENDERS = "dep-d2tk3mjuibrs73f9abcg"
"""A deploy's id as Render gives it."""


def an_outage(**fields: Any) -> Incident:
    """Return an incident about which it is decided to roll back to dep-40; it began at 14:14 UTC, a minute ago."""
    known = {"target": "dep-40", "target_code": "aaaaaaa1", "suspect": "dep-41", "suspect_code": "bad00000"}
    return an_incident(**{"findings": (found(symptom="HTTP 503"),), "decision": a_decision(), **known, **fields})


def a_notice(incident: Incident, topic: Topic, **facts: Any) -> Notice:
    """Return a notice about it, as the core makes it at NOW."""
    kind = NoticeKind.RESOLVED if topic is Topic.CLOSED else NoticeKind.HUMAN_NEEDED
    about = IncidentNews(topic, incident, **facts)
    return Notice(NOW, incident.id, incident.service, incident.severity, kind, about=about)


def read(incident: Incident, topic: Topic, after: float = 0.0, **facts: Any) -> Notice:
    """Return it as people read it who get it so many seconds later."""
    return worded(a_notice(incident, topic, **facts), NOW + after)


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
    "Answer within 30 min: watchdog approve web-1   or   watchdog reject web-1",
    "Without an answer nothing is changed, and you are paged again.",
    "Why you are asked: it fits",
)
TAKE_UP = "To take it up, so that nobody else is called: watchdog acknowledge web-1"
CLOCK = {"deadline": Deadline(NOW - 600.0, Then.ESCALATE, 2400.0, NOW + 1800.0)}
QUESTION = {"question": AnswerTerms()}
NIGHTS = AnswerTerms(window="nights", opens="Mon 14:25 UTC", opens_at=NOW + 600.0)
SENT = {"requested_at": NOW - 300.0, "deploy": "dep-42"}
DONE = "Rolled back: dep-41 -> dep-40 as dep-42"
ENDED = {**SENT, "closed_at": NOW + 180.0, "outcome": Outcome.VERIFIED}
SYNC = "Auto-deploy is commit again (a Blueprint sync or a colleague): a merge may undo the rollback."
BACK = "the bad commit bad0000 is live again (dep-43, manual)"
STATE = "web is down: HTTP 503 since 14:14 UTC"
TABLE: list[tuple[Topic, dict[str, Any], dict[str, Any], str, tuple[str, ...]]] = [
    (Topic.FOUND, {}, {}, STATE, (SINCE, *WHY)),
    (Topic.LEFT_TO_HUMAN, {}, {}, STATE, (SINCE, "Left to you: it fits", TAKE_UP, *WHY)),
    (
        Topic.UNMUTED,
        {},
        {"also": ("api fails",)},
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
        "web is down: rollback to aaaaaaa in 5 min",
        (SINCE, "To be rolled back in 5 min: web to dep-40 aaaaaaa.", "To prevent it: watchdog stop web-1", *WHY),
    ),
    (
        Topic.KEPT,
        {"announced_until": NOW + 600.0, "approved_by": "ann"},
        {"question": NIGHTS, "why": "no watchdog ran"},
        "web: rollback kept for Mon 14:25 UTC",
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
    (Topic.ASKED, CLOCK, QUESTION, "web: approve the rollback to aaaaaaa? 30 min left", (SINCE, *ASKS, *WHY)),
    (
        Topic.REMINDED,
        CLOCK,
        {**QUESTION, "since": NOW - 600.0},
        "web is down: no answer for 10 min, please answer",
        (SINCE, *ASKS, *WHY),
    ),
    (
        Topic.UNANSWERED,
        CLOCK,
        {**QUESTION, "since": NOW - 900.0, "why": "hold: paused by bob"},
        "web is down: no answer for 15 min",
        (SINCE, "Not rolled back by default, a human is needed: hold: paused by bob", *ASKS, *WHY),
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
        {**QUESTION, "by": "lead"},
        "web is down: open for 5 min, not taken up",
        (SINCE, "Escalated to lead: open for 5 min, and not acknowledged.", TAKE_UP, *ASKS, *WHY),
    ),
    (
        Topic.STILL_OPEN,
        CLOCK,
        {**QUESTION, "by": "ann", "since": NOW - 1800.0},
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
            "Nothing to do now: once dep-40 is live its recovery is verified, and you hear how it ended.",
            DONE,
            *WHY,
        ),
    ),
    (Topic.STOPPED_SHORT, {}, {"why": "paused by ann"}, STATE, (SINCE, "What happened: paused by ann", TAKE_UP, *WHY)),
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
        "web: the bad commit bad0000 is back",
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
        "web is back after 4 min: rolled back to aaaaaaa",
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


@pytest.mark.parametrize(("topic", "fields", "facts"), [row[:3] for row in TABLE], ids=[row[0].name for row in TABLE])
def test_a_title_fits_on_a_lock_screen(topic: Topic, fields: dict[str, Any], facts: dict[str, Any]) -> None:
    """Whatever the names; it begins with the service's, which is whole."""
    assert len(LONG) == 40
    incident = replace(an_outage(**{**fields, "target": RENDERS}), service=LONG, id=f"{LONG}-1")
    title = read(incident, topic, **facts).title
    assert len(title) <= headlines.TITLE_MAX == 60 and title.startswith(LONG)


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
    ended = read(an_outage(**{**ENDED, "closed_at": "today"}), Topic.CLOSED)
    assert ended.title == "web critical: closed" and ended.todo == ()


# --- a page that is repeated, or was held up ---


GOES_ON = [row[:3] for row in TABLE if SINCE in row[4]]


@pytest.mark.parametrize(("topic", "fields", "facts"), GOES_ON, ids=[row[0].name for row in GOES_ON])
def test_what_goes_on_tells_how_long_it_lasts_by_now(
    topic: Topic, fields: dict[str, Any], facts: dict[str, Any]
) -> None:
    """Twenty minutes later it is twenty minutes more, since the same moment."""
    first = read(an_outage(**fields), topic, LATER, **facts).lines[0]
    assert first == SINCE.replace("60 s", "21 min")


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        (Topic.REMINDED, "web is down: no answer for 30 min, please answer"),
        (Topic.UNANSWERED, "web is down: no answer for 35 min"),
        (Topic.ESCALATED, "web is down: open for 25 min, not taken up"),
        (Topic.OVERDUE, "web is down: rollback due for 21 min, not sent yet"),
        (Topic.NOT_LIVE_YET, "web is down: rollback not live after 25 min"),
        (Topic.ASKED, "web: approve the rollback to aaaaaaa? 10 min left"),
        (Topic.ANNOUNCED, "web is down: rollback to aaaaaaa now"),
        (Topic.CLOSED, "web is back after 4 min: rolled back to aaaaaaa"),
    ],
)
def test_a_title_counts_up_to_the_moment_of_sending(topic: Topic, title: str) -> None:
    """Twenty minutes later: what lasts lasts longer, what is left is less and never below nothing; an end is over."""
    (fields, facts), *_ = [row[1:3] for row in TABLE if row[0] is topic]
    assert read(an_outage(**fields), topic, LATER, **facts).title == title


def test_lines_count_up_to_the_moment_of_sending_too() -> None:
    """How long the deadline is away, how long somebody looked after it, how long until a window begins."""
    asked = read(an_outage(**CLOCK), Topic.ASKED, LATER, **QUESTION)
    assert asked.lines[2].startswith("Answer within 10 min: ")
    late = read(an_outage(**CLOCK), Topic.ASKED, 2 * LATER, **QUESTION)
    assert late.lines[2].startswith("Answer: ") and late.title.endswith("aaaaaaa?"), "its time has passed"
    left = read(an_outage(), Topic.STILL_OPEN, LATER, by="ann", since=NOW - 1800.0)
    assert left.lines[1] == "Acknowledged by ann 50 min ago, and nothing changed since."
    kept = read(an_outage(announced_until=NOW + 1800.0), Topic.KEPT, LATER, question=NIGHTS)
    assert kept.lines[1] == "Kept for Mon 14:25 UTC (in 10 min)."


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
    assert headlines.state_title(incident) == f"{told}: HTTP 503 since 14:14 UTC"


def test_a_headline_names_the_worst_of_what_fails() -> None:
    """The first finding; the others are below."""
    incident = an_incident(findings=(found(symptom="HTTP 503"), found("api", "latency", symptom="p95 3 s > 1 s")))
    assert headlines.state_title(incident) == STATE
    notice = read(incident, Topic.FOUND)
    assert notice.lines == (SINCE, "Seen: api: api fails")


def test_what_a_person_asked_for_without_a_failure_has_its_own_headline() -> None:
    """Nothing is said to fail."""
    incident = an_outage(findings=(), title="rollback by hand, asked for by ann", decision=a_decision(blame=None))
    assert headlines.happens(incident) == "web"
    assert headlines.state_title(incident) == "web: rollback by hand, asked for by ann"
    notice = read(incident, Topic.ROLLING_BACK)
    assert notice.title == "web: rolling back to aaaaaaa"
    assert notice.lines[0] == "60 s ago: rollback by hand, asked for by ann"
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
    assert headlines.state_title(incident) == title and len(title) <= headlines.TITLE_MAX


@pytest.mark.parametrize(
    ("outcome", "title"),
    [
        (Outcome.VERIFIED, "web is back after 4 min: rolled back to aaaaaaa"),
        (Outcome.RECOVERED, "web is back after 4 min, by itself"),
        (Outcome.BY_ITSELF, "web is back after 4 min, by itself"),
        (Outcome.WITH_A_HUMAN, "web is back after 4 min, with a human"),
        (Outcome.CONTINUED, "web: another rollback was begun by hand"),
    ],
)
def test_an_end_says_how_it_ended_and_after_how_long(outcome: Outcome, title: str) -> None:
    """From the first failure to the end."""
    assert headlines.end_title(an_outage(outcome=outcome, closed_at=NOW + 180.0)) == title


def test_foreign_words_in_a_title_are_cleaned_and_cut() -> None:
    """What a site answers may hold anything."""
    assert headlines.titled("web is\ndown\u202e:\x1b HTTP") == "web is down: HTTP"
    assert headlines.titled("x" * 61) == "x" * 59 + "…" and headlines.titled("x" * 60) == "x" * 60
    incident = an_outage(findings=(found(symptom="HTTP\n503\u202e"),))
    assert headlines.state_title(incident) == STATE


def test_a_clock_is_read_in_utc() -> None:
    """To the minute."""
    assert headlines.clock(NOW) == "14:15 UTC" and headlines.clock(NOW + 59.0) == "14:15 UTC"


# --- what stopped ---


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({}, STATE),
        (SENT, "web is down: the rollback needs a human"),
        ({**SENT, "restored_at": NOW}, "web: the rollback to aaaaaaa did not settle it"),
    ],
)
def test_what_is_left_to_a_human_says_how_far_it_came(fields: dict[str, Any], title: str) -> None:
    """Nothing sent, sent, live; what happened is the first thing below what is wrong."""
    notice = read(an_outage(**fields), Topic.STOPPED_SHORT, why="no trace")
    assert notice.title == title and notice.lines[:2] == (SINCE, "What happened: no trace")


def test_auto_deploy_that_is_off_because_of_us_is_said_before_what_was_done() -> None:
    """After what to do, before the reasoning, and once: in the words of this incident's pin, if it has one."""
    off = "Auto-deploy is OFF because of us (it was commit): merges do not ship."
    pinned = an_outage(**SENT, note="off, read back (was commit)")
    for incident, value, said in (
        (an_outage(**SENT), "commit", (off,)),
        (an_outage(**SENT), "", ()),
        (pinned, "commit", ("Auto-deploy: off, read back (was commit)",)),
    ):
        told = read(incident, Topic.STOPPED_SHORT, why="no trace", auto_deploy_off=value).lines
        assert told == (SINCE, "What happened: no trace", TAKE_UP, *said, DONE, *WHY)


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
    notice = read(an_outage(), Topic.AUTO_DEPLOY_NOT_RESTORED, why="503", acting=True)
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


def asking(incident: Incident, asked: AnswerTerms, after: float = 0.0) -> tuple[str, ...]:
    """Return the lines of a question, read so many seconds later."""
    return details.asking_lines(IncidentNews(Topic.ASKED, incident), asked, NOW + after)


HIGH = an_incident(severity=Severity.HIGH)


def test_a_question_says_who_alone_may_say_yes() -> None:
    """Right after how to answer."""
    told = asking(HIGH, AnswerTerms(approver="lead"))
    assert told[2] == "Only lead may approve (policy: high: approver: lead); anybody else may reject."
    assert details.only_approver(HIGH, "lead") == (told[2],)
    assert not any("Only" in line for line in asking(HIGH, AnswerTerms())) and details.only_approver(HIGH, "") == ()


@pytest.mark.parametrize(("begins", "said"), [(600.0, True), (0.0, False), (-600.0, False), (None, False)])
def test_a_question_says_that_a_yes_waits_for_its_window_unless_that_is_now(begins: float | None, said: bool) -> None:
    """Until when, how long that is, and how not to wait; read after it began, it is no longer so."""
    asked = replace(NIGHTS, opens_at=None if begins is None else NOW + begins)
    line = "A yes is kept for Mon 14:25 UTC (in 10 min) (policy: high: window: nights); said again, it means now."
    told = asking(HIGH, asked)
    assert [one for one in told if one.startswith("A yes is kept for ")] == ([line] if said else [])
    assert told.index(line) == 2 if said else True
    assert not any(one.startswith("A yes is kept for ") for one in asking(HIGH, asked, 600.0))


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
        "Answer within 5 min: watchdog approve web-1   or   watchdog reject web-1",
        "Without an answer nothing is changed, and you are paged again.",
    )
    by_default = amended(incident, deadline=replace(clock, then=Then.ROLLBACK))
    assert asking(by_default, AnswerTerms())[2].startswith("Without an answer it is rolled back then")
    nothing = amended(incident, deadline=replace(clock, then=Then.NOTHING))
    assert asking(nothing, AnswerTerms())[2] == "Without an answer nothing is changed."
    for late in (amended(by_default, late_paged=True), amended(by_default, deadline=None)):
        told = asking(late, AnswerTerms())
        assert told[1].startswith("Answer: watchdog approve web-1")
        assert told[2] == "Without an answer nothing is changed."
        assert read(late, Topic.ASKED, **QUESTION).title == "web: approve the rollback to aaaaaaa?"
    decided = asking(amended(incident, decision=a_decision(why="the policy asks")), AnswerTerms())
    assert decided[3:] == ("Why you are asked: the policy asks",)


@pytest.mark.parametrize(
    ("then", "heard_at", "left"),
    [
        (Then.ROLLBACK, None, "40 min"),
        (Then.ROLLBACK, NOW - 600.0, "10 min"),
        (Then.ESCALATE, None, "10 min"),
    ],
)
def test_before_a_rollback_by_default_the_time_counts_from_when_a_channel_had_the_question(
    then: Then, heard_at: float | None, left: str
) -> None:
    """Sent late, it is not told with less time than people will have."""
    clock = replace(CLOCK["deadline"], then=then, heard_at=heard_at)
    told = read(an_outage(deadline=clock), Topic.ASKED, LATER, **QUESTION)
    assert told.title == f"web: approve the rollback to aaaaaaa? {left} left"
    assert told.lines[2].startswith(f"Answer within {left}: ")
    assert told.lines[3] == details.OTHERWISE[then]


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

"""Notices about incidents, and what is said of each topic, for the tests of their words."""

from typing import Any

from tests.core.scenes import NOW, a_decision, an_incident, found
from watchdog.domain.incidents import Deadline, Incident, Outcome
from watchdog.domain.notices import AnswerTerms, IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.policy import Then
from watchdog.presentation.notices.notice_text import worded

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


def shown(notice: Notice) -> tuple[str, ...]:
    """Return the lines of a plain channel: the news, then the details."""
    return (*notice.lines, *notice.details)


SINCE = "Critical for 60 s, since 14:14 UTC: home: home fails"
WHY = (
    "Suspect: dep-41  bad0000",
    "Blame: it fits",
    "Guards: all pass",
    "Target: dep-40 aaaaaaa, healthy for 2 h by our own record",
)
ASKS = (
    "Question: roll web back to dep-40 aaaaaaa?",
    "Answer by 14:45 UTC (within 30 min): watchdog incident approve web-1   or   watchdog incident reject web-1",
    "Without an answer nothing is changed, and you are paged again.",
    "Why you are asked: it fits",
)
TAKE_UP = "To take it up, so that nobody else is called: watchdog incident ack web-1"
LOOK_AFTER = "To say that you look after it: watchdog incident ack web-1"
OFF = "Auto-deploy is OFF because of us (it was commit): merges do not ship."
CLOCK = {"deadline": Deadline(NOW - 600.0, Then.ESCALATE, 2400.0, NOW + 1800.0)}
QUESTION = {"terms": AnswerTerms()}
BY_HAND: dict[str, Any] = {"findings": (), "decision": a_decision(blame=None)}
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
            "To prevent it: watchdog incident stop web-1",
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
            "To prevent it: watchdog incident stop web-1. Not to wait: watchdog incident approve web-1",
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
            "Switch it on by hand, or try again: watchdog service restore-auto-deploy web",
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
            "To roll back once more: watchdog rollback web. If it is good now: watchdog commit trust bad00000",
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

"""Notices about incidents, and what is said of each topic, for the tests of their words."""

from dataclasses import replace
from typing import Any

from tests.core.scenes import NOW, a_decision, an_incident, found
from watchdog.domain.decisions import Course, GuardAnswer, Verdict
from watchdog.domain.incident_parts import Deadline
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.notices import AnswerTerms, IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.policy import Then
from watchdog.domain.remedies.remedy import RemedyAttempt
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


FLAG = RemedyAttempt("new-checkout", NOW - 1.0, 60.0, done_at=NOW)
AFTER = ": 30 s after dep-41 (bad0000) went live."
SINCE = f"Critical for 60 s, since 14:14 UTC{AFTER}"
DONE = "Rollback: dep-41 -> dep-40 as dep-42"
SEEN = "Seen: home: home fails"
ARITHMETIC = (
    "Suspect: dep-41  bad0000",
    "Blame: it fits",
    "Guards: all pass",
    "Target: dep-40 aaaaaaa, healthy for 2 h by our own record",
)
WHY = (SEEN, "Decided: rollback: it fits", *ARITHMETIC)
ACKNOWLEDGE = "Acknowledge: watchdog incident ack web-1"
ESCALATES = " Before that the daemon pages everyone again at 14:20 UTC, unless a person acknowledges it first."
ONLY_WORSE = " No further page is sent, unless it gets worse."
STOPS = "Acknowledge (pauses the escalation): watchdog incident ack web-1"
CANCELS = ACKNOWLEDGE.replace(":", " (cancels that question):")
ENDS_BOTH = STOPS.replace(")", ", cancels that question)")
SWITCH = " · Switch auto-deploy on: watchdog service restore-auto-deploy web"
OFF = 'Auto-deploy is off until you switch it back on (it was "commit"): merges are not deployed.'
NOTHING = "Nothing to do now: the next notice reports how it ended."
LOOK = "Look at web's deploys on Render first: this rollback may still go live."
MERGE = "Do now: Merge nothing until it is verified: auto-deploy is not known to be off."
QUESTION = {"terms": AnswerTerms()}
BY_HAND: dict[str, Any] = {"findings": (), "decision": a_decision(blame=None)}
NIGHTS = AnswerTerms(window="nights", opens="Mon 14:25 UTC", opens_at=NOW + 600.0)
SENT = {"requested_at": NOW - 300.0, "deploy": "dep-42", "tried": True}
ENDED = {**SENT, "restored_at": NOW + 2.0, "closed_at": NOW + 180.0, "outcome": Outcome.VERIFIED}
BACK = "the bad commit bad0000 is live again (dep-43, manual)"
DENIED = "bad0000 is deny-listed: no rollback leads to it until you trust it: watchdog commit trust bad0000."
STATE = "web is down: HTTP 503 since 14:14 UTC"

BUDGET = GuardAnswer("budget", Verdict.BLOCK, "2 of 2 rollbacks of this service today", clears_at=NOW + 600.0)
SPENT = f"budget: {BUDGET.why}"
PAGED: dict[str, Any] = {
    "decision": a_decision(course=Course.PAGE, why=SPENT, guards=(BUDGET,)),
    "next_call_at": NOW + 300.0,
}
BLOCKED = (
    f"Not rolled back: the budget is used up ({BUDGET.why}). The daemon asks again at 14:25 UTC, if web"
    f" still fails then.{ESCALATES}",
    "Do now: Roll back to dep-40 (aaaaaaa) by hand if dep-41 (bad0000) is to blame: this limit does not hold for"
    " people.",
)
BY_HAND_COMMANDS = "Roll back by hand: watchdog rollback web · "
WHY_PAGED = (SEEN, f"Decided: page: {SPENT}", *ARITHMETIC[:2], f"Guards: {SPENT}", ARITHMETIC[3])
CLOCK: dict[str, Any] = {
    "deadline": Deadline(NOW - 600.0, Then.ESCALATE, 2400.0, NOW + 1800.0),
    "asked_at": NOW - 600.0,
    "decision": a_decision(course=Course.ASK),
}
ASKS = (
    "Roll back to dep-40 (aaaaaaa)? Waits for an answer until 14:45 UTC, then pages again.",
    "Do now: Approve if dep-41 (bad0000) is to blame (99 % likely by the evidence), else reject.",
)
ANSWERS = "Approve: watchdog incident approve web-1 · Reject: watchdog incident reject web-1 · "
WHY_ASKED = (SEEN, "Decided: ask: it fits", *ARITHMETIC)
ANNOUNCED = {"announced_until": NOW + 300.0, "decision": a_decision(course=Course.ANNOUNCE)}
STOP = (
    "Do now: Stop it if dep-41 (bad0000) is not to blame; else there is nothing to do.",
    "Stop the rollback: watchdog incident stop web-1 · Do not wait: watchdog incident approve web-1",
)
HOLD = "hold: paused by bob"
LEFT_OUT = f"The default (roll back) is not carried out: {HOLD}."
SILENCED = "A silence held this notice back until now."
CALLED = "Escalated to lead: not acknowledged for 5 min."
HAD = "web is down: still open, acknowledged by ann"
KEPT_OPEN = "ann acknowledged it 30 min ago, and it is still open."
Row = tuple[Topic, dict[str, Any], dict[str, Any], str, tuple[str, ...], tuple[str, ...]]


def paged(topic: Topic, *news: str, title: str = STATE, **facts: Any) -> Row:
    """Return the row of a topic about a paged incident, whose news stands before the plan."""
    commands = BY_HAND_COMMANDS + (ENDS_BOTH if "escalates" in facts else CANCELS)
    return topic, PAGED, facts, title, (SINCE, *news, *BLOCKED, commands), WHY_PAGED


def asked(topic: Topic, title: str, *news: str, **facts: Any) -> Row:
    """Return the row of a topic about an open question, whose news stands before the question."""
    commands = ANSWERS + (STOPS if "escalates" in facts else ACKNOWLEDGE)
    fields = {**CLOCK, "opened_at": NOW - 300.0}
    return topic, fields, {**QUESTION, **facts}, title, (SINCE, *news, *ASKS, commands), WHY_ASKED


TABLE: list[Row] = [
    paged(Topic.FOUND),
    paged(Topic.LEFT_TO_HUMAN, escalates=True),
    paged(Topic.UNMUTED, SILENCED, "Also failing: api fails", also=("api fails",), escalates=True),
    (
        Topic.FLAPPING,
        PAGED,
        {"why": "3 incidents opened within 60 min"},
        "web is flapping: rollbacks need approval",
        ("3 incidents opened within 60 min.",),
        (),
    ),
    (
        Topic.ANNOUNCED,
        ANNOUNCED,
        {},
        "web is down: rollback to aaaaaaa at 14:20 UTC",
        (
            SINCE,
            "Rolls back to dep-40 (aaaaaaa) at 14:20 UTC, unless stopped, if web still fails and nothing forbids it.",
            *STOP,
        ),
        (SEEN, "Decided: announce: it fits", *ARITHMETIC),
    ),
    (
        Topic.SCHEDULED,
        {**CLOCK, "announced_until": NOW + 600.0, "approved_by": "ann"},
        {"terms": NIGHTS, "why": "no watchdog ran"},
        "web is down: rollback scheduled for Mon 14:25 UTC",
        (
            SINCE,
            "It was not sent in its last window: no watchdog ran.",
            "Its window is nights (policy: critical: window).",
            "Rolls back to dep-40 (aaaaaaa) at 14:25 UTC, approved by ann, if web still fails and nothing forbids it.",
            *STOP,
        ),
        WHY_ASKED,
    ),
    asked(Topic.ASKED, "web is down: approve rollback to aaaaaaa by 14:45 UTC?"),
    asked(Topic.REMINDED, "web is down: unanswered 10 min, approve by 14:45 UTC?", since=NOW - 600.0),
    asked(Topic.UNANSWERED, "web is down: no answer for 15 min", LEFT_OUT, since=NOW - 900.0, why=HOLD),
    (
        Topic.ACKNOWLEDGED,
        {**CLOCK, "acknowledged_by": "ann"},
        {**QUESTION, "by": "ann"},
        "web: acknowledged by ann",
        (SINCE, f"{ASKS[0].removesuffix('pages again.')}changes nothing: ann acknowledged it."),
        (),
    ),
    asked(Topic.ESCALATED, "web is down: not acknowledged for 5 min", CALLED, by="lead", escalates=True),
    paged(Topic.STILL_OPEN, KEPT_OPEN, title=HAD, by="ann", since=NOW - 1800.0, escalates=True),
    (
        Topic.OVERDUE,
        {"blocked_since": NOW - 60.0},
        {"since": NOW - 60.0},
        "web is down: rollback due for 60 s, not sent yet",
        (
            SINCE,
            "Rolling back to dep-40 (aaaaaaa): due since 14:14 UTC (60 s), not sent yet. The daemon tries again with"
            " the next failed probe, and leaves it to you from 14:16 UTC on.",
            "Do now: Stop it if dep-41 (bad0000) is not to blame; merge nothing meanwhile.",
            "Stop the rollback: watchdog incident stop web-1",
            LOOK,
        ),
        WHY,
    ),
    (
        Topic.FLAG_OFF,
        {"remedies": (FLAG,)},
        {},
        "web is down: feature flag new-checkout switched off",
        (
            SINCE,
            "Feature flag new-checkout is off since 14:15 UTC. The incident ends once fresh probes prove the recovery. "
            "If web still fails at 14:16 UTC, the daemon decides again, and may roll back to dep-40 (aaaaaaa).",
            "Do now: Stop it if dep-41 (bad0000) is not to blame: then no rollback follows.",
            "Stop the rollback: watchdog incident stop web-1",
        ),
        ("Feature flag new-checkout: off, under way", *WHY),
    ),
    (
        Topic.REMEDY_DONE,
        {"remedies": (replace(FLAG, name="restart:service"),)},
        {},
        "web is down: restarted",
        (
            SINCE,
            "The service was restarted at 14:15 UTC. The incident ends once fresh probes prove the recovery. "
            "If web still fails at 14:16 UTC, the daemon decides again, and may roll back to dep-40 (aaaaaaa).",
            "Do now: Stop it if dep-41 (bad0000) is not to blame: then no rollback follows.",
            "Stop the rollback: watchdog incident stop web-1",
        ),
        ("Restart: done, under way", *WHY),
    ),
    (
        Topic.ROLLING_BACK,
        {**SENT, "off": True},
        {},
        "web is down: rolling back to aaaaaaa",
        (
            SINCE,
            "Render deploys dep-40 (aaaaaaa) again since 14:10 UTC, as dep-42; the daemon verifies it once live.",
            NOTHING,
        ),
        (DONE, *WHY),
    ),
    (
        Topic.STOPPED_SHORT,
        {"human_needed": "busy for 2 min"},
        {"why": "busy for 2 min"},
        STATE,
        (
            SINCE,
            f"No rollback was sent: busy for 2 min. The daemon changes nothing more in this incident.{ONLY_WORSE}",
            "Do now: Roll back to dep-40 (aaaaaaa) by hand if dep-41 (bad0000) is to blame; else find the cause in the"
            " logs.",
            BY_HAND_COMMANDS + ACKNOWLEDGE,
        ),
        WHY,
    ),
    (
        Topic.NOT_LIVE_YET,
        SENT,
        {"why": "update in progress"},
        "web is down: rollback not live after 5 min",
        (
            SINCE,
            "The rollback dep-42 is not live after 5 min (update in progress).",
            "Render deploys dep-40 (aaaaaaa) again since 14:10 UTC, as dep-42; the daemon verifies it once live.",
            MERGE,
            LOOK,
        ),
        (DONE, *WHY),
    ),
    (
        Topic.AUTO_DEPLOY_ON_AGAIN,
        SENT,
        {"why": "commit"},
        "web: auto-deploy was switched on (commit)",
        (
            "A Blueprint sync or a person switched auto-deploy on (commit): a merge would replace the rollback.",
            "Switch it off on Render, or merge nothing until the incident is over.",
        ),
        (DONE,),
    ),
    (
        Topic.AUTO_DEPLOY_NOT_OFF,
        SENT,
        {"why": "timed out"},
        "web: auto-deploy could not be switched off",
        ("The daemon could not switch auto-deploy off again: timed out.", "Switch it off on Render."),
        (DONE,),
    ),
    (
        Topic.AUTO_DEPLOY_NOT_RESTORED,
        PAGED,
        {"why": "Render answered 503"},
        "web: auto-deploy is OFF, could not be switched on",
        (
            "Why: Render answered 503",
            "Switch it on at Render, or try again: watchdog service restore-auto-deploy web",
        ),
        (),
    ),
    (
        Topic.RETURNED,
        SENT,
        {"why": BACK, "code": "bad00000"},
        "web: bad commit bad0000 is live again",
        (
            SINCE,
            f"{BACK[0].upper()}{BACK[1:]}.",
            "The daemon does not roll it back a second time by itself.",
            "To roll back once more: watchdog rollback web. If it is good now: watchdog commit trust bad00000",
        ),
        (DONE, *WHY),
    ),
    (
        Topic.CLOSED,
        ENDED,
        {"why": "home: 180 of 180 probes good", "denied": True},
        "web is back after 62 s: rolled back to aaaaaaa",
        (
            "Rolled back and verified: home: 180 of 180 probes good.",
            f"Left to do: Fix bad0000. {DENIED}",
        ),
        (DONE,),
    ),
]

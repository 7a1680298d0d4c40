"""Incidents in every situation of an outlook, with the sentence and the commands that each must have."""

from dataclasses import replace

from tests.cli import examples as x
from tests.console.scene import policy_of, service_policy
from tests.core.incident_fields import amended
from watchdog.domain.decisions import Blame, Cause, Course, Decision, GuardAnswer, Verdict, Veto
from watchdog.domain.incident_parts import Deadline, Rebuild
from watchdog.domain.incidents import HumanDecision, Incident, Outcome
from watchdog.domain.policy import Then
from watchdog.domain.remedies.remedy import RemedyAttempt, RemedyResult
from watchdog.presentation.situation import Situation

NOW = x.BEGIN + 60.0
UNLESS_WORSE = " No further page is sent, unless it gets worse."
OTHERWISE = f"{UNLESS_WORSE.removesuffix('.')} or the daemon decides again."
UNLIKELY = "Nothing is rolled back: dep-42 is 30 % likely to blame, and the daemon acts from 80 %."
# 63 % likely; the rest is the own change (30 %) and what is not seen.
OPENAI = Cause("upstream openai", 9.0, "upstream openai fails: major outage")
ELSEWHERE = x.blame(probability=0.3, odds=0.43, causes=(OPENAI,))
PEERS = replace(ELSEWHERE, causes=(Cause("peers", 9.0, "other services fail too: api"),))
NEIGHBOUR = replace(
    ELSEWHERE, probability=0.1, causes=(Cause("deploy of api", 9.0, "api was deployed", "api", "dep-7"),)
)
PLATFORM = x.blame(probability=0.0, vetoes=(Veto("platform status", True, "the platform render reports trouble"),))
RED = (
    "Nothing is rolled back: Render may be the cause, so dep-42 is not blamed meanwhile (the platform render reports"
    " trouble)."
)
AGAIN_ONCE_GREEN = " Once that is over, the daemon weighs dep-42 again and may ask about a rollback."
POLICY = policy_of(service_policy("web"))
BUDGET = GuardAnswer("budget", Verdict.BLOCK, "2 of 2 rollbacks of this service today", clears_at=NOW + 600)
PAUSED = GuardAnswer("hold", Verdict.BLOCK, "paused by ann", passing=True)
TRAILER = GuardAnswer("trailer", Verdict.BLOCK, "dep-42 says 'Watchdog: no-rollback'")
SUSPENDED = GuardAnswer("service", Verdict.BLOCK, "web is suspended by billing")
RETURNED = GuardAnswer("returned", Verdict.ASK, "9f3c2ab came back")
UNREAD = GuardAnswer("environment", Verdict.ASK, "its events could not be read", passing=True)
COOLDOWN = GuardAnswer("cooldown", Verdict.BLOCK, "last rollback 3 min ago (limit 10 min)", clears_at=NOW + 300)
PAGE = x.decision(course=Course.PAGE)
OBSERVED = replace(PAGE, mode="observe", would="would roll back to dep-40 (1b7e0d4)", would_course="rollback")
OPEN: dict[str, object] = {"closed_at": None, "verified_at": None, "outcome": Outcome.OPEN}
WAVE = GuardAnswer("correlation", Verdict.BLOCK, "9 of 10 services fail", passing=True)
AGAIN = "the daemon decides again, and may roll back to dep-40 (1b7e0d4) by itself if web still fails."
MODE = GuardAnswer("mode", Verdict.BLOCK, "observe: reports what it would do, changes nothing")


def paged(*answers: GuardAnswer, **fields: object) -> Incident:
    """Return a paged incident whose rollback these guards block."""
    decision = fields.pop("decision", PAGE)
    assert isinstance(decision, Decision)
    return x.undone(replace(decision, guards=answers, why=f"{answers[0].name}: {answers[0].why}"), **fields)


def suspended(*suspenders: str, **fields: object) -> Incident:
    """Return a paged incident of a service that these have suspended."""
    guards = (replace(SUSPENDED, suspenders=suspenders),)
    return x.undone(replace(PAGE, blame=x.blame(probability=0.3), guards=guards), **fields)


def question(then: Then, **fields: object) -> Incident:
    """Return an incident whose question ends in 4 min."""
    deadline = Deadline(x.BEGIN + 50, then, 300.0, NOW + 240)
    fields = {"decision": x.decision(course=Course.ASK), "asked_at": x.BEGIN + 50, "deadline": deadline, **fields}
    return x.undone(fields.pop("decision"), **fields)


def over(human_needed: str = "", **fields: object) -> Incident:
    """Return an incident that ended without a proved rollback."""
    ended = {"closed_at": NOW, "outcome": Outcome.WITH_A_HUMAN, "human_needed": human_needed}
    return x.undone(PAGE, **{**ended, **fields})


def announced(until: float = NOW + 120, **fields: object) -> Incident:
    """Return an incident whose rollback is announced for that moment."""
    return x.undone(x.decision(course=Course.ANNOUNCE), announced_until=until, **fields)


def sent(**fields: object) -> Incident:
    """Return an incident whose rollback was asked for 4 s ago."""
    return x.undone(x.decision(), requested_at=NOW - 4, tried=True, **fields)


def to_blame(blame: Blame, **fields: object) -> Incident:
    """Return a paged incident of which that deploy, or something else, is to blame."""
    return x.undone(replace(PAGE, blame=blame), **fields)


FLAG = RemedyAttempt("new-checkout", NOW - 40.0, 60.0)
OFF = replace(FLAG, done_at=NOW - 39.0)
NO_HELP = replace(OFF, result=RemedyResult.NO_HELP, ended_at=NOW)
HELPED = replace(OFF, result=RemedyResult.HELPED, ended_at=NOW)
ANNOUNCED = announced()
LOST = x.undone(x.decision(), tried=True, requested_at=NOW, human_needed="its outcome is unknown")
REFUSED = amended(LOST, refused_at=NOW, refusal="no such deploy", human_needed="the platform refused it")
USUAL = {"expected_at": NOW + 36, "overdue_at": NOW + 296, "channels": ("slack",)}
HELPLESS = x.incident(**OPEN, human_needed="the rollback did not help: HTTP 503")
MUTED, UNHEARD = {**USUAL, "expected_at": None, "muted": True}, {**USUAL, "expected_at": None, "channels": ()}
WAITS = "Roll back to dep-40 (1b7e0d4)? Waits for an answer until 02:19 UTC, then"
ASKED = "Asked Render to roll back to dep-40 (1b7e0d4) at 02:15 UTC; no answer yet"
DEPLOYS = "Render deploys dep-40 (1b7e0d4) again since 02:15 UTC, as dep-43"
LIVE = "dep-40 (1b7e0d4) is live as dep-43 since 02:15 UTC"
PROOF = f"{LIVE}. The incident ends once fresh probes prove the recovery"
SPENT = "Not rolled back: the budget is used up (2 of 2 rollbacks of this service today)."
ASKS_LATER = f"{SPENT} The daemon asks again at 02:25 UTC, if web still fails then."
REFUSES = "Render refused the rollback to dep-40 (1b7e0d4) at 02:15 UTC: no such deploy."
LEFT = f"The daemon changes nothing more in this incident.{UNLESS_WORSE}"
WATCHES = f"The daemon changes nothing in this incident and watches until it is over.{UNLESS_WORSE}"
ANSWERS = ("approve", "reject")
CASES = [
    (x.undone(None), Situation.UNDECIDED, "The daemon decides with the next readings.", ()),  # type: ignore[arg-type]
    (question(Then.ESCALATE), Situation.QUESTION, f"{WAITS} pages again.", (*ANSWERS, "acknowledge")),
    (
        question(Then.ROLLBACK, acknowledged_by="ann"),
        Situation.QUESTION,
        f"{WAITS} rolls back to dep-40 (1b7e0d4), if nothing forbids it.",
        ANSWERS,
    ),
    (
        question(Then.ESCALATE, late_paged=True),
        Situation.QUESTION,
        f"Roll back to dep-40 (1b7e0d4)? No answer came by 02:19 UTC; the daemon still waits for one.{OTHERWISE}",
        (*ANSWERS, "acknowledge"),
    ),
    (
        ANNOUNCED,
        Situation.ANNOUNCED,
        "Rolls back to dep-40 (1b7e0d4) at 02:17 UTC, unless stopped, if web still fails and nothing forbids it.",
        ("stop", "approve"),
    ),
    (
        announced(approved_by="ann"),
        Situation.SCHEDULED,
        "Rolls back to dep-40 (1b7e0d4) at 02:17 UTC, approved by ann, if web still fails and nothing forbids it.",
        ("stop", "approve"),
    ),
    (
        announced(NOW - 120, approved_by="ann", blocked_since=NOW - 120),
        Situation.SCHEDULED,
        "The rollback to dep-40 (1b7e0d4), approved by ann, is due since 02:13 UTC, and not sent yet.",
        ("stop", "approve"),
    ),
    (
        x.undone(x.decision(), remedies=(FLAG,)),
        Situation.REMEDYING,
        "The daemon switches feature flag new-checkout off since 02:14 UTC. If web still fails after that, the daemon"
        " decides again, and may roll back to dep-40 (1b7e0d4).",
        ("stop",),
    ),
    (
        x.undone(x.decision(), remedies=(OFF,)),
        Situation.REMEDYING,
        "Feature flag new-checkout is off since 02:14 UTC. The incident ends once fresh probes prove the recovery. If"
        " web still fails at 02:15 UTC, the daemon decides again, and may roll back to dep-40 (1b7e0d4).",
        ("stop",),
    ),
    (
        x.undone(x.decision()),
        Situation.SENDING,
        "Rolling back to dep-40 (1b7e0d4) since 02:14 UTC: the daemon switches auto-deploy off, then sends the"
        " rollback.",
        ("stop",),
    ),
    (
        x.undone(x.decision(), blocked_since=NOW - 30),
        Situation.SENDING,
        "Rolling back to dep-40 (1b7e0d4): due since 02:14 UTC (30 s), not sent yet. The daemon tries again with the"
        " next failed probe, and leaves it to you from 02:16 UTC on.",
        ("stop",),
    ),
    (sent(), Situation.REQUESTED, f"{ASKED}.", ()),
    (sent(deploy="dep-43"), Situation.DEPLOYING, f"{DEPLOYS}; the daemon verifies it once live.", ()),
    (x.incident(**OPEN), Situation.VERIFYING, f"{PROOF}.", ()),
    (
        sent(**USUAL),
        Situation.REQUESTED,
        f"{ASKED}, usually live within 40 s. The daemon pages at 02:20 UTC if no answer comes by then.",
        (),
    ),
    (
        sent(deploy="dep-43", **USUAL),
        Situation.DEPLOYING,
        f"{DEPLOYS}, usually live within 40 s; the daemon verifies it once live. The daemon pages at 02:20 UTC if it"
        " is not live by then.",
        (),
    ),
    (sent(deploy="dep-43", **MUTED), Situation.DEPLOYING, f"{DEPLOYS}; the daemon verifies it once live.", ()),
    (sent(**UNHEARD), Situation.REQUESTED, f"{ASKED}.", ()),
    (
        x.incident(**OPEN, expected_at=NOW + 173, overdue_at=NOW + 293, channels=("slack",)),
        Situation.VERIFYING,
        f"{PROOF}, at 02:17 UTC at the earliest. The daemon pages at 02:19 UTC if it is not proved by then.",
        (),
    ),
    (
        paged(PAUSED),
        Situation.BLOCKED_FOR_NOW,
        f"Not rolled back: paused by ann. Once it is resumed, {AGAIN}{OTHERWISE}",
        ("resume", "stop", "acknowledge"),
    ),
    (
        to_blame(x.blame(vetoes=(Veto("deploy list", True, "the list is 2 min old"),))),
        Situation.BLOCKED_FOR_NOW,
        f"Not rolled back: the list is 2 min old. Once that list can be read again, {AGAIN}{OTHERWISE}",
        ("stop", "acknowledge"),
    ),
    (
        to_blame(x.blame(vetoes=(Veto("deploy list", True, "the list is 2 min old"),)), unhindered=True),
        Situation.BLOCKED,
        "Not rolled back: the list is 2 min old. That is over: the daemon has decided again, and rolls nothing back by"
        f" itself unless it gets worse.{OTHERWISE}",
        ("rollback", "acknowledge"),
    ),
    (
        to_blame(x.blame(probability=0.01, vetoes=(Veto("deploy list", True, "the list is 2 min old"),))),
        Situation.BLOCKED_FOR_NOW,
        "Not rolled back: the list is 2 min old. Once that list can be read again, the daemon decides again, and may"
        f" roll back by itself if web still fails.{OTHERWISE}",
        ("stop", "acknowledge"),
    ),
    (
        x.undone(replace(PAGE, mode="assist", blame=x.blame(suspect=None, change=None), why="no deploy list yet")),
        Situation.BLOCKED_FOR_NOW,
        "Not rolled back: no deploy list yet. Once a deploy can be blamed or acquitted, "
        f"{AGAIN.replace('may roll', 'may ask whether to roll').replace(' by itself', '')}{OTHERWISE}",
        ("stop", "acknowledge"),
    ),
    (
        paged(PAUSED, WAVE),
        Situation.BLOCKED_FOR_NOW,
        "Not rolled back: paused by ann. Also: 9 of 10 services fail. Once it is resumed and nothing else forbids it,"
        f" {AGAIN}{OTHERWISE}",
        ("resume", "stop", "acknowledge"),
    ),
    (
        paged(BUDGET, PAUSED),
        Situation.ASKS_LATER,
        f"{SPENT} Also: paused by ann. The daemon asks again at 02:25 UTC, if web still fails and nothing else forbids"
        f" it then.{OTHERWISE}",
        ("resume", "acknowledge"),  # a pause holds for people, too
    ),
    (
        paged(BUDGET, UNREAD),
        Situation.ASKS_LATER,
        f"{SPENT} For now a rollback needs a person's yes: its events could not be read."
        f"{ASKS_LATER.removeprefix(SPENT).removesuffix(' then.')} and nothing else forbids it then.{OTHERWISE}",
        ("rollback", "acknowledge"),
    ),
    (
        paged(BUDGET, RETURNED),
        Situation.ASKS_LATER,
        f"{SPENT} A rollback needs a person's yes: 9f3c2ab came back.{ASKS_LATER.removeprefix(SPENT)}{OTHERWISE}",
        ("rollback", "acknowledge"),
    ),
    (
        paged(PAUSED, RETURNED),
        Situation.BLOCKED_FOR_NOW,
        "Not rolled back: paused by ann. A rollback needs a person's yes: 9f3c2ab came back. Once it is resumed,"
        f" {AGAIN.replace('may roll', 'may ask whether to roll').replace(' by itself', '')}{OTHERWISE}",
        ("resume", "stop", "acknowledge"),
    ),
    (
        paged(BUDGET, next_call_at=NOW + 300, next_call_name="lead"),
        Situation.ASKS_LATER,
        f"{ASKS_LATER} Before that the daemon pages lead at 02:20 UTC, unless a person acknowledges it first.",
        ("rollback", "acknowledge"),
    ),
    (
        paged(BUDGET, next_call_at=NOW + 300, all_called=True),
        Situation.ASKS_LATER,
        f"{ASKS_LATER} No step of the escalation is in its hours; the daemon looks again at 02:20 UTC.",
        ("rollback", "acknowledge"),
    ),
    (
        paged(BUDGET, acknowledged_by="ann", next_call_at=NOW + 1800, next_call_name="lead"),
        Situation.BLOCKED,
        f"{SPENT} ann acknowledged it, so the daemon does not ask while ann has it. The daemon pages everyone again,"
        " and lead, at 02:45 UTC if it is still open: ann's acknowledgement ends then.",
        ("rollback",),
    ),
    (
        paged(BUDGET, asked_at=x.BEGIN),
        Situation.BLOCKED,
        f"{SPENT} The daemon asked once, and does not ask again.{OTHERWISE}",
        ("rollback", "acknowledge"),
    ),
    (
        paged(TRAILER),
        Situation.BLOCKED,
        f"Not rolled back: dep-42 says 'Watchdog: no-rollback'. Its author forbids a rollback.{OTHERWISE}",
        ("acknowledge",),
    ),
    (
        paged(MODE, decision=OBSERVED),
        Situation.OBSERVED,
        f"Mode observe: the daemon changes nothing; it would roll back to dep-40 (1b7e0d4).{OTHERWISE}",
        ("acknowledge",),  # the mode would refuse a rollback by hand, too
    ),
    (to_blame(x.blame(probability=0.3)), Situation.NOT_THE_DEPLOY, f"{UNLIKELY}{OTHERWISE}", ("acknowledge",)),
    (
        to_blame(ELSEWHERE),
        Situation.NOT_THE_DEPLOY,
        f"Likely cause: upstream openai fails: major outage. {UNLIKELY}{OTHERWISE}",
        ("acknowledge",),
    ),
    *(
        (to_blame(PLATFORM, **fields), Situation.NOT_THE_DEPLOY, f"{RED}{again}{then}", commands)
        for fields, again, then, commands in (
            ({}, AGAIN_ONCE_GREEN, OTHERWISE, ("acknowledge",)),
            ({"asked_at": x.BEGIN}, "", OTHERWISE, ("acknowledge",)),
            ({"acknowledged_by": "ann"}, "", OTHERWISE, ()),
        )
    ),
    (
        suspended(),
        Situation.NOT_THE_DEPLOY,
        f"Nothing is rolled back: web is suspended by billing.{OTHERWISE}",
        ("acknowledge",),
    ),
    (
        x.undone(x.decision(course=Course.TELL, why="the policy only notifies of this severity")),
        Situation.NO_ACTION,
        "The policy only notifies of this severity. The daemon pages no one unless it gets worse, and closes the"
        " incident when it is over.",
        ("acknowledge",),
    ),
    (
        x.undone(PAGE, human_needed="rejected by ann", human_decision=HumanDecision.REJECTED),
        Situation.REJECTED,
        f"Rejected by ann. {WATCHES}",
        ("rollback", "acknowledge"),
    ),
    (
        x.undone(PAGE, human_needed="stopped by ann", human_decision=HumanDecision.STOPPED),
        Situation.STOPPED,
        f"Stopped by ann. {WATCHES}",
        ("rollback", "acknowledge"),
    ),
    (
        HELPLESS,
        Situation.DID_NOT_HELP,
        f"{LIVE} and does not count as a recovery: the rollback did not help: HTTP 503. {LEFT}",
        ("acknowledge", "undo"),
    ),
    (
        LOST,
        Situation.NOT_DONE,
        f"No rollback is known to be live: its outcome is unknown. {LEFT}",
        ("acknowledge",),
    ),
    (REFUSED, Situation.NOT_DONE, f"{REFUSES} No deploy was made. {LEFT}", ("acknowledge",)),
    (
        amended(REFUSED, artefact_gone=True),
        Situation.NOT_DONE,
        f"{REFUSES} Render keeps no artefact of dep-40. No deploy was made. {LEFT}",
        ("acknowledge",),
    ),
    (
        amended(REFUSED, artefact_gone=True, rebuild=Rebuild.NOT_IN_POLICY),
        Situation.NOT_DONE,
        f"{REFUSES} Render keeps no artefact of dep-40; its commit is not rebuilt, as the policy says redeploy_commit:"
        f" false. No deploy was made. {LEFT}",
        ("acknowledge",),
    ),
    (
        amended(REFUSED, artefact_gone=True, expired="dep-40"),
        Situation.NOT_DONE,
        "Render keeps no artefact of dep-40, and refused to rebuild 1b7e0d4 at 02:15 UTC: no such deploy."
        f" No deploy was made. {LEFT}",
        ("acknowledge",),
    ),
    (
        x.undone(x.decision(), human_needed="paused by ann before the rollback was sent"),
        Situation.NEEDS_A_PERSON,
        f"No rollback was sent: paused by ann before the rollback was sent. {LEFT}",
        ("rollback", "acknowledge"),
    ),
    (
        # Render may answer again by now, which stands beside it.
        x.undone(x.decision(), human_needed="for 2 min nothing could be sent: busy", blocked_since=NOW - 120),
        Situation.NEEDS_A_PERSON,
        "No rollback was sent, though it was due from 02:13 UTC on; the reason then: for 2 min nothing could be sent:"
        f" busy. {LEFT}",
        ("rollback", "acknowledge"),
    ),
    (
        question(Then.ESCALATE, muted=True),
        Situation.QUESTION,
        f"{WAITS} pages again, unless it is still silenced.",
        (*ANSWERS, "acknowledge"),
    ),
    (x.incident(), Situation.CLOSED, "Rolled back and verified.", ()),
    (over("stopped by ann"), Situation.CLOSED, "Recovered without a rollback (stopped by ann).", ()),
    (over(outcome=Outcome.RECOVERED), Situation.CLOSED, "Recovered without a rollback.", ()),
    (over(outcome=Outcome.BY_ITSELF), Situation.CLOSED, "Recovered by itself.", ()),
    (
        over("the platform refused it", tried=True),
        Situation.CLOSED,
        "Recovered, no rollback is known to be live (the platform refused it).",
        (),
    ),
    (
        over("the rollback did not help: HTTP 503", tried=True, restored_at=NOW),
        Situation.CLOSED,
        "Recovered after a rollback that is not proved to have helped (the rollback did not help: HTTP 503).",
        (),
    ),
    *(
        (
            question(Then.ESCALATE, acknowledged_by="ann", next_call_at=ends),
            Situation.QUESTION,
            f"{WAITS} {then}",
            ANSWERS,
        )
        for ends, then in (
            (NOW + 1800, "changes nothing: ann acknowledged it."),
            # The acknowledgement ends before the deadline.
            (
                NOW + 60,
                "pages again. The daemon pages everyone again at 02:16 UTC if it is still open: ann's"
                " acknowledgement ends then.",
            ),
        )
    ),
]

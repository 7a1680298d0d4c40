"""Incidents built by hand: the cast of the demo. Times are seconds after the demo's begin, 02:14:04 UTC."""

from dataclasses import fields, replace

from tests.core.incident_fields import amended
from watchdog.domain.decisions import (
    Blame,
    Course,
    Decision,
    Evidence,
    Finding,
    GuardAnswer,
    Skipped,
    TargetChoice,
    Term,
    Verdict,
    Veto,
)
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Note
from watchdog.domain.incident_parts import Pin, RollbackAttempt
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.policy import Action
from watchdog.domain.severity import Severity

BEGIN = 1795572844.0
"""2026-11-25 02:14:04 UTC."""
BAD = Deploy(
    "dep-42", "live", "new_commit", "9f3c2abd4e5f60718293", "Refactor sessions\n\nlong body", finished_at=BEGIN
)
FAILED = Deploy("dep-41", "build_failed", "new_commit", "5aa0c11d4e5f60718293", "Try a new bundler")
GOOD = Deploy("dep-40", "deactivated", "new_commit", "1b7e0d4d4e5f60718293", "Add a footer", finished_at=BEGIN - 273600)

VETOES = (
    Veto("blind", False, "2 of 2 control targets answer"),
    Veto("onset before deploy", False, "onset 4 s after first traffic"),
    Veto("platform outage", False, "render is up"),
    Veto("already tried", False, "nothing was rolled back for this incident"),
    Veto("flapping", False, "no other change of state in 10 min"),
    Veto("dependency deployed", False, "no dependency was deployed"),
)
PRIOR = "onset 4 s after live; assumed (no history yet): 1 bad deploy in 20, 1 other incident a month"
NEED = {"need": 0.80, "floor": 0.80, "cost_rule": 0.16}
RATES = {"assumed": True, "onset_why": "onset 4 s after live"}
JUDGED = "dep-42, P 0.998 (need 0.80): onset 4 s after live"
BLAME = Blame(BAD, BAD, False, 679.0, 679.0, PRIOR, (), VETOES, 679 / 680, **NEED, why=JUDGED, **RATES)


def blame(**changes: object) -> Blame:
    return replace(BLAME, **changes)  # type: ignore[arg-type]


GUARDS = (
    GuardAnswer("mode", Verdict.PASS, "ok"),
    GuardAnswer("hold", Verdict.PASS, "none"),
    GuardAnswer("budget", Verdict.PASS, "0 of 2"),
    GuardAnswer("cooldown", Verdict.PASS, "ok"),
    GuardAnswer("newer deploy", Verdict.PASS, "none"),
    GuardAnswer("migration", Verdict.PASS, "none"),
    GuardAnswer("env", Verdict.PASS, "unchanged"),
)
TARGET = TargetChoice(GOOD, "was live 3 d 4 h", (Skipped("dep-41", FAILED.commit, "build failed, never live"),))


RUN = "39 of 39 probes failed for 38 s (limit 38 s)"
EVIDENCE = (
    Evidence("home", "bad", f"{RUN}  HTTP 503", "CUSUM 9.2 of 14: not what fired"),
    Evidence("errors", "unknown", "newest full Sentry minute predates onset"),
    Evidence("control", "good", "2 of 2 answer"),
    Evidence("vendor status", "good", "ok"),
)
WHY = "dep-42 is to blame and every guard passes"
RULE = {
    "policy_action": Action.ROLLBACK,
    "severity_why": "home: a critical route fails",
    "share": 0.91,
    "mode": "autonomous",
}
FOUND = {"evidence": EVIDENCE, "blame": BLAME, "guards": GUARDS, "target": TARGET}
DECISION = Decision(at=BEGIN + 48, course=Course.ROLLBACK, severity=Severity.CRITICAL, why=WHY, **RULE, **FOUND)


def decision(**changes: object) -> Decision:
    return replace(DECISION, **changes)  # type: ignore[arg-type]


FINDING = Finding("home", "http", "run", BEGIN + 10, 1.0, RUN, symptom="HTTP 503")
OPENED = {
    "id": "web-1",
    "service": "web",
    "severity": Severity.CRITICAL,
    "title": "HTTP 503 on home",
    "paged": True,
    "channels": ("slack",),
}
SINCE = {"opened_at": BEGIN + 48, "onset_at": BEGIN + 10, "findings": (FINDING,), "decision": DECISION}
CHOSEN = {"suspect": "dep-42", "suspect_code": BAD.commit, "target": "dep-40", "target_code": GOOD.commit}
ASKED = {"previous": "commit", "off": True, "requested_at": BEGIN + 49, "tried": True, "deploy": "dep-43"}
PROVED = {
    "verification": "7 of 7 probes good for 30 s; Sentry still unknown",
    "unproved": ("Sentry",),
    "outcome": Outcome.VERIFIED,
}
DONE = ASKED | PROVED | {"restored_at": BEGIN + 57, "verified_at": BEGIN + 87, "closed_at": BEGIN + 87}


def incident(**changes: object) -> Incident:
    begun = Incident(**{**OPENED, **SINCE})  # type: ignore[arg-type]
    return amended(begun, **{**CHOSEN, **DONE, **changes})


def undone(decided: Decision, **changes: object) -> Incident:
    """Return an incident with that decision for which nothing was changed at Render."""
    kinds = (Incident, Pin, RollbackAttempt)
    shipped = {field.name: field.default for kind in kinds for field in fields(kind) if field.name in DONE}
    return incident(**{**shipped, "decision": decided, **changes})


def note(second: float, label: str, text: str, *about: str) -> Note:
    return Note(BEGIN + second, "web", "web-1", label, text, about)


NOTES = (
    note(10, "SUSPECT", "HTTP 503; probe every 1 s"),
    note(48, "CRITICAL", "39 of 39 probes failed for 38 s (limit 38 s)"),
    note(48, "BLAME", "dep-42, P 0.998 (need 0.80): live 4 s before onset"),
    note(48, "GUARDS", "all pass"),
    note(48, "TARGET", "dep-40 1b7e0d4 (skipped dep-41: build failed)"),
    note(48, "ACT", "intent saved; newest deploy then dep-42"),
    note(49, "ACT", "auto-deploy commit -> off, read back"),
    note(49, "ACT", "rollback to dep-40, sent once -> dep-43"),
    note(
        50,
        "NOTIFIED",
        "slack, pagerduty (info): ROLLING BACK to dep-40: web CRITICAL: HTTP 503 on home",
        *("slack", "pagerduty"),
    ),
    note(57, "RESTORED", "dep-43 live; verifying"),
    note(87, "VERIFIED", "7 of 7 probes good for 30 s"),
    note(87, "CLOSED", "rolled back and verified: 7 of 7 probes good for 30 s; 77 s since onset"),
)

UPSTREAM = Term(1 / 20, "openai reports a major outage")

"""`watchdog explain` as a reader sees it: whole texts, from incidents built by hand."""

from zoneinfo import ZoneInfo

from tests.cli import examples as x
from tests.core.incident_fields import amended
from tests.presentation.outlook_cases import question
from watchdog.domain.decisions import Course, GuardAnswer, TargetChoice, Term, Verdict, Veto
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Outcome
from watchdog.domain.policy import Action, Then
from watchdog.presentation.explain import done, explain, paragraph, said, standing

SEEN = """\
SEEN
  home           39 of 39 probes failed for 38 s (limit 38 s)  HTTP 503
                 CUSUM 9.2 of 14: not what fired
  errors         unknown: newest full Sentry minute predates onset
  control        2 of 2 answer
  vendor status  ok
SEVERITY     critical: home: a critical route fails; share failing 0.91
"""
VERIFIED = f"""\
web-1  web  CRITICAL, VERIFIED. Restored in 47 s (target 5 min).
Rolled back and verified.
Mode autonomous; rule "critical -> rollback".
Began 2026-11-25 02:14:14 UTC; decided 38 s later: roll back.
dep-42 is to blame and every guard passes.

{SEEN}
BLAME        dep-42  9f3c2ab "Refactor sessions"
  diff       https://github.com/acme/app/compare/1b7e0d4d4e5f...9f3c2abd4e5f
  odds 679   onset 4 s after live; assumed (no history yet): 1 bad deploy in
             20, 1 other incident a month
  x 1        no other evidence
  = 679 : 1  P 0.999; need 0.80 = max(floor 0.80, cost rule 0.16)
  vetoes     none of 6 apply (--all lists them)

GUARDS       mode ok | hold none | budget 0 of 2 | cooldown ok
             newer deploy none | migration none | env unchanged

TARGET       dep-40  1b7e0d4, was live 3 d 4 h
  skipped    dep-41  5aa0c11: build failed, never live

DONE (UTC)
  02:14:52   intent saved; newest deploy then dep-42
  02:14:53   auto-deploy commit -> off, read back
  02:14:53   rollback to dep-40, sent once -> dep-43
  02:14:54   notified: slack, pagerduty (info)
  02:15:01   live: dep-43 live; verifying
  02:15:31   verified: 7 of 7 probes good for 30 s

UNSURE       Errors could not be judged (newest full Sentry minute predates
             onset); the rates behind the odds are assumptions; Sentry still
             unknown: too little was read of it since.

OTHERWISE    onset before dep-42 -> page only
             mode observe        -> say what it would do
             mode assist         -> ask first

NEXT         fix 9f3c2ab (deny-listed; `watchdog commit trust 9f3c2ab` lifts
             it)
             restore auto-deploy ("commit") after a new commit: `watchdog
             service restore-auto-deploy web`
             was this right?  watchdog incident label web-1 right|wrong
"""

PAGED = f"""\
web-1  web  CRITICAL, NEEDS YOU.
web is down: HTTP 503 since 02:14 UTC.
Nothing is rolled back: dep-42 is not to blame (render reports a partial
outage). No further page is sent, unless it gets worse or the daemon decides
again.
Do now: Find the cause on Render's dashboard and in the logs.
Mode autonomous; rule "critical -> rollback".
Began 2026-11-25 02:14:14 UTC; decided 38 s later: page a human, change
nothing.
dep-42: the platform render reports an outage.

{SEEN}
BLAME        dep-42  9f3c2ab "Refactor sessions"
  odds 2.2   onset 4 s after live; assumed (no history yet): 1 bad deploy in
             20, 1 other incident a month
  x 1/20     openai reports a major outage
  x 5        render reports, since this deploy: out of memory
  = 0.55 : 1 P 0, vetoed; need 0.80 = max(floor 0.80, cost rule 0.16)
  VETO       platform outage: render reports a partial outage
  no veto    blind: 2 of 2 control targets answer

TARGET       none: no earlier deploy was ever live

DONE (UTC)
  02:14:54   notified: PagerDuty

UNSURE       Errors could not be judged (newest full Sentry minute predates
             onset); the rates behind the odds are assumptions.

OTHERWISE    without veto platform outage -> still held by 1 more
             a deploy to go back to       -> still held by 1 more

JUDGED       wrong by a human
"""

ASKED = """\
web-1  web  HIGH, NEEDS YOUR ANSWER.
web home is down: HTTP 503 since 03:14 CET.
Roll back to dep-40 (1b7e0d4)? Without an answer the daemon changes nothing.
No further page is sent, unless it gets worse or the daemon decides again.
The rollback undoes no migration: preDeployCommand is set.
Do now: First, unless dep-40 (1b7e0d4) works with the new schema: dump the
database and migrate down. Then approve if the deploy is to blame, else
reject.
Mode assist; rule "high -> ask".
Began 2026-11-25 03:14:14 CET; decided 38 s later: ask a human first.

SEEN
  home       39 of 39 probes failed for 38 s (limit 38 s)
SEVERITY     high: home: a route fails

GUARDS       BLOCK  budget: 1 of 1 in 10 min (for now)
             ASK  migration: preDeployCommand is set
             mode assist

TARGET       dep-40  1b7e0d4, was live 3 d 4 h
  skipped    dep-41  5aa0c11: build failed, never live
  warning    the saved value returns with the next deploy
  ask first  the image tag is mutable

SAFE ORDER   The rollback undoes no migration: preDeployCommand is set.
  1.         Read what changes the database. Where it only adds to the schema
             (expand), dep-40 (1b7e0d4) works with it: go on with 4.
  2.         Else dump the database, with pg_dump or its own tool, to a place
             that outlives it.
  3.         Migrate down to the schema of dep-40 (1b7e0d4) with the code of
             the live deploy: the older code does not know the way. Where
             there is none, or it would lose data that is needed, do not roll
             back: deploy a fix.
  4.         Roll back: `watchdog incident approve web-1`.
  5.         Bring the change back in two deploys: first what only adds
             (expand); what removes (contract), once no code that may be
             rolled back to needs it.

UNSURE       The saved value returns with the next deploy.

OTHERWISE    a deploy that could be blamed -> still held by 2 more
             guard migration passing       -> still held by 2 more
             guard budget passing          -> still held by 2 more

NEXT         answer it: watchdog incident approve web-1
             or: watchdog incident reject web-1
             was this right?  watchdog incident label web-1 right|wrong
"""


def shown(lines: list[str]) -> str:
    """Return the lines as one text."""
    return "\n".join(lines) + "\n"


def test_the_sketch() -> None:
    """The demo's incident reads as the design asks for."""
    lines = explain(x.incident(), x.NOTES, None, target_seconds=300, repo="https://github.com/acme/app")
    assert shown(lines) == VERIFIED


def test_paged_only() -> None:
    """An incident that was only paged says what stood against a rollback, and how much was missing."""
    vetoes = (Veto("platform outage", True, "render reports a partial outage"), x.VETOES[0])
    terms = (x.UPSTREAM, Term(5.0, "render reports, since this deploy: out of memory"))
    weighed = x.blame(odds=0.55, prior_odds=2.2, terms=terms, vetoes=vetoes, probability=0.0)
    none, why = TargetChoice(None, "no earlier deploy was ever live"), "dep-42: the platform render reports an outage"
    decided = x.decision(course=Course.PAGE, blame=weighed, why=why, guards=(), target=none)
    notes = (x.note(50, "NOTIFIED", "PagerDuty"),)
    assert shown(explain(x.undone(decided), notes, "wrong", target_seconds=300, all_vetoes=True)) == PAGED


def test_too_little_to_act_says_how_much_is_missing() -> None:
    """A probability below the need tells by which factor the evidence fell short."""
    weighed = x.blame(odds=0.55, probability=0.355)
    lines = explain(x.undone(x.decision(course=Course.PAGE, blame=weighed)), (), "right")
    assert "  = 0.55 : 1 P 0.355; need 0.80 = max(floor 0.80, cost rule 0.16)" in lines
    assert "OTHERWISE    P from 0.80 (evidence x 7.27) -> roll back" in lines
    assert not [line for line in lines if "watchdog rollback" in line]
    likely = explain(x.undone(x.decision(course=Course.PAGE, blame=x.blame(odds=1.5, probability=0.6))), (), "right")
    assert "NEXT         by hand: watchdog rollback web --dry-run" in likely
    hopeless = explain(x.undone(x.decision(course=Course.PAGE, blame=x.blame(odds=9e-6, probability=9e-6))), (), None)
    assert "OTHERWISE    P from 0.80 -> roll back" in hopeless


def test_asked_in_another_zone_without_blame() -> None:
    """A question tells how to answer it; guards that hold come first."""
    guards = (
        GuardAnswer("mode", Verdict.PASS, "assist"),
        GuardAnswer("migration", Verdict.ASK, "preDeployCommand is set"),
        GuardAnswer("budget", Verdict.BLOCK, "1 of 1 in 10 min", passing=True),
    )
    said = {"warning": "the saved value returns with the next deploy", "ask": "the image tag is mutable"}
    target = TargetChoice(x.GOOD, x.TARGET.why, x.TARGET.skipped, **said)
    high = {"severity": x.Severity.HIGH, "severity_why": "home: a route fails"}
    assist = {"mode": "assist", "policy_action": Action.ASK, "course": Course.ASK}
    unblamed = {"why": "", "share": 0.0, "evidence": (), "blame": None}
    decided = x.decision(guards=guards, target=target, **high, **assist, **unblamed)
    asked = x.undone(decided, severity=x.Severity.HIGH, asked_at=x.BEGIN + 49, paged=False)
    assert shown(explain(asked, (), None, tz=ZoneInfo("Europe/Berlin"))) == ASKED


def test_a_question_whose_default_is_a_rollback_says_so_beside_the_reason_that_a_human_decides() -> None:
    """Until it is answered or its time is over; a question that only escalates promises no rollback."""
    default = "Without an answer the policy says rollback."
    unanswered = question(Then.ROLLBACK)
    assert default in standing(unanswered)
    for other in (
        question(Then.ESCALATE),
        amended(unanswered, late_paged=True),
        amended(unanswered, approved_by="ann"),
    ):
        assert default not in standing(other)


def test_no_line_stands_under_the_zone_of_before_the_clocks_were_changed() -> None:
    """Twenty minutes after 02:50 CEST it is 02:10 CET."""
    before, berlin = 1792889400.0, ZoneInfo("Europe/Berlin")
    notes = [Note(at, "web", "web-1", "ACT", "done") for at in (before, before + 1200.0)]
    assert done(notes, berlin) == ["DONE (CEST)", "  02:50:00   done", "  02:10:00   (CET) done"]
    people = [Remark(note.at, "web-1", "ann", "done") for note in notes]
    assert said(people, berlin)[1:] == [
        "  02:50:00   (2026-10-25) ann: done",
        "  02:10:00   (2026-10-25 CET) ann: done",
    ]


def test_observe_says_what_it_would_do() -> None:
    """In observe mode the decision is told as one that would have been."""
    would = {"why": "mode observe changes nothing", "would": "would roll back to dep-40 1b7e0d4"}
    lines = explain(x.undone(x.decision(course=Course.PAGE, mode="observe", **would)), (), None)
    assert lines[:11] == [
        "web-1  web  CRITICAL, NEEDS YOU.",
        "web is down: HTTP 503 since 02:14 UTC.",
        "Mode observe: the daemon changes nothing; it would roll back to dep-40",
        "1b7e0d4. No further page is sent, unless it gets worse or the daemon decides",
        "again.",
        "Do now: Roll back to dep-40 (1b7e0d4) by hand if dep-42 (9f3c2ab) is to blame.",
        'Mode observe; rule "critical -> rollback".',
        "Began 2026-11-25 02:14:14 UTC; decided 38 s later: page a human, change",
        "nothing.",
        "Mode observe changes nothing.",
        "Would roll back to dep-40 1b7e0d4.",
    ]
    assert "OTHERWISE    onset before dep-42 -> page only" in lines
    assert "             mode autonomous     -> roll back" in lines


def test_a_rollback_by_hand_names_who_asked() -> None:
    """Nobody was blamed, nothing is deny-listed, and no counterfactual is invented."""
    high = x.Severity.HIGH
    asked = {"why": "asked for by lead", "policy_action": None, "severity_why": "", "share": 0.0, "severity": high}
    decided = x.decision(blame=None, evidence=(), **asked)
    lines = explain(x.incident(decision=decided, approved_by="lead", findings=(), severity=high), (), None)
    assert "Approved by lead." in lines and "SEVERITY     high" in lines
    assert not [line for line in lines if line.startswith(("BLAME", "OTHERWISE"))]
    assert "deny-listed" not in " ".join(lines)


def test_before_any_decision() -> None:
    """An incident that was just opened shows its findings and leaves out what is not known yet."""
    assert explain(x.undone(x.decision(), decision=None, paged=False), (), None) == [
        "web-1  web  CRITICAL, DECIDING.",
        "web is down: HTTP 503 since 02:14 UTC.",
        "The daemon decides with the next readings.",
        "Nothing to do now.",
        "Began 2026-11-25 02:14:14 UTC; nothing decided yet.",
        "",
        "SEEN",
        "  home       39 of 39 probes failed for 38 s (limit 38 s)",
    ]


def test_a_rollback_that_did_not_help() -> None:
    """An unproved recovery and a missing pin are said plainly; the human's task comes first; the next day is named."""
    unpinned = {"off": False, "note": "NOT CONFIRMED to be off: HTTP 500"}
    unproved = {"verified_at": None, "verification": "0 of 7 probes good", "outcome": "", "restored_at": x.BEGIN + 400}
    failed = x.incident(**unpinned, **unproved, human_needed="the rollback did not help: look at web now")
    lines = explain(failed, (*x.NOTES, x.note(86400, "ACT", "b")), None, target_seconds=300)
    assert lines[0] == "web-1  web  CRITICAL, LEFT TO A HUMAN." and "  02:14:04   (2026-11-26) b" in lines
    told = " ".join(" ".join(lines).split())
    assert "auto-deploy: NOT CONFIRMED to be off: HTTP 500;" in told
    assert "recovery was not proved: 0 of 7 probes good." in told
    assert "NEXT the rollback did not help: look at web now" in told


def test_configuration_is_the_suspect() -> None:
    """When only configuration changed, that is said, with what changed and which deploy brought it."""
    same = Deploy("dep-42", "live", "service_updated", x.GOOD.commit, changed=("environment",))
    earlier = Deploy("dep-39", "deactivated", "manual", x.GOOD.commit)
    decided = x.decision(blame=x.blame(suspect=same, change=earlier, configuration=True))
    told = "\n".join(explain(x.incident(decision=decided), (), "right", repo="https://github.com/acme/app"))
    assert "only configuration (environment)" in told
    assert "change     dep-39  1b7e0d4: the deploy that brought what differs" in told
    assert "/compare/" not in told
    assert told.endswith("JUDGED       right by a human")


def test_every_line_is_narrow_and_harmless_whatever_the_texts_hold() -> None:
    """Hostile and endless foreign text neither breaks the layout nor reaches the terminal as control."""
    hostile = "\x1b]0;owned\x07 [red]" + "long " * 200
    blame = x.blame(suspect=Deploy("dep-42", "live", "new_commit", "9f3c2ab", hostile), prior_why=hostile)
    decided = x.decision(why=hostile, blame=blame, target=TargetChoice(None, hostile), would=hostile)
    incident = x.incident(decision=decided, outcome=hostile, verification=hostile)
    lines = explain(incident, (x.note(1, "ACT", hostile),), None, all_vetoes=True)
    assert max(map(len, lines)) <= 78 and all(line.isprintable() for line in lines)


def test_what_was_meant_to_be_down_says_that_it_counts_nowhere() -> None:
    """Not told, closed, and no lesson."""
    whole = x.undone(x.decision(), planned=True, paged=False, closed_at=x.BEGIN + 900, outcome=Outcome.RECOVERED)
    assert paragraph(whole) == [f"Blame: {x.JUDGED}.", *standing(whole)]
    words = " ".join(standing(whole))
    assert "It was intentionally down: excluded from baselines and statistics." in words


def test_what_healed_before_its_rollback_is_not_called_restored_by_it() -> None:
    """The headline says that the deploy may be innocent, and how to take the rollback back."""
    healed = x.incident(healed_at=x.incident().rollback.restored_at - 20.0)
    said = " ".join(" ".join(explain(healed, x.NOTES, None)[0:4]).split())
    assert (
        "Rolled back in 47 s; all was good again 20 s before the rollback was live, and not by it: dep-42 may be"
        in said
    )
    assert "(`watchdog incident undo web-1` takes the rollback back)" in said and "Restored" not in said

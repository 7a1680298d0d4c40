"""The words people get: one test for each line that somebody reads at three in the morning."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import HISTORY, NOW, a_blame, an_incident
from watchdog.core import notice_text
from watchdog.domain.decisions import Course, Decision, Evidence, GuardAnswer, Skipped, TargetChoice, Term, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Deadline
from watchdog.domain.policy import Action, Approver, Rule, Then, Weekly, Window
from watchdog.domain.severity import Severity


def a_decision(**fields: object) -> Decision:
    """Return a decision to roll back."""
    target = TargetChoice(HISTORY[1], "healthy for 2 h by our own record")
    base = Decision(NOW, Course.ROLLBACK, Severity.CRITICAL, "it fits", Action.ROLLBACK, 1.0, "autonomous")
    return replace(replace(base, blame=a_blame(), target=target), **fields)


@pytest.mark.parametrize(
    ("code", "shown"), [("1b7e0d4f9a", "1b7e0d4"), ("sha256:0123456789", "0123456"), (None, ""), ("abc", "abc")]
)
def test_codes_are_short(code: str | None, shown: str) -> None:
    """Seven characters of a commit or a digest; nothing for nothing."""
    assert notice_text.short(code) == shown


def test_deploys_are_named_with_their_code() -> None:
    """Without a code only the id, without a blank at its end."""
    assert notice_text.name_deploy(HISTORY[0]) == "dep-41 bad0000"
    assert notice_text.name_deploy(Deploy("dep-1", "live")) == "dep-1"


def test_the_headline_says_who_how_bad_and_what() -> None:
    """Service, severity, finding."""
    assert notice_text.title(an_incident()) == "web CRITICAL: home fails"


def test_a_rollback_by_hand_blames_nobody() -> None:
    """Decided, without blame: by hand. Not decided: not."""
    assert notice_text.by_hand(an_incident(decision=a_decision(blame=None)))
    assert not notice_text.by_hand(an_incident(decision=a_decision()))
    assert not notice_text.by_hand(an_incident())
    assert notice_text.blame_line(a_decision(blame=None)) == "nobody was blamed"
    assert notice_text.blame_line(a_decision()) == "it fits"


def test_guards_that_pass_are_not_listed() -> None:
    """Only those against it, with their reasons."""
    good = GuardAnswer("mode", Verdict.PASS, "autonomous")
    asks = GuardAnswer("migration", Verdict.ASK, "a pre-deploy command is set")
    blocks = GuardAnswer("hold", Verdict.BLOCK, "paused by ann")
    assert notice_text.guards_line((good,)) == "all pass"
    assert (
        notice_text.guards_line((good, asks, blocks)) == "migration: a pre-deploy command is set; hold: paused by ann"
    )


SKIPPED = tuple(Skipped(f"dep-{number}", None, "never live") for number in range(4))


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        (None, "none"),
        (TargetChoice(None, "there is no earlier deploy"), "none: there is no earlier deploy"),
        (
            TargetChoice(None, "no earlier deploy is known to be good", SKIPPED),
            "none: no earlier deploy is known to be good "
            "(skipped dep-0: never live; skipped dep-1: never live; skipped dep-2: never live)",
        ),
        (TargetChoice(HISTORY[1], "healthy"), "dep-40 aaaaaaa, healthy"),
        (
            TargetChoice(HISTORY[1], "healthy", SKIPPED[:1], "the saved value returns"),
            "dep-40 aaaaaaa, healthy (skipped dep-0: never live); the saved value returns",
        ),
    ],
)
def test_the_target_says_why_and_what_was_passed_over(choice: TargetChoice | None, line: str) -> None:
    """At most three that were passed over; a warning at the end."""
    assert notice_text.target_line(a_decision(target=choice)) == line


def test_the_reasoning_is_a_line_each() -> None:
    """Findings, what is unknown, blame with its terms, guards, target, and what observe would do."""
    evidence = (Evidence("errors", "unknown", "not read yet"), Evidence("api", "good", "ok"))
    blame = a_blame(terms=(Term(0.05, "upstream openai fails: major outage"),))
    decision = a_decision(evidence=evidence, blame=blame, would="would roll back to dep-40 (aaaaaaa)")
    assert notice_text.decision_lines(an_incident(decision=decision)) == (
        "Seen: home: home fails",
        "Seen: errors: not read yet",
        "Blame: it fits",
        "Blame: x 0.05: upstream openai fails: major outage",
        "Guards: all pass",
        "Target: dep-40 aaaaaaa, healthy for 2 h by our own record",
        "Mode observe: would roll back to dep-40 (aaaaaaa)",
    )


@pytest.mark.parametrize(("expired", "rebuilt"), [(None, False), ("dep-39", False), ("dep-40", True)])
def test_a_rebuild_says_that_it_is_one(expired: str | None, rebuilt: bool) -> None:
    """Only where it is the target's own artefact that is gone."""
    incident = an_incident(target="dep-40", target_code="aaaaaaa1", suspect="dep-41", expired=expired)
    rebuild = "a rebuild of aaaaaaa, since its artefact is gone: it takes as long as a build"
    assert notice_text.rebuild_words(incident) == (rebuild if rebuilt else "")
    how = f" ({rebuild})" if rebuilt else ""
    done = notice_text.done_lines(amended(incident, deploy="dep-42"))
    assert done == (f"Rolled back: dep-41 -> dep-40 as dep-42{how}",)


def test_before_a_decision_only_what_was_seen_is_said() -> None:
    """And of a rollback by hand, that nobody was blamed."""
    assert notice_text.decision_lines(an_incident()) == ("Seen: home: home fails",)
    by_hand = notice_text.decision_lines(an_incident(findings=(), decision=a_decision(blame=None)))
    assert by_hand[0] == "Blame: nobody was blamed" and len(by_hand) == 3


RULE = Rule(Action.ASK)


def test_a_question_says_who_alone_may_say_yes() -> None:
    """Right after how to answer."""
    named = replace(RULE, approver=Approver("lead", ("slack:U0AAA",)))
    told = notice_text.asking_lines(an_incident(severity=Severity.HIGH), named, NOW)
    assert told[2] == "Only lead may approve (policy: high: approver: lead); anybody else may reject."
    assert not any("Only" in line for line in notice_text.asking_lines(an_incident(), RULE, NOW))


def test_a_question_says_that_a_yes_waits_for_its_window_unless_that_is_now() -> None:
    """Until when, how long that is, and how not to wait."""
    begins = datetime.fromtimestamp(NOW, UTC)
    minute = begins.hour * 60 + begins.minute
    for start, end, said in ((minute + 60, minute + 90, 1), (minute - 10, minute + 10, 0)):
        window = Window("nights", Weekly(tuple(range(7)), start, end, "UTC"))
        lines = notice_text.asking_lines(an_incident(severity=Severity.HIGH), replace(RULE, window=window), NOW)
        told = [line for line in lines if line.startswith("A yes is kept for ")]
        assert len(told) == said
        assert all(line.endswith("(policy: high: window: nights); said again, it means now.") for line in told)
    incident = an_incident(approved_by="ann", target="dep-40", target_code="aaaaaaa1")
    assert (
        notice_text.kept_lines(incident, RULE)[0]
        == "Approved by ann, and kept until then: roll web back to dep-40 aaaaaaa."
    )


def test_a_question_says_how_to_answer_and_what_happens_otherwise() -> None:
    """With and without a deadline."""
    clock = Deadline(NOW - 60.0, Then.ESCALATE, 360.0, NOW + 300.0)
    incident = an_incident(target="dep-40", target_code="aaaaaaa1", deadline=clock)
    assert notice_text.asking_lines(incident, RULE, NOW)[:3] == (
        "Question: roll web back to dep-40 aaaaaaa?",
        "Answer within 5 min: watchdog approve web-1   or   watchdog reject web-1",
        "Without an answer nothing is changed, and you are paged again.",
    )
    by_default = amended(incident, deadline=replace(clock, then=Then.ROLLBACK))
    assert notice_text.asking_lines(by_default, RULE, NOW)[2].startswith("Without an answer it is rolled back then")
    nothing = amended(incident, deadline=replace(clock, then=Then.NOTHING))
    assert notice_text.asking_lines(nothing, RULE, NOW)[2] == "Without an answer nothing is changed."
    for late in (amended(by_default, late_paged=True), amended(by_default, deadline=None)):
        assert notice_text.asking_lines(late, RULE, NOW)[1].startswith("Answer: watchdog approve web-1")
        assert notice_text.asking_lines(late, RULE, NOW)[2] == "Without an answer nothing is changed."


@pytest.mark.parametrize("then", list(Then))
def test_what_may_act_once_an_obstacle_has_passed_is_not_promised_for_the_deadline(then: Then) -> None:
    """An action hold: while it lasts nothing is changed, and after it no answer is needed."""
    hold = GuardAnswer("action hold", Verdict.ASK, "launch", passing=True)
    said = notice_text.without_an_answer(an_incident(decision=a_decision(guards=(hold,))), then)
    assert said.startswith("Without an answer nothing is changed while that lasts") and said.endswith("it may act.")
    assert ("paged again" in said) is (then is not Then.NOTHING)


def test_what_was_done_is_said_and_nothing_else() -> None:
    """Nothing done, no line."""
    assert notice_text.done_lines(an_incident()) == ()
    done = an_incident(note="off, read back", suspect="dep-41", target="dep-40", deploy="dep-42")
    assert notice_text.done_lines(done) == ("Auto-deploy: off, read back", "Rolled back: dep-41 -> dep-40 as dep-42")


@pytest.mark.parametrize(("value", "said"), [("commit", True), ("off", False), ("", False)])
def test_what_is_left_for_people(value: str, said: bool) -> None:
    """Auto-deploy, if we switched it off; the bad commit, if it was rolled back."""
    for half in ({}, {"suspect_code": "bad00000"}, {"deploy": "dep-42"}):
        assert len(notice_text.left_lines(an_incident(**half), value)) == said
    incident = an_incident(suspect_code="bad00000", deploy="dep-42")
    lines = notice_text.left_lines(incident, value)
    assert lines[-1] == "Left for you: fix bad0000; `watchdog explain web-1` says why."
    off = "Left for you: auto-deploy is off (it was commit) until you switch it back on."
    assert (off in lines) is said

"""The words people get."""

from dataclasses import replace

import pytest

from tests.core.scenes import HISTORY, NOW, a_blame, an_incident, found
from watchdog.core import words
from watchdog.domain.incidents import (
    Course,
    Decision,
    Evidence,
    GuardAnswer,
    Skipped,
    TargetChoice,
    Term,
    Verdict,
)
from watchdog.domain.policy import Severity

DECISION = Decision(
    NOW,
    Course.ASK,
    Severity.CRITICAL,
    "assist",
    "rule",
    1.0,
    "assist",
    evidence=(Evidence("errors", "unknown", "Sentry did not answer"), Evidence("home", "bad", "home fails")),
    blame=a_blame(terms=(Term(0.05, "upstream openai fails"),)),
    guards=(GuardAnswer("mode", Verdict.ASK, "a human decides"), GuardAnswer("hold", Verdict.PASS, "none")),
    target=TargetChoice(HISTORY[1], "healthy", (Skipped("dep-x", "c", "same code"),), "the value returns"),
)
INCIDENT = an_incident(
    decision=DECISION, suspect="dep-41", suspect_code="bad00000", target="dep-40", target_code="aaaaaaa1"
)


@pytest.mark.parametrize(
    ("code", "shown"), [("1f2e3d4c5b", "1f2e3d4"), ("sha256:1f2e3d4c5b", "1f2e3d4"), (None, ""), ("", "")]
)
def test_codes_are_short(code: str | None, shown: str) -> None:
    """Seven digits, without the algorithm's name."""
    assert words.short(code) == shown


def test_a_deploy_has_a_name_even_without_code() -> None:
    """Id and commit, or the id alone."""
    assert words.name_deploy(HISTORY[1]) == "dep-40 aaaaaaa"
    assert words.name_deploy(replace(HISTORY[1], commit=None)) == "dep-40"


def test_the_lines_of_a_decision_are_its_evidence_and_reasoning() -> None:
    """Found, unknown, blame with its terms, guards, target; good evidence is left to explain."""
    assert words.decision_lines(INCIDENT) == (
        "Seen: home: home fails",
        "Seen: errors: Sentry did not answer",
        "Blame: it fits",
        "Blame: x 0.05: upstream openai fails",
        "Guards: mode: a human decides",
        "Target: dep-40 aaaaaaa, healthy (skipped dep-x: same code); the value returns",
    )
    would = replace(INCIDENT, decision=replace(DECISION, would="would roll back"))
    assert words.decision_lines(would)[-1] == "Mode observe: would roll back"
    assert words.decision_lines(replace(INCIDENT, decision=None)) == ("Seen: home: home fails",)


def test_where_nobody_was_blamed_and_nothing_was_in_the_way() -> None:
    """A rollback by hand."""
    plain = replace(DECISION, blame=None, guards=DECISION.guards[1:], target=None)
    incident = replace(INCIDENT, decision=plain)
    assert words.by_hand(incident) and not words.by_hand(INCIDENT)
    assert not words.by_hand(replace(INCIDENT, decision=None))
    assert words.decision_lines(incident)[-3:] == ("Blame: nobody was blamed", "Guards: all pass", "Target: none")


def test_no_target_says_why_and_what_was_passed_over() -> None:
    """At most three of them."""
    skipped = tuple(Skipped(f"dep-{number}", None, "denied") for number in range(5))
    line = words.target_line(replace(DECISION, target=TargetChoice(None, "none is good", skipped)))
    assert line == "none: none is good (skipped dep-0: denied; skipped dep-1: denied; skipped dep-2: denied)"
    bare = words.target_line(replace(DECISION, target=TargetChoice(HISTORY[1], "healthy")))
    assert bare == "dep-40 aaaaaaa, healthy"


def test_a_question_says_how_to_answer_and_what_happens_otherwise() -> None:
    """With a deadline or without."""
    first, second, third, *rest = words.asking_lines(INCIDENT, 900.0)
    assert first == "Question: roll web back to dep-40 aaaaaaa?"
    assert second == "Answer within 15 min: watchdog approve INC-1   or   watchdog reject INC-1"
    assert "nothing is changed" in third and rest == list(words.decision_lines(INCIDENT))
    assert words.asking_lines(INCIDENT, None)[1].startswith("Answer: ")


def test_what_was_done_and_what_is_left() -> None:
    """Only what really was; auto-deploy and the commit to fix."""
    assert words.done_lines(INCIDENT) == ()
    assert words.left_lines(INCIDENT, "") == ()
    done = replace(INCIDENT, pin_note="off, read back", rollback_deploy="dep-42")
    assert words.done_lines(done) == ("Auto-deploy: off, read back", "Rolled back: dep-41 -> dep-40 as dep-42")
    auto_deploy, fix = words.left_lines(done, "commit")
    assert auto_deploy == "Left for you: auto-deploy is off (it was commit) until you switch it back on."
    assert fix == "Left for you: fix bad0000; `watchdog explain INC-1` says why."


def test_the_title_is_the_service_the_severity_and_what_fails() -> None:
    """One line for a phone's lock screen."""
    assert words.title(replace(INCIDENT, findings=(found(),))) == "web CRITICAL: home fails"

"""Prose that the version before stored becomes typed when it is read, and such a version reads our rows."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.cli import examples as x
from tests.core.scenes import NOW, a_decision, an_incident, found
from watchdog.adapters.stores import stored_prose
from watchdog.adapters.stores.codec import EFFECTS, INCIDENTS, Codec
from watchdog.domain.decisions import Blame, Decision, GuardAnswer, GuardReason, Term, Verdict
from watchdog.domain.effects import Note, Tell
from watchdog.domain.incidents import HumanDecision, Incident, Outcome
from watchdog.domain.notices import IncidentNews, Notice, NoticeKind, Topic
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.presentation.notices.notice_text import worded

ROW = ActionRow("web-1", "rollback", "failed", "dep-40", "dep-42", service="web")


def plain(value: Any, *without: str) -> dict[str, Any]:
    """Return a value as the version before stored it: without the fields that it did not know."""
    whole: dict[str, Any] = Codec(type(value), "value")._write(value)
    return {name: one for name, one in whole.items() if name not in without}


def read(kind: type, stored: dict[str, Any]) -> Any:
    return Codec(kind, "value").structured(stored)


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("it is suspended by billing, by what was read 3 min ago", GuardReason.SUSPENDED),
        ("it was suspended in this incident, and nobody knows what failed by that", GuardReason.WAS_SUSPENDED),
        ("it is in maintenance mode", None),
    ],
)
def test_why_a_guard_answered(why: str, reason: GuardReason | None) -> None:
    """Of the guard `service` alone; a value stored with a reason keeps it, whatever its text says."""
    answer = GuardAnswer("service", Verdict.BLOCK, why, reason=reason)
    assert read(GuardAnswer, plain(answer, "reason")) == answer
    other = replace(answer, name="other", reason=None)
    assert read(GuardAnswer, plain(other, "reason")) == other
    assert read(GuardAnswer, plain(replace(answer, reason=None))).reason is None


@pytest.mark.parametrize("earlier", [True, False])
def test_evidence_of_the_incidents_beginning(earlier: bool) -> None:
    term = Term(0.1, "other services fail too: api" + " (seen before, in this incident)" * earlier, "peers", earlier)
    assert read(Term, plain(term, "earlier")) == term


def test_the_prior_odds_and_the_rule() -> None:
    blame = x.blame()
    assert read(Blame, plain(blame, "assumed", "onset_why")) == blame
    decision = x.decision()
    stored = plain(decision, "policy_action", "severity_why")
    assert stored["rule"] == "critical -> rollback (home: a critical route fails)"
    assert read(Decision, stored) == decision
    by_hand = x.decision(policy_action=None, severity_why="")
    assert plain(by_hand)["rule"] == "a human asked"
    assert read(Decision, plain(by_hand, "policy_action", "severity_why")) == by_hand


@pytest.mark.parametrize(
    ("fields", "prose"),
    [
        ({"human_decision": HumanDecision.REJECTED}, {"human_needed": "rejected by ann"}),
        ({"human_decision": HumanDecision.STOPPED}, {"human_needed": "stopped by ann"}),
        ({}, {"human_needed": "the rollback did not help"}),
        (
            {"unproved": ("errors", "more")},
            {"verification": "home: good; errors still unknown: x; more still unknown: x"},
        ),
        ({"outcome": Outcome.WITH_A_HUMAN}, {}),
        ({"outcome": Outcome.OPEN}, {}),
    ],
)
def test_an_incident(fields: dict[str, Any], prose: dict[str, str]) -> None:
    incident = x.incident(**({"verification": "", "unproved": ()} | prose | fields))
    assert read(Incident, plain(incident, "human_decision", "unproved")) == incident


def test_an_outcome_of_a_newer_version_is_read_and_a_reason_left_out() -> None:
    text = INCIDENTS.encode(x.incident()).replace(Outcome.VERIFIED.value, "handed over to the moon")
    assert INCIDENTS.decode(text).outcome is Outcome.UNKNOWN and not Outcome.UNKNOWN.recovered
    answer = GuardAnswer("service", Verdict.BLOCK, "it is frozen")
    assert read(GuardAnswer, plain(answer) | {"reason": "frozen"}) == answer
    decision, incident = x.decision(policy_action=None), x.incident()
    assert read(Decision, plain(decision) | {"policy_action": "pray"}) == decision
    assert read(Incident, plain(incident) | {"human_decision": "postponed"}) == incident


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (replace(ROW, result=ActionResult.REFUSED, note="Render says: no"), "refused: Render says: no"),
        (replace(ROW, result=ActionResult.FORBIDDEN, note="403"), "forbidden: 403"),
        (replace(ROW, result=ActionResult.EXPIRED, note="410"), "expired: 410"),
        (
            replace(ROW, state="sending", result=ActionResult.WITHOUT_ID, note="accepted without an id"),
            "accepted without an id",
        ),
        (replace(ROW, note="no trace of it: it may or may not have happened"), None),
        (replace(ROW, state="planned", note="refused: a note of a row that did not fail"), None),
    ],
)
def test_the_result_of_an_action(row: ActionRow, note: str | None) -> None:
    """It stands at the head of the note, where the version before looks for it."""
    values = stored_prose.action_values(row)
    assert values["note"] == (row.note if note is None else note) and "result" not in values
    assert stored_prose.action_row(*values.values()) == row


@pytest.mark.parametrize(
    ("label", "text", "about"),
    [
        ("NOTIFIED", "chat, mail (page): web CRITICAL", ("chat", "mail")),
        ("INFORMED", "status: web is down", ("status",)),
        ("REMINDED", "docs, own-1 (overdue; told to chat)", ("docs", "own-1")),
        ("ACT", "rollback to dep-40 (sent once)", ()),
    ],
)
def test_what_a_note_is_about(label: Any, text: str, about: tuple[str, ...]) -> None:
    """The names stand at the head of the stored text, however it is worded; a note of no incident has none."""
    assert stored_prose.note(1.0, "web", "web-1", label, text) == Note(1.0, "web", "web-1", label, text, about)
    assert stored_prose.note(1.0, "", None, label, text).about == ()
    for words in (text, "other words"):
        written = stored_prose.note_row(Note(1.0, "web", "web-1", label, words, about))
        assert words in written["text"] and stored_prose.note(*written.values()).about == about


def told() -> Tell:
    """Return a page about an incident, as the core emits it: facts without words."""
    about = IncidentNews(Topic.LEFT_TO_HUMAN, an_incident(decision=a_decision()))
    page = Notice(NOW, "web-1", "web", Severity.CRITICAL, NoticeKind.HUMAN_NEEDED, wakes=True, about=about)
    return Tell(page, ("pager",))


def test_an_older_worker_reads_a_notice_s_words_and_this_one_its_facts() -> None:
    """The row has both; this version reads back exactly the notice it wrote. An older one has no details but lines."""
    row = json.loads(EFFECTS.encode(told()))
    assert row["notice"]["lines"][-1].startswith("Target: ") and not row["notice"]["details"]
    assert row["notice"]["title"].startswith("web is down") and "Decided: rollback: it fits" in row["notice"]["lines"]
    assert EFFECTS.decode(json.dumps(row)) == told()


@pytest.mark.parametrize(
    "newer",
    [
        {"topic": "a better reason"},
        {"incident": {"id": "web-1"}},
        {"incident": None},
        {"terms": {"opens_at": "tomorrow"}},
        {"topic": None},
    ],
)
def test_of_facts_that_only_a_newer_version_knows_the_words_are_sent(newer: dict[str, Any]) -> None:
    """A worker of this version takes over a page whose facts it cannot read: none is lost for that."""
    row = json.loads(EFFECTS.encode(told()))
    row["notice"]["about"] |= newer
    read = EFFECTS.decode(json.dumps(row))
    assert isinstance(read, Tell) and read.notice.about is None
    assert read.notice.title == row["notice"]["title"] and list(read.notice.lines) == row["notice"]["lines"]


def test_a_notice_whose_words_cannot_be_made_is_stored_and_sent_all_the_same() -> None:
    """A fault in a text keeps no page from people: it names the service and the command that explains it."""
    tell = told()
    assert tell.notice.about is not None
    beyond = replace(tell.notice.about, incident=an_incident(findings=(found(seconds=-1e300),), decision=a_decision()))
    notice = replace(tell.notice, about=beyond)
    assert worded(notice, NOW).title == "web critical: left to a human"
    assert worded(notice, NOW).lines == ("Its text could not be made (OverflowError): watchdog explain web-1",)
    assert EFFECTS.decode(EFFECTS.encode(replace(tell, notice=notice))) == replace(tell, notice=notice)

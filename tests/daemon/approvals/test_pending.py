"""What is asked now, and why an answer does not count."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.incident_fields import amended
from watchdog.daemon.approvals.pending import (
    HOLDS_SECONDS,
    READ_SECONDS,
    approver_mismatch,
    question,
    stale_answer_check,
)
from watchdog.domain.incident_parts import RollbackAttempt
from watchdog.domain.incidents import HumanDecision, Incident, Outcome, Phase, ServiceState, State
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.policy import DEFAULT_MATRIX, Approver, Policy
from watchdog.domain.severity import Severity

AT = 1000.0
OPENED = Incident("web-1", "web", Severity.HIGH, AT, AT, "slow", suspect="dep-42", rollback=RollbackAttempt("dep-40"))
INCIDENT = amended(OPENED, asked_at=AT, target_code="1b7e0d4")
SHOWN = {"suspect": "dep-42", "target": "dep-40", "asked_at": AT}


def state(phase: Phase = Phase.ASKING, live: str | None = "dep-42", **changes: Any) -> State:
    """Return a state in which web's incident is asked about."""
    return State(services={"web": ServiceState("web", phase=phase, live=live, incident=amended(INCIDENT, **changes))})


def policy(within: float | None, approver: Approver | None = None) -> Policy:
    high = replace(DEFAULT_MATRIX[Severity.HIGH], within_seconds=within, approver=approver)
    return Policy(services={}, matrix={**DEFAULT_MATRIX, Severity.HIGH: high})


def told(at: float = AT, incident: str = "web-1", service: str = "web") -> Notice:
    return Notice(at, incident, service, Severity.HIGH, NoticeKind.ASKED, "title")


def test_a_question_counts_from_each_delivery_as_long_as_the_policy_waits() -> None:
    """Or for an hour, where it does not say."""
    asked = question(state(), policy(900.0), told(), AT + 5)
    assert asked is not None
    assert (asked.suspect, asked.target, asked.asked_at, asked.until) == ("dep-42", "dep-40", AT, AT + 905)
    plain = question(state(), policy(None), told(), AT)
    assert plain is not None and plain.until == AT + HOLDS_SECONDS and not plain.announced


def test_what_is_announced_can_be_stopped() -> None:
    """The act is named by when it is due."""
    asked = question(state(Phase.ANNOUNCED, announced_until=AT + 60), policy(900.0), told(), AT)
    assert asked is not None and asked.announced and asked.asked_at == AT + 60


@pytest.mark.parametrize("phase", [one for one in Phase if one not in (Phase.ASKING, Phase.ANNOUNCED)])
def test_otherwise_nothing_is_asked(phase: Phase) -> None:
    assert question(state(phase), policy(900.0), told(), AT) is None


def test_nothing_is_asked_of_what_is_not_there() -> None:
    for of in (told(incident="web-2"), told(service="api")):
        assert question(state(), policy(900.0), of, AT) is None
    assert question(State(services={"web": ServiceState("web", phase=Phase.ASKING)}), policy(9.0), told(), AT) is None
    assert question(state(target=None), policy(9.0), told(), AT) is None


ANN = "rejected by slack:U0AAA (ann)"


@pytest.mark.parametrize(
    ("now", "given", "why"),
    [
        (state(), SHOWN, ""),
        (state(target="dep-39"), SHOWN, "another one now (dep-42 -> dep-39)"),
        (state(suspect="dep-43", live="dep-43"), SHOWN, "another deploy is live now (dep-43)"),
        (state(live="dep-43"), SHOWN, "another deploy is live now (dep-43)"),
        (state(Phase.PAGED, live="dep-43"), SHOWN, "another deploy is live now (dep-43)"),
        (state(Phase.PINNING, approved_by="ann", approved_at=AT), SHOWN, "by ann at 1970-01-01 00:16:40 UTC"),
        (state(Phase.PAGED, human_needed=ANN, human_decision=HumanDecision.REJECTED), SHOWN, f"decided already: {ANN}"),
        (state(Phase.PAGED, human_needed="no target"), SHOWN, ""),
        (state(closed_at=AT, outcome=Outcome.BY_ITSELF), SHOWN, "over since 1970-01-01 00:16:40 UTC: recovered"),
        (State(), SHOWN, ""),
        (state(Phase.PAGED), None, ""),
    ],
)
def test_an_answer_is_to_what_its_author_saw(now: State, given: dict[str, Any] | None, why: str) -> None:
    """Nothing objects where the core itself has an answer."""
    arguments = {"incident": "web-1"} | ({"question": given} if given is not None else {})
    for name in ("approve", "reject"):
        said = stale_answer_check(name, arguments, AT)(now)
        assert (why in said) if why else said == ""


def test_a_yes_is_to_the_newest_message_and_a_no_to_the_same_rollback_holds_asked_again_or_not() -> None:
    """A silence ended, say, and people were asked anew."""
    arguments = {"incident": "web-1", "question": SHOWN}
    assert "asked again since" in stale_answer_check("approve", arguments, AT)(state(asked_at=AT + 9))
    assert stale_answer_check("reject", arguments, AT)(state(asked_at=AT + 9)) == ""


TYPED, SEEN = {"incident": "web-1"}, {"incident": "web-1", "seen": {"suspect": "dep-42"}}


@pytest.mark.parametrize(
    ("name", "given", "after", "refused"),
    [
        ("approve", TYPED, 12.0, True),
        ("approve", TYPED, READ_SECONDS, False),
        ("approve", SEEN, 12.0, False),
        ("reject", TYPED, 12.0, False),
        ("stop", TYPED, 12.0, False),
    ],
)
def test_case_38_a_typed_yes_is_not_to_a_question_that_has_just_replaced_another(
    name: str, given: dict[str, Any], after: float, refused: bool
) -> None:
    """Its author may have read the one before. A no, or a page that shows the question, needs no such wait."""
    said = stale_answer_check(name, given, AT + after)(state(asked_anew_at=AT))
    since = "since 1970-01-01 00:16:40 UTC the question is another one (dep-42 -> dep-40)"
    assert said == (f"{since}: if you mean that one, approve it in 48 s" if refused else "")
    assert stale_answer_check(name, given, AT + after)(state(Phase.PAGED, asked_anew_at=AT)) == ""


@pytest.mark.parametrize("now", [state(asked_at=AT + 9), state(target="dep-39"), state(live="dep-43")])
def test_a_stop_is_not_refused_for_a_detail(now: State) -> None:
    """Whatever rollback is to come: somebody does not want it."""
    assert stale_answer_check("stop", {"incident": "web-1", "question": SHOWN}, AT)(now) == ""


def test_what_proves_nothing_is_refused_whatever_the_state() -> None:
    """Forged, too late, the wrong person."""
    assert stale_answer_check("stop", {"incident": "web-1", "refused": "forged"}, AT)(State()) == "forged"


KEPT = state(Phase.ANNOUNCED, announced_until=AT + 9000.0, approved_by="ann", approved_at=AT)


def test_what_is_kept_for_a_window_can_be_stopped_until_it_is_due() -> None:
    """By a stop that counts so long, and by a no to what was asked before; another yes to that counts no more."""
    asked = question(KEPT, policy(900.0), told(), AT)
    assert asked is not None and asked.announced and (asked.asked_at, asked.until) == (AT + 9000.0, AT + 9000.0)
    arguments = {"incident": "web-1", "question": SHOWN}
    assert stale_answer_check("reject", arguments, AT)(KEPT) == stale_answer_check("stop", arguments, AT)(KEPT) == ""
    assert "decided already: approved by ann" in stale_answer_check("approve", arguments, AT)(KEPT)
    acting = state(Phase.PINNING, announced_until=AT + 9000.0, approved_by="ann", approved_at=AT)
    assert "decided already: approved by ann" in stale_answer_check("reject", arguments, AT)(acting)


LEAD = Approver("lead", ("slack:U0AAA", "terminal:lead"))


@pytest.mark.parametrize(
    ("now", "identity", "why"),
    [
        (state(), "slack:U0AAA", ""),
        (state(Phase.ANNOUNCED), "terminal:lead", ""),
        (state(), "slack:U0BBB", "only lead may approve this (policy: high: approver: lead); you are slack:U0BBB"),
        (state(Phase.ANNOUNCED), "slack:U0BBB", "only lead may approve this"),
        (state(), "token:U0AAA", "you are token:U0AAA"),
        (state(), "token:slack:U0AAA", "you are token:slack:U0AAA"),
        (state(), "token:lead", "you are token:lead"),
        (state(), "", "you are not named"),
        (state(Phase.PAGED), "slack:U0BBB", ""),
        (state(severity=Severity.CRITICAL), "slack:U0BBB", ""),
        (State(), "slack:U0BBB", ""),
    ],
)
def test_a_yes_counts_under_the_approver_s_identities_alone(now: State, identity: str, why: str) -> None:
    """By the way it came as well as by name; where nothing is asked, the core says so."""
    said = approver_mismatch(now, policy(None, LEAD), "web-1", identity)
    assert (why in said) if why else said == ""
    assert approver_mismatch(now, policy(900.0), "web-1", identity) == ""
    assert approver_mismatch(now, Policy(services={}, matrix={}), "web-1", identity) == ""


@pytest.mark.parametrize(
    ("answers_as", "identity", "proven", "why"),
    [
        (("token:lead",), "console:lead", False, ""),
        (
            ("token:lead",),
            "console:bob",
            False,
            "only lead may approve this (policy: high: approver: lead); you are co",
        ),
        (("token:lead",), "console:token:lead", False, "only lead may approve this"),
        (("terminal:lead", "slack:lead"), "console:lead", False, "only lead may approve this"),
        (("oidc:lead", "proxy:lead"), "console:lead", True, "are of different versions"),
        (("token:lead",), "console:lead", True, "ask again when both are of one version"),
        (("oidc:lead", "proxy:lead"), "token:lead", True, "you are token:lead"),
    ],
)
def test_a_console_of_the_version_before_is_believed_only_where_no_name_is_proven(
    answers_as: tuple[str, ...], identity: str, proven: bool, why: str
) -> None:
    """It wrote `console:` of proven names and of typed ones."""
    named = policy(None, Approver("lead", answers_as))
    said = approver_mismatch(state(), named, "web-1", identity, names_are_proven=proven)
    assert (why in said) if why else said == ""

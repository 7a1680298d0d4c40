"""Everything of the domain survives JSON, also from older and newer workers."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.incident_fields import PARTS
from watchdog.adapters.stores.codec import EFFECTS, EVENTS, INCIDENTS, SERVICES, STATES, Codec
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Cause, Term
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.errors import Permanent
from watchdog.domain.events import Event, Observed, TimePassed
from watchdog.domain.incident_parts import Escalation, Pin, Question, RollbackAttempt
from watchdog.domain.incidents import History, Incident, ServiceState, State
from watchdog.domain.readings import Bad, FailureKind, Unknown
from watchdog.domain.severity import Severity

STORED = """
acknowledged_at acknowledged_by all_called announced_until approved_at approved_by artefact_gone asked_about
asked_anew_at asked_at called_at calls channels climbed closed_at deadline decision defaulted_at expected_at expired
findings healed_at human_decision
human_needed id informed late_paged leaves_good muted next_call_at next_call_name onset_at opened_at outcome overdue_at
paged pin_note pin_previous pinned planned
put_off_at rebuild reconsidered_at refusal refused_at remedies reminded repinned requested_at restored_at
rollback_deploy service
severity severity_since suspect suspect_code target target_code title to_blame told_at tried undoes unhindered unproved
unwatched_since
verification verified_at
"""


STORED_SERVICE = """
acted_at auto_deploy_off bad beside_the_record certificates checks closed_at deploys deploys_at deploys_why downtime
facts failed_from flapping_since forbidden healthy_at healthy_seconds history incident incidents live merged
merges_why migrations name offered opened_at overtaken own_maintenance pace_seconds phase phase_since pin_settled_at
pinned_at pinned_for record_lacked_at remedied returned told_off trial undone unlisted unread_gap watch_until
watching_since
"""


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    str: st.text(max_size=8),
    NoneType: st.none(),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return values of any type that the domain is made of; fails for an unknown type."""
    if kind in PLAIN:
        return PLAIN[kind]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        built = st.builds(
            kind, **{field.name: st.deferred(lambda h=hints[field.name]: values_of(h)) for field in fields(kind)}
        )
        # Odds are never negative: an older version's factors are quotients of their sums, which may then be zero.
        return built.map(lambda one: replace(one, odds=abs(one.odds))) if kind is Cause else built
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    arguments = get_args(kind)
    if isinstance(kind, UnionType):
        return st.one_of(*map(values_of, arguments))
    if get_origin(kind) is tuple and arguments[-1] is Ellipsis:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if get_origin(kind) is tuple:
        return st.tuples(*map(values_of, arguments))
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    assert get_origin(kind) is Mapping, f"the codec's test does not know {kind}"
    return st.dictionaries(*map(values_of, arguments), max_size=2).map(MappingProxyType)


def of_facts_alone(value: Any) -> Any:
    """Return a notice that has facts without words: those are made of the facts."""
    if not isinstance(value, Tell) or value.notice.about is None:
        return value
    return replace(value, notice=replace(value.notice, title="", progress="", lines=(), details=(), todo=()))


@pytest.mark.parametrize(
    ("codec", "kind", "examples"),
    [
        *((EVENTS, kind, 25) for kind in get_args(Event)),
        *((EFFECTS, kind, 25) for kind in get_args(Effect)),
        (INCIDENTS, Incident, 60),
        pytest.param(STATES, State, 60, marks=pytest.mark.long),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_event_effect_incident_and_state_survives(codec: Codec[Any], kind: Any, examples: int) -> None:

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(values_of(kind))
    def round_trip(value: Any) -> None:
        value = of_facts_alone(value)
        text = codec.encode(value)
        back = codec.decode(text)
        assert back == value and type(back) is kind and text.isascii() and "\n" not in text

    round_trip()


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        (Question(approved_by="ann"), "approved_by", "ann"),
        (Pin(previous="commit"), "pin_previous", "commit"),
        (Pin(off=True), "pinned", True),
        (Pin(note="off"), "pin_note", "off"),
        (Pin(again=True), "repinned", True),
        (RollbackAttempt(deploy="dep-2"), "rollback_deploy", "dep-2"),
        (RollbackAttempt(blocked_since=2.0), "put_off_at", 2.0),
        (RollbackAttempt(undo_of_verified=True), "leaves_good", True),
        (Escalation(acknowledged_by="bob"), "acknowledged_by", "bob"),
    ],
)
def test_a_stored_incident_is_flat_as_it_always_was(part: object, name: str, value: object) -> None:
    """A worker of the version before reads and writes its parts as fields of its own."""
    base = Incident("web-1", "web", Severity.HIGH, 1.0, 1.0, "x")
    made = replace(base, **{next(field for field, kind in PARTS.items() if kind is type(part)): part})
    stored = json.loads(INCIDENTS.encode(made))
    assert stored[name] == value and not PARTS.keys() & stored.keys()
    assert INCIDENTS.decode(json.dumps({**stored, "a field of tomorrow": 1})) == made


def test_the_names_under_which_an_incident_is_stored_are_those_that_other_versions_read() -> None:
    """A field that is renamed keeps its name there; a new one is added to this list."""
    stored = json.loads(INCIDENTS.encode(Incident("web-1", "web", Severity.HIGH, 1.0, 1.0, "x")))
    assert sorted(stored) == STORED.split()


def test_a_rebuild_of_a_version_without_its_reason_is_read_as_one() -> None:
    """That version stored only the target whose artefact is gone."""
    base = Incident("web-1", "web", Severity.HIGH, 1.0, 1.0, "x", rollback=RollbackAttempt("dep-1", expired="dep-1"))
    stored = json.loads(INCIDENTS.encode(base))
    del stored["rebuild"]
    assert INCIDENTS.decode(json.dumps(stored)) == base and base.rollback.rebuilds


def test_the_names_under_which_a_service_is_stored_are_those_that_other_versions_read() -> None:
    """As the fields of an incident: one with another name here is read back from the stored name."""
    made = ServiceState("web", observed_healthy_seconds={"dep-1": 5.0}, switch_visible_at=2.0)
    stored = json.loads(SERVICES.encode(made))
    assert sorted(stored) == STORED_SERVICE.split()
    assert (stored["healthy_seconds"], stored["pin_settled_at"]) == ({"dep-1": 5.0}, 2.0)
    assert SERVICES.decode(json.dumps(stored)) == made


def check(reading: Any) -> Check:
    return Check("home", "http", last=reading)


def test_what_a_newer_worker_added_is_ignored_and_what_an_older_one_lacked_is_default() -> None:
    """Rule 1 of the codec, at every depth."""
    incident = json.loads(INCIDENTS.encode(Incident("inc-1", "api", "high", 1.0, 0.0, "slow")))  # type: ignore[arg-type]
    incident["added_later"] = {"deep": [1]}
    del incident["outcome"], incident["findings"]
    text = json.dumps({"services": {"api": {"name": "api", "incident": incident, "new": 1}}, "also_new": None})
    state = STATES.decode(text)
    found = state.services["api"].incident
    assert found is not None and (found.id, found.outcome, found.findings) == ("inc-1", "", ())
    assert state.denied == () and state.services["api"].checks == {}


def test_a_note_with_a_label_of_a_newer_version_is_read() -> None:
    """It waits among the pending effects, or stands in a recording."""
    note = Note(1.0, "web", None, "ACT", "rolled back")
    assert EFFECTS.decode(EFFECTS.encode(note).replace("ACT", "LATER")) == replace(note, label="LATER")  # type: ignore[arg-type]


def test_a_failure_of_a_kind_that_an_older_worker_lacks_is_a_status_to_it() -> None:
    """Otherwise it could take up no service that is failing; a kind that this version lacks is that status as well."""
    service = ServiceState("web", checks={"home": check(Bad("HTTP 502", FailureKind.GATEWAY))})
    text = SERVICES.encode(service)
    assert '"kind":"status"' in text and SERVICES.decode(text) == service
    later = SERVICES.decode(text.replace('"newer_kind":"gateway"', '"newer_kind":"later"')).checks["home"].last
    assert later == Bad("HTTP 502", FailureKind.STATUS)


def test_a_state_from_before_the_watchdog_learned_from_its_checks_is_read() -> None:
    """Its one baseline is forgotten and learnt anew; nothing was learnt of blips, deploys or kinds of evidence."""
    check = {"name": "api", "kind": "latency", "baseline_seconds": 0.2, "baseline_minutes": 5000, "last_at": 9.0}
    blame = {"suspect": None, "change": None, "configuration": False, "odds": 1.0, "prior_odds": 20.0, "prior_why": "x"}
    blame |= {"terms": [{"factor": 0.05, "why": "upstream openai fails"}], "vetoes": [], "probability": 0.5}
    blame |= {"need": 0.8, "floor": 0.8, "cost_rule": 0.2, "why": "x"}
    decision = {"at": 1.0, "course": "page", "severity": "high", "why": "x", "rule": "x", "share": 1.0}
    incident = json.loads(INCIDENTS.encode(Incident("inc-1", "api", "high", 1.0, 0.0, "slow")))  # type: ignore[arg-type]
    incident["decision"] = {
        **decision,
        "mode": "assist",
        "evidence": [],
        "blame": blame,
        "guards": [],
        "target": None,
        "would": "",
    }
    service = {"name": "api", "checks": {"api": check}, "incident": incident}
    read = STATES.decode(json.dumps({"services": {"api": service}})).services["api"]
    assert read.checks["api"] == Check("api", "latency", last_at=9.0) and read.history == History()
    assert read.incident is not None and read.incident.decision is not None
    weighed = read.incident.decision.blame
    assert weighed is not None and weighed.terms == (Term(0.05, "upstream openai fails", ""),)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "null", '{"_type": "InventedLater", "at": 1}', '{"at": 1}'])
def test_what_cannot_be_read_is_permanent_and_says_what_to_do(text: str) -> None:
    with pytest.raises(Permanent, match="run the version that wrote it"):
        EVENTS.decode(text)


def test_a_reading_keeps_its_class_infinite_odds_survive_and_equal_values_have_equal_text() -> None:
    """Bad and Unknown have the same first field: only the class name distinguishes them."""
    for reading in (Bad("x"), Unknown("x")):
        event = Observed(1.0, "api", "home", reading)
        assert EVENTS.decode(EVENTS.encode(event)) == event
        state = State(
            control={"one": (1.0, reading)}, services={"api": ServiceState("api", checks={"home": check(reading)})}
        )
        assert STATES.decode(STATES.encode(state)) == state
    assert EVENTS.decode(EVENTS.encode(TimePassed(float("inf")))) == TimePassed(float("inf"))
    from_store = EFFECTS.decode(EFFECTS.encode(Note(1.0, "api", None, "CALM", "ok")))
    assert EFFECTS.encode(from_store) == EFFECTS.encode(Note(1.0, "api", None, "CALM", "ok"))

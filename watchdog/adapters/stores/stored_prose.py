"""Prose of earlier versions that decided something: read into typed fields, and still written for such versions.

Before the types existed, a sentence gave the reason (`it is suspended by an admin`) and decided the next step. A store
or a recording of such a version holds the sentence alone. Such a worker may also still run beside this one, so the
sentences it reads are written as well. Nothing outside this module reads a stored sentence.

For such a worker, too, a stored incident is flat: the fields of its parts stand beside its own (`PARTS`).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from watchdog.adapters.stores import stored_names
from watchdog.domain.decisions import Blame, Decision, GuardAnswer, GuardReason, Term, cause_factors
from watchdog.domain.effects import Note
from watchdog.domain.incident_notes import label_here, stored_label
from watchdog.domain.incident_parts import Escalation, Question, RollbackAttempt
from watchdog.domain.incidents import HumanDecision, Incident, Outcome
from watchdog.domain.notices import Notice
from watchdog.domain.policy import Action
from watchdog.domain.readings import Bad, FailureKind
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.presentation.notices.notice_text import worded

Plain = Mapping[str, Any]
"""A value of the domain as parsed JSON."""
NEWER_KINDS = (FailureKind.GATEWAY,)
"""Kinds of failures that earlier versions take for a status, and whose names they cannot read."""


def _same_names(part: type) -> Mapping[str, str]:
    names = stored_names.FIELDS.get(part, {})
    return {stored: stored for one in fields(part) if (stored := names.get(one.name, one.name))}


PARTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "question": _same_names(Question),
        "pin": {"previous": "pin_previous", "off": "pinned", "note": "pin_note", "again": "repinned"},
        "rollback": {
            **_same_names(RollbackAttempt),
            "deploy": "rollback_deploy",
            "blocked_since": "put_off_at",
            "undo_of_verified": "leaves_good",
        },
        "escalation": _same_names(Escalation),
    }
)
"""The stored name of each field of a part."""


def _nested(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an incident as parsed JSON with its parts, from the flat one."""
    parts = {
        part: {field: plain[name] for field, name in names.items() if name in plain} for part, names in PARTS.items()
    }
    return {**plain, **parts}


def _flat(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the flat incident as parsed JSON, from the one with parts."""
    # A field with a new part keeps its old flat name, hence one table for both directions.
    found: dict[str, Any] = {}
    for name, value in plain.items():
        names = PARTS.get(name)
        found |= {name: value} if names is None else {names[field]: inner for field, inner in value.items()}
    return found


def _known(plain: Plain, name: str, values: type[StrEnum]) -> Plain:
    """Return a value without a reason that only a newer version knows."""
    return plain if plain[name] in (None, *values) else {**plain, name: None}


def _guard_answer(plain: Plain) -> Plain:
    begins = {"it is suspended": GuardReason.SUSPENDED, "it was suspended": GuardReason.WAS_SUSPENDED}
    why = str(plain["why"]) if plain["name"] == "service" else ""
    reason = next((reason for text, reason in begins.items() if why.startswith(text)), None)
    # The stored reason wins over the one guessed from the sentence: `**plain` comes last.
    return _known({"reason": reason, **plain}, "reason", GuardReason)


def _term(plain: Plain) -> Plain:
    return {"earlier": plain["why"].endswith(" (seen before, in this incident)"), **plain}


def _blame(plain: Plain) -> Plain:
    why = plain["prior_why"]
    evidence = len(plain["terms"]) - len(plain.get("causes", ()))  # causes follow, as `_write_blame` has it
    plain = {**plain, "terms": plain["terms"][:evidence]}
    return {"assumed": why.partition("; ")[2].startswith("assumed"), "onset_why": why.partition(";")[0], **plain}


def _decision(plain: Plain) -> Plain:
    """Read `critical -> rollback (home: a critical route fails)`."""
    rule, _, why = str(plain.get("rule", "")).partition(" (")
    action = rule.rpartition(" -> ")[2]
    return _known({"policy_action": action, "severity_why": why.removesuffix(")"), **plain}, "policy_action", Action)


def _incident(plain: Plain) -> Plain:
    needed, parts = str(plain.get("human_needed", "")), str(plain.get("verification", "")).split("; ")
    no = next((one for one in HumanDecision if needed.startswith(f"{one} by ")), None)
    unproved = [name for name, unknown, _ in (part.partition(" still unknown: ") for part in parts) if unknown]
    plain = _known({"human_decision": no, "unproved": unproved, **plain}, "human_decision", HumanDecision)
    # An outcome of a newer version must not make the incident unreadable: it is over either way.
    plain = plain if plain.get("outcome", "") in list(Outcome) else {**plain, "outcome": Outcome.UNKNOWN}
    return _nested(plain)


def notice_of_facts(plain: Plain) -> Plain:
    """Return a notice that has facts without the text that was made of them."""
    texts = {"title": "", "progress": "", "lines": [], "details": [], "todo": []}
    return plain if plain.get("about") is None else {**plain, **texts}


def notice_of_words(plain: Plain) -> Plain:
    """Return a notice with its text alone: facts that only a newer version knows are no reason to lose the notice."""
    return {**plain, "about": None}


def _bad(plain: Plain) -> Plain:
    newer = plain.get("newer_kind")
    return {**plain, "kind": newer} if newer in tuple(FailureKind) else plain


def _note(plain: Plain) -> Plain:
    return {**plain, "label": label_here(str(plain["label"]))}


READ: Mapping[type, Callable[[Plain], Plain]] = MappingProxyType(
    {
        GuardAnswer: _guard_answer,
        Term: _term,
        Blame: _blame,
        Decision: _decision,
        Incident: _incident,
        Bad: _bad,
        Note: _note,
    }
)
"""The functions that add to a stored value the fields that it lacks; fields that it has win."""


def _write_decision(plain: Plain) -> Plain:
    asked = plain["policy_action"]
    # An earlier worker parses this sentence (see `_decision`): arrow and brackets are part of the stored format.
    why = f" ({plain['severity_why']})" if plain["severity_why"] else ""
    return {**plain, "rule": f"{plain['severity']} -> {asked}{why}" if asked is not None else "a human asked"}


def _write_blame(plain: Plain) -> Plain:
    """Write other causes as factors, too: an earlier version keeps those, and knows no causes."""
    factors = cause_factors(one["odds"] for one in plain["causes"])
    causes = zip(factors, plain["causes"], strict=True)
    terms = [{"factor": factor, **{key: one[key] for key in ("why", "name", "earlier")}} for factor, one in causes]
    return {**plain, "terms": [*plain["terms"], *terms]}


def _write_bad(plain: Plain) -> Plain:
    """Write the kind that an earlier version knows: it could read no state in which a proxy had answered, so it could
    take up no service that is failing.
    """
    return {**plain, "kind": FailureKind.STATUS, "newer_kind": plain["kind"]} if plain["kind"] in NEWER_KINDS else plain


def _write_note(plain: Plain) -> Plain:
    """Leave an empty `about` out: hashes of recordings in format 1 are of this text, and earlier notes had none."""
    plain = {**plain, "label": stored_label(plain["label"])}
    return plain if plain["about"] else {name: value for name, value in plain.items() if name != "about"}


WRITTEN: Mapping[type, Callable[[Plain], Plain]] = MappingProxyType(
    {
        Decision: _write_decision,
        Blame: _write_blame,
        Note: _write_note,
        Incident: _flat,
        Bad: _write_bad,
    }
)
"""The functions that give a stored value the shape that an earlier version reads, or wrote."""


def for_older_workers(notice: Notice) -> Notice:
    """Return a notice with its text as of its decision: a version that knows no facts sends that text.

    Such a version knows no details either, so they follow the news.
    """
    if notice.about is None:
        return notice
    said = worded(notice, notice.at)
    return replace(said, progress="", lines=(*said.lines, *said.details), details=())


AFTER_NAMES: Mapping[str, str] = MappingProxyType({"NOTIFIED": " (", "INFORMED": ": ", "REMINDED": " ("})
"""The text that follows the names of such a note, at the head of its stored text: `chat, mail (page): down`."""


def note_row(note: Note) -> Mapping[str, Any]:
    """Return the columns of a note. Its `about` has no column: the names stand at the head of its text."""
    columns = asdict(note) | {"label": stored_label(note.label)}
    names = f"{', '.join(columns.pop('about'))}{AFTER_NAMES.get(note.label, '')}"
    if note.about and not note.text.startswith(names):
        columns["text"] = f"{names}{note.text}{')' if names.endswith('(') else ''}"
    return columns


def note(at: float, service: str, incident: str | None, label: Any, text: str) -> Note:
    """Return the note of these columns; only a note on an incident gets its `about`, since no other note is looked up
    by it.
    """
    label = label_here(label)
    names = text.partition(AFTER_NAMES[label])[0].split(", ") if label in AFTER_NAMES and incident is not None else ()
    return Note(at, service, incident, label, text, tuple(names))


def action_values(row: ActionRow) -> dict[str, Any]:
    """Return the columns of an action; its result stands at the head of its note, which an earlier version reads."""
    values = asdict(row)
    result = values.pop("result")
    if result is not None:
        values["note"] = str(result) if result is ActionResult.WITHOUT_ID else f"{result}: {row.note}"
    return values


def action_row(*columns: Any) -> ActionRow:
    """Return the action of these columns, in their order."""
    row = ActionRow(*columns)
    if row.note == ActionResult.WITHOUT_ID:
        return replace(row, result=ActionResult.WITHOUT_ID)
    head, colon, note = row.note.partition(": ")
    # A colon may stand in any note; only a failed action whose head is a known result carries a result.
    said_no = row.state == "failed" and colon and head in list(ActionResult)
    return replace(row, result=ActionResult(head), note=note) if said_no else row

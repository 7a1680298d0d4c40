"""The format of a recording: the meaning of each of its lines.

    {"recording":2,"watchdog":"0.1","run":"…","part":2,"follows":true,"at":…,"policy":{…},"state":{…}}   the first one
    {"slot":3,"event":{"at":…,…},"did":"9f86…"}    the core received this; `did`: the hash of its effects, if any
    {"slot":4,…,"did":"a1c4…","acts":[{…}]}        … `acts`: those a person would ask about (step_actions)
    {"again":3,"at":…,"latency_seconds":…}         the last event of that slot once more, but for these
    {"changed":{"names":[…],"services":[…],…}}     the state changed without an event: by another worker, or the store

Rule 1: a line holds the domain's own types through the stores' codec and nothing else, so no secret.
Rule 2: fields may be added, and a reader ignores those it does not know; a change that an old reader would misread
raises VERSION.
Rule 3: states and effects are compared without the texts for people: a version with new wording decides as the one
before. Equal values in another order count as changed: they may decide otherwise.
Rule 4: format 1 hashed the texts as well. Of its steps, those that notify people are compared only by whether there was
anything to do (`hashed_with_texts`).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from watchdog.adapters.recordings.judgement_digest import Judgement, ours
from watchdog.adapters.stores.codec import EFFECTS, EVENTS, FLEETS, SERVICES, SHAREDS, STATES, Codec
from watchdog.adapters.stores.stored_names import renamed
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.events import Event
from watchdog.domain.incidents import Fleet, ServiceState, Shared, State
from watchdog.domain.policy import Policy
from watchdog.domain.texts.prose import without_texts
from watchdog.presentation.step_actions import StepAction

VERSION = 2
HASHES_TEXTS = 1
"""The format whose hashes hold the texts of that version."""
SUFFIX = ".jsonl.gz"
HASH_LETTERS = 16
PASSING = ("at", "latency_seconds")
POLICIES: Codec[Policy] = Codec(Policy, "policy")


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a file. `follows`: it continues exactly where the part before it, of the same run, ends.

    `has_acts`: the file holds the acts, and not only their hash, as earlier versions wrote it.
    """

    run: str
    part: int
    follows: bool
    at: float
    policy: Policy
    state: State
    judgement: Judgement = field(default_factory=ours)
    shape: int = VERSION
    has_acts: bool = True


@dataclass(frozen=True, slots=True)
class HandledEvent:
    """An event that the core handled. `did` is the hash of the effects; `undone`: the step was not saved.

    `acts`: the effects and decisions that a person would ask about.
    """

    event: Event
    did: str = ""
    undone: bool = False
    acts: Sequence[StepAction] = ()


@dataclass(frozen=True, slots=True)
class Changed:
    """The state changed without an event: `names` are its services in their order, None where nothing changed."""

    names: tuple[str, ...] | None = None
    services: tuple[ServiceState, ...] = ()
    fleet: Fleet | None = None
    shared: Shared | None = None


Line = Head | HandledEvent | Changed


def hashed(effects: Sequence[Effect]) -> str:
    """Return the hash of effects, without the texts for people; an empty text for no effects."""
    if not effects:
        return ""
    return _short_hash(json.dumps([renamed(without_texts(effect)) for effect in effects], sort_keys=True))


def hashed_with_texts(effects: Sequence[Effect]) -> str | None:
    """Return the hash of effects in format 1, as the store wrote them; None of effects with texts, reworded since."""
    if any(isinstance(one, (Tell, Note)) for one in effects):
        return None
    return _short_hash("\n".join(EFFECTS.encode(one) for one in effects)) if effects else ""


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LETTERS]


def same(state: State, other: State) -> bool:
    """Return whether two states are the same, except for their texts."""
    # Without sorting the keys: another order counts as another state (rule 3).
    return state is other or json.dumps(without_texts(state)) == json.dumps(without_texts(other))


def change_of(before: State, after: State) -> Changed | None:
    """Return the parts of a state that changed without an event, or None if none did."""
    services = [one for name, one in after.services.items() if not _same_service(before.services.get(name), one)]
    # The order alone is a change as well: a replay must meet the services in the same order.
    moved = bool(services) or list(before.services) != list(after.services)
    fleet, shared = after.fleet, after.shared
    changed = Changed(
        tuple(after.services) if moved else None,
        tuple(services),
        fleet if FLEETS.encode(fleet) != FLEETS.encode(before.fleet) else None,
        shared if SHAREDS.encode(shared) != SHAREDS.encode(before.shared) else None,
    )
    return None if changed == Changed() else changed


def _same_service(one: ServiceState | None, other: ServiceState) -> bool:
    return one is other or (one is not None and SERVICES.encode(one) == SERVICES.encode(other))


def head_line(head: Head) -> str:
    """Return the first line of a file."""
    plain = {
        "recording": VERSION,
        "watchdog": head.judgement.version,
        "judgement": head.judgement.digest,
        "run": head.run,
        "part": head.part,
        "follows": head.follows,
        "at": head.at,
        "acts": head.has_acts,
    }
    # The codec's JSON is inserted as text: parsing it only to write it again would double the work.
    parts = {"policy": POLICIES.encode(head.policy), "state": STATES.encode(head.state)}
    return _object({name: json.dumps(value) for name, value in plain.items()} | parts)


def changed_line(changed: Changed) -> str:
    """Return the line of a change."""
    parts: dict[str, str] = {}
    if changed.names is not None:
        parts["names"] = json.dumps(changed.names)
        parts["services"] = f"[{','.join(map(SERVICES.encode, changed.services))}]"
    if changed.fleet is not None:
        parts["fleet"] = FLEETS.encode(changed.fleet)
    if changed.shared is not None:
        parts["shared"] = SHAREDS.encode(changed.shared)
    return _object({"changed": _object(parts)})


class Slots:
    """The last event of each source, so that a repetition takes a few bytes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[int, Event | None]] = {}

    def event_line(self, handled: HandledEvent) -> str:
        """Return the line of an event."""
        source, lasting = _source(handled.event), _lasting(handled.event)
        slot, last = self._known.get(source, (len(self._known), None))
        self._known[source] = (slot, lasting)
        # Probes of a healthy site say the same a thousand times an hour: only time and latency differ.
        if lasting == last:
            parts = {"again": str(slot)} | {name: json.dumps(value) for name, value in passing(handled.event).items()}
        else:
            parts = {"slot": str(slot), "event": EVENTS.encode(handled.event)}
        if handled.did:
            parts["did"] = json.dumps(handled.did)
        if handled.acts:
            parts["acts"] = json.dumps([act.json_object() for act in handled.acts])
        if handled.undone:
            parts["undone"] = "true"
        return _object(parts)


def passing(event: Event) -> Mapping[str, Any]:
    """Return the fields that differ from one event of a source to the next in any case: time and latency."""
    return {name: getattr(event, name) for name in PASSING if hasattr(event, name)}


def _lasting(event: Event) -> Event:
    nothing: dict[str, Any] = dict.fromkeys(passing(event))
    return replace(event, **nothing)


def _source(event: Event) -> tuple[str, ...]:
    """Return the source of an event: their number is limited by the configuration."""
    names = ("service", "signal", "target", "vendor")
    return (type(event).__name__, *(str(getattr(event, name, "")) for name in names))


def _object(parts: Mapping[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"

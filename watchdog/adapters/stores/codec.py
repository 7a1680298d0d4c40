"""The domain's types to JSON and back, for every store.

Rule 1: JSON of an older or newer worker stays readable: unknown fields are ignored, missing ones take defaults.
Rule 2: a union's member is found by its class name. What the code renames keeps its stored name (stored_names.py).

Mappings come back as plain dicts, which compare equal to the read-only ones they were.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache, cached_property, partial
from operator import eq
from typing import Any, Generic, TypeVar, get_args, get_origin

from cattrs import BaseConverter, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from watchdog.adapters.stores import stored_names, stored_prose
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Permanent
from watchdog.domain.events import Event
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.incidents import Fleet, Incident, ServiceState, Shared, State
from watchdog.domain.notices import Notice
from watchdog.domain.readings import Reading

VERSION = 1
"""The shape of the stored state; raised only when an old worker could no longer read it."""

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""The exceptions of a value that no version of ours wrote: another shape, 1e999 for a whole number, unbounded nesting.
"""
T = TypeVar("T")


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _mapping_hook(kind: Any, converter: BaseConverter) -> Callable[[Any], dict[Any, Any]]:
    value_hook = converter.get_unstructure_hook(get_args(kind)[1])
    return lambda mapping: {key: value_hook(value) for key, value in mapping.items()}


def _reading(kind: type, converter: Converter) -> Callable[[Any, Any], Any]:
    read: Callable[[Any, type], Any] = converter.gen_structure_attrs_fromdict(kind)
    completed = stored_prose.READ[kind]
    return lambda plain, _: read(completed(plain), kind)


def _writing(kind: type, converter: Converter) -> Callable[[Any], Any]:
    write: Callable[[Any], Mapping[str, Any]] = converter.gen_unstructure_attrs_fromdict(kind)
    completed = stored_prose.WRITTEN[kind]
    return lambda value: completed(write(value))


def _notice_reading(kind: type, converter: Converter) -> Callable[[Any, Any], Notice]:
    read: Callable[[Any, type], Notice] = converter.gen_structure_attrs_fromdict(kind)

    def structured(plain: Any, _: Any) -> Notice:
        # A notice of this version stores facts, one of an older version finished text. Neither
        # names its version, so the new shape is tried first.
        try:
            return read(stored_prose.notice_of_facts(plain), kind)
        except UNREADABLE:
            return read(stored_prose.notice_of_words(plain), kind)

    return structured


def _notice_writing(kind: type, converter: Converter) -> Callable[[Notice], Any]:
    write: Callable[[Notice], Any] = converter.gen_unstructure_attrs_fromdict(kind)
    return lambda notice: write(stored_prose.for_older_workers(notice))


def _register_renamed(kind: type, names: Mapping[str, str], converter: Converter) -> None:
    stored: dict[str, Any] = {name: override(rename=there) for name, there in names.items()}
    converter.register_structure_hook_factory(
        partial(eq, kind), lambda kind: make_dict_structure_fn(kind, converter, **stored)
    )
    converter.register_unstructure_hook_factory(
        partial(eq, kind), lambda kind: make_dict_unstructure_fn(kind, converter, **stored)
    )


@cache
def _converter() -> Converter:
    """Build the one converter. A union's members are fixed when it is configured, so inner unions come first."""
    # Detailed validation would collect a path for every error. We report the type alone, so it would only cost time.
    converter = make_converter(detailed_validation=False)
    for kind in stored_prose.READ:
        converter.register_structure_hook_factory(partial(eq, kind), partial(_reading, converter=converter))
    for kind in stored_prose.WRITTEN:
        converter.register_unstructure_hook_factory(partial(eq, kind), partial(_writing, converter=converter))
    converter.register_unstructure_hook_factory(_is_mapping, _mapping_hook)
    converter.register_structure_hook_factory(partial(eq, Notice), partial(_notice_reading, converter=converter))
    converter.register_unstructure_hook_factory(partial(eq, Notice), partial(_notice_writing, converter=converter))
    for kind, names in stored_names.FIELDS.items():
        _register_renamed(kind, names, converter)
    # A reading may be absent, and the tagged union covers Reading alone: the optional gets its hooks by hand.
    configure_tagged_union(Reading, converter, stored_names.class_name)
    read = converter.get_structure_hook(Reading)
    write = converter.get_unstructure_hook(Reading)
    maybe: Any = Reading | None
    converter.register_structure_hook(maybe, lambda value, _: None if value is None else read(value, Reading))
    converter.register_unstructure_hook(maybe, lambda value: None if value is None else write(value))
    # a label of a newer version is read as it is
    converter.register_structure_hook_func(lambda kind: kind == NoteLabel, lambda value, _: str(value))
    return converter


class Codec(Generic[T]):
    """JSON text of one type of the domain, or of a union of types.

    Its functions are made when first needed: a command that reads a state pays nothing for the many events.
    """

    def __init__(self, kind: Any, name: str) -> None:
        self._kind, self._name = kind, name

    @cached_property
    def _write(self) -> Callable[[T], Any]:
        return self._converter.get_unstructure_hook(self._kind)

    @cached_property
    def _read(self) -> Callable[[Any, Any], T]:
        return self._converter.get_structure_hook(self._kind)

    @cached_property
    def _converter(self) -> Converter:
        if not isinstance(self._kind, type):
            configure_tagged_union(self._kind, _converter(), stored_names.class_name)
        return _converter()

    def prepare(self) -> None:
        """Make the functions of this codec now."""
        _ = self._write, self._read  # made as they are asked for

    def encode(self, value: T) -> str:
        """Return one line of ASCII JSON."""
        # ASCII: a lone surrogate in a commit message is no valid UTF-8, and would fail the save of the whole step.
        return json.dumps(self._write(value), separators=(",", ":"))

    def decode(self, text: str) -> T:
        """Return the value of an encoded text. Raises Permanent when this version cannot read it."""
        try:
            return self.structured(json.loads(text))
        except UNREADABLE as error:
            raise Permanent(
                f"the store holds a {self._name} that this version cannot read ({type(error).__name__}): "
                "run the version that wrote it, or move the store away and start with an empty one"
            ) from None

    def structured(self, plain: Any) -> T:
        """Return the value that parsed JSON stands for. Raises one of UNREADABLE if there is none."""
        return self._read(plain, self._kind)


EVENTS: Codec[Event] = Codec(Event, "event")
EFFECTS: Codec[Effect] = Codec(Effect, "recorded effect")
STATES: Codec[State] = Codec(State, "state")
INCIDENTS: Codec[Incident] = Codec(Incident, "incident")
SERVICES: Codec[ServiceState] = Codec(ServiceState, "service's state")
FLEETS: Codec[Fleet] = Codec(Fleet, "fleet's state")
SHAREDS: Codec[Shared] = Codec(Shared, "state that all workers share")


def prepare() -> None:
    """Make the functions of all codecs now.

    Otherwise the daemon's first save, which comes when a site fails, would take a tenth of a second longer.
    """
    for one in (EVENTS, EFFECTS, STATES, INCIDENTS, SERVICES, FLEETS, SHAREDS):
        one.prepare()

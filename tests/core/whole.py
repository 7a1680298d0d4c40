"""Whole: what the core hands out is what its types promise, to the last field.

A hole (a title that is no text, a notice without a moment) would show first where people read it, at night. The type
checker sees most of them in the code; this sees them in what really comes out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from watchdog.domain.checks import Check
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.incidents import State

LEFT_OUT = (Check, Deploy, ServiceFacts)
"""Statistics, changed by every reading, which the detectors' own tests are about; and what came from outside."""

SAID = (Note, Tell)
NEW = object()
OURSELVES = ("", "watchdog")


def holes(before: State, after: State, effects: Sequence[Effect], now: float) -> list[str]:
    """Return where the new parts of the state, or the effects, are not what their types say.

    What is said is said at this moment, and of a service or of ourselves.
    """
    found = [hole for effect in effects for hole in _unlike(effect, type(effect), type(effect).__name__)]
    found += _unlike(after, State, "State", before)
    for effect in effects:
        if isinstance(effect, SAID):
            said = effect.notice if isinstance(effect, Tell) else effect
            found += [f"{said.at} is not the moment {now} at which it is said"] if said.at != now else []
            found += [f"{said.service} is nobody"] if said.service not in (*after.services, *OURSELVES) else []
    return found


@cache
def _fields(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _fits(value: Any, wanted: Any) -> bool:
    return isinstance(value, (int, float) if wanted is float else get_origin(wanted) or wanted)


def _unlike(value: Any, wanted: Any, place: str, before: Any = NEW) -> Iterator[str]:
    """Yield every place that is not of the wanted type; what is the very same as before was looked at then."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        fitting = [one for one in inner if _fits(value, one)]
        if not fitting:
            yield f"{place}: {value!r} is none of {wanted}"
        for one in fitting:
            yield from _unlike(value, one, place, before)
    elif not _fits(value, wanted):
        yield f"{place}: {value!r} is no {wanted}"
    elif is_dataclass(wanted) and wanted not in LEFT_OUT:
        for name, kind in _fields(wanted).items():
            one, old = getattr(value, name), getattr(before, name, NEW)
            if one is not old:
                yield from _unlike(one, kind, f"{place}.{name}", old)
    elif origin is tuple:
        kinds = inner[:1] * len(value) if inner[1:] == (...,) else inner
        for item, kind in zip(value, kinds, strict=True):
            yield from _unlike(item, kind, f"{place}[]")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            old = before.get(key, NEW) if isinstance(before, Mapping) else NEW
            if item is not old:
                yield from _unlike(item, inner[1], f"{place}[{key}]", old)

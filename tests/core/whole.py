"""Whole: what the core hands out is what its types promise, to the last field.

A hole (a title that is no text, a notice without a moment) would show first where people read it, at night. The type
checker sees most of them in the code; this sees them in what really comes out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from watchdog.domain.checks import Check
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.incidents import State

LEFT_OUT = (Check, Deploy, ServiceFacts)
"""Statistics, changed by every reading, which the detectors' own tests are about; and what came from outside."""

SAID = (Note, Tell)
NEW = object()
MAPPINGS = (dict, Mapping)
OURSELVES = ("", "watchdog")


def holes(before: State, after: State, effects: Sequence[Effect], now: float) -> list[str]:
    """Return where the new parts of the state, or the effects, are not what their types say.

    What is said is said at this moment, and of a service or of ourselves; the last notice of an incident knows the
    call that it is of.
    """
    found = [
        f"{type(effect).__name__}{hole}" for effect in effects for hole in _holes(effect, _kind(type(effect)), NEW)
    ]
    found += [f"State{hole}" for hole in _holes(after, _kind(State), before)]
    for effect in effects:
        if isinstance(effect, SAID):
            said = effect.notice if isinstance(effect, Tell) else effect
            found += [f"{said.at} is not the moment {now} at which it is said"] if said.at != now else []
            found += [f"{said.service} is nobody"] if said.service not in (*after.services, *OURSELVES) else []
    last = {one.notice.incident: one.notice.about for one in effects if isinstance(one, Tell) and one.notice.about}
    for incident in (service.incident for service in after.services.values() if last):
        about = last.get(incident.id) if incident is not None else None
        if about is not None and about.incident.escalation.notified_at != incident.escalation.notified_at:
            found.append(f"{about.topic} was told before its call")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A type, taken apart once: what `isinstance` asks for, the members of a union, the fields, the types within."""

    wanted: Any
    fits: Any
    members: tuple["_Kind", ...] = ()
    fields: tuple[tuple[str, "_Kind"], ...] = ()
    inner: tuple["_Kind", ...] = ()
    endless: bool = False
    plain: bool = False
    """There is nothing inside to look at: half of all fields."""


@cache
def _kind(wanted: Any) -> _Kind:
    origin, within = get_origin(wanted), get_args(wanted)
    inner = tuple(_kind(one) for one in within if one is not ... and origin in (Union, UnionType, tuple, *MAPPINGS))
    if origin is Literal:
        return _Kind(wanted, str, plain=True)
    if origin in (Union, UnionType):
        simple = all(one.plain for one in inner)
        return _Kind(wanted, tuple(one.fits for one in inner), members=() if simple else inner, plain=simple)
    fits = (int, float) if wanted is float else origin or wanted
    looked_into = is_dataclass(wanted) and wanted not in LEFT_OUT
    fields = tuple((name, _kind(kind)) for name, kind in get_type_hints(wanted).items()) if looked_into else ()
    plain = not (fields or inner)
    return _Kind(wanted, fits, fields=fields, inner=inner, endless=within[1:] == (...,), plain=plain)


def _holes(value: Any, kind: _Kind, before: Any) -> list[str]:
    """Return every place that is not of its type; what is the very same as before was looked at then."""
    if not isinstance(value, kind.fits):
        return [f": {value!r} is no {kind.wanted}"]
    if kind.plain:
        return []
    found: list[str] = []
    for member in kind.members:
        if isinstance(value, member.fits):
            found += _holes(value, member, before)
    for name, field in kind.fields:
        one, old = getattr(value, name), getattr(before, name, NEW)
        if one is not old and not (field.plain and isinstance(one, field.fits)):
            found += [f".{name}{hole}" for hole in _holes(one, field, old)]
    if not kind.inner or kind.members:
        return found
    if isinstance(value, tuple):
        for item, inner in zip(value, kind.inner * len(value) if kind.endless else kind.inner, strict=True):
            found += [f"[]{hole}" for hole in _holes(item, inner, NEW)]
    elif value is not before:
        for key, item in value.items():
            old = before.get(key, NEW) if isinstance(before, Mapping) else NEW
            if item is not old:
                found += [f"[{key}]{hole}" for hole in _holes(item, kind.inner[1], old)]
    return found

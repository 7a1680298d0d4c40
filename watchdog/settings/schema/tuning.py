"""The statistics' keys, generated 1:1 from the dataclasses in domain/policy.py: one place for every default.

Rule: `_seconds` falls out of the name and the value is a duration with a unit (`run_seconds` is written `run: 45s`,
`run_seconds_in_watch` is `run_in_watch: 40s`); a fractional `_minutes` likewise (`human_minutes` is `human: 83m`). A
field called just `seconds` keeps its name. Counts, shares and factors are plain numbers.
"""

from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, create_model
from pydantic import Field as PydanticField

from watchdog.adapters.options import Duration, Options
from watchdog.domain.policy import BlameWeights, Brakes, Budget, Detection, Pace, Verification

SHARES = {
    "cusum_p0",
    "cusum_p1",
    "critical_share",
    "feed_alpha",
    "bad_deploy_share",
    "floor",
    "ask_floor",
    "fleet_share",
}
"""Fields between 0 and 1, both excluded."""

DURATION_MIN_SECONDS = 0.1
DURATION_MAX_SECONDS = 400 * 86400.0

T = TypeVar("T")


class Section(Options):
    """Base of our own sections: strict, so that `"2"` is no number and `1` no text."""

    model_config = ConfigDict(strict=True)


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


LISTED = BeforeValidator(_as_tuple)
"""Keeps a list of the file as a tuple, which nothing can change after the load; any other value is refused as no list.

It stands behind the bounds of the list: in front of them, the JSON Schema would bound a text instead.
"""


def _bounded(seconds: float) -> float:
    if not DURATION_MIN_SECONDS <= seconds <= DURATION_MAX_SECONDS:
        raise ValueError("not a sensible duration: write something from 100ms to 400d")
    return seconds


BoundedDuration = Annotated[Duration, AfterValidator(_bounded)]
"""Seconds, written with a unit, from 100 ms to 400 days."""


def is_duration(field: Field[Any]) -> bool:
    """Return whether a policy field is written with a unit."""
    words = field.name.split("_")
    # Whole minutes are numbers of one-minute buckets, which no unit would make clearer.
    return "seconds" in words or ("minutes" in words and isinstance(field.default, float))


def key_of(field: Field[Any]) -> str:
    """Return the key of a policy field in the file."""
    if not is_duration(field) or "_" not in field.name:
        return field.name
    return "_".join(word for word in field.name.split("_") if word not in ("seconds", "minutes"))


def section_for(cls: type[Any]) -> type[Section]:
    """Return a strict model with one optional key per field of the dataclass; None means the default."""
    keys: dict[str, Any] = {}
    for field in fields(cls):
        # None stands for the default, so every field needs one.
        if field.default is MISSING:
            raise TypeError(f"{cls.__name__}.{field.name} has no default to fall back on")
        keys[key_of(field)] = (_annotation(field), None)
    return create_model(f"{cls.__name__}Section", __base__=Section, __doc__=cls.__doc__, **keys)


def _annotation(field: Field[Any]) -> Any:
    if is_duration(field):
        return BoundedDuration
    if isinstance(field.default, int):
        return Annotated[int, PydanticField(ge=1, le=1_000_000)]
    if field.name in SHARES:
        return Annotated[float, PydanticField(gt=0, lt=1)]
    return Annotated[float, PydanticField(gt=0, le=1_000_000)]


def apply(cls: type[T], section: Section | None) -> T:
    """Return the dataclass with the user's values, and defaults for the rest."""
    values: dict[str, Any] = {}
    for field in fields(cls):  # type: ignore[arg-type]
        written = getattr(section, key_of(field), None) if section else None
        if written is not None:
            # The file's durations arrive in seconds; such a field keeps minutes.
            in_minutes = is_duration(field) and "seconds" not in field.name.split("_")
            values[field.name] = written / 60 if in_minutes else written
    return cls(**values)


BudgetSection = section_for(Budget)
BrakesSection = section_for(Brakes)
DetectionSection = section_for(Detection)
PaceSection = section_for(Pace)
BlameSection = section_for(BlameWeights)
VerificationSection = section_for(Verification)
SECTIONS: dict[str, type[Any]] = {
    "detection": Detection,
    "blame": BlameWeights,
    "pace": Pace,
    "verification": Verification,
}
"""The parts of `advanced:`."""


def figure(name: str, section: Section | None, key: str) -> float:
    """Return the value of a key of an advanced section: the user's, or the default."""
    cls = SECTIONS[name]
    field = next(field for field in fields(cls) if key_of(field) == key)
    return float(getattr(apply(cls, section), field.name))

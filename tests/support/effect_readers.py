"""What the core made of an event: its effects, read."""

from collections.abc import Iterable

from watchdog.domain.effects import Effect, Note, Tell, WakeAt


def kinds(effects: Iterable[Effect]) -> list[str]:
    """Return the names of the effects that touch the outside or the future."""
    return [type(effect).__name__ for effect in effects]


def lines(effects: Iterable[Effect], label: str) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Note) and effect.label == label]


def notices(effects: Iterable[Effect]) -> list[str]:
    return [effect.notice.kind.value for effect in effects if isinstance(effect, Tell)]


def tell_of(effects: Iterable[Effect]) -> Tell:
    (tell,) = [effect for effect in effects if isinstance(effect, Tell)]
    return tell


def wakes(effects: Iterable[Effect]) -> list[float]:
    return [effect.at for effect in effects if isinstance(effect, WakeAt)]

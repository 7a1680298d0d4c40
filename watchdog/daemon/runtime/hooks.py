"""Listeners to the engine: the demo's screen, the metrics, the charts, the recording.

Rule: an exception of a listener is logged; it never stops a decision or a page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from watchdog.domain.effects import Effect, Note
from watchdog.domain.events import Event
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import Step
from watchdog.ports import Sample, SignalSource

log = structlog.get_logger("watchdog")


@dataclass(slots=True)
class Hooks:
    """The listeners, by occasion."""

    note: list[Callable[[Note], None]] = field(default_factory=list)
    stepped: list[Callable[[State, State, Event, Sequence[Effect]], None]] = field(default_factory=list)
    recorded: list[Callable[[Step], None]] = field(default_factory=list)
    read: list[Callable[[str, SignalSource, Sequence[Sample]], None]] = field(default_factory=list)
    sampled: list[Callable[[str, SignalSource, Sample, float], None]] = field(default_factory=list)
    store_failed: list[Callable[[str], None]] = field(default_factory=list)
    dropped: list[Callable[[tuple[str, ...]], None]] = field(default_factory=list)


def service_of(event: Event, state: State) -> ServiceState | None:
    """Return the event's service in that state; None for an event of no service, or of an unknown one."""
    name: str | None = getattr(event, "service", None)
    return state.services.get(name) if name is not None else None


def call_safely(listener: Callable[..., None], *arguments: object) -> None:
    """Call a listener; its exception must not stop a decision or a page."""
    try:
        listener(*arguments)
    # Any exception: a broken chart or recording must not stop a page.
    except Exception as error:
        log.error("listener failed", exc_info=error)

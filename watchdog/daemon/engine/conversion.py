"""Between the shell's words and the core's: samples into events, saved parts into the state, steps into records."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.effects import Effect, Note
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, ServiceState, Shared, State
from watchdog.domain.store_records import FLEET
from watchdog.ports import Sample, SignalSource

CONTROL = "control"
VENDORS = "vendors"
SUSPICION_SAVED_SECONDS = 5.0
"""What is seen of a service under suspicion is saved so often."""
SHARED = tuple(Shared.__dataclass_fields__)
T = TypeVar("T")


def merged(state: State, saved: State, names: Collection[str]) -> State:
    """Return the state with what was saved of these names, and with what all workers share as it is now.

    An incident that was opened while the store did not answer goes on, unless the saved state has one open itself.
    Whether probes are silent is known of one's own probes only: nobody takes that over.
    """
    ours = {
        name: service
        for name, service in saved.services.items()
        if name in names and (_is_open(service) or not _is_open(state.services.get(name)))
    }
    known = replace(state, services={**state.services, **ours}).sharing(saved.shared)
    if FLEET not in names:
        return known
    return replace(
        known,
        control={**saved.control, **state.control},
        vendors={**saved.vendors, **state.vendors},
        vendors_bad_since={
            name: state.vendors_bad_since.get(name, at)
            for name, at in {**state.vendors_bad_since, **saved.vendors_bad_since}.items()
            if name in state.vendors_bad_since or name not in state.vendors
        },
        blind_since=state.blind_since or saved.blind_since,
        blind_told=state.blind_told or saved.blind_told,
    )


def merge_shared(written: Shared, known: Shared, read: Shared) -> Shared:
    """Return what all share as it was just read, with what we know of it and could not write down yet.

    `written` is what the store had of us before. Only what holds us back is added: a pause, a broken promise, denied
    code, what was spent, troubles (which are struck off, too).
    """
    read = replace(read, digested_at=max(read.digested_at, known.digested_at))  # an older version does not write it
    if known == written:
        return read
    return replace(
        read,
        denied=_with_new(read.denied, written.denied, known.denied),
        acted_at=_with_new(read.acted_at, written.acted_at, known.acted_at),
        acts=_with_new(read.acts, written.acts, known.acts),
        paused_by=(known.paused_by if known.paused_by != written.paused_by else "") or read.paused_by,
        disarmed=(known.disarmed if known.disarmed != written.disarmed else "") or read.disarmed,
        silences=_with_new(read.silences, written.silences, known.silences),
        holds=_with_new(read.holds, written.holds, known.holds),
        quiets=max(read.quiets, known.quiets),
        troubles=_with_changes(read.troubles, written.troubles, known.troubles),
        failing=_with_changes(read.failing, written.failing, known.failing),
    )


def _with_new(read: tuple[T, ...], written: tuple[T, ...], known: tuple[T, ...]) -> tuple[T, ...]:
    return (*read, *(one for one in known if one not in written and one not in read))


def _with_changes(read: Mapping[str, T], written: Mapping[str, T], known: Mapping[str, T]) -> Mapping[str, T]:
    """Return what was read, with what we entered or struck off since we wrote."""
    new = {name: one for name, one in known.items() if written.get(name) != one}
    over = [name for name, one in written.items() if name not in known and read.get(name) == one]
    return {name: one for name, one in {**read, **new}.items() if name not in over}


def _is_open(service: ServiceState | None) -> bool:
    return service is not None and service.incident is not None and service.incident.closed_at is None


def unknown_services(names: Collection[str], now: float) -> dict[str, ServiceState]:
    """Return services of which nothing is known; their incidents get numbers that the journal's will not reach."""
    return {name: ServiceState(name, watching_since=now, phase_since=now, incidents=int(now)) for name in names}


def event_of(service: str, source: SignalSource, sample: Sample, at: float) -> Event:
    """Return the event that a sample of a service, a control target or a status page is."""
    if service == CONTROL:
        return e.ControlChecked(at, source.name, sample.reading)
    if service == VENDORS:
        return e.VendorChecked(at, source.name, sample.reading)
    return e.Observed(
        at,
        service,
        source.name,
        sample.reading,
        latency_seconds=sample.latency_seconds,
        counts=sample.counts,
        new_issues=sample.new_issues,
        happened_at=sample.happened_at,
        version=sample.version,
    )


def failure_run_changed(event: Event, before: State, after: State) -> bool:
    """Tell whether, under suspicion, a run of failures began or ended by this event, or went on for some seconds more.

    A worker that takes over, or this one after a restart, goes on from what was saved of it.
    """
    old, new = (state.services.get(getattr(event, "service", "")) for state in (before, after))
    if old is None or new is None or new.phase is not Phase.SUSPECT or old.phase is not Phase.SUSPECT:
        return False  # a change of phase is recorded with all of it
    return _runs(old) != _runs(new)


def _runs(service: ServiceState) -> list[tuple[object, ...]]:
    """Return since when each check fails in any way, and how far it was seen, in steps."""
    checks, step = service.checks.values(), SUSPICION_SAVED_SECONDS
    return [
        (one.run_started_at, one.cusum_zero_at, one.over_since, one.turned_since, one.last_at // step) for one in checks
    ]


def _differs(was: ServiceState, service: ServiceState) -> bool:
    """Tell whether its phase or its live deploy is another: who takes it over must not find that by itself."""
    return was.phase is not service.phase or was.live != service.live


def worth_recording(before: State, after: State, effects: Sequence[Effect]) -> bool:
    """Healthy readings are not journalled one by one; a change of phase or deploy, a word or an act is."""
    if any(isinstance(effect, (*fx.OUTSIDE, Note)) for effect in effects):
        return True
    if any(getattr(before, name) is not getattr(after, name) for name in SHARED):
        return True
    return any(
        name not in before.services or _differs(before.services[name], service)
        for name, service in after.services.items()
        if before.services.get(name) is not service
    )

"""Conversions between shell and core: samples into events, saved parts into the state, steps into records."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from watchdog.core.phases import unrecorded_rollback
from watchdog.core.updates import blind_workers
from watchdog.daemon.engine.left_services import Left
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.effects import Effect, Note
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, ServiceState, Shared, State
from watchdog.domain.policy import Mode, Policy, ServicePolicy
from watchdog.domain.store_records import FLEET
from watchdog.ports import Sample, SignalSource

CONTROL = "control"
VENDORS = "vendors"
SUSPICION_SAVED_SECONDS = 5.0
"""Interval at which the progress of a failure run is saved while a service is under suspicion."""
SHARED = tuple(Shared.__dataclass_fields__)
DONE = (
    "acted_at", "auto_deploy_off", "overtaken", "pinned_for", "pinned_at", "switch_visible_at", "merged", "merges_why",
    "offered", "undone", "remedied", "own_maintenance",
)  # fmt: skip
"""What a service's state says of changes in production: none is made without the store."""
ALERTS = ("auto_deploy_notice_thread", "returned", "record_gap_notices")
"""What a service's state says of open alerts outside incidents."""
NOTHING: Mapping[str, ServiceState] = MappingProxyType({})
SWITCHED = (e.PinConfirmed, e.PinUnconfirmed, e.RemedyDone, e.RemedyRefused, e.RemedyPostponed, e.RemedyLost)
"""The outcomes of switches that may be under way as their service leaves the configuration."""
T = TypeVar("T")


def policy_for(event: Event, policy: Policy) -> Policy:
    """Return the policy that the core decides an event by: the configuration's, and for the outcome of a switch (of
    auto-deploy, of a feature flag) one that knows its service.

    A service may be removed while that switch is under way. The core takes no event of a service that the policy
    lacks, and no one would read what stays off. It is one without checks, of which nothing may be changed.
    """
    if not isinstance(event, SWITCHED) or event.service in policy.services:
        return policy
    removed = ServicePolicy(event.service, None, Mode.OBSERVE)
    return replace(policy, services={**policy.services, event.service: removed})


def merged(
    state: State, saved: State, names: Collection[str], back: Mapping[str, Left]
) -> tuple[State, Collection[str]]:
    """Return the state with the saved services of `names` and the saved shared part; and whose open incidents it drops.

    An incident opened while the store did not answer continues, unless the saved state has an open incident itself.
    `back` is what this worker knew of services whose lease ran out, and which no other worker had: it is newer than
    what is saved, and so are the readings since. Blindness is this worker's own (its network, its probes), so it is
    never taken over.
    """
    left = {name: one.service for name, one in back.items()}
    state = replace(state, services={**left, **state.services})
    ours = {
        name: _joined(state.services.get(name), one, back.get(name))
        for name, one in {**left, **saved.services}.items()
        if name in names
    }
    known = replace(state, services={**state.services, **ours}).with_part(saved.shared)
    # Readings of control targets and status pages are saved with the fleet's part: without it, own readings stay.
    if FLEET not in names:
        return known, _dropped(state, known)
    known = replace(
        known,
        control={**saved.control, **state.control},
        vendors={**saved.vendors, **state.vendors},
        # A vendor that this worker read as good must not inherit a saved failure.
        vendors_bad_since={
            name: state.vendors_bad_since.get(name, at)
            for name, at in {**state.vendors_bad_since, **saved.vendors_bad_since}.items()
            if name in state.vendors_bad_since or name not in state.vendors
        },
    )
    known = blind_workers.with_older_page(known, saved)
    return known, _dropped(state, known)


def _joined(known: ServiceState | None, saved: ServiceState, left: Left | None) -> ServiceState:
    """Return a service as saved, with what this worker knows from memory; `left` is as in `merged`."""
    if known is None:
        return saved
    newest = left.service if left is not None and saved.open_incident is None else saved
    if known is newest:
        return known
    if newest is not saved or (known.open_incident is not None and saved.open_incident is None):
        # Readings and incident from memory are newer. What was done before is known to the newest record alone.
        done = {name: getattr(newest, name) for name in DONE}
        numbers = known.incidents if known.open_incident is not None else newest.incidents
        brakes, listed = _brakes(known, newest), _listed(known, newest)
        return replace(known, incidents=numbers, **done, **brakes, **_open_alerts(known, newest), **listed)
    # People read of the open one under its number: no other incident may get that number.
    numbers = max(known.incidents, saved.incidents) if known.open_incident is not None else saved.incidents
    return replace(saved, incidents=numbers, **_open_alerts(known, saved))


def _brakes(known: ServiceState, saved: ServiceState) -> Mapping[str, Any]:
    """Return what makes a rollback wait for a human: a flapping, a downtime, a gap in the record; from memory or
    before.
    """
    # One that had not ended by the record says nothing of now: this worker reads that from the platform itself.
    ended = saved.downtime if saved.downtime is not None and saved.downtime.ended_at is not None else None
    return {
        "flapping_since": saved.flapping_since if known.flapping_since is None else known.flapping_since,
        "opened_at": tuple(sorted({*saved.opened_at, *known.opened_at})),
        "downtime": known.downtime or ended,
        "record_lacked_at": max(
            (at for at in (saved.record_lacked_at, known.record_lacked_at) if at is not None), default=None
        ),
    }


def _listed(known: ServiceState, saved: ServiceState) -> Mapping[str, Any]:
    """Return the deploy list of the record where that lacks a rollback, which is then found in the next list.

    By the list from memory, which has it, a restored copy would learn nothing of it. The old list permits nothing.
    """
    if not unrecorded_rollback.missing(known.deploys, saved.deploys, known.incident):
        return {}
    return {"deploys": saved.deploys, "deploys_at": saved.deploys_at}


def _open_alerts(known: ServiceState, saved: ServiceState) -> Mapping[str, Any]:
    """Return the alerts outside incidents that are open, sent from memory or before: their end must be sent as well."""
    return {
        "auto_deploy_notice_thread": saved.auto_deploy_notice_thread or known.auto_deploy_notice_thread,
        "returned": tuple(dict.fromkeys((*saved.returned, *known.returned))),
        "record_gap_notices": tuple({**dict(known.record_gap_notices), **dict(saved.record_gap_notices)}.items()),
        "bad": tuple(dict.fromkeys((*saved.bad, *known.bad))),
    }


def _dropped(before: State, after: State) -> Collection[str]:
    """Return the services whose open incident is none any more: the store has another one of the service open."""
    now = {service.incident.id for service in after.services.values() if service.incident is not None}
    was = [(name, one.open_incident) for name, one in before.services.items()]
    return [name for name, incident in was if incident is not None and incident.id not in now]


def merge_shared(written: Shared, known: Shared, read: Shared) -> Shared:
    """Return the shared state as just read, plus this worker's changes that the store does not have yet.

    `written` is the shared state of this worker's last save. Unsaved additions survive: pauses, invariant violations,
    denied commits, blamed deploys, spent budgets, silences, holds. Of troubles and failing integrations, unsaved
    removals survive too, but not those of blind workers: who leaves that list last ends their page (`core/fleet.py`).
    """
    read = replace(read, digested_at=max(read.digested_at, known.digested_at))  # an older version does not write it
    if known == written:
        return read
    return replace(
        read,
        denied=_with_new(read.denied, written.denied, known.denied),
        blamed=_with_new(read.blamed, written.blamed, known.blamed),
        acted_at=_with_new(read.acted_at, written.acted_at, known.acted_at),
        acts=_with_new(read.acts, written.acts, known.acts),
        # A pause set here and unsaved wins; one that another worker lifted is unchanged here, and stays lifted.
        paused_by=(known.paused_by if known.paused_by != written.paused_by else "") or read.paused_by,
        disarmed=(known.disarmed if known.disarmed != written.disarmed else "") or read.disarmed,
        silences=_with_new(read.silences, written.silences, known.silences),
        holds=_with_new(read.holds, written.holds, known.holds),
        quiets=max(read.quiets, known.quiets),
        troubles=_with_changes(read.troubles, written.troubles, known.troubles),
        failing={**_with_changes(read.failing, written.failing, known.failing), **blind_workers.listed(read)},
    )


def _with_new(read: tuple[T, ...], written: tuple[T, ...], known: tuple[T, ...]) -> tuple[T, ...]:
    # An entry of the last save that is missing from what was read was removed by another worker, and stays removed.
    return (*read, *(one for one in known if one not in written and one not in read))


def _with_changes(read: Mapping[str, T], written: Mapping[str, T], known: Mapping[str, T]) -> Mapping[str, T]:
    """Return the mapping as read, with the entries added or removed here since the last save."""
    new = {name: one for name, one in known.items() if written.get(name) != one}
    # Another worker may have replaced the entry meanwhile: then its new value stays.
    over = [name for name, one in written.items() if name not in known and read.get(name) == one]
    return {name: one for name, one in {**read, **new}.items() if name not in over}


def with_unknown(state: State, names: Collection[str], now: float, left: Mapping[str, ServiceState] = NOTHING) -> State:
    """Return the state with services whose saved state is unknown: blank, or with the readings of the `left` ones.

    Their incident numbers start at the epoch second, beyond those stored.
    """
    # The numbers of the store are unknown, and people must never read of two incidents under one id. Nor is it known
    # what was done since by another worker, and which alerts that one ended.
    blank = {name: ServiceState(name, watching_since=now, phase_since=now, incidents=int(now)) for name in names}
    unknown = {
        name: replace(left.get(name, one), **{field: getattr(one, field) for field in ("incidents", *DONE, *ALERTS)})
        for name, one in blank.items()
    }
    return replace(state, services={**state.services, **unknown})


def event_of(service: str, source: SignalSource, sample: Sample, at: float) -> Event:
    """Return the event for one sample of a service, a control target or a status page."""
    if service == CONTROL:
        return e.ControlChecked(at, source.name, sample.reading)
    if service == VENDORS:
        return e.VendorChecked(at, source.name, sample.reading, sample.happened_at)
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
    """Return whether a failure run under suspicion began, ended, or lasted for another SUSPICION_SAVED_SECONDS.

    After a restart or a takeover, the worker continues from the saved run.
    """
    old, new = (state.services.get(getattr(event, "service", "")) for state in (before, after))
    if old is None or new is None or new.phase is not Phase.SUSPECT or old.phase is not Phase.SUSPECT:
        return False  # a change of phase is recorded with all of it
    return _runs(old) != _runs(new)


def _runs(service: ServiceState) -> list[tuple[object, ...]]:
    """Return the start of each check's failure run by every method, and its last reading in steps of five seconds."""
    # In steps of time, as each reading under suspicion would be a save of its own otherwise.
    checks, step = service.checks.values(), SUSPICION_SAVED_SECONDS
    return [
        (one.run_started_at, one.cusum_zero_at, one.over_since, one.turned_since, one.last_at // step) for one in checks
    ]


def _differs(was: ServiceState, service: ServiceState) -> bool:
    """Return whether phase or live deploy changed: a worker that takes the service over needs both from the store."""
    return was.phase is not service.phase or was.live != service.live


def worth_recording(event: Event, before: State, after: State, effects: Sequence[Effect]) -> bool:
    """Return whether a step is saved: a change of phase, deploy or shared state, a note, an outside effect, or what the
    outcome of a change in production left.

    Readings that change none of these are kept by the snapshots.
    """
    if any(isinstance(effect, (*fx.OUTSIDE, Note)) for effect in effects):
        return True
    # By identity: the core replaces only changed parts, and this runs for every reading.
    if any(getattr(before, name) is not getattr(after, name) for name in SHARED):
        return True
    # With the step of an outcome its effect is finished: no later start looks up that auto-deploy is off.
    always = type(event) in e.OUTCOMES
    return any(
        always or name not in before.services or _differs(before.services[name], service)
        for name, service in after.services.items()
        if before.services.get(name) is not service
    )

"""A state in parts and whole again; only changed parts are written."""

from dataclasses import replace

from watchdog.adapters.stores.state_partitions import SavedState, assemble, service_of
from watchdog.domain.effects import PinAutoDeploy, WakeAt
from watchdog.domain.incidents import ActiveCritical, Incident, ServiceState, Shared, State
from watchdog.domain.readings import Good
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import FLEET, Write

API, WEB = ServiceState("api"), ServiceState("web")
STATE = State(
    services={"api": API, "web": WEB},
    control={"one": (1.0, Good())},
    vendors={"render": (2.0, Good())},
    denied=("abc",),
    paused_by="ann",
    blind_since=3.0,
    blind_notified=True,
    unseen=True,
    incidents=7,
    troubles={"api": ActiveCritical("api", 4.0)},
)


def test_a_state_is_its_parts_and_nothing_is_forgotten() -> None:
    assert assemble(STATE.services, STATE.fleet, STATE.shared) == STATE
    assert assemble({}, None, Shared()) == State()


def test_only_what_changed_is_written() -> None:
    """The very same object was not touched; after a save that failed it is all still to be written."""
    memo = SavedState()
    first = memo.changes(Write(STATE))
    assert first == memo.changes(Write(STATE))
    assert (first.services, first.fleet, first.shared) == ((API, WEB), STATE.fleet, STATE.shared)
    memo.saved(first)
    assert memo.revision == 1
    nothing = memo.changes(Write(replace(STATE)))
    assert (nothing.services, nothing.fleet, nothing.shared, nothing.leases) == ((), None, None, ())
    moved = replace(STATE, services={"api": API, "web": ServiceState("web")}, blind_notified=False, incidents=8)
    second = memo.changes(Write(moved))
    assert (second.services, second.fleet, second.shared) == ((WEB,), moved.fleet, moved.shared)
    assert second.leases == ("web",)


def test_what_moved_away_is_forgotten_and_unread_until_it_is_loaded() -> None:
    """Should its lease come back without a load, it is written rather than taken for known."""
    memo = SavedState()
    memo.saved(memo.changes(Write(STATE)))
    memo.keep({"api": 1})
    again = memo.changes(Write(STATE))
    assert again.services == (WEB,) and again.fleet is not None
    memo = SavedState()
    memo.saved(memo.changes(Write(STATE)))
    memo.keep({"api": 1, "web": 1})
    for _ in range(2):
        memo.keep({"api": 1, "web": 2})
        assert memo.unread == {"web"} and memo.changes(Write(STATE)).leases == ("web",)
    memo.loaded({"web": WEB}, None, ["web"])
    assert memo.unread == frozenset()


def test_effects_and_the_end_of_an_incident_need_the_lease_of_their_service(a_tell) -> None:
    """An end may be owed since the service went to another worker, which has the incident open."""
    over = Incident("web-1", "web", Severity.HIGH, 0.0, 0.0, "web is slow", closed_at=9.0)
    assert SavedState().changes(Write(State(), closed=[over])).leases == ("web",)
    pin = PinAutoDeploy("web", "inc-1", "srv-1")
    assert [service_of(effect) for effect in (pin, a_tell("api"), a_tell("watchdog"))] == ["web", "api", FLEET]
    effects = (pin, a_tell("api"), a_tell("watchdog"), WakeAt(1.0))
    assert SavedState().changes(Write(State(), effects=effects)).leases == ("api", "web")

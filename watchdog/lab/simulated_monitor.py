"""Reads a scene for the core and times the events: probes, error feeds, control targets, status pages, deploy lists.

It reproduces the daemon's scheduler and deploy watch: their intervals, the faster pace under suspicion, the jitter, and
realistic answer times. It imports the daemon's own constants, so that both cannot drift apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from watchdog.daemon.probing.scheduler import JITTER, NUDGE_GAP_SECONDS, OVERLAP_MAX, SUSPICION_SECONDS
from watchdog.domain import events as e
from watchdog.domain.events import Event
from watchdog.domain.policy import PROBES, Policy, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.simulated_service import TIMEOUT_SECONDS, Service
from watchdog.replay.event_queue import EventQueue

CONTROL_SECONDS = 10.0
CONTROL_SOONEST_SECONDS = 2.0
VENDOR_SECONDS = 60.0
DEPLOYS_SECONDS = 15.0
FEED_HISTORY_MINUTES = 60
FEED_NEWEST_MINUTES = 8
READ_SECONDS = (0.2, 1.0)
"""The range of a vendor API's answer time."""
EVENTS_LATE_SECONDS = (1.0, 5.0)
"""The delay from a crash to the platform's event."""
DOWN = Bad("no answer", FailureKind.TIMEOUT)
CONTROL_ANSWERS_SECONDS = 0.1
ANSWERED = Good("HTTP 200")
OPERATIONAL = Good("all systems operational")
UNHARMED = Good("no failure reported")


@dataclass(eq=False, slots=True)
class MonitoredCheck:
    """The schedule of one signal: next read (`due`), last read (`started`) and the number of reads in flight."""

    service: Service
    signal: SignalPolicy
    every_seconds: float
    kind: str
    read: Callable[[], None] = field(init=False)
    due: float = 0.0
    started: float = -1e9
    in_flight: int = 0


class SimulatedMonitor:
    """Reads the signals of a scene in virtual time and passes each answer to `tell` when it arrives.

    A read has two moments: it begins (the simulated service is evaluated then) and it lands (the core receives the
    event). The agenda holds both, so that answers overtake each other as they do in the daemon.
    """

    def __init__(self, scene: EpisodeWorld, policy: Policy, agenda: EventQueue, tell: Callable[[Event], None]) -> None:
        self._scene = scene
        self._policy = policy
        self._agenda = agenda
        self._tell = tell
        self._dice = scene.chance.generator("eyes")
        self._paces: dict[str, float] = {}
        self._deploys_every: dict[str, float] = {}
        self._deploys_due: dict[str, float] = {}
        self._told_feed: dict[str, float] = {}
        self._told_crashes: dict[str, float] = {}
        self.probes = 0
        self._checks = [
            MonitoredCheck(scene.services[name], signal, signal.every_seconds, signal.kind)
            for name, service_policy in policy.services.items()
            for signal in service_policy.signals
        ]
        for check in self._checks:
            check.read = partial(self._read, check)

    def open(self) -> None:
        """Plan the first read of every signal, control target, status page and deploy list."""
        for check in self._checks:
            # A random phase, as in the daemon: otherwise all signals of all services would be read at one moment.
            self._plan(check, self._agenda.now + self._dice.random() * check.every_seconds)
        for name in self._policy.services:
            self._read_deploys(name, self._agenda.now)
        for target in self._policy.control:
            self._agenda.at(self._agenda.now, partial(self._control, target))
        for vendor in self._policy.vendors:
            self._agenda.at(self._agenda.now, partial(self._vendor, vendor))

    def set_pace(self, name: str, every_seconds: float) -> None:
        """Set a service's probe interval in seconds; a shorter one has its other signals read at once, too."""
        # The first pace of a service is no suspicion: compared with 0 it is never the shorter one.
        worried = every_seconds < self._paces.get(name, 0.0)
        self._paces[name] = every_seconds
        for check in self._checks:
            if check.service.name == name:
                if check.kind in PROBES:
                    check.every_seconds = min(check.signal.every_seconds, every_seconds)
                gap = min(NUDGE_GAP_SECONDS, check.every_seconds) if worried else check.every_seconds
                soonest = max(self._agenda.now, check.started + gap)
                if soonest < check.due:
                    self._plan(check, soonest)

    def read_deploys(self, name: str, every_seconds: float) -> None:
        """Set the interval of a service's deploy list in seconds; a shorter one triggers a read at once."""
        faster = every_seconds < self._deploys_every.get(name, DEPLOYS_SECONDS)
        self._deploys_every[name] = every_seconds
        if faster:
            self._read_deploys(name, self._agenda.now)

    def _plan(self, check: MonitoredCheck, due: float) -> None:
        check.due = due
        self._agenda.at(due, check.read)

    def _read(self, check: MonitoredCheck) -> None:
        due = self._agenda.now
        # The agenda cannot remove entries: a read that was rescheduled leaves a stale one, which is skipped here.
        if check.due != due:
            return
        every = check.every_seconds
        # The daemon's jitter, which keeps checks from falling into step.
        spread = 1 + JITTER * (2 * self._dice.random() - 1)
        self._plan(check, due + every * spread)
        # As in the daemon: only the fast pace of a suspicion may overlap reads, since a timeout outlasts that pace.
        if check.in_flight and (every >= SUSPICION_SECONDS or check.in_flight >= OVERLAP_MAX):
            return
        check.started = self._agenda.now
        READERS[check.kind](self, check)

    def _probe(self, check: MonitoredCheck) -> None:
        began = self._agenda.now
        reading, seconds = check.service.look(check.signal.name, began)
        self.probes += 1
        check.in_flight += 1
        self._saw(check, began, reading, seconds)

    def _saw(self, check: MonitoredCheck, began: float, reading: Reading, seconds: float) -> None:
        """Deliver a probe's reading after its duration in seconds; a failed probe has no latency."""
        took = None if isinstance(reading, Bad) else seconds
        seen = e.Observed(began, check.service.name, check.signal.name, reading, latency_seconds=took)
        self._later(began + seconds, seen, check)

    def _later(self, at: float, event: Event, check: MonitoredCheck | None = None) -> None:
        """Deliver an event to the core at a moment; `check` is the signal whose count of reads in flight then drops."""
        self._agenda.at(at, partial(self._tell, event) if check is None else partial(self._landed, check, event))

    def _landed(self, check: MonitoredCheck, event: Event) -> None:
        check.in_flight -= 1
        self._tell(event)

    def _feed(self, check: MonitoredCheck) -> None:
        service, began = check.service, self._agenda.now
        low, high = self._scene.feed_delay_seconds
        known_until = began - low - (high - low) * self._dice.random()
        # The newest minute that was complete when the tracker's (late) data ended: partial minutes count too low.
        newest = int(known_until // 60) * 60 - 60
        # The first read brings an hour, from which the core learns a baseline at once; later reads bring news only.
        oldest = newest - 60 * (FEED_NEWEST_MINUTES if service.name in self._told_feed else FEED_HISTORY_MINUTES)
        # Each minute is reported once, when it is complete.
        if newest <= self._told_feed.get(service.name, 0.0):
            return
        self._told_feed[service.name] = newest
        counts = tuple(service.minute(float(start)) for start in range(oldest, newest + 60, 60))
        reading = Good(f"{counts[-1].count:g} errors in the newest full minute")
        event = e.Observed(
            began, service.name, check.signal.name, reading, counts=counts, new_issues=service.new_errors(known_until)
        )
        self._later(began + self._dice.uniform(*READ_SECONDS), event)

    def _crashes(self, check: MonitoredCheck) -> None:
        service, began = check.service, self._agenda.now
        late = began - self._dice.uniform(*EVENTS_LATE_SECONDS)
        # From the end of the last read to the end of this one: each crash is reported exactly once.
        crashed = service.crashes(self._told_crashes.get(service.name, late), late)
        self._told_crashes[service.name] = late
        answered = began + self._dice.uniform(*READ_SECONDS)
        for at in crashed:
            bad = e.Observed(
                began, service.name, check.signal.name, Bad("server failed", FailureKind.CRASH), happened_at=at
            )
            self._later(answered, bad)
        if not crashed:
            self._unharmed(check, began, answered)

    def _unharmed(self, check: MonitoredCheck, began: float, answered: float) -> None:
        """Deliver a read of the platform's events in which no crash was reported."""
        self._later(answered, e.Observed(began, check.service.name, check.signal.name, UNHARMED))

    def _control(self, target: str) -> None:
        began = self._agenda.now
        down = any(begins <= began < ends for begins, ends in self._scene.outside.control_down)
        reading = DOWN if down else ANSWERED
        checked = e.ControlChecked(began, target, reading)
        self._agenda.at(began + (TIMEOUT_SECONDS if down else CONTROL_ANSWERS_SECONDS), partial(self._tell, checked))
        self._agenda.at(began + self._control_every(), partial(self._control, target))

    def _control_every(self) -> float:
        every = max(CONTROL_SOONEST_SECONDS, min(self._paces.values(), default=CONTROL_SECONDS))
        return min(every, CONTROL_SECONDS)

    def _vendor(self, vendor: str) -> None:
        began = self._agenda.now
        down = any(b <= began < ends for b, ends in self._scene.outside.vendors_down.get(vendor, ()))
        reading = Bad("partial outage", FailureKind.OUTAGE) if down else OPERATIONAL
        # With the watchdog's own network down a status page is unreadable, which is no evidence about the vendor.
        if any(b <= began < ends for b, ends in self._scene.outside.control_down):
            self._tell(e.VendorChecked(began, vendor, Unknown("it cannot be read")))
        else:
            self._tell(e.VendorChecked(began, vendor, reading))
        self._agenda.at(began + self._vendor_every(), partial(self._vendor, vendor))

    def _vendor_every(self) -> float:
        worried = any(pace < CONTROL_SECONDS / 2 for pace in self._paces.values())
        return VENDOR_SECONDS / 2 if worried else VENDOR_SECONDS

    def _read_deploys(self, name: str, due: float) -> None:
        self._deploys_due[name] = due
        self._agenda.at(due, partial(self._list, name, due))

    def _list(self, name: str, due: float) -> None:
        # A read that `read_deploys` has replaced by an earlier one, as in `_read`.
        if self._deploys_due[name] != due:
            return
        began, service = self._agenda.now, self._scene.services[name]
        event = e.DeploysListed(began, name, service.listed(began), service.facts(self._scene.pre_deploy_command))
        took = self._dice.uniform(*READ_SECONDS)
        self._later(began + took, event)
        self._read_deploys(name, began + took + self._deploys_every.get(name, DEPLOYS_SECONDS))


READERS: Mapping[str, Callable[[SimulatedMonitor, MonitoredCheck], None]] = MappingProxyType(
    {
        "http": SimulatedMonitor._probe,
        "latency": SimulatedMonitor._probe,
        "sentry": SimulatedMonitor._feed,
        "render_events": SimulatedMonitor._crashes,
    }
)
"""The reader of each kind of signal."""

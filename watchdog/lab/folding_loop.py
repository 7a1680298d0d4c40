"""The loop of `closed_loop.py` for calm years: readings that only add to a state at rest are folded, not stepped.

World, monitor, actions, state and counts equal those of the full play. Answers in flight wait in a list here instead of
in the agenda. Control targets and status pages that never fail in this world are not read at all while at rest; their
readings are counted up when the core next steps.
"""

from bisect import insort
from functools import partial
from itertools import count
from math import inf
from typing import Any

from watchdog.daemon.probing.scheduler import JITTER
from watchdog.domain import events as e
from watchdog.domain.events import Event
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.policy import PROBES, Policy
from watchdog.domain.readings import Reading
from watchdog.lab.closed_loop import ClosedLoop, Record
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.folded_readings import Rest, sees
from watchdog.lab.simulated_monitor import (
    ANSWERED,
    CONTROL_ANSWERS_SECONDS,
    OPERATIONAL,
    UNHARMED,
    MonitoredCheck,
    SimulatedMonitor,
)

Flight = tuple[float, int, Event | None, Any, Any, Any]
"""An answer in flight: its landing time and number, then an event or (cheaper) the parts of a probe's reading."""


class QuietEyes(SimulatedMonitor):
    """A monitor that folds the readings that only add, while `rest` is on.

    A reading is judged when it is taken but collected when its answer lands, because the core receives it then. If rest
    ends in between, `wake` hands the open ones back to the agenda, and the core steps them as usual.
    """

    rest: Rest

    def watch(self, rest: Rest) -> None:
        """Collect into this `Rest` from now on."""
        self.rest = rest
        self._order = count()
        self._flights: list[Flight] = []
        self._controls: list[tuple[str, float]] = []
        self._pages: list[tuple[str, float]] = []
        outside = self._scene.outside
        self._always_well = not outside.control_down and not outside.vendors_down

    def land(self, now: float) -> None:
        """Collect the answers that have landed by now."""
        flights = self._flights
        while flights and flights[0][0] <= now:
            _, _, event, check, place, look = flights.pop(0)
            if event is not None:
                self.rest.gather(event)
                continue
            if check.in_flight:
                check.in_flight -= 1
            place.gather(*look)
            self.rest.folded += 1

    def wake(self, now: float) -> None:
        """Collect the answers that have landed by now; hand those still in flight back to the agenda."""
        self.land(now)
        for at, _, event, check, _, look in self._flights:
            if event is not None:
                super()._later(at, event)
            # Only probes are counted in flight, so an uncounted reading is one of the platform's events.
            elif check.in_flight:
                super()._saw(check, *look[1:])
            else:
                super()._unharmed(check, look[1], at)
        self._flights = []
        for target, began in self._controls:
            self._wake_control(target, began, now)
        for vendor, began in self._pages:
            self._wake_page(vendor, began, now)
        self._controls, self._pages = [], []

    def _wake_control(self, target: str, began: float, now: float) -> None:
        every = self._control_every()
        looks = _moments(began, every, now)
        # `_control` took the target off the agenda; its reads go on where the uninterrupted chain would be now.
        self._agenda.at(looks[-1] + every, partial(self._control, target))
        # The newest answer is still on its way and must arrive as an event of its own.
        if looks[-1] + CONTROL_ANSWERS_SECONDS > now:
            last = looks.pop()
            super()._later(last + CONTROL_ANSWERS_SECONDS, e.ControlChecked(last, target, ANSWERED))
        if looks:
            self.rest.gather(e.ControlChecked(looks[-1], target, ANSWERED), of=len(looks))

    def _wake_page(self, vendor: str, began: float, now: float) -> None:
        every = self._vendor_every()
        looks = _moments(began, every, now)
        self._agenda.at(looks[-1] + every, partial(self._vendor, vendor))
        self.rest.gather(e.VendorChecked(looks[-1], vendor, OPERATIONAL), of=len(looks))

    def _read(self, check: MonitoredCheck) -> None:
        now = self._agenda.now
        # Landed answers first: the count of reads in flight decides whether this read may begin.
        if self._flights and self._flights[0][0] <= now:
            self.land(now)
        if check.kind not in PROBES or check.due != now or check.in_flight or not self.rest.on:
            super()._read(check)
            return
        # SimulatedMonitor._read and _probe in one piece: a clean year spends most of its time here.
        spread = 1 + JITTER * (2 * self._dice.random() - 1)
        check.due = now + check.every_seconds * spread
        self._agenda.at(check.due, check.read)
        check.started = now
        self.probes += 1
        check.in_flight = 1
        reading, seconds = check.service.look(check.signal.name, now)
        if not self._flies(check, now + seconds, now, reading, seconds):
            super()._saw(check, now, reading, seconds)

    def _unharmed(self, check: MonitoredCheck, began: float, answered: float) -> None:
        if not self.rest.on or not self._flies(check, answered, began, UNHARMED, inf):
            super()._unharmed(check, began, answered)

    def _flies(self, check: MonitoredCheck, lands: float, began: float, reading: Reading, seconds: float) -> bool:
        """Keep a reading that only adds until its answer lands; return whether it only adds."""
        place = self.rest.services[check.service.name]
        at_rest = place.checks[check.signal.name]
        adds = place.only_adds(at_rest, began, reading, seconds)
        if adds:
            # The running number breaks ties, as in the agenda, and keeps insort from comparing the other members.
            insort(self._flights, (lands, next(self._order), None, check, place, (at_rest, began, reading, seconds)))
        return adds

    def _later(self, at: float, event: Event, check: MonitoredCheck | None = None) -> None:
        if self.rest.on and check is None and self.rest.only_adds(event):
            insort(self._flights, (at, next(self._order), event, None, None, None))
        else:
            super()._later(at, event, check)

    def _control(self, target: str) -> None:
        if self.rest.on and self._always_well:
            self._controls.append((target, self._agenda.now))
        else:
            super()._control(target)

    def _vendor(self, vendor: str) -> None:
        if self.rest.on and self._always_well:
            self._pages.append((vendor, self._agenda.now))
        else:
            super()._vendor(vendor)


def _moments(begins: float, every: float, until: float) -> list[float]:
    """Return the moments from `begins` to `until`, `every` seconds apart."""
    # Added one by one, as the agenda does: a product would differ in the last digit of a float.
    found = [begins]
    while found[-1] + every <= until:
        found.append(found[-1] + every)
    return found


class FoldingLoop(ClosedLoop):
    """Plays one scene against the core and folds the readings that only add."""

    def __init__(self, scene: EpisodeWorld, policy: Policy) -> None:
        super().__init__(scene, policy)
        self._rest = Rest(policy)
        # In place of the base class's monitor, which has not planned a read yet.
        self._eyes: QuietEyes = QuietEyes(scene, policy, self._agenda, self.tell)
        self._eyes.watch(self._rest)

    @property
    def folded(self) -> int:
        """Return the number of events that were collected instead of stepped."""
        return self._rest.folded

    def run(self, until: float) -> Record:
        """Play until that moment (UTC epoch seconds) and return the record."""
        record = super().run(until)
        # Callers read the state, too, so the readings collected last must be in it.
        self._end_rest(until)
        record.observations += self.folded
        return record

    def tell(self, event: Event) -> None:
        """Collect an event that only adds; pass any other to the core, after merging the collected ones."""
        if self._rest.on:
            # Earlier answers first: the detector of `takes` must see the readings in the order of their landing.
            self._eyes.land(self.now)
            if self._rest.takes(event):
                return
        # Without rest, too: a suspicion has control targets read every 2 s, and a good answer changes only this entry.
        elif type(event) is e.ControlChecked and sees(self.state, event):
            self.state = fast_replace(
                self.state, control={**self.state.control, event.target: (event.at, event.reading)}
            )
            self._rest.folded += 1
            return
        self._end_rest(self.now)
        super().tell(event)
        self._rest.begin(self.state, event, self.now)

    def _end_rest(self, now: float) -> None:
        if self._rest.on:
            self._eyes.wake(now)
            self.state = self._rest.end(self.state)

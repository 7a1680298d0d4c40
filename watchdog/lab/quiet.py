"""The closed loop of `drive.py` again, for years of quiet: what only adds to a state at rest is gathered, not told.

It is the same world and the same eyes, and all that is done, known and counted is what the full play gives. Answers on
their way wait here instead of in the agenda; control targets and status pages of a world in which none of them ever
fails are not even read, but counted up when somebody is to be told.
"""

from bisect import insort
from functools import partial
from itertools import count

from watchdog.domain import events as e
from watchdog.domain.events import Event
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.lab.drive import Drive, Record
from watchdog.lab.eyes import ANSWERED, CONTROL_ANSWERS_SECONDS, OPERATIONAL, Check, Eyes
from watchdog.lab.rest import Rest
from watchdog.lab.scene import Scene


class QuietEyes(Eyes):
    """Eyes that keep what only adds to themselves, while `rest` is on."""

    rest: Rest

    def watch(self, rest: Rest) -> None:
        """Gather into this from now on."""
        self.rest = rest
        self._order = count()
        self._flights: list[tuple[float, int, Event, Check | None]] = []
        self._controls: list[tuple[str, float]] = []
        self._pages: list[tuple[str, float]] = []
        outside = self._scene.outside
        self._always_well = not outside.control_down and not outside.vendors_down

    def land(self, now: float) -> None:
        """Gather the answers that have come by now."""
        flights = self._flights
        while flights and flights[0][0] <= now:
            _, _, event, check = flights.pop(0)
            if check is not None:
                check.in_flight -= 1
            self.rest.gather(event)

    def wake(self, now: float) -> None:
        """Gather all that has come by now; what is still to come is the agenda's again."""
        self.land(now)
        for at, _, event, check in self._flights:
            super()._later(at, event, check)
        self._flights = []
        for target, began in self._controls:
            self._wake_control(target, began, now)
        for vendor, began in self._pages:
            self._wake_page(vendor, began, now)
        self._controls, self._pages = [], []

    def _wake_control(self, target: str, began: float, now: float) -> None:
        every = self._control_every()
        while began <= now:
            checked = e.ControlChecked(began, target, ANSWERED)
            if began + CONTROL_ANSWERS_SECONDS <= now:
                self.rest.gather(checked)
            else:
                super()._later(began + CONTROL_ANSWERS_SECONDS, checked)
            began += every
        self._agenda.at(began, partial(self._control, target))

    def _wake_page(self, vendor: str, began: float, now: float) -> None:
        every = self._vendor_every()
        while began <= now:
            self.rest.gather(e.VendorChecked(began, vendor, OPERATIONAL))
            began += every
        self._agenda.at(began, partial(self._vendor, vendor))

    def _read(self, check: Check, due: float) -> None:
        if self.rest.on:
            self.land(self._agenda.now)
        super()._read(check, due)

    def _later(self, at: float, event: Event, check: Check | None = None) -> None:
        if self.rest.on and self.rest.only_adds(event):
            insort(self._flights, (at, next(self._order), event, check))
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


class QuietDrive(Drive):
    """Plays one scene against the core, and gathers what only adds."""

    def __init__(self, scene: Scene, policy: Policy, state: State | None = None) -> None:
        super().__init__(scene, policy, state)
        self._rest = Rest(policy)
        self._eyes: QuietEyes = QuietEyes(scene, policy, self._agenda, self.tell)
        self._eyes.watch(self._rest)

    @property
    def folded(self) -> int:
        """Return how many events were gathered, not told."""
        return self._rest.folded

    def run(self, until: float) -> Record:
        """Play until then."""
        record = super().run(until)
        self._end_rest(until)
        record.observations += self.folded
        return record

    def tell(self, event: Event) -> None:
        """Gather it, if it only adds; else tell the core, in the knowledge of all that was gathered."""
        if self._rest.on:
            self._eyes.land(self.now)
            if self._rest.takes(event):
                return
        self._end_rest(self.now)
        super().tell(event)
        self._rest.begin(self.state, event, self.now)

    def _end_rest(self, now: float) -> None:
        if self._rest.on:
            self._eyes.wake(now)
            self.state = self._rest.end(self.state)

"""Humans, who act at the same time: in the dashboard, with a fix, and through the command line."""

from collections.abc import Callable, Mapping, Sequence

from watchdog.domain.store_records import ActionRow
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.fault_mix import FAIR
from watchdog.lab.storm.render import Render, Service
from watchdog.lab.storm.store import StoreHost

PUSH_BAD_SHARE = 0.3
QUICK_SHARE = 0.5
# No service has this name: the daemon has to refuse the command, and nothing else may come of it.
NO_INCIDENT = "web-0"
# Half of the acts come at the very moment, where the race with the worker is tightest.
MOMENT_SECONDS = (0.0, 0.0, 0.2, 1.0)
"""Seconds from a moment of the protocol to the act of a human."""
AFTER_THE_INTENT = "after the intent"
MOMENTS = {
    ("pin", "sending"): "just after the decision",
    ("rollback", "planned"): AFTER_THE_INTENT,
    ("rollback", "sending"): "before the send",
    ("rollback", "accepted"): "while it is deployed",
}
"""Rows of the actions' journal, and the moment of the protocol at which they are written."""
OF_REMEDY = {"planned": "before a remedy", "sending": "as a remedy is sent", "done": "while a remedy proves itself"}
"""The same of rows of remedies, by their state."""


def is_of_remedy(row: ActionRow) -> bool:
    """Return whether a row of the journal is of a remedy."""
    return row.step.startswith(("flag ", "remedy "))


class People:
    """The acts of people: at random moments, and at the moments of the protocol on the very service it is about.

    `asked` lists rollbacks asked for by hand, by service, with the moment; `stopped` likewise where a person said stop
    to an incident, and so has it in hand even if the stop came too late; `resumed` when a pause was ended.
    """

    def __init__(self, nature: Nature, render: Render, store: StoreHost, wake: Callable[[], None]) -> None:
        self._nature = nature
        self._render = render
        self._store = store
        self._wake = wake
        self.asked: list[tuple[str, float]] = []
        self.stopped: list[tuple[str, float]] = []
        self.resumed: list[float] = []
        render.asked = self.at_moment

    def at_row(self, row: ActionRow) -> None:
        """A row of the actions' journal was written: a moment of the protocol has come."""
        moments = {(row.step, state): moment for state, moment in OF_REMEDY.items()} if is_of_remedy(row) else MOMENTS
        self.at_moment(row.service, moments.get((row.step, row.state), ""))

    def act(self, service: Service) -> None:
        """Do one act, drawn at random."""
        deeds = (self.roll_back, self.fix, self.push, self.push, self.pause, self.approve, self.stop, self.ask_rollback)
        self._nature.chance.choice(deeds)(service)

    def at_moment(self, service: str, moment: str) -> None:
        """A moment of the protocol has come: a human may act at the same time."""
        nature = self._nature
        if not moment or not nature.strikes("humans_in_protocol"):
            return
        deeds: Sequence[Callable[[Service], None]]
        # A human's own rollback and a pause are the acts that collide with our rollback, so each counts twice.
        deeds = (self.roll_back, self.roll_back, self.fix, self.push, self.pause, self.pause, self.stop)
        if moment == AFTER_THE_INTENT:
            deeds = (self.pause, self.pause, self.fix, self.roll_back)  # just in time, or just too late
        nature.note(f"{service}: a human acts {moment}")
        pause, deed = nature.chance.choice(MOMENT_SECONDS), nature.chance.choice(deeds)
        nature.later(pause, deed, self._render.services[service])

    def roll_back(self, service: Service) -> None:
        """Roll back in the dashboard: to the newest release that works and is not live."""
        good = next((one for one in service.releases if one.live_at is not None and not one.fails), None)
        live = service.live
        # People are right here: they leave only code that fails, for code that works. The daemon is on trial, not they.
        if good is not None and live is not None and live.fails:
            self._render.begin(service, "rollback", good.deploy.commit or "", by="human", quick=self._is_quick())

    def fix(self, service: Service) -> None:
        """Deploy a new commit that works."""
        self._render.begin(service, "new_commit", self._render.commit(), by="human", quick=self._is_quick())

    def _is_quick(self) -> bool:
        return self._nature.weather is not FAIR and self._nature.happens(QUICK_SHARE)

    def push(self, service: Service) -> None:
        """Merge something: it is deployed only if auto-deploy is on; now and then it is bad itself."""
        # With auto-deploy off Render deploys no merge, which is the purpose of our switching it off.
        if service.auto_deploy == "off":
            self._nature.note(f"{service.name}: a merge does not ship")
            return
        fails = 1.0 if self._nature.happens(PUSH_BAD_SHARE) else 0.0
        self._render.begin(service, "new_commit", self._render.commit(), by="merge", fails=fails)

    def pause(self, service: Service) -> None:
        """Have the watchdog only watch, and resume a minute or two later."""
        self._command("pause", {})
        # A pause without an end would forbid every later rollback of the seed, and leave nothing to judge.
        self._nature.later(self._nature.chance.uniform(20.0, 120.0), self.resume)

    def resume(self) -> None:
        """Give the right to act back."""
        # Noted when it is said: the command may wait in the store, and a rollback from now on defies no wish.
        self.resumed.append(self._nature.loop.time())
        self._command("resume", {})

    def approve(self, service: Service) -> None:
        """Approve the open incident of the service."""
        self._command("approve", {"incident": self._incident(service)})

    def stop(self, service: Service) -> None:
        """Say stop to the open incident of the service."""
        incident = self._incident(service)
        # Without an open incident the command stops nothing, so the person has no outage in hand.
        if incident != NO_INCIDENT:
            self.stopped.append((service.name, self._nature.loop.time()))
        self._command("stop", {"incident": incident})

    def ask_rollback(self, service: Service) -> None:
        """Ask the watchdog for a rollback by hand."""
        self.asked.append((service.name, self._nature.loop.time()))
        self._command("rollback", {"service": service.name})

    def _incident(self, service: Service) -> str:
        # People read the record, as in the console: an incident in a worker's memory alone has no name for them.
        state = self._store.newest_state()
        known = state.services.get(service.name) if state is not None else None
        incident = known.incident if known is not None else None
        return incident.id if incident is not None else NO_INCIDENT

    def _command(self, name: str, arguments: Mapping[str, str]) -> None:
        self._nature.note(f"human: {name} {' '.join(arguments.values())}")
        self._store.submit(name, arguments)
        self._wake()

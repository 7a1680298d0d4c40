"""The closed loop in virtual time: the real core receives the world's events, and its effects change the world.

It performs the effects as the daemon's shell does, with realistic answer times. No answer is lost here, no call is
refused and nothing crashes: the storm (lab/storm) tests that.
"""

from dataclasses import dataclass, field

from watchdog.core.checked_step import checked_step
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.effects import Effect
from watchdog.domain.events import Event
from watchdog.domain.incidents import State
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Policy
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.simulated_monitor import SimulatedMonitor
from watchdog.lab.simulated_service import Release
from watchdog.replay.event_queue import EventQueue

PIN_SECONDS = (1.0, 3.0)
SEND_SECONDS = (0.7, 2.5)
"""The ranges of the platform's answer times: for switching auto-deploy off, and for accepting a rollback."""
DECISIVE = ("rollback", "ask", "page", "self-alert")


@dataclass(frozen=True, slots=True)
class ActionTaken:
    """One action (`what`): rollback, ask, page, self-alert or info; of a service, with the target commit if any."""

    at: float
    what: str
    service: str
    commit: str | None = None
    text: str = ""


@dataclass(slots=True)
class Record:
    """The record of one run. `blame` holds (time, service, probability) of each decision, `did` the actions in order.

    `observations` counts the events that the core received, `probes` the probes sent; `notes` are the core's notes.
    """

    did: list[ActionTaken] = field(default_factory=list)
    blame: list[tuple[float, str, float | None]] = field(default_factory=list)
    observations: int = 0
    probes: int = 0
    notes: list[fx.Note] = field(default_factory=list)


class ClosedLoop:
    """Plays one scene against the core.

    The loop has one agenda of due callbacks. An event runs the core's step, the step returns effects, and each effect
    schedules its answer on the agenda with a drawn delay. The agenda's time is the only clock.
    """

    def __init__(self, scene: EpisodeWorld, policy: Policy) -> None:
        self.scene = scene
        self.policy = policy
        self.state = State()
        self.record = Record()
        self._agenda = EventQueue(scene.begins_at)
        self._eyes = SimulatedMonitor(scene, policy, self._agenda, self.tell)
        # A stream of its own: the platform's answer times do not depend on the number of probes.
        self._dice = scene.chance.generator("drive")
        self._wakes: set[float] = set()

    @property
    def now(self) -> float:
        """Return the virtual time (UTC epoch seconds)."""
        return self._agenda.now

    def run(self, until: float) -> Record:
        """Play until that moment (UTC epoch seconds) and return the record."""
        self.tell(e.Restarted(self.now))
        self._eyes.open()
        self._agenda.run(until)
        self.record.probes = self._eyes.probes
        return self.record

    def tell(self, event: Event) -> None:
        """Pass an event to the core and perform its effects. Raises AssertionError if a step violates an invariant."""
        before = self.state
        self.state, effects, broken = checked_step(before, event, self.policy)
        assert not broken, f"{self.scene.name}: {broken}"
        self.record.observations += 1
        for effect in effects:
            self._perform(effect)
        # A new decision always has effects; most steps have none and need no comparison.
        if self.state is not before and effects:
            self._look_at_decisions(before)

    def _look_at_decisions(self, before: State) -> None:
        # By identity: a decision is replaced only by a new one, and two equal decisions count as two.
        for name, service in self.state.services.items():
            old = before.services.get(name)
            decision = service.incident.decision if service.incident else None
            known = old.incident.decision if old is not None and old.incident else None
            if decision is not None and decision is not known and decision.blame is not None:
                self.record.blame.append((decision.at, name, decision.blame.probability))

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, fx.SetPace):
            self._eyes.set_pace(effect.service, effect.every_seconds)
        elif isinstance(effect, fx.ReadDeploys):
            self._eyes.read_deploys(effect.service, effect.every_seconds)
        elif isinstance(effect, fx.WakeAt):
            self._wake_at(effect.at)
        elif isinstance(effect, fx.Tell):
            self._told(effect)
        elif isinstance(effect, fx.PinAutoDeploy):
            self._pin(effect)
        elif isinstance(effect, fx.Rollback):
            self._roll_back(effect)
        elif isinstance(effect, fx.Note):
            self.record.notes.append(effect)

    def _wake_at(self, at: float) -> None:
        # The core asks for the same moment again in many steps; one TimePassed is enough.
        if at not in self._wakes:
            self._wakes.add(at)
            self._agenda.at(at, lambda: self.tell(e.TimePassed(self.now)))

    def _told(self, effect: fx.Tell) -> None:
        notice = effect.notice
        if notice.kind is NoticeKind.SELF_ALERT:
            what = "self-alert"
        elif notice.kind is NoticeKind.ASKED:
            what = "ask"
            # The channel's delivery confirmation: the core starts the clock of an approval request only with it.
            asked = (notice.service, notice.incident, notice.at)
            self._agenda.at(self.now, lambda: self.tell(e.QuestionDelivered(self.now, *asked)))
        else:
            what = "page" if notice.wakes else "info"
        self.record.did.append(
            ActionTaken(self.now, what, notice.service, self._target(notice.service), notice.identity[-1])
        )

    def _target(self, name: str) -> str | None:
        service = self.state.services.get(name)
        return service.incident.rollback.target_code if service is not None and service.incident is not None else None

    def _pin(self, effect: fx.PinAutoDeploy) -> None:
        service = self.scene.services[effect.service]
        # The setting changes at once; only its confirmation takes time.
        previous, service.auto_deploy = service.auto_deploy, "off"
        self._agenda.at(
            self.now + self._dice.uniform(*PIN_SECONDS),
            lambda: self.tell(e.PinConfirmed(self.now, effect.service, effect.incident, previous)),
        )

    def _roll_back(self, effect: fx.Rollback) -> None:
        """Request a rollback: accepted after a drawn delay, live after the service's rollback time."""
        service = self.scene.services[effect.service]
        self.record.did.append(ActionTaken(self.now, "rollback", effect.service, effect.target_code))
        sent = self.now + self._dice.uniform(*SEND_SECONDS)
        deploy = f"dep-rollback-{len(service.releases)}"

        def accepted() -> None:
            # Render's order: the new instances take traffic (live - 1) before the deploy is reported live.
            live = self.now + service.profile.rollback_seconds
            commit = effect.target_code or ""
            release = Release(deploy, commit, self.now, live - 10.0, live - 1.0, live, trigger="rollback")
            # Added only now: until the platform has accepted the rollback, its deploy list must not show it.
            service.release(release)
            self.tell(e.RollbackAccepted(self.now, effect.service, effect.incident, deploy))

        self._agenda.at(sent, accepted)

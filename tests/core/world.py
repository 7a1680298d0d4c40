"""A simulated cloud in virtual time, closed around the pure core: what the core decides changes what it sees next.

It imports only `watchdog.domain`, `watchdog.core` and the words of notices, so that it can be run against a mutated
copy of them.
"""

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from tests.core.limits import LIMITS, WEIGHTS
from tests.core.whole import holes
from tests.support.notice_truth import contradictions
from watchdog.core.guards import invariants
from watchdog.core.machine import step
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import INSTANCE_COUNT, Deploy, ServiceFacts
from watchdog.domain.incidents import Incident, Phase, State
from watchdog.domain.policy import DEFAULT_MATRIX, Action, Mode, Policy, Rule, ServicePolicy, SignalPolicy, VendorPolicy
from watchdog.domain.readings import Bad, FailureKind, Good, MinuteCount, Reading, Unknown
from watchdog.domain.remedies import maintenance_mode
from watchdog.domain.severity import Severity
from watchdog.presentation.notices.notice_text import worded

START = 1_790_000_000.0
DAY = 86400.0
FOREVER = 1e9
CONTROL = ("control-1", "control-2")
WAITING = (Phase.CALM, Phase.ASKING, Phase.DEPLOYING, Phase.PAGED)
QUIET_AFTER_SECONDS = 60.0
QUIET_EVERY_SECONDS = 10.0
PROBES_SECONDS = 2.0
AT_ONCE_MAX = 100
"""So many turns without the clock moving are a core that never comes to rest."""


def make_policy(mode: Mode = Mode.AUTONOMOUS, veto_seconds: float = 0.0, **more: object) -> Policy:
    """Return the shipped policy for one service `web` with a critical route and an API, told to pager and chat."""
    web = ServicePolicy(
        name="web",
        platform_id="srv-web",
        mode=mode,
        veto_seconds=veto_seconds,
        depends_on=("openai",),
        signals=(
            SignalPolicy("home", "http", critical=True),
            SignalPolicy("api", "latency", limits_seconds={"p95": 0.8}),
        ),
    )
    matrix = {
        **DEFAULT_MATRIX,
        Severity.CRITICAL: Rule(Action.ROLLBACK, 300.0, ("pager", "chat")),
        Severity.HIGH: Rule(Action.ASK, 900.0, ("pager", "chat")),
    }
    vendors = {
        "render": VendorPolicy("render", "platform"),
        "openai": VendorPolicy("openai", "upstream", "https://status.openai.example"),
    }
    base = Policy(
        services={"web": web},
        matrix=matrix,
        control=CONTROL,
        vendors=vendors,
        alerts=("pager",),
        detection=LIMITS,
        blame=WEIGHTS,
    )
    return replace(base, **more)


def with_row(policy: Policy, severity: Severity, **fields: object) -> Policy:
    """Return the policy with a row of its matrix changed."""
    return replace(policy, matrix={**policy.matrix, severity: replace(policy.matrix[severity], **fields)})


@dataclass
class Fault:
    """From `start` to `end` (seconds after START) `share` of home's probes fail; where `code` is live, if given."""

    start: float
    end: float
    share: float = 1.0
    code: str | None = None
    reading: Reading = field(default_factory=lambda: Bad("HTTP 503", FailureKind.STATUS))
    slow: bool = False


SLOW = Fault(64.0, FOREVER, code="bad00000", slow=True)


RESTART = "restart:service"
SCALE = "scale:4"
"""The remedies that show as a deploy; the second also as a changed number of instances."""


@dataclass
class World:
    """The cloud. Times in its fields are seconds after START."""

    policy: Policy
    deploys: list[Deploy]
    faults: list[Fault] = field(default_factory=list)
    facts: ServiceFacts = field(default_factory=lambda: ServiceFacts("srv-web", "web", auto_deploy="commit"))
    blind: tuple[float, float] | None = None
    platform_down: tuple[float, float] | None = None
    upstream_down: tuple[float, float] | None = None
    unreadable: tuple[float, float] | None = None
    pin: str = "confirmed"
    outcomes: list[str] = field(default_factory=list)
    remedy_outcomes: list[str] = field(default_factory=list)
    cured_by: str = ""
    """The flag with which a fault of a commit ends."""
    rollback_seconds: float = 20.0
    rollback_ends: str = "live"
    answer: str = "none"
    answer_after: float = 20.0
    heard: bool = True
    api_fails_with_home: bool = False
    flood: tuple[float, float] | None = None
    errors_unread: tuple[float, float] | None = None
    flood_errors: float = 100.0
    seed: int = 0
    names_version: bool = False
    """Answers name the commit that made them."""
    stuck_on: str | None = None
    """The commit whose instances answer, whichever is live."""
    steady: bool = False
    """Look as often as the core asks, also at a route that is never slow, and while nothing happens."""

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)
        self.remedy_outcomes = list(self.remedy_outcomes)
        self.faults, self.outcomes = list(self.faults), list(self.outcomes)  # a test adds to its own, and uses them up
        self.state = State()
        self.time = 0.0
        self.pace = 10.0
        self.deploy_pace = 15.0
        self.accepted: list[tuple[str, fx.Rollback]] = []
        self.sent: list[tuple[fx.Rollback, Incident, tuple[str, ...]]] = []
        self.sent_in: list[Mode] = []
        self.pins: list[fx.PinAutoDeploy] = []
        self.restores: list[fx.RestoreAutoDeploy] = []
        self.switches: list[fx.TryRemedy] = []
        self.flags_off: list[str] = []
        self.tells: list[fx.Tell] = []
        self.notes: list[fx.Note] = []
        self.incidents: dict[str, Incident] = {}
        self.broken: list[str] = []
        self.entered: dict[str, float] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._wakes: list[float] = []
        self.answers: list[str] = []
        self.auto_deploy_at_first = self.facts.auto_deploy
        self._hurry = False
        self._changed = 0.0
        self._api_due = 0.0
        self._order = count()
        self._ids = count(900)
        self._looks = (self._check_control, self._check_vendors, self._read_feed, self._list, self._probe)
        self._due = {look.__name__: 0.0 for look in self._looks}

    # --- driving ---

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        """Plan something for that second."""
        heapq.heappush(self._agenda, (seconds, next(self._order), do))

    def run(self, until: float, *, hurry: bool = False) -> "World":
        """Let the world go on until that second.

        It looks less often while nothing happens. `hurry`: and stop when nothing can happen any more.
        """
        if self.time == 0.0:
            self.tell(e.Restarted(START))
        self._hurry = hurry
        at_once = 0
        while not (hurry and self._is_over()):
            due = min(*self._due.values(), *(planned[0] for planned in self._agenda[:1]), *self._wakes[:1])
            if due >= until:
                break
            at_once = 0 if due > self.time else at_once + 1
            assert at_once < AT_ONCE_MAX, f"the core asks to be woken again and again at {self.time:.3f} s"
            self.time = max(self.time, due)
            self._turn(slowly=not self.steady and self._is_quiet())
        self.time = until
        return self

    def _turn(self, *, slowly: bool) -> None:
        while self._agenda and self._agenda[0][0] <= self.time:
            heapq.heappop(self._agenda)[2]()
            self._changed = self.time
        if self._wakes and self._wakes[0] <= self.time:
            while self._wakes and self._wakes[0] <= self.time:
                heapq.heappop(self._wakes)
            self.tell(e.TimePassed(self.now))
        for look in self._looks:
            if self._due[look.__name__] <= self.time:
                every = self._every(look.__name__)
                self._due[look.__name__] = self.time + (max(every, QUIET_EVERY_SECONDS) if slowly else every)
                look()

    def _every(self, look: str) -> float:
        control, fastest = (5.0, 0.0) if self.steady else (10.0, PROBES_SECONDS)
        fixed = {"_check_control": max(control, self.pace), "_check_vendors": 60.0, "_read_feed": 30.0}
        return {**fixed, "_list": self.deploy_pace, "_probe": max(self.pace, fastest)}[look]

    def _is_quiet(self) -> bool:
        """Tell whether the core waits, and nothing is planned soon: looking more often would show the same."""
        web = self.state.services["web"]
        waits = web.phase in WAITING and self.now - web.phase_since > QUIET_AFTER_SECONDS
        ahead = [planned[0] for planned in self._agenda[:1]]
        if not self._hurry:
            spans = (
                self.blind,
                self.platform_down,
                self.upstream_down,
                self.unreadable,
                self.flood,
                self.errors_unread,
            )
            edges = [self._changed, *(edge for fault in self.faults for edge in (fault.start, fault.end))]
            edges += [edge for span in spans if span is not None for edge in span]
            if web.phase is Phase.CALM or any(0.0 <= self.time - edge < 2 * QUIET_AFTER_SECONDS for edge in edges):
                return False
            ahead += [edge for edge in edges if edge > self.time]
        return waits and min(ahead, default=FOREVER) > self.time + QUIET_AFTER_SECONDS

    def _is_over(self) -> bool:
        """Tell whether all is well, and stays well: a fault belongs to code that is not live, or is over."""
        live = self.live()
        over = all(
            fault.end <= self.time or (fault.start <= self.time and fault.code not in (None, live and live.code))
            for fault in self.faults
        )
        calm = self.state.services["web"].phase is Phase.CALM and self._is_quiet()
        return over and calm and not self._agenda

    def tell(self, event: e.Event) -> None:
        """Hand an event to the core and do what it wants."""
        before = self.state
        self.state, effects = self._step(event)
        broken = invariants.violated_invariant(before, self.state, effects, self.policy)
        if broken:
            self.broken.append(f"{self.time:.0f} s, {type(event).__name__}: {broken}")
        if not self._hurry:  # thousands of generated incidents would take a third longer, and show nothing new
            unlike = holes(before, self.state, effects, event.at)
            assert not unlike, unlike
        for service in self.state.services.values():
            if service.incident is not None:
                self.incidents[service.incident.id] = service.incident
                if service.name in self.state.troubles:
                    self.entered.setdefault(service.incident.id, self.state.troubles[service.name].at)
        for effect in effects:
            self._perform(effect)

    def _step(self, event: e.Event) -> tuple[State, Sequence[fx.Effect]]:
        return step(self.state, event, self.policy)

    @property
    def now(self) -> float:
        """Return UTC epoch seconds."""
        return START + self.time

    # --- what the core sees ---

    def live(self) -> Deploy | None:
        """Return the live deploy."""
        return next((deploy for deploy in self.deploys if deploy.is_live), None)

    def _between(self, span: tuple[float, float] | None) -> bool:
        return span is not None and span[0] <= self.time < span[1]

    def _fault(self) -> Fault | None:
        if self.facts.maintenance or self.facts.suspended:  # the platform answers 503 in the site's place
            return Fault(0.0, FOREVER)
        for fault in self.faults:
            cured = fault.code is not None and self.cured_by in self.flags_off
            if not cured and fault.start <= self.time < fault.end and fault.code in (None, self._serving()):
                return fault
        return None

    def _serving(self) -> str | None:
        live = self.live()
        return self.stuck_on or (live.code if live is not None else None)

    def _probe(self) -> None:
        fault = self._fault()
        failing = fault is not None and not fault.slow and self.luck.random() < fault.share
        reading: Reading = fault.reading if fault is not None and failing else Good()
        if self._between(self.blind):
            reading = Bad("timed out", FailureKind.TIMEOUT)
        if self.api_fails_with_home and isinstance(reading, Bad):
            self.tell(e.Observed(self.now, "web", "api", reading))
        version = (self._serving() or "") if self.names_version else ""
        self.tell(e.Observed(self.now, "web", "home", reading, 0.05, version=version))
        if self.api_fails_with_home and isinstance(reading, Bad):
            return
        if not self.steady and self.time < self._api_due and not any(fault.slow for fault in self.faults):
            return
        self._api_due = self.time + 10.0
        slow = fault is not None and fault.slow
        latency = (3.0 if slow else 0.2) * self.luck.uniform(0.9, 1.1)
        self.tell(e.Observed(self.now, "web", "api", Good(), latency))

    def _check_control(self) -> None:
        dark = self._between(self.blind)
        for target in CONTROL:
            self.tell(e.ControlChecked(self.now, target, Bad("timed out") if dark else Good()))

    def _check_vendors(self) -> None:
        for name, span in (("render", self.platform_down), ("openai", self.upstream_down)):
            self.tell(e.VendorChecked(self.now, name, Bad("major outage") if self._between(span) else Good()))

    def _read_feed(self) -> None:
        """Tell an hour of Sentry's complete minutes, a minute and a half late, every 30 s."""
        if self.policy.services["web"].signal("errors") is None:
            return
        if self._between(self.errors_unread):
            self.tell(e.Observed(self.now, "web", "errors", Unknown("Sentry answered 429")))
            return
        newest = int((self.time - 90.0) // 60)
        counts = tuple(
            MinuteCount(START + 60.0 * minute, 60.0, self.flood_errors if self._flooded(60.0 * minute) else 1.0)
            for minute in range(newest - 60, newest)
        )
        self.tell(e.Observed(self.now, "web", "errors", Good(), counts=counts))

    def _flooded(self, start: float) -> bool:
        return self.flood is not None and start + 60.0 > self.flood[0] and start < self.flood[1]

    def _list(self) -> None:
        if self._between(self.unreadable):
            self.tell(e.DeploysUnread(self.now, "web", "Render answered 503"))
        else:
            self.tell(e.DeploysListed(self.now, "web", tuple(self.deploys), self.facts))

    # --- what the core does ---

    def _perform(self, effect: fx.Effect) -> None:
        match effect:
            case fx.SetPace(every_seconds=seconds):
                self.pace = seconds
                self._due["_probe"] = min(self._due["_probe"], self.time + seconds)
            case fx.ReadDeploys(every_seconds=seconds):
                self.deploy_pace = seconds
                self._due["_list"] = min(self._due["_list"], self.time + 0.5)
            case fx.WakeAt(at=at):
                heapq.heappush(self._wakes, max(at - START, self.time))
            case fx.Note():
                self.notes.append(effect)
            case fx.Tell():
                self.tells.append(as_read(effect, self.now))
                self._maybe_hear(effect)
                self._maybe_answer(effect)
            case fx.PinAutoDeploy():
                self.pins.append(effect)
                self.at(self.time + 1.0, lambda: self._pinned(effect))
            case fx.RestoreAutoDeploy():
                self.restores.append(effect)
                self.at(self.time + 1.0, lambda: self._restored(effect))
            case fx.Rollback():
                self._rollback(effect)
            case fx.TryRemedy():
                self.switches.append(effect)
                outcome = self.remedy_outcomes.pop(0) if self.remedy_outcomes else "off"
                self.at(self.time + 1.0, lambda: self._flag(effect, outcome))

    def _maybe_hear(self, tell: fx.Tell) -> None:
        """Let the core know that a channel has the question."""
        notice = tell.notice
        if self.heard and notice.kind.value == "asked":
            about = (notice.service, notice.incident, notice.at)
            self.at(self.time, lambda: self.tell(e.QuestionDelivered(self.now, *about)))

    def _maybe_answer(self, tell: fx.Tell) -> None:
        answers = {"approve": e.Approved, "reject": e.Rejected, "stop": e.Stopped}
        if tell.notice.kind.value in ("asked", "announced") and self.answer in answers:
            event = answers[self.answer]
            incident = tell.notice.incident
            self.at(self.time + self.answer_after, lambda: self.tell(event(self.now, incident, "a human")))

    def _pinned(self, effect: fx.PinAutoDeploy) -> None:
        if self.pin == "confirmed":
            previous = self.facts.auto_deploy
            self.facts = replace(self.facts, auto_deploy="off")
            self.tell(e.PinConfirmed(self.now, effect.service, effect.incident, previous))
        elif self.pin != "silent":
            self.tell(e.PinUnconfirmed(self.now, effect.service, effect.incident, "Render answered 503"))

    def _flag(self, effect: fx.TryRemedy, outcome: str) -> None:
        place = (self.now, effect.service, effect.incident, effect.remedy)
        wanted = effect.remedy == maintenance_mode.ON
        if maintenance_mode.is_switch(effect.remedy) and self.facts.maintenance is wanted:
            outcome = "already"
        if outcome in ("off", "lost_and_off") and maintenance_mode.is_switch(effect.remedy):
            self.facts = replace(self.facts, maintenance=wanted)
        if outcome == "off":
            self.flags_off.append(effect.remedy)
            if effect.remedy == RESTART:
                # Render shows it as a deploy of the same commit.
                self.ship(self.time + 10.0, self._serving() or "", seconds=9.0, trigger="manual")
            elif effect.remedy == SCALE:
                counted = [replace(one, changed=(INSTANCE_COUNT,)) if one.is_live else one for one in self.deploys]
                self.deploys[:] = counted
                self.ship(self.time + 10.0, self._serving() or "", seconds=9.0, trigger="service_updated")
            self.tell(e.RemedyDone(*place, was="2" if effect.remedy == SCALE else ""))
        elif outcome == "refused":
            self.tell(e.RemedyRefused(*place, "the flag service answered 403"))
        elif outcome == "postponed":
            self.tell(e.RemedyPostponed(*place, "it was interrupted before it was sent"))
        elif outcome in ("lost", "lost_and_off"):
            self.tell(e.RemedyLost(*place, "no answer within 12 s", was="2" if effect.remedy == SCALE else ""))
        elif outcome in ("unread", "unread_and_off"):
            self.flags_off += [effect.remedy] if outcome == "unread_and_off" else []
            unread = "it cannot be read 30 s later"
            self.at(self.time + 30.0, lambda: self.tell(e.RemedyLost(self.now, *place[1:], unread, settled=True)))
        elif outcome == "already":
            self.tell(e.RemedyRefused(*place, "it is off already", already=True))

    def _restored(self, effect: fx.RestoreAutoDeploy) -> None:
        self.facts = replace(self.facts, auto_deploy=effect.value)
        self.tell(e.AutoDeployRestored(self.now, effect.service, effect.incident, effect.value))

    def _rollback(self, effect: fx.Rollback) -> None:
        incident = self.incidents[effect.incident]
        self.sent.append((effect, incident, self.state.denied))
        self.sent_in.append(self.policy.services["web"].mode)
        outcome = self.outcomes.pop(0) if self.outcomes else "accepted"
        self.answers.append(outcome)
        self.at(self.time + 1.0, lambda: self._answer(effect, outcome))

    def _answer(self, effect: fx.Rollback, outcome: str) -> None:
        place = (self.now, effect.service, effect.incident)
        live = self.live()
        if outcome in ("accepted", "accepted_and_lost") and (live is None or live.id != effect.suspect):
            outcome = "stood_down"
        if outcome == "accepted":
            deploy = self._make_rollback(effect)
            self.tell(e.RollbackAccepted(*place, deploy))
        elif outcome == "accepted_and_lost":
            self._make_rollback(effect)
            self.tell(e.RollbackLost(*place, "no trace"))
        elif outcome == "lost":
            self.tell(e.RollbackLost(*place, "no trace"))
        elif outcome == "refused":
            self.tell(e.RollbackRefused(*place, "this deploy cannot be rolled back to"))
        elif outcome == "expired":
            self.tell(e.RollbackRefused(*place, "no artefact", expired=True))
        elif outcome == "silent":
            return
        elif outcome == "postponed":
            self.tell(e.RollbackPostponed(*place, "Render's rate limit is used up"))
        else:
            self.tell(e.RollbackStoodDown(*place, "another deploy is live"))

    def _make_rollback(self, effect: fx.Rollback) -> str:
        target = next(deploy for deploy in self.deploys if deploy.id == effect.target)
        self.accepted.append((effect.incident, effect))
        made = self.begin(target.commit, trigger="api" if effect.rebuild else "rollback")
        ends = self.rollback_ends
        self.at(self.time + self.rollback_seconds, lambda: self.end(made, ends))
        return made

    # --- deploys ---

    def begin(self, commit: str | None, trigger: str = "new_commit") -> str:
        """Begin a deploy; return its id."""
        made = Deploy(f"dep-{next(self._ids)}", "update_in_progress", trigger, commit=commit, created_at=self.now)
        self.deploys.insert(0, made)
        return made.id

    def end(self, deploy_id: str, status: str = "live") -> None:
        """End a deploy: live (the one before is deactivated) or failed."""
        for index, deploy in enumerate(self.deploys):
            if deploy.id == deploy_id:
                self.deploys[index] = replace(deploy, status=status, finished_at=self.now)
            elif status == "live" and deploy.is_live:
                self.deploys[index] = replace(deploy, status="deactivated")

    def ship(self, at: float, commit: str, seconds: float = 20.0, trigger: str = "new_commit") -> None:
        """Plan a deploy that goes live at that second."""

        def begin() -> None:
            made = self.begin(commit, trigger)
            self.at(at, lambda: self.end(made))

        self.at(max(0.0, at - seconds), begin)

    # --- what happened ---

    def pages(self) -> list[fx.Tell]:
        """Return the notices that ring."""
        return [tell for tell in self.tells if tell.notice.wakes]

    def labels(self) -> list[str]:
        """Return the story's labels."""
        return [note.label for note in self.notes]


def as_read(tell: fx.Tell, now: float) -> fx.Tell:
    """Return what people read in a plain channel then, details below the news; it has no fault and no contradiction."""
    notice = worded(tell.notice, now)
    assert not any(line.startswith("Its text could not be made") for line in notice.lines), notice
    assert contradictions(notice) == [], (notice.title, *notice.lines)
    return replace(tell, notice=replace(notice, lines=(*notice.lines, *notice.details), details=()))


def old_deploy(name: str, commit: str, days_ago: float, status: str = "deactivated") -> Deploy:
    """Return a deploy from before we began to watch."""
    at = START - days_ago * DAY
    return Deploy(name, status, "new_commit", commit=commit, created_at=at - 60, finished_at=at)


__all__ = ["CONTROL", "START", "Fault", "Unknown", "World", "as_read", "make_policy", "old_deploy"]

"""Short lives of one service, for recordings: deploys, failures and people by the minute, guarded by the real core.

Rule: what people do is part of the world (a deploy of theirs, a word to the core); nothing here knows what is right.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.support.recorded_stories import DAY, tape
from watchdog.app.commands.lab_policy import policy_for
from watchdog.core.checked_step import checked_step
from watchdog.domain.events import Event, Observed
from watchdog.domain.incidents import State
from watchdog.domain.policy import Mode, Policy
from watchdog.domain.readings import FailureKind, Good
from watchdog.domain.store_records import Step
from watchdog.lab.closed_loop import ClosedLoop
from watchdog.lab.episode import MAIN, EpisodeWorld
from watchdog.lab.faults import Fault, Symptom
from watchdog.lab.simulated_service import Release

DOWN = Symptom(1.0, FailureKind.STATUS, "HTTP 503")
SLOW = Symptom(slow=9.0)
MINUTE = 60.0
QUIET_SECONDS = 110.0


class Recorded(ClosedLoop):
    """A drive that keeps every step."""

    def __init__(
        self, scene: EpisodeWorld, policy: Policy, state: State | None = None, steps: Sequence[Step] = ()
    ) -> None:
        super().__init__(scene, policy)
        self.state, self.steps = state or self.state, list(steps)

    def tell(self, event: Event) -> None:
        before = self.state
        self.state, effects, _ = checked_step(before, event, self.policy)
        self.steps.append(Step(before, event, self.policy, self.state, effects))
        for effect in effects:
            self._perform(effect)

    def tell_at(self, at: float, event: Event) -> None:
        self._agenda.at(at, lambda: self.tell(replace(event, at=self.now)))


class Life:
    """One service from minute 0 on. What it was read by: the signals of these names."""

    def __init__(self, mode: Mode = Mode.OBSERVE, signals: tuple[str, ...] = ("home",)) -> None:
        self.scene = EpisodeWorld("life", 1)
        self.scene.services = {MAIN: self.scene.main}
        policy = policy_for(self.scene)
        web = policy.services[MAIN]
        read = tuple(one for one in web.signals if one.name in signals)
        self.policy = replace(policy, services={MAIN: replace(web, mode=mode, signals=read)})
        self.drive = Recorded(self.scene, self.policy)
        self.good = self.scene.main.releases[-1]

    def at(self, minute: float) -> float:
        return self.scene.begins_at + minute * MINUTE

    def deploy(
        self, minute: float, name: str, commit: str = "", *, trigger: str = "new_commit", message: str = ""
    ) -> None:
        """Have a deploy asked for then; it takes traffic 20 s later, and is reported live after 25 s."""
        at = self.at(minute)
        self.scene.main.release(Release(name, commit or f"c-{name}", at, at + 10, at + 20, at + 25, trigger, message))

    def back(self, minute: float, name: str = "dep-back", *, trigger: str = "rollback") -> None:
        """Have a human go back to what was live at minute 0."""
        self.deploy(minute, name, self.good.commit, trigger=trigger)

    def breaks(
        self, name: str, symptom: Symptom = DOWN, *, routes: tuple[str, ...] = (), after_seconds: float = 0.0
    ) -> None:
        """Have the commit of a deploy fail for as long as it serves; on all routes, if none is named."""
        commit = next(one.commit for one in self.scene.main.releases if one.id == name)
        self.scene.main.faults.append(Fault(symptom, commit, after_seconds, routes=routes))

    def fails(self, begin: float, end: float, *, routes: tuple[str, ...] = ()) -> None:
        """Have it fail from minute to minute, whatever is deployed; on all routes, if none is named."""
        seconds = (end - begin) * MINUTE
        self.scene.main.faults.append(Fault(DOWN, begins_at=self.at(begin), lasts_seconds=seconds, routes=routes))

    def says(self, minute: float, event: Event) -> None:
        self.drive.tell_at(self.at(minute), event)

    def quiet(self, days: float) -> None:
        """Have nothing happen for so many days, in which the site is read now and then; minute 0 is the end of them."""
        began = self.drive.now
        for nth in range(int(days * DAY / QUIET_SECONDS)):
            self.drive.tell(Observed(began + nth * QUIET_SECONDS, MAIN, "home", Good("HTTP 200")))
        self.scene.begins_at = began + days * DAY
        self.drive = Recorded(self.scene, self.policy, self.drive.state, self.drive.steps)

    def play(self, minutes: float) -> None:
        self.drive.run(self.at(minutes))

    def record(self, folder: Path, minutes: float, run: str = "one") -> State:
        """Live until then, and record it all; return how things are at the end."""
        self.play(minutes)
        written = tape(folder, run)
        written.write(self.drive.steps[0].event.at, self.drive.steps)
        written.close()
        return self.drive.state

"""The actions of a rival after an alert: page, ask, or roll the latest deploy back, by a webhook as is usual today.

Rule 1: it reads the deploys as the platform lists them at that moment, and nothing else; one plan has our vetoes, too.
Rule 2: a deploy is rolled back once; a deploy that came from a rollback is left to a human.
Rule 3: its rollback takes as long as the watchdog's.
"""

from collections.abc import Callable
from enum import StrEnum

from watchdog.domain.deploys import Deploy
from watchdog.lab.baselines.vetoes import vetoed
from watchdog.lab.closed_loop import SEND_SECONDS, ActionTaken, Record
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.simulated_service import Release, Service

FRESH_SECONDS = 1800.0


class Plan(StrEnum):
    """The response to an alert."""

    PAGE = "page"
    FRESH = "roll back within 30 min of a deploy"
    VETOED = "roll back within 30 min of a deploy, with our vetoes"
    LATEST = "roll back the latest deploy"
    ASK = "ask within 30 min of a deploy"


class Hands:
    """Acts for one rival in one scene. With `dry` the world stays unchanged, because other rivals share the scene."""

    def __init__(self, scene: EpisodeWorld, plan: Plan, *, dry: bool = False) -> None:
        self.scene = scene
        self.plan = plan
        self.dry = dry
        self.record = Record()
        self._dice = scene.chance.generator("hands")
        self._rolled_back: set[str] = set()

    def alert(self, at: float, name: str) -> None:
        """Carry out the plan for an alert of this service at a moment (UTC epoch seconds)."""
        service = self.scene.services[name]
        latest, target = self._latest(service, at)
        forbidden = self.plan is Plan.VETOED and latest is not None and vetoed(self.scene, name, latest.id, at)
        if latest is None or target is None or forbidden:
            self.record.did.append(ActionTaken(at, "page", name))
            return
        self._rolled_back.add(latest.id)
        what = "ask" if self.plan is Plan.ASK else "rollback"
        self.record.did.append(ActionTaken(at, what, name, target.commit))
        if what == "rollback" and not self.dry:
            self._roll_back(service, at, target.commit or "")

    def _latest(self, service: Service, at: float) -> tuple[Deploy | None, Deploy | None]:
        """Return the deploy to undo and the one that was live before it, or None twice to page instead."""
        if self.plan is Plan.PAGE:
            return None, None
        lived = [(one.finished_at, one) for one in service.listed(at) if one.finished_at is not None]
        # By the time of going live, not of creation: builds overtake each other.
        lived.sort(key=lambda pair: -pair[0])
        if len(lived) < 2 or lived[0][1].trigger == "rollback" or lived[0][1].id in self._rolled_back:
            return None, None
        if self.plan is not Plan.LATEST and at - lived[0][0] > FRESH_SECONDS:
            return None, None
        return lived[0][1], lived[1][1]

    def _roll_back(self, service: Service, at: float, commit: str) -> None:
        """Change the world as after the watchdog's own request: the same delays, the same kind of release."""
        accepted = at + self._dice.uniform(*SEND_SECONDS)
        live = accepted + service.profile.rollback_seconds
        deploy = f"dep-rollback-{len(service.releases)}"
        service.release(Release(deploy, commit, accepted, live - 10.0, live - 1.0, live, trigger="rollback"))


def judge_deploys(hands: Hands, condemned: Callable[[Service, Release], float | None]) -> Record:
    """Act on every deploy that goes live in a scene and is condemned, at that moment (UTC epoch seconds)."""
    for service in hands.scene.services.values():
        # A copy: a rollback of `hands` appends a release, which is not judged itself.
        for release in list(service.releases):
            # Deploys before the world begins are its history; no minutes before them are simulated.
            at = condemned(service, release) if release.live_at >= hands.scene.begins_at else None
            if at is not None:
                hands.alert(at, service.name)
    # Judged service by service, so the actions are not yet in order of time.
    hands.record.did.sort(key=lambda one: one.at)
    return hands.record

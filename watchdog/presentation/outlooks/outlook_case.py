"""An incident, the moment its outlook is read at, and the names that its sentences need. Pure."""

from dataclasses import dataclass
from datetime import tzinfo

from watchdog.core.note_text import WayBack, short, way_back
from watchdog.core.phases.human_commands import NOT_FOR_HUMANS
from watchdog.core.phases.paged import PASSING_VETOES
from watchdog.domain.decisions import LIKELIER_THAN_NOT, Cause, GuardAnswer, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.policy import Action, Mode
from watchdog.presentation.block_words import over_migration
from watchdog.presentation.notices.headlines import time_of_day
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.outlooks.other_service import Culprit, OtherService, culprit
from watchdog.presentation.situation import blocking
from watchdog.presentation.text import clean, show_likely


def suspects(incident: Incident) -> bool:
    """Return whether a deploy is likelier to blame for the incident than not.

    Also where a fact is not read yet: that vetoes a rollback, and acquits no deploy (its probability is 0 then).
    """
    blame = incident.decision.blame if incident.decision is not None else None
    return blame is not None and (blame.probability or 0.0) >= LIKELIER_THAN_NOT


def likely_to_blame(incident: Incident) -> str:
    """Return how likely the suspect is to blame, `99 % likely to blame`; empty if that was not weighed.

    Once the service runs without it, only a proved recovery keeps that probability: it was weighed before.
    """
    blame = incident.decision.blame if incident.decision is not None else None
    if blame is None or blame.probability is None:
        return ""
    proved = incident.rollback.verified_at is not None or incident.outcome is Outcome.VERIFIED
    chance = f"{show_likely(blame.probability)} to blame"
    return f"was {chance} before the rollback" if incident.rollback.restored_at is not None and not proved else chance


def named(deploy: Deploy) -> str:
    """Return a deploy with its commit: `dep-42 (9f3c2ab)`."""
    return f"{clean(deploy.id)}{f' ({clean(short(deploy.code))})' if deploy.code else ''}"


@dataclass(frozen=True, slots=True)
class Case:
    """An incident and the moment its outlook is read at."""

    incident: Incident
    now: float
    tz: tzinfo
    state: CurrentState

    @property
    def target(self) -> str:
        """Return the target with its commit: `dep-40 (1b7e0d4)`."""
        rollback = self.incident.rollback
        return (
            f"{clean(rollback.target)} ({short(rollback.target_code)})"
            if rollback.target_code
            else clean(rollback.target or "an earlier deploy")
        )

    @property
    def way_back(self) -> WayBack:
        """Return the words for the way back to the target: `rollback to dep-40 (1b7e0d4)`."""
        return way_back(self.incident, self.target)

    @property
    def live(self) -> str:
        """Return since when the target is live, as which deploy: `dep-40 (1b7e0d4) is live as dep-43 since …`."""
        rollback = self.incident.rollback
        name = f" as {clean(rollback.deploy)}" if rollback.deploy else ""
        what = f"commit {short(rollback.target_code)}, rebuilt," if rollback.rebuilds else self.target
        return f"{what} is live{name}{self.by(rollback.restored_at, 'since')}"

    @property
    def suspect(self) -> str:
        """Return the blamed deploy with its commit, `dep-42 (9f3c2ab)`; `the deploy` if none is blamed."""
        decision = self.incident.decision
        deploy = decision.blame.accused if decision is not None and decision.blame is not None else None
        return named(deploy) if deploy is not None else "the deploy"

    @property
    def service(self) -> str:
        """Return the service's name."""
        return clean(self.incident.service)

    def named(self, text: str) -> str:
        """Return a text with the names of its service, suspect and target in their places."""
        return text.format(service=self.service, suspect=self.suspect, target=self.target)

    def at(self, moment: float | None) -> str:
        """Return a time of day, or nothing for an unknown one."""
        return time_of_day(moment, self.now, self.tz) if moment is not None else ""

    def by(self, moment: float | None, before: str) -> str:
        """Return ` by 16:31 UTC`, with the word in front; empty for an unknown moment."""
        return f" {before} {self.at(moment)}" if moment is not None else ""

    @property
    def blocks(self) -> list[GuardAnswer]:
        """Return the guards that block the rollback of the last decision."""
        decision = self.incident.decision
        return [one for one in decision.guards if one.verdict is Verdict.BLOCK] if decision is not None else []

    @property
    def over_migration(self) -> GuardAnswer | None:
        """Return the guard that asks because the rollback goes, or may go, over a migration; None once it was sent."""
        decision = self.incident.decision
        if decision is None or self.incident.rollback.requested_at is not None:
            return None
        return over_migration(decision.guards)

    @property
    def unread(self) -> str:
        """Return the veto that only lacks a fact and keeps the daemon from deciding; empty without one."""
        decision = self.incident.decision
        vetoed = decision.blame.vetoed if decision is not None and decision.blame is not None else ()
        return next((one.name for one in vetoed if one.name in PASSING_VETOES), "")

    @property
    def may_act(self) -> str:
        """Return what a decision may lead to, by mode and rule: `may roll back to dep-40 by itself`.

        Where no deploy is likely to blame so far, the next decision may find another one, with another target.
        """
        decision = self.incident.decision
        asks = decision is not None and (
            decision.mode == Mode.ASSIST
            or decision.policy_action in (Action.ASK, Action.SCHEDULE)
            or any(one.verdict is Verdict.ASK and not one.passing for one in decision.guards)
        )
        where = f" to {self.target}" if self.suspects else ""
        return f"may {'ask whether to roll' if asks else 'roll'} back{where}{'' if asks else ' by itself'}"

    @property
    def if_allowed(self) -> str:
        """Return the condition of a rollback without an answer; a pause is known to forbid it."""
        if self.state.stopped:
            return "if the daemon is resumed by then and nothing else forbids it"
        return "if nothing forbids it"

    @property
    def suspects(self) -> bool:
        """Return whether a deploy is likelier to blame than not."""
        return suspects(self.incident)

    @property
    def in_peoples_way(self) -> GuardAnswer | None:
        """Return the block that the reader has to deal with first: one that holds for people, too, else the longest.

        Budget and cooldown restrain the daemon alone; a pause or a refused key would refuse a manual rollback as well.
        """
        return next((one for one in self.blocks if one.name not in NOT_FOR_HUMANS), blocking(self.incident))

    @property
    def other_cause(self) -> str:
        """Return the evidence of the other cause that is likelier than not; empty if none is."""
        return clean(self.likely.why).rstrip(".") if self.likely is not None else ""

    @property
    def likely(self) -> Cause | None:
        """Return the other cause that is likelier than not; None if none is."""
        decision = self.incident.decision
        return decision.blame.other_cause if decision is not None and decision.blame is not None else None

    @property
    def culprit(self) -> Culprit | None:
        """Return the deploy of another guarded service that is likelier to blame than not; None without one."""
        return culprit(self.incident)

    @property
    def other(self) -> OtherService | None:
        """Return how its service stands; without a culprit, or where that is not known, None."""
        return self.state.other if self.culprit is not None else None

    @property
    def offers_other(self) -> bool:
        """Return whether the other service's rollback is the step: it has a target, or only its plan will tell."""
        return self.culprit is not None and (self.other is None or self.other.target is not None)

    @property
    def auto_deploy_on(self) -> str:
        """Return the value of auto-deploy that was read as on after this incident had ordered it off; else nothing.

        A Blueprint's sync or a person may switch it on while the record still has it as off.
        """
        pin = self.incident.pin
        return clean(self.state.auto_deploy) if pin.off or pin.note else ""

    @property
    def may_roll_back(self) -> bool:
        """Return whether a manual rollback has a target, no guard or author against it, and a likely culprit.

        A tired reader follows every suggestion, so a rollback that would be refused, or is unlikely to help, is none.
        """
        decision = self.incident.decision
        if decision is None or decision.target is None or decision.target.deploy is None:
            return False
        # The trailer holds for the daemon alone; yet its author knows why this commit must not be rolled back.
        blocked = {one.name for one in self.blocks} - (NOT_FOR_HUMANS - {"trailer"})
        return not blocked and self.suspects

"""The parts of an incident: the question to people, the switch of auto-deploy, the rollback, the calls, the notices.

Each keeps the facts of its own that outlast a phase; `Incident` holds them together.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.policy import Then
from watchdog.domain.texts.prose import Prose


@dataclass(frozen=True, slots=True)
class Deadline:
    """The clock of an open question, as people received it: no reload changes it. Times are UTC epoch seconds."""

    asked_at: float  # when the question was sent
    then: Then  # the action at `due_at` without an answer
    within_seconds: float | None = None  # to answer, from `delivered_at` before a rollback, else `asked_at`; None: any
    due_at: float | None = None  # when `then` is done
    remind_at: float | None = None  # when people are reminded
    delivered_at: float | None = None  # when the first channel showed the question; None: no channel is known to have


@dataclass(frozen=True, slots=True)
class StakeholderStatus:
    """The notices of an outage that stakeholders of that name received. Times are UTC epoch seconds."""

    name: str  # which stakeholders (policy)
    thread: str  # the thread of their notices
    since: float  # begin of the outage, as their notices state it
    works_at: float | None = None  # recovery, as their notices state it; None: not stated yet


@dataclass(frozen=True, slots=True)
class Question:
    """The question of an incident and its answer. Times are UTC epoch seconds; None: not yet."""

    asked_at: float | None = None  # when the last question was sent
    deadline: Deadline | None = None  # the clock of that question
    reminded: bool = False  # people were reminded of it
    asked_about: tuple[str, ...] = ()  # its suspect and target; empty: not asked, or by a version without this
    asked_anew_at: float | None = None  # when it was last asked about others than before
    approved_by: str | None = None  # who said yes
    approved_at: float | None = None  # when
    defaulted_at: float | None = None  # when the policy said yes in place of people


@dataclass(frozen=True, slots=True)
class Pin:
    """Auto-deploy of the service, switched off so that no merge brings the bad commit back."""

    previous: str | None = None  # its value before it was switched off
    off: bool = False  # it was read back as off, and was not given back since
    note: Prose = ""  # how it stands: off and read back, given back, switched back by another …
    again: bool = False  # it was ordered off a second time, as the bad commit came back


@dataclass(frozen=True, slots=True)
class Escalation:
    """The calls for an incident, and its acknowledgement. Times are UTC epoch seconds."""

    notified_at: float | None = None  # the last call; earlier acknowledgements do not cover it
    called_at: float | None = None  # when a person was last called who may not have noticed; None: no further call
    next_call_at: float | None = None  # when the next call is due, also once an acknowledgement ends; None: none is
    next_call_name: str = ""  # whom that call names; empty: everyone again
    climbed: int = 0  # steps taken
    calls: int = 0  # steps that called a person
    all_called: bool = False  # no step was within its hours at the last call
    acknowledged_by: str | None = None  # who looks after it
    acknowledged_at: float | None = None  # since when
    unwatched_since: float | None = None  # no worker watched from then on, and it may have ended; None: no such gap


class Rebuild(StrEnum):
    """Why the target's commit is built anew (remedy `redeploy_commit`), or is not, once no artefact of it is kept.

    Stores hold the values.
    """

    ARTEFACT_GONE = "artefact gone"  # it is built: a rollback to the target cannot be had any more
    NO_COMMIT = "no commit"  # not: the target is an image, or is not listed any more
    CONFIGURATION = "configuration"  # not: that is to blame, and a build takes the present one
    NOT_IN_POLICY = "not in policy"  # not: `redeploy_commit: false`


@dataclass(frozen=True, slots=True)
class RollbackAttempt:
    """The rollback of an incident, from its target to the proof that it helped. Times are UTC epoch seconds.

    Theory. `tried` is set in the step that emits the effect `Rollback`, so that no crash can lead to a second one.
    `deploy` follows when the platform accepts it, `restored_at` when that deploy is live, `verified_at` when fresh
    readings prove the recovery. A postponed rollback (nothing was sent) clears `tried`; an unknown outcome does not.
    """

    target: str | None = None  # the deploy to roll back to
    target_code: str | None = None  # its commit or image digest
    expired: str | None = None  # a target whose artefact is gone, and whose commit is therefore built anew
    rebuild: Rebuild | None = None  # why that is so, or is not; None: no artefact proved to be gone
    blocked_since: float | None = None  # since when something keeps a decided rollback from being sent
    tried: bool = False  # a rollback was requested, and not postponed since
    requested_at: float | None = None  # when the rollback was requested
    expected_at: float | None = None  # when it is usually live, or proved at the earliest; None: not known
    overdue_at: float | None = None  # when people are paged if that, or the answer to the request, is missing
    deploy: str | None = None  # the deploy that the rollback made
    refused_at: float | None = None  # when the platform refused the request for good: nothing was changed
    refusal: Prose = ""  # its reason
    artefact_gone: bool = False  # it keeps nothing of the target any more: no rollback leads there
    restored_at: float | None = None  # when that was live
    healed_at: float | None = None  # since when all was good again, if that was before it could take traffic
    verified_at: float | None = None  # when the recovery was proved
    verification: Prose = ""  # how it was proved
    unproved: tuple[str, ...] = ()  # signals that had nothing to say by then
    undoes: str = ""  # the incident whose rollback a human takes back with this one
    undo_of_verified: bool = False  # the site had been proved well with that rollback

    @property
    def rebuilds(self) -> bool:
        """Return whether the target's artefact is gone, so that its commit is built anew."""
        return self.expired is not None and self.expired == self.target

"""The daemon with one of its teeth drawn. The storm must catch each of them: otherwise it has gone blind.

They are made by handing other timings, or another part from outside (`mutants.py`), to the shipped wiring.
`caught_by` names the figure of the score that must show it. Where two safeguards cover each other, both are gone:
without the guard, the last look alone would still find that no failure was seen lately. `weather` makes the faults that
it lacks a tooth against frequent, where they are rare.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.reconcile import Reconcile, look_up
from watchdog.daemon.actions.timings import SHIPPED, Timings
from watchdog.domain.policy import Policy
from watchdog.lab.storm.channels import StormChannel
from watchdog.lab.storm.mutants import (
    AnswersNoOne,
    Believing,
    DatesLists,
    ForgetsEnds,
    ForgetsSends,
    KeepsRinging,
    NeverCloses,
    NeverDone,
    TriesOnce,
    Unfenced,
    Whispers,
    believe_in_nothing,
    forbid_nothing,
    never_be_late,
    without_cooldown,
    without_patience,
    without_remedies,
)
from watchdog.lab.storm.render import RenderClient
from watchdog.lab.storm.store import StormStore
from watchdog.ports import RemedyAction

T = TypeVar("T")


def as_it_is(part: T) -> T:
    """Return it unchanged."""
    return part


def leave_as_it_is(actuator: Actuator) -> None:
    """Change nothing."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The parts that the daemon gets, and the figure of the score that must show the missing safeguard."""

    caught_by: str = ""
    timings: Timings = SHIPPED
    reconcile: Reconcile = look_up
    store: type[StormStore] = StormStore
    platform: type[RenderClient] = RenderClient
    channel: type[StormChannel] = StormChannel
    weaken: Callable[[Actuator], None] = leave_as_it_is
    remedy: Callable[[RemedyAction], RemedyAction] = as_it_is
    policy: Callable[[Policy], Policy] = as_it_is
    weather: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


ENDLESS_SECONDS = 1e9
WITH_REMEDIES: Mapping[str, float] = MappingProxyType({"remedies": 1.0})
FULL = "full"
VARIANTS = {
    FULL: Variant(),
    "blind-resend": Variant(
        # A request is looked up only if its answer was lost.
        "double_rollbacks",
        reconcile=believe_in_nothing,
        weather=MappingProxyType({"answer_lost": 1.0}),
    ),
    "short-settle": Variant(
        "double_rollbacks",
        # A request may land up to 8 s after its sender gave it up (LANDING_MAX_SECONDS).
        timings=replace(SHIPPED, settle_seconds=3.0),
        weather=MappingProxyType({"slow_landing": 1.0}),
    ),
    "no-guard": Variant(
        "double_rollbacks", timings=replace(SHIPPED, guard_seconds=ENDLESS_SECONDS), weaken=never_be_late
    ),
    "no-fence": Variant("double_rollbacks", store=Unfenced),
    "no-last-look": Variant("wrong_targets", weaken=forbid_nothing),
    "no-read-back": Variant("left_off", platform=Believing),
    "no-retry": Variant("lost_pages", channel=TriesOnce),
    "no-end": Variant("rung_after_end", channel=KeepsRinging),
    "no-closing-row": Variant("left_open", store=NeverCloses),
    # Only an outage that covers the close of an incident and the next looks leaves its end to a later save.
    "no-owed-end": Variant("left_open", store=ForgetsEnds, weather=MappingProxyType({"store_outage_at_save": 0.2})),
    "no-answer": Variant("stuck", store=AnswersNoOne),
    "no-wake": Variant("missed", channel=Whispers),
    # Only a restored store knows less than the platform's list.
    "no-known-list": Variant("double_rollbacks", store=DatesLists, weather=MappingProxyType({"store_restored": 1.0})),
    # A request whose answer was lost is sent again.
    "remedy-resend": Variant("double_remedies", store=ForgetsSends, weather=WITH_REMEDIES),
    "remedy-short-settle": Variant(
        "double_remedies",
        timings=replace(SHIPPED, settle_seconds=3.0),
        weather=MappingProxyType({**WITH_REMEDIES, "slow_landing": 1.0, "humans_in_protocol": 0.0}),
    ),
    "remedy-forgotten": Variant("early_rollbacks", policy=without_remedies, weather=WITH_REMEDIES),
    "remedy-without-proof": Variant("early_rollbacks", policy=without_patience, weather=WITH_REMEDIES),
    "remedy-without-cooldown": Variant("double_remedies", policy=without_cooldown, weather=WITH_REMEDIES),
    "remedy-not-read": Variant("untold_remedies", remedy=NeverDone, weather=WITH_REMEDIES),
    "endless-settle": Variant(
        # Both limits: the second one alone would end the wait with a call for a human.
        "stuck",
        timings=replace(SHIPPED, settle_seconds=ENDLESS_SECONDS, lost_seconds=ENDLESS_SECONDS),
    ),
}
"""The shipped daemon, and the weakened ones, by name.

An actuator that is shown an old list is not among them: nothing went wrong for it in 400 seeds, for the core reads the
list itself and sends nothing without a fresh failure. That the last look reads it is held by tests of the actuator.
"""

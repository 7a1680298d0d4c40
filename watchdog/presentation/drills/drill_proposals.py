"""What a history of drills proposes for the runbook: a table of rules, each with the setting to look at. Pure.

Rule: only the steps that took too long themselves are named. A step that is late because the one before it was late
gets no proposal of its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep, ended_by_method
from watchdog.domain.units import show_seconds
from watchdog.presentation.drills.drill_text import limit

BEFORE: Mapping[DrillStep, DrillStep] = MappingProxyType(
    {
        DrillStep.DECIDED: DrillStep.DETECTED,
        DrillStep.REQUESTED: DrillStep.DECIDED,
        DrillStep.PAGED: DrillStep.DETECTED,
        DrillStep.RESTORED: DrillStep.REQUESTED,
        DrillStep.VERIFIED: DrillStep.RESTORED,
        DrillStep.ACKNOWLEDGED: DrillStep.PAGED,
    }
)
"""The step that each one waits for; the others wait for nothing but the outage."""
OWN_SECONDS = 10.0
"""A step after a late one is late by itself if it took at least so long, and longer than the targets leave it."""
DRILLS_FOR_A_TARGET, TIGHT_SHARE = 3, 0.5
"""A target is too generous if the last three drills all needed less than half of it."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to change, and where. `{service}` stands for the service's name."""

    setting: str  # the setting's path, as the configuration has it
    change: str  # what to do, for people


LATE: Mapping[DrillStep, Remedy] = MappingProxyType(
    {
        DrillStep.DETECTED: Remedy("services.{service}.signals", "probe the critical routes more often (`every:`)"),
        DrillStep.DECIDED: Remedy("services.{service}.signals", "add a signal that shows the fault without doubt"),
        DrillStep.REQUESTED: Remedy("services.{service}.veto", "shorten the veto, and see which remedy went first"),
        DrillStep.PAGED: Remedy("policy.critical.tell", "put a channel first that delivers in time, and prove it"),
        DrillStep.RESTORED: Remedy("drill.targets.restored", "ask why Render is slow; else write the true time"),
        DrillStep.VERIFIED: Remedy("advanced.verification.seconds", "shorten the proof, or write the true time"),
        DrillStep.ACKNOWLEDGED: Remedy("escalation", "call the next person sooner, or a nearer one first"),
    }
)
"""A step that came too late."""
NEVER: Mapping[DrillStep, Remedy] = MappingProxyType(
    {
        DrillStep.DETECTED: Remedy("services.{service}.signals", "add a critical probe of what the commit breaks"),
        DrillStep.DECIDED: Remedy("services.{service}.signals", f"see what held it: `{command_line('explain')}`"),
        DrillStep.REQUESTED: Remedy("services.{service}.mode", "let the daemon act, or write down who does instead"),
        DrillStep.PAGED: Remedy("policy.critical.tell", "name a channel that reaches people, and prove it"),
        DrillStep.RESTORED: Remedy("advanced.verification.give_up", "write down what to do if a rollback fails"),
        DrillStep.VERIFIED: Remedy("services.{service}.signals", "see which signal did not recover"),
        DrillStep.ACKNOWLEDGED: Remedy("escalation", "call a second person, by another channel"),
    }
)
"""A step that never came."""
OF_A_FLAG: Mapping[DrillStep, Remedy] = MappingProxyType(
    {
        DrillStep.REQUESTED: Remedy("services.{service}.remedies", "see what kept the flag_off from its turn"),
        DrillStep.RESTORED: Remedy("services.{service}.remedies", "ask why the flag service is slow, or refuses"),
        DrillStep.VERIFIED: Remedy("services.{service}.remedies", "see how soon the programs notice the flag (prove)"),
    }
)
"""What to change where such a step of a drill by flag came too late or never, in the place of the other tables."""
UNCLEAN: Mapping[DrillMethod, Remedy] = MappingProxyType(
    {
        DrillMethod.BAD_COMMIT: Remedy("services.{service}.drill", "write down how to clean up by hand"),
        DrillMethod.FLAG: Remedy("services.{service}.drill", "write down how to switch the flag off by hand"),
        DrillMethod.PAGE: Remedy("channels", "write down how to close a page by hand"),
    }
)
"""A drill that left work."""
GENEROUS = "write {target}: the slowest recent drill of any service took {slowest}"
MARGIN_FACTOR, ROUND_SECONDS = 1.5, 5
"""A tighter target leaves the slowest drill half as long again, in whole steps of this: by itself it is not too
generous any more, so the next report does not ask for a tighter one still."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal for the runbook."""

    rule: str  # late, never, unclean or generous
    service: str  # whose drill showed it
    step: DrillStep | None  # the step, where it concerns one
    found: str  # what the drills showed
    setting: str  # the setting to look at, by its path
    change: str  # what to do
    target_seconds: float | None = None  # the target to write, where the rule knows one


def proposals(drills: Sequence[Drill]) -> list[Proposal]:
    """Return the proposals of all services; `drills` newest first, without those in the sandbox.

    Only the newest ended drill of a service and method counts for what was slow: the settings may have changed since
    the others.
    """
    found: list[Proposal] = []
    ended_of = ended_by_method(drills)
    recent = [one for ended in ended_of.values() for one in ended[:DRILLS_FOR_A_TARGET]]
    for (service, method), ended in ended_of.items():
        newest = ended[0]
        found += [_of_step(newest, step) for step in own_faults(newest)]
        if newest.left:
            what = f"drill {newest.number} left work: {newest.left[0]}"
            found.append(_proposal("unclean", service, None, what, UNCLEAN[method]))
        found += _generous(service, ended[:DRILLS_FOR_A_TARGET], recent)
    return found


def own_faults(drill: Drill) -> list[DrillStep]:
    """Return the steps that missed their target by themselves, not by the step before them."""
    return [step for step in drill.missed if _own_fault(drill, step)]


def _own_fault(drill: Drill, step: DrillStep) -> bool:
    before = BEFORE.get(step)
    if before is None or before not in drill.missed:
        return True
    # What never came keeps every step after it from coming in time.
    if step not in drill.took or before not in drill.took:
        return before in drill.took
    own = drill.took[step] - drill.took[before]
    return own >= max(OWN_SECONDS, limit(drill, step) - limit(drill, before))


def _of_step(drill: Drill, step: DrillStep) -> Proposal:
    target, took = show_seconds(limit(drill, step)), drill.took.get(step)
    own = OF_A_FLAG if drill.method is DrillMethod.FLAG else {}
    if took is None:
        return _proposal(
            "never", drill.service, step, f"{step} never came (target {target})", own.get(step, NEVER[step])
        )
    what = f"{step} after {show_seconds(took)} (target {target})"
    return _proposal("late", drill.service, step, what, own.get(step, LATE[step]))


def _generous(service: str, newest: Sequence[Drill], recent: Sequence[Drill]) -> list[Proposal]:
    """Return the targets that are too generous for a service; `recent` are the newest of all."""
    if len(newest) < DRILLS_FOR_A_TARGET:
        return []
    found = []
    for step in newest[0].steps:
        took, target = [one.took.get(step) for one in newest], limit(newest[0], step)
        slowest = max((one for one in took if one is not None), default=0.0)
        if None in took or slowest >= target * TIGHT_SHARE:
            continue
        # One target holds for all services: one that suits the quick service alone would fail the others.
        of_all = max(one.took.get(step, math.inf) for one in recent if step in one.steps)
        tighter = _tighter(of_all)
        if tighter < target:
            what = f"{step} took {show_seconds(slowest)} at most in {len(took)} drills (target {show_seconds(target)})"
            change = GENEROUS.format(target=f"{tighter:.0f}s", slowest=show_seconds(of_all))
            found.append(Proposal("generous", service, step, what, f"drill.targets.{step}", change, tighter))
    return found


def _tighter(slowest_seconds: float) -> float:
    """Return the target that leaves room above the slowest drill; without an end where a step never came."""
    if math.isinf(slowest_seconds):
        return slowest_seconds
    return float(max(1, math.ceil(slowest_seconds * MARGIN_FACTOR / ROUND_SECONDS)) * ROUND_SECONDS)


def _proposal(rule: str, service: str, step: DrillStep | None, found: str, remedy: Remedy) -> Proposal:
    return Proposal(rule, service, step, found, remedy.setting.format(service=service), remedy.change)

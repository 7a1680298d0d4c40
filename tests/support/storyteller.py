"""Stories as text: a timeline is read, played through the pure core in a simulated cloud, and written down.

A story file: comment lines, `given` lines, timeline lines `MM:SS  something happens`, the line `----`, and below it
what the core did: the moment, the phase, and every line of the journal, every message and every change of production.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.core.world import FOREVER, START, Fault, World, make_policy, old_deploy
from watchdog.core.assess import schedule
from watchdog.core.detect import usual_errors
from watchdog.core.phases.undo_rollback import asked_for
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.checks import Check, UsualErrors
from watchdog.domain.deploys import Commit
from watchdog.domain.incidents import Act, ActiveCritical, ServiceState
from watchdog.domain.policy import (
    Action,
    Approver,
    Digest,
    Mode,
    Moment,
    ServicePolicy,
    SignalPolicy,
    Stakeholders,
    Step,
    Then,
    Weekly,
    Window,
)
from watchdog.domain.readings import Bad, FailureKind, MinuteCount
from watchdog.domain.remedies.kinds import words
from watchdog.domain.remedies.maintenance_mode import ON
from watchdog.domain.remedies.remedy import FailureType, Remedy
from watchdog.domain.severity import Severity
from watchdog.presentation.notices.notice_text import worded

LINE = "----"
REFUSED = Bad("connection refused", FailureKind.CONNECT)


class Untellable(Exception):
    """A line of a story that nobody understands."""


class Stage(World):
    """A world that writes down what the core does in it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.steady = True  # each line has its moment
        self.told: list[str] = []
        self._head = ("", "")

    def _perform(self, effect: fx.Effect) -> None:
        text = describe(effect, self.now)
        if text:
            head = (clock(self.time), self.state.services["web"].phase.value.upper())
            self.told.append(f"{head[0]}  {head[1]:<13} {text}" if head != self._head else f"{'':<20} {text}")
            self._head = head
        super()._perform(effect)


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def describe(effect: fx.Effect, now: float) -> str:
    """Return a line for what a reader of the story wants to know; nothing for paces and wakes."""
    match effect:
        case fx.Note(label="NOTIFIED" | "INFORMED"):
            return ""
        case fx.Note(label=label, text=text):
            return f"{label} {text}"
        case fx.Tell(notice=notice, channels=channels) if notice.plain:
            return (
                f"-> tell {', '.join(channels)} (plainly, {notice.kind}): {' | '.join((notice.title, *notice.lines))}"
            )
        case fx.Tell(notice=notice, channels=channels):
            how = "page" if notice.wakes else "info"
            return f"-> tell {', '.join(channels)} ({how}, {notice.kind}): {worded(notice, now).title}"
        case fx.PinAutoDeploy():
            return "-> switch auto-deploy off"
        case fx.TryRemedy(remedy=name):
            return f"-> {words(name).do}"
        case fx.RestoreAutoDeploy(value=value):
            return f"-> give auto-deploy back: {value}"
        case fx.Rollback(suspect=suspect, target=target, approved_by=by):
            return f"-> roll back {suspect} -> {target}" + (f", approved by {by}" if by else "")
    return ""


def play(text: str) -> str:
    """Return the behaviour of a story, given what stands above its line."""
    stage = Stage(make_policy(), [])
    perform(text, stage)
    return "\n".join(stage.told) + "\n"


def perform(text: str, stage: Stage, *, later: float = 0.0, until: float | None = None) -> None:
    """Play a story up to that second, by default its last; `later`: so many seconds after the moments of its lines."""
    end = 0.0
    for line in text.split(f"\n{LINE}\n")[0].splitlines():
        if line.strip() and not line.startswith("#"):
            end = max(end, _read(stage, line, later))
    stage.run(end if until is None else until)


def _read(stage: Stage, line: str, later: float) -> float:
    """Understand one line; return its moment in seconds. Raises Untellable."""
    if line.startswith("given "):
        _apply(GIVEN, stage, 0.0, line.removeprefix("given ").strip())
        return 0.0
    match = re.fullmatch(r"(\d+):(\d\d)\s+(.+)", line)
    if match is None:
        raise Untellable(f"not a line of a story: {line!r}")
    at = int(match[1]) * 60.0 + int(match[2]) + later
    _apply(HAPPENS, stage, at, match[3].strip())
    return at


Teller = Callable[..., None]


def _apply(table: dict[str, Teller], stage: Stage, at: float, words: str) -> None:
    for pattern, tell in table.items():
        match = re.fullmatch(pattern, words)
        if match is not None:
            tell(stage, at, *match.groups())
            return
    raise Untellable(f"nobody understands {words!r}")


def _given(stage: Stage, **fields: Any) -> None:
    stage.policy = replace(stage.policy, **fields)


def _web(stage: Stage, **fields: Any) -> None:
    _given(stage, services={**stage.policy.services, "web": replace(stage.policy.services["web"], **fields)})


def _row(stage: Stage, severity: str, **fields: Any) -> None:
    row = replace(stage.policy.matrix[Severity(severity)], **fields)
    _given(stage, matrix={**stage.policy.matrix, Severity(severity): row})


def _window(stage: Stage, at: float, severity: str, name: str, *clock: str) -> None:
    begins, ends = (int(hour) * 60 + int(minute) for hour, minute in (clock[:2], clock[2:]))
    window = Window(name, Weekly(tuple(range(7)), begins, ends, "UTC"))
    _row(stage, severity, do=Action.SCHEDULE, window=window)


def _approver(stage: Stage, at: float, severity: str, name: str) -> None:
    _row(stage, severity, approver=Approver(name, (f"terminal:{name}",), (f"{name}-email",)))


def _next(stage: Stage, at: float, name: str, seconds: str) -> None:
    _given(stage, escalation=(*stage.policy.escalation, Step(name, (name,), float(seconds))))


def _stakeholders(stage: Stage, at: float, name: str, severity: str) -> None:
    one = Stakeholders(name, (f"{name}-email",), severity=Severity(severity))
    _given(stage, stakeholders=(*stage.policy.stakeholders, one))


def _digest(stage: Stage, at: float, minutes: str, seconds: str, name: str) -> None:
    moment = datetime.fromtimestamp(START + int(minutes) * 60 + int(seconds), UTC)
    every = Moment(moment.weekday(), moment.hour * 60 + moment.minute, "UTC")
    _given(stage, digest=Digest(every, (name,)))


def _errors_by_hour(stage: Stage, at: float, count: str, begin: str, end: str, days: str) -> None:
    """Let the error tracker be read, and the core know its hours of so many days: that many errors in those minutes."""
    _web(stage, signals=(*stage.policy.services["web"].signals, SignalPolicy("errors", "sentry")))
    usual, first = UsualErrors(), START // 3600 * 3600 - 86400.0 * int(days)
    for hour in range(24 * int(days)):
        starts = [first + 3600.0 * hour + 60.0 * minute for minute in range(66)]
        many = [60.0 * int(begin) <= (start - START) % 86400.0 < 60.0 * int(end) for start in starts]
        counted = [
            MinuteCount(start, 60.0, float(count) if one else 1.0) for start, one in zip(starts, many, strict=True)
        ]
        usual = usual_errors.after(usual, counted)
    web = ServiceState("web", checks={"errors": Check("errors", "sentry", usual_errors=usual)})
    stage.state = replace(stage.state, services={"web": web})


def _errors(stage: Stage, count: str, seconds: str) -> None:
    stage.flood, stage.flood_errors = (stage.time, stage.time + float(seconds)), float(count)


def _guarded_too(stage: Stage, at: float, names: str) -> None:
    others = {name: ServicePolicy(name, f"srv-{name}", Mode.AUTONOMOUS) for name in names.split(", ")}
    _given(stage, services={**stage.policy.services, **others})


def _old(stage: Stage, at: float, name: str, commit: str, status: str, days: str) -> None:
    stage.deploys.append(old_deploy(name, commit, float(days), status))


def _ship(stage: Stage, at: float, commit: str, trigger: str | None) -> None:
    stage.ship(at, commit, trigger=trigger or "new_commit")


def _fail(stage: Stage, at: float, signal: str, how: str, share: str | None, code: str | None) -> None:
    slow = how == "is slow"
    stage.faults.append(Fault(at, FOREVER, float(share or 100) / 100, code, slow=slow))


def _refuse(stage: Stage, at: float) -> None:
    stage.faults.append(Fault(at, FOREVER, reading=REFUSED))
    stage.api_fails_with_home = True


def _recover(stage: Stage, at: float) -> None:
    for fault in stage.faults:
        fault.end = min(fault.end, at)


def _span(name: str) -> Teller:
    return lambda stage, at: setattr(stage, name, (at, FOREVER))


def _end_of(name: str) -> Teller:
    return lambda stage, at: setattr(stage, name, (getattr(stage, name)[0], at))


def _later(do: Callable[..., None]) -> Teller:
    """Return what does this with the stage when its moment has come; what the pattern caught are its words."""
    return lambda stage, at, *words: stage.at(at, lambda: do(stage, *words))


def _say(make: Callable[..., e.Event]) -> Teller:
    """Let the core hear an event of that moment; what the pattern caught comes after the moment."""

    def say(stage: Stage, *words: str | None) -> None:
        stage.tell(make(stage.now, *(word for word in words if word is not None)))

    return _later(say)


def _silence(at: float, by: str, seconds: str) -> e.Event:
    return e.Silenced(at, by, at + float(seconds), "moving", "web")


@_later
def _summed_up(stage: Stage, words: str) -> None:
    assert stage.policy.digest is not None
    until = schedule.latest(stage.policy.digest.every, stage.now)
    stage.tell(e.WeekSummedUp(stage.now, until, words, ()))


@_later
def _undo(stage: Stage, incident: str, by: str) -> None:
    """Let the core hear of an undo, with what the record says of the incident by then."""
    stage.tell(asked_for(stage.incidents[incident], stage.now, by))


@_later
def _critical_elsewhere(stage: Stage, name: str, code: str | None) -> None:
    trouble = ActiveCritical(name, stage.now, code, recent_deploy=code is not None)
    stage.state = replace(stage.state, troubles={**stage.state.troubles, name: trouble})


@_later
def _well_elsewhere(stage: Stage, name: str) -> None:
    kept = {other: trouble for other, trouble in stage.state.troubles.items() if other != name}
    stage.state = replace(stage.state, troubles=kept)


@_later
def _acted_elsewhere(stage: Stage, name: str, code: str) -> None:
    act, acted_at = Act(stage.now, name, code), (*stage.state.acted_at, stage.now)
    stage.state = replace(stage.state, acted_at=acted_at, acts=(*stage.state.acts, act))


def _facts(**known: Any) -> Callable[..., None]:
    """Return what changes the facts that the platform tells; who suspended it, if anybody did, is caught."""

    def change(stage: Stage, *suspenders: str) -> None:
        stage.facts = replace(stage.facts, **known, suspenders=suspenders)

    return _later(change)


@_later
def _auto_deploy(stage: Stage, value: str) -> None:
    stage.facts = replace(stage.facts, auto_deploy=value)


@_later
def _branch(stage: Stage, shas: str) -> None:
    """Let the core hear what is on the branch, newest first; a commit was made a second before the one above it."""
    commits = (Commit(sha, stage.now - age, f"Change {sha}") for age, sha in enumerate(shas.split(", ")))
    stage.tell(e.CommitsSeen(stage.now, "web", tuple(commits)))


GIVEN: dict[str, Teller] = {
    r"mode (observe|assist|autonomous)": lambda stage, _, mode: _web(stage, mode=Mode(mode)),
    r"feature flag (\S+) is switched off before a rollback": lambda stage, _, flag: _web(
        stage, remedies=(*stage.policy.services["web"].remedies, Remedy(flag, has_look=True))
    ),
    r"a restart is tried before a rollback": lambda stage, _: _web(
        stage, remedies=(*stage.policy.services["web"].remedies, Remedy("restart:service", 120.0, has_look=True))
    ),
    r"a scaling to 4 instances is tried before a rollback": lambda stage, _: _web(
        stage, remedies=(*stage.policy.services["web"].remedies, Remedy("scale:4", 180.0, has_look=True))
    ),
    r"maintenance mode is on while people work, for (\d+) s at most": lambda stage, _, seconds: _web(
        stage,
        remedies=(
            *stage.policy.services["web"].remedies,
            Remedy(ON, has_look=True, when=(FailureType.DOWN,), at_most_seconds=float(seconds)),
        ),
    ),
    r"a webhook (\S+) is called before a rollback": lambda stage, _, call: _web(
        stage, remedies=(*stage.policy.services["web"].remedies, Remedy(f"webhook:{call}"))
    ),
    r"a restart cures": lambda stage, _: setattr(stage, "cured_by", "restart:service"),
    r"feature flag (\S+) cures": lambda stage, _, flag: setattr(stage, "cured_by", flag),
    r"the flag service answers: (refused|postponed|lost|silent)": lambda stage, _, how: stage.remedy_outcomes.append(
        how
    ),
    r"veto (\d+) s": lambda stage, _, seconds: _web(stage, veto_seconds=float(seconds)),
    r"(\S+(?:, \S+)*) (?:is|are) guarded by another worker": _guarded_too,
    r"(critical|high) without an answer: (escalate|rollback|nothing)": lambda stage, _, severity, then: _row(
        stage, severity, then=Then(then)
    ),
    r"(critical|high) is asked again after (\d+) s": lambda stage, _, severity, seconds: _row(
        stage, severity, remind_seconds=float(seconds)
    ),
    r"(high) is scheduled for (\S+), (\d\d):(\d\d) to (\d\d):(\d\d) UTC": _window,
    r"(critical|high) is (\S+)'s to approve": _approver,
    r"(\S+) is called (\d+) s after the one before": _next,
    r"(\S+) are stakeholders from (critical|high|medium|low) on": _stakeholders,
    r"web is what people call (.+)": lambda stage, _, title: _web(stage, title=title),
    r"good news goes to (\S+)": lambda stage, _, name: _given(stage, good_news=(name,)),
    r"a digest every week at (\d\d):(\d\d) to (\S+)": _digest,
    r"(\d+) errors a minute from minute (\d+) to (\d+), on each of the last (\d+) days": _errors_by_hour,
    r"answers name the commit that made them": lambda stage, _: setattr(stage, "names_version", True),
    r"(dep-\d+) (\S+) (live|deactivated|build_failed), (\S+) days old": _old,
    r"Render answers the rollback: (accepted|refused|expired|postponed|lost|silent|stood down)": (
        lambda stage, _, outcome: stage.outcomes.append(outcome.replace(" ", "_"))
    ),
}
"""What holds before the story begins."""

HAPPENS: dict[str, Teller] = {
    r"(\S+) goes live(?: by (\S+))?": _ship,
    r"(home|api) (fails|is slow)(?: at (\d+) %)?(?: while (\S+) is live)?": _fail,
    r"every route refuses connections": _refuse,
    r"home fails for (\d+) s": lambda stage, at, seconds: stage.faults.append(Fault(at, at + float(seconds))),
    r"(\d+) errors a minute for (\d+) s": _later(_errors),
    r"the errors cannot be read": _span("errors_unread"),
    r"the errors can be read again": _end_of("errors_unread"),
    r"it recovers": _recover,
    r"instances of (\S+) answer on": _later(lambda stage, code: setattr(stage, "stuck_on", code)),
    r"the live deploy answers": _later(lambda stage: setattr(stage, "stuck_on", None)),
    r"elsewhere (\S+) is critical(?: since a deploy of (\S+))?": _critical_elsewhere,
    r"elsewhere (\S+) is well again": _well_elsewhere,
    r"elsewhere (\S+) is rolled back from (\S+)": _acted_elsewhere,
    r"an invariant is found broken: (.+)": _say(e.InvariantBroken),
    r"all control targets fail too": _span("blind"),
    r"control targets answer again": _end_of("blind"),
    r"openai reports an outage": _span("upstream_down"),
    r"openai is well again": _end_of("upstream_down"),
    r"Render reports an outage": _span("platform_down"),
    r"the deploy list cannot be read": _span("unreadable"),
    r"the deploy list can be read again": _end_of("unreadable"),
    r"auto-deploy is set to (\S+) by somebody": _auto_deploy,
    r"maintenance mode is switched on": _facts(maintenance=True),
    r"maintenance mode is switched off": _facts(maintenance=False),
    r"it is suspended by (\S+)": _facts(suspended=True),
    r"it is resumed": _facts(suspended=False),
    r"the branch shows (\S+(?:, \S+)*)": _branch,
    r"the branch cannot be read: (.+)": _say(lambda at, why: e.CommitsUnread(at, "web", why)),
    r"restore auto-deploy by (\S+)": _say(lambda at, by: e.RestoreRequested(at, "web", by)),
    r"the watchdog restarts": _say(e.Restarted),
    r"approve (\w+-\d+) by (\S+)": _say(e.Approved),
    r"reject (\w+-\d+) by (\S+)": _say(e.Rejected),
    r"stop (\w+-\d+) by (\S+)": _say(e.Stopped),
    r"acknowledge (\w+-\d+) by (\S+)": _say(e.Acknowledged),
    r"silence by (\S+) for (\d+) s": _say(_silence),
    r"(dep-\d+) was written by (\S+)": _say(lambda at, deploy, who: e.AuthorsRead(at, "web", deploy, (who,))),
    r"the week is summed up: (.+)": _summed_up,
    r"pause by (\S+)": _say(e.Paused),
    r"resume by (\S+)": _say(e.Resumed),
    r"trust (\S+) by (\S+)": _say(e.CommitTrusted),
    r"undo (\w+-\d+) by (\S+)": _undo,
    r"rollback by (\S+)(?: to (dep-\d+))?": _say(lambda at, *words: e.RollbackRequested(at, "web", *words)),
    r"end": lambda stage, at: None,
}
"""What may happen in a story."""

__all__ = ["LINE", "Untellable", "play"]

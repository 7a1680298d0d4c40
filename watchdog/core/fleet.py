"""What concerns all services at once: sight, status pages, a human's pause, a broken promise, the deny-list.

Rule: only a human gives back the right to act, be it paused or lost (`resume`).
"""

from collections.abc import Container, Mapping
from dataclasses import replace

from watchdog.core.assess import connectivity
from watchdog.core.context import Turn
from watchdog.core.fold import observations
from watchdog.core.phases import manual_silences
from watchdog.core.updates import integration_alerts, weekly_digest
from watchdog.domain import events as e
from watchdog.domain.effects import Note
from watchdog.domain.fast_replace import changed
from watchdog.domain.incidents import Phase, ServiceState
from watchdog.domain.notices import NoticeKind
from watchdog.domain.readings import Unknown
from watchdog.domain.units import show_seconds

BLIND_TELL_SECONDS = 30.0
UNREAD_MAX = 5
"""Services whose reason is told when no probe of any brings evidence."""
DARK_LINES = (
    "No service is judged and nothing is changed until a control target answers again.",
    "Check the network and DNS of the host that runs the watchdog.",
)
UNSEEN_LINES = (
    "No service is judged and nothing is changed until a probe of one is good or bad again.",
    "`watchdog status` says why a signal is unknown; probes that are void altogether come from an overloaded host.",
)


def perceive_control(turn: Turn, event: e.ControlChecked) -> None:
    """Fold a control target's reading in."""
    turn.state = changed(turn.state, control={**turn.state.control, event.target: (event.at, event.reading)})
    judge_sight(turn)


def perceive_silence(turn: Turn, event: e.ProbesJudged) -> None:
    """Learn whether any probe of any service still says something."""
    turn.state = changed(turn.state, unseen=event.silent)
    judge_sight(turn)


def judge_sight(turn: Turn) -> None:
    """Notice that we went blind, that we have been blind for long, and that we see again."""
    since = turn.state.blind_since
    seeing, why = connectivity.judge(turn.state, turn.policy, turn.now)
    why = why.removeprefix("blind: ")
    if since is None and connectivity.is_blind(turn.state, turn.policy, turn.now):
        turn.state = replace(turn.state, blind_since=turn.now)
        turn.emit(Note(turn.now, "", None, "BLIND", f"{why}: the fault is ours, nothing is touched"))
        turn.wake_at(turn.now + BLIND_TELL_SECONDS)
    elif since is not None and seeing:
        _see_again(turn, turn.now - since)
    elif since is not None and not turn.state.blind_told and turn.now - since >= BLIND_TELL_SECONDS:
        _tell_blind(turn, why, turn.now - since)


def _tell_blind(turn: Turn, why: str, lasted: float) -> None:
    turn.state = replace(turn.state, blind_told=True)
    title = f"watchdog is blind: {why} for {show_seconds(lasted)}"
    lines = (*UNSEEN_LINES, *_unread(turn)) if turn.state.unseen else DARK_LINES
    turn.tell_self(NoticeKind.SELF_ALERT, "blind", title, lines)
    told = f"{', '.join(turn.policy.alerts)} (page): {title}" if turn.policy.alerts else f"nobody configured: {title}"
    turn.emit(Note(turn.now, "", None, "TOLD", told))


def _unread(turn: Turn) -> tuple[str, ...]:
    """Return why the first services cannot be judged, a line each."""
    found = []
    for name, service in turn.state.services.items():
        eyes = turn.policy.services[name].eyes if name in turn.policy.services else ()
        reading = next((service.checks[eye].last for eye in eyes if eye in service.checks), None)
        if isinstance(reading, Unknown):
            found.append(f"{name}: {reading.why}")
    return tuple(found[:UNREAD_MAX])


def _see_again(turn: Turn, lasted: float) -> None:
    told = turn.state.blind_told
    turn.state = replace(turn.state, blind_since=None, blind_told=False)
    title = f"watchdog sees again after {show_seconds(lasted)}"
    turn.emit(Note(turn.now, "", None, "SEEING", f"{title}; what was read meanwhile does not count"))
    if told:
        turn.tell_self(NoticeKind.RESOLVED, "blind", title, ("Services are judged again, from now on.",))
    for name, service in turn.state.services.items():
        turn.name = name
        service = observations.forget(service, turn.now)
        if service.phase is Phase.SUSPECT and service.incident is None:
            service = replace(service, phase=Phase.CALM, phase_since=turn.now)
        turn.put(service)
    turn.name = ""


def perceive_vendor(turn: Turn, event: e.VendorChecked) -> None:
    """Fold a status page's reading in."""
    turn.state = changed(turn.state, vendors={**turn.state.vendors, event.vendor: (event.at, event.reading)})


def pause(turn: Turn, event: e.Paused) -> None:
    """Watch and page only, until resumed."""
    turn.state = replace(turn.state, paused_by=event.by)
    turn.emit(Note(turn.now, "", None, "PAUSED", f"by {event.by}: watching and paging only"))


def resume(turn: Turn, event: e.Resumed) -> None:
    """Act again: a pause, a broken promise and a key that was refused are forgiven."""
    state = turn.state
    lifted = [f"paused by {state.paused_by}"] if state.paused_by else []
    lifted += [f"disarmed: {state.disarmed}"] if state.disarmed else []
    lifted += [f"{name}: {one.forbidden}" for name, one in state.services.items() if one.forbidden]
    was = f"; no longer {'; '.join(lifted)}" if lifted else ""
    turn.emit(Note(turn.now, "", None, "RESUMED", f"by {event.by}{was}"))
    if state.disarmed:
        turn.tell_self(
            NoticeKind.RESOLVED, "disarmed", f"watchdog is armed again, by {event.by}", (f"Was: {state.disarmed}",)
        )
    turn.state = replace(state, paused_by="", disarmed="", services=_allowed(state.services, state.services))


def disarm(turn: Turn, event: e.InvariantBroken) -> None:
    """Change nothing any more: one of our promises is broken, so none of them can be relied on."""
    turn.emit(Note(turn.now, "", None, "DISARMED", f"{event.what}: nothing is changed until `watchdog resume`"))
    if turn.state.disarmed:
        return
    turn.state = replace(turn.state, disarmed=event.what)
    lines = (
        f"What was found: {event.what}",
        "This is a fault of the watchdog itself. It keeps watching and paging, and changes nothing.",
        "Look at production yourself, then: watchdog resume",
    )
    turn.tell_self(NoticeKind.SELF_ALERT, "disarmed", "watchdog is DISARMED: one of its own promises is broken", lines)


def forbid(turn: Turn, event: e.RollbackRefused) -> None:
    """Remember that our key may not change this service: asking again would only be refused again."""
    service = turn.state.services.get(event.service)
    if event.forbidden and service is not None:
        services = {**turn.state.services, event.service: replace(service, forbidden=event.why)}
        turn.state = replace(turn.state, services=services)


def restart(turn: Turn, event: e.Restarted) -> None:
    """A fresh start may have a fresh key; what ends at a moment still does."""
    manual_silences.wake(turn)
    turn.state = replace(turn.state, services=_allowed(turn.state.services, event.services or turn.state.services))


def _allowed(services: Mapping[str, ServiceState], names: Container[str]) -> Mapping[str, ServiceState]:
    """Return the services, those of these names free to be changed again."""
    freed = {name: replace(one, forbidden="") for name, one in services.items() if one.forbidden and name in names}
    return {**services, **freed} if freed else services


def trust(turn: Turn, event: e.CommitTrusted) -> None:
    """Take a code off the deny-list."""
    kept = tuple(code for code in turn.state.denied if not _same_code(code, event.commit))
    lifted = len(turn.state.denied) - len(kept)
    turn.state = replace(turn.state, denied=kept)
    label, text = (
        ("TRUSTED", f"{event.commit} by {event.by}") if lifted else ("REFUSED", f"{event.commit} is not denied")
    )
    turn.emit(Note(turn.now, "", None, label, text))


def _same_code(code: str, named: str) -> bool:
    named = named.removeprefix("sha256:")
    return len(named) >= 7 and code.removeprefix("sha256:").startswith(named)


def perceive_time(turn: Turn, event: e.TimePassed) -> None:
    """Time itself may make us blind for long enough to say so, and ends silences."""
    manual_silences.expire(turn)
    if turn.state.blind_since is not None:
        judge_sight(turn)


HANDLERS = {
    e.ControlChecked: perceive_control,
    e.ProbesJudged: perceive_silence,
    e.VendorChecked: perceive_vendor,
    e.Paused: pause,
    e.Resumed: resume,
    e.InvariantBroken: disarm,
    e.RollbackRefused: forbid,
    e.Restarted: restart,
    e.CommitTrusted: trust,
    e.Silenced: manual_silences.silence,
    e.Held: manual_silences.hold,
    e.Unsilenced: manual_silences.end,
    e.WeekSummedUp: weekly_digest.tell,
    e.TimePassed: perceive_time,
    e.IntegrationJudged: integration_alerts.judged,
}


def perceive_event(turn: Turn) -> None:
    """Fold the event into what we know of the fleet, if it concerns that as a whole."""
    handler = HANDLERS.get(type(turn.event))
    if handler is not None:
        handler(turn, turn.event)  # type: ignore[operator]

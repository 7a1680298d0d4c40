"""Silences and action holds that people type in: made, ended, over; and what is said when a silence is over.

Rule: whoever hears of nothing hears that it is over: each is announced once at its end, and an incident that is still
open and was kept from people then is told. The same goes for the silence that a downtime is (see downtime).
"""

from dataclasses import replace

from watchdog.core import notice_text
from watchdog.core.assess import maintenance, suppression
from watchdog.core.context import Turn
from watchdog.core.fold import observations
from watchdog.core.phases import close_incident, escalation, open_incident, rollback_request
from watchdog.domain import events as e
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Phase, State
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Quiet
from watchdog.domain.units import show_seconds


def silence(turn: Turn, event: e.Silenced) -> None:
    """Keep people from being told, until then."""
    made = Quiet(
        _new_name("silence", turn.state),
        event.of,
        event.by,
        event.reason,
        event.at,
        event.until,
        None,
        event.signal,
        event.severity,
    )
    if _made(turn, "SILENCED", made):
        turn.state = replace(turn.state, silences=(*turn.state.silences, made), quiets=turn.state.quiets + 1)


def hold(turn: Turn, event: e.Held) -> None:
    """Roll nothing back unasked, until then."""
    made = Quiet(_new_name("hold", turn.state), event.of, event.by, event.reason, event.at, event.until)
    if _made(turn, "HELD", made):
        turn.state = replace(turn.state, holds=(*turn.state.holds, made), quiets=turn.state.quiets + 1)


def _made(turn: Turn, label: str, made: Quiet) -> bool:
    assert made.ends_at is not None, "what people type in has an end"
    if made.ends_at <= turn.now:
        turn.emit(Note(turn.now, "", None, "REFUSED", "it would be over already"))
        return False
    turn.wake_at(made.ends_at)
    lasts = show_seconds(made.ends_at - turn.now)
    turn.emit(Note(turn.now, "", None, label, f"{suppression.describe(made)}, for {lasts}"))
    return True


def _new_name(kind: str, state: State) -> str:
    """Return a name that none had before: who ends one by name ends no other."""
    return f"{kind}-{state.quiets + 1}"


def end(turn: Turn, event: e.Unsilenced) -> None:
    """A human ends one before its time."""
    all_of_them = (*turn.state.silences, *turn.state.holds)
    known = [one for one in all_of_them if one.name == event.name]
    if known:
        turn.state = _without(turn.state, known)
        turn.emit(Note(turn.now, "", None, "UNSILENCED", f"{suppression.describe(known[0])}: ended by {event.by}"))
        return
    names = ", ".join(one.name for one in all_of_them) or "none"
    why = f"no silence or hold {event.name}; there is: {names} (what the configuration says is ended there)"
    turn.emit(Note(turn.now, "", None, "REFUSED", why))


def expire(turn: Turn) -> None:
    """Let go of what is over, and say so once."""
    over = [one for one in _typed_in(turn.state) if one.ends_at is not None and one.ends_at <= turn.now]
    if not over:
        return
    turn.state = _without(turn.state, over)
    lines = tuple(suppression.describe(one) for one in over)
    for line in lines:
        turn.emit(Note(turn.now, "", None, "EXPIRED", line))
    title = f"Over: {', '.join(one.name for one in over)}"
    turn.tell_self(NoticeKind.UPDATED, "silences", title, lines)


def wake(turn: Turn) -> None:
    """After a restart: each still ends in its time."""
    for one in _typed_in(turn.state):
        turn.wake_at(max(one.ends_at or turn.now, turn.now))


def by_platform(turn: Turn) -> None:
    """The platform was read: say, where it changed, that the service is meant to be down, or no longer; or for long."""
    down = turn.service.downtime
    if down is None:
        return
    lasted = f"{turn.name} was {down.what} for {show_seconds(turn.now - down.since)}"
    if down.since == turn.now:
        turn.note("DOWNTIME", f"it is {down.what}, says the platform: nobody is told, and nothing is rolled back")
    if down.ended_at == turn.now:
        _downtime_ended(turn, lasted)
    elif down.ended_at is None and not down.told and turn.now - down.since >= maintenance.LONG_SECONDS:
        turn.change(downtime=replace(down, told=True))
        turn.note("DOWNTIME", f"{lasted}, and still is")
        lines = ("Nobody is told of what fails there. If it was forgotten: switch it back on at the platform.",)
        turn.tell_self(NoticeKind.UPDATED, "silences", f"{lasted}, and still is", lines)


def _downtime_ended(turn: Turn, lasted: str) -> None:
    """Look closely again; who suspends it in its owner's place is news of its own."""
    turn.enter(turn.service.phase)
    facts = turn.service.facts
    if facts is not None and facts.suspended:
        turn.note("DOWNTIME", f"over: {lasted}; it is suspended by {', '.join(facts.suspenders) or 'somebody'} now")
        return
    waits = turn.service.phase in (Phase.PAGED, Phase.ASKING)
    if waits and turn.incident.paged and not turn.incident.human_needed:
        turn.amend(muted=True)  # people heard before or in it: what still fails is told, and decided or asked anew
    grace = show_seconds(maintenance.GRACE_SECONDS)
    turn.note("DOWNTIME", f"over: {lasted}; what still fails in {grace} is told")
    turn.wake_at(turn.now + maintenance.GRACE_SECONDS)
    turn.tell_self(NoticeKind.UPDATED, "silences", f"Over: {lasted}", (f"What still fails in {grace} is told.",))


def _typed_in(state: State) -> tuple[Quiet, ...]:
    return (*state.silences, *state.holds)


def _without(state: State, over: list[Quiet]) -> State:
    return replace(
        state,
        silences=tuple(one for one in state.silences if one not in over),
        holds=tuple(one for one in state.holds if one not in over),
    )


def speak_up(turn: Turn) -> bool:
    """Tell of an open incident that a silence kept from people and nothing mutes any more; tell whether it was one."""
    if not turn.incident.muted or turn.silenced_by(NoticeKind.HUMAN_NEEDED) is not None:
        return False
    turn.amend(muted=False)
    turn.note("UNMUTED", "the silence is over, or does not name all that fails now; it is still open")
    known = {finding.signal for finding in turn.incident.findings}
    failing = observations.findings(turn.service, turn.policy, turn.now)
    if failing and maintenance.touched(turn.service, turn.incident.onset_at) and not turn.incident.human_needed:
        open_incident.open_incident(turn, failing)  # what was decided is old: now the guard asks, whatever it was
        return True
    if turn.service.phase is Phase.ASKING:
        rollback_request.ask(turn)
        return True
    besides = [f"Fails besides: {finding.text}" for finding in failing if finding.signal not in known]
    lines = ("A silence kept it from you until now.", *besides, *notice_text.decision_lines(turn.incident))
    turn.tell(
        NoticeKind.HUMAN_NEEDED,
        close_incident.alarm_title(turn),
        lines,
        wakes=turn.incident.severity in escalation.WAKING,
    )
    escalation.call(turn)
    return True

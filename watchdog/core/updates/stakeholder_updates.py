"""Stakeholders: people who know no engineering are told that a service fails, that it works again, that it is over.

Rule 1: of one incident each hears these three at most. That it works and that it is over is one message where both are
known at once, as they are where nothing of ours has to be proved first.
Rule 2: whoever was told of nothing hears of no end. Nothing new is told while a silence names the incident, or while we
are blind; that it is over, who heard of it hears all the same.
Rule 3: it looks at what the other parts made of the incident, and changes nothing of it: neither who is paged, nor
what is done.
"""

from dataclasses import replace

from watchdog.core import stakeholder_text
from watchdog.core.assess import severity, suppression
from watchdog.core.context import Turn
from watchdog.core.detect import turned_away
from watchdog.core.fold import observations
from watchdog.domain.decisions import Finding
from watchdog.domain.effects import Tell
from watchdog.domain.incidents import Informed, Phase, ServiceState
from watchdog.domain.notices import Notice, NoticeKind, plain_thread
from watchdog.domain.policy import Stakeholders


def settle(turn: Turn, seen: ServiceState) -> None:
    """Tell what is to be told after a turn; `seen` is the service as it was perceived, before anything was decided."""
    if not turn.policy.stakeholders:
        return
    was, incident = seen.incident, turn.service.incident
    if incident is None:
        return
    if was is not None and was.id != incident.id and was.closed_at is None:
        turn.amend(informed=was.informed)  # the same outage goes on under another number: a human took over
    if incident.closed_at is None:
        _tell_of_it(turn)
        _works_again(turn)
    elif was is not None and was.closed_at is None:
        _over(turn, seen)


def _tell_of_it(turn: Turn) -> None:
    """It fails, and badly enough for some who have not heard of it."""
    heard = {one.name for one in turn.incident.informed}
    wanting = [one for one in turn.policy.stakeholders if one.name not in heard and _hears_of(one, turn.name)]
    if not wanting or turn.state.blind_since is not None:
        return
    findings = observations.findings(turn.service, turn.policy, turn.now)
    if not findings or _muted(turn, findings):
        return
    level, _, main = severity.judge(findings, turn.wishes, turn.policy.detection)
    if main.method == turned_away.METHOD:
        return  # whether visitors are, too, is not known
    rank = min(level.rank, turn.incident.severity.rank)
    for one in wanting:
        if rank >= one.severity.rank:
            _fails(turn, one, main)


def _fails(turn: Turn, one: Stakeholders, main: Finding) -> None:
    signal = turn.wishes.signal(main.signal)
    assert signal is not None, "a finding comes from a signal of the service"
    informed = Informed(one.name, _thread(turn), main.onset_at)
    turn.amend(informed=(*turn.incident.informed, informed))
    since = stakeholder_text.moment(main.onset_at, turn.now, one.zone)
    _say(
        turn, one, informed, NoticeKind.OPENED, stakeholder_text.unavailable(_name(turn), main, signal.critical, since)
    )


def _thread(turn: Turn) -> str:
    """Return the thread that others heard of this outage in, if it went on from another incident."""
    known = turn.incident.informed
    return known[0].thread if known else plain_thread(turn.incident.id)


def _works_again(turn: Turn) -> None:
    """A rollback is being proved, and everything was good for as long as ends any other incident."""
    told = [(one, known) for one, known in _informed(turn) if known.works_at is None]
    if not told or turn.service.phase is not Phase.VERIFYING:
        return
    if turn.state.blind_since is not None or _muted(turn, ()):
        return
    if not observations.calm(turn.service, turn.policy, turn.now, turn.policy.detection.calm_seconds):
        return
    for one, known in told:
        works_at = _works_since(turn, turn.service, known)
        now_known = replace(known, works_at=works_at)
        turn.amend(informed=tuple(now_known if each == known else each for each in turn.incident.informed))
        since = stakeholder_text.moment(works_at, turn.now, one.zone)
        _say(turn, one, known, NoticeKind.UPDATED, stakeholder_text.works_again(_name(turn), since))


def _over(turn: Turn, seen: ServiceState) -> None:
    """It is closed: who heard of it hears that, too. Since when it works is in what was seen; it is forgotten now."""
    for one, known in _informed(turn):
        proved = known.works_at if seen.phase is Phase.VERIFYING else None
        works_at = proved if proved is not None else _works_since(turn, seen, known)
        since = stakeholder_text.moment(works_at, turn.now, one.zone)
        _say(
            turn,
            one,
            known,
            NoticeKind.RESOLVED,
            stakeholder_text.all_is_well(_name(turn), since, works_at - known.since),
        )


def _works_since(turn: Turn, service: ServiceState, known: Informed) -> float:
    """Return when the last trouble was seen; a feed of errors does not say when: then it is now that it is well."""
    at = observations.calm_since(service, turn.policy)
    return at if at > known.since else turn.now


def _hears_of(one: Stakeholders, service: str) -> bool:
    return not one.services or service in one.services


def _informed(turn: Turn) -> list[tuple[Stakeholders, Informed]]:
    """Return who heard of it and is still to be told (a reload may have taken somebody away), and what they heard."""
    those = {one.name: one for one in turn.policy.stakeholders}
    return [(those[known.name], known) for known in turn.incident.informed if known.name in those]


def _muted(turn: Turn, findings: tuple[Finding, ...]) -> bool:
    signals = {finding.signal for finding in (*findings, *turn.incident.findings)}
    return suppression.muting(turn.state, turn.policy, turn.incident, signals, turn.now) is not None


def _name(turn: Turn) -> str:
    return turn.wishes.title or turn.name


def _say(turn: Turn, one: Stakeholders, known: Informed, kind: NoticeKind, said: stakeholder_text.Words) -> None:
    notice = Notice(
        at=turn.now,
        incident=known.thread,
        service=turn.name,
        severity=turn.incident.severity,
        kind=kind,
        title=said.title,
        lines=said.lines,
        plain=True,
    )
    turn.emit(Tell(notice, one.channels))
    turn.note("INFORMED", f"{', '.join(one.channels)}: {said.title}")

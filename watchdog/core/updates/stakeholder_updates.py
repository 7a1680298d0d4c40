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
from watchdog.core.context import StepContext
from watchdog.core.detect import turned_away
from watchdog.core.fold import observations
from watchdog.domain.decisions import Finding
from watchdog.domain.effects import Tell
from watchdog.domain.incidents import Phase, ServiceState, StakeholderStatus
from watchdog.domain.notices import Notice, NoticeKind, plain_thread
from watchdog.domain.policy import Stakeholders


def settle(ctx: StepContext, seen: ServiceState) -> None:
    """Tell what is to be told after a turn; `seen` is the service as it was perceived, before anything was decided."""
    if not ctx.policy.stakeholders:
        return
    was, incident = seen.incident, ctx.service.incident
    if incident is None:
        return
    if was is not None and was.id != incident.id and was.closed_at is None:
        ctx.update_incident(informed=was.informed)  # the same outage goes on under another number: a human took over
    if incident.closed_at is None:
        _tell_of_it(ctx)
        _works_again(ctx)
    elif was is not None and was.closed_at is None:
        _over(ctx, seen)


def _tell_of_it(ctx: StepContext) -> None:
    """It fails, and badly enough for some who have not heard of it."""
    heard = {one.name for one in ctx.incident.informed}
    wanting = [one for one in ctx.policy.stakeholders if one.name not in heard and _hears_of(one, ctx.name)]
    if not wanting or ctx.state.blind_since is not None:
        return
    findings = observations.findings(ctx.service, ctx.policy, ctx.now)
    if not findings or _muted(ctx, findings):
        return
    level, _, main = severity.judge(findings, ctx.service_policy, ctx.policy.detection)
    if main.method == turned_away.METHOD:
        return  # whether visitors are, too, is not known
    rank = min(level.rank, ctx.incident.severity.rank)
    for one in wanting:
        if rank >= one.severity.rank:
            _fails(ctx, one, main)


def _fails(ctx: StepContext, one: Stakeholders, main: Finding) -> None:
    signal = ctx.service_policy.signal(main.signal)
    assert signal is not None, "a finding comes from a signal of the service"
    informed = StakeholderStatus(one.name, _thread(ctx), main.onset_at)
    ctx.update_incident(informed=(*ctx.incident.informed, informed))
    since = stakeholder_text.moment(main.onset_at, ctx.now, one.zone)
    _say(ctx, one, informed, NoticeKind.OPENED, stakeholder_text.unavailable(_name(ctx), main, signal.critical, since))


def _thread(ctx: StepContext) -> str:
    """Return the thread that others heard of this outage in, if it went on from another incident."""
    known = ctx.incident.informed
    return known[0].thread if known else plain_thread(ctx.incident.id)


def _works_again(ctx: StepContext) -> None:
    """A rollback is being proved, and everything was good for as long as ends any other incident."""
    told = [(one, known) for one, known in _informed(ctx) if known.works_at is None]
    if not told or ctx.service.phase is not Phase.VERIFYING:
        return
    if ctx.state.blind_since is not None or _muted(ctx, ()):
        return
    if not observations.is_healthy(ctx.service, ctx.policy, ctx.now, ctx.policy.detection.calm_seconds):
        return
    for one, known in told:
        works_at = _works_since(ctx, ctx.service, known)
        now_known = replace(known, works_at=works_at)
        ctx.update_incident(informed=tuple(now_known if each == known else each for each in ctx.incident.informed))
        since = stakeholder_text.moment(works_at, ctx.now, one.zone)
        _say(ctx, one, known, NoticeKind.UPDATED, stakeholder_text.works_again(_name(ctx), since))


def _over(ctx: StepContext, seen: ServiceState) -> None:
    """It is closed: who heard of it hears that, too. Since when it works is in what was seen; it is forgotten now."""
    for one, known in _informed(ctx):
        proved = known.works_at if seen.phase is Phase.VERIFYING else None
        works_at = proved if proved is not None else _works_since(ctx, seen, known)
        since = stakeholder_text.moment(works_at, ctx.now, one.zone)
        _say(
            ctx,
            one,
            known,
            NoticeKind.RESOLVED,
            stakeholder_text.all_is_well(_name(ctx), since, works_at - known.since),
        )


def _works_since(ctx: StepContext, service: ServiceState, known: StakeholderStatus) -> float:
    """Return when the last trouble was seen; a feed of errors does not say when: then it is now that it is well."""
    at = observations.healthy_since(service, ctx.policy)
    return at if at > known.since else ctx.now


def _hears_of(one: Stakeholders, service: str) -> bool:
    return not one.services or service in one.services


def _informed(ctx: StepContext) -> list[tuple[Stakeholders, StakeholderStatus]]:
    """Return who heard of it and is still to be told (a reload may have taken somebody away), and what they heard."""
    those = {one.name: one for one in ctx.policy.stakeholders}
    return [(those[known.name], known) for known in ctx.incident.informed if known.name in those]


def _muted(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    signals = {finding.signal for finding in (*findings, *ctx.incident.findings)}
    return suppression.muting_silence(ctx.state, ctx.policy, ctx.incident, signals, ctx.now) is not None


def _name(ctx: StepContext) -> str:
    return ctx.service_policy.title or ctx.name


def _say(
    ctx: StepContext, one: Stakeholders, known: StakeholderStatus, kind: NoticeKind, said: stakeholder_text.Words
) -> None:
    notice = Notice(
        at=ctx.now,
        incident=known.thread,
        service=ctx.name,
        severity=ctx.incident.severity,
        kind=kind,
        title=said.title,
        lines=said.lines,
        plain=True,
    )
    ctx.emit(Tell(notice, one.channels))
    ctx.note("INFORMED", f"{', '.join(one.channels)}: {said.title}", one.channels)

"""Stakeholders: readers without engineering knowledge learn that a service fails, works again, and that it is over.

Rule 1: each stakeholder gets at most these three messages of one incident. Works and over are one message where both
are known at once, as they are where no rollback has to be verified first.
Rule 2: without the first message there is no last one. Nothing new is sent while a silence names the incident, or while
the daemon is blind; the end is sent to every reader of the begin all the same.
Rule 3: it reads the incident as the other parts left it and changes nothing else: neither the pages nor the actions.
"""

from dataclasses import replace

from watchdog.core import stakeholder_text
from watchdog.core.assess import severity, suppression
from watchdog.core.context import StepContext
from watchdog.core.detect import turned_away
from watchdog.core.fold import observations
from watchdog.domain.decisions import Finding
from watchdog.domain.effects import Tell
from watchdog.domain.incident_parts import StakeholderStatus
from watchdog.domain.incidents import Outcome, Phase, ServiceState
from watchdog.domain.notices import Notice, NoticeKind, plain_thread
from watchdog.domain.policy import Stakeholders

NOT_WELL = {
    Outcome.NEW_BASELINE: stakeholder_text.errors_stay,
    Outcome.UNSEEN: stakeholder_text.works_as_far_as_seen,
}
"""The last message where the end was no recovery."""


def settle(ctx: StepContext, seen: ServiceState) -> None:
    """Send the messages that are due after a step; `seen` is the service after the fold and before its handler."""
    if not ctx.policy.stakeholders:
        return
    was, incident = seen.incident, ctx.service.incident
    if incident is None:
        return
    if was is not None and was.id != incident.id and was.closed_at is None:
        # A human took over by hand, which opened another incident: for stakeholders it is the same outage.
        ctx.update_incident(informed=was.informed)
    if incident.closed_at is None:
        _announce_outage(ctx)
        _works_again(ctx)
    elif was is not None and was.closed_at is None:
        _over(ctx, seen)


def _announce_outage(ctx: StepContext) -> None:
    """Send the first message to those stakeholders whose severity is reached and who have not had it."""
    informed = {one.name for one in ctx.incident.informed}
    wanting = [one for one in ctx.policy.stakeholders if one.name not in informed and _concerns(one, ctx.name)]
    if not wanting or ctx.state.blind_since is not None:
        return
    findings = observations.findings(ctx.service, ctx.policy, ctx.now)
    if not findings or _muted(ctx, findings):
        return
    level, _, main = severity.judge(findings, ctx.service_policy, ctx.policy.detection)
    if main.method == turned_away.METHOD:
        # It is unknown whether visitors are turned away too.
        return
    # The lower of both: neither a severity that has passed nor one that is not decided on yet reaches stakeholders.
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
    """Return the thread in which earlier messages of this outage were sent, also under another incident's number."""
    known = ctx.incident.informed
    return known[0].thread if known else plain_thread(ctx.incident.id)


def _works_again(ctx: StepContext) -> None:
    """Send the second message, during a verification: all checks are good for as long as ends any other incident."""
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
    """Send the last message: the incident is closed. `seen` still has the time of recovery, which closing resets."""
    for one, known in _informed(ctx):
        if ctx.incident.outcome in NOT_WELL:
            _say(ctx, one, known, NoticeKind.RESOLVED, NOT_WELL[ctx.incident.outcome](_name(ctx)))
            continue
        # The recovery they read of holds only if the incident closes out of that verification.
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


def end_unwatched(ctx: StepContext) -> None:
    """Send the last message of an incident that was closed as its service is not in the configuration any more."""
    for one, known in _informed(ctx):
        _say(ctx, one, known, NoticeKind.RESOLVED, stakeholder_text.watched_no_more(_name(ctx)))


def _works_since(ctx: StepContext, service: ServiceState, known: StakeholderStatus) -> float:
    """Return the time of the last trouble; a feed of errors has no such time, so then it is now."""
    at = observations.healthy_since(service, ctx.policy)
    return at if at > known.since else ctx.now


def _concerns(one: Stakeholders, service: str) -> bool:
    return not one.services or service in one.services


def _informed(ctx: StepContext) -> list[tuple[Stakeholders, StakeholderStatus]]:
    """Return the stakeholders who had a message and are still configured, each with their status."""
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

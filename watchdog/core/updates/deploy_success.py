"""Good news: one notice for each deploy whose watch window ended well, where `good_news` names channels.

Rule 1: it rests on observations only: the probes since the deploy went live are counted, and nearly all were good.
A window that was not observed (blind, no probe for minutes) is never called fine.
Rule 2: none for rollbacks, denied code, or a deploy that was live in an incident: other notices cover these.
Rule 3: a silence drops the notice for good: no one waits for it.
"""

from dataclasses import replace

from watchdog.core import note_text
from watchdog.core.assess import suppression
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.domain import events as e
from watchdog.domain.code_comparison import headline
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import DeployWatch, Phase, ServiceState
from watchdog.domain.readings import Good, Unknown
from watchdog.domain.units import show_seconds

PROBES_MIN = 10
GOOD_SHARE_MIN = 0.99
"""A healthy service fails now and then; a higher share of failures may be the deploy's doing."""
GAP_SECONDS = 300.0
"""After this long without a good or bad probe, the window counts as not observed."""
AUTHORS_SHOWN, AUTHOR_CHARACTERS = 2, 40


def begin_watch(ctx: StepContext, was_live: str | None) -> None:
    """Begin to watch a deploy that went live since the previous deploy list."""
    service = ctx.service
    live = live_deploy(service.deploys)
    if not ctx.policy.good_news or was_live is None or live is None or live.id == was_live:
        return
    live_at = live.finished_at if live.finished_at is not None else ctx.now
    ends_at = live_at + ctx.policy.pace.watch_window_seconds
    # A window that has ended already was not observed by this worker.
    if live.is_rollback or live.code in ctx.state.denied or ends_at <= ctx.now or _is_in_an_incident(service):
        return
    # The begin of its window was not observed, or belongs to an incident that is over by now.
    if ctx.now - live_at > GAP_SECONDS or (service.closed_at is not None and service.closed_at >= live_at):
        return
    ctx.update_service(trial=DeployWatch(live.id, live_at, ends_at, seen_at=ctx.now))


def written(ctx: StepContext) -> None:
    """Record the authors of the watched deploy, as the repository states them."""
    event, trial = ctx.event, ctx.service.trial
    assert isinstance(event, e.AuthorsRead)
    if trial is not None and trial.deploy == event.deploy:
        ctx.update_service(trial=replace(trial, authors=event.authors))


def settle(ctx: StepContext) -> None:
    """Count a probe in the watch window; at its end, send the notice."""
    trial = ctx.service.trial
    if trial is None:
        return
    if not _may_end_well(ctx, trial):
        ctx.update_service(trial=None)
        return
    event = ctx.event
    if not isinstance(event, e.Observed) or isinstance(event.reading, Unknown) or not _is_probe(ctx, event.signal):
        return
    if ctx.now - trial.seen_at > GAP_SECONDS:
        _leave_open(ctx, trial, f"no probe answered for {show_seconds(ctx.now - trial.seen_at)}")
        return
    # Unknown readings were left out above: they count neither as probes nor against the deploy.
    good = trial.good + isinstance(event.reading, Good)
    trial = replace(trial, probes=trial.probes + 1, good=good, seen_at=ctx.now)
    ctx.update_service(trial=trial)
    # `healthy_at` is set only while every critical check is good: the end waits for such a reading.
    if ctx.now >= trial.ends_at and ctx.service.healthy_at is not None:
        _end(ctx, trial)


def _may_end_well(ctx: StepContext, trial: DeployWatch) -> bool:
    service = ctx.service
    seen = ctx.state.blind_since is None and not _is_in_an_incident(service)
    return bool(ctx.policy.good_news) and seen and service.live == trial.deploy


def _is_in_an_incident(service: ServiceState) -> bool:
    is_open = service.incident is not None and service.incident.closed_at is None
    return is_open or service.phase not in (Phase.CALM, Phase.SUSPECT)


def _is_probe(ctx: StepContext, signal: str) -> bool:
    known = ctx.service_policy.signal(signal)
    return known is not None and known.asks_the_site


def _end(ctx: StepContext, trial: DeployWatch) -> None:
    """End the window with every critical check good: send the notice, or write down why not."""
    seen = f"{trial.good} of {trial.probes} probes good"
    if trial.probes < PROBES_MIN or trial.good < GOOD_SHARE_MIN * trial.probes:
        _leave_open(ctx, trial, f"{seen} (needs {PROBES_MIN} probes, {GOOD_SHARE_MIN:.0%} of them good)")
        return
    ctx.update_service(trial=None)
    deploy = next(one for one in ctx.service.deploys if one.id == trial.deploy)
    title = f"{ctx.name}: {_named(deploy, trial)} is fine: live for {show_seconds(ctx.now - trial.live_at)}, {seen}"
    silence = suppression.service_muting_silence(ctx.state, ctx.policy, ctx.name, ctx.now)
    if silence is not None:
        channels = ", ".join(ctx.policy.good_news)
        ctx.note("SILENCED", f"{title} (kept from {channels} by {suppression.describe(silence)})")
        return
    ctx.notify_info(f"{trial.deploy}/well", title, (), ctx.policy.good_news, ctx.name)


def _leave_open(ctx: StepContext, trial: DeployWatch, why: str) -> None:
    ctx.update_service(trial=None)
    ctx.note("UNPROVED", f"{trial.deploy} is not called fine: {why}")


def _named(deploy: Deploy, trial: DeployWatch) -> str:
    """Return `dep-42 (9f3c2ab, Refactor sessions) by Ann`, as far as the parts are known."""
    known = ", ".join(filter(None, (note_text.short(deploy.code), headline(deploy.commit_message))))
    return f"{deploy.id}{f' ({known})' if known else ''}{_by(trial.authors)}"


def _by(authors: tuple[str, ...]) -> str:
    names = [name[:AUTHOR_CHARACTERS] for name in authors[:AUTHORS_SHOWN]]
    left = len(authors) - len(names)
    more = f" and {left} other{'s' * (left > 1)}" if left else ""
    return f" by {', '.join(names)}{more}" if names else ""

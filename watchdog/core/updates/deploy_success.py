"""Good news: a deploy whose watch window ended well is told of, once, where people asked for that (`good_news`).

Rule 1: it is said only of what was seen: the probes since it went live are counted, and nearly all of them were good.
What could not be seen (blind, not probed for minutes) is never called fine.
Rule 2: not of rollbacks, nor of denied code, nor of what was live in an incident: of these people hear otherwise.
Rule 3: a silence keeps it from people for good: nobody waits for it.
"""

from dataclasses import replace

from watchdog.core import notice_text
from watchdog.core.assess import suppression
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import Turn
from watchdog.domain import events as e
from watchdog.domain.code_comparison import headline
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Phase, ServiceState, Trial
from watchdog.domain.policy import PROBES
from watchdog.domain.readings import Good, Unknown
from watchdog.domain.units import show_seconds

PROBES_MIN = 10
GOOD_SHARE_MIN = 0.99
"""A healthy service fails now and then; what failed more often than that was perhaps its deploy's doing."""
GAP_SECONDS = 300.0
"""So long without a probe that was good or bad, and the window was not seen."""
AUTHORS_SHOWN, AUTHOR_CHARACTERS = 2, 40


def begin(turn: Turn, was_live: str | None) -> None:
    """A fresh deploy list: count from now on if a deploy went live since the list before."""
    service = turn.service
    live = live_deploy(service.deploys)
    if not turn.policy.good_news or was_live is None or live is None or live.id == was_live:
        return
    live_at = live.finished_at if live.finished_at is not None else turn.now
    ends_at = live_at + turn.policy.pace.watch_window_seconds
    if live.is_rollback or live.code in turn.state.denied or ends_at <= turn.now or _is_in_an_incident(service):
        return
    if turn.now - live_at > GAP_SECONDS or (service.closed_at is not None and service.closed_at >= live_at):
        return  # its beginning was not seen, or was an incident that is over by now
    turn.change(trial=Trial(live.id, live_at, ends_at, seen_at=turn.now))


def written(turn: Turn) -> None:
    """The repository said who wrote a deploy."""
    event, trial = turn.event, turn.service.trial
    assert isinstance(event, e.AuthorsRead)
    if trial is not None and trial.deploy == event.deploy:
        turn.change(trial=replace(trial, authors=event.authors))


def settle(turn: Turn) -> None:
    """Count a probe of the deploy in its watch window; at its end, say so."""
    trial = turn.service.trial
    if trial is None:
        return
    if not _may_end_well(turn, trial):
        turn.change(trial=None)
        return
    event = turn.event
    if not isinstance(event, e.Observed) or isinstance(event.reading, Unknown) or not _is_probe(turn, event.signal):
        return
    if turn.now - trial.seen_at > GAP_SECONDS:
        _leave_open(turn, trial, f"no probe told anything for {show_seconds(turn.now - trial.seen_at)}")
        return
    good = trial.good + isinstance(event.reading, Good)
    trial = replace(trial, probes=trial.probes + 1, good=good, seen_at=turn.now)
    turn.change(trial=trial)
    if turn.now >= trial.ends_at and turn.service.healthy_at is not None:
        _end(turn, trial)


def _may_end_well(turn: Turn, trial: Trial) -> bool:
    service = turn.service
    seen = turn.state.blind_since is None and not _is_in_an_incident(service)
    return bool(turn.policy.good_news) and seen and service.live == trial.deploy


def _is_in_an_incident(service: ServiceState) -> bool:
    is_open = service.incident is not None and service.incident.closed_at is None
    return is_open or service.phase not in (Phase.CALM, Phase.SUSPECT)


def _is_probe(turn: Turn, signal: str) -> bool:
    known = turn.wishes.signal(signal)
    return known is not None and known.kind in PROBES


def _end(turn: Turn, trial: Trial) -> None:
    """The window is over, and every critical check is well now: tell of it, or write down why not."""
    seen = f"{trial.good} of {trial.probes} probes good"
    if trial.probes < PROBES_MIN or trial.good < GOOD_SHARE_MIN * trial.probes:
        _leave_open(turn, trial, f"{seen} (needs {PROBES_MIN} probes, {GOOD_SHARE_MIN:.0%} of them good)")
        return
    turn.change(trial=None)
    deploy = next(one for one in turn.service.deploys if one.id == trial.deploy)
    title = f"{turn.name}: {_named(deploy, trial)} is fine: live for {show_seconds(turn.now - trial.live_at)}, {seen}"
    silence = suppression.muting_service(turn.state, turn.policy, turn.name, turn.now)
    if silence is not None:
        channels = ", ".join(turn.policy.good_news)
        turn.note("SILENCED", f"{title} (kept from {channels} by {suppression.describe(silence)})")
        return
    turn.tell_news(f"{trial.deploy}/well", title, (), turn.policy.good_news, turn.name)


def _leave_open(turn: Turn, trial: Trial, why: str) -> None:
    turn.change(trial=None)
    turn.note("UNPROVED", f"{trial.deploy} is not called fine: {why}")


def _named(deploy: Deploy, trial: Trial) -> str:
    """Return `dep-42 (9f3c2ab, Refactor sessions) by Ann`, as far as it is known."""
    known = ", ".join(filter(None, (notice_text.short(deploy.code), headline(deploy.commit_message))))
    return f"{deploy.id}{f' ({known})' if known else ''}{_by(trial.authors)}"


def _by(authors: tuple[str, ...]) -> str:
    names = [name[:AUTHOR_CHARACTERS] for name in authors[:AUTHORS_SHOWN]]
    left = len(authors) - len(names)
    more = f" and {left} other{'s' * (left > 1)}" if left else ""
    return f" by {', '.join(names)}{more}" if names else ""

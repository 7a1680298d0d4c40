"""The course of one deploy, from CI to its verdict: is it live, does it serve, and did its watch period end well? Pure.

The watch period is the daemon's own (`watch_until`): the time after a deploy in which it probes faster, and blames the
deploy for what fails. A deploy is good when that is over, it is still live, and no incident began in it.

Rule: what was not seen is never good. Without fresh readings nothing is known, and a watch period without a daemon, or
without results, ends unclear.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchdog.core.assess.suspect_deploy import first_traffic_at, live_deploy
from watchdog.core.fold.served_versions import named_since
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.policy import Policy, SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.store_records import Minute
from watchdog.domain.texts.prose import Prose
from watchdog.domain.units import show_seconds
from watchdog.presentation.gate.gate_case import (
    deploys_stale_seconds,
    evidence_at,
    reading_stale_seconds,
    same_commit,
    served_now,
)
from watchdog.presentation.gate.soak_signals import MINUTE_SECONDS, NEWEST_SECONDS, SEEN_MIN, failed
from watchdog.presentation.text import percent, short

HOUR_SECONDS = 3600.0


class Stage(StrEnum):
    """The stage of a deploy, as CI waits for it."""

    UNKNOWN = "not known"
    """Nothing says how it is at the moment; that may pass."""
    EXPECTED = "expected"
    """No deploy of the commit is listed yet."""
    UNDER_WAY = "under way"
    """It is built, or its instances start."""
    WATCHED = "watched"
    """It is live, and its watch period is not over."""
    GOOD = "good"
    BAD = "bad"
    """It failed to deploy, was blamed for an incident, or was rolled back."""
    UNCLEAR = "unclear"
    """It is over without a verdict: another deploy replaced it, it was not watched, or an incident is not its fault."""


ENDS = frozenset({Stage.GOOD, Stage.BAD, Stage.UNCLEAR})
"""The stages after which nothing more is learnt."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where a deploy is."""

    stage: Stage
    why: Prose  # in words
    deploy: str | None = None  # the deploy's id; None: not known
    until: float | None = None  # when its watch period ends (UTC epoch seconds); None: not known


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed: a service and a commit, and what the record has of them; `now` is UTC epoch seconds."""

    service: str
    commit: str
    state: State
    policy: Policy
    incidents: Sequence[Incident]  # the newest ones of the service
    now: float
    runs: bool  # a daemon runs on this record
    since: float = 0.0  # a deploy that was created before (UTC epoch seconds) does not count
    minutes: Sequence[Minute] = ()  # aggregates of the service in the watch period, and of the hour before
    deploy: str = ""  # of a late look: the deploy that was good; empty: the newest one of the commit


def course(case: Followed) -> Course:
    """Return where the deploy is."""
    known = case.state.services.get(case.service)
    if not case.runs:
        return Course(Stage.UNKNOWN, "no daemon runs on this store")
    if known is None or known.deploys_at is None:
        return Course(Stage.UNKNOWN, f"the deploys of {case.service} were not read yet")
    deploy = _newest(known, case)
    followed = deploy.id if deploy is not None else case.deploy
    # First: what is known of it stays true while the list cannot be read, or lists it no more.
    if followed and (bad := _blamed(followed, case)):
        return Course(Stage.BAD, bad, followed)
    age = case.now - known.deploys_at
    if age > deploys_stale_seconds(case.policy):
        return Course(
            Stage.UNKNOWN, f"its deploys were last read {show_seconds(age)} ago", deploy.id if deploy else None
        )
    # After a good end a rollback that is live may be one from another deploy, back to this one: incidents say so.
    if case.deploy and (deploy is None or not deploy.is_live):
        return Course(Stage.UNCLEAR, f"another deploy replaced {case.deploy}", case.deploy)
    if deploy is None:
        return Course(Stage.EXPECTED, f"no deploy of {short(case.commit)} is listed yet")
    if deploy.is_live:
        return _live(deploy, known, case)
    if deploy.was_live:
        return _replaced(deploy, known)
    if deploy.has_ended:
        return Course(Stage.BAD, f"{deploy.id} did not go live: {deploy.status_words}", deploy.id)
    return Course(Stage.UNDER_WAY, f"{deploy.id}: {deploy.status_words}", deploy.id)


def watch_period(case: Followed) -> tuple[float, float] | None:
    """Return when the watch of the live deploy began and ended (UTC epoch seconds), if it is the commit's and over."""
    known = case.state.services.get(case.service)
    deploy = _newest(known, case) if known is not None else None
    if deploy is None or not deploy.is_live:
        return None
    began, ends = _period(deploy, case)
    return (began, ends) if case.now >= ends else None


def _period(deploy: Deploy, case: Followed) -> tuple[float, float]:
    began = first_traffic_at(deploy, case.policy.blame)
    return began, began + case.policy.pace.watch_window_seconds


def _newest(known: ServiceState, case: Followed) -> Deploy | None:
    """Return the newest deploy of the commit; not one that was replaced long ago: CI waits for a new one then.

    Of a late look it is the one that was good.
    """
    if case.deploy:
        return next((one for one in known.deploys if one.id == case.deploy), None)
    mine = (one for one in known.deploys if one.created_at >= case.since)
    found = next((one for one in mine if same_commit(one.code, case.commit)), None)
    if found is None or found.is_live or not found.has_ended:
        return found
    ended = max(found.finished_at or 0.0, found.created_at)
    return found if case.now - ended <= case.policy.pace.watch_window_seconds else None


def _blamed(deploy: str, case: Followed) -> str:
    """Return the incident that a deploy is blamed for, in words; ""."""
    for incident in case.incidents:
        if deploy in incident.to_blame:
            return f"{incident.id} is blamed on it: {incident.title}"
        if incident.suspect == deploy and incident.rollback.requested_at is not None:
            return f"{incident.id} rolled it back: {incident.title}"
    if any(same_commit(code, case.commit) for code in case.state.denied):
        return "its commit is on the deny-list: it was rolled back"
    return ""


def _live(deploy: Deploy, known: ServiceState, case: Followed) -> Course:
    began, ends = _period(deploy, case)
    ends = max(known.watch_until, ends)
    # Answers that name a version prove what serves; where none does, the platform's list is all there is.
    if served_now(known) is not None and not any(named_since(one, deploy, began) for one in known.checks.values()):
        return Course(Stage.UNDER_WAY, f"{deploy.id} is live at Render, and no answer names its version yet", deploy.id)
    mine = [one for one in case.incidents if not one.planned and one.onset_at >= began]
    open_now = next((one for one in case.incidents if one.closed_at is None and not one.planned), None)
    if open_now is not None:
        why = f"{open_now.id} is open, and not blamed on {deploy.id}: {open_now.title}"
        return Course(Stage.WATCHED, why, deploy.id, ends)
    if failing := _failing(known, case):
        return Course(Stage.WATCHED, failing, deploy.id, ends)
    if unseen := _unseen(known, case):
        return Course(Stage.UNKNOWN, unseen, deploy.id, ends)
    if case.now < ends:
        left = f"{deploy.id} is live, watched for another {show_seconds(ends - case.now)}"
        return Course(Stage.WATCHED, left, deploy.id, ends)
    within = next((one for one in mine if one.onset_at < ends), None)
    if within is not None:
        why = f"{within.id} began in its watch period, and is not blamed on it: {within.title}"
        return Course(Stage.UNCLEAR, why, deploy.id, ends)
    if unwatched := _unwatched(deploy, known, case):
        return Course(Stage.UNCLEAR, unwatched, deploy.id, ends)
    return Course(Stage.GOOD, f"{deploy.id} is live, and its watch period ended without an incident", deploy.id, ends)


def _failing(known: ServiceState, case: Followed) -> str:
    """Return that the service fails at this moment, in words; "": not as far as is known. An incident may follow."""
    if case.service in case.state.troubles:
        return f"{case.service} is critical"
    critical = [one.name for one in case.policy.services[case.service].signals if one.critical]
    bad = any(name in known.checks and isinstance(known.checks[name].last, Bad) for name in critical)
    return f"{case.service} fails at the moment, and is being checked" if bad or known.phase is Phase.SUSPECT else ""


def _unseen(known: ServiceState, case: Followed) -> str:
    """Return why nothing is known of this moment, or ""."""
    if case.state.blind_since is not None:
        return "the daemon cannot see at the moment: its own network may be at fault"

    def fresh(signal: SignalPolicy) -> bool:
        check = known.checks.get(signal.name)
        return check is not None and case.now - evidence_at(check) <= reading_stale_seconds(signal)

    lacking = _lacking(case, fresh)
    return f"not read lately: {lacking}" if lacking else ""


def _unwatched(deploy: Deploy, known: ServiceState, case: Followed) -> str:
    """Return why the watch period proves nothing, or ""."""
    began, ends = _period(deploy, case)
    if known.watching_since > began:
        return f"{case.service} was not watched yet when {deploy.id} went live"
    # The newest minutes are not in the store yet.
    stored = ends - began - max(0.0, NEWEST_SECONDS - (case.now - ends))

    def judged(signal: SignalPolicy) -> bool:
        seen = sum(_seen_within(row, began, ends) for row in case.minutes if row.signal == signal.name)
        # A signal that is read once an hour has evidence in one minute of sixty.
        return seen >= SEEN_MIN * stored * min(1.0, MINUTE_SECONDS / signal.every_seconds)

    lacking = _lacking(case, judged)
    return f"judged for less than {percent(SEEN_MIN, 0)} of its watch period: {lacking}" if lacking else ""


def _seen_within(row: Minute, began: float, ends: float) -> float:
    """Return for how many seconds of that time a row has evidence; of an hour that lies partly in it, its share."""
    watched = failed([row])[1]
    length = HOUR_SECONDS if watched > MINUTE_SECONDS else MINUTE_SECONDS
    return watched * max(0.0, min(ends, row.start + length) - max(began, row.start)) / length


def _lacking(case: Followed, proves: Callable[[SignalPolicy], bool]) -> str:
    """Return the signals that prove too little, or "". Each critical route has to; without one, any signal will do."""
    signals = case.policy.services[case.service].signals
    critical = [one for one in signals if one.critical]
    lacking = [one.name for one in critical or signals if not proves(one)]
    enough = not lacking if critical else len(lacking) < len(signals)
    return "" if enough else ", ".join(lacking) or f"{case.service} has no signal"


def _replaced(deploy: Deploy, known: ServiceState) -> Course:
    live = live_deploy(known.deploys)
    if live is not None and live.is_rollback:
        return Course(Stage.BAD, f"{deploy.id} was rolled back: {live.id} is live", deploy.id)
    by = live.id if live is not None else "another deploy"
    return Course(Stage.UNCLEAR, f"{by} replaced {deploy.id} before its watch period was over", deploy.id)

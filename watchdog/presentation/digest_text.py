"""The weekly digest: the summary of a week, in a title and some lines. Pure.

Rule 1: every number comes from the record and names its sample; a question that no record answers (was it right?) is
put to people.
Rule 2: short: of a long list the first few entries are named and the rest counted, with the command that lists them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from zoneinfo import ZoneInfo

from watchdog.core.note_text import way_back
from watchdog.domain.commands.command_line import QUOTED, command_line
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Minute
from watchdog.domain.units import show_seconds
from watchdog.presentation.incident_facts import ended_at
from watchdog.presentation.stats import Mean, Stats, Watched, seen_going_live, stats, watched
from watchdog.presentation.status_text import open_incident, quiet_lines, status_lines
from watchdog.presentation.text import clean, day, many

INCIDENTS_SHOWN, NAMES_SHOWN, STANDING_SHOWN = 10, 5, 10
LISTED_MAX = 20
"""The shortest list that a platform returns; a list of this length may end before the week began."""


@dataclass(frozen=True, slots=True)
class Week:
    """The record of a week, from `since` until `until`, as known at `now` (UTC epoch seconds).

    `incidents` were opened in it, newest first; `causes` are the root causes that people named, `looks` the counts of
    its readings; dates are those of `zone`.
    """

    since: float
    until: float
    now: float
    zone: str
    policy: Policy
    state: State
    incidents: Sequence[Incident] = ()
    labels: Mapping[str, str] | None = None
    causes: Mapping[str, Remark] | None = None
    looks: Sequence[Minute] = ()


def digest(week: Week) -> tuple[str, tuple[str, ...]]:
    """Return the title and the lines of the digest."""
    counted = _counted(week)
    rolled_back = [one for one in week.incidents if one.rollback.requested_at is not None]
    happened = [many(len(week.incidents), "incident"), *([many(len(rolled_back), "rollback")] if rolled_back else [])]
    nothing = "nothing happened" if _was_seen(week) else "nothing was seen"
    said = ", ".join(happened) if week.incidents else nothing
    lines = [
        *_quiet_week(week),
        _watched(week),
        *_deploys(week),
        *_incidents(week),
        *_rollbacks(week, rolled_back),
        *_times(counted),
        *_standing(week),
        *_left_to_do(week),
    ]
    # Cleaned once, at the end: names, titles and causes in all of these lines are foreign text.
    return f"watchdog, the week until {day(week.until, ZoneInfo(week.zone))}: {said}", tuple(map(clean, lines))


def _counted(week: Week) -> Stats:
    """Return the numbers of all services together, for this week alone."""
    # No acts of people: the digest shows no MTTA, which would need the notes of every incident.
    return stats(week.incidents, _known(week), {}, week.labels or {}, week.since, week.until)[-1]


def _services(week: Week) -> Mapping[str, ServiceState]:
    return {name: one for name, one in week.state.services.items() if name in week.policy.services}


def _known(week: Week) -> Mapping[str, Watched]:
    """Return the data of each service watched by then, without the deploys that came later."""
    known = watched(_services(week), week.now)
    return {
        name: Watched(one.since, [deploy for deploy in one.deploys if (deploy.finished_at or 0.0) <= week.until])
        for name, one in known.items()
        if one.since < week.until
    }


def _was_seen(week: Week) -> bool:
    """Return whether any probe returned good or bad: only then a week without incidents is good news."""
    return any(look.good or look.bad for look in _probes(week))


def _quiet_week(week: Week) -> Iterator[str]:
    if not week.incidents and _was_seen(week):
        yield "A quiet week: no incident and no rollback, in all that was seen."


def _watched(week: Week) -> str:
    """Return the number of services, and the results of their probes."""
    names = _some(list(week.policy.services))
    services = f"Watched: {many(len(week.policy.services), 'service')} ({names})"
    new = [name for name, one in _services(week).items() if one.watching_since > week.since]
    newly = f", only a part of the week: {_some(new)}" if new else ""
    good, bad, unknown = _sums(_probes(week))
    if not _was_seen(week):
        return f"{services}{newly}. No probe is in the record: did the daemon run?"
    told_nothing = f"; {unknown:,} more without a result" if unknown else ""
    return f"{services}{newly}; {good + bad:,} probes, {_share(good, bad)} good{_worst(week)}{told_nothing}."


def _probes(week: Week) -> list[Minute]:
    probes = {
        (name, one.name)
        for name, service_policy in week.policy.services.items()
        for one in service_policy.signals
        if one.asks_the_site
    }
    return [look for look in week.looks if (look.service, look.signal) in probes]


def _sums(looks: Iterable[Minute]) -> tuple[int, int, int]:
    rows = [(look.good, look.bad, look.unknown) for look in looks]
    return sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows)


def _share(good: int, bad: int) -> str:
    """Return a share, never rounded up to "all"."""
    # Cut off, not rounded: with a failed probe among many, 100.00 % would be false.
    return "all" if not bad else f"{int(10_000 * good / (good + bad)) / 100:.2f} %"


def _worst(week: Week) -> str:
    """Return the service with the smallest share, where one of several had bad probes."""
    each = {name: _sums(look for look in _probes(week) if look.service == name) for name in week.policy.services}
    shares = {name: good / (good + bad) for name, (good, bad, _) in each.items() if good + bad}
    worst = min(shares, key=lambda name: shares[name])
    # Of a single service the line shows this share already.
    if len(shares) < 2 or shares[worst] == 1.0:
        return ""
    return f" (the least: {worst}, {_share(*each[worst][:2])})"


def _deploys(week: Week) -> Iterator[str]:
    """Yield the number of deploys that went live, and how many were fine; one still in its watch window is neither."""
    # Without a platform no deploy can be seen: a count of 0 would read as a quiet week.
    if all(service_policy.platform_id is None for service_policy in week.policy.services.values()):
        return
    window = week.policy.pace.watch_window_seconds
    number = fresh = at_fault = 0
    for name, one in _known(week).items():
        own = [incident for incident in week.incidents if incident.service == name]
        seen, failed = seen_going_live(one, own, week.labels or {}, week.since)
        number, at_fault = number + len(seen), at_fault + len(failed)
        fresh += sum(at > week.until - window for deploy, at in seen.items() if deploy not in failed)
    if not number:
        yield "Deploys: none went live while we watched."
        return
    parts = [
        (number - at_fault - fresh, "fine"),
        (at_fault, "at fault"),
        (fresh, f"live for less than {show_seconds(window)}"),
    ]
    at_least = "at least " if any(map(partial(_is_cut_off, week.since), _known(week).values())) else ""
    said = ", ".join(f"{count} {word}" for count, word in parts if count)
    yield f"Deploys: {at_least}{number} went live while we watched: {said}."


def _is_cut_off(since: float, known: Watched) -> bool:
    """Return whether the platform's list ends after `since`, so that older deploys are missing."""
    oldest = min((one.finished_at or one.created_at for one in known.deploys), default=since)
    return len(known.deploys) >= LISTED_MAX and oldest > since


def _incidents(week: Week) -> Iterator[str]:
    if not week.incidents:
        return
    numbers = {severity: sum(one.severity is severity for one in week.incidents) for severity in Severity}
    yield f"Incidents: {', '.join(f'{number} {severity}' for severity, number in numbers.items() if number)}."
    for incident in week.incidents[:INCIDENTS_SHOWN]:
        yield f"{incident.id} ({incident.severity}): {_what_was_done(incident)}; {incident.title}"
    if len(week.incidents) > INCIDENTS_SHOWN:
        yield f"and {len(week.incidents) - INCIDENTS_SHOWN} more: {command_line('incidents')}"


def _what_was_done(incident: Incident) -> str:
    """Return the action taken on an incident, and its duration."""
    end = ended_at(incident)
    lasted = f", well after {show_seconds(max(0.0, end - incident.onset_at))}" if end is not None else ""
    # Asked last: an incident whose rollback is verified has an end of its outage, and may still be open.
    if incident.closed_at is None:
        lasted = ", still open"
    if incident.rollback.requested_at is not None:
        agreed = f", approved by {incident.question.approved_by}" if incident.question.approved_by else ""
        done = f"rolled back {incident.suspect} -> {incident.rollback.target}"
        if incident.rollback.rebuilds:
            done = f"{way_back(incident).done} in place of {incident.suspect}"
        return f"{done}{agreed}{lasted}"
    return f"{incident.outcome or 'nothing was changed'}{lasted}"


def _rollbacks(week: Week, rolled_back: Sequence[Incident]) -> Iterator[str]:
    """Yield the verdicts of people on the rollbacks, and the commands for the missing ones."""
    if not rolled_back:
        return
    labels = week.labels or {}
    judged = [labels.get(one.id) for one in rolled_back]
    numbers = {"right": judged.count("right"), "wrong": judged.count("wrong"), "not judged yet": judged.count(None)}
    said = ", ".join(f"{number} {word}" for word, number in numbers.items() if number)
    yield f"Rollbacks: {len(rolled_back)}: {said}."
    open_ones = [one.id for one in rolled_back if one.id not in labels]
    if open_ones:
        how = (command_line("label", name, "right|wrong") for name in open_ones[:NAMES_SHOWN])
        yield f"Was it right? {'; '.join(how)}"


def _times(counted: Stats) -> Iterator[str]:
    means = (("MTTD", counted.detect), ("MTTR", counted.restore))
    known = [f"{name} {_mean(mean)}" for name, mean in means if mean.value is not None]
    if known:
        yield f"{', '.join(known)}. Of months: {command_line('stats')}"


def _mean(mean: Mean) -> str:
    return f"{show_seconds(mean.value or 0.0)} (n={mean.n})"


def _standing(week: Week) -> Iterator[str]:
    """Yield standing conditions that must not be overlooked: silences, holds, auto-deploy that is off, a pause."""
    zone = ZoneInfo(week.zone)
    # The state still holds services that left the configuration: they have no place in the digest.
    held = replace(week.state, services=_services(week))
    found = [*status_lines(held, week.now, zone), *quiet_lines(held, week.policy, week.now, zone)]
    yield from found[:STANDING_SHOWN]
    if len(found) > STANDING_SHOWN:
        yield f"and {len(found) - STANDING_SHOWN} more: {command_line('status')}, {command_line('silences')}"


def _left_to_do(week: Week) -> Iterator[str]:
    """Yield the work that waits for people."""
    known = {one.id for one in week.incidents}
    older = [one for service in _services(week).values() if (one := open_incident(service)) is not None]
    # Those opened in this week stand in the list above.
    still = [one.id for one in older if one.id not in known and one.opened_at < week.since]
    if still:
        yield f"Still open from before: {_some(still)} ({command_line('explain', still[0])})"
    causes = week.causes or {}
    serious = [one for one in week.incidents if one.closed_at is not None and one.severity is Severity.CRITICAL]
    unnamed = [one.id for one in serious if one.id not in causes]
    if unnamed:
        names = command_line("note", unnamed[0], QUOTED, "--root-cause")
        how = f"{command_line('postmortem', unnamed[0])} drafts it, {names} names it"
        yield f"Root cause not named yet: {_some(unnamed)} ({how})"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more

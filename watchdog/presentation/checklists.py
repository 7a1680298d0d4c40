"""The runbook's checklists for one incident: the daemon's own steps are ticked with their evidence, the others wait
for people. Pure.

Rule 1: an item is ticked by the record, or by a person; else it is open, with an owner and a due time.
Rule 2: the daemon's evidence is shown before a person's tick: a tick never hides it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Verdict
from watchdog.domain.follow_ups import DECIDES, IMMEDIATE, LONG_TERM, RUNBOOK, SHORT_TERM, FollowUp, RunbookItem, Tick
from watchdog.domain.follow_ups import ticked as ticks_that_hold
from watchdog.domain.units import show_seconds
from watchdog.presentation.decision_text import named, rule
from watchdog.presentation.incident_facts import IncidentFacts, OwnChecklist
from watchdog.presentation.text import clock, day, moment, short, show_probability

Known = tuple[bool, str]
"""Whether the record proves that the item was done, and the evidence, or else the known facts."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist: done with this evidence, or open for this owner until a due time.

    `due` is the due time in words, `due_at` in UTC epoch seconds (None: not known yet). `tick`: a person ticked it;
    `seen`: the record proves that it was done.
    """

    id: str
    text: str
    seen: bool
    evidence: str
    owner: str
    due: str
    due_at: float | None = None
    tick: Tick | None = None

    @property
    def done(self) -> bool:
        """Return whether the item is done."""
        return self.seen or self.tick is not None

    def late_seconds(self, now: float) -> float:
        """Return for how many seconds the item has been overdue; 0.0 if it is done or not due yet."""
        return 0.0 if self.done or self.due_at is None else max(0.0, now - self.due_at)


@dataclass(frozen=True, slots=True)
class Checklist:
    """Items under one title."""

    title: str
    items: Sequence[Item]


def checklists(facts: IncidentFacts) -> Sequence[Checklist]:
    """Return the lists of the configuration, those of the runbook, and the follow-ups that people added, if any."""
    after = "after the rollback" if facts.incident.rollback.requested_at is not None else "after it was restored"
    parts = (
        ("Pre-rollback", None),
        (f"0-15 minutes {after}", IMMEDIATE),
        (f"15-60 minutes {after}", SHORT_TERM),
        (f"1-24 hours {after}", LONG_TERM),
    )
    lists = [Checklist(title, _of_the_runbook(facts, within)) for title, within in parts]
    own = _own(facts)
    theirs = [
        _list_of_theirs(facts, one)
        for one in facts.own_lists
        if not one.services or facts.incident.service in one.services
    ]
    return [*theirs, *lists, *([Checklist("Follow-ups of your own", own)] if own else [])]


def open_items(lists: Sequence[Checklist]) -> int:
    """Return how many items of the lists are not done."""
    return sum(not item.done for one in lists for item in one.items)


def follow_ups(facts: IncidentFacts) -> Sequence[Item]:
    """Return the work after the service is restored: the later lists of the runbook, and people's own follow-ups."""
    after = [_item(facts, one) for one in RUNBOOK if one.within_seconds is not None]
    return [*after, *_own(facts)]


def due_at(facts: IncidentFacts, seconds: float) -> float | None:
    """Return when an item is due: `seconds` after the service was restored, or after the incident ended otherwise."""
    ended = facts.ended_at if facts.ended_at is not None else facts.incident.closed_at
    return ended + seconds if ended is not None else None


def due(facts: IncidentFacts, seconds: float) -> str:
    """Return the due time of an item in words."""
    at = due_at(facts, seconds)
    return moment(at) if at is not None else f"{show_seconds(seconds)} after it is restored"


def owner_of(facts: IncidentFacts, role: str) -> str:
    """Return the owner: the contact with this role, if the configuration names one, else the role."""
    name = facts.owners.get(role, role)
    return name if name == role else f"{name} ({role})"


def ticked_by(tick: Tick) -> str:
    """Return `ticked by ann, 2026-11-26 14:02 UTC`."""
    return f"ticked by {tick.by}, {day(tick.at)} {clock(tick.at)[:5]} UTC"


def _list_of_theirs(facts: IncidentFacts, one: OwnChecklist) -> Checklist:
    ticks, owner = ticks_that_hold(facts.ticks, facts.incident.id), owner_of(facts, DECIDES[facts.incident.severity])
    ticked = {item: ticked_by(ticks[item]) if item in ticks else "" for item in one.items}
    items = [
        Item(item, text, False, ticked[item], owner, "during the incident", tick=ticks.get(item))
        for item, text in one.items.items()
    ]
    return Checklist(one.title, items)


def _of_the_runbook(facts: IncidentFacts, within: float | None) -> Sequence[Item]:
    return [_item(facts, one) for one in RUNBOOK if one.within_seconds == within]


def _item(facts: IncidentFacts, asked: RunbookItem) -> Item:
    seen, evidence = KNOWN[asked.id](facts) if asked.id in KNOWN else (False, "")
    tick = ticks_that_hold(facts.ticks, facts.incident.id).get(asked.id)
    if tick is not None:
        evidence = f"{evidence}; {ticked_by(tick)}" if seen else ticked_by(tick)
    owner = owner_of(facts, asked.owner or DECIDES[facts.incident.severity])
    if asked.within_seconds is not None:
        words, at = due(facts, asked.within_seconds), due_at(facts, asked.within_seconds)
    else:
        words, at = _before(facts)
    return Item(asked.id, asked.text, seen, evidence, owner, words, at, tick)


def _before(facts: IncidentFacts) -> tuple[str, float | None]:
    """Return when the items before a rollback are due, in words and as a moment; none once the incident is closed."""
    if facts.target_seconds is None:
        return "no time is set", None
    at = facts.incident.onset_at + facts.target_seconds
    # After the end these items cannot become late any more: a due time would make reminders of them.
    return moment(at), at if facts.incident.closed_at is None else None


def _own(facts: IncidentFacts) -> Sequence[Item]:
    """Return the follow-ups that people added."""
    ticks = ticks_that_hold(facts.ticks, facts.incident.id)
    return [_own_item(facts, one, ticks.get(one.id)) for one in facts.follow_ups]


def _own_item(facts: IncidentFacts, one: FollowUp, tick: Tick | None) -> Item:
    evidence = ticked_by(tick) if tick is not None else f"added by {one.by}"
    return Item(one.id, one.text, False, evidence, owner_of(facts, one.owner), moment(one.due_at), one.due_at, tick)


def _documented(facts: IncidentFacts) -> Known:
    incident = facts.incident
    seen = "; ".join(f"{one.signal}: {one.text}" for one in incident.findings)
    if not seen:
        return False, "nothing was found by a check"
    return True, f"{clock(incident.opened_at)}: {seen} (impact on users: Impact in the post-mortem)"


def _team_notified(facts: IncidentFacts) -> Known:
    sent = next((note for note in facts.own_notes if note.label == "NOTIFIED"), None)
    if sent is None:
        return False, "no notice of the watchdog was delivered"
    # The channels stand in brackets at the end; the title behind them would repeat the incident's.
    return True, f"{clock(sent.at)}: {sent.text.partition('): ')[0]})"


def _stable(facts: IncidentFacts) -> Known:
    decision = facts.incident.decision
    choice = decision.target if decision is not None else None
    if decision is None or choice is None or choice.deploy is None:
        return False, choice.why if choice is not None else "none was looked for"
    return True, f"{clock(decision.at)}: {' '.join(named(choice.deploy).split())}, {choice.why}"


def _deploy_related(facts: IncidentFacts) -> Known:
    decision = facts.incident.decision
    blame = decision.blame if decision is not None else None
    if decision is None or blame is None or blame.probability is None:
        return False, blame.why if blame is not None else "not weighed"
    if blame.vetoed:
        found = "not by the deploy: " + "; ".join(f"{veto.name}: {veto.why}" for veto in blame.vetoed)
    else:
        verdict = "it is" if blame.convicts else "not sure enough to act on"
        found = f"{verdict}: P {show_probability(blame.probability)}, needed {blame.need:.2f}; no veto fired"
    # A veto answers the item as well as a conviction does: both settle whether the deploy did it.
    if not (blame.vetoed or blame.convicts):
        return False, found
    return True, f"{clock(decision.at)}: {found}"


def _hotfix(facts: IncidentFacts) -> Known:
    decision = facts.incident.decision
    newer = next((one for one in decision.guards if one.name == "newer deploy"), None) if decision is not None else None
    if decision is None or newer is None or facts.incident.rollback.requested_at is None:
        return False, f"newer deploy: {newer.why}" if newer is not None else ""
    # Only a rollback that is live shows how long it took, and so that it was faster than a hotfix.
    if newer.verdict is not Verdict.PASS or facts.incident.rollback.restored_at is None:
        return False, f"newer deploy: {newer.why}; the rollback took {facts.rollback_took}"
    found = f"no newer deploy was on its way; the rollback took {facts.rollback_took}"
    return True, f"{clock(decision.at)}: {found}"


def _asked(facts: IncidentFacts) -> Known:
    incident, decision = facts.incident, facts.incident.decision
    if incident.question.approved_by is not None:
        when = f"{clock(incident.question.approved_at)}: " if incident.question.approved_at is not None else ""
        return True, f"{when}by {incident.question.approved_by}"
    if incident.question.defaulted_at is not None:
        return True, f"{clock(incident.question.defaulted_at)}: no answer in time, the policy says rollback then"
    if incident.rollback.requested_at is not None and decision is not None:
        return True, f"not required: {rule(decision)}, mode {decision.mode}"
    return False, "asked, not answered" if incident.question.asked_at else "no rollback was made"


def _restored(facts: IncidentFacts) -> Known:
    incident = facts.incident
    if incident.rollback.verified_at is not None:
        return True, f"{clock(incident.rollback.verified_at)}: {incident.rollback.verification}"
    if facts.recovered and incident.closed_at is not None:
        return True, f"{clock(incident.closed_at)}: every check was back to normal"
    return False, incident.human_needed or "not proved"


def _feed(facts: IncidentFacts) -> Known:
    names = facts.of_kind("sentry")
    # A silent feed proves nothing: at least one full minute after the rollback must have come in.
    silent = [name for name in names if name in facts.incident.rollback.unproved]
    if not names or facts.incident.rollback.verified_at is None or silent:
        why = f"{', '.join(silent)}: no full minute had come in yet" if silent else "not proved"
        return False, why if names else "no Sentry signal is configured"
    return True, f"{clock(facts.incident.rollback.verified_at)}: {', '.join(names)} back to normal"


def _response_times(facts: IncidentFacts) -> Known:
    names = facts.of_kind("latency")
    if not names or not facts.proved:
        return False, "not proved" if names else "no latency signal is configured"
    return True, f"{clock(facts.proved)}: {', '.join(names)} back to normal"


def _logged(facts: IncidentFacts) -> Known:
    incident = facts.incident
    if incident.rollback.requested_at is None:
        return True, f"no rollback was made; the incident is recorded as {incident.id}"
    return True, f"{moment(incident.rollback.requested_at)}: it is in {command_line('history')}"


def _root_cause(facts: IncidentFacts) -> Known:
    cause = facts.root_cause
    return (False, "") if cause is None else (True, f"{moment(cause.at)}, by {cause.by}: {cause.text}")


def _stakeholders(facts: IncidentFacts) -> Known:
    said = [note for note in facts.own_notes if note.label == "INFORMED"]
    if not said:
        return False, ""
    whom = ", ".join(dict.fromkeys(channel for note in said for channel in note.about))
    return True, f"{clock(said[0].at)}: in plain words, by {whom}; last at {clock(said[-1].at)}"


def _fix_branch(facts: IncidentFacts) -> Known:
    target = facts.incident.rollback.target_code
    # No branch can be seen from here: the record adds only the command that makes it.
    return False, f"from {short(target)}: {command_line('fix-branch', facts.incident.id)}" if target else ""


KNOWN: Mapping[str, Callable[[IncidentFacts], Known]] = MappingProxyType(
    {
        "documented": _documented,
        "team-told": _team_notified,
        "last-good": _stable,
        "deploy-related": _deploy_related,
        "hotfix": _hotfix,
        "approval": _asked,
        "restored": _restored,
        "errors": _feed,
        "analytics": lambda facts: (False, "the watchdog does not see it"),
        "response-times": _response_times,
        "log": _logged,
        "stakeholders": _stakeholders,
        "root-cause": _root_cause,
        "fix-branch": _fix_branch,
        "post-mortem": lambda facts: (
            False,
            f"{command_line('postmortem', facts.incident.id)} drafts the report, "
            f"{command_line('issue', facts.incident.id)} opens an issue with it",
        ),
    }
)
"""The evidence for each item; items without an entry need a person."""

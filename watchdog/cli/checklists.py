"""The runbook's checklists for one incident: what the machine did is ticked with its evidence, the rest waits. Pure.

Rule 1: an item is ticked only by what is recorded; what only people can do is open, with an owner and a due time.
Rule 2: the items are the runbook's own, in its words and order; owners are roles, for the runbook names no people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.domain.decisions import Verdict
from watchdog.domain.policy import Severity
from watchdog.domain.units import show_seconds
from watchdog.words.facts import Facts
from watchdog.words.reasons import named
from watchdog.words.text import clock, moment, short, show_probability

DECIDES = {
    Severity.CRITICAL: "on-call engineer",
    Severity.HIGH: "team lead",
    Severity.MEDIUM: "development team",
    Severity.LOW: "product owner",
}
"""Who is responsible, by the runbook's decision matrix."""
DEVELOPERS, ON_CALL, LEAD, OWNER = "development team", "on-call engineer", "team lead", "product owner"
IMMEDIATE, SHORT_TERM, LONG_TERM = 15 * 60.0, 3600.0, 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist: done with this evidence, or open for this owner by this time, with what is known."""

    text: str
    done: bool
    evidence: str = ""
    owner: str = ""
    due: str = ""


def before_rollback(facts: Facts) -> list[Item]:
    """Return the pre-rollback checklist."""
    return [
        _documented(facts),
        _team_told(facts),
        _stable(facts),
        _deploy_related(facts),
        _hotfix(facts),
        _asked(facts),
    ]


def first_quarter(facts: Facts) -> list[Item]:
    """Return what the runbook wants within 15 minutes of the rollback."""
    due = due_at(facts, IMMEDIATE)
    unseen = "the watchdog does not see it"
    return [
        _restored(facts, due),
        _feed(facts, due),
        Item("Monitor analytics for user activity recovery", False, unseen, OWNER, due),
        _response_times(facts, due),
    ]


def first_hour(facts: Facts) -> list[Item]:
    """Return what it wants within the hour."""
    due, incident = due_at(facts, SHORT_TERM), facts.incident
    logged = (
        f"{moment(incident.requested_at)}: it is in watchdog history"
        if incident.requested_at is not None
        else f"no rollback was made; the incident is recorded as {incident.id}"
    )
    target = short(incident.target_code) if incident.target_code else None
    branch = f"from {target}: git switch -c fix-{short(incident.suspect_code)} {target}" if target else ""
    return [
        Item("Document rollback in incident log", True, logged),
        _stakeholders(facts, due),
        _root_cause(facts, due),
        Item("Create fix branch from stable version", False, branch, DEVELOPERS, due),
        Item("Update deployment documentation if needed", False, "", DEVELOPERS, due),
    ]


def first_day(facts: Facts) -> list[Item]:
    """Return what it wants within a day: all of it is people's."""
    due = due_at(facts, LONG_TERM)
    rows = (
        ("Conduct post-mortem meeting", LEAD, "this draft is for it"),
        ("Document lessons learned", LEAD, ""),
        ("Update deployment checklist", DEVELOPERS, ""),
        ("Implement preventive measures", DEVELOPERS, ""),
        ("Schedule fix deployment through staging", DEVELOPERS, ""),
    )
    return [Item(text, False, evidence, owner, due) for text, owner, evidence in rows]


def due_at(facts: Facts, seconds: float) -> str:
    """Return when something is due: so long after the service was restored, or ended otherwise."""
    ended = facts.ended_at
    return moment(ended + seconds) if ended is not None else f"{show_seconds(seconds)} after it is restored"


def _owner_now(facts: Facts) -> tuple[str, str]:
    """Return who decides, and by when the policy wants it restored or answered."""
    within, incident = facts.target_seconds, facts.incident
    due = moment(incident.onset_at + within) if within is not None else "no time is set"
    return DECIDES[incident.severity], due


def _documented(facts: Facts) -> Item:
    incident, text = facts.incident, "Document the issue (error messages, affected features, user impact)"
    seen = "; ".join(f"{one.signal}: {one.text}" for one in incident.findings)
    if not seen:
        return Item(text, False, "nothing was found by a check", *_owner_now(facts))
    return Item(text, True, f"{clock(incident.opened_at)}: {seen} (impact on users: see Impact)")


def _team_told(facts: Facts) -> Item:
    text = "Notify team via Slack/communication channel"
    told = next((note for note in facts.own_notes if note.label == "TOLD"), None)
    if told is None:
        return Item(text, False, "nobody was told by the watchdog", *_owner_now(facts))
    return Item(text, True, f"{clock(told.at)}: {told.text.partition('): ')[0]})")


def _stable(facts: Facts) -> Item:
    text, decision = "Identify the last known stable deployment", facts.incident.decision
    choice = decision.target if decision is not None else None
    if choice is None or choice.deploy is None:
        why = choice.why if choice is not None else "none was looked for"
        return Item(text, False, why, *_owner_now(facts))
    assert decision is not None
    return Item(text, True, f"{clock(decision.at)}: {' '.join(named(choice.deploy).split())}, {choice.why}")


def _deploy_related(facts: Facts) -> Item:
    text, decision = "Verify the issue is deployment-related (not infrastructure)", facts.incident.decision
    blame = decision.blame if decision is not None else None
    if decision is None or blame is None or blame.probability is None:
        return Item(text, False, blame.why if blame is not None else "not weighed", *_owner_now(facts))
    if blame.vetoed:
        found = "not by the deploy: " + "; ".join(f"{veto.name}: {veto.why}" for veto in blame.vetoed)
    else:
        verdict = "it is" if blame.convicts else "not sure enough to act on"
        found = f"{verdict}: P {show_probability(blame.probability)}, needed {blame.need:.2f}; no veto fired"
    if not (blame.vetoed or blame.convicts):
        return Item(text, False, found, *_owner_now(facts))
    return Item(text, True, f"{clock(decision.at)}: {found}")


def _hotfix(facts: Facts) -> Item:
    text, decision = "Check if issue can be hotfixed faster than rollback", facts.incident.decision
    newer = next((one for one in decision.guards if one.name == "newer deploy"), None) if decision is not None else None
    if decision is None or newer is None or facts.incident.requested_at is None:
        return Item(text, False, f"newer deploy: {newer.why}" if newer is not None else "", *_owner_now(facts))
    if newer.verdict is not Verdict.PASS or facts.incident.restored_at is None:
        return Item(
            text, False, f"newer deploy: {newer.why}; the rollback took {facts.rollback_took}", *_owner_now(facts)
        )
    found = f"no newer deploy was on its way; the rollback took {facts.rollback_took}"
    return Item(text, True, f"{clock(decision.at)}: {found}")


def _asked(facts: Facts) -> Item:
    text, incident = "Obtain approval if required (based on severity matrix)", facts.incident
    decision = incident.decision
    if incident.approved_by is not None:
        when = f"{clock(incident.approved_at)}: " if incident.approved_at is not None else ""
        return Item(text, True, f"{when}by {incident.approved_by}")
    if incident.defaulted_at is not None:
        return Item(
            text, True, f"{clock(incident.defaulted_at)}: nobody answered in time, the policy says rollback then"
        )
    if incident.requested_at is not None and decision is not None:
        return Item(text, True, f"not required: {decision.rule.partition(' (')[0]}, mode {decision.mode}")
    return Item(text, False, "asked, not answered" if incident.asked_at else "no rollback was made", *_owner_now(facts))


def _restored(facts: Facts, due: str) -> Item:
    text, incident = "Verify service is restored", facts.incident
    if incident.verified_at is not None:
        return Item(text, True, f"{clock(incident.verified_at)}: {incident.verification}")
    if facts.recovered and incident.closed_at is not None:
        return Item(text, True, f"{clock(incident.closed_at)}: every check was back to normal")
    return Item(text, False, incident.human_needed or "not proved", ON_CALL, due)


def _feed(facts: Facts, due: str) -> Item:
    text = "Check error monitoring (Sentry) for new errors"
    names = facts.of_kind("sentry")
    silent = [name for name in names if f"{name} still unknown" in facts.incident.verification]
    if not names or facts.incident.verified_at is None or silent:
        why = f"{', '.join(silent)}: no full minute had come in yet" if silent else "not proved"
        return Item(text, False, why if names else "no Sentry signal is configured", ON_CALL, due)
    return Item(text, True, f"{clock(facts.incident.verified_at)}: {', '.join(names)} back to normal")


def _response_times(facts: Facts, due: str) -> Item:
    text = "Verify API response times are normal"
    names = facts.of_kind("latency")
    if not names or not facts.proved:
        return Item(text, False, "not proved" if names else "no latency signal is configured", ON_CALL, due)
    return Item(text, True, f"{clock(facts.proved)}: {', '.join(names)} back to normal")


def _stakeholders(facts: Facts, due: str) -> Item:
    text = "Communicate status to stakeholders"
    said = [note for note in facts.own_notes if note.label == "INFORMED"]
    if not said:
        return Item(text, False, "", LEAD, due)
    whom = ", ".join(dict.fromkeys(note.text.partition(": ")[0] for note in said))
    return Item(text, True, f"{clock(said[0].at)}: in plain words, by {whom}; last at {clock(said[-1].at)}")


def _root_cause(facts: Facts, due: str) -> Item:
    text, cause = "Identify root cause of the issue", facts.root_cause
    if cause is None:
        return Item(text, False, "", DEVELOPERS, due)
    return Item(text, True, f"{moment(cause.at)}, by {cause.by}: {cause.text}")


def all_items(facts: Facts) -> Sequence[Item]:
    """Return every item of every list."""
    return [*before_rollback(facts), *first_quarter(facts), *first_hour(facts), *first_day(facts)]

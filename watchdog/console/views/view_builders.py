"""Views of single things: a deploy, a signal, an incident's row, a decision. Pure: domain in, cleaned words out."""

from collections.abc import Iterable

from watchdog.console.views.view_models import (
    BlameView,
    CauseView,
    DecisionView,
    DeployView,
    GuardView,
    IncidentRow,
    RollbackView,
    SignalView,
    TargetView,
    TermView,
    VetoView,
)
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Blame, Decision, TargetChoice
from watchdog.domain.deploys import Deploy
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import SignalPolicy
from watchdog.presentation import decision_text
from watchdog.presentation.explain import COURSES, state_of
from watchdog.presentation.history_table import helped, row
from watchdog.presentation.incident_facts import ended_at
from watchdog.presentation.text import clean, sentence, short, show_number, show_odds, show_probability

MESSAGE_MAX = 100


def deploy_view(deploy: Deploy, note: str = "", author: str = "") -> DeployView:
    """Return a deploy with the first line of its message."""
    return DeployView(
        id=clean(deploy.id),
        status=clean(deploy.status_words),
        trigger=clean(deploy.trigger.replace("_", " ")),
        code=short(deploy.code),
        message=clean(deploy.commit_message.strip().split("\n")[0], limit=MESSAGE_MAX),
        finished_at=deploy.finished_at,
        is_live=deploy.is_live,
        note=clean(note),
        author=clean(author),
    )


def deploy_views(found: Iterable[Deploy], choice: TargetChoice | None) -> tuple[DeployView, ...]:
    """Return deploys, each with the reason why a rollback would, or would not, lead there."""
    notes = {one.deploy: f"passed over: {one.why}" for one in choice.skipped} if choice is not None else {}
    if choice is not None and choice.deploy is not None:
        notes[choice.deploy.id] = f"a rollback would lead here: {choice.why}"
    return tuple(deploy_view(one, notes.get(one.id, "")) for one in found)


def signal_view(signal: SignalPolicy, check: Check | None, said: tuple[str, str] | None) -> SignalView:
    """Return a signal with its newest reading; `said` is its verdict with the reason, None before the first one."""
    kind = signal.source or signal.kind
    if check is None or said is None:
        return SignalView(signal.name, kind, signal.critical, "unknown", "not read yet", None)
    word, why = said
    return SignalView(signal.name, kind, signal.critical, word.lower(), clean(why), check.last_at)


def incident_row(incident: Incident, label: str | None) -> IncidentRow:
    """Return an incident as one row."""
    restored = (
        None if incident.rollback.restored_at is None else max(0.0, incident.rollback.restored_at - incident.onset_at)
    )
    return IncidentRow(
        id=clean(incident.id),
        service=clean(incident.service),
        severity=incident.severity.value,
        standing=state_of(incident).lower(),
        title=clean(incident.title),
        onset_at=incident.onset_at,
        opened_at=incident.opened_at,
        closed_at=incident.closed_at,
        restored_in_seconds=restored,
        label=label,
        lasted_seconds=_lasted_seconds(incident),
    )


def _lasted_seconds(incident: Incident) -> float | None:
    if incident.closed_at is None and incident.rollback.verified_at is None:
        return None
    # As in the statistics: the minutes of proof are no downtime. It ended unproved, if another incident continues it.
    end = ended_at(incident) or incident.closed_at
    return None if end is None else max(0.0, end - incident.onset_at)


def rollback_view(incident: Incident, label: str | None, cause: Remark | None) -> RollbackView:
    """Return a rollback as one row; `label` and `cause` are people's, afterwards."""
    target = f"{incident.rollback.target or 'unknown deploy'} {short(incident.rollback.target_code)}"
    date, time, trigger, method, duration, suspect = row(incident, label, cause)
    return RollbackView(
        clean(incident.id), date, time, trigger, method, duration, suspect, clean(target), helped(incident)
    )


def decision_view(decision: Decision, repo: str | None, order: tuple[str, ...] = ()) -> DecisionView:
    """Return a decision with its arithmetic; `order` is the safe order of its rollback, if that may still come."""
    return DecisionView(
        at=decision.at,
        course=decision.course.value,
        words=COURSES[decision.course],
        why=sentence(decision.why),
        would=sentence(decision.would),
        severity=decision.severity.value,
        mode=decision.mode,
        blame=None if decision.blame is None else blame_view(decision.blame, decision_text.diff_link(decision, repo)),
        guards=tuple(GuardView(one.name, one.verdict.value, clean(one.why)) for one in decision.guards),
        target=None if decision.target is None else target_view(decision.target),
        safe_order=order,
    )


def blame_view(blame: Blame, diff: str) -> BlameView:
    """Return the odds term by term; no terms without a suspect."""
    terms: tuple[TermView, ...] = ()
    if blame.probability is not None and blame.suspect is not None:
        prior = TermView("prior odds", blame.prior_odds, show_odds(blame.prior_odds), clean(blame.prior_why))
        found = (
            TermView(clean(one.name) or "evidence", one.factor, f"x {show_number(one.factor)}", clean(one.why))
            for one in blame.factors
        )
        terms = (prior, *found)
    return BlameView(
        suspect=decision_text.named(blame.suspect) if blame.suspect is not None else "",
        diff=diff,
        # A veto overrides the arithmetic: beside it the number would pass for the verdict.
        probability=None if blame.vetoed else blame.probability,
        shown=_probability(blame),
        need=blame.need,
        odds=show_odds(blame.odds) if terms else "",
        terms=terms,
        vetoes=tuple(VetoView(clean(one.name), one.fired, clean(one.why)) for one in blame.vetoes),
        why=sentence(blame.why),
        causes=tuple(CauseView(chance, show_probability(chance), why) for chance, why in decision_text.ranked(blame)),
    )


def _probability(blame: Blame) -> str:
    if blame.probability is None:
        return "unknown"
    return "0, vetoed" if blame.vetoed else show_probability(blame.probability)


def target_view(choice: TargetChoice) -> TargetView:
    """Return the target of a rollback, and the reasons against other deploys."""
    skipped = tuple(
        DeployView(clean(one.deploy), "", "", short(one.code), "", None, False, clean(one.why))
        for one in choice.skipped
    )
    deploy = decision_text.named(choice.deploy) if choice.deploy is not None else None
    place = clean(choice.deploy.id) if choice.deploy is not None else None
    return TargetView(deploy, clean(choice.why), clean(choice.warning), clean(choice.ask), skipped, place)

"""Commands open to people now, silences, and the plan of a manual rollback. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from watchdog.console.views.card_models import AskView
from watchdog.console.views.view_builders import decision_view, deploy_view
from watchdog.console.views.view_models import PlanView, QuietView
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.decisions import Decision, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.errors import Refused
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import ACTING, Incident, ServiceState, State
from watchdog.domain.policy import Policy, Rule
from watchdog.presentation.notices.notice_details import only_approver
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.outlooks.safe_order import DatabaseSteps, safe_order
from watchdog.presentation.rollback_plan import planned, planned_undo
from watchdog.presentation.status_text import open_incident, quiets
from watchdog.presentation.text import clean, sentence

ANSWERS = ("approve", "reject", "stop")
"""The commands that answer a question, or prevent a rollback."""
NEVER_LIVE = "never live itself; a later one has its change"
"""Beside a deploy whose change a rollback takes back all the same."""


def ask_view(
    incident: Incident, service: ServiceState | None, rule: Rule, now: float, around: CurrentState | None = None
) -> AskView | None:
    """Return the open question, or the action that can be stopped; None without either. `rule` is the policy's for the
    severity, `around` the present state around the incident."""
    known = open_incident(service)
    # An older incident's page offers no commands: they would apply to the open one.
    if service is None or known is None or known.id != incident.id:
        return None
    coming = outlook(known, now, state=around)
    can = tuple(one for one in ANSWERS if one in coming.commands)
    if not can:
        return None
    only = only_approver(known, rule.approver.name if rule.approver else "") if "approve" in can else ()
    asked_at, target = service.asked_at, known.rollback.target
    words = " ".join(only)
    return AskView(can, coming.sentence, known.suspect, target, asked_at, coming.until, words, service.is_kept)


def can_acknowledge(incident: Incident, service: ServiceState | None) -> bool:
    """Return whether the incident is open and not yet acknowledged."""
    known = open_incident(service)
    return known is not None and known.id == incident.id and known.escalation.acknowledged_by is None


def can_undo(incident: Incident, service: ServiceState | None) -> bool:
    """Return whether an undo is possible: the incident's rollback is live, and no action is under way."""
    if service is None or incident.rollback.deploy is None or service.phase in ACTING:
        return False
    # Once another deploy is live, nothing of the rollback is left to take back.
    return service.live == incident.rollback.deploy


def quiet_views(state: State, policy: Policy, service: str | None, now: float) -> tuple[QuietView, ...]:
    """Return the silences and action holds of a service (or of all) that have not ended."""
    # A window of the configuration cannot be ended by a command: it gets no button.
    typed = {one.name for one in (*state.silences, *state.holds)}
    return tuple(
        QuietView(one.name, clean(words), one.name in typed) for one, words in quiets(state, policy, now, service)
    )


def plan_view(
    policy: Policy, state: State, listed: DeploysListed, to: str | None, repo: str | None, blamed: str | None = None
) -> PlanView:
    """Return the plan of a manual rollback, as `watchdog rollback SERVICE --dry-run` prints it."""
    database = DatabaseSteps.of(policy, listed.service)
    view = _plan(listed, repo, database, lambda: (planned(policy, state, listed, to, blamed), ""))
    return replace(view, blamed=clean(blamed or ""))


def undo_view(policy: Policy, state: State, listed: DeploysListed, incident: Incident, repo: str | None) -> PlanView:
    """Return the plan of an undo, as `watchdog incident undo INCIDENT --dry-run` prints it."""
    database = DatabaseSteps.of(policy, listed.service, incident.id)
    view = _plan(listed, repo, database, lambda: planned_undo(policy, state, listed, incident))
    return replace(view, incident=clean(incident.id))


def _plan(
    listed: DeploysListed, repo: str | None, database: DatabaseSteps, made: Callable[[], tuple[Decision, str]]
) -> PlanView:
    live = live_deploy(listed.deploys)
    shown = deploy_view(live) if live is not None else None
    try:
        decision, follows = made()
    except Refused as error:
        return PlanView(listed.at, listed.service, shown, None, sentence(str(error)))
    # The first blocking guard is the reason that people read; the plan lists all of them.
    blocked = next((one for one in decision.guards if one.verdict is Verdict.BLOCK), None)
    why = f"{blocked.name}: {blocked.why}" if blocked is not None else ""
    plan = decision_view(decision, repo, safe_order(decision, live, database=database))
    target = decision.target.deploy if decision.target is not None else None
    lost = _lost(listed.deploys, live, target) if live is not None and target is not None else ()
    shown_lost = tuple(deploy_view(one, "" if one.was_live else NEVER_LIVE) for one in lost)
    return PlanView(listed.at, listed.service, shown, plan, sentence(why), follows=sentence(follows), lost=shown_lost)


def _lost(deploys: Sequence[Deploy], live: Deploy, target: Deploy) -> Sequence[Deploy]:
    """Return the deploys, newest first, whose changes are live and not in the target; one of each known code."""
    places = {one.id: place for place, one in enumerate(deploys)}
    # A rollback deploy is newer than what it serves: the changes that are live end with the first deploy of its code.
    newest = max((places[one.id] for one in deploys if one.code == live.code is not None), default=places[live.id])
    found = deploys[newest : places.get(target.id, 0)]
    return list({one.code or one.id: one for one in found if one.code is None or one.code != target.code}.values())

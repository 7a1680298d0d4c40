"""What people may say now, what they asked for before, and what a rollback by hand would do. Pure."""

from collections.abc import Callable
from dataclasses import replace

from watchdog.console.views.view_builders import decision_view, deploy_view
from watchdog.console.views.view_models import AnswerView, AskView, PlanView, QuietView
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.decisions import Decision, Verdict
from watchdog.domain.errors import Refused
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import ACTING, Incident, Phase, ServiceState, State
from watchdog.domain.policy import Policy, Rule
from watchdog.domain.store_records import Command
from watchdog.presentation.notice_details import only_approver
from watchdog.presentation.rollback_plan import planned, planned_undo
from watchdog.presentation.status_text import open_incident, quiets
from watchdog.presentation.text import clean, sentence, short

CAN = {
    Phase.ASKING: ("approve", "reject"),
    Phase.ANNOUNCED: ("approve", "stop"),
    Phase.PINNING: ("stop",),
}
"""What the core takes in which phase; what it would refuse is not offered."""
REFUSED_CODE = 3
ABOUT = ("service", "of", "signal", "severity", "incident", "item", "target", "commit", "verdict", "text")
"""What a command is about, in the order in which it is said."""


def ask_view(incident: Incident, service: ServiceState | None, rule: Rule) -> AskView | None:
    """Return what is asked, or can be stopped; None if nothing is. `rule` is the policy's for its severity."""
    known = open_incident(service)
    if service is None or known is None or known.id != incident.id:
        return None
    can = CAN.get(service.phase, ())
    if service.phase is Phase.PAGED and known.decision is not None and not known.human_needed and known.rollback.target:
        can = ("stop",)
    if not can:
        return None
    until = known.announced_until
    if service.phase is Phase.ASKING:
        until = known.question.deadline.due_at if known.question.deadline is not None else None
    rollback = known.rollback
    what = (
        f"roll {clean(known.service)} back from {clean(known.suspect or 'the live deploy')} to {clean(rollback.target)}"
    )
    what = f"{what} ({short(rollback.target_code)})" if rollback.target_code else what
    said = {Phase.ASKING: f"May the watchdog {what}?", Phase.ANNOUNCED: f"The watchdog is about to {what}."}
    if service.is_kept:
        said[Phase.ANNOUNCED] = (
            f"Approved by {clean(known.question.approved_by)}: the watchdog will {what} in its window."
        )
    words = said.get(service.phase, f"The watchdog means to {what}; it is not sent yet.")
    only = only_approver(known, rule.approver.name if rule.approver else "") if "approve" in can else ()
    return AskView(can, words, known.suspect, rollback.target, service.asked_at, until, " ".join(only), service.is_kept)


def can_acknowledge(incident: Incident, service: ServiceState | None) -> bool:
    """Tell whether it is open, and nobody said yet that they look after it."""
    known = open_incident(service)
    return known is not None and known.id == incident.id and known.escalation.acknowledged_by is None


def can_undo(incident: Incident, service: ServiceState | None) -> bool:
    """Tell whether its rollback is what is live, and nothing is under way: then it may be taken back."""
    if service is None or incident.rollback.deploy is None or service.phase in ACTING:
        return False
    return service.live == incident.rollback.deploy


def quiet_views(state: State, policy: Policy, service: str, now: float) -> tuple[QuietView, ...]:
    """Return the silences and action holds of a service that are not over."""
    typed = {one.name for one in (*state.silences, *state.holds)}
    return tuple(
        QuietView(one.name, clean(words), one.name in typed) for one, words in quiets(state, policy, now, service)
    )


def answer_view(command: Command) -> AnswerView:
    """Return what came of a command."""
    about = [clean(command.arguments[name], 200) for name in ABOUT if command.arguments.get(name)]
    state = "waiting" if not command.done else "done" if command.ok else "failed"
    return AnswerView(
        id=command.id,
        at=command.at,
        by=clean(command.by),
        asked=" ".join([clean(command.arguments.get("what") or command.name), *about]),
        state="refused" if state == "failed" and command.exit_code == REFUSED_CODE else state,
        answer=sentence(command.answer),
    )


def plan_view(policy: Policy, state: State, listed: DeploysListed, to: str | None, repo: str | None) -> PlanView:
    """Return what a rollback by hand would do: the plan of `watchdog rollback SERVICE --dry-run`."""
    return _plan(listed, repo, lambda: (planned(policy, state, listed, to), ""))


def undo_view(policy: Policy, state: State, listed: DeploysListed, incident: Incident, repo: str | None) -> PlanView:
    """Return what an undo would do: the plan of `watchdog undo INCIDENT --dry-run`."""
    view = _plan(listed, repo, lambda: planned_undo(policy, state, listed, incident))
    return replace(view, incident=clean(incident.id))


def _plan(listed: DeploysListed, repo: str | None, made: Callable[[], tuple[Decision, str]]) -> PlanView:
    live = live_deploy(listed.deploys)
    shown = deploy_view(live) if live is not None else None
    try:
        decision, follows = made()
    except Refused as error:
        return PlanView(listed.at, listed.service, shown, None, sentence(str(error)))
    blocked = next((one for one in decision.guards if one.verdict is Verdict.BLOCK), None)
    why = f"{blocked.name}: {blocked.why}" if blocked is not None else ""
    plan = decision_view(decision, repo)
    return PlanView(listed.at, listed.service, shown, plan, sentence(why), follows=sentence(follows))

"""The decision: severity, blame, guards and target combined into one course, with its reasons.

Theory. The four questions are answered apart, and all of them always, so that the record of a page shows why no
rollback was sent. Then the policy's row for the severity states the aim, and the answers may only weaken it: from a
rollback to a question, from a question to a page. A question becomes a rollback
by an approval, or by the policy's default when no answer came.

Rule 1: a rollback needs a conviction by blame, a pass from every guard and a target; and the mode must allow it.
Rule 2: every other course notifies a human, with the same arithmetic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from watchdog.core import note_text
from watchdog.core.assess import blame as blaming
from watchdog.core.assess import severity
from watchdog.core.assess.blame_input import BlameInput
from watchdog.core.assess.current_readings import words
from watchdog.core.assess.other_causes import EARLIER_MEAN_MINUTES
from watchdog.core.assess.rollback_target import TargetQuery, choose_target
from watchdog.core.assess.suspect_deploy import (
    change_of,
    earliest_onset_of,
    first_traffic_at,
    live_deploy,
    same_code_run,
)
from watchdog.core.detect import latency, probes, slow_answers
from watchdog.core.guards import guards, without_deploy
from watchdog.core.guards.guard_context import GuardContext
from watchdog.domain.checks import Check
from watchdog.domain.decisions import (
    Blame,
    Course,
    Decision,
    Evidence,
    Finding,
    GuardAnswer,
    TargetChoice,
    Verdict,
    failure_types,
)
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Action, Mode, Policy, Rule, ServicePolicy
from watchdog.domain.readings import Good
from watchdog.domain.remedies.remedy import untried

NOTHING_TO_DO: Mapping[Action, tuple[Course, str]] = MappingProxyType(
    {
        Action.NOTE: (Course.NOTE, "the policy only notes this severity"),
        Action.TELL: (Course.TELL, "the policy only notifies of this severity"),
        Action.TICKET: (Course.TELL, "the policy keeps a ticket of this severity"),
    }
)
"""Actions of the policy that change nothing, whatever the blame and the guards say."""
CONTESTED = "one of two changes that may have caused it"


def decide(
    state: State,
    policy: Policy,
    service: ServiceState,
    findings: tuple[Finding, ...],
    *,
    now: float,
    incident: Incident | None = None,
    approved: bool = False,
) -> Decision:
    """Return the course of action for the findings (at least one), with its reasons.

    `approved`: a human approved the incident's question. That answers the guards that asked then, and no others.
    """
    service_policy = policy.services[service.name]
    level, why_level, main = severity.judge(findings, service_policy, policy.detection)
    # The answer was to the question of then: a yes still holds where less fails by now.
    if approved and incident is not None and incident.severity.rank > level.rank:
        level = incident.severity
    share = failing_share(service, main, now, policy)
    since = replace(main, onset_at=_since_it_began(service, findings, incident, policy))
    case = BlameInput(state, policy, service, service_policy, findings, since, share, now, _before(incident))
    # Blame, then target, then guards: the target depends on the suspect, and some guards on both.
    verdict = blaming.weigh(case)
    target = find_target(state, policy, service, verdict)
    answers = guards.check(GuardContext(state, policy, service, service_policy, verdict, target, incident, now, since))
    rule = policy.matrix[level]
    # Read from the question's own decision: a guard that asks only now was never put to the human.
    answered = guards.guards_that_ask(incident) if approved else None
    defaulted = guards.answered_by_default(incident)
    course, why = _course(rule, verdict, target, answers, service_policy, answered, defaulted=defaulted)
    attempts = incident.remedies if incident is not None else ()
    left = untried(service_policy.remedies, attempts, failure_types(findings), service.remedied, now)
    first = [one.name for one in left]
    would, would_course = _would(rule, verdict, target, answers, service_policy, first)
    alone = without_deploy.weigh(service_policy.remedies, left, course, level, verdict, answers)
    if would and alone.would:
        would = f"would {note_text.remedies(alone.would)} though no deploy is suspected; {would}"
    return Decision(
        at=now,
        course=course,
        severity=level,
        why=why,
        policy_action=rule.do,
        share=share,
        mode=service_policy.mode.value,
        evidence=tuple(_evidence(service, service_policy, findings, state, policy)),
        blame=verdict,
        guards=answers,
        target=target,
        would=would,
        would_course=would_course,
        severity_why=why_level,
        first=tuple(first) if target.deploy is not None else (),
        without_deploy=alone.names,
        why_no_remedy=alone.why_not,
    )


def _since_it_began(
    service: ServiceState, findings: tuple[Finding, ...], incident: Incident | None, policy: Policy
) -> float:
    """Return since when it fails: a deploy that came in the middle of that is not to blame.

    A lesser failure was its first sign, if the change that fits this one served then and this came soon after. Else it
    may be another matter, and dates this one only where it was as severe: what grows does so in minutes.
    """
    place = (findings, incident, policy.services[service.name], policy.detection)
    severe, first = severity.as_severe_since(*place), severity.first_sign(*place)
    suspect = live_deploy(service.deploys)
    if suspect is None:
        return severe
    # The same code deployed anew may bring other environment variables: what failed before is no sign of those.
    change = change_of(same_code_run(service.deploys, suspect), severe, policy.blame)
    served = first_traffic_at(change, policy.blame)
    since_then = first >= earliest_onset_of(change, policy.blame)
    # No earlier than the change: within the tolerance of clocks, a deploy of the same code before it would fit better.
    return min(severe, max(first, served)) if since_then and severe - first <= EARLIER_MEAN_MINUTES * 60 else severe


def _before(incident: Incident | None) -> Blame | None:
    return incident.decision.blame if incident is not None and incident.decision is not None else None


def failing_share(service: ServiceState, main: Finding, now: float, policy: Policy) -> float:
    """Return the share of the main finding's probes that failed in the last minute (or its own share)."""
    check = service.checks[main.signal]
    # Of the last minute, as visitors see it now; the whole run may be an hour old.
    failed, total = probes.share_failing(check, now - policy.detection.share_window_seconds)
    if main.method in ("run", "cusum") and total:
        return failed / total
    return main.share


def find_target(state: State, policy: Policy, service: ServiceState, verdict: Blame) -> TargetChoice:
    """Return the deploy to roll back to, given the suspect."""
    if verdict.suspect is None or verdict.change is None:
        return TargetChoice(None, verdict.why)
    return choose_target(
        TargetQuery(
            deploys=service.deploys,
            suspect=verdict.suspect,
            change=verdict.change,
            configuration=verdict.configuration,
            denied=state.denied,
            blamed=state.blamed,
            undone=service.undone,
            observed_healthy_seconds=service.observed_healthy_seconds,
            watching_since=service.watching_since,
            limits=policy.verification,
        )
    )


def _course(
    rule: Rule,
    verdict: Blame,
    target: TargetChoice,
    answers: Sequence[GuardAnswer],
    service_policy: ServicePolicy,
    answered: frozenset[str] | None = None,
    *,
    defaulted: bool = False,
) -> tuple[Course, str]:
    """Return the course and its reason, worst news first; `answered` holds the guards that an approval answers.

    `defaulted`: the question went unanswered and the policy says rollback; that neither convicts nor answers a guard.
    """
    if rule.do in NOTHING_TO_DO:
        return NOTHING_TO_DO[rule.do]
    down = next((one for one in answers if one.name == "service" and one.verdict is Verdict.BLOCK), None)
    # First of all obstacles: a planned downtime explains the failure, so blame and target are beside the point.
    if down is not None and verdict.suspect is not None:
        return Course.PAGE, f"{down.name}: {down.why}"
    # A veto holds even against an approval; lack of conviction does not.
    if (answered is None and not verdict.convicts and not (verdict.likely or verdict.contested)) or verdict.vetoed:
        return Course.PAGE, verdict.why
    if target.deploy is None:
        return Course.PAGE, target.why
    blocked = next((one for one in answers if one.verdict is Verdict.BLOCK), None)
    if blocked is not None:
        return Course.PAGE, f"{blocked.name}: {blocked.why}"
    # A block is final here, for machine and approver alike; a guard that asks may still be answered below.
    asks = [one for one in answers if one.verdict is Verdict.ASK]
    if answered is not None and all(one.name in answered for one in asks):
        return Course.ROLLBACK, f"approved; {verdict.why}"
    why_asked = [f"{one.name}: {one.why}" for one in asks]
    if not verdict.convicts:
        what = _likely_in_words(verdict) if verdict.likely else CONTESTED
        why_asked.append(f"{what}: {verdict.why}")
    elif rule.do in (Action.ASK, Action.SCHEDULE) and not defaulted:
        whom = f"{rule.approver.name} " if rule.approver is not None else ""
        why_asked.append(f"the policy asks {whom}for this severity; {verdict.why}")
    if why_asked:
        return Course.ASK, "; ".join(why_asked)
    if defaulted:
        return Course.ROLLBACK, f"no answer came in time, and the policy says rollback; {verdict.why}"
    # Last: only a rollback that nothing forbids or asks about is announced, so that silence may mean consent.
    if service_policy.veto_seconds > 0:
        return Course.ANNOUNCE, f"veto window of {service_policy.veto_seconds:.0f} s; {verdict.why}"
    return Course.ROLLBACK, verdict.why


def _likely_in_words(verdict: Blame) -> str:
    if verdict.likelier_than_not:
        return "more likely than not, and no more"
    return f"less likely than not, and worth a question (from {verdict.likely_from:.2f})"


def _would(
    rule: Rule,
    verdict: Blame,
    target: TargetChoice,
    answers: Sequence[GuardAnswer],
    service_policy: ServicePolicy,
    first: Sequence[str],
) -> tuple[str, str]:
    """Return the action that only mode observe prevents, in words, and its course; ("", "") in every other mode."""
    if service_policy.mode is not Mode.OBSERVE:
        return "", ""
    # The same course without the guard `mode`: observe mode shows the decision that it prevents.
    others = [answer for answer in answers if answer.name != "mode"]
    course, why = _course(rule, verdict, target, others, service_policy)
    if course not in (Course.ROLLBACK, Course.ANNOUNCE, Course.ASK) or target.deploy is None:
        return f"would {course.value}: {why}", course.value
    verb = "ask to roll back" if course is Course.ASK else "roll back"
    before = f"first {note_text.remedies(first)}; then " if first else ""
    return f"would {before}{verb} to {target.deploy.id} ({note_text.short(target.deploy.code)})", course.value


def _evidence(
    service: ServiceState,
    service_policy: ServicePolicy,
    findings: tuple[Finding, ...],
    state: State,
    policy: Policy,
) -> list[Evidence]:
    """Return the reading of each signal, each control target and each status page."""
    found = {finding.signal: finding for finding in findings}
    lines = [
        _signal_evidence(signal.name, service.checks.get(signal.name), found, policy)
        for signal in service_policy.signals
    ]
    # In the order of the configuration; a target that was not read yet is left out.
    control = [state.control[target] for target in policy.control if target in state.control]
    if control:
        answering = sum(isinstance(reading, Good) for _, reading in control)
        verdict = "good" if answering else "bad"
        lines.append(Evidence("control", verdict, f"{answering} of {len(policy.control)} answer"))
    for name in policy.vendors:
        at_reading = state.vendors.get(name)
        if at_reading is not None:
            lines.append(Evidence(f"status {name}", *words(at_reading[1])))
    return lines


def _signal_evidence(name: str, check: Check | None, found: dict[str, Finding], policy: Policy) -> Evidence:
    if check is None or check.last is None:
        return Evidence(name, "unknown", "not read yet")
    if name in found:
        return Evidence(name, "bad", found[name].text, _not_fired(check, found[name], policy))
    verdict, text = words(check.last)
    # A run below the limit is no finding yet; the reader still has to see that this check began to fail.
    if check.run_probes:
        text = f"{text}; {check.run_probes} in a row, not confirmed"
    return Evidence(name, verdict, text)


def _not_fired(check: Check, finding: Finding, policy: Policy) -> str:
    """Return the state of the method that did not confirm, for `explain`."""
    if finding.method == "run":
        return f"CUSUM {check.cusum:.1f} of {policy.detection.cusum_limit_in_watch:.0f} (in a watch window)"
    if finding.method == "latency" and check.samples:
        values = [seconds for _, seconds in check.samples]
        return ", ".join(
            f"{name} {latency.quantile(values, share) * 1000:.0f} ms" for name, share in slow_answers.QUANTILES.items()
        )
    return ""

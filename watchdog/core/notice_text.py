"""The words people get: titles and lines of notices, made from a decision and its incident.

Rule: the same words as in the log and in `explain`, with the arithmetic; and always what happens next.
"""

from watchdog.core.assess import schedule
from watchdog.domain.decisions import Decision, GuardAnswer, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.domain.follow_ups import RUNBOOK
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Rule, Then, Window
from watchdog.domain.units import show_seconds


def short(code: str | None) -> str:
    """Return a commit or digest as people write it."""
    return (code or "").removeprefix("sha256:")[:7]


def name_deploy(deploy: Deploy) -> str:
    """Return `dep-40 1b7e0d4`."""
    return f"{deploy.id} {short(deploy.code)}".strip()


def name_target(incident: Incident) -> str:
    """Return `dep-40 1b7e0d4`: where it is rolled back to."""
    return f"{incident.rollback.target} {short(incident.rollback.target_code)}"


def title(incident: Incident) -> str:
    """Return the headline: what fails, how bad, since when."""
    return f"{incident.service} {incident.severity.value.upper()}: {incident.title}"


def alarm_title(incident: Incident, auto_deploy_off: str) -> str:
    """Return the headline; it begins with a warning while auto-deploy is off because of us."""
    off = auto_deploy_off not in ("", "off")
    return f"{f'AUTO-DEPLOY IS OFF on {incident.service}. ' if off else ''}{title(incident)}"


def by_hand(incident: Incident) -> bool:
    """Tell whether a human asked for this rollback on their own: then nobody was blamed, and nothing is found anew."""
    return incident.decision is not None and incident.decision.blame is None


def blame_line(decision: Decision) -> str:
    """Return whom we blame and how surely."""
    return decision.blame.why if decision.blame is not None else "nobody was blamed"


def guards_line(guards: tuple[GuardAnswer, ...]) -> str:
    """Return `all pass`, or the guards that do not."""
    against = [f"{answer.name}: {answer.why}" for answer in guards if answer.verdict is not Verdict.PASS]
    return "; ".join(against) if against else "all pass"


def target_line(decision: Decision) -> str:
    """Return where to, and what was passed over."""
    choice = decision.target
    if choice is None:
        return "none"
    skipped = "; ".join(f"skipped {item.deploy}: {item.why}" for item in choice.skipped[:3])
    skipped = f" ({skipped})" if skipped else ""
    if choice.deploy is None:
        return f"none: {choice.why}{skipped}"
    warning = f"; {choice.warning}" if choice.warning else ""
    return f"{name_deploy(choice.deploy)}, {choice.why}{skipped}{warning}"


def decision_lines(incident: Incident) -> tuple[str, ...]:
    """Return the evidence and the reasoning, a line each."""
    decision = incident.decision
    lines = [f"Seen: {finding.signal}: {finding.text}" for finding in incident.findings]
    if decision is None:
        return tuple(lines)
    lines += [f"Seen: {item.signal}: {item.text}" for item in decision.evidence if item.verdict == "unknown"]
    lines.append(f"Blame: {blame_line(decision)}")
    if decision.blame is not None:
        lines += [f"Blame: x {term.factor:g}: {term.why}" for term in decision.blame.factors]
    lines.append(f"Guards: {guards_line(decision.guards)}")
    lines.append(f"Target: {target_line(decision)}")
    if decision.would:
        lines.append(f"Mode observe: {decision.would}")
    return tuple(lines)


OTHERWISE = {
    Then.ESCALATE: "Without an answer nothing is changed, and you are paged again.",
    Then.ROLLBACK: "Without an answer it is rolled back then, if every guard still passes (policy: then: rollback).",
    Then.NOTHING: "Without an answer nothing is changed.",
}


def asking_lines(incident: Incident, rule: Rule, now: float) -> tuple[str, ...]:
    """Return what is asked, how to answer, and what happens otherwise, by the clock of the question at that moment."""
    clock = incident.question.deadline if not incident.late_paged else None
    due = clock.due_at if clock is not None else None
    deadline = f" within {show_seconds(due - now)}" if due is not None else ""
    return (
        f"Question: roll {incident.service} back to {name_target(incident)}?",
        f"Answer{deadline}: watchdog approve {incident.id}   or   watchdog reject {incident.id}",
        *only_approver(incident, rule),
        *waits_for_its_window(incident, rule, now),
        without_an_answer(incident, clock.then if clock is not None and due is not None else Then.NOTHING),
        *([f"Why you are asked: {incident.decision.why}"] if incident.decision is not None else []),
        *decision_lines(incident),
    )


def only_approver(incident: Incident, rule: Rule) -> tuple[str, ...]:
    """Return who alone may say yes, if the policy names somebody."""
    if rule.approver is None:
        return ()
    name = rule.approver.name
    return (f"Only {name} may approve (policy: {incident.severity}: approver: {name}); anybody else may reject.",)


def waits_for_its_window(incident: Incident, rule: Rule, now: float) -> tuple[str, ...]:
    """Return that a yes does not act at once, if it would not now."""
    window = rule.window
    if window is None or schedule.within(window.hours, now):
        return ()
    when = when_it_begins(window, schedule.next_beginning(window.hours, now), now)
    return (
        f"A yes is kept for {when} (policy: {incident.severity}: window: {window.name}); said again, it means now.",
    )


def when_it_begins(window: Window, at: float, now: float) -> str:
    """Return `Sun 02:00 Europe/Berlin (in 5 h 20 min)`."""
    return f"{schedule.show(window.hours, at)} (in {show_seconds(at - now)})"


def kept_lines(incident: Incident, rule: Rule) -> tuple[str, ...]:
    """Return what becomes of a rollback that is kept, and what people may still say."""
    named = f" (policy: {incident.severity}: window: {rule.window.name})" if rule.window is not None else ""
    return (
        f"Approved by {incident.question.approved_by}, and kept until then{named}: roll {incident.service} back to"
        f" {name_target(incident)}.",
        "Then everything is decided anew: it is done only if the deploy still fails and every guard passes.",
        f"To prevent it: watchdog stop {incident.id}. Not to wait: watchdog approve {incident.id}",
    )


def without_an_answer(incident: Incident, then: Then) -> str:
    """Return what is done if nobody answers in time."""
    asks = [one for one in incident.decision.guards if one.verdict is Verdict.ASK] if incident.decision else []
    if asks and all(one.passing for one in asks):
        again = "" if then is Then.NOTHING else ", and you are paged again"
        return f"Without an answer nothing is changed while that lasts{again}; after it, it may act."
    return OTHERWISE[then]


def rebuild_words(incident: Incident) -> str:
    """Return that the target is built anew, or nothing."""
    if incident.rollback.expired is None or incident.rollback.expired != incident.rollback.target:
        return ""
    return (
        f"a rebuild of {short(incident.rollback.target_code)}, since its artefact is gone: it takes as long as a build"
    )


def done_lines(incident: Incident) -> tuple[str, ...]:
    """Return what was done to production so far."""
    lines = []
    if incident.pin.note:
        lines.append(f"Auto-deploy: {incident.pin.note}")
    if incident.rollback.deploy:
        how = f" ({rebuild_words(incident)})" if rebuild_words(incident) else ""
        lines.append(
            f"Rolled back: {incident.suspect} -> {incident.rollback.target} as {incident.rollback.deploy}{how}"
        )
    return tuple(lines)


def left_lines(incident: Incident, auto_deploy_off: str) -> tuple[str, ...]:
    """Return what is left for people after a rollback."""
    lines = []
    if auto_deploy_off and auto_deploy_off != "off":
        lines.append(f"Left for you: auto-deploy is off (it was {auto_deploy_off}) until you switch it back on.")
    if incident.rollback.healed_at is not None:
        lines.append(f"Left for you: {healed_line(incident)}.")
    elif incident.suspect_code and incident.rollback.deploy and not incident.rollback.undoes:
        lines.append(f"Left for you: fix {short(incident.suspect_code)}; `watchdog explain {incident.id}` says why.")
    return tuple(lines)


def healed_line(incident: Incident) -> str:
    """Return that the rollback may have been needless, and how to take it back."""
    assert incident.rollback.healed_at is not None, "it had healed"
    ahead = show_seconds((incident.rollback.restored_at or 0.0) - incident.rollback.healed_at)
    return (
        f"all was good again {ahead} before the rollback was live, and not by it: {incident.suspect} may be innocent "
        f"(`watchdog undo {incident.id}` takes the rollback back)"
    )


def todo_lines(incident: Incident) -> tuple[str, ...]:
    """Return what the runbook leaves to people after a rollback, each with whose it is and by when; else nothing."""
    if incident.rollback.requested_at is None:
        return ()
    open_items = [one for one in RUNBOOK if one.by_people and not (one.id == "stakeholders" and incident.informed)]
    left = [(one, show_seconds(one.within_seconds or 0.0)) for one in open_items]
    return tuple(f"{one.text}: {one.owner}, within {by} (watchdog tick {incident.id} {one.id})" for one, by in left)

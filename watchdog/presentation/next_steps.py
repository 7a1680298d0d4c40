"""Doubts, alternatives, and the work left for people. Pure. `outlook.py` says what happens next."""

from collections.abc import Sequence

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Blame, Course, Decision, Verdict
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.policy import Action, Mode
from watchdog.presentation.outlook import PLAN, outlook, rollback_line
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.situation import Situation, situation
from watchdog.presentation.text import arrows, clean, section, sentence, short, show_number

ACTING = frozenset({Course.ROLLBACK, Course.ANNOUNCE})
ASKING = (Action.ASK, Action.SCHEDULE)
"""Actions of a severity's rule that need a person's approval."""
HOPELESS = 1000.0
"""Evidence that fell short by more than this factor is not given as a number."""


def unsure(incident: Incident) -> list[str]:
    """Return the doubts as a section."""
    found = doubts_of(incident)
    return section("UNSURE", sentence("; ".join(found))) if found else []


def doubts_of(incident: Incident) -> list[str]:
    """Return unknown readings and unproved facts, one a line."""
    doubts: list[str] = []
    decision = incident.decision
    if decision is not None:
        doubts += [
            f"{one.signal} could not be judged ({one.text})" for one in decision.evidence if one.verdict == "unknown"
        ]
        doubts += _of_blame(decision.blame)
        if decision.target is not None and decision.target.warning:
            doubts.append(decision.target.warning)
    if incident.rollback.deploy is not None and not incident.pin.off:
        doubts.append(f"auto-deploy: {incident.pin.note or 'not confirmed to be off'}")
    rollback = incident.rollback
    # While the incident is open the proof may still come, so it is no doubt yet.
    if rollback.restored_at is not None and rollback.verified_at is None and incident.closed_at is not None:
        doubts.append(f"recovery was not proved: {rollback.verification or 'no verification ran'}")
    else:
        doubts += [f"{name} still unknown: too little was read of it since" for name in rollback.unproved]
    return doubts


def _of_blame(blame: Blame | None) -> list[str]:
    if blame is None:
        return []
    if blame.probability is None:
        return [f"whether a deploy is to blame: {blame.why}"]
    return ["the rates behind the odds are assumptions"] if blame.assumed else []


def otherwise(decision: Decision | None) -> list[str]:
    """Return `condition that would have changed it -> result`, as a section."""
    rows = alternatives(decision)
    return arrows(rows, "OTHERWISE") if rows else []


def alternatives(decision: Decision | None) -> list[tuple[str, str]]:
    """Return the conditions that would have changed the course, and that course, derived from the decisive facts."""
    # Where the policy wants no rollback, no fact about the deploy would have changed the course.
    if decision is None or decision.policy_action not in (Action.ROLLBACK, *ASKING):
        return []
    obstacles = [] if decision.course in ACTING else _obstacles(decision)
    rows = [(condition, _then(decision, len(obstacles) - 1)) for condition in obstacles]
    if not obstacles and decision.blame is not None and decision.blame.suspect is not None:
        rows.append((f"onset before {decision.blame.suspect.id}", "page only"))
    if not obstacles:
        rows += _other_modes(decision)
    return rows


def _obstacles(decision: Decision) -> list[str]:
    """Return, as conditions, each obstacle that alone prevented a rollback (the mode apart)."""
    blame = decision.blame
    obstacles: list[str] = []
    if blame is None or blame.suspect is None:
        obstacles.append("a deploy that could be blamed")
    else:
        obstacles += [f"without veto {veto.name}" for veto in blame.vetoed]
        if blame.probability is None:
            obstacles.append("blame that can be computed")
        elif blame.probability < blame.need and not blame.vetoed:
            missing = blame.need / (1 - blame.need) / blame.odds if 0 < blame.need < 1 and blame.odds > 0 else None
            more = f" (evidence x {show_number(missing)})" if missing and missing < HOPELESS else ""
            obstacles.append(f"P from {blame.need:.2f}{more}")
    obstacles += [
        f"guard {guard.name} passing"
        for guard in decision.guards
        # Mode and target have rows of their own: as guards they would be listed twice.
        if guard.verdict is not Verdict.PASS and guard.name not in ("mode", "target")
    ]
    if decision.target is not None and decision.target.deploy is None:
        obstacles.append("a deploy to go back to")
    return obstacles


def _then(decision: Decision, others: int) -> str:
    if others > 0:
        return f"still held by {others} more"
    if decision.policy_action in ASKING:
        return "ask first"
    return {Mode.OBSERVE: "say what it would do", Mode.ASSIST: "ask first"}.get(Mode(decision.mode), "roll back")


def _other_modes(decision: Decision) -> list[tuple[str, str]]:
    """Return the course that the same incident would have taken in the other modes."""
    alone = "ask first" if decision.policy_action in ASKING else "roll back"
    results = {Mode.OBSERVE: "say what it would do", Mode.ASSIST: "ask first", Mode.AUTONOMOUS: alone}
    now = results[Mode(decision.mode)]
    # A mode that leads to the same course is no alternative.
    return [(f"mode {mode}", result) for mode, result in results.items() if mode != decision.mode and result != now]


def next_steps(
    incident: Incident, label: str | None, notes: Sequence[Note] = (), state: CurrentState | None = None
) -> list[str]:
    """Return the work left for people, as a section."""
    lines: list[str] = []
    for step in steps_left(incident, label, notes, state):
        lines += section("" if lines else "NEXT", step)
    return lines


def steps_left(
    incident: Incident, label: str | None, notes: Sequence[Note] = (), state: CurrentState | None = None
) -> list[str]:
    """Return the work left for people, most urgent first, with the command for each; `notes` show whether it was
    undone, `state` what is still as the incident left it (None: not known, so that all of it is listed)."""
    steps = [incident.human_needed] if incident.human_needed else []
    steps += _answers(incident, state)
    taken_back = not incident.rollback.undoes and any(
        (one.label, one.incident) == ("UNDO", incident.id) for one in notes
    )
    may_be_innocent = label is None and incident.rollback.healed_at is not None
    steps += _repair(incident, label, state) if not (taken_back or may_be_innocent) else []
    # If it was off before the incident, there is nothing of ours to restore.
    still_off = state is None or bool(state.auto_deploy_was)
    if incident.pin.off and incident.pin.previous not in (None, "off") and still_off:
        how = command_line("restore-auto-deploy", clean(incident.service))
        steps.append(f'restore auto-deploy ("{incident.pin.previous}") after a new commit: `{how}`')
    if (label == "wrong" or may_be_innocent) and incident.rollback.deploy is not None and not taken_back:
        steps.append(f"the way back: {command_line('undo', clean(incident.id), '--dry-run')}")
    if incident.decision is not None and label is None:
        steps.append(f"was this right?  {command_line('label', clean(incident.id), 'right|wrong')}")
    return steps


# After an undo the suspect serves again, and a healed service may have had an innocent one: no "fix it" then.
def _repair(incident: Incident, label: str | None, state: CurrentState | None) -> list[str]:
    """Return the repair due after a rollback; the code of a blamed deploy is deny-listed, a configuration is not."""
    blame = incident.decision.blame if incident.decision else None
    if incident.rollback.deploy is None or blame is None:
        return []
    if blame.configuration:
        return ["fix the saved configuration: it returns with the next deploy"]
    code = short(incident.suspect_code)
    if not incident.suspect_code or (state is not None and not state.denied):
        return []
    unproved = incident.closed_at is not None and incident.outcome is not Outcome.VERIFIED and label != "right"
    fix = f"fix {code} if it is to blame" if unproved else f"fix {code}"
    return [f"{fix} (deny-listed; `{command_line('trust', code)}` lifts it)"]


def _answers(incident: Incident, state: CurrentState | None) -> list[str]:
    """Return the commands that are open now, each with its effect."""
    found, name = situation(incident), clean(incident.id)
    effects = {
        "approve": "answer it" if found is Situation.QUESTION else "not to wait",
        "reject": "or",
        "stop": "not to have it decided anew" if found is Situation.BLOCKED_FOR_NOW else "to stop it",
    }
    # When this is read is of no matter to the commands.
    coming = outlook(incident, incident.opened_at, state=state)
    open_now = coming.commands if found is not Situation.SENDING else ()
    lines = [f"{effects[one]}: {command_line(one, name)}" for one in open_now if one in effects]
    if "rollback" in open_now:
        lines.append(f"by hand: {rollback_line(incident, coming, PLAN)}")
    return lines

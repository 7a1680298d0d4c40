"""The promises no incident may break, over generated incidents. Run by pytest, and against mutated copies.

`python -m tests.core.properties EXAMPLES SEED` exits 1 when a promise is broken; with a third word, `invariants`, only
when the invariants of the core itself say so. Each example is a whole incident in virtual time: histories of deploys,
faults, people, lost answers, restarts.
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.core.world import FOREVER, START, Fault, World, make_policy, old_deploy
from watchdog.core.phases.undo_rollback import asked_for
from watchdog.domain import events as e
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.incidents import ActiveCritical, Incident
from watchdog.domain.incidents import Phase as CorePhase
from watchdog.domain.policy import Action, Mode, ServicePolicy, Stakeholders, Weekly, Window
from watchdog.domain.severity import Severity

COMMITS = ("aaaaaaa1", "aaaaaaa2", "bad00000")
OUTCOMES = ("accepted", "postponed", "refused", "lost", "accepted_and_lost", "stood_down", "silent")
MODES = (*[Mode.AUTONOMOUS] * 4, Mode.ASSIST, Mode.ASSIST, Mode.OBSERVE)
TROUBLES = (
    "blind",
    "deny-list",
    "failed build",
    "failing rollback",
    "later deploys",
    "late rollback",
    "maintenance mode",
    "no",
    "outcomes",
    "pin",
    "restart",
    "scheduled",
    "silence",
    "two faults",
    "undo",
    "unreadable list",
    "upstream",
    "wave",
)
OTHERS = ("shop", "blog", "mail")
ENOUGH_SECONDS = 2000.0
UNDER_WAY = (CorePhase.PINNING, CorePhase.ROLLING_BACK, CorePhase.DEPLOYING, CorePhase.VERIFYING)
BOARD = Stakeholders("board", ("board-email",))
PLAINLY = ("opened", "opened updated", "opened resolved", "opened updated resolved")
"""What people outside engineering may hear of one outage: kinds of notices, in order."""

deploys_before = st.lists(
    st.tuples(st.sampled_from(COMMITS), st.sampled_from(("deactivated", "build_failed")), st.floats(0.01, 3.0)),
    max_size=4,
)
shipped = st.sampled_from((*["bad00000"] * 5, "aaaaaaa1", "aaaaaaa2"))
faults = st.builds(
    Fault,
    start=st.floats(58.0, 120.0),
    end=st.sampled_from((140.0, 400.0, FOREVER, FOREVER, FOREVER)),
    share=st.sampled_from((0.2, 0.5, 1.0, 1.0)),
    code=st.sampled_from((None, *["bad00000"] * 6)),
    slow=st.sampled_from((False, False, False, True)),
)
later_ships = st.lists(
    st.tuples(st.floats(65.0, 900.0), st.sampled_from(COMMITS), st.sampled_from(("new_commit", "manual", "rollback"))),
    min_size=1,
    max_size=2,
)


@st.composite
def incidents(draw: st.DrawFn) -> World:
    """Return a world with an incident in it (or several, or none), and up to three troubles on top."""
    troubles = draw(st.sets(st.sampled_from(TROUBLES), max_size=3))
    policy = make_policy(draw(st.sampled_from(MODES)), veto_seconds=draw(st.sampled_from((0.0, 0.0, 60.0))))
    policy = replace(policy, stakeholders=(BOARD,))
    if draw(st.booleans()):
        generous = replace(policy.budget, per_service_per_day=9, per_fleet_per_10m=9, cooldown_seconds=0.0)
        policy = replace(policy, budget=generous)
    older, at = [], 0.0
    for number, (commit, status, days) in enumerate(draw(deploys_before)):
        at += days
        older.append(old_deploy(f"dep-{number}", commit, 3.0 + at, status))
    world = World(
        policy,
        [old_deploy("dep-live", "aaaaaaa1", 3.0, "live"), *older],
        faults=draw(st.lists(faults, min_size=1, max_size=2 if "two faults" in troubles else 1)),
        rollback_seconds=draw(st.sampled_from((5.0, 20.0, 60.0))),
        answer=draw(st.sampled_from(("approve", "approve", "none"))),
        facts=ServiceFacts("srv-web", "web", auto_deploy=draw(st.sampled_from(("commit", "off")))),
        seed=draw(st.integers(0, 10_000)),
    )
    world.ship(draw(st.sampled_from((55.0, 60.0))), draw(shipped))
    if draw(st.booleans()):
        at, commit = draw(st.sampled_from((500.0, 900.0))), draw(st.sampled_from(("bad00001", "bad00000")))
        world.ship(at, commit)
        world.faults.append(Fault(at + 4.0, FOREVER, code=commit))
    if draw(st.sampled_from((True, False, False))):
        world.ship(draw(st.floats(62.0, 90.0)), "bad00000", seconds=5.0, trigger="manual")
    for trouble in sorted(troubles):
        _trouble(draw, world, trouble)
    return world


def _trouble(draw: st.DrawFn, world: World, name: str) -> None:
    """Make one thing go wrong."""
    if name == "blind":
        world.blind = (90.0, draw(st.sampled_from((150.0, 200.0))))
    elif name == "deny-list":
        world.state = replace(world.state, denied=draw(st.sampled_from((("aaaaaaa1",), ("aaaaaaa2",)))))
    elif name == "failed build":
        world.at(30.0, lambda: world.end(world.begin("bad00000"), "build_failed"))
    elif name == "failing rollback":
        world.rollback_ends = "update_failed"
    elif name == "later deploys":
        for moment, commit, trigger in draw(later_ships):
            world.ship(moment, commit, trigger=trigger)
    elif name == "late rollback":
        world.rollback_seconds = draw(st.sampled_from((400.0, 1500.0)))
    elif name == "maintenance mode":
        begins, lasts = draw(st.floats(50.0, 300.0)), draw(st.sampled_from((20.0, 90.0, 400.0)))
        world.at(begins, lambda: setattr(world, "facts", replace(world.facts, maintenance=True)))
        world.at(begins + lasts, lambda: setattr(world, "facts", replace(world.facts, maintenance=False)))
    elif name == "no":
        world.answer = draw(st.sampled_from(("reject", "stop")))
    elif name == "outcomes":
        world.outcomes = draw(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=3))
    elif name == "pin":
        world.pin = "unconfirmed"
    elif name == "restart":
        for moment in draw(st.lists(st.floats(50.0, 500.0), min_size=1, max_size=2)):
            world.at(moment, lambda: world.tell(e.Restarted(world.now)))
    elif name == "scheduled":
        _schedule(draw, world)
    elif name == "silence":
        world.pin = "silent"
    elif name == "undo":
        for moment in draw(st.lists(st.floats(200.0, 1800.0), min_size=1, max_size=3)):
            world.at(moment, lambda: _undo(world))
    elif name == "unreadable list":
        world.unreadable = (70.0, 140.0)
    elif name == "upstream":
        world.upstream_down = (50.0, 500.0)
    elif name == "wave":
        _wave(draw, world)


def _undo(world: World) -> None:
    """Let a human take back what was rolled back last, if anything was."""
    rolled_back = [one for one in world.incidents.values() if one.rollback.deploy is not None]
    if rolled_back:
        world.tell(asked_for(rolled_back[-1], world.now, "ann"))


def _schedule(draw: st.DrawFn, world: World) -> None:
    """Let a yes to what is high (here: whatever fails) be kept for a window, of some minutes or of a moment."""
    begins = (int(START) // 60 + draw(st.sampled_from((3, 5, 8)))) % (24 * 60)
    hours = Weekly(tuple(range(7)), begins, begins + draw(st.sampled_from((1, 20))), "UTC")
    high = replace(world.policy.matrix[Severity.HIGH], do=Action.SCHEDULE, window=Window("soon", hours))
    signals = world.policy.services["web"].signals
    if draw(st.booleans()):
        signals = tuple(replace(signal, severity=Severity.HIGH) for signal in signals)
    web = replace(world.policy.services["web"], signals=signals)
    services = {**world.policy.services, "web": web}
    world.policy = replace(world.policy, services=services, matrix={**world.policy.matrix, Severity.HIGH: high})
    if world.answer == "approve":  # and said again, after the first yes was answered
        world.answer_after = draw(st.sampled_from((20.0, 200.0)))


def _wave(draw: st.DrawFn, world: World) -> None:
    """Let services of another worker become critical about when ours does, each for a reason of its own."""
    others = {name: ServicePolicy(name, f"srv-{name}", Mode.AUTONOMOUS) for name in OTHERS}
    world.policy = replace(world.policy, services={**world.policy.services, **others})
    for name in OTHERS[: draw(st.integers(1, 3))]:
        deployed = draw(st.booleans())

        def share(name: str = name, deployed: bool = deployed) -> None:
            trouble = ActiveCritical(name, world.now, f"{name}0000", recent_deploy=deployed)
            world.state = replace(world.state, troubles={**world.state.troubles, name: trouble})

        world.at(draw(st.floats(60.0, 200.0)), share)


def broken_promises(world: World) -> list[str]:
    """Return every promise this run broke, in words; those of the invariants, which look at every step, come last."""
    broken = []
    accepted = [incident for incident, _ in world.accepted]
    broken += [f"{name}: two rollbacks" for name in set(accepted) if accepted.count(name) > 1]
    for rollback, incident, denied in world.sent:
        blame = incident.decision.blame if incident.decision is not None else None
        configuration = blame is not None and blame.configuration
        if rollback.target_code in denied:
            broken.append(f"{incident.id}: target {rollback.target} is deny-listed")
        if rollback.target_code == incident.suspect_code and not configuration and not incident.rollback.undoes:
            broken.append(f"{incident.id}: target {rollback.target} runs the suspect's own commit")
        if not any(deploy.id == rollback.target and deploy.was_live for deploy in world.deploys):
            broken.append(f"{incident.id}: target {rollback.target} was never live")
    broken += [
        f"{rollback.incident}: sent in a wave" for rollback, incident, _ in world.sent if _in_a_wave(world, incident)
    ]
    service_policy = world.policy.services["web"]
    if service_policy.mode is Mode.OBSERVE and (world.pins or world.sent or world.restores):
        broken.append("mode observe changed something")
    unasked = [mode for (one, _, _), mode in zip(world.sent, world.sent_in, strict=True) if one.approved_by is None]
    if Mode.ASSIST in unasked:
        broken.append("mode assist acted without a yes")
    unsure = {"lost", "silent", "accepted_and_lost"} & set(world.answers)
    rests = world.state.services["web"].phase is CorePhase.CALM and not world.accepted and not unsure
    if rests and world.facts.auto_deploy != world.auto_deploy_at_first:
        broken.append("nothing was rolled back, and auto-deploy stays off")
    told = {tell.notice.incident for tell in world.tells if tell.notice.wakes}
    for incident in world.incidents.values():
        recovered = incident.closed_at is not None
        if incident.severity is Severity.CRITICAL and not recovered and incident.id not in told:
            broken.append(f"{incident.id}: critical, neither recovered nor paged")
    broken += _told_plainly(world)
    return broken + [f"invariant: {one}" for one in world.broken]


def _told_plainly(world: World) -> list[str]:
    """Return what people outside engineering heard that they should not, and of whose end they heard nothing."""
    heard: dict[str, list[str]] = {}
    for tell in world.tells:
        if tell.notice.plain:
            heard.setdefault(tell.notice.incident, []).append(tell.notice.kind.value)
    broken = [f"{thread}: {kinds}" for thread, kinds in heard.items() if " ".join(kinds) not in PLAINLY]
    last = {one.informed[0].thread: one for one in world.incidents.values() if one.informed}
    over = [thread for thread, one in last.items() if one.closed_at is not None]
    return broken + [
        f"{thread}: over, and the board was not told" for thread in over if "resolved" not in heard[thread]
    ]


def _in_a_wave(world: World, incident: Incident) -> bool:
    """Tell whether two unrelated services had become critical within the window of ours before it was sent."""
    by_hand = incident.decision is None or incident.decision.blame is None
    mine = world.entered.get(incident.id)
    if by_hand or mine is None or incident.rollback.requested_at is None:
        return False
    seconds = world.policy.brakes.window_seconds / 2
    near = [
        name for name in OTHERS if name in world.state.troubles and abs(world.state.troubles[name].at - mine) <= seconds
    ]
    return len([name for name in near if world.state.troubles[name].at < incident.rollback.requested_at]) >= 2


def check(examples: int, number: int, look: Callable[[World], list[str]] = broken_promises) -> Counter[str]:
    """Run so many incidents generated from a seed, and count what happened in them.

    Raises AssertionError with the promises that one broke.
    """
    reached: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(incidents())
    def promises_hold(world: World) -> None:
        play(world)
        assert look(world) == []
        reached.update(what_happened(world))

    promises_hold()
    return reached


def play(world: World) -> None:
    """Run for over half an hour, and then until a rollback that is under way has its end, which is bounded."""
    world.run(ENOUGH_SECONDS, hurry=True)
    while world.state.services["web"].phase in UNDER_WAY and world.time < 3 * ENOUGH_SECONDS:
        world.run(world.time + 100.0, hurry=True)


def what_happened(world: World) -> dict[str, int]:
    """Return 1 for every interesting thing that this run had."""
    incidents = world.incidents.values()
    return {
        "examples": 1,
        "critical": any(incident.severity is Severity.CRITICAL for incident in incidents),
        "accepted": bool(world.accepted),
        "verified": any(incident.rollback.verified_at is not None for incident in incidents),
        "approved": any(rollback.approved_by is not None for rollback, _, _ in world.sent),
        "kept": "SCHEDULED" in world.labels(),
        "left to a human": any(incident.human_needed for incident in incidents),
        "second incident": len(world.incidents) > 1,
        "second rollback": len(world.accepted) > 1,
        "undone": any(incident.rollback.undoes and incident.rollback.deploy is not None for incident in incidents),
        "told plainly": any(tell.notice.plain for tell in world.tells),
    }


if __name__ == "__main__":
    examples, number = int(sys.argv[1]), int(sys.argv[2])
    try:
        check(examples, number, (lambda world: world.broken) if "invariants" in sys.argv else broken_promises)
    except AssertionError as error:
        sys.exit(f"broken (seed {number}): {str(error)[:300]}")
    print(f"held in {examples} incidents of seed {number}")

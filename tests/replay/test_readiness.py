"""Readiness: one short life for each rule and verdict, really recorded and judged from the recording."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from operator import methodcaller as do
from pathlib import Path

import pytest

from tests.replay.test_recording_replay import taped
from tests.support.recorded_lives import SLOW, Life
from watchdog.adapters.recordings.recording_reader import Reader, runs_of
from watchdog.domain import events as e
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Action, Mode, Rule
from watchdog.domain.severity import Severity
from watchdog.replay.readiness import Labelled, Readiness, ReadinessVerdict, assess
from watchdog.replay.readiness.missed_rollbacks import SUSPECTED, UNSEEN

REVERTED = "a human deployed its revert 9 min later (dep-fix)"
AGAIN, RIGHT, UNKNOWN, WRONG = (
    ReadinessVerdict.AGAIN,
    ReadinessVerdict.RIGHT,
    ReadinessVerdict.UNKNOWN,
    ReadinessVerdict.WRONG,
)


Doing = Callable[[Life], object]
"""Something done in a life: a deploy, a failure, a rollback by a human."""


def later(life: Life) -> None:
    """Take deploys for so dangerous that 33 min after one are not too long."""
    life.drive.policy = replace(life.policy, blame=replace(life.policy.blame, bad_deploy_share=0.8))


BAD = (do("deploy", 10, "dep-bad", message="Rewrite the checkout"), do("breaks", "dep-bad"))
BACK = (*BAD, do("back", 20))
HEALED = (do("deploy", 10, "dep-new"), do("fails", 10.4, 14))
TRY = do("breaks", "dep-try")
REVERT, SAID_BY_GIT = 'Revert "Rewrite the checkout" (#12)', "Undo it\n\nThis reverts commit c-dep-bad."
REPAIRED = (*BAD, do("deploy", 20, "dep-fix", message="Rewrite the checkout, now really"))
LATE = (do("deploy", 40, "dep-new"), do("fails", 40.4, 44))
SAME = do("deploy", 20, "dep-same", "c-dep-new", trigger="service_updated")
HELPED = "it recovered as that rollback went live"
BY_API = f"a human redeployed an earlier commit 9 min later (dep-back); {HELPED}"
RAN_WELL = "it recovered by itself after 3 min, and dep-new ran well for 30 min after that"
UNWATCHED = "it recovered by itself, but was not watched for 30 min after that"
STORIES: dict[str, tuple[tuple[Doing, ...], tuple[ReadinessVerdict, ...], str]] = {
    "rolled back": (BACK, (RIGHT,), f"a human rolled back 9 min later (dep-back); {HELPED}"),
    "redeployed": ((*BAD, do("back", 20, trigger="api")), (RIGHT,), BY_API),
    "reverted": ((*BAD, do("deploy", 20, "dep-fix", message=REVERT)), (RIGHT,), f"{REVERTED}; {HELPED}"),
    "reverted, as git says it": ((*BAD, do("deploy", 20, "dep-fix", message=SAID_BY_GIT)), (RIGHT,), REVERTED),
    "after a repair that failed": ((*BACK, do("deploy", 15, "dep-try"), TRY), (RIGHT,), "a human rolled back 9 min"),
    "the repair fails later": ((*BACK, do("deploy", 45, "dep-try"), TRY), (RIGHT, AGAIN), "a human rolled back 9 min"),
    "in vain": ((*BACK, do("fails", 11, 40)), (UNKNOWN,), "recovered only 19 min after that rollback was live"),
    "failing again": ((*BACK, do("fails", 30, 35)), (UNKNOWN,), "and it failed again within 30 min"),
    "soon after": ((*HEALED, do("back", 35)), (UNKNOWN,), "but it had recovered by itself 21 min before"),
    "repaired": (REPAIRED, (UNKNOWN,), "dep-fix went live (new_commit) and is no rollback"),
    "still failing": (BAD, (UNKNOWN,), "no recovery was recorded"),
    "healed": (HEALED, (WRONG,), RAN_WELL),
    "healed, and not": ((later, *HEALED, do("fails", 43, 46)), (UNKNOWN, AGAIN), "itself, and failed again within 30"),
    "healed, redeployed": ((*HEALED, SAME), (UNKNOWN,), "dep-same went live (service_updated) and is no rollback"),
    "rolled back long after": ((*HEALED, do("back", 50)), (WRONG,), "it recovered by itself after 3 min"),
    "healed at the end": (LATE, (UNKNOWN,), UNWATCHED),
}


def lived(*doings: Doing, mode: Mode = Mode.OBSERVE) -> Life:
    """Return a life in which that is done."""
    life = Life(mode)
    for doing in doings:
        doing(life)
    return life


Recorded = Callable[..., tuple[Life, Sequence[Sequence[Reader]]]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Return what lives a life and records it, once, however many tests judge it."""

    @cache
    def live(*doings: Doing) -> tuple[Life, Sequence[Sequence[Reader]]]:
        life, folder = lived(*doings), tmp_path_factory.mktemp("life")
        life.record(folder, 55.0)
        return life, runs_of([folder])

    return live


def assessed(folder: Path, life: Life, *labels: Labelled, minutes: float = 55.0) -> Readiness:
    """Record a life and judge the recording."""
    life.record(folder, minutes)
    return assess(runs_of([folder]), labels)


@pytest.mark.parametrize(("doings", "verdicts", "why"), STORIES.values(), ids=STORIES)
def test_each_rule(
    recorded: Recorded, doings: tuple[Doing, ...], verdicts: tuple[ReadinessVerdict, ...], why: str
) -> None:
    """What people did, or did not, and what became of it; the first act is looked at closely."""
    life, runs = recorded(*doings)
    found = assess(runs)
    assert tuple(one.verdict for one in found.acts) == verdicts
    first = found.acts[0]
    assert why in first.why
    assert (first.act.service, first.act.target) == ("web", life.good.id)
    assert found.replay.divergence is None
    assert not found.missed


def test_how_much_earlier_is_counted_from_request_to_request(recorded: Recorded) -> None:
    """The human asked at minute 20; we would have 56 s after the onset, and 2 s for the pin."""
    life, runs = recorded(*BACK)
    (one,) = assess(runs).acts
    assert one.saved_seconds == pytest.approx(life.at(20) - one.act.at)
    assert one.act.at - one.act.onset_at == pytest.approx(58.0, abs=4.0)


def test_the_core_goes_on_with_the_next_outage(tmp_path: Path) -> None:
    """After an act that left no trace, another bad deploy 40 min later is another act, and is not the same outage."""
    life = lived(*BACK, do("deploy", 60, "dep-worse"), do("breaks", "dep-worse"), do("back", 65, "dep-back-2"))
    found = assessed(tmp_path, life, minutes=100)
    assert [(one.act.suspect, one.verdict) for one in found.acts] == [("dep-bad", RIGHT), ("dep-worse", RIGHT)]
    assert found.outlook.service_days == pytest.approx(100 / 1440, rel=0.01)


def test_what_the_run_did_is_the_word_of_the_human_who_approved_it_or_nobodys(tmp_path: Path) -> None:
    """In mode assist it rolls back, but a human decided; by itself it cannot be its own witness."""
    life = lived(*BAD, do("says", 15, e.Approved(0.0, "web-1", "ann")), mode=Mode.ASSIST)
    (one,) = assessed(tmp_path / "assist", life).acts
    assert one.verdict is RIGHT and one.why.startswith("ann, through the watchdog, rolled back 4 min later")
    (one,) = assessed(tmp_path / "autonomous", lived(*BAD, mode=Mode.AUTONOMOUS)).acts
    assert one.verdict is UNKNOWN and "the watchdog rolled it back then" in one.why


def incident_of(life: Life) -> Incident:
    """Return the first incident that the run closed, as its store would have it."""
    known = (step.after.services.get("web") for step in life.drive.steps)
    found = (one.incident for one in known if one is not None and one.incident is not None)
    return next(one for one in found if one.closed_at is not None)


@pytest.mark.parametrize(
    ("doings", "right", "moved", "verdict"),
    [
        (HEALED, True, 0.0, RIGHT),
        (BACK, False, 0.0, WRONG),
        (REPAIRED, True, 0.0, RIGHT),
        (REPAIRED, True, 90.0, RIGHT),
        (REPAIRED, True, -7200.0, UNKNOWN),
        (REPAIRED, True, 7200.0, UNKNOWN),
    ],
)
def test_a_label_outranks_and_is_matched_by_service_and_time(
    recorded: Recorded, doings: tuple[Doing, ...], right: bool, moved: float, verdict: ReadinessVerdict
) -> None:
    """Whatever the deploy list shows; one of another time, or another service, is about something else."""
    life, runs = recorded(*doings)
    run = incident_of(life)
    incident = replace(run, onset_at=run.onset_at + moved, closed_at=(run.closed_at or 0.0) + moved)
    elsewhere = Labelled(replace(incident, service="shop"), not right)
    (one,) = assess(runs, [elsewhere, Labelled(incident, right)]).acts
    assert one.verdict is verdict and (one.rule == "label") is (abs(moved) < 7200.0)


def test_a_label_on_another_decision_is_no_word_for_the_act(recorded: Recorded) -> None:
    """That it was right to page speaks against the act of another policy; that it was wrong says not what is right."""
    life, runs = recorded(*REPAIRED)
    run = incident_of(life)
    assert run.decision is not None and run.decision.blame is not None
    blame = replace(run.decision.blame, probability=0.5)
    other = replace(run, decision=replace(run.decision, blame=blame))
    judged = [assess(runs, [Labelled(other, right)]).acts[0] for right in (True, False)]
    assert [one.verdict for one in judged] == [WRONG, UNKNOWN]
    assert judged[0].why == "web-1 is labelled right, which decided otherwise (page)"


def test_what_a_human_undid_and_we_would_not_have_is_listed_apart(tmp_path: Path) -> None:
    """Slow, so we would have asked; and fine by all we watch."""
    life = Life(Mode.OBSERVE, ("home", "api"))
    life.deploy(15, "dep-slow")
    life.breaks("dep-slow", SLOW)
    life.back(30)
    life.deploy(40, "dep-ugly")
    life.back(50, "dep-back-2")
    found = assessed(tmp_path, life, minutes=60)
    assert not found.acts
    slow, ugly = found.missed
    assert (slow.undone.left.id, slow.undone.at) == ("dep-slow", life.at(30))
    assert slow.why.startswith("ask: the policy asks for this severity") and slow.decided_at is not None
    assert slow.asked_seconds == pytest.approx(life.at(30) - slow.decided_at)
    assert (ugly.undone.left.id, ugly.asked_seconds) == ("dep-ugly", None)
    assert ugly.why == UNSEEN


def test_a_human_who_is_faster_than_the_proof_of_failure(tmp_path: Path) -> None:
    """We say that we were not sure yet."""
    found = assessed(tmp_path, lived(*BAD, do("back", 10.7)), minutes=30)
    assert not found.acts
    assert [one.why for one in found.missed] == [SUSPECTED]


@pytest.mark.long
def test_one_route_that_recovers_is_no_recovery(tmp_path: Path) -> None:
    """What was found answers again after two minutes; by then another route fails, and goes on for an hour."""
    life = Life(Mode.OBSERVE, ("home", "api"))
    life.deploy(40, "dep-bad")
    life.fails(40.4, 42.5, routes=("home",))
    life.breaks("dep-bad", routes=("api",), after_seconds=90.0)
    life.back(95)
    (one,) = assessed(tmp_path, life, minutes=140).acts
    assert (one.verdict, one.rule) == (RIGHT, "undone")


def test_a_restart_in_the_outage_is_the_same_outage(tmp_path: Path) -> None:
    """Two runs of the daemon, the second of which takes the incident over: one act, judged by what came after."""
    life = lived(*BACK)
    life.record(tmp_path, 15)
    half = len(life.drive.steps)
    life.drive.tell(replace(e.Restarted(0.0), at=life.drive.now))
    life.drive.run(life.at(55))
    first, second = tmp_path / "a", tmp_path / "b"
    taped(first, life.drive.steps[:half], run="a")
    taped(second, life.drive.steps[half:], run="b")
    found = assess(runs_of([first, second]))
    assert [one.verdict for one in found.acts] == [RIGHT]
    assert found.outlook.service_days == pytest.approx(55 / 1440, rel=0.01)
    assert assess(runs_of([first])).acts[0].why == "no recovery was recorded"


def test_a_policy_that_is_reloaded_is_judged_from_then_on(tmp_path: Path) -> None:
    """First a human is asked about what is critical, later it is rolled back."""
    life = Life()
    asks = {**life.policy.matrix, Severity.CRITICAL: Rule(Action.ASK, 300.0)}
    life.drive.policy = replace(life.policy, matrix=asks)
    for doing in BACK:
        doing(life)
    life.play(40)
    life.drive.policy = life.policy
    life.deploy(45, "dep-worse")
    life.breaks("dep-worse")
    life.back(50, "dep-back-2")
    found = assessed(tmp_path, life, minutes=85)
    assert (found.replay.files, found.replay.divergence, found.replay.notes) == (2, None, [])
    assert [(one.act.suspect, one.verdict) for one in found.acts] == [("dep-worse", RIGHT)]
    assert [(one.undone.left.id, one.why.partition(":")[0]) for one in found.missed] == [("dep-bad", "ask")]


def test_an_outage_that_was_on_already_is_another_policy_s(tmp_path: Path) -> None:
    """Of the second of two recordings alone it is not said that observing was our reason."""
    life = lived(*BACK)
    life.play(15)
    before = len(life.drive.steps)
    life.play(60)
    found = assess(runs_of([taped(tmp_path, life.drive.steps[before:])]))
    assert not found.acts
    (missed,) = found.missed
    assert missed.why == "the recording, or this start of the daemon, begins during the outage"

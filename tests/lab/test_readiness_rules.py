"""The limits of the rules at their edges, on diaries written by hand. Times are seconds after the deploy is live."""

from dataclasses import replace
from math import inf

import pytest

from tests.core.world import make_policy
from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import Mode
from watchdog.replay.readiness import ReadinessVerdict
from watchdog.replay.readiness.assessment import autonomous
from watchdog.replay.readiness.judgement_rules import judge
from watchdog.replay.readiness.service_history import Act, Diary, Outage
from watchdog.replay.readiness.undone_deploys import undone

ADDED = "Add a footer to every page"
GOOD = Deploy("dep-1", "deactivated", "new_commit", "a1", ADDED, created_at=-9000, finished_at=-8900)
BAD = Deploy("dep-2", "deactivated", "new_commit", "b2", "Rewrite the checkout", created_at=-60, finished_at=0)
BACK = Deploy("dep-3", "live", "rollback", "a1", created_at=300, finished_at=360)


def act(at: float, incident: str = "web-1", suspect: Deploy = BAD) -> Act:
    """Return an act 50 s after the onset of its incident."""
    return Act(at, "web", incident, at - 50, suspect.id, suspect.code, "dep-1", "P 0.99")


MINE = ("web-1", 10.0, 100.0)
"""An outage after which all was well by itself."""


def diary(*deploys: Deploy, outages: tuple[tuple[str, float, float], ...], watched_until: float = 20_000.0) -> Diary:
    """Return a diary with outages (incident, onset, recovered), in each of which we would have acted after 50 s."""
    made = Diary(watched=[(-9000.0, watched_until)])
    made.listed((GOOD, BAD, *deploys), 20_000.0)
    for incident, began_at, recovered_at in outages:
        closed = None if recovered_at == inf else recovered_at
        made.outages[incident, began_at] = Outage(began_at, [], closed, closed)
    return made


def first(made: Diary) -> ReadinessVerdict:
    """Return what is judged of an act 60 s after the deploy."""
    made.acts.append(act(60))
    return judge(made)[0].verdict


@pytest.mark.parametrize(
    ("recovered_at", "verdict"),
    [
        (360.0, ReadinessVerdict.RIGHT),
        (960.0, ReadinessVerdict.RIGHT),
        (960.1, ReadinessVerdict.UNKNOWN),
        (inf, ReadinessVerdict.UNKNOWN),
    ],
)
def test_what_helps_shows_within_ten_minutes(recovered_at: float, verdict: ReadinessVerdict) -> None:
    """After the human's way back is live."""
    assert first(diary(BACK, outages=(("web-1", 10.0, recovered_at),))) is verdict


@pytest.mark.parametrize(
    ("asked_at", "verdict"), [(3660.0, ReadinessVerdict.RIGHT), (3660.1, ReadinessVerdict.UNKNOWN)]
)
def test_a_human_is_waited_for_an_hour_after_our_request(asked_at: float, verdict: ReadinessVerdict) -> None:
    """Where it recovered meanwhile, and fails again."""
    back = replace(BACK, created_at=asked_at, finished_at=asked_at + 30)
    assert first(diary(back, outages=(MINE, ("web-2", 1500.0, asked_at + 10)))) is verdict


@pytest.mark.parametrize(
    ("again_at", "until", "verdict"),
    [
        (1900.0, 20_000.0, ReadinessVerdict.UNKNOWN),
        (1900.1, 20_000.0, ReadinessVerdict.WRONG),
        (None, 1899.9, ReadinessVerdict.UNKNOWN),
        (None, 1900.0, ReadinessVerdict.WRONG),
    ],
)
def test_what_stays_well_for_half_an_hour_was_not_the_deploy(
    again_at: float | None, until: float, verdict: ReadinessVerdict
) -> None:
    """What fails sooner may have been it; and that it stays well must have been watched to its end."""
    again = () if again_at is None else (("web-2", again_at, again_at + 60),)
    assert first(diary(outages=(MINE, *again), watched_until=until)) is verdict


@pytest.mark.parametrize("moment", ["created_at", "finished_at"])
@pytest.mark.parametrize(("at", "verdict"), [(1900.0, ReadinessVerdict.UNKNOWN), (1900.1, ReadinessVerdict.WRONG)])
def test_with_no_other_deploy_on_its_way(moment: str, at: float, verdict: ReadinessVerdict) -> None:
    """Asked for, or live: it may take traffic in between."""
    created = {"created_at": at, "finished_at": at + 100}
    times = created if moment == "created_at" else {"created_at": -70.0, "finished_at": at}
    other = Deploy("dep-4", "live", "new_commit", "c3", **times)  # type: ignore[arg-type]
    assert first(diary(other, outages=(MINE,))) is verdict


@pytest.mark.parametrize(("began_at", "counted"), [(1900.0, False), (1900.1, True)])
def test_what_begins_within_half_an_hour_is_the_same_outage(began_at: float, counted: bool) -> None:
    """Though another deploy is blamed by then."""
    other = Deploy("dep-4", "live", "new_commit", "c3", created_at=1000, finished_at=1100)
    made = diary(other, outages=(("web-1", 10.0, 100.0), ("web-2", began_at, began_at + 60)))
    made.acts += [act(60), act(began_at + 50, "web-2", other)]
    assert (judge(made)[1].verdict is not ReadinessVerdict.AGAIN) == counted


def test_the_same_code_is_the_same_outage_whenever_it_fails_again() -> None:
    """It would have been denied."""
    other = replace(BAD, id="dep-4", created_at=9000, finished_at=9100)
    made = diary(other, outages=(("web-1", 10.0, 100.0), ("web-2", 9200.0, 9300.0)))
    made.acts += [act(60), act(9250, "web-2", other)]
    assert judge(made)[1].verdict is ReadinessVerdict.AGAIN


NEW = replace(BACK, trigger="new_commit", commit="c3")


@pytest.mark.parametrize(
    ("deploy", "how"),
    [
        (BACK, "rolled back"),
        (replace(BACK, trigger="api"), "redeployed an earlier commit"),
        (replace(NEW, commit_message='Revert "Rewrite the checkout"'), "deployed its revert"),
        (replace(NEW, commit_message="This reverts commit b2."), "deployed its revert"),
        (replace(BACK, commit="b2"), "rolled back"),  # to the same code: its configuration was bad
        (replace(BACK, commit=None), "rolled back"),
        (replace(BACK, commit="b2", trigger="service_updated"), ""),
        (NEW, ""),
        (replace(NEW, commit_message=f'Revert "{ADDED}"'), ""),
        (replace(BACK, status="build_failed"), ""),
        (replace(BACK, status="canceled", finished_at=None), ""),
    ],
)
def test_what_undoes_a_deploy(deploy: Deploy, how: str) -> None:
    """By the deploy list alone."""
    found = undone(diary(deploy, outages=()))
    assert [(one.how, one.left.id) for one in found] == ([(how, "dep-2")] if how else [])


def test_what_we_did_by_ourselves_is_no_human_s_word() -> None:
    """But what a human approved is."""
    made = diary(BACK, outages=())
    made.through_us["dep-3"] = None
    assert undone(made) == []
    made.through_us["dep-3"] = "ann"
    assert [one.by for one in undone(made)] == ["ann"]


def test_time_that_was_not_watched_does_not_count() -> None:
    """A gap of more than two minutes is none of it; two workers at the same time count once."""
    made = Diary()
    for at in (0.0, 100.0, 220.0, 341.0, 400.0, 200.0, 210.0):
        made.read(at)
    assert made.stretches() == [(0.0, 220.0), (341.0, 400.0)]
    assert made.was_watched(10.0, 220.0) and not made.was_watched(10.0, 221.0)


def test_autonomous_is_every_service_and_nothing_else() -> None:
    """The rest of the policy is as it was."""
    policy = make_policy()
    assert {one.mode for one in autonomous(policy).services.values()} == {Mode.AUTONOMOUS}
    assert replace(autonomous(policy), services=policy.services) == policy

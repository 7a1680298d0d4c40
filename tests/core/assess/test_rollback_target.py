"""Target: which deploy to return to, and why each other one was passed over."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import HISTORY, NOW
from watchdog.core.assess.rollback_target import TargetQuery, choose_target, live_seconds_before, rolled_away_from
from watchdog.domain.decisions import Skipped
from watchdog.domain.deploys import Deploy
from watchdog.domain.policy import Verification

SUSPECT, GOOD, OLDER = HISTORY
SHA = "sha256:" + "1f" * 32


def a_search(*between: Deploy, **fields: Any) -> TargetQuery:
    """Return a search behind the suspect with some deploys between it and the good one."""
    base = TargetQuery((SUSPECT, *between, GOOD, OLDER), SUSPECT, SUSPECT, False, watching_since=NOW - 100_000)
    return replace(base, **fields)


def old(name: str = "dep-x", **fields: Any) -> Deploy:
    """Return a deploy of another commit that was live for an hour, long before we watched."""
    base = replace(GOOD, id=name, commit="cccccccc", created_at=NOW - 150_060, finished_at=NOW - 150_000)
    return replace(base, **fields)


def test_the_newest_good_one_of_another_commit() -> None:
    """No obstacle: the one before, named, with the reason that it is good; never one that is newer than the suspect."""
    choice = choose_target(a_search())
    assert choice.deploy is GOOD and choice.skipped == () and choice.warning == choice.ask == ""
    assert choice.why.startswith("was live ") and "before we began to watch" in choice.why
    newer = old("dep-99", created_at=NOW, finished_at=NOW)
    assert choose_target(a_search(deploys=(newer, SUSPECT, GOOD, OLDER))).deploy is GOOD
    watched_after = a_search(old(), watching_since=NOW - 150_000 + 1800.0)
    assert choose_target(watched_after).deploy.id == "dep-x", "half an hour is enough"


SAME = "same code and configuration as dep-41"


@pytest.mark.parametrize(
    ("between", "search", "why"),
    [
        (old(status="build_failed"), {}, "build failed, never live"),
        (old(status="canceled"), {}, "canceled, never live"),
        (old(commit=None), {}, "names neither commit nor image digest"),
        (old(), {"denied": ("cccccccc",)}, "deny-listed"),
        (old(), {"blamed": (("dep-x", "cccccccc", "web-1"),)}, "was likely to blame for web-1"),
        (old(commit="bad00000"), {}, "same code as dep-41"),
        (old(commit="bad00000", created_at=NOW - 100), {"configuration": True}, SAME),
        (old(commit="bad00000", created_at=SUSPECT.created_at), {"configuration": True}, SAME),
        (old(finished_at=NOW - 400), {}, "live for 5 min only, not known to be good"),
        (old(finished_at=None), {}, "live for 0 s only, not known to be good"),
        (old(), {"watching_since": NOW - 150_000 + 1799.0}, "live for 41 h 38 min only, not known to be good"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_why_a_deploy_is_passed_over(between: Deploy, search: dict, why: str) -> None:
    """Each reason, in the words that `explain` prints; the search goes on behind it."""
    choice = choose_target(a_search(between, **search))
    assert choice.deploy is GOOD
    assert choice.skipped == (Skipped("dep-x", between.code, why),)


@pytest.mark.parametrize("commit", ["merge000", "bad00000"])
def test_a_deploy_on_top_of_the_blamed_one_is_left_with_it(commit: str) -> None:
    """Also where it brought the blamed code back, behind another."""
    top, between = old("dep-43", commit=commit, created_at=NOW, finished_at=NOW), old("dep-42", finished_at=NOW - 60)
    choice = choose_target(TargetQuery((top, between, *HISTORY), top, SUSPECT, False, watching_since=NOW - 100_000))
    why = "it is blamed" if commit == "merge000" else "same code as dep-43"
    assert choice.deploy is GOOD and choice.skipped[1] == Skipped("dep-41", "bad00000", why)


def test_code_somebody_rolled_away_from_is_passed_over() -> None:
    """A human's rollback away from it is a verdict."""
    away = replace(old("dep-r"), trigger="rollback", commit="aaaaaaa1")
    choice = choose_target(a_search(away, old("dep-left")))
    assert choice.deploy is away
    choice = choose_target(a_search(away, old("dep-left"), denied=("aaaaaaa1",)))
    assert [item.why for item in choice.skipped][:2] == ["deny-listed", "dep-r rolled away from its code"]
    assert rolled_away_from((SUSPECT, away, old("dep-left")), away) is None
    assert rolled_away_from((SUSPECT, GOOD), old("stranger")) is None


def test_code_that_was_left_by_an_undo_is_not() -> None:
    """A human took a wrong rollback back: no verdict on what the site was well with."""
    away, left = replace(old("dep-r"), trigger="rollback", commit="aaaaaaa1"), old("dep-left")
    search = a_search(away, left, denied=("aaaaaaa1",), observed_healthy_seconds={left.id: 300.0})
    assert choose_target(search).deploy is not left
    assert choose_target(replace(search, undone=(left.id,))).deploy is left
    assert rolled_away_from((SUSPECT, away, left), left) is away
    assert rolled_away_from((SUSPECT, away, left), left, ["dep-other"]) is away
    failed = old("dep-f", status="build_failed", commit="fffffff1")
    assert rolled_away_from((SUSPECT, away, failed, left), left) is away, "what was never live came between"


def test_our_own_record_makes_a_deploy_good() -> None:
    """Healthy for five minutes by our own record: good, however short it lived before us."""
    fresh = old(finished_at=NOW - 1000)
    assert choose_target(a_search(fresh, observed_healthy_seconds={"dep-x": 299.0})).deploy is GOOD
    choice = choose_target(a_search(fresh, observed_healthy_seconds={"dep-x": 300.0}))
    assert choice.deploy is fresh and choice.why == "healthy for 5 min by our own record"
    easy = Verification(good_record_seconds=0.5)
    assert choose_target(a_search(fresh, limits=easy)).deploy is GOOD, "without a record nothing is on it"


def test_what_came_after_ends_the_time_a_deploy_was_live() -> None:
    """Counted until the next once-live deploy took over, however little is known of that one."""
    first = old("first", finished_at=1000.0)
    failed = old("failed", status="build_failed", finished_at=1010.0)
    for then, lived in (
        (old("then", finished_at=1600.0), 600.0),
        (old("then", finished_at=None, started_at=1500.0), 500.0),
        (old("then", finished_at=None, started_at=None, created_at=1400.0), 400.0),
    ):
        assert live_seconds_before(first, (old("newest"), then, failed, first), 9000.0) == lived
        assert live_seconds_before(first, (then, failed, first), 9000.0) == lived
    assert live_seconds_before(first, (failed, first), 1700.0) == 700.0
    assert live_seconds_before(first, (failed, first), 900.0) == 0.0
    assert live_seconds_before(failed, (failed, first), 9000.0) == 0.0
    assert live_seconds_before(old(finished_at=None), (old(),), 9000.0) == 0.0


def test_only_configuration_changed() -> None:
    """Back to the same commit before the change, with the warning that the value returns."""
    same = replace(GOOD, id="dep-same", commit="bad00000", created_at=NOW - 200_060, finished_at=NOW - 200_000)
    choice = choose_target(a_search(same, configuration=True))
    assert choice.deploy is same
    assert choice.warning == "only configuration changed: the saved value returns with the next deploy"


def test_an_image_by_digest_is_a_target_and_a_tag_asks() -> None:
    """A digest is exact; what a tag means today nobody knows; a commit beside it settles that too."""
    tag = old(commit=None, image_ref="acme/web:latest", image_sha=SHA)
    assert "names its image by a tag" in choose_target(a_search(tag)).ask
    for exact in (replace(tag, image_ref=f"acme/web@{SHA}"), replace(tag, commit="cccccccc")):
        choice = choose_target(a_search(exact))
        assert choice.deploy is exact and choice.ask == ""
    same = replace(tag, image_ref=f"acme/web@{SHA}")
    suspect = replace(SUSPECT, commit=None, image_sha=SHA)
    choice = choose_target(TargetQuery((suspect, same, GOOD), suspect, suspect, False, watching_since=NOW - 100_000))
    assert choice.deploy is GOOD and choice.skipped[0].why == "same code as dep-41"


def test_nothing_to_go_back_to() -> None:
    """No earlier deploy, or none that is good: no target, and why."""
    assert choose_target(TargetQuery((SUSPECT,), SUSPECT, SUSPECT, False)).why == "there is no earlier deploy"
    choice = choose_target(TargetQuery((SUSPECT, old(status="canceled")), SUSPECT, SUSPECT, False))
    assert choice.deploy is None and choice.why == "no earlier deploy is known to be good"
    nameless = replace(SUSPECT, finished_at=None)
    choice = choose_target(TargetQuery((nameless, GOOD), nameless, nameless, False))
    assert "live for 3 d 0 h only" in choice.skipped[0].why
    slow = replace(SUSPECT, created_at=NOW - 4000, finished_at=NOW - 400)
    choice = choose_target(TargetQuery((slow, old(finished_at=NOW - 1000)), slow, slow, False))
    assert choice.skipped[0].why == "live for 10 min only, not known to be good", "until the suspect took over"

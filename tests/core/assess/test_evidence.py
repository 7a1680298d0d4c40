"""Terms: the evidence about the deploy itself; what told for it when the incident began, cause or term, still does."""

from dataclasses import replace
from math import prod

import pytest

from tests.core.assess.test_other_causes import UPSTREAM
from tests.core.scenes import HISTORY, NOW, SEEN_TAKING_TRAFFIC, a_blame, a_case, a_service, failing, found
from watchdog.core.assess import blame
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Blame, Cause, Term

BEFORE = Term(1 / 10, "an incident of this service ended within the hour before it", "fault before")
CRASHES = Term(5.0, "the platform reports, since this deploy: instance crashed", "crashes")


def judged_again(before: Blame | None) -> Blame:
    """Return the blame of a moment at which no term is found any more."""
    return blame.weigh(replace(a_case(), before=before))


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        pytest.param(None, (), id="never judged"),
        pytest.param(a_blame(), (), id="nothing found"),
        pytest.param(a_blame(terms=(BEFORE,)), (BEFORE,), id="acquitted"),
        pytest.param(a_blame(terms=(replace(CRASHES, factor=1.5),)), (), id="convicted, if weakly"),
        pytest.param(a_blame(terms=(BEFORE, CRASHES)), (BEFORE,), id="both"),
        pytest.param(a_blame(terms=(replace(BEFORE, name=""),)), (), id="of an older version, without a name"),
        pytest.param(a_blame(replace(HISTORY[0], id="dep-0"), terms=(BEFORE,)), (), id="another deploy was judged"),
        pytest.param(replace(a_blame(terms=(BEFORE,)), suspect=None, change=None), (), id="no deploy was"),
        pytest.param(a_blame(causes=(UPSTREAM,)), (UPSTREAM,), id="by another cause"),
        pytest.param(a_blame(replace(HISTORY[0], id="dep-0"), causes=(UPSTREAM,)), (), id="the cause of another"),
        pytest.param(replace(a_blame(causes=(UPSTREAM,)), suspect=None, change=None), (), id="the cause of none"),
    ],
)
def test_what_acquitted_when_it_began_still_does(before: Blame | None, kept: tuple[Term | Cause, ...]) -> None:
    """That it is found no more, or recovered first, does not tell against the deploy. The words say, once, that it is
    no news.
    """
    verdict = judged_again(before)
    assert (*verdict.terms, *verdict.causes) == tuple(
        replace(one, why=f"{one.why} (seen before, in this incident)", earlier=True) for one in kept
    )
    factors = (one.factor if isinstance(one, Term) else 1 / (1 + one.odds) for one in kept)
    assert verdict.odds == pytest.approx(verdict.prior_odds * prod(factors))
    again = judged_again(verdict)
    assert (again.terms, again.causes) == (verdict.terms, verdict.causes), "however often it is judged"


def test_what_is_found_again_is_said_as_it_is_now() -> None:
    """Not as seen before, nor twice."""
    case = a_case(a_service(closed_at=NOW - 121.0))
    assert blame.weigh(replace(case, before=a_blame(terms=(BEFORE,)))).terms == (BEFORE,)


def test_the_platforms_crash_reports_since_the_deploy_speak_against_it() -> None:
    """Of several the newest is named. Where the code before it crashed lately, they are no sign of the deploy."""
    for ago, times in ((20.0, 1), (111.0, 1), (112.0, 0), (121.0, 0)):
        reports = ((ago + 9, "the first"), (ago + 4, "the second"), (ago, "instance crashed"))
        crashes = Check("events", "render_events", crashes=tuple((NOW - at, what) for at, what in reports))
        verdict = blame.weigh(a_case(a_service(checks={"home": failing(), "events": crashes})))
        assert verdict.terms == (CRASHES,) * times
    crashes = Check("home", "http", crashes=((NOW - 20, "no platform report"),))
    assert blame.weigh(a_case(a_service(checks={"home": crashes}))).terms == ()


def test_errors_new_in_the_release_speak_against_it() -> None:
    """Only with a flood, or where they are all that is found; and only if some are new."""
    for issues, times in ((("KeyError: 'plan'",), 1), ((), 0)):
        service = a_service(checks={"home": failing(), "errors": Check("errors", "sentry", new_issues=issues)})
        term = Term(5.0, "errors new in this release: KeyError: 'plan'", "new errors")
        few = found("errors", "new errors")
        for findings, counted in (((found(), found("errors", "feed")), 1), ((few,), 1), ((found(), few), 0)):
            assert blame.weigh(a_case(service, *findings)).terms == (term,) * times * counted


@pytest.mark.parametrize(
    ("after", "same"), [(-1000.0, True), (0.0, True), (1.0, False), (-3599.0, True), (-3600.0, False), (None, False)]
)
def test_a_fault_that_ended_shortly_before_the_deploy_is_probably_the_same_one(after: float | None, same: bool) -> None:
    """An incident closed within the hour before it took traffic; not one after, nor days ago."""
    closed_at = NOW - 120 + after if after is not None else None
    assert blame.weigh(a_case(a_service(closed_at=closed_at))).terms == ((BEFORE,) if same else ())


@pytest.mark.parametrize(
    ("signal", "began", "ended", "same"),
    [("home", -1, 1, True), ("home", -9000, 110, True), ("home", 0, 1, False), ("api", -1, 1, False)],
)
def test_a_fault_that_the_deploy_came_in_the_middle_of_is_probably_the_same_one(
    signal: str, began: float, ended: float, same: bool
) -> None:
    """The incident ended after the deploy took traffic, and the same check had failed before it; a hotfix, often."""
    since = NOW - 120
    service = a_service(closed_at=since + ended, failed_from=((signal, since + began),))
    why = "home failed before it as well, in an incident that ended after it"
    assert blame.weigh(a_case(service)).terms == ((Term(0.1, why, "fault before"),) if same else ())


@pytest.mark.parametrize(
    ("method", "new", "early", "vetoed"),
    [
        ("feed", ("KeyError: plan",), 65.0, False),
        ("feed", ("KeyError: plan",), 66.0, True),
        ("feed", (), 6.0, True),
        ("new errors", ("KeyError: plan",), 65.0, False),
        ("run", ("KeyError: plan",), 6.0, True),
        ("run", (), 5.0, False),
    ],
)
def test_a_feed_s_minute_may_have_begun_before_the_release_whose_errors_are_new(
    method: str, new: tuple[str, ...], early: float, vetoed: bool
) -> None:
    """A flood is dated to the begin of its minute; what a probe saw is exact, but for clocks that differ by seconds."""
    checks = {"home": failing(), "errors": Check("errors", "sentry", new_issues=new)}
    service = a_service(checks=checks, deploys=SEEN_TAKING_TRAFFIC)
    signal = "home" if method == "run" else "errors"
    seconds = 120.0 + early  # before NOW; the live deploy took traffic 120 s before it
    verdict = blame.weigh(a_case(service, found(signal, method, seconds=seconds)))
    (onset,) = [veto for veto in verdict.vetoes if veto.name == "onset"]
    assert [veto.name for veto in verdict.vetoed] == ["onset"] * vetoed
    assert (onset.why == "onset 0 s after dep-41 could first take traffic") is not vetoed

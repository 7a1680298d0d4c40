"""Other causes: what it depends on fails or was deployed, others fail with it; each with its odds, all add up to 1."""

from dataclasses import replace
from math import exp, prod
from typing import Any

import pytest

from tests.core.assess.test_peers import OURS, fails, probes, stumbles, town
from tests.core.limits import WEIGHTS
from tests.core.scenes import (
    HISTORY,
    NOW,
    SEEN_TAKING_TRAFFIC,
    a_blame,
    a_case,
    a_service,
    a_state,
    an_incident,
    failing,
    found,
    step,
)
from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import bad_world
from watchdog.core.assess import blame
from watchdog.core.assess.onset_prior import prior_of
from watchdog.core.assess.other_causes import EARLIER, FELT_SHARE, OVERLOAD_SHARE, UNSEEN_SHARE
from watchdog.domain.checks import Check, Served
from watchdog.domain.decisions import Blame, Cause, Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import VendorChecked
from watchdog.domain.incidents import ActiveCritical, History, Incident, ServiceState
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds

LEAST = 1 / WEIGHTS.upstream_failing - 1
RATE = 43830.0
"""One incident of another cause a month, as assumed in these tests: the odds of one minute."""


def weighed(*services: ServiceState, policy: Policy | None = None, **state: Any) -> Blame:
    """Return the blame of `web`, beside these services."""
    known = {"web": a_service(), **{one.name: one for one in services}}
    return blame.weigh(a_case(services=known, policy=policy or town(*known), **state))


def odds(verdict: Blame) -> dict[str, float]:
    """Return the odds of each other cause."""
    return {one.name: one.odds for one in verdict.causes}


def page(since: float | None, at: float = NOW - 120) -> dict:
    """Return the state in which a status page that `web` depends on has told of trouble since then."""
    down = {"vendors": {"openai": (at, Bad("major outage"))}}
    return down if since is None else {**down, "vendors_bad_since": {"openai": NOW - OURS - since}}


# --- what it depends on fails ---


@pytest.mark.parametrize(
    ("since", "density"),
    [(0.0, 0.1), (300.0, 0.1 * exp(-1)), (-50.0, 0.1 * exp(-50 / 300)), (7200.0, 0.0), (None, 0.1)],
)
def test_a_status_page_counts_by_how_near_its_trouble_is(since: float | None, density: float) -> None:
    """Five minutes early or late in the mean; old trouble counts what the policy says, and no less."""
    policy = town(web=("openai",))
    verdict = weighed(policy=policy, **page(since))
    assert odds(verdict) == {"upstream openai": pytest.approx(max(LEAST, FELT_SHARE * density * RATE))}
    (cause,) = verdict.causes
    assert (cause.why, cause.page) == ("upstream openai fails: major outage", "https://status.openai.example")
    (unlisted,) = weighed(policy=replace(policy, vendors={}), **page(since)).causes
    assert unlisted == replace(cause, page=""), "read before a reload took the page away"


def test_pages_that_tell_nothing_now_are_no_cause() -> None:
    """A quarter of an hour old, or good, or somebody else's."""
    policy = town(web=("openai",))
    assert not weighed(policy=policy, **page(0.0, at=NOW - 900)).causes
    assert not weighed(policy=policy, vendors={"openai": (NOW, Good())}).causes
    assert not weighed(policy=policy, vendors={"stripe": (NOW, Bad("down"))}).causes


@pytest.mark.parametrize(
    ("lead", "density"),
    [(0.0, 0.4), (0.5, 0.4 * exp(-0.5 / 120)), (120.0, 0.4 * exp(-1)), (-30.0, 0.4 * exp(-1)), (7200.0, 0.0)],
)
def test_a_service_that_fails_before_or_with_us(lead: float, density: float) -> None:
    """Two minutes before in the mean; what is seen to fail half a minute later was seen late, or fails by us."""
    verdict = weighed(fails("shop", seconds=OURS + lead), policy=town("shop", web=("shop",)))
    assert odds(verdict) == {"upstream shop": pytest.approx(max(LEAST, FELT_SHARE * density * RATE))}
    assert (verdict.causes[0].why, verdict.causes[0].page) == ("shop, which it depends on, fails as well", "")


SURE = FELT_SHARE * 0.4 * RATE


@pytest.mark.parametrize(
    ("shop", "expected"),
    [
        pytest.param(fails("shop", recent=probes(-5, -3)), LEAST, id="a blip as yet"),
        pytest.param(stumbles(-OURS - 60), LEAST, id="a failure a minute before ours"),
        pytest.param(stumbles(-OURS - 61), None, id="an older failure"),
        pytest.param(stumbles(-OURS, -30, -1), SURE, id="in part"),
        pytest.param(fails("shop", replace(HISTORY[0], finished_at=NOW - 9e4)), LEAST, id="by the suspect code"),
        pytest.param(ServiceState("shop"), None, id="well"),
    ],
)
def test_how_sure_it_is_that_a_service_fails(shop: ServiceState, expected: float | None) -> None:
    """Only what fails for sure, and not by the same commit, counts in full; else as much as the policy says."""
    policy = town("shop", web=("shop",))
    mild = replace(policy, blame=replace(WEIGHTS, upstream_failing=0.8))
    for one, least in ((policy, LEAST), (mild, 0.25)):
        counted = {} if expected is None else {"upstream shop": pytest.approx(least if expected == LEAST else expected)}
        assert odds(weighed(shop, policy=one)) == counted


@pytest.mark.parametrize(("seconds", "near"), [(180.0, True), (181.0, False)])
def test_a_failed_probe_three_minutes_after_our_onset_is_the_last_that_counts(seconds: float, near: bool) -> None:
    """Later it is another matter."""
    known = {"web": a_service(), "shop": stumbles(0.0)}
    case = a_case(None, found(seconds=seconds), services=known, policy=town("shop", web=("shop",)))
    assert [one.name for one in blame.weigh(case).causes] == ["upstream shop"] * near


def test_an_open_incident_or_another_workers_trouble_is_sure() -> None:
    """Even if no probe fails at this very moment."""
    policy = town("shop", web=("shop",))
    incident = Incident("shop-1", "shop", Severity.HIGH, NOW - 30, NOW - OURS, "home fails")
    assert odds(weighed(replace(stumbles(-200), incident=incident), policy=policy)) == {
        "upstream shop": pytest.approx(SURE)
    }
    over = replace(stumbles(-200), incident=replace(incident, closed_at=NOW - 5))
    assert not weighed(over, policy=policy).causes
    trouble = {"shop": ActiveCritical("shop", NOW - 60)}
    known = FELT_SHARE * 0.25 * exp(-0.5) * RATE
    assert odds(weighed(policy=policy, troubles=trouble)) == {"upstream shop": pytest.approx(known)}
    mine = {**trouble, "web": ActiveCritical("web", NOW - 120)}
    assert odds(weighed(policy=policy, troubles=mine)) == {"upstream shop": pytest.approx(known)}, (
        "as far the other way"
    )


def test_a_status_page_that_was_a_service_once_is_a_status_page() -> None:
    """What is remembered of the service says nothing any more."""
    policy = town("shop", web=("openai",), shop=("openai",))
    once = replace(fails("openai"), incident=Incident("o-1", "openai", Severity.HIGH, NOW - 30, NOW - OURS, "down"))
    assert odds(weighed(once, fails("shop"), policy=policy)) == {"peers": pytest.approx(49.0)}


def test_what_a_dependency_depends_on_counts_alike() -> None:
    """Its status page, and a service behind it."""
    policy = town("shop", "cart", web=("shop",), shop=("cart", "openai"))
    verdict = weighed(ServiceState("shop"), fails("cart"), policy=policy, **page(0.0))
    assert odds(verdict) == {
        "upstream cart": pytest.approx(SURE),
        "upstream openai": pytest.approx(FELT_SHARE * 0.1 * RATE),
    }


# --- what it depends on was deployed ---


def deployed(name: str, minutes: float, commit: str = "shop0000") -> ServiceState:
    """Return a healthy service that was deployed so many minutes before `web` failed."""
    live_at = NOW - OURS - 60 * minutes
    deploy = Deploy(f"dep-{name}", "live", commit=commit, created_at=live_at - 300, update_seen_at=live_at)
    return ServiceState(name, deploys=(deploy,))


CALLEE, CALLER = town("shop", web=("shop",)), town("shop", shop=("web",))


@pytest.mark.parametrize(
    ("policy", "share", "words"),
    [
        (CALLEE, UNSEEN_SHARE, "which it depends on"),
        (CALLER, OVERLOAD_SHARE, "which depends on it and may overload it"),
    ],
)
@pytest.mark.parametrize("minutes", [-5 / 60, 0.0, 1.0, 5.0, 60.0, 1440.0])
def test_a_neighbour_that_was_deployed_may_have_broken_us(
    minutes: float, policy: Policy, share: float, words: str
) -> None:
    """By the prior odds of its deploy for our onset; half of a callee's faults its own checks would show."""
    shop = replace(deployed("shop", minutes), history=History(NOW - 1e6))
    (cause,) = weighed(shop, policy=policy).causes
    prior = prior_of(shop, shop.deploys[0], NOW - OURS, WEIGHTS, NOW)
    assert cause.odds == pytest.approx(share * prior.odds)
    assert (cause.name, cause.service, cause.deploy) == ("deploy of shop", "shop", "dep-shop")
    ago = show_seconds(max(0.0, 60 * minutes))
    assert cause.why == f"shop, {words}, was deployed {ago} before (dep-shop)"


def test_our_deploy_of_minutes_before_and_that_of_a_caller_right_before_are_asked_about_with_both_named() -> None:
    """It was rolled back; one that went live right before the failure is, as few callers overload what they call."""
    shop = deployed("shop", 0.5)
    for minutes, asked in ((3.0, True), (0.5, False)):
        web = a_service(deploys=(replace(deployed("web", minutes).deploys[0], commit="bad00000"), *HISTORY[1:]))
        verdict = blame.weigh(a_case(web, services={"web": web, "shop": shop}, policy=CALLER))
        assert verdict.convicts is not asked and verdict.contested and ("dep-shop" in verdict.why) is asked


@pytest.mark.parametrize(
    ("shop", "depends_on"),
    [
        pytest.param(deployed("shop", -0.2), ("shop",), id="after it failed"),
        pytest.param(deployed("shop", 1441.0), ("shop",), id="more than a day before"),
        pytest.param(deployed("shop", 1.0, "bad00000"), ("shop",), id="the same commit"),
        pytest.param(ServiceState("shop"), ("shop",), id="never read"),
        pytest.param(deployed("shop", 1.0), (), id="no dependency"),
    ],
)
def test_deploys_that_cannot_have_broken_us(shop: ServiceState, depends_on: tuple[str, ...]) -> None:
    """Nothing is said of them, whichever of the two calls the other."""
    assert not weighed(shop, policy=town("shop", web=depends_on)).causes
    assert not weighed(shop, policy=town("shop", shop=("web",) if depends_on else ())).causes
    back = replace(deployed("shop", 1.0).deploys[0], trigger="rollback")
    assert not weighed(ServiceState("shop", deploys=(back,)), policy=CALLER).causes, "to code that was borne"


def test_a_dependency_behind_another_one_counts_alike() -> None:
    """And what another worker watches is not known."""
    shop = deployed("shop", 1.0)
    policy = town("shop", "cart", web=("cart",), cart=("shop",))
    assert odds(weighed(shop, ServiceState("cart"), policy=policy)) == odds(
        weighed(shop, policy=town("shop", web=("shop",)))
    )
    assert not weighed(ServiceState("cart"), policy=policy).causes


def test_what_was_replaced_since_may_have_broken_us_all_the_same() -> None:
    """Its hotfix came after our failure."""
    (bad,) = deployed("shop", 1.0).deploys
    fix = replace(bad, id="dep-fix", commit="shop0001", update_seen_at=NOW - OURS + 20)
    shop = ServiceState("shop", deploys=(fix, replace(bad, status="deactivated")))
    (cause,) = weighed(shop, policy=town("shop", web=("shop",))).causes
    assert cause.deploy == bad.id


def test_code_that_is_not_named_is_no_common_code() -> None:
    """A platform that names neither commit nor image for either."""
    shop = deployed("shop", 1.0)
    nameless = replace(shop, deploys=(replace(shop.deploys[0], commit=None),))
    web = a_service(deploys=(replace(HISTORY[0], commit=None), *HISTORY[1:]))
    policy = town("shop", web=("shop",))
    case = a_case(web, services={"web": web, "shop": nameless}, policy=policy)
    assert [one.name for one in blame.weigh(case).causes] == ["deploy of shop"]


def test_others_that_depend_on_it_and_fail_with_us_make_it_likelier() -> None:
    """Each as much as a peer tells, three at most; they are no peers beside."""
    shop, names = deployed("shop", 1.0), ("cart", "mail", "docs", "jobs")
    policy = town("shop", *names, web=("shop",), **dict.fromkeys(names, ("shop",)))  # type: ignore[arg-type]
    alone = odds(weighed(shop, policy=policy))["deploy of shop"]
    for count in (1, 2, 4):
        verdict = weighed(shop, *(fails(name) for name in names[:count]), policy=policy)
        (cause,) = verdict.causes
        assert cause.odds == pytest.approx(alone / WEIGHTS.peers_failing ** min(count, 3))
        assert cause.why.endswith(f"; what else depends on it and fails: {', '.join(names[:count])}")


# --- this service failed before, less severely ---


CHECKS = {"errors": Check("errors", "sentry")}


@pytest.mark.parametrize(
    ("finding", "lead"),
    [
        pytest.param(found("api", "latency", seconds=OURS + 600), 600.0, id="ten minutes"),
        pytest.param(
            found("api", "latency", seconds=OURS + 86_400), 86_400.0, id="a day: it did not grow in all of it"
        ),
        pytest.param(found("docs", seconds=OURS + 67), 67.0, id="right before the deploy took traffic"),
        pytest.param(found("docs", seconds=OURS + 65), None, id="within the tolerance"),
        pytest.param(found("errors", "feed", seconds=OURS + 120), None, id="within the minute of a feed"),
        pytest.param(found("docs", seconds=OURS - 20), None, id="after the deploy"),
        pytest.param(found("docs", seconds=OURS), None, id="with us"),
    ],
)
def test_a_lesser_failure_that_is_older_than_the_change_may_have_grown_into_this_one(
    finding: Finding, lead: float | None
) -> None:
    """Ten minutes before in the mean. What began with the change is no cause of its own, and hardly what is chronic."""
    for service, findings in (
        (a_service(checks=CHECKS, deploys=SEEN_TAKING_TRAFFIC), (found(), finding)),
        (
            a_service(incident=an_incident(findings=(finding,), onset_at=NOW - 210), deploys=SEEN_TAKING_TRAFFIC),
            (found(),),
        ),
    ):
        verdict = blame.weigh(a_case(service, *findings))
        expected = {} if lead is None else {EARLIER: pytest.approx(FELT_SHARE * exp(-lead / 600) / 10 * RATE)}
        assert odds(verdict) == expected and verdict.rival is None
        for cause in verdict.causes:
            why = f"the trouble of {finding.signal} began {show_seconds(lead - 60)} before dep-41 could take traffic"
            assert cause.why == why


def test_an_earlier_failure_is_dated_by_its_record_and_acquits_nothing_twice() -> None:
    """Errors of an hour are found anew in each window; of an incident the onset counts, too; a veto needs no cause."""
    errors = found("errors", "count", seconds=300.0)
    incident = an_incident(findings=(replace(errors, onset_at=NOW - 4000.0),), onset_at=NOW - 300.0)
    (cause,) = blame.weigh(a_case(a_service(incident=incident), found(), errors)).causes
    assert cause.why == "incident web-1 began 3 min before dep-41 could take traffic"
    (cause,) = blame.weigh(a_case(a_service(incident=replace(incident, onset_at=NOW - 4000.0)), found(), errors)).causes
    assert cause.why.startswith("the trouble of errors began 65 min before")
    events = Check("events", "render_events", crashes=tuple((NOW - ago, "crashed") for ago in (150.0, 50.0, 40.0)))
    (cause,) = blame.weigh(
        a_case(a_service(checks={"events": events}), found("events", "crashes", seconds=50.0))
    ).causes
    assert cause.why == "the trouble of events began 30 s before dep-41 could take traffic"
    for seconds, names in ((126.0, []), (125.0, [EARLIER])):
        service = a_service(deploys=SEEN_TAKING_TRAFFIC)
        verdict = blame.weigh(a_case(service, found(seconds=seconds), found("api", "latency", seconds=400.0)))
        assert [one.name for one in verdict.causes] == names


def test_an_earlier_failure_that_may_have_begun_with_us_counts_as_one_that_did() -> None:
    """Where clocks differ by more than the minute of a feed: what is dated after us is not an older failure."""
    policy = make_policy(blame=replace(WEIGHTS, onset_tolerance_seconds=200.0))
    made = (replace(HISTORY[0], created_at=NOW - 400, update_seen_at=NOW - 120), *HISTORY[1:])
    case = a_case(
        a_service(checks=CHECKS, deploys=made),
        found(seconds=300.0),
        found("errors", "feed", seconds=250.0),
        policy=policy,
    )
    assert odds(blame.weigh(case)) == {EARLIER: pytest.approx(FELT_SHARE / 10 * RATE)}


NEW = Served("bad00000", NOW - 10.0, NOW)


def old(*failed: float, version: str = "aaaaaaa1", first: float = 900.0) -> Served:
    """Return a version that answered, and failed so many seconds ago."""
    return Served(version, NOW - first, NOW, tuple(NOW - ago for ago in failed))


FULL = old(*(9.5 - number / 4 for number in range(20)), version="", first=30.0)


@pytest.mark.parametrize(
    ("served", "onset", "seconds"),
    [
        pytest.param((old(40, 30, 20), NEW), 40.0, 30.0, id="the code before failed for half a minute"),
        pytest.param((old(39, 30, 20), NEW), 39.0, None, id="so may an instance that ends"),
        pytest.param((old(40, 30), NEW), 40.0, None, id="two answers may be chance"),
        pytest.param((old(40, 30, 20), old(20, version=""), NEW), 40.0, None, id="one may be the new code's"),
        pytest.param((old(40, 30, 20), FULL, NEW), 40.0, None, id="one may have been: only the last twenty are kept"),
        pytest.param((old(40, 30, 20), replace(FULL, first_at=NOW - 9.0), NEW), 40.0, 30.0, id="all twenty are since"),
        pytest.param((old(40, 30, 20, first=40), NEW), 40.0, None, id="not seen before it failed"),
        pytest.param((old(40, 30, 20), replace(NEW, first_at=NOW - 50.0)), 40.0, None, id="the new code had answered"),
        pytest.param((old(40, 30, 20), old(5, version=""), NEW), 40.0, 30.0, id="a failure after that says nothing"),
    ],
)
def test_what_failed_in_the_code_before_for_longer_than_it_drains_is_older_than_the_change(
    served: tuple[Served, ...], onset: float, seconds: float | None
) -> None:
    """The change may still have broken it, so it is no veto; while the new code has not answered at all, it is one."""
    case = a_case(a_service(checks={"home": failing(served=served)}), found(seconds=onset))
    assert odds(blame.weigh(case)) == ({} if seconds is None else {EARLIER: pytest.approx(FELT_SHARE / 10 * RATE)})
    if seconds is not None:
        why = f"for {seconds:.0f} s all failing answers named dep-40, before dep-41 answered"
        assert blame.weigh(case).causes[0].why == why


# --- others fail at the same moment ---


@pytest.mark.parametrize(
    ("count", "apart", "power"), [(1, 0.0, 1), (2, 0.0, 2), (3, 0.0, 3), (4, 0.0, 3), (1, 80.0, exp(-16 / 9))]
)
def test_every_peer_that_fails_at_our_moment_tells_of_one_cause(count: int, apart: float, power: float) -> None:
    """One may be chance; from the third on nothing more is learnt. All are named, but what runs the suspect code."""
    names = ("cart", "shop", "stock", "mail")[:count]
    twin = fails("twin", replace(HISTORY[0], finished_at=NOW - 9e4))
    verdict = weighed(*(fails(name, seconds=OURS + apart) for name in names), twin)
    (cause,) = verdict.causes
    assert cause == Cause("peers", pytest.approx(WEIGHTS.peers_failing**-power - 1), cause.why)
    assert cause.why == f"other services fail too: {', '.join(names)}"
    assert verdict.odds == pytest.approx(verdict.prior_odds * WEIGHTS.peers_failing**power)


# --- all of them ---


def test_the_causes_add_up_to_one() -> None:
    """The own change, each other cause, and an unobserved one; the likeliest comes first."""
    policy = town("shop", "mail", web=("shop", "openai"))
    verdict = weighed(deployed("shop", 2.0), fails("mail"), policy=policy, **page(600.0))
    assert [one.name for one in verdict.causes] == sorted(odds(verdict), key=lambda name: -odds(verdict)[name])
    assert len(verdict.causes) == 3 and verdict.probability is not None
    unseen = 1 / (1 + sum(odds(verdict).values()) + verdict.prior_odds)
    assert verdict.probability + sum(map(verdict.chance_of, verdict.causes)) + unseen == pytest.approx(1.0)
    assert verdict.prior_odds * prod(term.factor for term in verdict.factors) == pytest.approx(verdict.odds)


def test_a_veto_leaves_the_others_what_they_are() -> None:
    """Our change is out: the rest of the table is what is left of it."""
    policy = town("shop", web=("shop",))
    case = a_case(
        None, found(seconds=400.0), services={"web": a_service(), "shop": fails("shop", seconds=400.0)}, policy=policy
    )
    verdict = blame.weigh(case)
    assert verdict.vetoed
    assert verdict.chance_of(verdict.causes[0]) == pytest.approx(SURE / (1 + SURE))


@pytest.mark.parametrize(("minutes", "says"), [(0.2, "asked"), (1.0, "asked"), (5.0, "convicted")])
def test_two_changes_within_reach_of_each_other_are_asked_about(minutes: float, says: str) -> None:
    """Both are named, each with its probability; one that is far ahead is acted on."""
    verdict = weighed(deployed("shop", minutes), policy=town("shop", web=("shop",)))
    verdict = replace(verdict, likely_from=0.9) if says == "asked" else verdict
    assert verdict.convicts is (says == "convicted")
    if says == "asked":
        assert verdict.probability is not None and verdict.rival is not None
        assert verdict.contested
        assert (
            verdict.why.startswith("dep-41, P ")
            and f"P {verdict.chance_of(verdict.rival):.3f} for another cause (shop" in verdict.why
        )
    assert not replace(verdict, causes=()).contested, "nobody to tell it from"
    assert not replace(verdict, probability=0.1).contested, "too little to ask about"


# --- what was seen when it began ---

UPSTREAM = Cause("upstream openai", 1000.0, "upstream openai fails: major outage")


def test_what_is_found_again_is_said_as_it_is_now_unless_it_was_likelier() -> None:
    """Not twice: the newest words of the same cause, or the stronger of the two. Of another suspect nothing is kept."""
    policy = town(web=("openai",))
    up, down = a_case(policy=policy), a_case(policy=policy, **page(0.0))
    (present,) = blame.weigh(down).causes
    for case, was, kept in ((down, 1.0, False), (down, present.odds, False), (down, 1e6, True), (up, 0.5, True)):
        earlier = replace(UPSTREAM, odds=was)
        again = replace(earlier, why=f"{UPSTREAM.why} (seen before, in this incident)", earlier=True)
        before = a_blame(causes=(earlier,))
        assert blame.weigh(replace(case, before=before)).causes == (again if kept else present,)
        for suspect in (HISTORY[1], None):
            another = replace(case, before=replace(before, suspect=suspect))
            assert blame.weigh(another).causes == blame.weigh(case).causes


def story(upstream_down: tuple[float, float] | None) -> World:
    """Return a world in which nothing could be done when it began, as the deploy list was not read; then it was."""
    return bad_world(
        make_policy(),
        faults=[Fault(150.0, FOREVER, code="bad00000")],
        unreadable=(75.0, 300.0),
        upstream_down=upstream_down,
    ).run(400.0)


def test_an_upstream_that_recovers_first_does_not_convict_the_deploy() -> None:
    """It was down when the failure began, and up again when the deploys could be read: a human keeps it."""
    world = story((140.0, 250.0))
    assert not world.sent and world.incidents["web-1"].human_needed == ""
    assert story(None).sent, "without it the deploy is rolled back once its list is read"


def test_what_a_page_says_is_kept_beside_the_others_and_since_when_it_tells_of_trouble() -> None:
    """Without a break. A read that fails takes no trouble back for a quarter of an hour after the last one that did not
    (of a source that tells what it read earlier: after that); a good one does at once.
    """
    state = a_state(vendors={"render": (0.5, Bad("outage"))})
    for at, reading, read_at, since, said in (
        (0.0, Good(), None, {}, (0.0, Good())),
        (1.0, Bad("down"), None, {"openai": 1.0}, (1.0, Bad("down"))),
        (2.0, Bad("still"), None, {"openai": 1.0}, (2.0, Bad("still"))),
        (3.0, Unknown("503"), None, {"openai": 1.0}, (2.0, Bad("still"))),
        (4.0, Bad("again"), None, {"openai": 1.0}, (4.0, Bad("again"))),
        (5.0, Good(), None, {}, (5.0, Good())),
        (6.0, Unknown("503"), None, {}, (6.0, Unknown("503"))),
        (7.0, Bad("down"), None, {"openai": 7.0}, (7.0, Bad("down"))),
        (600.0, Bad("down"), 7.0, {"openai": 7.0}, (7.0, Bad("down"))),
        (906.0, Unknown("503"), None, {"openai": 7.0}, (7.0, Bad("down"))),
        (907.0, Unknown("503"), None, {}, (907.0, Unknown("503"))),
    ):
        state, _ = step(state, VendorChecked(at, "openai", reading, read_at), make_policy())
        assert dict(state.vendors_bad_since) == since
        assert state.vendors == {"render": (0.5, Bad("outage")), "openai": said}

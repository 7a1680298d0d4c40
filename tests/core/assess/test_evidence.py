"""Terms: peers count each, one with a deploy of its own is none; what acquitted at the beginning still does."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from tests.core.limits import WEIGHTS
from tests.core.scenes import HISTORY, NOW, a_blame, a_case, a_service, failing
from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import bad_world
from watchdog.core.assess import blame, evidence
from watchdog.domain.decisions import Blame, Term
from watchdog.domain.deploys import Deploy, Downtime
from watchdog.domain.incidents import ActiveCritical, Phase, ServiceState
from watchdog.domain.policy import Policy, ServicePolicy
from watchdog.domain.readings import Bad

PEERS = ("cart", "shop", "stock", "mail")


def town() -> Policy:
    """Return a policy of `web` and four services that have nothing to do with it."""
    policy = make_policy()
    others = {name: ServicePolicy(name, f"srv-{name}") for name in PEERS}
    return replace(policy, services={**policy.services, **others})


def fails(name: str, *deploys: Deploy) -> ServiceState:
    """Return a service that began to fail when `web` did, 60 s ago."""
    checks = MappingProxyType({"home": failing("home")})
    return ServiceState(name, phase=Phase.SUSPECT, checks=checks, deploys=deploys)


# --- peers ---


@pytest.mark.parametrize(("failed", "power"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_every_peer_that_fails_as_well_tells_against_the_deploy(failed: int, power: int) -> None:
    """One may be chance, three are none; from the third on nothing more is learnt. All are named."""
    names = PEERS[:failed]
    case = a_case(services={"web": a_service(), **{name: fails(name) for name in names}}, policy=town())
    why = f"other services fail too: {', '.join(names)}"
    assert blame.weigh(case).terms == (Term(WEIGHTS.peers_failing**power, why, "peers"),)


def own(live_at: float | None, **more: Any) -> Deploy:
    """Return a deploy of the shop's that took traffic then."""
    seen_at = None if live_at is None else NOW + live_at
    status = "build_in_progress" if live_at is None else "live"
    base = Deploy("dep-s", status, commit="shop0000", created_at=NOW - 200_000, update_seen_at=seen_at)
    return replace(base, **more)


@pytest.mark.parametrize(
    ("deploys", "peer"),
    [
        pytest.param((own(-59.0),), True, id="just after"),
        pytest.param((own(-60.0),), False, id="at its begin"),
        pytest.param((own(-120.0),), False, id="a minute before"),
        pytest.param((own(-180.0),), False, id="just before"),
        pytest.param((own(-181.0),), True, id="long enough before"),
        pytest.param((own(-100_000.0),), True, id="days ago"),
        pytest.param((own(None),), True, id="never live"),
        pytest.param((own(-10.0, commit="shop0001"), own(-70.0, status="deactivated")), False, id="an earlier one"),
    ],
)
def test_who_began_to_fail_with_a_deploy_of_its_own_is_no_peer(deploys: tuple[Deploy, ...], peer: bool) -> None:
    """It has a reason of its own: its instances may have been replaced for two minutes by then."""
    case = a_case(services={"web": a_service(), "shop": fails("shop", *deploys)}, policy=town())
    assert evidence.failing_peers(case) == (["shop"] if peer else [])


@pytest.mark.parametrize("ended_at", [None, NOW - 61.0])
def test_one_that_is_meant_to_be_down_is_no_peer_and_an_upstream_all_the_same(ended_at: float | None) -> None:
    """Nothing else fails for it, but what relies on it does; another worker's is known by its trouble."""
    down = Downtime("in maintenance mode", NOW - 62.0, NOW - 75.0, ended_at)
    shop = replace(fails("shop"), downtime=down)
    case = a_case(services={"web": a_service(), "shop": shop}, policy=town())
    assert evidence.failing_peers(case) == []
    elsewhere = {"shop": ActiveCritical("shop", NOW, planned=True)}
    assert evidence.failing_peers(a_case(troubles=elsewhere, policy=town())) == []
    policy = town()
    web = replace(policy.services["web"], depends_on=("shop",))
    policy = replace(policy, services={**policy.services, "web": web})
    for case in (
        a_case(services={"web": a_service(), "shop": shop}, policy=policy),
        a_case(troubles=elsewhere, policy=policy),
    ):
        assert [term.name for term in blame.weigh(case).terms] == ["upstream shop"]


# --- what acquitted when it began ---

UPSTREAM = Term(1 / 20, "upstream openai fails: major outage", "upstream openai")
CRASHES = Term(5.0, "the platform reports, since this deploy: instance crashed", "crashes")


def judged_again(before: Blame | None) -> Blame:
    """Return the blame of a moment at which no term is found any more."""
    return blame.weigh(replace(a_case(), before=before))


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        pytest.param(None, (), id="never judged"),
        pytest.param(a_blame(), (), id="nothing found"),
        pytest.param(a_blame(terms=(UPSTREAM,)), (UPSTREAM,), id="acquitted"),
        pytest.param(a_blame(terms=(CRASHES,)), (), id="convicted"),
        pytest.param(a_blame(terms=(UPSTREAM, CRASHES)), (UPSTREAM,), id="both"),
        pytest.param(a_blame(terms=(replace(UPSTREAM, name=""),)), (), id="of an older version, without a name"),
        pytest.param(a_blame(replace(HISTORY[0], id="dep-0"), terms=(UPSTREAM,)), (), id="another deploy was judged"),
        pytest.param(replace(a_blame(terms=(UPSTREAM,)), suspect=None, change=None), (), id="no deploy was"),
    ],
)
def test_what_acquitted_when_it_began_still_does(before: Blame | None, kept: tuple[Term, ...]) -> None:
    """Others recovered first: that does not tell against the deploy. The words say, once, that it is no news."""
    verdict = judged_again(before)
    assert verdict.terms == tuple(
        replace(term, why=f"{term.why} (seen before, in this incident)", earlier=True) for term in kept
    )
    assert verdict.odds == pytest.approx(verdict.prior_odds * (1 / 20 if kept else 1.0))
    assert judged_again(verdict).terms == verdict.terms, "however often it is judged"


def test_what_is_found_again_is_said_as_it_is_now() -> None:
    """Not twice: the newest words of the same kind of evidence."""
    down = {"openai": (NOW - 60, Bad("partial outage"))}
    verdict = blame.weigh(replace(a_case(vendors=down), before=a_blame(terms=(UPSTREAM,))))
    assert verdict.terms == (Term(1 / 20, "upstream openai fails: partial outage", "upstream openai"),)


def story(upstream_down: tuple[float, float] | None) -> World:
    """Return a world in which nothing could be done when it began, as the deploy list was not read; then it was."""
    policy = make_policy()
    policy = replace(policy, blame=replace(policy.blame, upstream_failing=1 / 1000))
    return bad_world(
        policy, faults=[Fault(150.0, FOREVER, code="bad00000")], unreadable=(75.0, 300.0), upstream_down=upstream_down
    ).run(400.0)


def test_an_upstream_that_recovers_first_does_not_convict_the_deploy() -> None:
    """It was down when the failure began, and up again when the deploys could be read: a human keeps it."""
    world = story((140.0, 250.0))
    assert not world.sent and world.incidents["web-1"].human_needed == ""
    assert story(None).sent, "without it the deploy is rolled back once its list is read"


def test_fewer_peers_than_before_acquit_as_much_as_they_did() -> None:
    """The region recovers service by service: the last one that still fails does not convict the deploy."""
    town_fails = {"web": a_service(), **{name: fails(name) for name in ("shop",)}}
    before = a_blame(terms=(Term(1 / 50**3, "other services fail too: docs, jobs, shop", "peers"),))
    case = replace(a_case(services=town_fails, policy=town()), before=before)
    (term,) = blame.weigh(case).terms
    assert term.factor == 1 / 50**3 and term.why.endswith("(seen before, in this incident)")
    more = replace(case, before=a_blame(terms=(Term(1 / 2, "hardly", "peers"),)))
    assert [one.factor for one in blame.weigh(more).terms] == [pytest.approx(1 / 50)], "what is found now is stronger"

"""Peers: who fails at our moment without a reason of its own counts, the nearer the more; of many some are chance."""

from dataclasses import replace
from math import exp, hypot
from types import MappingProxyType
from typing import Any

import pytest

from tests.core.scenes import HISTORY, NOW, a_case, a_service, failing, found
from tests.core.world import make_policy
from watchdog.core.assess.blame_input import PEER_SECONDS
from watchdog.core.assess.onset_prior import prior_of
from watchdog.core.assess.peers import ONCE_BY_CHANCE, UNSURE, failing_peers
from watchdog.domain.checks import Check
from watchdog.domain.deploys import Deploy, Downtime
from watchdog.domain.incidents import ActiveCritical, History, Incident, Phase, ServiceState
from watchdog.domain.policy import BlameWeights, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.severity import Severity

CHANCE = UNSURE * ONCE_BY_CHANCE
"""What is taken off for each service that may fail a probe by chance."""
OURS = 60.0
"""So many seconds before NOW `web` began to fail, in every case here."""


def town(*names: str, **depends_on: tuple[str, ...]) -> Policy:
    """Return a policy of `web` and these services; keywords say what each depends on."""
    policy = make_policy()
    home = (SignalPolicy("home", "http", critical=True),)
    others = {name: ServicePolicy(name, f"srv-{name}", depends_on=depends_on.get(name, ())) for name in names}
    others = {name: replace(one, signals=home) for name, one in others.items()}
    web = replace(policy.services["web"], depends_on=depends_on.get("web", ()))
    return replace(policy, services={"web": web, **others})


def fails(name: str, *deploys: Deploy, seconds: float = OURS, **check: Any) -> ServiceState:
    """Return a service that has failed for so long."""
    checks = MappingProxyType({"home": failing("home", seconds=seconds, **check)})
    return ServiceState(name, phase=Phase.SUSPECT, checks=checks, deploys=deploys)


def probes(*seconds: float) -> tuple[tuple[float, bool], ...]:
    """Return failed probes at these seconds from NOW, and a good one at NOW."""
    return (*((NOW + at, True) for at in seconds), (NOW, False))


def stumbles(*seconds: float, name: str = "shop") -> ServiceState:
    """Return a service whose probes failed at these seconds from NOW, each alone."""
    recent = probes(*seconds)
    return fails(name, run_started_at=None, run_probes=0, recent=recent, last_bad_at=recent[-2][0])


DOWN = Downtime("in maintenance mode", NOW - 300.0, NOW - 315.0)
OPEN = Incident("shop-1", "shop", Severity.HIGH, NOW - 30, NOW - OURS, "home fails")


def weights(*services: ServiceState, policy: Policy | None = None, method: str = "run", **state: Any) -> dict:
    """Return the peers of `web` among these services."""
    known = {"web": a_service(), **{one.name: one for one in services}}
    policy = policy or town(*(one.name for one in services))
    case = a_case(None, found(method=method), services=known, policy=policy, **state)
    return failing_peers(case, case.service.deploys[0])


@pytest.mark.parametrize("apart", [-180.0, -100.0, -60.0, 0.0, 20.0, 55.0])
def test_a_peer_counts_by_how_near_its_onset_is(apart: float) -> None:
    """Wholly at the same moment, and exp(-(d / 60)^2) of it d seconds apart; hardly at all is not at all."""
    weight = exp(-((apart / 60) ** 2))
    shop = fails("shop", seconds=OURS - apart)
    assert weights(shop) == (pytest.approx({"shop": weight}) if weight >= 0.01 else {})


@pytest.mark.parametrize(
    ("method", "apart", "together"),
    [("feed", 100, hypot(60, 90)), ("feed", 180, hypot(60, 90)), ("feed", 181, None), ("run", 100, 60.0)],
)
def test_an_onset_that_a_feed_tells_is_less_exact(method: str, apart: float, together: float | None) -> None:
    """A feed counts minutes: what is a minute apart may be the same moment; over three minutes are another failure."""
    expected = {"shop": pytest.approx(exp(-((apart / together) ** 2)))} if together else {}
    assert weights(fails("shop", seconds=OURS + apart), method=method) == expected


@pytest.mark.parametrize(
    ("shop", "peer"),
    [
        pytest.param(fails("shop", last_at=NOW - 60), True, id="together, and read a minute ago"),
        pytest.param(fails("shop", seconds=OURS + PEER_SECONDS + 1), False, id="long before"),
        pytest.param(fails("shop", recent=probes(-55, -30, -5)), True, id="three probes"),
        pytest.param(stumbles(-55, -30, -5), True, id="three probes, and well between them"),
        pytest.param(replace(stumbles(-130, -120, -110), phase=Phase.CALM), False, id="over"),
        pytest.param(replace(stumbles(-200), incident=OPEN), True, id="its incident is open"),
        pytest.param(replace(stumbles(-200), incident=replace(OPEN, closed_at=NOW)), False, id="it was"),
        pytest.param(ServiceState("shop", checks={"home": Check("home", "http")}), False, id="healthy"),
        pytest.param(fails("gone"), False, id="no service of the policy"),
        pytest.param(fails("shop", last_at=NOW - 61), False, id="not read for a minute"),
        pytest.param(replace(fails("shop"), checks={"old": failing("old")}), False, id="by a signal that is no more"),
        pytest.param(replace(fails("shop"), incident=replace(OPEN, onset_at=0.0)), True, id="in an older incident"),
        pytest.param(fails("shop", replace(HISTORY[0], finished_at=NOW - 90_000)), False, id="the suspect code"),
        pytest.param(replace(fails("shop"), downtime=DOWN), False, id="meant to be down"),
        pytest.param(
            replace(fails("shop"), downtime=replace(DOWN, ended_at=NOW - 120.0)), True, id="a minute after that"
        ),
    ],
)
def test_who_fails_with_us(shop: ServiceState, peer: bool) -> None:
    """About when we began, for sure, and not by the suspect code or on purpose."""
    assert list(weights(shop, policy=town("shop"))) == (["shop"] if peer else [])


@pytest.mark.parametrize(
    ("shop", "peer"),
    [
        pytest.param(stumbles(-1), True, id="a moment ago"),
        pytest.param(stumbles(-OURS - 30), True, id="just before us"),
        pytest.param(stumbles(-OURS - 31), False, id="long before us"),
        pytest.param(replace(stumbles(-1), checks={}), False, id="not read"),
        pytest.param(fails("shop", seconds=2, recent=probes(-2)), True, id="a run that has just begun"),
    ],
)
def test_who_failed_a_probe_or_two_is_a_third_of_a_peer(shop: ServiceState, peer: bool) -> None:
    """A blip as likely as not; of many services some stumble by chance."""
    assert weights(shop) == ({"shop": pytest.approx(UNSURE - CHANCE)} if peer else {})
    others = [ServiceState(f"other-{n}") for n in range(29)]
    assert weights(shop, *others) == ({"shop": pytest.approx(UNSURE - 30 * CHANCE)} if peer else {})


def test_of_several_checks_the_oldest_run_counts_and_of_stumbles_the_latest() -> None:
    """In whatever order they are configured."""
    policy = town("shop")
    api = SignalPolicy("api", "latency")
    shop = replace(policy.services["shop"], signals=(*policy.services["shop"].signals, api))
    policy = replace(policy, services={**policy.services, "shop": shop})

    def with_api(service: ServiceState, check: Check) -> ServiceState:
        return replace(service, checks={**service.checks, "api": replace(check, name="api")})

    runs = with_api(fails("shop", seconds=5.0), failing(seconds=OURS))
    assert weights(runs, policy=policy) == {"shop": pytest.approx(1.0)}
    once = with_api(stumbles(-OURS - 40), stumbles(-1).checks["home"])
    assert weights(once, policy=policy) == {"shop": pytest.approx(UNSURE - CHANCE)}


def test_with_no_suspect_any_code_is_another() -> None:
    """Nothing is suspected: what runs there tells nothing."""
    shop = fails("shop", replace(HISTORY[0], finished_at=NOW - 90_000))
    case = a_case(services={"web": a_service(), "shop": shop}, policy=town("shop"))
    assert list(failing_peers(case, None)) == ["shop"]


@pytest.mark.parametrize(
    "depends_on",
    [
        pytest.param({"shop": ("web",)}, id="it on us"),
        pytest.param({"web": ("shop",)}, id="we on it"),
        pytest.param({"shop": ("cart",), "cart": ("web",)}, id="it on us by way of another"),
        pytest.param({"web": ("cart",), "cart": ("shop",)}, id="we on it by way of another"),
    ],
)
def test_who_depends_is_no_peer(depends_on: dict) -> None:
    """Its failure is a cause of ours, or comes of it."""
    policy = town("shop", "cart", **depends_on)
    assert weights(fails("shop"), ServiceState("cart"), policy=policy) == {}


@pytest.mark.parametrize(
    ("cart", "vendors", "peer"),
    [
        pytest.param(ServiceState("cart"), {}, True, id="well, and not deployed"),
        pytest.param(fails("cart"), {}, False, id="fails"),
        pytest.param(stumbles(-OURS, name="cart"), {}, True, id="failed one probe"),
        pytest.param(ServiceState("cart"), {"openai": (NOW, Bad("down"))}, False, id="a status page"),
        pytest.param(ServiceState("cart"), {"openai": (NOW - 900, Bad("down"))}, True, id="an old status page"),
    ],
)
def test_what_fails_for_a_reason_of_its_own_is_no_peer(cart: ServiceState, vendors: dict, peer: bool) -> None:
    """What it depends on fails for sure."""
    policy = town("shop", "cart", shop=("cart", "openai"))
    assert ("shop" in weights(fails("shop"), cart, policy=policy, vendors=vendors)) is peer


def test_another_workers_dependency_that_is_critical_is_its_reason() -> None:
    """Known by its trouble."""
    policy = town("shop", "cart", shop=("cart",))
    assert list(weights(fails("shop"), policy=policy, troubles={"cart": ActiveCritical("cart", NOW - 30)})) == ["cart"]


def own(seconds_before_failure: float, **more: Any) -> Deploy:
    """Return a deploy of the shop's that took traffic so long before it failed."""
    base = Deploy("dep-s", "live", commit="shop0000", created_at=NOW - 200_000)
    return replace(base, update_seen_at=NOW - OURS - seconds_before_failure, **more)


@pytest.mark.parametrize(
    ("deploys", "before"),
    [
        pytest.param((own(5.0),), 5.0, id="just before"),
        pytest.param((own(1200.0),), 1200.0, id="twenty minutes before"),
        pytest.param((own(-6.0),), None, id="after it"),
        pytest.param((own(100_000.0),), None, id="days ago"),
        pytest.param((own(0.0, status="build_in_progress"),), None, id="never live"),
    ],
)
def test_who_was_deployed_before_it_failed_counts_as_much_less_as_that_explains_it(
    deploys: tuple[Deploy, ...], before: float | None
) -> None:
    """By the odds that its own deploy made it fail then."""
    shop = replace(fails("shop", *deploys), history=History(NOW - 1e6))
    odds = 0.0
    if before is not None:
        odds = prior_of(shop, deploys[0], NOW - OURS, BlameWeights(other_incidents_per_month=1.0), NOW).odds
        assert odds > 1.0
    counts = 1 / (1 + odds)
    expected = pytest.approx({"shop": counts}) if counts >= 0.01 else {}
    assert weights(shop) == expected
    cart = ServiceState("cart", deploys=deploys, history=shop.history)
    policy = town("shop", "cart", shop=("cart",))
    assert weights(fails("shop"), cart, policy=policy) == expected, "of what it depends on, likewise"


@pytest.mark.parametrize(
    ("ago", "code", "mine", "peer"),
    [
        (30.0, "other000", None, True),
        (30.0, None, None, True),
        (30.0, "bad00000", None, False),
        (181.0, "other000", None, False),
        (500.0, "other000", 320.0, True),
    ],
)
def test_another_workers_service_is_known_by_its_trouble(
    ago: float, code: str | None, mine: float | None, peer: bool
) -> None:
    """Critical since about when ours is; where ours is not known yet, since about now."""
    troubles = {"shop": ActiveCritical("shop", NOW - ago, code)}
    troubles |= {"web": ActiveCritical("web", NOW - mine)} if mine is not None else {}
    weight = exp(-(((ago - (mine or 0.0)) / hypot(60, 90)) ** 2))
    expected = {"shop": pytest.approx(weight)} if peer else {}
    assert weights(policy=town("shop"), troubles=troubles) == expected
    planned = {"shop": ActiveCritical("shop", NOW - ago, code, planned=True)}
    assert weights(policy=town("shop"), troubles={**troubles, **planned}) == {}

"""Render in `watchdog check --live`: key, services, rollback target, dependencies."""

from collections.abc import Sequence

import pytest

from tests.adapters.vendor import Vendor
from tests.settings.texts import SMALL, loaded
from tests.settings.vendors import KEY, checked, configuration, home_of, platform_of, say_render
from tests.support.clocks import FakeClock
from watchdog.adapters.repositories.github import build_github
from watchdog.domain.decisions import TargetChoice
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.settings.check.check import CheckOutcome, CheckResult, Clients, live_checks

UNTOLD = ", and failures are not notified"
QUIET = f"nothing is rolled back{UNTOLD}"
MIGRATES = {"preDeployCommand": "migrate"}
PRE_DEPLOY = "it has a pre-deploy command, which a rollback may run again: the daemon asks for approval instead"


async def test_render_that_agrees_is_three_times_well(vendor: Vendor) -> None:
    say_render(vendor)
    settings = loaded(configuration(vendor, "acme site"), KEY)
    asked: list[tuple[str, list[str], str]] = []

    def target(name: str, deploys: Sequence[Deploy], facts: ServiceFacts) -> TargetChoice:
        asked.append((name, [deploy.id for deploy in deploys], facts.id))
        return TargetChoice(deploys[1], "was live 3 d")

    found = await checked(settings, platform=platform_of(settings), target=target)
    assert found["render key"] == CheckResult("render key", CheckOutcome.OK, "works; sees 1 services")
    assert found["service web"].what == "acme site is srv-web, a web_service"
    assert found["rollback target of web"].what == "from dep-2 to dep-1 aaa: was live 3 d"
    assert asked == [("web", ["dep-2", "dep-1"], "srv-web")]
    assert {request.method for request in vendor.seen} == {"GET"}


async def test_without_a_key_nothing_is_asked() -> None:
    (result,) = await live_checks(loaded(SMALL), Clients())
    assert (result.name, result.outcome) == ("render key", CheckOutcome.WARN)
    assert await live_checks(loaded(SMALL.replace("    render: srv-web\n", "")), Clients()) == []


async def test_a_service_nobody_knows_gets_the_list_of_those_the_key_sees_and_a_refused_key_where_to_get_one(
    vendor: Vendor,
) -> None:
    say_render(vendor)
    settings = loaded(configuration(vendor, "srv-wbe"), KEY)
    found = await checked(settings, platform=platform_of(settings))
    assert found["service web"].outcome is CheckOutcome.FAIL
    assert found["service web"].fix == "correct services.web.render: the key sees srv-web (acme site)"
    vendor.say("GET", "/v1/services", (401, {"message": "Unauthorized: key"}))
    found = await checked(settings, platform=platform_of(settings))
    assert found["render key"].outcome is CheckOutcome.FAIL
    assert "WATCHDOG_RENDER_API_KEY" in found["render key"].fix and "service web" not in found


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"suspended": "suspended", "suspenders": ["billing"]}, "it is suspended: nothing is rolled back"),
        ({"suspended": "suspended", "suspenders": ["user"]}, f"it is suspended: nothing is rolled back{UNTOLD}"),
        ({"serviceDetails": {"maintenanceMode": {"enabled": True, "uri": ""}}}, f"it is in maintenance mode: {QUIET}"),
        ({"serviceDetails": {"preDeployCommand": "migrate", "envSpecificDetails": MIGRATES}}, PRE_DEPLOY),
    ],
)
async def test_what_is_meant_to_be_down_or_forbids_a_rollback_is_said_beforehand(
    vendor: Vendor, told: dict, what: str
) -> None:
    say_render(vendor, service=told)
    settings = loaded(configuration(vendor), KEY)
    nowhere = TargetChoice(None, "there is no earlier deploy")
    results = await live_checks(settings, Clients(platform=platform_of(settings), target=lambda *_: nowhere))
    warnings = [result.what for result in results if result.outcome is CheckOutcome.WARN]
    assert what in warnings and "none: there is no earlier deploy" in warnings


@pytest.mark.parametrize(
    ("known", "more", "fix"),
    [
        (True, "", ""),
        (False, "", "all else works"),
        (False, "repository: github\n", "each rollback of web is asked about"),
        (False, "repository: github\nmigrations: {paths: []}\n", "all else works"),
    ],
)
async def test_whether_merges_could_be_seen_is_known_beforehand(
    vendor: Vendor, known: bool, more: str, fix: str
) -> None:
    """A private repository without a token is a warning, not a failure: merges are not seen, migrations asked about."""
    say_render(vendor, service={"repo": "https://github.com/acme/web", "branch": "main"})
    if known:
        vendor.say("GET", "/repos/acme/web/commits", [{"sha": "c1"}, {"sha": "c2"}])
    settings = loaded(configuration(vendor, more=more), KEY)
    repository = build_github("", vendor.url, FakeClock())
    found = (await checked(settings, platform=platform_of(settings), repository=repository))["merges of web"]
    await repository.close()
    if known:
        assert (found.outcome, found.what) == (CheckOutcome.OK, "2 commits of main can be read")
    else:
        assert found.outcome is CheckOutcome.WARN and "WATCHDOG_GITHUB_TOKEN" in found.what
    assert fix in found.fix and bool(fix) == bool(found.fix)


async def test_a_dependency_is_looked_up(vendor: Vendor) -> None:
    say_render(vendor)
    vendor.say("GET", "/v1/postgres/dpg-1", {"id": "dpg-1", "name": "main", "status": "available"})
    settings = loaded(configuration(vendor, more="dependencies: {db: {render: dpg-1}, gone: {render: dpg-2}}\n"), KEY)
    found = await checked(settings, platform=platform_of(settings))
    assert found["dependency db"].outcome is CheckOutcome.OK and found["dependency gone"].outcome is CheckOutcome.FAIL
    assert found["dependency gone"].fix == "correct dependencies.gone.render"


LIVE = "bbb0000000"


@pytest.mark.parametrize(
    ("named", "outcome", "what"),
    [
        ({"x-commit": f"{LIVE}1234"}, CheckOutcome.OK, f"answers name {LIVE}1234, which is that of dep-2, live"),
        ({"x-commit": "aaaaaaa9"}, CheckOutcome.WARN, "answers name aaaaaaa9, and live is dep-2 bbb0000: it would be"),
        ({}, CheckOutcome.WARN, "its answer names none"),
    ],
    ids=["fits", "another", "none"],
)
async def test_what_answers_name_is_compared_with_what_is_live(
    vendor: Vendor, named: dict[str, str], outcome: CheckOutcome, what: str
) -> None:
    """A version that does not match would never match: it is reported, with the fix."""
    found = await with_version(vendor, named)
    result = found["version of web/home"]
    assert result.outcome is outcome and result.what.startswith(what)
    assert ("services.web.signals.home.version" in result.fix) is (outcome is CheckOutcome.WARN)
    assert {request.method for request in vendor.seen} == {"GET"}


async def with_version(vendor: Vendor, named: dict[str, str]) -> dict[str, CheckResult]:
    """Return the checks of a configuration whose signal says in which header its answers name their commit."""
    say_render(vendor)
    deploy = {"id": "dep-2", "status": "live", "commit": {"id": LIVE}, "createdAt": "2026-01-02T00:00:00Z"}
    vendor.say("GET", "/v1/services/srv-web/deploys", [{"cursor": "c", "deploy": deploy}])
    vendor.say("GET", "/home", (200, "hello", named))
    address = f"{vendor.url}/home"
    text = configuration(vendor).replace(f"http: {address}", f"http: {address}, version: {{header: x-commit}}")
    settings = loaded(text, KEY)
    source = home_of(settings)
    found = await checked(settings, platform=platform_of(settings), signals={"web/home": source})
    await source.close()
    return found

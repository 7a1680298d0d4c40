"""`watchdog check --live` over real HTTP: each trouble is named, with its fix, and none hides another."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tests.adapters.vendor import Vendor
from tests.clocks import FakeClock
from tests.settings.texts import SMALL, loaded
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.options import Context
from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.signals import SIGNALS
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.incidents import TargetChoice
from watchdog.ports import Platform
from watchdog.settings import Settings
from watchdog.settings.check import CheckResult, Outcome, World, live_checks, report

KEY = {"WATCHDOG_RENDER_API_KEY": "key"}


def configuration(vendor: Vendor, render: str = "srv-web", more: str = "") -> str:
    """Return a configuration whose site, vendors and channels are all the fake vendor."""
    text = SMALL.replace("https://www.acme.example", f"{vendor.url}/home").replace("srv-web", render)
    return (
        text + f"endpoints: {{render: '{vendor.url}/v1', sentry: '{vendor.url}', slack: '{vendor.url}/slack'}}\n" + more
    )


def platform_of(settings: Settings) -> Platform:
    """Return a real client that can only GET."""
    ids = frozenset(service.platform_id for service in settings.policy.services.values() if service.platform_id)
    build = PLATFORMS["render"]
    return build("key", settings.endpoints["render"], FakeClock(), writable_ids=frozenset(), all_ids=ids)


def say_render(vendor: Vendor, *, service: Mapping[str, Any] | None = None) -> None:
    """Let the vendor tell of one service with two deploys."""
    body = {"id": "srv-web", "name": "acme site", "type": "web_service", **(service or {})}
    vendor.say("GET", "/v1/services", [{"cursor": "c", "service": body}])
    vendor.say("GET", "/v1/services/srv-web", body)
    deploys = [
        {"id": "dep-2", "status": "live", "commit": {"id": "bbb"}, "createdAt": "2026-01-02T00:00:00Z"},
        {"id": "dep-1", "status": "deactivated", "commit": {"id": "aaa"}, "createdAt": "2026-01-01T00:00:00Z"},
    ]
    vendor.say("GET", "/v1/services/srv-web/deploys", [{"cursor": "c", "deploy": deploy} for deploy in deploys])
    vendor.say("GET", "/v1/services/srv-web/events", [])


def by_name(results: Sequence[CheckResult]) -> dict[str, CheckResult]:
    """Return the results by name; the last one of a name."""
    return {result.name: result for result in results}


async def checked(settings: Settings, **world: Any) -> dict[str, CheckResult]:
    """Run the live checks against the given parts of the world."""
    return by_name(await live_checks(settings, World(**world)))


async def test_render_that_agrees_is_three_times_well(vendor: Vendor) -> None:
    """The key, the service by its name, and the target somebody else chose."""
    say_render(vendor)
    settings = loaded(configuration(vendor, "acme site"), KEY)
    asked: list[tuple[str, list[str], str]] = []

    def target(name: str, deploys: Sequence[Deploy], facts: ServiceFacts) -> TargetChoice:
        asked.append((name, [deploy.id for deploy in deploys], facts.id))
        return TargetChoice(deploys[1], "was live 3 d")

    found = await checked(settings, platform=platform_of(settings), target=target)
    assert found["render key"] == CheckResult("render key", Outcome.OK, "works; sees 1 services")
    assert found["service web"].what == "acme site is srv-web, a web_service"
    assert found["rollback target of web"].what == "from dep-2 to dep-1 aaa: was live 3 d"
    assert asked == [("web", ["dep-2", "dep-1"], "srv-web")]
    assert {request.method for request in vendor.seen} == {"GET"}


async def test_a_key_that_is_refused_says_where_to_get_one(vendor: Vendor) -> None:
    """And its value is not repeated."""
    vendor.say("GET", "/v1/services", (401, {"message": "Unauthorized: key"}))
    settings = loaded(configuration(vendor), KEY)
    found = await checked(settings, platform=platform_of(settings))
    assert found["render key"].outcome is Outcome.FAIL
    assert "WATCHDOG_RENDER_API_KEY" in found["render key"].fix
    assert "service web" not in found


async def test_without_a_key_nothing_is_asked() -> None:
    """Observing works; blame does not."""
    (result,) = await live_checks(loaded(SMALL), World())
    assert (result.name, result.outcome) == ("render key", Outcome.WARN)
    assert await live_checks(loaded(SMALL.replace("    render: srv-web\n", "")), World()) == []


async def test_a_service_nobody_knows_gets_the_list_of_those_the_key_sees(vendor: Vendor) -> None:
    """A typo, or a key of another workspace."""
    say_render(vendor)
    settings = loaded(configuration(vendor, "srv-wbe"), KEY)
    found = await checked(settings, platform=platform_of(settings))
    assert found["service web"].outcome is Outcome.FAIL
    assert found["service web"].fix == "correct services.web.render: the key sees srv-web (acme site)"


async def test_what_forbids_a_rollback_is_said_beforehand(vendor: Vendor) -> None:
    """A suspended service, a migration, no earlier deploy."""
    details = {"preDeployCommand": "migrate", "envSpecificDetails": {"preDeployCommand": "migrate"}}
    say_render(vendor, service={"suspended": "suspended", "serviceDetails": details})
    settings = loaded(configuration(vendor), KEY)
    results = await live_checks(
        settings,
        World(platform=platform_of(settings), target=lambda *_: TargetChoice(None, "there is no earlier deploy")),
    )
    warnings = [result.what for result in results if result.outcome is Outcome.WARN]
    assert any("it is suspended" in what for what in warnings)
    assert any("pre-deploy command" in what for what in warnings)
    assert any(what == "none: there is no earlier deploy" for what in warnings)


async def test_a_dependency_is_looked_up(vendor: Vendor) -> None:
    """A database's id is as easily mistyped."""
    say_render(vendor)
    vendor.say("GET", "/v1/postgres/dpg-1", {"id": "dpg-1", "name": "main", "status": "available"})
    settings = loaded(configuration(vendor, more="dependencies: {db: {render: dpg-1}, gone: {render: dpg-2}}\n"), KEY)
    found = await checked(settings, platform=platform_of(settings))
    assert found["dependency db"].outcome is Outcome.OK
    assert found["dependency gone"].outcome is Outcome.FAIL
    assert found["dependency gone"].fix == "correct dependencies.gone.render"


async def test_each_signal_control_and_page_is_read_once(vendor: Vendor) -> None:
    """Bad is a failure for a signal, and for a page only news."""
    settings = loaded(configuration(vendor))
    kind, options = settings.services["web"].signals["home"]
    context = Context(clock=FakeClock(), endpoints=settings.endpoints, secrets=settings.secrets, service="web")
    source = SIGNALS[kind].build("home", options, context)
    vendor.say("GET", "/home", (200, "hello"), (503, "down"))
    well = await checked(settings, signals={"web/home": source})
    assert well["signal web/home"].outcome is Outcome.OK
    ill = await checked(settings, signals={"web/home": source})
    assert ill["signal web/home"].outcome is Outcome.FAIL
    assert "503" in ill["signal web/home"].what
    assert ill["signal web/home"].fix == "if the site is well, correct services.web.signals.home"
    found = await checked(settings, controls={"https://example.com": source}, pages={"render": source})
    assert found["control https://example.com"].outcome is Outcome.FAIL
    assert found["status page render"].outcome is Outcome.WARN
    await source.close()


async def test_each_channel_proves_itself_without_telling_anybody(vendor: Vendor) -> None:
    """A token that Slack refuses is found before the night it is needed."""
    vendor.say("POST", "/slack/auth.test", {"ok": False, "error": "invalid_auth"})
    text = configuration(vendor).replace("  console: {}", '  console: {}\n  slack: {channel: "#ops"}')
    settings = loaded(text, {"WATCHDOG_SLACK_BOT_TOKEN": "canary-token"})
    context = Context(clock=FakeClock(), endpoints=settings.endpoints, secrets=settings.secrets)
    channels = {name: NOTIFIERS[kind].build(options, context) for name, (kind, options) in settings.channels.items()}
    found = await checked(settings, channels=channels)
    assert found["channel console"].outcome is Outcome.OK
    assert found["channel slack"].outcome is Outcome.FAIL
    assert "channels.slack" in found["channel slack"].fix
    assert "canary" not in str(found)
    assert [request.path for request in vendor.seen] == ["/slack/auth.test"]
    for channel in channels.values():
        await channel.close()


async def test_a_check_that_hangs_is_cut_off_and_hides_no_other(vendor: Vendor) -> None:
    """Everything has a deadline."""

    async def hangs() -> Sequence[CheckResult]:
        await asyncio.Event().wait()
        return []

    async def answers() -> Sequence[CheckResult]:
        return [CheckResult("answers", Outcome.OK, "well")]

    settings = loaded(SMALL.replace("    render: srv-web\n", ""))
    results = await live_checks(settings, World(extra=(hangs, answers)), timeout_seconds=0.05)
    assert [(result.name, result.outcome) for result in results] == [
        ("sentry", Outcome.FAIL),
        ("answers", Outcome.OK),
    ]


def test_the_report_says_what_the_configuration_means() -> None:
    """Modes, policy, channels, warnings; names of secrets only."""
    text = SMALL.replace("    signals", "    mode: autonomous\n    veto: 60s\n    signals")
    lines = report(loaded(text, {"WATCHDOG_RENDER_API_KEY": "CANARY"}))
    assert lines[0] == "web: autonomous, 60 s to stop it, on Render; watches home (http, critical)"
    assert "critical: rollback within 5 min, tells console" in lines
    assert any(line.startswith("budget: 2 rollbacks") for line in lines)
    assert "secrets set: WATCHDOG_RENDER_API_KEY" in lines
    assert any("WARNING AUTONOMOUS WITHOUT A HEARTBEAT" in line for line in lines)
    assert "CANARY" not in "\n".join(lines)

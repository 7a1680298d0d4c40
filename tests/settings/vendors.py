"""A configuration whose world is one fake vendor, and the live checks against it."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.adapters.vendor import Vendor
from tests.settings.texts import SMALL
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.signals import SIGNALS
from watchdog.ports import Platform, SignalSource
from watchdog.settings import Settings
from watchdog.settings.check.check import CheckResult, Clients, live_checks

KEY = {"WATCHDOG_RENDER_API_KEY": "key"}


def configuration(vendor: Vendor, render: str = "srv-web", more: str = "") -> str:
    """Return a configuration whose site, vendors and channels are all the fake vendor."""
    text = SMALL.replace("https://www.acme.example", f"{vendor.url}/home").replace("srv-web", render)
    return (
        text + f"endpoints: {{render: '{vendor.url}/v1', sentry: '{vendor.url}', slack: '{vendor.url}/slack'}}\n" + more
    )


def platform_of(settings: Settings) -> Platform:
    ids = frozenset(service.platform_id for service in settings.policy.services.values() if service.platform_id)
    build = PLATFORMS["render"]
    return build("key", settings.endpoints["render"], FakeClock(), writable_ids=frozenset(), all_ids=ids)


def home_of(settings: Settings) -> SignalSource:
    """Return what reads web's signal `home`."""
    kind, options = settings.services["web"].signals["home"]
    context = Context(clock=FakeClock(), endpoints=settings.endpoints, secrets=settings.secrets, service="web")
    return SIGNALS[kind].build("home", options, context)


def say_render(vendor: Vendor, *, service: Mapping[str, Any] | None = None) -> None:
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
    return by_name(await live_checks(settings, Clients(**world)))

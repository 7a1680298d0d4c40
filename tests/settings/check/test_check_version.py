"""The version that answers name, in `watchdog check --live`: that of the live deploy, another, or none."""

import pytest

from tests.adapters.vendor import Vendor
from tests.settings.texts import loaded
from tests.settings.vendors import KEY, checked, configuration, platform_of, say_render
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.signals import SIGNALS
from watchdog.settings.check.check import CheckResult, Outcome

LIVE = "bbb0000000"


@pytest.mark.parametrize(
    ("named", "outcome", "what"),
    [
        ({"x-commit": f"{LIVE}1234"}, Outcome.OK, f"answers name {LIVE}1234, which is that of dep-2, live"),
        ({"x-commit": "aaaaaaa9"}, Outcome.WARN, "answers name aaaaaaa9, and live is dep-2 bbb0000: it would be"),
        ({}, Outcome.WARN, "its answer names none"),
    ],
    ids=["fits", "another", "none"],
)
async def test_what_answers_name_is_compared_with_what_is_live(
    vendor: Vendor, named: dict[str, str], outcome: Outcome, what: str
) -> None:
    """A version that does not match would never match: it is reported, with the fix."""
    found = await _checked(vendor, named)
    result = found["version of web/home"]
    assert result.outcome is outcome and result.what.startswith(what)
    assert ("services.web.signals.home.version" in result.fix) is (outcome is Outcome.WARN)
    assert {request.method for request in vendor.seen} == {"GET"}


async def _checked(vendor: Vendor, named: dict[str, str]) -> dict[str, CheckResult]:
    """Return the checks of a configuration whose signal says in which header its answers name their commit."""
    say_render(vendor)
    deploy = {"id": "dep-2", "status": "live", "commit": {"id": LIVE}, "createdAt": "2026-01-02T00:00:00Z"}
    vendor.say("GET", "/v1/services/srv-web/deploys", [{"cursor": "c", "deploy": deploy}])
    vendor.say("GET", "/home", (200, "hello", named))
    address = f"{vendor.url}/home"
    text = configuration(vendor).replace(f"http: {address}", f"http: {address}, version: {{header: x-commit}}")
    settings = loaded(text, KEY)
    kind, options = settings.services["web"].signals["home"]
    context = Context(clock=FakeClock(), endpoints=settings.endpoints, secrets=settings.secrets, service="web")
    source = SIGNALS[kind].build("home", options, context)
    found = await checked(settings, platform=platform_of(settings), signals={"web/home": source})
    await source.close()
    return found

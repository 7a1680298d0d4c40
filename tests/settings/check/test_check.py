"""`watchdog check --live` over real HTTP: each trouble is named, with its fix, and none hides another."""

import asyncio
from collections.abc import Sequence

from tests.adapters.vendor import Vendor
from tests.settings.texts import SMALL, loaded
from tests.settings.vendors import checked, configuration, home_of
from tests.support.clocks import FakeClock
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.options import Context
from watchdog.settings.check.check import CheckOutcome, CheckResult, Clients, live_checks


async def test_each_signal_control_and_page_is_read_once(vendor: Vendor) -> None:
    settings = loaded(configuration(vendor))
    source = home_of(settings)
    vendor.say("GET", "/home", (200, "hello"), (503, "down"))
    well = await checked(settings, signals={"web/home": source})
    assert well["signal web/home"].outcome is CheckOutcome.OK
    ill = await checked(settings, signals={"web/home": source})
    assert ill["signal web/home"].outcome is CheckOutcome.FAIL and "503" in ill["signal web/home"].what
    assert ill["signal web/home"].fix == "if the site is well, correct services.web.signals.home"
    found = await checked(settings, controls={"https://example.com": source}, pages={"render": source})
    assert found["control https://example.com"].outcome is CheckOutcome.FAIL
    assert found["status page render"].outcome is CheckOutcome.WARN
    await source.close()


async def test_each_channel_proves_itself_without_telling_anybody(vendor: Vendor) -> None:
    """A token that Slack refuses is found before the night it is needed."""
    vendor.say("POST", "/slack/auth.test", {"ok": False, "error": "invalid_auth"})
    text = configuration(vendor).replace("  console: {}", '  console: {}\n  slack: {channel: "#ops"}')
    settings = loaded(text, {"WATCHDOG_SLACK_BOT_TOKEN": "canary-token"})
    context = Context(clock=FakeClock(), endpoints=settings.endpoints, secrets=settings.secrets)
    channels = {name: NOTIFIERS[kind].build(options, context) for name, (kind, options) in settings.channels.items()}
    found = await checked(settings, channels=channels)
    assert found["channel console"].outcome is CheckOutcome.OK and found["channel slack"].outcome is CheckOutcome.FAIL
    assert "channels.slack" in found["channel slack"].fix and "canary" not in str(found)
    assert [request.path for request in vendor.seen] == ["/slack/auth.test"]
    for channel in channels.values():
        await channel.close()


async def test_a_check_that_hangs_is_cut_off_and_hides_no_other(vendor: Vendor) -> None:
    async def hangs() -> Sequence[CheckResult]:
        await asyncio.Event().wait()
        return []

    async def answers() -> Sequence[CheckResult]:
        return [CheckResult("answers", CheckOutcome.OK, "well")]

    async def breaks() -> Sequence[CheckResult]:
        raise ZeroDivisionError

    settings = loaded(SMALL.replace("    render: srv-web\n", ""))
    jobs = (("sentry", hangs), ("ours", breaks), ("others", answers))
    results = await live_checks(settings, Clients(extra=jobs), timeout_seconds=0.05)
    assert [(result.name, result.outcome) for result in results] == [
        ("sentry", CheckOutcome.FAIL),
        ("ours", CheckOutcome.FAIL),
        ("answers", CheckOutcome.OK),
    ]

"""The provider in a live check: healthy, another issuer, away, or not configured."""

from tests.settings.texts import SMALL, loaded
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.sandbox.vendors.oidc_provider import Issuer
from watchdog.settings import Settings
from watchdog.settings.check.check_oidc import FIX, check_oidc
from watchdog.settings.check.check_result import CheckOutcome

SECRET = {"WATCHDOG_CONSOLE_OIDC_SECRET": "canary-oidc-0123456789-0123456789"}


def settings(issuer: str, enabled: str = "true") -> Settings:
    oidc = f"oidc: {{issuer: '{issuer}', client_id: w, viewers: '*'}}"
    text = f"console: {{enabled: {enabled}, tokens: false, url: https://w.acme.example, {oidc}}}\n"
    return loaded(SMALL + text, SECRET)


async def test_what_can_be_proved_without_a_login() -> None:
    async with Issuer() as issuer:
        (found,) = await check_oidc(settings(issuer.url), SystemClock())
        assert found.outcome is CheckOutcome.OK and "shows 1 key" in found.what
        assert issuer.asked == {"discovery": 1, "jwks": 1}
        assert await check_oidc(settings(issuer.url, "false"), SystemClock()) == []
    async with Issuer() as issuer:
        (other,) = await check_oidc(settings(f"{issuer.url}/"), SystemClock())
        assert other.outcome is CheckOutcome.FAIL and "of another issuer" in other.what and other.fix == FIX
        issuer.trouble["jwks"] = "error"
        (away,) = await check_oidc(settings(issuer.url), SystemClock())
        assert away.outcome is CheckOutcome.FAIL and SECRET["WATCHDOG_CONSOLE_OIDC_SECRET"] not in str(away)
    assert await check_oidc(loaded(SMALL), SystemClock()) == []

"""The OpenID provider in `watchdog check --live`: its discovery document and its keys. The check logs no user in."""

from collections.abc import Sequence

from watchdog.domain.errors import WatchdogError
from watchdog.ports import Clock
from watchdog.settings.check.check_result import CheckOutcome, CheckResult
from watchdog.settings.model.settings import Settings
from watchdog.settings.rules.console_access import OIDC_SECRET

NAME = "console.oidc"
FIX = "correct console.oidc.issuer; a host in a private network must be listed under private_hosts"


async def check_oidc(settings: Settings, clock: Clock) -> Sequence[CheckResult]:
    """Return whether the provider could be used; nothing without a provider."""
    oidc = settings.console.oidc
    if oidc is None or not settings.console.enabled:
        return []
    from watchdog.adapters.oidc.provider import OidcClient, OidcProvider

    secret, url = settings.secrets.get(OIDC_SECRET, ""), settings.console.url or ""
    client = OidcClient(oidc.issuer, oidc.client_id, secret, url, oidc.claim)
    try:
        return [CheckResult(NAME, CheckOutcome.OK, await OidcProvider(client, clock, settings.guard).check())]
    except WatchdogError as error:
        return [CheckResult(NAME, CheckOutcome.FAIL, str(error), FIX)]

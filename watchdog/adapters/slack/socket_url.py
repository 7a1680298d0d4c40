"""The call that opens a socket, the only one of the app token. It also proves that the token works."""

import re

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.json_values import mapping
from watchdog.adapters.notifiers.notifier_http import TIMEOUT_SECONDS, TellingClient
from watchdog.adapters.options import Context
from watchdog.adapters.slack import API, APP_TOKEN, KEY_REFUSED, PASSING
from watchdog.adapters.slack.slack_hosts import is_slacks
from watchdog.domain.errors import ConfigurationError, Forbidden, Mistake, Permanent, Temporary

METHOD = "apps.connections.open"
ADVICE = {
    "not_allowed_token_type": f"put the app token (xapp-…), not the bot's, into {APP_TOKEN}",
    "missing_scope": "give the app token the scope connections:write",
    "socket_mode_not_enabled": "switch Socket Mode on in the app's settings",
    "forbidden": "switch Socket Mode on in the app's settings",
}
OTHERWISE = f"put a valid app token (xapp-…) into {APP_TOKEN}"


def app_client(context: Context) -> TellingClient:
    """Return a client that sends the app token. Raises ConfigurationError for a malformed token."""
    token = context.secrets.get(APP_TOKEN, "").strip()
    # A line break in it would end the header, and the HTTP library would quote the token in its error.
    if not re.fullmatch(r"[!-~]{1,300}", token):
        how = "copy it from the app's page, Basic Information, App-Level Tokens: xapp-…"
        raise ConfigurationError((Mistake(APP_TOKEN, "not an app token", how),))
    headers = {"authorization": f"Bearer {token}"}
    return TellingClient(
        "Slack",
        endpoint_of(context),
        headers=headers,
        clock=context.clock,
        guard=context.guard,
        timeout_seconds=TIMEOUT_SECONDS,
    )


def endpoint_of(context: Context) -> str:
    """Return the base URL of Slack's Web API."""
    return context.endpoints.get("slack", API)


async def open_address(client: ApiClient, endpoint: str) -> str:
    """Return the address of a socket, good for one connection within seconds. Raises Temporary or Permanent."""
    answer = await client.post(f"/{METHOD}", {})
    said = mapping(answer.json)
    if said.get("ok") is not True:
        error = client.redact(str(said.get("error", "no reason")))[:60]
        why = f"Slack refused {METHOD}: {error}"
        # An empty answer comes from something in between (a proxy), which may pass.
        if error in PASSING or not said:
            raise Temporary(why)
        raise (Forbidden if error in KEY_REFUSED else Permanent)(f"{why}: {ADVICE.get(error, OTHERWISE)}")
    address = said.get("url")
    # The address is the vendor's answer: another host would receive every click.
    if not isinstance(address, str) or not is_slacks(address, endpoint, "ws"):
        raise Permanent("Slack named a socket that is not Slack's: check endpoints.slack")
    return address

"""A URL that is a secret stays one."""

import pytest

from tests.adapters.notifiers.letters import HOOK_PATH, context, leaks
from tests.adapters.vendor import Vendor
from watchdog.adapters.notifiers.notifier_http import client_for_secret_url
from watchdog.domain.errors import ConfigurationError, Permanent

NAME = "WATCHDOG_SLACK_WEBHOOK_URL"


@pytest.mark.parametrize(
    "url", ["", "hooks.example/x", "ftp://h/x", "https:///x", "https://h/a b", "https://user:pass@h/x", "https://h/ü"]
)
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client_for_secret_url("Slack", NAME, context(**{NAME: url}))
    assert NAME in str(caught.value)
    assert not url or url not in str(caught.value)


def test_a_bearer_that_cannot_be_sent_is_refused() -> None:
    """A line break in a token would become a header of its own."""
    with pytest.raises(ConfigurationError):
        client_for_secret_url("the webhook", NAME, context(**{NAME: "https://h/x"}), bearer="canary\nbearer")


async def test_a_vendor_that_repeats_the_url_is_not_quoted(vendor: Vendor) -> None:
    """The vendor's answer holds the whole URL, the path and a part of it: none comes out, the other words do."""
    url = vendor.url + HOOK_PATH
    vendor.say("POST", HOOK_PATH, (404, {"message": f"no_service at {url}, path {HOOK_PATH}, {HOOK_PATH[-16:]}"}))
    client, path = client_for_secret_url("Slack", NAME, context(**{NAME: url}))
    with pytest.raises(Permanent) as caught:
        await client.post_telling(path, {})
    await client.close()
    assert "no_service" in str(caught.value) and leaks(caught.value, client) == []

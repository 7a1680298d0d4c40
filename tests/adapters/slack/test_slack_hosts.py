"""Which addresses lead to Slack."""

import pytest

from watchdog.adapters.slack.slack_hosts import is_slacks

REAL, PROXY, FAKE = "https://slack.com/api", "https://proxy.acme.example/slack", "http://127.0.0.1:5000/slack/api"


WS, HTTP = "ws", "http"
SLACKS = [
    (REAL, WS, ["wss://wss-primary.slack.com/link/?ticket=1"]),
    (REAL, HTTP, ["https://hooks.slack.com/actions/T/1/x"]),
    (PROXY, HTTP, ["https://hooks.slack.com/actions/T/1/x"]),
    (PROXY, WS, ["wss://proxy.acme.example/link"]),
    ("https://slack-gov.com/api", WS, ["wss://wss.slack-gov.com/link"]),
    (FAKE, WS, ["ws://127.0.0.1:7/link"]),
    (FAKE, HTTP, ["http://127.0.0.1:7/respond/1"]),
]
OTHERS = [
    (REAL, WS, ["ws://wss-primary.slack.com/link", "wss://evil.example/link", "wss://evilslack.com/link"]),
    (REAL, WS, ["wss://slack.com.evil.example/link"]),
    (REAL, HTTP, ["http://hooks.slack.com/x", "https://169.254.169.254/latest", "http://127.0.0.1/x"]),
    (REAL, HTTP, ["https://hooks.slack.com:x/", ""]),
    (FAKE, HTTP, ["http://10.0.0.1/x", "file:///etc/passwd"]),
]


@pytest.mark.parametrize(
    ("endpoint", "scheme", "address", "fine"),
    [(*row[:2], one, fine) for rows, fine in ((SLACKS, True), (OTHERS, False)) for row in rows for one in row[2]],
)
def test_only_slack_and_the_endpoint_itself(endpoint: str, scheme: str, address: str, fine: bool) -> None:
    """Encrypted, unless the endpoint is this machine's own."""
    assert is_slacks(address, endpoint, scheme) is fine

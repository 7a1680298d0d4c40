"""Which addresses lead to Slack."""

import pytest

from watchdog.adapters.slack.places import is_slacks

REAL, PROXY, FAKE = "https://slack.com/api", "https://proxy.acme.example/slack", "http://127.0.0.1:5000/slack/api"


@pytest.mark.parametrize(
    ("address", "endpoint", "scheme", "fine"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=1", REAL, "ws", True),
        ("https://hooks.slack.com/actions/T/1/x", REAL, "http", True),
        ("https://hooks.slack.com/actions/T/1/x", PROXY, "http", True),
        ("wss://proxy.acme.example/link", PROXY, "ws", True),
        ("wss://wss.slack-gov.com/link", "https://slack-gov.com/api", "ws", True),
        ("ws://127.0.0.1:7/link", FAKE, "ws", True),
        ("http://127.0.0.1:7/respond/1", FAKE, "http", True),
        ("ws://wss-primary.slack.com/link", REAL, "ws", False),
        ("http://hooks.slack.com/x", REAL, "http", False),
        ("wss://evil.example/link", REAL, "ws", False),
        ("wss://evilslack.com/link", REAL, "ws", False),
        ("wss://slack.com.evil.example/link", REAL, "ws", False),
        ("https://169.254.169.254/latest", REAL, "http", False),
        ("http://127.0.0.1/x", REAL, "http", False),
        ("http://10.0.0.1/x", FAKE, "http", False),
        ("https://hooks.slack.com:x/", REAL, "http", False),
        ("", REAL, "http", False),
        ("file:///etc/passwd", FAKE, "http", False),
    ],
)
def test_only_slack_and_the_endpoint_itself(address: str, endpoint: str, scheme: str, fine: bool) -> None:
    """Encrypted, unless the endpoint is this machine's own."""
    assert is_slacks(address, endpoint, scheme) is fine

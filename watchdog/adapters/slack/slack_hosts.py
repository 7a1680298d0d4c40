"""The addresses that Slack names itself and that may be connected to: the socket's, and a reply's.

Rule: they lead to Slack, or to the configured endpoint's own host (in a test, this machine); no other is followed. Both
are secrets: their holder can use them.
"""

from urllib.parse import urlsplit

SLACK = "slack.com"
SECURE = {"ws": "wss", "http": "https"}


def is_slacks(address: str, endpoint: str, scheme: str) -> bool:
    """Return whether an address (`ws` or `http`, encrypted unless the endpoint is not) is Slack's or the endpoint's."""
    try:
        place, own = urlsplit(address), urlsplit(endpoint)
        _ = place.port
    except ValueError:
        return False
    host, at_home = (place.hostname or "").lower(), (own.hostname or "").lower()
    # An endpoint in plain http is a test on this machine: it may name itself, and nothing else.
    if own.scheme == "http" and place.scheme == scheme:
        return host == at_home
    return place.scheme == SECURE[scheme] and any(host == one or host.endswith(f".{one}") for one in (at_home, SLACK))

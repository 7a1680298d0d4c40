"""Upptime: its sites become services of ours, which expect what it calls up; what it calls degraded is told."""

from pathlib import Path

import pytest

from tests.settings.other_tools.made import assert_told, made, read, shown

HEAD = "owner: acme\nrepo: status\nsites:\n"
STORY = f"""\
{HEAD}
  - name: Shop — front
    url: https://www.example.org/health
    method: POST
    headers:
      - "Authorization: Bearer $CANARY_TOKEN"
      - "x-api-key: canary-header"
      - "x-pwd: canary-pwd"
      - "Accept: application/json"
      - "no header at all"
    body: '{{"query": "up", "password": "canary-body"}}'
    expectedStatusCodes: [200, 204, "301"]
    maxRedirects: 0
    maxResponseTime: 8000
    icon: https://www.example.org/favicon.ico
    __dangerous__body_down_if_text_missing: '"ok":true'
    __dangerous__body_degraded: slow
    __dangerous__insecure: true
  - name: Plain
    url: https://me:canary-user@www.example.org
    __dangerous__body_down_if_text_missing: $CANARY_TEXT
    type: globalping
  - {{name: Text, url: "https://www.example.org", __dangerous__body_down_if_text_missing: "pwd=canary-text"}}
  - {{name: Mail, check: tcp-ping, url: mail.example.org, port: 25, ipv6: true}}
  - {{name: Six, check: tcp-ping, url: "tcp://[2001:db8::1]", port: 25}}
  - {{name: Certificate, check: ssl, url: "https://www.example.org"}}
  - {{name: Socket, check: ws, url: "wss://www.example.org"}}
  - {{name: Router, check: icmp-ping, url: 192.0.2.1}}
  - {{name: Portless, check: tcp-ping, url: mail.example.org}}
  - {{name: Hidden, url: $CANARY_SITE}}
  - {{name: Hidden port, check: tcp-ping, url: mail.example.org, port: $CANARY_PORT}}
  - {{name: Purge, method: DELETE, url: "https://www.example.org"}}
  - {{name: In clear, url: 'http://me:canary-clear@www.example.org'}}
  - just a text
status-website: {{cname: status.example.org, name: Acme}}
workflowSchedule: {{uptime: "*/5 * * * *"}}
notifications: [{{type: slack, channel: canary}}]
"""


def test_what_upptime_watches_is_watched_and_the_rest_is_told_without_a_secret(tmp_path: Path) -> None:
    came = made(tmp_path, STORY)
    settings = read(came)
    assert list(settings.services) == ["Shop-front", "Plain", "Text", "Mail", "Six", "Certificate"]
    shop = shown(came, "Shop-front")
    assert shop["status"] == [[200, 200], [204, 204], [301, 301]] and shop["redirects"] == 0 and shop["timeout"] == 30
    assert shop["contains"] == '"ok":true' and shop["method"] == "POST" and "max_latency" not in shop
    assert shop["auth"] == {"bearer": "${WATCHDOG_PROBE_SHOP_FRONT_TOKEN}"}
    places = {"x-api-key": "${WATCHDOG_PROBE_SHOP_FRONT_X_API_KEY}", "x-pwd": "${WATCHDOG_PROBE_SHOP_FRONT_X_PWD}"}
    assert shop["headers"] == {**places, "Accept": "application/json"}
    assert shop["body"] == {"query": "up", "password": "${WATCHDOG_PROBE_SHOP_FRONT_PASSWORD}"}
    plain = shown(came, "Plain")
    assert plain["status"] == [[200, 299]] and plain["redirects"] == 3 and "every" not in plain
    assert plain["auth"] == {"basic": {"user": "me", "password": "${WATCHDOG_PROBE_PLAIN_PASSWORD}"}}
    ports = [shown(came, name, "port") for name in ("Mail", "Six", "Certificate")]
    assert [one["tcp"] for one in ports] == ["mail.example.org:25", "[2001:db8::1]:25", "www.example.org:443"]
    assert [one.get("tls", False) for one in ports] == [False, False, True]
    assert_told(
        came,
        "notifications: choose who is notified below channels:",
        "workflowSchedule: here a probe comes every 10 s",
        "status-website: here console: has",
        "Shop — front: maxResponseTime: a slow site is degraded there",
        "Shop — front: __dangerous__body_degraded: a degraded site",
        "Shop — front: __dangerous__insecure: certificates are always verified",
        "2 sites: __dangerous__body_down_if_text_missing: its text looks like a key",
        "Plain: type: no equal",
        "Mail: ipv6: all addresses",
        "Certificate: ssl: a certificate that has ended",
        "Socket: left out: a WebSocket has no equal",
        "Router: left out: a ping has no equal",
        "Portless: left out: it has no host with a port",
        "2 sites: left out: its address has a variable",
        "In clear: left out: home.http: the secret that this probe sends would travel in clear: ",
        "Purge: left out: a probe is sent every few seconds",
    )


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ("", [[200, 299]]),
        ("maxRedirects: 0", [[200, 299], [300, 399]]),
        ("expectedStatusCodes: [200, 301, 304]", [[200, 200], [304, 304]]),
        ("expectedStatusCodes: [301]", [[301, 301]]),
        ("expectedStatusCodes: [200]", [[200, 200]]),
        ("expectedStatusCodes: [200, 601]", [[200, 200]]),
        ("expectedStatusCodes: [601]", None),
        ("expectedStatusCodes: [ok, {}]", [[200, 299]]),
        ("expectedStatusCodes: 200", [[200, 299]]),
    ],
)
def test_the_statuses_that_are_up(tmp_path: Path, site: str, status: object) -> None:
    """A status that no server gives cannot be written, which is told.

    A redirect that is followed is not among them: our probe would take it for the answer, and see no page behind it.
    """
    came = made(tmp_path, f"{HEAD}- {{name: web, url: 'https://www.example.org', {site}}}\n")
    assert shown(came, "web").get("status") == status
    assert any("expectedStatusCodes" in line for line in came.lost) == (status is None)

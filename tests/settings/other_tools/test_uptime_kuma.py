"""Uptime Kuma: its monitors become services of ours; what they look at beyond our probes is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.settings.other_tools.made import assert_told, made, read, shown

SITE = "https://www.example.org/health"


def monitor(name: str, kind: str = "http", **others: Any) -> dict[str, Any]:
    """Return a monitor with the keys that all have there."""
    common = {"interval": 60, "retryInterval": 60, "maxretries": 0, "accepted_statuscodes": ["200-299"], "active": True}
    return {"name": name, "type": kind, "url": SITE, **common, **others}


SHOP = monitor(
    "Shop — front",
    "keyword",
    parent=7,
    method="POST",
    keyword='"ok":true',
    headers='{"Accept": "application/json", "x-api-key": "canary-header"}',
    body='{"query": "up", "password": "canary-body"}',
    authMethod="basic",
    basic_auth_user="me",
    basic_auth_pass="canary-password",
    accepted_statuscodes=["200-299", "301", 404],
    maxredirects=0,
    timeout=3,
    maxretries=2,
    ipFamily="ipv6",
    ignoreTls=True,
    proxyId=1,
    resendInterval=9,
    tags=[{"name": "one"}, {"name": "two"}],
)
STORY = [
    {"id": 7, "name": "Core", "type": "group"},
    SHOP,
    monitor("Form", method="POST", body="a=b", httpBodyEncoding="form", authMethod="bearer", bearer_token="canary-1"),
    monitor("Old", timeout=48, basic_auth_user="me", basic_auth_pass="canary-2", tags=[{"name": "one"}]),
    monitor("Header", headers={"Authorization": "Digest canary-3"}, authMethod="basic", basic_auth_user="x"),
    monitor("No text", "keyword", keyword="slow", invertKeyword=True, cacheBust=True, authMethod="ntlm"),
    monitor("Key", "keyword", keyword="canary0condition1value2", headers="no JSON: canary"),
    monitor("Port", "port", hostname="db.example.org", port=5432, expectedTlsAlert="certificate_required"),
    monitor("Mail", "smtp", hostname="mail.example.org", smtpSecurity="secure", port=465, active=1),
    monitor("Post", "smtp", hostname="mail.example.org", smtpSecurity="starttls"),
    monitor("Portless", "port", hostname="db.example.org"),
    monitor("Router", "ping", hostname="192.0.2.1"),
    monitor("Name", "dns", hostname="example.org"),
    monitor("Job", "push", pushToken="canary-push"),
    monitor("Base", "postgres", databaseConnectionString="postgres://me:canary-base@db/x"),
    monitor("Container", "docker"),
    monitor("Paused", active=0),
    monitor("In a paused group", forceInactive=True),
    monitor("Trap", upsideDown=True),
    monitor("Hidden", url="https://www.example.org/?token=canary-query"),
]
TOLD = [{"config": json.dumps({"type": "telegram", "telegramBotToken": "canary-bot"}), "name": "canary"}]


@pytest.mark.parametrize("shape", ["backup", "by number", "list"])
def test_what_uptime_kuma_watches_is_watched_and_the_rest_is_told_without_a_secret(tmp_path: Path, shape: str) -> None:
    numbered = {str(number): one for number, one in enumerate(STORY)}
    backup = {"version": "1.23.16", "notificationList": TOLD, "monitorList": STORY}
    document = {"backup": backup, "by number": {**backup, "monitorList": numbered}, "list": STORY}[shape]
    came = made(tmp_path, json.dumps(document))
    settings = read(came)
    names = ["Shop-front", "Form", "Old", "Header", "No-text", "Key", "Port", "Mail", "Post"]
    assert list(settings.services) == names
    shop = shown(came, "Shop-front")
    assert shop["status"] == [[200, 299], [301, 301]] and shop["redirects"] == 0 and shop["timeout"] == 3
    assert shop["contains"] == '"ok":true' and shop["method"] == "POST" and shop["every"] == 60 and shop["ip"] == "6"
    assert shop["auth"] == {"basic": {"user": "me", "password": "${WATCHDOG_PROBE_SHOP_FRONT_PASSWORD}"}}
    assert shop["headers"] == {"x-api-key": "${WATCHDOG_PROBE_SHOP_FRONT_X_API_KEY}", "Accept": "application/json"}
    assert shop["body"] == {"query": "up", "password": "${WATCHDOG_PROBE_SHOP_FRONT_PASSWORD_2}"}
    assert "tags: [Core]" in came.text and "tags: [one]" in came.text
    form = shown(came, "Form")
    assert form["body"] == "a=b" and form["headers"] == {"Content-Type": "application/x-www-form-urlencoded"}
    assert form["auth"] == {"bearer": "${WATCHDOG_PROBE_FORM_TOKEN}"}
    old = shown(came, "Old")
    assert "timeout" not in old and old["redirects"] == 10
    assert old["auth"] == {"basic": {"user": "me", "password": "${WATCHDOG_PROBE_OLD_PASSWORD}"}}
    assert shown(came, "Header")["headers"] == {"Authorization": "${WATCHDOG_PROBE_HEADER_AUTHORIZATION}"}
    mail, post = shown(came, "Mail", "port"), shown(came, "Post", "port")
    assert (mail["tcp"], mail["tls"], mail["banner"]) == ("mail.example.org:465", True, "^220[ -]")
    assert post["tcp"] == "mail.example.org:25" and "tls" not in post
    assert shown(came, "Port", "port")["tcp"] == "db.example.org:5432"
    whose = "" if shape == "list" else " (telegram)"
    assert any(line.startswith(f"notifications{whose}") for line in came.lost) == (shape != "list")
    assert_told(
        came,
        "retries: each signal needs several failures",
        "timeouts that are 80 % of the interval",
        "resendInterval: reminders come from escalation",
        "Shop — front: ignoreTls: certificates are always verified",
        "Shop — front: proxyId: write the proxy yourself",
        "Shop — front: tags: a service takes one",
        "No text: invertKeyword: what must not stand",
        "No text: cacheBust: a changing query",
        "No text: authMethod ntlm: it has no equal",
        "Key: keyword: its text looks like a key",
        "Key: headers: not JSON",
        "Port: expectedTlsAlert: no equal",
        "Post: smtpSecurity: STARTTLS is not begun",
        "Portless: left out: it has no host with a port",
        "Router: left out: a ping has no equal",
        "Name: left out: a DNS query has no equal",
        "Job: left out: it is pushed there",
        "Base: left out: a query of a database",
        "Container: left out: docker: this kind of check",
        "2 sites: left out: it is paused there",
        "Trap: left out: upsideDown: ",
        "Hidden: left out: its address has what looks like a key",
    )


QUERIES: dict[tuple[str, str | None, object], dict[str, Any] | None] = {
    ("$.status", "==", "UP"): {"json": {"$.status": "UP"}},
    ("status", None, "UP"): {"json": {"$.status": "UP"}},
    ("$.checks[0].count", "==", "3"): {"expect": {"json": {"$.checks[0].count": {"in": [3, "3"]}}}},
    ("[0].up", "==", "true"): {"expect": {"json": {"$[0].up": {"in": [True, "true"]}}}},
    ("$.queue", "<", "10.5"): {"expect": {"json": {"$.queue": {"lt": 10.5}}}},
    ("$.name", "contains", "a.b"): {"expect": {"json": {"$.name": {"matches": r"a\.b"}}}},
    ("$.name", "!=", "a"): None,
    ("$.name", "<", "a"): None,
    ("$.name", "==", None): None,
    ("$count(items)", "==", "3"): None,
    ("a-b", "==", "3"): None,
    ("$", "==", "OK"): None,
    ("", "==", "OK"): None,
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_has_its_equal_or_is_told(tmp_path: Path, query: tuple[str, str | None, object]) -> None:
    path, operator, value = query
    one = monitor("web", "json-query", jsonPath=path, jsonPathOperator=operator, expectedValue=value)
    came, wanted = made(tmp_path, json.dumps({"1": one})), QUERIES[query]
    options = shown(came, "web")
    if "expect" in options:
        options["expect"] = {"json": dict(options["expect"])["json"]}  # type: ignore[call-overload]
    assert any("jsonPath" in line for line in came.lost) == (wanted is None)
    assert {key: options[key] for key in ("json", "expect") if key in options} == (wanted or {})


@pytest.mark.parametrize(
    ("codes", "status"),
    [(["200-204"], [[code, code] for code in range(200, 205)]), (["x", "-"], None), ([], None), (None, [[200, 299]])],
)
def test_the_statuses_that_are_up(tmp_path: Path, codes: object, status: object) -> None:
    """No status at all cannot be written, which is told."""
    came = made(tmp_path, json.dumps([monitor("web", accepted_statuscodes=codes)]))
    assert shown(came, "web").get("status") == status
    assert any("accepted_statuscodes" in line for line in came.lost) == (status is None)

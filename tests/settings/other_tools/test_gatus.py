"""Gatus: its endpoints become services of ours; each condition is carried over, or told."""

from pathlib import Path

import pytest

from tests.settings.other_tools.made import assert_told, made, read, shown

STORY = """\
alerting:
  slack: {webhook-url: "https://hooks.slack.com/services/T000/B000/canary-hook"}
storage: {type: postgres, path: "postgres://gatus:canary-store@db:5432/gatus"}
external-endpoints:
  - {name: nightly, token: canary-push}
x-defaults: &defaults
  interval: 1m30s
  alerts: [{type: slack}]
endpoints:
  - name: Shop (front)
    group: Core
    <<: *defaults
    url: "https://www.example.com/health"
    method: POST
    headers:
      X-Api-Key: canary-header
      X-Pass: canary-pass
      X-Note: "sid=canary-in-value"
      Authorization: Bearer canary-bearer
      Accept: application/json
      Host: shop.example.com
    body: '{"query": "up", "password": "canary-body", "pwd": "canary-pwd"}'
    client: {timeout: 3s, ignore-redirect: true, insecure: true}
    conditions:
      - "[STATUS] == any(200, 204)"
      - "[RESPONSE_TIME] < 1500"
      - "[BODY].status == UP"
      - "[BODY].queue < 10"
      - "len([BODY].workers) > 1"
      - "has([BODY].errors) == false"
      - "[BODY].token == canary0condition1value2"
      - "[BODY].session_token == canary-word"
      - "[BODY].pass == any(canary-any, x)"
      - "[BODY].authenticated == true"
      - "len([BODY].token) > 8"
      - '[BODY] == pat(*"pwd":"canary-text"*)'
  - {name: Shop front, url: "https://me:canary-userinfo@www.example.com/in", conditions: ["[STATUS] < 400"]}
  - {name: "2026-01-02", url: "http://api:8080/", conditions: ["[BODY] == pat(*ready*)", "[CONNECTED] == true"]}
  - {name: database, url: "tcp://db.example.com:5432", conditions: ["[CONNECTED] == true"]}
  - {name: mail, url: "tls://mail.example.com:465", interval: 2h, conditions: ["[CERTIFICATE_EXPIRATION] > 48h"]}
  - {name: router, url: "icmp://192.0.2.1", conditions: ["[CONNECTED] == true"]}
  - {name: hidden, url: "https://www.example.com/?api_key=canary-query", conditions: ["[STATUS] == 200"]}
  - {name: hidden, url: "https://www.example.com/?pass=canary-query", conditions: ["[STATUS] == 200"]}
  - {name: waiting, url: "https://${CANARY_HOST}/", conditions: ["[STATUS] == 200"]}
  - {name: old, enabled: false, url: "https://old.example.com", conditions: ["[STATUS] == 200"]}
"""


def test_what_gatus_watches_is_watched_and_the_rest_is_told_without_a_secret(tmp_path: Path) -> None:
    came = made(tmp_path, STORY)
    settings = read(came)
    assert list(settings.services) == ["Shop-front", "Shop-front-2", "service-2026-01-02", "database", "mail"]
    assert settings.policy.services["Shop-front"].signals[0].every_seconds == 90
    shop = shown(came, "Shop-front")
    assert shop["status"] == [[200, 200], [204, 204]] and shop["max_latency"] == 1.5 and shop["method"] == "POST"
    assert shop["json"] == {"$.status": "UP"} and shop["timeout"] == 3 and "redirects" not in shop
    wanted = {"$.queue": {"lt": 10}, "$.workers": {"length": {"gt": 1}}, "$.errors": {"exists": False}}
    wanted |= {"$.authenticated": {"in": [True, "true"]}, "$.token": {"length": {"gt": 8}}}
    assert shop["expect"] == {"headers": {}, "json": wanted} or shop["expect"] == {"json": wanted}
    assert shop["auth"] == {"bearer": "${WATCHDOG_PROBE_SHOP_FRONT_TOKEN}"}
    place = "${{WATCHDOG_PROBE_SHOP_FRONT_{}}}".format
    places = {name: place(name.upper().replace("-", "_")) for name in ("X-Api-Key", "X-Pass", "X-Note")}
    assert shop["headers"] == {**places, "Accept": "application/json"}
    assert shop["body"] == {"query": "up", "password": place("PASSWORD"), "pwd": place("PWD")}
    inside = shown(came, "Shop-front-2")
    assert inside["http"] == "https://www.example.com/in" and inside["redirects"] == 10
    assert inside["auth"] == {"basic": {"user": "me", "password": "${WATCHDOG_PROBE_SHOP_FRONT_PASSWORD_2}"}}
    assert settings.private_hosts == ("api",) and shown(came, "service-2026-01-02")["contains"] == "ready"
    assert shown(came, "mail", "port")["tls"] is True
    assert len(came.variables) == 7 and all(f"# {name}: " in came.text for name in came.variables)
    assert_told(
        came,
        "alerting (slack)",
        "storage: settings of Gatus itself",
        "nightly: left out: it is pushed there",
        "Shop (front): client.insecure",
        "Shop (front): the header host",
        "Shop (front): condition [BODY].token == …",
        "Shop (front): condition [BODY].session_token == …: its value looks like a key",
        "Shop (front): condition [BODY].pass == …",
        "Shop (front): condition [BODY] == …",
        "mail: conditions other than [CONNECTED]",
        "router: left out: a ping has no equal",
        "2 sites: left out: its address has what looks like a key",
        "waiting: left out: its address has a variable",
        "old: left out: it is disabled there",
    )


CONDITIONS = {
    "[STATUS] == pat(2*)": {"status": [[200, 299]]},
    "[STATUS] != 500": None,
    "[STATUS] <= 299": {"status": [[100, 199], [200, 299]]},
    "[STATUS] < 400": {"status": [[100, 199], [200, 299]]},  # redirects are followed
    "200 == [STATUS]": {"status": [[200, 200]]},
    "[STATUS] > 999": None,
    "[CERTIFICATE_EXPIRATION] > 48h": {"certificate": 172800.0},
    "[BODY] == OK": {"matches": r"^\s*OK\s*$"},
    "[BODY] == pat(a?c*)": {"matches": "^(?s:a.c.*)$"},
    "len([BODY]) > 0": {"matches": "(?s).{1}"},
    "[BODY].ok == true": {"expect": {"json": {"$.ok": {"in": [True, "true"]}}}},
    "[BODY].ids[0] == any(1, x)": {"expect": {"json": {"$.ids[0]": {"in": [1, "1", "x"]}}}},
    "len([BODY].name) == 8": {"expect": {"json": {"$.name": {"length": {"gte": 8, "lte": 8}}}}},
    "[BODY].name == pat(jo*)": {"expect": {"json": {"$.name": {"matches": "^(?s:jo.*)$"}}}},
    "[BODY].age == [BODY].id": None,
    "[BODY].name != john": None,
    "[BODY]..x == 1": None,
    "[DNS_RCODE] == NOERROR": None,
    "[DOMAIN_EXPIRATION] > 720h": None,
    "nonsense": None,
    "": None,
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_has_its_equal_or_is_told(tmp_path: Path, condition: str) -> None:
    text = f"endpoints:\n- {{name: web, url: 'https://www.example.com', conditions: ['{condition}']}}\n"
    came, wanted = made(tmp_path, text), CONDITIONS[condition]
    options = shown(came, "web")
    if "expect" in options:
        options["expect"] = {key: value for key, value in dict(options["expect"]).items() if value}  # type: ignore[call-overload]
    assert any("condition" in line for line in came.lost) == (wanted is None or "certificate" in wanted)
    assert all(options[key] == value for key, value in (wanted or {}).items())

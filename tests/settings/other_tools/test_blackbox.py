"""Prometheus and its blackbox exporter: targets become services, probed as their modules say; the rest is told."""

from pathlib import Path
from typing import Any

import pytest

from tests.settings.other_tools.made import assert_told, made, read, shown

MODULES = r"""
modules:
  shop:
    prober: http
    timeout: 3s
    http:
      valid_http_versions: ["HTTP/1.1", "HTTP/2.0"]
      valid_status_codes: [200, 204]
      method: POST
      headers: {Host: shop.example.org, Accept: application/json}
      http_headers:
        x-tenant: {values: [first, acme]}
        x-api-key: {secrets: [canary-header]}
        x-more: {files: [/etc/canary]}
      basic_auth: {username: me, password: canary-password}
      body: '{"query": "up", "password": "canary-body"}'
      fail_if_ssl: false
      fail_if_body_matches_regexp: [Exception]
      fail_if_body_not_matches_regexp: ['"ok"', "up(time)?", "again (a|b)"]
      fail_if_header_not_matches:
        - {header: Cache-Control, regexp: "no-(store|cache)"}
        - {header: X-Maybe, regexp: ".*", allow_missing: true}
      tls_config: {insecure_skip_verify: true, ca_file: /etc/canary.pem, server_name: canary}
      preferred_ip_protocol: ip4
      cookie_jar: canary
  plain: {prober: http, http: {fail_if_not_ssl: true}}
  token: {prober: http, http: {bearer_token_file: /etc/canary-token, no_follow_redirects: true}}
  scheme: {prober: http, http: {authorization: {type: Token, credentials: canary-1}, proxy_url: "http://p.example:3128"}}
  connect: {prober: tcp, tcp: {tls: true}}
  ssh: {prober: tcp, tcp: {query_response: [{expect: "^SSH-2.0-.*$"}, {send: SSH-2.0-me}]}}
  chat: {prober: tcp, tcp: {query_response: [{send: "canary"}, {expect: "^+OK"}]}}
  icmp: {prober: icmp, timeout: 5s}
  dns: {prober: dns, dns: {query_name: example.org}}
  socket: {prober: unix}
"""
RELABELLED = """
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "blackbox:9115"}
"""
JOBS = f"""
global: {{scrape_interval: 30s}}
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["a:9093"]}}]}}]}}
rule_files: [rules.yml]
scrape_configs:
  - {{job_name: prometheus, static_configs: [{{targets: ["localhost:9090"]}}]}}
  - job_name: Core
    metrics_path: /probe
    scrape_timeout: 8s
    params: {{module: [shop]}}
    static_configs:
      - {{targets: ["https://www.example.org/health"], labels: {{name: Shop}}}}
      - {{targets: ["https://www.example.org/?token=canary-query", "https://$CANARY/x"]}}
{RELABELLED}
  - job_name: pages
    metrics_path: /probe
    params: {{module: [plain]}}
    scrape_interval: 1h
    static_configs:
      - targets: [www.example.org/in/, "https://me:canary-user@www.example.org/out"]
      - {{targets: ["https://api.example.org"], labels: {{__param_module: token}}}}
      - {{targets: ["https://other.example.org"], labels: {{__param_module: scheme}}}}
{RELABELLED}
  - job_name: ports
    metrics_path: /probe
    static_configs:
      - {{targets: ["mail.example.org:465", "[2001:db8::1]:25"], labels: {{how: connect}}}}
      - {{targets: ["git.example.org:22"], labels: {{how: ssh}}}}
      - {{targets: ["pop.example.org:110"], labels: {{how: chat}}}}
      - {{targets: ["192.0.2.1"], labels: {{how: icmp}}}}
      - {{targets: ["192.0.2.53"], labels: {{how: dns}}}}
      - {{targets: ["/run/x"], labels: {{how: socket}}}}
      - {{targets: ["192.0.2.2"], labels: {{how: unheard}}}}
      - {{targets: ["portless.example.org"], labels: {{how: connect}}}}
    relabel_configs:
      - {{source_labels: [how], target_label: __param_module}}
      - {{source_labels: [__address__], regex: "(.*):x", target_label: __param_target}}
  - {{job_name: found, metrics_path: /probe, params: {{module: [plain]}}, file_sd_configs: [{{files: [x.yml]}}]}}
  - job_name: asked
    metrics_path: /probe
    params: {{module: [plain], target: ["https://asked.example.org"]}}
    static_configs: [{{targets: ["blackbox:9115"]}}]
"""


def test_what_is_probed_is_watched_and_the_rest_is_told_without_a_secret(tmp_path: Path) -> None:
    came = made(tmp_path, JOBS, MODULES)
    settings = read(came)
    pages = ["Shop", "www-example-org-in", "www-example-org-out", "api-example-org", "other-example-org"]
    ports = ["mail-example-org-465", "2001-db8-1-25", "git-example-org-22", "pop-example-org-110"]
    assert list(settings.services) == [*pages, *ports, "asked-example-org"]
    shop = shown(came, "Shop")
    assert shop["status"] == [[200, 200], [204, 204]] and shop["redirects"] == 10 and shop["ip"] == "4"
    assert shop["contains"] == '"ok"' and shop["matches"] == "up(time)?" and shop["method"] == "POST"
    assert shop["timeout"] == 3 and shop["every"] == 30
    assert dict(shop["expect"])["headers"] == {"Cache-Control": "no-(store|cache)"}  # type: ignore[call-overload]
    assert shop["auth"] == {"basic": {"user": "me", "password": "${WATCHDOG_PROBE_SHOP_PASSWORD}"}}
    places = {"x-api-key": "${WATCHDOG_PROBE_SHOP_X_API_KEY}", "x-more": "${WATCHDOG_PROBE_SHOP_X_MORE}"}
    assert shop["headers"] == {"Accept": "application/json", "x-tenant": "acme", **places}
    assert shop["body"] == {"query": "up", "password": "${WATCHDOG_PROBE_SHOP_PASSWORD_2}"}
    inside, outside = shown(came, "www-example-org-in"), shown(came, "www-example-org-out")
    assert inside["http"] == "http://www.example.org/in/" and inside["every"] == 3600 and inside["timeout"] == 10
    assert "status" not in inside and dict(outside["auth"])["basic"]["user"] == "me"  # type: ignore[call-overload]
    token, scheme = shown(came, "api-example-org"), shown(came, "other-example-org")
    assert token["auth"] == {"bearer": "${WATCHDOG_PROBE_API_EXAMPLE_ORG_TOKEN}"}
    assert "redirects" not in token and "ip" not in token
    assert scheme["headers"] == {"Authorization": "${WATCHDOG_PROBE_OTHER_EXAMPLE_ORG_AUTHORIZATION}"}
    assert dict(scheme["proxy"])["url"] == "http://p.example:3128"  # type: ignore[call-overload]
    assert [shown(came, name, "port")["tcp"] for name in ports[:2]] == ["mail.example.org:465", "[2001:db8::1]:25"]
    assert [shown(came, name, "port").get("tls", False) for name in ports] == [True, True, False, False]
    assert [shown(came, name, "port").get("banner") for name in ports[2:]] == ["(?m)^SSH-2.0-.*", None]
    assert "tags: [Core]" in came.text
    assert_told(
        came,
        "alerting: choose who is notified below channels:",
        "rule_files: ",
        "jobs that scrape metrics (1)",
        "Shop: fail_if_body_matches_regexp: what must not",
        "Shop: fail_if_body_not_matches_regexp: some of several",
        "Shop: fail_if_header_not_matches: only one expression",
        "www.example.org/in: fail_if_not_ssl: write the address",
        "Shop: tls_config.insecure_skip_verify: certificates are always",
        "Shop: tls_config: name its files",
        "Shop: tls_config.server_name: no equal",
        "Shop: the header host",
        "Shop: cookie_jar: no equal",
        "2 sites: query_response: nothing is sent",
        "4 sites: relabel_configs: they change or drop",
        "192.0.2.1: left out: a ping has no equal",
        "192.0.2.53: left out: a DNS query",
        "/run/x: left out: unix: this kind",
        "192.0.2.2: left out: its module unheard stands in no file",
        "portless.example.org: left out: it has no host with a port",
        "found: left out: its targets are found elsewhere",
        "www.example.org: left out: its address has what looks like a key",
        "Core: left out: its address has a variable",
    )


def test_the_jobs_alone_say_which_file_is_missing(tmp_path: Path) -> None:
    jobs = "scrape_configs: [{job_name: a, metrics_path: /probe, static_configs: [{targets: [www.example.org]}]}]"
    with pytest.raises(ValueError, match="name the exporter's as well, --from blackbox"):
        made(tmp_path, jobs)
    with pytest.raises(ValueError, match="it has no site that is probed"):
        made(tmp_path, MODULES)


VERSIONS: dict[str, str | None] = {
    "": None,
    "preferred_ip_protocol: ip4": "4",
    "preferred_ip_protocol: ip6": None,
    "preferred_ip_protocol: ip6, ip_protocol_fallback: false": "6",
    "preferred_ip_protocol: ip4, proxy_url: 'http://p.example:3128'": None,
}


@pytest.mark.parametrize("options", VERSIONS)
def test_the_version_of_ip_is_that_which_nearly_all_names_are_probed_by(tmp_path: Path, options: str) -> None:
    assert _probed(tmp_path, options).get("ip") == VERSIONS[options]


@pytest.mark.parametrize(
    ("expected", "found"),
    [("['Welcome back!']", {"contains": "Welcome back!"}), ("['a.c']", {"matches": "a.c"}), ("['(']", {}), ("x", {})],
)
def test_a_text_that_must_be_found_is_one_and_an_expression_stays_one(
    tmp_path: Path, expected: str, found: dict[str, str]
) -> None:
    options = _probed(tmp_path, f"fail_if_body_not_matches_regexp: {expected}")
    assert {key: options[key] for key in ("contains", "matches") if key in options} == found


def _probed(folder: Path, options: str) -> dict[str, Any]:
    """Return what is made of one target that a module with these options probes."""
    group = "{targets: ['https://www.example.org'], labels: {__param_module: m}}"
    jobs = f"scrape_configs: [{{job_name: a, metrics_path: /probe, static_configs: [{group}]}}]\n"
    return shown(made(folder, f"{jobs}modules: {{m: {{prober: http, http: {{{options}}}}}}}"), "www-example-org")

"""A Blueprint of Render: its services are guarded under their names, probed where the file itself has their address."""

from pathlib import Path

import pytest

from tests.settings.other_tools.made import assert_told, made, read, shown

STORY = """\
services:
  - type: web
    name: shop
    runtime: python
    domains: ["*.example.org", www.example.org, example.org]
    healthCheckPath: /healthz
    autoDeployTrigger: checksPass
    envVars:
      - {key: STRIPE_KEY, value: canary-stripe}
      - {key: OTHER, sync: false}
  - {type: web, name: site, runtime: static, domains: [site.example.org], autoDeploy: yes, staticPublishPath: dist}
  - {type: web, name: api, env: node, healthCheckPath: /up, maintenanceMode: {enabled: true}}
  - {type: pserv, name: inner, runtime: docker}
  - {type: worker, name: mailer, runtime: ruby, autoDeploy: true}
  - {type: cron, name: nightly, schedule: "0 3 * * *"}
  - {type: keyvalue, name: cache, ipAllowList: []}
  - {type: workflow, name: flow}
  - {type: web, name: secret, domains: [www.example.org], healthCheckPath: "/up?token=canary-path"}
  - {type: web, name: shop, domains: [two.example.org]}
  - {type: web, domains: [nameless.example.org]}
databases:
  - {name: main, plan: basic-256mb}
projects:
  - name: Acme
    environments:
      - {name: production, services: [{type: web, name: front, domain: front.example.org}], databases: [{name: second}]}
ungrouped:
  services: [{type: web, name: alone, domains: [alone.example.org]}]
envVarGroups: [{name: common, envVars: [{key: KEY, value: canary-group}]}]
"""


def test_services_are_guarded_by_their_names_and_no_address_is_guessed(tmp_path: Path) -> None:
    came = made(tmp_path, STORY)
    settings = read(came)
    names = ["shop", "site", "api", "inner", "mailer", "nightly", "alone", "front"]
    assert list(settings.services) == names and 'onrender.com"' not in came.text
    assert all(f'    render: "{name}"\n' in came.text for name in names)
    health, home = shown(came, "shop", "health"), shown(came, "site")
    assert health == {"http": "https://www.example.org/healthz", "status": [[200, 299], [300, 399]]}
    assert home == {"http": "https://site.example.org", "redirects": 10}
    assert shown(came, "front")["http"] == "https://front.example.org" and "tags: [Acme-production]" in came.text
    for name in ("api", "inner", "mailer", "nightly"):
        assert list(settings.services[name].signals) == ["events"], name
    assert not came.variables
    assert_told(
        came,
        "3 sites: auto-deploy: each sync of the Blueprint switches it on again",
        "shop: domains: the first is probed, 1 more",
        "api: maintenanceMode: it is on there",
        "api: its address: the file has no domains:",
        "3 sites: it has no public address",
        "cache: left out: a key-value store is not probed",
        "flow: left out: type workflow: this kind",
        "secret: left out: its address has what looks like a key",
        "shop: left out: another service has that name",
        "2 sites: left out: a database is not probed",
        "site: left out: it has no name",
    )


SWITCHES = {
    "autoDeploy: true": True,
    "autoDeploy: yes": True,
    "autoDeployTrigger: commit": True,
    "autoDeployTrigger: checksPass": True,
    "autoDeployTrigger: off": False,
    "autoDeployTrigger: 'off'": False,
    "autoDeploy: no": False,
    "plan: free": False,
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_blueprint_that_switches_auto_deploy_on_is_told(tmp_path: Path, switch: str) -> None:
    """A sync would undo what a rollback pinned; without the key, a sync keeps what is set."""
    came = made(tmp_path, f"services: [{{type: web, name: web, domains: [www.example.org], {switch}}}]")
    assert any("auto-deploy: each sync" in line for line in came.lost) == SWITCHES[switch]


def test_two_blueprints_are_one_fleet(tmp_path: Path) -> None:
    came = made(tmp_path, *(f"services: [{{type: web, name: {name}}}]" for name in ("web", "api", "web")))
    assert list(read(came).services) == ["web", "api"] and any(
        "another service has that name" in one for one in came.lost
    )

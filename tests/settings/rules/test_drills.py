"""Staging services for drills in the configuration: what contradicts it is refused, with its line."""

import pytest

from tests.settings.texts import KEY, loaded, shown
from watchdog.domain.drills.drill import DrillMethod

COMMIT = "0badc0de5f1e2d3c4b5a69788796a5b4c3d2e1f0"
BOTH = f"""\
version: 1
services:
  web:
    render: srv-web
    signals: {{home: {{http: https://www.acme.example}}}}
  web-staging:
    render: srv-staging
    drill: {{staging: true, bad_commit: {COMMIT}}}
    signals: {{home: {{http: https://staging.acme.example}}}}
channels: {{console: {{}}}}
"""
OF_WEB = f"render: srv-web\n    drill: {{staging: true, bad_commit: {COMMIT}}}"


def test_only_what_is_written_as_staging_may_be_drilled() -> None:
    settings = loaded(BOTH, KEY)
    assert {name: one.bad_commit for name, one in settings.staging.items()} == {"web-staging": COMMIT}
    assert settings.drill.every == 30 * 86400 and settings.drill.targets.limits["restored"] == 300.0
    other = loaded(BOTH + "drill: {every: 7d, targets: {restored: 3m}}\n", KEY)
    assert (other.drill.every, other.drill.targets.limits["restored"]) == (7 * 86400, 180.0)
    assert other.drill.targets.limits["verified"] == 900.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("staging: true, ", ""), "drill: a drill breaks this service on purpose -> write staging: true if no user"),
        (("staging: true, ", "staging: false, "), "a drill breaks this service on purpose"),
        ((f", bad_commit: {COMMIT}", ""), "drill: nothing that breaks it"),
        ((COMMIT, "0badc0d"), "not a commit"),
        ((COMMIT, COMMIT.upper()), "not a commit"),
        (("    render: srv-staging\n", ""), "drill: it has no render: to deploy to"),
        (("web-staging:", "web-prod-2:"), "its name says prod"),
        (("render: srv-web\n", "render: srv-web\n    depends_on: [web-staging]\n"), "web, which is no staging service"),
        (("channels:", "status_pages: {acme: {title: Acme, services: [web-staging]}}\nchannels:"), "shows it to the"),
        (("channels:", "drill: {every: monthly}\nchannels:"), "drill.every"),
        (("channels:", "drill: {targets: {repaired: 3m}}\nchannels:"), "drill.targets.repaired"),
        (("channels:", "drill: {targets: {answered: 3m}}\nchannels:"), "drill.targets.answered"),
    ],
)
def test_what_contradicts_staging_is_a_mistake(wrong: tuple[str, str], says: str) -> None:
    """A drill on production is refused before there is a client, or a command."""
    assert wrong[0] in BOTH
    assert says in shown(BOTH.replace(*wrong))


def test_a_staging_service_may_depend_on_another() -> None:
    more = f"  api-test:\n    {OF_WEB.replace('srv-web', 'srv-api')}\n    depends_on: [web-staging]\n"
    more += "    signals: {home: {http: https://api.acme.example}}\n"
    settings = loaded(BOTH.replace("channels:", more + "channels:"), KEY)
    assert set(settings.staging) == {"web-staging", "api-test"}


ADDRESS = "https://flags.acme.example/staging/new-cart"
ON = f"flag_on: {{flag: new-cart, request: {{method: PATCH, url: {ADDRESS}, body: {{enabled: true}}}}}}"
OFF = f"request: {{method: PATCH, url: {ADDRESS}, body: {{enabled: false}}}}, look: {{url: {ADDRESS}, json: $.on}}"
REMEDY = f"remedies: [{{flag_off: {{flag: new-cart, {OFF}, without_deploy: true}}}}]"
FLAG = BOTH.replace(f"bad_commit: {COMMIT}}}", f"{ON}}}\n    mode: autonomous\n    {REMEDY}")


def on_web(off: str) -> tuple[str, str]:
    """Return a change that gives production a flag_off with these requests."""
    return "srv-web\n", f"srv-web\n    mode: autonomous\n    remedies: [{{flag_off: {{flag: cart, {off}}}}}]\n"


def test_a_flag_that_breaks_staging_has_its_remedy_as_the_way_back() -> None:
    """Either is enough, a commit or a flag; the first one is the method of a drill that names none."""
    one = loaded(FLAG, KEY).staging["web-staging"]
    assert one.methods == (DrillMethod.FLAG,) and one.flag_on is not None and one.flag_on.flag == "new-cart"
    both = loaded(FLAG.replace("staging: true,", f"staging: true, bad_commit: {COMMIT},"), KEY).staging["web-staging"]
    assert both.methods == (DrillMethod.BAD_COMMIT, DrillMethod.FLAG)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ((REMEDY, "remedies: []"), "flag_on: nothing switches new-cart off again -> add remedies: [flag_off: {flag:"),
        (("flag_off: {flag: new-cart", "flag_off: {flag: other"), "nothing switches new-cart off again"),
        ((f", look: {{url: {ADDRESS}, json: $.on}}", ""), "the flag_off of new-cart has no look -> add look"),
        ((", without_deploy: true", ""), "is tried before a rollback alone"),
        (("{enabled: true}", "{enabled: false}"), "it is the request that switches the flag off"),
        (
            (f"url: {ADDRESS}, body: {{enabled: true}}", "url: https://x.acme.example/1"),
            "another host than that of its",
        ),
        (("{enabled: true}", "{on: true, environmentKey: production}"), "its requests name production -> write the"),
        ((f"look: {{url: {ADDRESS}", f"look: {{url: {ADDRESS}/prod-eu"), "its requests name prod"),
        (("$.on", "$.environments.production.on"), "its requests name production"),
        (on_web(OFF), "web, which is no staging service, has the same flag at the same"),
        (on_web(OFF.replace("false", "0")), "web, which is no staging service, has the"),
        (
            on_web(OFF.split(", look")[0]),
            "web, which is no staging service, has the same",
        ),
        (
            (ADDRESS + ", body: {enabled: true}", "http://flags.acme.example/1"),
            "flag_on.request.url: not encrypted -> write https://",
        ),
        (("body: {enabled: true}", "headers: {authorization: '{token}'}"), "set the variable WATCHDOG_FLAG_TOKEN"),
    ],
)
def test_a_flag_that_the_daemon_would_not_repair_or_that_production_may_read_is_a_mistake(
    wrong: tuple[str, str], says: str
) -> None:
    assert wrong[0] in FLAG
    assert says in shown(FLAG.replace(*wrong, 1), KEY)

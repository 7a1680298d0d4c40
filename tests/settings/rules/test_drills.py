"""Staging services for drills in the configuration: what contradicts it is refused, with its line."""

import pytest

from tests.settings.texts import KEY, loaded, shown

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
    assert dict(settings.staging) == {"web-staging": COMMIT}
    assert settings.drill.every == 30 * 86400 and settings.drill.targets.limits["restored"] == 300.0
    other = loaded(BOTH + "drill: {every: 7d, targets: {restored: 3m}}\n", KEY)
    assert (other.drill.every, other.drill.targets.limits["restored"]) == (7 * 86400, 180.0)
    assert other.drill.targets.limits["verified"] == 900.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("staging: true, ", ""), "drill: a drill breaks this service on purpose -> write staging: true if no user"),
        (("staging: true, ", "staging: false, "), "a drill breaks this service on purpose"),
        ((f", bad_commit: {COMMIT}", ""), "drill: no known-bad commit"),
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

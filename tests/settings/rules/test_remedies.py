"""Remedies in the configuration: what they become, what is a mistake, and that only a restart changes them."""

from typing import Any

import pytest

from tests.settings.texts import ALL_SECRETS, KEY, SMALL, loaded, shown
from watchdog.app.compose.composition import build_remedies
from watchdog.app.compose.safety_diff import loosened
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.remedies.maintenance_mode import OFF_TRIES
from watchdog.domain.remedies.remedy import FailureType, Remedy
from watchdog.settings.text.summary import service_rows

HEADERS = ', headers: {authorization: "{token}"}'
ONE = "flag_off: {flag: new-checkout, request: {url: 'https://flags.example/x'HEADERS}, prove: 90s}"
HOOK = "webhook: {call: purge-cdn, request: {url: 'https://cdn.example/x'HEADERS}}"
KEYED = {**KEY, "WATCHDOG_FLAG_TOKEN": "t" * 24}


def text(*remedies: str, mode: str = "assist", headers: str = HEADERS) -> str:
    """Return a configuration whose web has these remedies, in that mode."""
    listed = ", ".join(f"{{{one.replace('HEADERS', headers)}}}" for one in remedies)
    more = f"    mode: {mode}\n    remedies: [{listed}]\n    signals:"
    return SMALL.replace("    signals:", more, 1)


def test_what_decisions_and_the_daemon_know() -> None:
    """Decisions the flag and its time; the daemon the request, but of no service that is only observed."""
    settings = loaded(text(ONE), KEYED)
    assert settings.policy.services["web"].remedies == (Remedy("new-checkout", 90.0, cooldown_seconds=1800.0),)
    assert set(build_remedies(settings, SystemClock(), None)) == {("web", "new-checkout")}
    meant = loaded(text("restart: {when: [latency, crashes]}"), KEYED)
    (only,) = meant.policy.services["web"].remedies
    assert "before a rollback restarts the service (for latency, crashes)" in dict(service_rows(meant))["web"]
    when = (FailureType.LATENCY, FailureType.CRASHES)
    assert only == Remedy("restart:service", 120.0, has_look=True, when=when, cooldown_seconds=1800.0)
    alone = loaded(text("restart: {when: [latency], without_deploy: true, cooldown: 2h}"), KEYED)
    (leak,) = alone.policy.services["web"].remedies
    assert leak.without_deploy and leak.cooldown_seconds == 7200.0
    assert "(for latency, also without a suspected deploy)" in dict(service_rows(alone))["web"]
    assert "before a rollback switches feature flag new-checkout off" in dict(service_rows(settings))["web"]
    observed = loaded(text(ONE, mode="observe"), {})
    assert observed.policy.services["web"].remedies and build_remedies(observed, SystemClock(), None) == {}
    page = loaded(text("restart: {}", "maintenance_mode: {at_most: 20m}"), KEYED)
    said = dict(service_rows(page))["web"]
    assert "before a rollback restarts the service, while people work on a critical incident switches" in said
    assert "switches maintenance mode on (for down) for 20 min at most" in said
    assert len(build_remedies(page, SystemClock(), None)) == 2 + OFF_TRIES, "on, and each request to switch it off"
    assert loaded(SMALL).policy.services["web"].remedies == ()


@pytest.mark.parametrize(
    ("written", "secrets", "says"),
    [
        (text(ONE), KEY, "flag new-checkout needs a secret that is not set"),
        (text(HOOK), KEYED, "set the variable WATCHDOG_REMEDY_TOKEN"),
        (text(HOOK, headers=", headers: {authorization: Bearer abc}"), KEYED, "and set WATCHDOG_REMEDY_TOKEN"),
        (text(ONE, ONE), KEYED, "remedies[1]: the same remedy twice"),
        (text(ONE, mode="observe").replace("    render: srv-web\n", ""), {}, "useless without render"),
        (text("restart: {when: [slow]}"), KEYED, "write one of: down, latency, errors, crashes"),
        (text("restart: {cooldown: 8d}"), KEYED, "write something from 0s to 7d"),
        (text("flag_on: {}"), KEYED, "flag_on: unknown key"),
        (text("maintenance_mode: {at_most: 5h}"), KEYED, "write something from 1m to 4h"),
        (text("maintenance_mode: {prove: 1m}"), KEYED, "prove: unknown key"),
        (text("maintenance_mode: {}", "maintenance_mode: {}"), KEYED, "remedies[1]: the same remedy twice"),
        # What makes sense against a deploy alone is no remedy of this list, and has no such key.
        (text("rollback: {without_deploy: true}"), KEYED, "rollback: unknown key"),
        (text("redeploy: {without_deploy: true}"), KEYED, "redeploy: unknown key"),
        (text("git: {without_deploy: true}"), KEYED, "git: unknown key"),
        (text(ONE, headers=", headers: {authorization: Bearer abc}"), KEYED, "looks like a secret"),
    ],
)
def test_what_is_refused(written: str, secrets: dict[str, str], says: str) -> None:
    """Each with its place."""
    assert says in shown(written, {**secrets})


def test_a_changed_flag_needs_a_restart() -> None:
    """Added, removed, or another request: each may change what the daemon does."""
    other = ONE.replace("/x'", "/y'")

    def lines(old: str, new: str) -> tuple[str, ...]:
        before: Any = loaded(old, ALL_SECRETS)
        return loosened(before, loaded(new, ALL_SECRETS))

    plain = text(ONE).replace("    remedies: [", "    title: The shop\n    remedies: [")
    assert lines(text(ONE), text(ONE)) == lines(text(ONE), plain) == ()
    assert lines(text(ONE), text(other)) == ("services.web.remedies.new-checkout.request: changed",)
    assert lines(text(), text(ONE)) and lines(text(ONE), text())
    assert lines(text(ONE), text(ONE.replace("90s", "60s")))
    page = "maintenance_mode: {at_most: 10m}"
    assert lines(text(), text(page)) and lines(text(page), text(page.replace("10m", "5m")))

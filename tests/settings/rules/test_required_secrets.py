"""The secrets that a configuration needs, and its warnings."""

import pytest

from tests.settings.texts import KEY, SMALL, changed, loaded, mistakes, shown
from watchdog.settings.rules import required_secrets

WRITE = SMALL + "metrics: {remote_write: https://m.example/write, remote_write_user: me}"
EMAIL = "email: {smtp: 'mail.example:587', from: a@acme.example, to: [b@acme.example]"
AUTONOMOUS = changed("    signals", "    mode: autonomous\n    signals")
FED = AUTONOMOUS.replace("http: https://www.acme.example", "sentry: a/b")
USELESS = changed("channels:", "      errors: {sentry: a/b, critical: true}\nchannels:")
QUERIED = "      shop: {prometheus: 'https://p.example', query: up, below: 1, auth: bearer}\nchannels:"
PINGED = """      job: {heartbeat: 803f680d-e89b-492b-82ef-2be7b774a92d, api_key: "${WATCHDOG_PROBE_PINGS}"}
channels:"""
PASSWORD, TOKEN = {"WATCHDOG_REMOTE_WRITE_PASSWORD": "p"}, {"WATCHDOG_REMOTE_WRITE_TOKEN": "t"}


@pytest.mark.parametrize(
    ("text", "line", "variable"),
    [
        (changed("version: 1", "version: 1\nmode: assist"), 2, "WATCHDOG_RENDER_API_KEY"),
        (AUTONOMOUS, 5, "WATCHDOG_RENDER_API_KEY"),
        (changed("console", "slack"), 8, "WATCHDOG_SLACK_WEBHOOK_URL"),
        (changed("console: {}", 'slack: {channel: "#ops"}'), 8, "WATCHDOG_SLACK_BOT_TOKEN"),
        (changed("console", "pagerduty"), 8, "WATCHDOG_PAGERDUTY_ROUTING_KEY"),
        (changed("console", "webhook"), 8, "WATCHDOG_WEBHOOK_URL"),
        (changed("console: {}", EMAIL + ", user: a}"), 8, "WATCHDOG_SMTP_PASSWORD"),
        (changed("http: https://www.acme.example", "sentry: acme/web"), 6, "WATCHDOG_SENTRY_TOKEN"),
        (changed("channels:", QUERIED), 7, "WATCHDOG_PROMETHEUS_TOKEN"),
        (changed("channels:", PINGED), 7, "WATCHDOG_PROBE_PINGS"),
        (WRITE, 9, "WATCHDOG_REMOTE_WRITE_PASSWORD"),
    ],
)
def test_what_is_used_needs_its_secret(text: str, line: int, variable: str) -> None:
    """At the line that needs it; and it loads when the secret is set. Mail without a login needs none."""
    assert not mistakes(changed("console: {}", EMAIL + "}"))
    (mistake,) = mistakes(text)
    assert mistake.where == f"watchdog.yaml:{line}"
    assert mistake.instead == f"set the variable {variable}, or write it into .env beside this file"
    value = "https://hooks.example/x" if variable.endswith("_URL") else "xxxx"
    assert not mistakes(text, {variable: value})
    assert not any("names it" in warning for warning in loaded(text, {**KEY, variable: value}).warnings)


@pytest.mark.parametrize(
    ("url", "user", "environ", "says"),
    [
        ("https://m.example/w", "", PASSWORD, "without a user"),
        (
            "https://m.example/w",
            ", remote_write_user: u",
            PASSWORD | TOKEN,
            "both WATCHDOG_REMOTE_WRITE_PASSWORD and _",
        ),
        ("http://m.example/w", "", TOKEN, "travel in clear"),
        ("http://localhost.evil.example/w", "", TOKEN, "travel in clear"),
        ("http://prometheus:9090/w", "", TOKEN, "travel in clear"),
        ("http://prometheus:9090/w", ", remote_write_user: u", PASSWORD, "in clear"),
        ("http://10.0.0.1:9090/w", "", TOKEN, "travel in clear"),
        ("http://prometheus:9090/api/v1/write", "", {}, ""),
        ("http://127.0.0.1:9090/api/v1/write", "", TOKEN, ""),
    ],
)
def test_credentials_for_remote_write_fit_together(url: str, user: str, environ: dict[str, str], says: str) -> None:
    text = shown(SMALL + f"metrics: {{remote_write: '{url}'{user}}}\n", environ)
    assert says in text and bool(text) == bool(says)


@pytest.mark.parametrize(
    ("url", "more", "says"),
    [
        ("http://alerts.example:9093", "", "urls[0]: WATCHDOG_ALERTMANAGER_TOKEN would travel in clear"),
        ("http://alerts.example:9093", "private_hosts: [alerts.example]\n", ""),
        ("http://10.0.0.1:9093", "", ""),
        ("https://alerts.example", "", ""),
    ],
)
def test_the_token_of_alertmanager_travels_in_clear_to_named_hosts_alone(url: str, more: str, says: str) -> None:
    """Without a token any address will do."""
    text = f"{SMALL}  alertmanager: {{urls: ['{url}']}}\n{more}"
    found = shown(text, {"WATCHDOG_ALERTMANAGER_TOKEN": "xxxx"})
    assert says in found and bool(found) == bool(says)
    assert shown(text, {}) == ""


@pytest.mark.parametrize(
    ("text", "environ", "says"),
    [
        (SMALL, {}, "without WATCHDOG_RENDER_API_KEY no deploy is seen"),
        (SMALL, {"RENDER_API_KEY": "x"}, "RENDER_* is never read for the target"),
        (AUTONOMOUS, {"WATCHDOG_RENDER_API_KEY": "x"}, "AUTONOMOUS WITHOUT A HEARTBEAT"),
        (FED, {**KEY, "WATCHDOG_SENTRY_TOKEN": "x"}, "services.web is autonomous without an http signal"),
        (USELESS, {**KEY, "WATCHDOG_SENTRY_TOKEN": "x"}, "services.web.signals.errors.critical has no effect"),
        (AUTONOMOUS + "policy: {critical: {do: ask}}", KEY, "mode autonomous, but critical only asks for ask"),
        (SMALL.replace("channels:\n  console: {}\n", ""), KEY, "no channels: notices only go to the console"),
        (SMALL + "control: [https://example.com]", KEY, "control: a single control target may be down"),
        (SMALL + "control: [https://www.acme.example/x]", KEY, "control: www.acme.example is guarded by services"),
        (SMALL + "control: []", KEY, "control: a fault of the watchdog's network looks like an outage"),
        (SMALL + "dependencies: {db: {render: dpg-1}}", {}, "dependencies on Render stay unknown"),
        (AUTONOMOUS, KEY, "without repository: a deploy that migrates a database is known by its pre-deploy command"),
        (SMALL.replace("acme.example", "acme.example, timeout: 15s"), KEY, "home.timeout is too long to act on"),
    ],
)
def test_what_works_but_not_as_meant_is_a_warning(text: str, environ: dict[str, str], says: str) -> None:
    assert any(says in warning for warning in loaded(text, environ).warnings)


@pytest.mark.parametrize(
    ("host", "more", "warned"),
    [
        ("acme-api:10000", "", True),
        ("db.acme.internal", "", True),
        ("acme-api:10000", "private_hosts: [Acme-API]", False),
        ("www.acme.example", "", False),
        ("localhost:3000", "", False),
        ("10.0.0.1", "", False),
        ("[::1]:3000", "", False),
    ],
)
def test_a_name_of_a_private_network_must_be_listed(host: str, more: str, warned: bool) -> None:
    """Otherwise its signal would stay unknown without a visible reason."""
    text = SMALL.replace("https://www.acme.example", f"'http://{host}/'") + more
    found = [warning for warning in loaded(text, KEY).warnings if "private_hosts" in warning]
    assert bool(found) is warned
    if warned:
        assert found[0].startswith("services.web.signals.home is not connected to")


@pytest.mark.parametrize("words", ["rollback_safe: true", "migrations: {paths: []}"])
def test_where_no_file_is_a_migration_no_repository_is_missed(words: str) -> None:
    """Nor where a rollback is safe over each; nor where nothing is rolled back without a person."""
    settled = AUTONOMOUS.replace("mode: autonomous", f"mode: autonomous\n    {words}")
    for text in (settled, AUTONOMOUS.replace("autonomous", "assist"), SMALL):
        assert not [one for one in loaded(text, KEY).warnings if "repository" in one]


def test_a_complete_configuration_has_no_warnings_and_one_without_channels_tells_the_console() -> None:
    """Otherwise no person reads them; and a page is never dropped."""
    read = AUTONOMOUS + "repository: github\n"
    assert loaded(read, KEY).warnings == (UNTOLD,)
    assert loaded(read.replace("console: {}", "pagerduty: {}"), {**KEY, PAGER: "x"}).warnings == ()
    settings = loaded(SMALL.replace("channels:\n  console: {}\n", ""))
    assert list(settings.channels) == ["console"] and settings.policy.alerts == ("console",)


PAGER = "WATCHDOG_PAGERDUTY_ROUTING_KEY"
UNTOLD = "channels: NO CHANNEL TO PEOPLE: console is standard error: add slack, pagerduty, email or webhook"
BOT = 'slack: {channel: "#ops", approvals: '
TOKENS = {"WATCHDOG_SLACK_BOT_TOKEN": "xoxb-x", "WATCHDOG_SLACK_APP_TOKEN": "xapp-x"}


def test_answers_in_slack_need_both_tokens_and_a_bot_and_those_by_nobody_are_warned_of() -> None:
    text = changed("console: {}", f"{BOT}socket_mode}}")
    assert "WATCHDOG_SLACK_APP_TOKEN" in shown(text, {"WATCHDOG_SLACK_BOT_TOKEN": "xoxb-x"})
    assert not mistakes(text, TOKENS)
    assert any("approvals names no approver" in warning for warning in loaded(text, TOKENS).warnings)
    ann = loaded(changed("console: {}", f"{BOT}{{socket_mode: true, users: [U0AAA]}}}}"), TOKENS)
    assert not any("approvals" in warning for warning in ann.warnings)
    assert "need a bot" in shown(changed("console: {}", "slack: {approvals: socket_mode}"), TOKENS)
    assert "not a way to answer" in shown(changed("console: {}", f"{BOT}http}}"), TOKENS)
    off = changed("console: {}", f"{BOT}{{socket_mode: false}}}}")
    assert not mistakes(off, {"WATCHDOG_SLACK_BOT_TOKEN": "xoxb-x"})


def test_apprise_without_its_library_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a list of addresses taken that is none; the report shows nothing of it."""
    text = SMALL + "  apprise: {}\n"
    urls = {"WATCHDOG_APPRISE_URLS": "mmosts://chat.example/canary"}
    wrong = shown(text, {"WATCHDOG_APPRISE_URLS": "canary, mmosts://x"})
    assert "WATCHDOG_APPRISE_URLS: is not a list of addresses" in wrong and "canary" not in wrong
    monkeypatch.setattr(required_secrets, "find_spec", lambda name: None)
    assert "the library apprise, which the extra apprise brings -> install it: pip install '.[apprise]'" in shown(
        text, urls
    )
